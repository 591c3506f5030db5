"""Right implementations that look odd: none of them may be failed."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from ganirl import Conventions

from .library import Library, odd
from .wrong_generators import _StepByStep
from .wrong_losses import _TwoLogits


def _bce(logits: Tensor, target: float, **options: Any) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), **options)


class _Flipped(Library):
    """D is the probability of the generator, as in GAIL's paper."""

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return self.cost(case, rows) + case.b + self.log_q(case, rows).detach()

    def discriminator_loss(self, case: Any) -> Tensor:
        expert = self.discriminator_logit(case, case.expert)
        generator = self.discriminator_logit(case, case.generator)
        return -F.logsigmoid(-expert).mean() - F.logsigmoid(generator).mean()

    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return -self.discriminator_logit(case, rows)


@odd
class FlippedLabelsDeclared(_Flipped):
    conventions: ClassVar[Conventions] = Conventions(log_q="computed", expert_label=0)


@odd
class FlippedLabelsUndeclared(_Flipped):
    pass


class _Concatenated(Library):
    def discriminator_loss(self, case: Any) -> Tensor:
        sides = case.expert, case.generator
        logits = torch.cat([self.discriminator_logit(case, rows) for rows in sides])
        labels = torch.cat([torch.full((len(rows.features),), 1.0 - i) for i, rows in enumerate(sides)])
        return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))


@odd
class MeanOfEqualBatches(_Concatenated):
    conventions: ClassVar[Conventions] = Conventions(log_q="computed", equal_batches=True)


@odd
class MeanOfUnequalBatches(_Concatenated):
    pass


@odd
class MeanOfUnequalBatchesDeclared(_Concatenated):
    conventions: ClassVar[Conventions] = Conventions(
        log_q="computed", loss_scale="mean_of_all", loss_form="bce"
    )


