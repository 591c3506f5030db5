"""Planted: wrong rewards and policy losses."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from .library import CreditOfSteps, Library, wrong


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


@wrong("E3", diagnosis=None)
class RewardsOfThePast(CreditOfSteps):
    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        return rewards.cumsum(dim=1)


@wrong("E3", diagnosis=None)
class RewardsFromTheNextStepOn(CreditOfSteps):
    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        return rewards.flip(1).cumsum(dim=1).flip(1) - rewards


@wrong("E3", diagnosis=None)
class RewardOfTheStepAlone(CreditOfSteps):
    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        return rewards


@wrong("E3", diagnosis=None)
class BaselineOfTheActionTaken(CreditOfSteps):
    """The mean of rewards to go at each length of what is left, which knows whether the action ended it."""

    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        to_go = rewards.flip(1).cumsum(dim=1).flip(1)
        left = mask.flip(1).cumsum(dim=1).flip(1)
        for steps in range(1, mask.shape[1] + 1):
            of_length = ((left == steps) & (mask > 0)).to(to_go.dtype)
            to_go = to_go - of_length * (of_length * to_go).sum() / of_length.sum().clamp(min=1)
        return to_go


@wrong("E3", diagnosis="log-pi-over-the-length")
class MeanOverTime(Library):
    """log π is averaged over the steps where it is to be summed."""

    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        log_pi = self.log_q(case, rows) / rows.steps.mask.sum(dim=1)
        return -(log_pi * self.generator_reward(case, rows).detach()).mean()


@wrong("E3", diagnosis=None)
class MaskForgottenByThePolicy(Library):
    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        log_pi = F.log_softmax(case.policy_logits, dim=1)[rows.steps.state, rows.steps.action].sum(dim=1)
        return -(log_pi * self.generator_reward(case, rows).detach()).mean()


@wrong("E3", diagnosis="policy-reward-log-z-per-step")
class OnceAStepB(CreditOfSteps):
    """b enters the reward of every step: an episode that lasts is charged more often."""

    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        of_b = case.b.detach() * (rows.steps.mask.sum(dim=1) - 1)
        return super().policy_loss(case) + (self.log_q(case, rows) * of_b).mean()

    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        return rewards.flip(1).cumsum(dim=1).flip(1)


@wrong("E1", diagnosis=None)
class HalfTheEntropy(Library):
    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b - 0.5 * self.log_q(case, rows)


@wrong("E3", diagnosis="reward-not-detached")
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
