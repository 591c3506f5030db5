"""The built-in target ``torch``: both sides of the theorem in PyTorch, as one would train with them."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

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
    lanes = True

    def log_q(self, case: Case, rows: Rows) -> Tensor:
        """(n,) Σ log π(a|s) under the case's policy."""
        steps = rows.steps
        return trajectory_log_prob(case.policy_logits, steps.state, steps.action, steps.mask)

    def discriminator_logit(self, case: Case, rows: Rows) -> Tensor:
        """(n,) ℓ; no gradient flows to the policy."""
        return _discriminator(case, "forward", rows.features, self.log_q(case, rows).detach())

    def discriminator_probability(self, case: Case, rows: Rows) -> Tensor:
        """(n,) D = σ(ℓ)."""
        return torch.sigmoid(self.discriminator_logit(case, rows))

    def discriminator_loss(self, case: Case) -> Tensor:
        """L_D."""
        sides = self._batch(case, case.expert), self._batch(case, case.generator)
        return _discriminator(case, "loss", *sides)

    def generator_reward(self, case: Case, rows: Rows) -> Tensor:
        """(n,) log D − log(1 − D)."""
        return _discriminator(case, "reward", rows.features, self.log_q(case, rows))

    def generator_loss(self, case: Case) -> Tensor:
        """L_G."""
        return objectives.generator_loss(self.generator_reward(case, case.generator), case.generator.weight)

    def policy_loss(self, case: Case) -> Tensor:
        """Score-function surrogate of L_G."""
        rows = case.generator
        return objectives.policy_loss(self.log_q(case, rows), self.generator_reward(case, rows), rows.weight)

    def irl_loss(self, case: Case) -> Tensor:
        """L_cost^μ̃, guided cost learning without a discriminator."""
        expert, generator = self._batch(case, case.expert), self._batch(case, case.generator)
        return objectives.guided_cost_loss(
            _discriminator(case, "cost", expert.inputs),
            _discriminator(case, "cost", generator.inputs),
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
    """c = φ·θ."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.empty(0))

    def forward(self, features: Tensor) -> Tensor:
        cost: Tensor = features @ self.theta
        return cost


class _AnyMethod(nn.Module):
    """Calls any method of a discriminator, because `functional_call` reaches ``forward`` alone."""

    def __init__(self) -> None:
        super().__init__()
        self.discriminator = Discriminator(_LinearCost())

    def forward(self, method: str, *arguments: Any) -> Tensor:
        result: Tensor = getattr(self.discriminator, method)(*arguments)
        return result


_DISCRIMINATOR = _AnyMethod()


def _discriminator(case: Case, method: str, *arguments: Any) -> Tensor:
    """Call a method of a discriminator whose parameters are the case's own leaves: gradients arrive there."""
    parameters = {"discriminator.cost_network.theta": case.theta, "discriminator.log_partition": case.b}
    result: Tensor = functional_call(_DISCRIMINATOR, parameters, (method, *arguments))
    return result


target = TorchTarget()