@odd
class MeanOfBothMeans(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return (_bce(expert, 1.0) + _bce(generator, 0.0)) / 2


@odd
class BothSumsOverTwo(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return (_bce(expert, 1.0, reduction="sum") + _bce(generator, 0.0, reduction="sum")) / 2


@odd
class TwiceTheLoss(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return 2 * (_bce(expert, 1.0) + _bce(generator, 0.0))


@odd
class LogarithmsToBaseTwo(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return -(F.logsigmoid(expert).mean() + F.logsigmoid(-generator).mean()) / math.log(2)


@odd
class ReluForm(_TwoLogits):
    """softplus as TensorFlow writes it."""

    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        terms = [F.relu(x) + torch.log1p(torch.exp(-x.abs())) for x in (-expert, generator)]
        return terms[0].mean() + terms[1].mean()


@odd
class SumReduction(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return _bce(expert, 1.0, reduction="sum") + _bce(generator, 0.0, reduction="sum")


@odd
class ConstantInLogQ(Library):
    """log q with respect to another base measure; only the discriminator sees it."""

    def log_q(self, case: Any, rows: Any) -> Tensor:
        return super().log_q(case, rows) + math.log(3.0)

    hidden = ("log_q",)


@odd
class NoLogZAtAll(Library):
    """The cost's own constant feature is all there is."""

    conventions: ClassVar[Conventions] = Conventions(log_q="computed", log_z="absent")

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - self.log_q(case, rows).detach()

    hidden = ("irl_loss",)


@odd
class BiasForLogZ(Library):
    """A linear layer with bias −b, as a module."""

    conventions: ClassVar[Conventions] = Conventions(log_q="computed", log_z="bias")

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        network = F.linear(rows.features, -case.theta[None, :], -case.b.reshape(1))
        return network.squeeze(-1) - self.log_q(case, rows).detach()


@odd
class ColumnsEverywhere(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        return super().log_q(case, rows)[:, None]

    def cost(self, case: Any, rows: Any) -> Tensor:
        return rows.features @ case.theta[:, None]

    def irl_loss(self, case: Any) -> Tensor:
        return _Rows().irl_loss(case)

    def log_partition(self, case: Any) -> Tensor:
        return _Rows().log_partition(case)


class _Rows(Library):
    pass


@odd
class AnotherOrderOfTerms(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -(case.b + (self.log_q(case, rows).detach() + self.cost(case, rows)))


@odd
class YetAnotherOrder(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -case.b - self.log_q(case, rows).detach() - (rows.features * case.theta).flip(1).sum(dim=1)


@odd
class StepByStep(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        log_pi = F.log_softmax(case.policy_logits, dim=1).detach()[steps.state, steps.action]
        total = -case.b.expand(len(rows.features))
        for t in range(steps.mask.shape[1]):
            total = total - torch.where(
                steps.mask[:, t], steps.features[:, t] @ case.theta + log_pi[:, t], 0.0
            )
        return total


@odd
class StepByStepFromTheEnd(Library):
    def cost(self, case: Any, rows: Any) -> Tensor:
        per_step = (rows.steps.features * case.theta).sum(dim=-1)
        return per_step.flip(1).cumsum(dim=1)[:, -1]


@odd
class SoftplusForm(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return F.softplus(-expert).mean() + F.softplus(generator).mean()


@odd
class CrossEntropyForm(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return _bce(expert, 1.0) + _bce(generator, 0.0)


@odd
class LogaddexpForm(Library):
    """−log D = log(m + q) − log m."""

    def discriminator_loss(self, case: Any) -> Tensor:
        terms = []
        for rows, numerator in ((case.expert, 0), (case.generator, 1)):
            logs = -self.cost(case, rows) - case.b, self.log_q(case, rows).detach()
            terms.append((torch.logaddexp(logs[0], logs[1]) - logs[numerator]).mean())
        return terms[0] + terms[1]


@odd
class TwoClassSoftmax(_TwoLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        losses = []
        for logits, label in ((expert, 1), (generator, 0)):
            classes = torch.stack([torch.zeros_like(logits), logits], dim=1)
            losses.append(F.cross_entropy(classes, torch.full((len(logits),), label)))
        return losses[0] + losses[1]


@odd
class LogsumexpOfPolicyLogits(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        logits = case.policy_logits[steps.state]
        chosen = logits.gather(-1, steps.action[..., None]).squeeze(-1) - logits.logsumexp(dim=-1)
        return torch.where(steps.mask, chosen, 0.0).sum(dim=1)


@odd
class CategoricalPolicy(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        policy = Categorical(logits=case.policy_logits[rows.steps.state])
        return (policy.log_prob(rows.steps.action) * rows.steps.mask).sum(dim=1)


@odd
class OneHotPolicy(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        log_pi = F.log_softmax(case.policy_logits, dim=-1)[steps.state]
        taken = F.one_hot(steps.action, case.policy_logits.shape[1]).to(log_pi.dtype)
        return torch.einsum("nta,nta,nt->n", log_pi, taken, steps.mask.to(log_pi.dtype))


@odd
class RewardAsTwoLogs(Library):
    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        logit = self.discriminator_logit(case, rows)
        return F.logsigmoid(logit) - F.logsigmoid(-logit)


@odd
class RewardWithoutB(Library):
    """b is a baseline."""

    def generator_reward(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - self.log_q(case, rows)


@odd
class PolicyLossWithBaseline(Library):
    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        reward = self.generator_reward(case, rows).detach()
        return -(self.log_q(case, rows) * (reward - reward.mean())).mean()


@odd
class RewardsToGo(_StepByStep):
    """What came before a step drops out of its part."""

    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        return rewards.flip(1).cumsum(dim=1).flip(1)


@odd
class RewardsToGoOverABaselineInTime(RewardsToGo):
    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        to_go = super().credit(rewards, mask)
        return to_go - (to_go * mask).sum(dim=0) / mask.sum(dim=0).clamp(min=1)


@odd
class ReturnsOverABaselineOfThePast(_StepByStep):
    """All rewards, and twice those of the past as a baseline."""

    def credit(self, rewards: Tensor, mask: Tensor) -> Tensor:
        return rewards.sum(dim=1, keepdim=True) - 2 * (rewards.cumsum(dim=1) - rewards)


@odd
class IrlLossAsASurrogate(Library):
    """E_p[c] − E_w[c] with importance weights held constant: the gradient of eq. (4), and not its value."""

    def irl_loss(self, case: Any) -> Tensor:
        log_weight, log_mu = self.log_weights(case)
        share = torch.softmax(log_weight + log_mu, dim=0).detach()
        cost = torch.cat([self.cost(case, rows) for rows in (case.expert, case.generator)])
        return self.cost(case, case.expert).mean() - (share * cost).sum()


@odd
class IrlLossWithoutItsConstants(Library):
    """A sum over rows for the mean, and e^{−c−b}/(e^{−c−b} + q) for e^{−c}/μ̃: log 2n + b are missing."""

    def irl_loss(self, case: Any) -> Tensor:
        log_weight, _ = self.log_weights(case)
        counts = torch.cat(
            [
                case.theta.new_full((len(rows.features),), -math.log(len(rows.features)))
                for rows in (case.expert, case.generator)
            ]
        )
        value = torch.logsumexp(log_weight + counts, dim=0) - case.b.detach()
        return self.cost(case, case.expert).mean() + value


@odd
class WeightsSupported(Library):
    conventions: ClassVar[Conventions] = Conventions(log_q="computed", weights=True)

    def discriminator_loss(self, case: Any) -> Tensor:
        expert = self.discriminator_logit(case, case.expert)
        generator = self.discriminator_logit(case, case.generator)
        w_p, w_q = case.expert.weight, case.generator.weight
        expert_loss = -(w_p * F.logsigmoid(expert)).sum() / w_p.sum()
        return expert_loss - (w_q * F.logsigmoid(-generator)).sum() / w_q.sum()

    def policy_loss(self, case: Any) -> Tensor:
        rows = case.generator
        reward = self.generator_reward(case, rows).detach()
        return -(rows.weight * self.log_q(case, rows) * reward).sum() / rows.weight.sum()

    hidden = ("irl_loss", "log_partition")


@odd
class LogQHandedOver(Library):
    conventions: ClassVar[Conventions] = Conventions(log_q="input")

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return -self.cost(case, rows) - case.b - rows.log_q

    hidden = ("irl_loss",)


@odd
class Transitions(Library):
    conventions: ClassVar[Conventions] = Conventions(log_q="computed", unit="transition", equal_batches=True)

    def cost(self, case: Any, rows: Any) -> Tensor:
        return rows.features @ case.theta

    def log_q(self, case: Any, rows: Any) -> Tensor:
        return F.log_softmax(case.policy_logits, dim=1)[rows.state, rows.action]


@odd
class ComputesInFloat64(Library):
    """Higher precision inside than the inputs have."""

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        cost = rows.features.double() @ case.theta.double()
        steps = rows.steps
        chosen = F.log_softmax(case.policy_logits.double(), dim=1)[steps.state, steps.action]
        return -cost - case.b.double() - (chosen * steps.mask).sum(dim=1).detach()


@odd
class LossAndLogitOnly(Library):
    hidden = ("generator_reward", "policy_loss", "irl_loss", "log_q", "discriminator_probability")
