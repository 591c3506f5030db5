"""Planted: right formulas, wrong floating point."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from ganirl import Conventions

from .library import Library, LossOfLogits, wrong


@wrong("N1", diagnosis="log-of-sigmoid", dtype="float32")
class LogOfSigmoid(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return -torch.log(torch.sigmoid(expert)).mean() - torch.log(1 - torch.sigmoid(generator)).mean()


@wrong("N1", "N2", diagnosis="log-of-sigmoid")
class LogOfSigmoidInFloat64(LogOfSigmoid):
    pass


@wrong("N1", "N2", diagnosis="probability-clamped-1e-7", dtype="float32")
class ProbabilityClamped(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        d_expert = torch.sigmoid(expert).clamp(1e-7, 1 - 1e-7)
        d_generator = torch.sigmoid(generator).clamp(1e-7, 1 - 1e-7)
        return -d_expert.log().mean() - (1 - d_generator).log().mean()


@wrong("N1", "N2", diagnosis="bce-on-probabilities", dtype="float32")
class CrossEntropyOfProbabilities(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        expert_loss = F.binary_cross_entropy(torch.sigmoid(expert), torch.ones_like(expert))
        return expert_loss + F.binary_cross_entropy(torch.sigmoid(generator), torch.zeros_like(generator))


@wrong("N1", "N2", diagnosis="density-ratio", dtype="float32")
class RatioOfDensities(Library):
    """D = m/(m + q) as it stands in the paper."""

    def discriminator_loss(self, case: Any) -> Tensor:
        terms = []
        for rows, numerator in ((case.expert, 0), (case.generator, 1)):
            densities = (-self.cost(case, rows) - case.b).exp(), self.log_q(case, rows).detach().exp()
            terms.append(-torch.log(densities[numerator] / (densities[0] + densities[1])).mean())
        return terms[0] + terms[1]


@wrong("N1", diagnosis="log-one-plus-exp", dtype="float32")
class LogOnePlusExp(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return torch.log(1 + torch.exp(-expert)).mean() + torch.log(1 + torch.exp(generator)).mean()


@wrong("N1b", diagnosis="torch-softplus")
class SoftplusDeclaredAsLogSigmoid(LossOfLogits):
    conventions: ClassVar[Conventions] = Conventions(log_q="computed", loss_form="log_sigmoid")

    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return F.softplus(-expert).mean() + F.softplus(generator).mean()
