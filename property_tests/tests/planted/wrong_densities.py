"""Planted: wrong logits and densities."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from .library import Library, wrong


@wrong("A4", diagnosis="no-log-q")
class NoLogQ(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -(self.cost(case, rows) + case.b)


@wrong("A4", "B2", diagnosis="no-log-z")
class NoLogZ(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - self.log_q(case, rows).detach()


@wrong("B2", diagnosis="log-z-detached")
class LogZIsABuffer(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b.detach() - self.log_q(case, rows).detach()


@wrong("A4", diagnosis="cost-sign")
class RewardNetworkTakenForCost(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return self.cost(case, rows) - case.b - self.log_q(case, rows).detach()


@wrong("A4", diagnosis="log-z-sign")
class LogZAsTheBias(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) + case.b - self.log_q(case, rows).detach()


@wrong("A4", diagnosis="log-q-sign")
class LogQAdded(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return self.log_q(case, rows).detach() - self.cost(case, rows) - case.b


@wrong("A4", diagnosis="energy-sign")
class SectionFour(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return self.cost(case, rows) - self.log_q(case, rows).detach()


@wrong("A4", diagnosis="logit-flipped")
class LogitOfTheGenerator(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return self.log_q(case, rows).detach() + self.cost(case, rows) + case.b


@wrong("A4", diagnosis="q-for-log-q")
class ProbabilityForItsLog(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b - self.log_q(case, rows).exp().detach()


@wrong("A4", diagnosis="log-q-mean-over-time")
class LogQMeanOverTime(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        return super().log_q(case, rows) / rows.steps.mask.sum(dim=1)


@wrong("A4", diagnosis="log-q-unmasked")
class LogQCountsPadding(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        return Categorical(logits=case.policy_logits[steps.state]).log_prob(steps.action).sum(dim=1)


@wrong("A4", diagnosis="log-q-last-step-dropped")
class LogQLacksTheLastStep(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        later = F.pad(steps.mask[:, 1:], (0, 1))  # a step counts if another follows
        chosen = F.log_softmax(case.policy_logits, dim=1)[steps.state, steps.action]
        return (chosen * later).sum(dim=1)


@wrong("A4", diagnosis="log-q-tempered")
class LogQAtExplorationTemperature(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        chosen = Categorical(logits=case.policy_logits[steps.state] * 0.9).log_prob(steps.action)
        return (chosen * steps.mask).sum(dim=1)


@wrong("A4", diagnosis="log-q-greedy")
class LogQOfTheModeOfThePolicy(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        policy = Categorical(logits=case.policy_logits[steps.state])
        return (policy.log_prob(policy.logits.argmax(dim=-1)) * steps.mask).sum(dim=1)


@wrong("A4", diagnosis="log-q-unnormalised")
class LogitsForLogProbabilities(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        return (case.policy_logits[steps.state, steps.action] * steps.mask).sum(dim=1)


@wrong("A4", diagnosis="log-q-wrong-axis")
class SoftmaxOverStates(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        return (F.log_softmax(case.policy_logits, dim=0)[steps.state, steps.action] * steps.mask).sum(dim=1)


@wrong("A4", diagnosis="cost-discounted")
class DiscountedCost(Library):
    def cost(self, case: Any, rows: Any) -> Tensor:
        per_step = rows.steps.features @ case.theta
        discount = 0.99 ** torch.arange(per_step.shape[1], dtype=per_step.dtype)
        return (per_step * discount).sum(dim=1)


@wrong("A4", diagnosis="cost-mean-over-time")
class CostMeanOverTime(Library):
    def cost(self, case: Any, rows: Any) -> Tensor:
        return (rows.steps.features @ case.theta).sum(dim=1) / rows.steps.mask.sum(dim=1)


@wrong("A4", diagnosis="cost-tanh")
class SquashedCost(Library):
    def cost(self, case: Any, rows: Any) -> Tensor:
        return torch.tanh(rows.features @ case.theta)


@wrong("A4", diagnosis="logit-clamped")
class ClampedLogits(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return super().discriminator_logit(case, rows).clamp(-3, 3)


@wrong("A4", diagnosis="log-z-per-step")
class BiasOfAPerStepNetwork(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        per_step = (rows.steps.features @ case.theta + case.b) * rows.steps.mask
        return -per_step.sum(dim=1) - self.log_q(case, rows).detach()


@wrong("A4", diagnosis="no-log-q", dtype="bfloat16")
class NoLogQInBfloat16(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -(self.cost(case, rows) + case.b)


@wrong("A4", diagnosis="log-q-mask-inverted")
class DoneMaskInverted(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        chosen = Categorical(logits=case.policy_logits[steps.state]).log_prob(steps.action)
        return (chosen * ~steps.mask).sum(dim=1)


@wrong("A4", diagnosis="log-q-expert-stale")
class LogQOfExpertsFromAnOlderPolicy(Library):
    """A cache filled at the first call, when the policy was uniform."""

    def log_q(self, case: Any, rows: Any) -> Tensor:
        if rows is case.expert:
            return (
                -rows.steps.mask.sum(dim=1) * case.policy_logits.new_tensor(case.policy_logits.shape[1]).log()
            )
        return super().log_q(case, rows)


@wrong("A4", "E1", diagnosis="no-log-q")
class NoLogQAndTheRewardOfGail(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -(self.cost(case, rows) + case.b)

    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return -F.logsigmoid(-self.discriminator_logit(case, rows))
