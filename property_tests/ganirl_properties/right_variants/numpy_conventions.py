"""Right variants in NumPy: labels, scales, forms that are declared, and constants."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ganirl import Conventions

from .numpy_library import COMPUTED, Array, Library, sigmoid
from .variant import Shelf

SHELF = Shelf("numpy", ("float64", "float32"))


@SHELF.right(
    "plain", "As the paper writes it", "It is ℓ = −c − b − log q and L_D = −E_p[log σ(ℓ)] − E_q[log σ(−ℓ)]."
)
class _Plain(Library):
    pass


class _Flipped(Library):
    """D is the probability of the generator, as in GAIL's paper."""

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -super().discriminator_logit(case, rows)

    def loss_of(self, expert: Array, generator: Array) -> Any:
        return self.minus_log_sigmoid(-expert).mean() + self.minus_log_sigmoid(generator).mean()

    def residuals(self, case: Any) -> tuple[Array, Array]:
        """In −ℓ, of which ∂/∂θ is φ."""
        expert, generator = self.logits(case)
        return -self.weight(case.expert) * sigmoid(expert), self.weight(case.generator) * sigmoid(-generator)

    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -self.discriminator_logit(case, rows)


_FLIP = (
    "σ(−ℓ) = 1 − σ(ℓ): with both labels exchanged, loss, gradient and reward log(1−D′) − log D′ are the same."
)


@SHELF.right("flipped-labels", "D is the probability of the generator", _FLIP)
class _FlippedDeclared(_Flipped):
    conventions = replace(COMPUTED, expert_label=0)


@SHELF.right(
    "flipped-labels-undeclared", "D is the probability of the generator, undeclared", _FLIP, declared=False
)
class _FlippedUndeclared(_Flipped):
    pass


class _Scaled(Library):
    """The loss is multiplied on either side."""

    def factors(self, expert: int, generator: int) -> tuple[float, float]:
        raise NotImplementedError

    def loss_of(self, expert: Array, generator: Array) -> Any:
        of_expert, of_generator = self.factors(len(expert), len(generator))
        return (
            of_expert * self.minus_log_sigmoid(expert).mean()
            + of_generator * self.minus_log_sigmoid(-generator).mean()
        )

    def residuals(self, case: Any) -> tuple[Array, Array]:
        expert, generator = super().residuals(case)
        of_expert, of_generator = self.factors(len(expert), len(generator))
        return of_expert * expert, of_generator * generator


class _Half(_Scaled):
    def factors(self, expert: int, generator: int) -> tuple[float, float]:
        del expert, generator
        return 0.5, 0.5


class _Twice(_Scaled):
    def factors(self, expert: int, generator: int) -> tuple[float, float]:
        del expert, generator
        return 2.0, 2.0


class _BaseTwo(_Scaled):
    def factors(self, expert: int, generator: int) -> tuple[float, float]:
        del expert, generator
        return 1 / math.log(2), 1 / math.log(2)


class _Sum(_Scaled):
    def factors(self, expert: int, generator: int) -> tuple[float, float]:
        return float(expert), float(generator)


class _Pooled(_Scaled):
    def factors(self, expert: int, generator: int) -> tuple[float, float]:
        return expert / (expert + generator), generator / (expert + generator)


_FACTOR = "A positive factor of L_D is one of ∂L_D, too: minima, ℓ and reward do not move."
_POOLED = (
    "The mean over both batches is n_p/(n_p + n_q) E_p + n_q/(n_p + n_q) E_q: ½ L_D for equal batches, and as "
    "declared for others."
)


@SHELF.right("half-the-loss", "The mean of both means", _FACTOR)
class _HalfDeclared(_Half):
    conventions = replace(COMPUTED, loss_factor=0.5)


@SHELF.right("half-the-loss-undeclared", "The mean of both means, undeclared", _FACTOR, declared=False)
class _HalfUndeclared(_Half):
    pass


@SHELF.right("twice-the-loss-undeclared", "Twice the loss, undeclared", _FACTOR, declared=False)
class _TwiceUndeclared(_Twice):
    pass


