"""Planted: wrong rewards and policy losses."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from .library import Library, wrong


class _RewardOfLogit(Library):
    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return self.reward_of(self.discriminator_logit(case, rows))

    def reward_of(self, logit: Tensor) -> Tensor:
        raise NotImplementedError


@wrong("E1", diagnosis="reward-minus-log-one-minus-d")
class RewardOfGail(_RewardOfLogit):
    def reward_of(self, logit: Tensor) -> Tensor:
        return -F.logsigmoid(-logit)


@wrong("E1", diagnosis="reward-log-d")
class RewardLogD(_RewardOfLogit):
    def reward_of(self, logit: Tensor) -> Tensor:
        return F.logsigmoid(logit)


@wrong("E1", diagnosis="reward-sign")
class RewardTurnedOver(_RewardOfLogit):
    def reward_of(self, logit: Tensor) -> Tensor:
        return F.logsigmoid(-logit) - F.logsigmoid(logit)


@wrong("E1", diagnosis="reward-without-log-q")
class RewardWithoutLogQ(Library):
    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b


@wrong("E1", diagnosis="reward-entropy-sign")
class RewardPlusLogQ(Library):
    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return self.log_q(case, rows) - self.cost(case, rows) - case.b


@wrong("E1", diagnosis="reward-entropy-twice", dtype="float32")
class EntropyTwice(Library):
    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return self.discriminator_logit(case, rows) - self.log_q(case, rows)


@wrong("E3", diagnosis="pathwise-gradient")
class PathwiseOnly(Library):
    def policy_loss(self, case: Any) -> Tensor:
        """−mean(ℓ), differentiated through log q alone."""
        rows = case.generator
        return (self.cost(case, rows).detach() + case.b.detach() + self.log_q(case, rows)).mean()


@wrong("E3", diagnosis="policy-ascent")
class Ascent(Library):
    def policy_loss(self, case: Any) -> Tensor:
        return -super().policy_loss(case)


@wrong("E3", diagnosis="advantage-normalised")
class NormalisedAdvantage(Library):
    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        reward = self.generator_reward(case, rows).detach()
        advantage = (reward - reward.mean()) / (reward.std(correction=0) + 1e-8)
        return -(self.log_q(case, rows) * advantage).mean()


@wrong("E1", diagnosis=None)
class HalfTheEntropy(Library):
    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b - 0.5 * self.log_q(case, rows)


@wrong("E3", diagnosis="reward-entropy-twice")
class RewardNotDetached(Library):
    """The product rule: log q is differentiated in the reward as well."""

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b - self.log_q(case, rows)

    def discriminator_loss(self, case: Any) -> Tensor:
        logits = [
            -self.cost(case, rows) - case.b - self.log_q(case, rows).detach()
            for rows in (case.expert, case.generator)
        ]
        return -F.logsigmoid(logits[0]).mean() - F.logsigmoid(-logits[1]).mean()

    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        return -(self.log_q(case, rows) * self.generator_reward(case, rows)).mean()
