"""Right variants in PyTorch: rewards, policy losses, and guided cost learning."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .torch_library import CreditOfSteps, Library
from .variant import Shelf

SHELF = Shelf("torch", ("float64", "float32", "bfloat16"))

_BASELINE = "E_q[s k] = k E_q[s] = 0: a constant in the reward moves no policy gradient."


@SHELF.right("torch-reward-as-two-logs", "The reward is log D − log(1 − D)", "It is log(D/(1 − D)) = ℓ.")
class _TwoLogs(Library):
    def generator_reward(self, case: Any, rows: Any) -> Any:
        logit = self.discriminator_logit(case, rows)
        return F.logsigmoid(logit) - F.logsigmoid(-logit)


@SHELF.right("torch-reward-without-b", "b is left out of the reward, undeclared", _BASELINE, declared=False)
class _WithoutB(Library):
    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - self.log_q(case, rows)


@SHELF.right("torch-mean-reward-as-a-baseline", "Advantages are rewards less their mean", _BASELINE)
class _MeanBaseline(Library):
    def policy_loss(self, case: Any) -> Any:
        rows = case.generator
        reward = self.generator_reward(case, rows).detach()
        return -(self.log_q(case, rows) * (reward - reward.mean())).mean()


@SHELF.right(
    "torch-probability-ratio",
    "The policy loss holds π/π_old, as PPO's does, where both are the same",
    "∂(π/π_old) = ∂ log π at π = π_old.",
)
class _Ratio(Library):
    def policy_loss(self, case: Any) -> Any:
        rows = case.generator
        log_q = self.log_q(case, rows)
        reward = self.generator_reward(case, rows).detach()
        return -((log_q - log_q.detach()).exp() * reward).mean()


@SHELF.right(
    "torch-rewards-to-go",
    "A step is credited with what comes from there on",
    "E[s_t | past] = 0: what came before a step drops out of its part.",
)
class _RewardsToGo(CreditOfSteps):
    def credit(self, rewards: Tensor, mask: Tensor) -> Any:
        return rewards.flip(1).cumsum(dim=1).flip(1)


@SHELF.right(
    "torch-baseline-of-time",
    "Rewards to go, less their mean at each time",
    "A baseline that knows the time alone is a constant of each step, and E[s_t | past] = 0.",
)
class _BaselineOfTime(_RewardsToGo):
    def credit(self, rewards: Tensor, mask: Tensor) -> Any:
        to_go = super().credit(rewards, mask)
        return to_go - (to_go * mask).sum(dim=0) / mask.sum(dim=0).clamp(min=1)


@SHELF.right(
    "torch-twice-the-past-as-a-baseline",
    "All rewards, less twice those of the past",
    "Whatever the past holds may be taken off: E[s_t | past] = 0.",
)
class _PastBaseline(CreditOfSteps):
    def credit(self, rewards: Tensor, mask: Tensor) -> Any:
        return rewards.sum(dim=1, keepdim=True) - 2 * (rewards.cumsum(dim=1) - rewards)


@SHELF.right(
    "torch-surrogate-of-the-irl-loss",
    "L_IRL is E_p[c] − E_w[c], with weights held constant",
    "Its value is another, its gradient E_p[c′] − E_w[c′] is that of eq. (4).",
    declared=False,
)
class _Surrogate(Library):
    def irl_loss(self, case: Any) -> Any:
        log_weight, log_mu = self.log_weights(case)
        share = torch.softmax(log_weight + log_mu, dim=0).detach()
        cost = torch.cat([self.cost(case, rows) for rows in (case.expert, case.generator)])
        return self.cost(case, case.expert).mean() - (share * cost).sum()


@SHELF.right(
    "torch-irl-loss-without-constants",
    "L_IRL lacks log 2n + b",
    "A sum for the mean, and e^{−c−b}/(e^{−c−b} + q) for e^{−c}/μ̃, are factors: constants in the logarithm.",
    declared=False,
)
class _WithoutConstants(Library):
    def irl_loss(self, case: Any) -> Any:
        log_weight, _ = self.log_weights(case)
        counts = torch.cat(
            [
                case.theta.new_full((len(rows.features),), -math.log(len(rows.features)))
                for rows in (case.expert, case.generator)
            ]
        )
        value = torch.logsumexp(log_weight + counts, dim=0) - case.b.detach()
        return self.cost(case, case.expert).mean() + value


VARIANTS = tuple(SHELF.variants)