@SHELF.right("logarithms-to-base-two", "Losses in bits", _FACTOR)
class _BitsDeclared(_BaseTwo):
    conventions = replace(COMPUTED, loss_factor=1 / math.log(2))


@SHELF.right("logarithms-to-base-two-undeclared", "Losses in bits, undeclared", _FACTOR, declared=False)
class _BitsUndeclared(_BaseTwo):
    pass


@SHELF.right(
    "sum-over-rows", "All rows added, none averaged", "Σ over a batch is n times its mean, side by side."
)
class _SumDeclared(_Sum):
    conventions = replace(COMPUTED, loss_scale="sum")


@SHELF.right(
    "sum-over-rows-undeclared",
    "All rows added, undeclared",
    "Σ over a batch is n times its mean, side by side.",
    declared=False,
)
class _SumUndeclared(_Sum):
    pass


@SHELF.right("mean-of-all", "Both batches of any sizes in one mean", _POOLED)
class _PooledDeclared(_Pooled):
    conventions = replace(COMPUTED, loss_scale="mean_of_all")


@SHELF.right("mean-of-all-undeclared", "Both batches in one mean, undeclared", _POOLED, declared=False)
class _PooledUndeclared(_Pooled):
    pass


@SHELF.right("mean-of-equal-batches", "Both batches, of one size, in one mean", _POOLED)
class _PooledEqual(_Pooled):
    conventions = replace(COMPUTED, loss_scale="mean_of_all", equal_batches=True)


@SHELF.right(
    "softplus-with-a-threshold",
    "softplus is the identity above 20",
    "Above 20 log(1 + e^x) − x is less than 2.1e-9, which the declared form allows for.",
)
class _Threshold(Library):
    conventions = replace(COMPUTED, loss_form="softplus")

    def minus_log_sigmoid(self, x: Array) -> Any:
        return np.where(-x > 20, -x, np.log1p(np.exp(np.minimum(-x, 20))))


@SHELF.right(
    "cross-entropy-form",
    "Binary cross-entropy with logits, (1 − y) x + softplus(−x)",
    "−y log σ(x) − (1 − y) log σ(−x) = (1 − y) x + softplus(−x), since log σ(−x) = log σ(x) − x.",
)
class _CrossEntropy(Library):
    conventions = replace(COMPUTED, loss_form="bce")

    def loss_of(self, expert: Array, generator: Array) -> Any:
        terms = [
            (1 - label) * x + np.maximum(-x, 0) + np.log1p(np.exp(-np.abs(x)))
            for x, label in ((expert, 1), (generator, 0))
        ]
        return terms[0].mean() + terms[1].mean()


# --- log q, and what b absorbs of it ----------------------------------------------------------------------------


class _OtherMeasure(Library):
    """log q with respect to another base measure."""

    def log_q(self, case: Any, rows: Any) -> Any:
        return super().log_q(case, rows) + rows.features.dtype.type(math.log(3.0))


_CONSTANT = "−c − b − (log q + k) = −c − (b + k) − log q: a constant is b's to absorb."


@SHELF.right("constant-in-log-q", "log q of another base measure", _CONSTANT)
class _ConstantDeclared(_OtherMeasure):
    conventions = replace(COMPUTED, log_q_constant=float(np.float32(math.log(3.0))))

    def log_q(self, case: Any, rows: Any) -> Any:
        return Library.log_q(self, case, rows) + rows.features.dtype.type(np.float32(math.log(3.0)))


@SHELF.right(
    "constant-in-log-q-undeclared", "log q of another base measure, undeclared", _CONSTANT, declared=False
)
class _ConstantUndeclared(_OtherMeasure):
    pass


@SHELF.right("log-q-handed-over", "It never evaluates its policy", "log q is a number of the row, like φ.")
class _HandedOver(Library):
    conventions = Conventions(log_q="input")
    hidden = ("discriminator_policy_gradient",)

    def log_q(self, case: Any, rows: Any) -> Any:
        del case
        return rows.log_q


VARIANTS = tuple(SHELF.variants)
