"""Right variants in PyTorch: labels, scales, forms and shapes of the discriminator's loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from .torch_library import Library, LossOfLogits
from .variant import Shelf

SHELF = Shelf("torch", ("float64", "float32", "bfloat16"))
COMPUTED = Library.conventions


def bce(logits: Tensor, target: float, **options: Any) -> Any:
    """Binary cross-entropy with logits against one label."""
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), **options)


class _Flipped(Library):
    """D is the probability of the generator, as in GAIL's paper."""

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return self.cost(case, rows) + case.b + self.log_q(case, rows).detach()

    def discriminator_loss(self, case: Any) -> Any:
        expert = self.discriminator_logit(case, case.expert)
        generator = self.discriminator_logit(case, case.generator)
        return -F.logsigmoid(-expert).mean() - F.logsigmoid(generator).mean()

    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -self.discriminator_logit(case, rows)


_FLIP = (
    "σ(−ℓ) = 1 − σ(ℓ): with both labels exchanged, loss, gradient and reward log(1−D′) − log D′ are the same."
)


@SHELF.right("torch-flipped-labels", "D is the probability of the generator", _FLIP)
class _FlippedDeclared(_Flipped):
    conventions = replace(COMPUTED, expert_label=0)


@SHELF.right(
    "torch-flipped-labels-undeclared",
    "D is the probability of the generator, undeclared",
    _FLIP,
    declared=False,
)
class _FlippedUndeclared(_Flipped):
    pass


class _Concatenated(Library):
    def discriminator_loss(self, case: Any) -> Any:
        sides = case.expert, case.generator
        logits = torch.cat([self.discriminator_logit(case, rows) for rows in sides])
        labels = torch.cat([torch.full((len(rows.features),), 1.0 - i) for i, rows in enumerate(sides)])
        return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))


_POOLED = "The mean over both batches is n_p/(n_p + n_q) E_p + n_q/(n_p + n_q) E_q: ½ L_D for equal batches."


@SHELF.right(
    "torch-mean-of-equal-batches", "One binary cross-entropy over equal batches", _POOLED, declared=False
)
class _EqualUndeclared(_Concatenated):
    conventions = replace(COMPUTED, equal_batches=True)


@SHELF.right(
    "torch-mean-of-unequal-batches", "One binary cross-entropy over both batches", _POOLED, declared=False
)
class _UnequalUndeclared(_Concatenated):
    pass


@SHELF.right("torch-mean-of-all", "One binary cross-entropy over both batches, declared", _POOLED)
class _UnequalDeclared(_Concatenated):
    conventions = replace(COMPUTED, loss_scale="mean_of_all", loss_form="bce")


_FACTOR = "A positive factor of L_D is one of ∂L_D, too: minima, ℓ and reward do not move."


