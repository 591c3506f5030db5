"""A right little library in PyTorch; a variant does one thing of it in another way."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from ganirl import Conventions


class Library:
    """Trajectory AIRL: D = σ(−c − b − log q), reward log D − log(1 − D), and guided cost learning beside it."""

    conventions: ClassVar[Conventions] = Conventions(log_q="computed")
    departures: ClassVar[dict[str, str]] = {}
    hidden: ClassVar[tuple[str, ...]] = ()

    def log_q(self, case: Any, rows: Any) -> Tensor:
        """(n,) Σ_t log π."""
        steps = rows.steps
        log_pi = F.log_softmax(case.policy_logits, dim=1)[steps.state, steps.action]
        return torch.sum(log_pi * steps.mask, dim=1)

    def cost(self, case: Any, rows: Any) -> Tensor:
        """(n,) c = φ·θ."""
        return torch.matmul(rows.features, case.theta)

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        """(n,) ℓ."""
        return torch.sub(-self.cost(case, rows) - case.b, self.log_q(case, rows).detach())

    def discriminator_probability(self, case: Any, rows: Any) -> Tensor:
        """(n,) D."""
        return torch.sigmoid(self.discriminator_logit(case, rows))

    def discriminator_loss(self, case: Any) -> Tensor:
        """E_p[−log D] + E_q[−log(1 − D)]."""
        expert = self.discriminator_logit(case, case.expert)
        generator = self.discriminator_logit(case, case.generator)
        return -F.logsigmoid(expert).mean() - F.logsigmoid(-generator).mean()

    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        """(n,) ℓ."""
        return self.discriminator_logit(case, rows)

    def policy_loss(self, case: Any) -> Tensor:
        """−E_q[log q · reward], rewards held constant."""
        rows = case.generator
        return -(self.log_q(case, rows) * self.generator_reward(case, rows).detach()).mean()

    def log_weights(self, case: Any) -> tuple[Tensor, Tensor]:
        """−c − log μ̃ with the mixture held constant, and log μ, over the rows of both sides."""
        sides = (case.expert, case.generator)
        cost = torch.cat([self.cost(case, rows) for rows in sides])
        log_q = torch.cat([self.log_q(case, rows) for rows in sides])
        log_mu = torch.cat(
            [cost.new_full((len(rows.features),), -math.log(2 * len(rows.features))) for rows in sides]
        )
        log_mixture = torch.logaddexp(-cost - case.b, log_q) - math.log(2)
        return -cost - log_mixture.detach(), log_mu

    def irl_loss(self, case: Any) -> Tensor:
        """Guided cost learning: E_p[c] + log E_μ[e^{−c}/μ̃]."""
        return self.cost(case, case.expert).mean() + self.log_partition(case)

    def log_partition(self, case: Any) -> Tensor:
        """Log E_μ[e^{−c}/μ̃]."""
        log_weight, log_mu = self.log_weights(case)
        return torch.logsumexp(log_weight + log_mu, dim=0)


class LossOfLogits(Library):
    """A loss that is a function of both sides' logits."""

    def discriminator_loss(self, case: Any) -> Tensor:
        """L_D."""
        return self.loss_of(
            self.discriminator_logit(case, case.expert), self.discriminator_logit(case, case.generator)
        )

    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        """L_D of ℓ."""
        raise NotImplementedError


class CreditOfSteps(Library):
    """Each step's log π with rewards of its own; b is a baseline and left out."""

    def policy_loss(self, case: Any) -> Tensor:
        """−E_q[Σ_t log π_t · credit]."""
        rows = case.generator
        mask = rows.steps.mask.to(case.theta.dtype)
        log_pi: Tensor = F.log_softmax(case.policy_logits, dim=1)[rows.steps.state, rows.steps.action] * mask
        rewards = (-(rows.steps.features @ case.theta) - log_pi).detach() * mask
        return -(log_pi * self.credit(rewards, mask)).sum(dim=1).mean()

    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        """(n, T)."""
        raise NotImplementedError
