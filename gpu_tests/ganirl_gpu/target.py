"""The built-in target ``torch``: both sides of the theorem in PyTorch, as one would train with them."""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import Tensor, nn

from ganirl import Case, Conventions, Rows

from . import objectives, partition
from .discriminator import Batch, Discriminator
from .policy import trajectory_log_prob


class TorchTarget:
    """A `Discriminator` with a linear cost and this package's objectives, as an implementation."""

    name = "torch"
    framework = "torch"
    conventions = Conventions(log_q="computed", weights=True, loss_form="log_sigmoid")
    departures = MappingProxyType[str, str]({})

    def log_q(self, case: Case, rows: Rows) -> Tensor:
        """(n,) Σ log π(a|s) under the case's policy."""
        steps = rows.steps
        return trajectory_log_prob(case.policy_logits, steps.state, steps.action, steps.mask)

    def discriminator_logit(self, case: Case, rows: Rows) -> Tensor:
        """(n,) ℓ; no gradient flows to the policy."""
        logit: Tensor = _discriminator(case)(rows.features, self.log_q(case, rows).detach())
        return logit

    def discriminator_probability(self, case: Case, rows: Rows) -> Tensor:
        """(n,) D = σ(ℓ)."""
        return torch.sigmoid(self.discriminator_logit(case, rows))

    def discriminator_loss(self, case: Case) -> Tensor:
        """L_D."""
        return _discriminator(case).loss(self._batch(case, case.expert), self._batch(case, case.generator))

    def generator_reward(self, case: Case, rows: Rows) -> Tensor:
        """(n,) log D − log(1 − D)."""
        return _discriminator(case).reward(rows.features, self.log_q(case, rows))

    def generator_loss(self, case: Case) -> Tensor:
        """L_G."""
        return objectives.generator_loss(self.generator_reward(case, case.generator), case.generator.weight)

    def policy_loss(self, case: Case) -> Tensor:
        """Score-function surrogate of L_G."""
        rows = case.generator
        return objectives.policy_loss(self.log_q(case, rows), self.generator_reward(case, rows), rows.weight)

    def irl_loss(self, case: Case) -> Tensor:
        """L_cost^μ̃, guided cost learning without a discriminator."""
        discriminator = _discriminator(case)
        expert, generator = self._batch(case, case.expert), self._batch(case, case.generator)
        return objectives.guided_cost_loss(
            discriminator.cost(expert.inputs),
            discriminator.cost(generator.inputs),
            expert.log_q,
            generator.log_q,
            case.b,
            expert_weight=expert.weight,
            generator_weight=generator.weight,
        )

    def log_partition(self, case: Case) -> Tensor:
        """Log E_μ[e^{−c}/μ̃] at the case's b."""
        return partition.self_consistent_log_partition(
            self.discriminator_logit(case, case.expert),
            self.discriminator_logit(case, case.generator),
            case.b,
            case.expert.weight,
            case.generator.weight,
        )

    def _batch(self, case: Case, rows: Rows) -> Batch:
        return Batch(rows.features, self.log_q(case, rows), rows.weight)


class _LinearCost(nn.Module):
    """c = φ·θ at a θ that is given, not owned."""

    def __init__(self, theta: Tensor) -> None:
        super().__init__()
        self.theta = theta

    def forward(self, features: Tensor) -> Tensor:
        cost: Tensor = features @ self.theta
        return cost


def _discriminator(case: Case) -> Discriminator:
    """Return a discriminator whose parameters are the case's own leaves, so that gradients arrive there."""
    discriminator = Discriminator(_LinearCost(case.theta))
    del discriminator.log_partition  # a registered parameter takes no tensor that is not one
    discriminator.log_partition = case.b
    return discriminator


target = TorchTarget()