@SHELF.right("torch-mean-of-both-means", "½ of both means, undeclared", _FACTOR, declared=False)
class _MeanOfBothMeans(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        return (bce(expert, 1.0) + bce(generator, 0.0)) / 2


@SHELF.right("torch-both-sums-over-two", "½ of both sums, undeclared", _FACTOR, declared=False)
class _BothSumsOverTwo(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        return (bce(expert, 1.0, reduction="sum") + bce(generator, 0.0, reduction="sum")) / 2


@SHELF.right(
    "torch-sum-reduction",
    "All rows added, undeclared",
    "Σ over a batch is n times its mean, side by side.",
    declared=False,
)
class _SumReduction(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        return bce(expert, 1.0, reduction="sum") + bce(generator, 0.0, reduction="sum")


@SHELF.right(
    "torch-relu-form",
    "softplus as relu(x) + log1p(e^−|x|), as TensorFlow writes it",
    "Take e^{max(x, 0)} out of 1 + e^x.",
)
class _ReluForm(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        terms = [F.relu(x) + torch.log1p(torch.exp(-x.abs())) for x in (-expert, generator)]
        return terms[0].mean() + terms[1].mean()


@SHELF.right(
    "torch-softplus-form",
    "torch's softplus",
    "Above its threshold of 20 it is the identity, 2.1e-9 from log(1 + e^x), which the declared form allows for.",
)
class _SoftplusForm(LossOfLogits):
    conventions = replace(COMPUTED, loss_form="softplus")

    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        return F.softplus(-expert).mean() + F.softplus(generator).mean()


@SHELF.right(
    "torch-cross-entropy-form",
    "Binary cross-entropy with logits, side by side",
    "−y log σ(x) − (1 − y) log σ(−x), with y = 1 and 0.",
)
class _CrossEntropyForm(LossOfLogits):
    conventions = replace(COMPUTED, loss_form="bce")

    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        return bce(expert, 1.0) + bce(generator, 0.0)


@SHELF.right(
    "torch-logaddexp-form",
    "−log D = log(m + q) − log m",
    "D = m/(m + q), so that −log D = log(m + q) − log m and −log(1 − D) = log(m + q) − log q.",
    declared=False,
)
class _LogaddexpForm(Library):
    def discriminator_loss(self, case: Any) -> Any:
        terms = []
        for rows, numerator in ((case.expert, 0), (case.generator, 1)):
            logs = -self.cost(case, rows) - case.b, self.log_q(case, rows).detach()
            terms.append((torch.logaddexp(logs[0], logs[1]) - logs[numerator]).mean())
        return terms[0] + terms[1]


@SHELF.right(
    "torch-two-class-softmax",
    "Cross-entropy of two classes with logits 0 and ℓ",
    "softmax(0, ℓ)₁ = e^ℓ/(1 + e^ℓ) = σ(ℓ); its tails are those of any binary cross-entropy, as declared.",
)
class _TwoClassSoftmax(LossOfLogits):
    conventions = replace(COMPUTED, loss_form="bce")

    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        losses = []
        for logits, label in ((expert, 1), (generator, 0)):
            classes = torch.stack([torch.zeros_like(logits), logits], dim=1)
            losses.append(F.cross_entropy(classes, torch.full((len(logits),), label)))
        return losses[0] + losses[1]


@SHELF.right(
    "torch-chunked",
    "Rows pass two at a time, and the loss is added up",
    "A mean is the sum of its chunks' sums over n, and so is its gradient.",
)
class _Chunked(LossOfLogits):
    def loss_of(self, expert: Tensor, generator: Tensor) -> Any:
        total = expert.new_zeros(())
        for x in (expert, -generator):
            for chunk in torch.split(x, 2):
                total = total - F.logsigmoid(chunk).sum() / len(x)
        return total


@SHELF.right(
    "torch-row-by-row-by-vmap",
    "The logit is a function of one row, mapped over the batch",
    "ℓ of a row depends on that row alone.",
)
class _Mapped(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        def of_row(features: Tensor, log_q: Tensor) -> Any:
            return -(features * case.theta).sum() - case.b - log_q

        return torch.vmap(of_row)(rows.features, self.log_q(case, rows).detach())


def _logit(features: Tensor, log_q: Tensor, theta: Tensor, b: Tensor) -> Tensor:
    return -(features @ theta) - b - log_q


@SHELF.right(
    "torch-compiled",
    "The logit is traced and compiled for any number of rows",
    "A graph of the same operations gives the same numbers, in whatever order they are put.",
    formats=("float32",),
)
class _Compiled(Library):
    def __init__(self) -> None:
        # Without code of its own: that needs a compiler, and takes minutes.
        self.compiled: Any = torch.compile(_logit, backend="aot_eager", dynamic=True)

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return self.compiled(rows.features, self.log_q(case, rows).detach(), case.theta, case.b)


@SHELF.right(
    "torch-weighted-rows",
    "Rows carry weights",
    "A weighted mean with Σ w = 1 is an expectation as the plain one is.",
)
class _Weighted(Library):
    conventions = replace(COMPUTED, weights=True)
    hidden = ("irl_loss", "log_partition")

    def discriminator_loss(self, case: Any) -> Any:
        expert = self.discriminator_logit(case, case.expert)
        generator = self.discriminator_logit(case, case.generator)
        w_p, w_q = case.expert.weight, case.generator.weight
        of_expert = -(w_p * F.logsigmoid(expert)).sum() / w_p.sum()
        return of_expert - (w_q * F.logsigmoid(-generator)).sum() / w_q.sum()

    def policy_loss(self, case: Any) -> Any:
        rows = case.generator
        reward = self.generator_reward(case, rows).detach()
        return -(rows.weight * self.log_q(case, rows) * reward).sum() / rows.weight.sum()


@SHELF.right("torch-loss-and-logit-only", "It shows a loss and a logit", "What is not shown is not judged.")
class _LossAndLogitOnly(Library):
    hidden = ("generator_reward", "policy_loss", "irl_loss", "log_q", "discriminator_probability")


VARIANTS = tuple(SHELF.variants)
