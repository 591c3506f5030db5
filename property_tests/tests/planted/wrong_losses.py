"""Planted: wrong discriminator losses and IRL gradients."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .library import Library, LossOfLogits, wrong


@wrong("B1", "C1", diagnosis="labels-swapped")
class LabelsSwapped(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        expert_loss = F.binary_cross_entropy_with_logits(expert, torch.zeros_like(expert))
        return expert_loss + F.binary_cross_entropy_with_logits(generator, torch.ones_like(generator))


@wrong("B1", "C1", diagnosis="expert-term-only")
class ExpertTermOnly(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return -F.logsigmoid(expert).mean()


@wrong("B1", "C1", diagnosis="generator-term-only")
class GeneratorTermOnly(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return -F.logsigmoid(-generator).mean()


@wrong("B1", diagnosis="two-log-two-dropped")
class EquationEight(Library):
    def discriminator_loss(self, case: Any) -> Tensor:
        """b + E_p[c] − E_q[log q] + 2 E_μ[log μ̃], as printed."""
        mixtures = []
        for rows in (case.expert, case.generator):
            log_q = self.log_q(case, rows).detach()
            mixtures.append(torch.logaddexp(-self.cost(case, rows) - case.b, log_q) - math.log(2))
        data = self.cost(case, case.expert).mean() + case.b
        return (
            data - self.log_q(case, case.generator).detach().mean() + mixtures[0].mean() + mixtures[1].mean()
        )


@wrong("B1", "C1", diagnosis="label-smoothing")
class SmoothedLabels(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        expert_loss = F.binary_cross_entropy_with_logits(expert, torch.full_like(expert, 0.9))
        return expert_loss + F.binary_cross_entropy_with_logits(generator, torch.zeros_like(generator))


@wrong("B1", diagnosis="log-with-epsilon")
class LogWithEpsilon(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        d_expert, d_generator = torch.sigmoid(expert), torch.sigmoid(generator)
        return -torch.log(d_expert + 1e-6).mean() - torch.log(1 - d_generator + 1e-6).mean()


@wrong("B1", "C1", diagnosis="least-squares")
class LeastSquares(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return (torch.sigmoid(expert) - 1).square().mean() + torch.sigmoid(generator).square().mean()


@wrong("B1", "C1", diagnosis="wasserstein")
class Wasserstein(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return generator.mean() - expert.mean()


@wrong("C1", diagnosis="cost-detached")
class CostWithoutGradient(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows).detach() - case.b - self.log_q(case, rows).detach()


@wrong("S1", diagnosis="gradient-reaches-policy")
class GradientReachesThePolicy(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b - self.log_q(case, rows)


@wrong("B1", "C1", diagnosis="density-broadcast")
class ColumnMinusRow(Library):
    """The network's output is (n, 1), log q is (n,): their difference is (n, n), and its mean looks right."""

    def discriminator_loss(self, case: Any) -> Tensor:
        logits = []
        for rows in (case.expert, case.generator):
            network = -(rows.features @ case.theta[:, None]) - case.b
            logits.append(network - self.log_q(case, rows).detach())
        return F.softplus(-logits[0]).mean() + F.softplus(logits[1]).mean()


@wrong("C3", diagnosis="mixture-leak")
class MixtureNotDetached(Library):
    def irl_loss(self, case: Any) -> Tensor:
        rows = (case.expert, case.generator)
        cost = torch.cat([self.cost(case, side) for side in rows])
        log_q = torch.cat([self.log_q(case, side) for side in rows])
        log_mu = torch.cat(
            [torch.full_like(self.log_q(case, side), 0.5 / len(side.features)) for side in rows]
        ).log()
        log_mixture = torch.logaddexp(-cost - case.b, log_q) - math.log(2)
        return self.cost(case, case.expert).mean() + torch.logsumexp(log_mu - cost - log_mixture, dim=0)


@wrong("C3", diagnosis="implicit-leak")
class OptimalZDifferentiated(Library):
    hidden = ("irl_loss",)

    def irl_gradient(self, case: Any) -> Tensor:
        """E_p[c'] + ∂b*/∂θ by the implicit function theorem."""
        rows = (case.expert, case.generator)
        logit = torch.cat([self.discriminator_logit(case, side) for side in rows]).detach()
        count = torch.cat([logit.new_full((len(side.features),), 1 / len(side.features)) for side in rows])
        weight = count * torch.sigmoid(logit) * torch.sigmoid(-logit)
        features = torch.cat([side.features for side in rows])
        return case.expert.features.mean(dim=0) - (weight @ features) / weight.sum()


@wrong("C3", diagnosis="no-importance-weights")
class NoImportanceWeights(Library):
    def irl_loss(self, case: Any) -> Tensor:
        return self.cost(case, case.expert).mean() - self.cost(case, case.generator).mean()


@wrong("C3", diagnosis="generator-only-weights")
class WeightsOfTheGeneratorAlone(Library):
    def irl_loss(self, case: Any) -> Tensor:
        cost = self.cost(case, case.generator)
        return self.cost(case, case.expert).mean() + torch.logsumexp(
            -cost - self.log_q(case, case.generator), dim=0
        )


@wrong("C3", diagnosis="irl-sign")
class AscentOnTheCost(Library):
    def irl_loss(self, case: Any) -> Tensor:
        return -super().irl_loss(case)


@wrong("B1", "C1", diagnosis=None)
class WeightDecayInTheLoss(Library):
    def discriminator_loss(self, case: Any) -> Tensor:
        return super().discriminator_loss(case) + 1e-3 * case.theta.square().sum()


@wrong("B1", "S2", diagnosis="batches-zipped")
class ZippedToTheShorterBatch(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        pairs = list(zip(expert, generator, strict=False))
        return sum((F.softplus(-e) + F.softplus(g) for e, g in pairs), expert.new_zeros(())) / len(pairs)


@wrong("B1", "C1", diagnosis="least-squares")
class LeastSquaresAndNoGradientInZ(LeastSquares):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b.detach() - self.log_q(case, rows).detach()


@wrong("B4", diagnosis="partition-sum")
class SumForMean(Library):
    def log_partition(self, case: Any) -> Tensor:
        return torch.logsumexp(self.log_weights(case)[0], dim=0)

    hidden = ("irl_loss",)


@wrong("B4", diagnosis="partition-mean-of-logs")
class MeanOfLogs(Library):
    def log_partition(self, case: Any) -> Tensor:
        log_weight, log_mu = self.log_weights(case)
        return (log_mu.exp() * log_weight).sum()

    hidden = ("irl_loss",)


@wrong("B4", diagnosis="partition-generator-only")
class PartitionOfTheGeneratorAlone(Library):
    def log_partition(self, case: Any) -> Tensor:
        rows = case.generator
        return torch.logsumexp(-self.cost(case, rows) - self.log_q(case, rows), dim=0) - math.log(
            len(rows.features)
        )

    hidden = ("irl_loss",)
