"""Right variants in NumPy: labels, scales, constants, and other parametrisations of log Z."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ganirl import Conventions, Gradient

from .numpy_library import COMPUTED, Array, Library, log_sum_exp, sigmoid, softplus
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


# --- where log Z lives ------------------------------------------------------------------------------------------


@SHELF.right(
    "no-log-z",
    "There is no b at all",
    "A cost with a constant feature k has e^{−c} = e^{−c′ − k}: k is what b would be.",
)
class _NoLogZ(Library):
    conventions = replace(COMPUTED, log_z="absent")
    hidden = ("irl_loss", "irl_gradient", "log_partition")

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - self.log_q(case, rows)

    def discriminator_gradient(self, case: Any) -> Gradient:
        return Gradient(super().discriminator_gradient(case).theta, None)


@SHELF.right(
    "minus-log-z-as-a-bias",
    "A linear layer with weight −θ and bias −b",
    "(φ, 1)·(−θ, −b) = −c − b; by the chain rule ∂/∂b is minus that in the bias.",
)
class _Bias(Library):
    conventions = replace(COMPUTED, log_z="bias")

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        layer = np.append(-case.theta, -case.b)
        return self.with_one(rows) @ layer - self.log_q(case, rows)

    def with_one(self, rows: Any) -> Any:
        return np.concatenate([rows.features, np.ones_like(rows.features[:, :1])], axis=1)

    def discriminator_gradient(self, case: Any) -> Gradient:
        expert, generator = self.residuals(case)
        layer = expert @ self.with_one(case.expert) + generator @ self.with_one(case.generator)
        return Gradient(-layer[:-1], -layer[-1])


@SHELF.right(
    "log-z-in-two-parts",
    "b is a running estimate and a learned rest",
    "b = b₀ + r with b₀ held constant: ∂/∂r is ∂/∂b.",
)
class _TwoParts(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        estimate = np.round(case.b)
        return -self.cost(case, rows) - (estimate + (case.b - estimate)) - self.log_q(case, rows)


@SHELF.right(
    "log-z-in-other-units",
    "b is kept as eight times a parameter, which learns faster",
    "b = 8 s: ∂L/∂s = 8 ∂L/∂b, and ∂L/∂b is an eighth of that.",
)
class _OtherUnits(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        parameter = case.b / 8
        return -self.cost(case, rows) - 8 * parameter - self.log_q(case, rows)

    def discriminator_gradient(self, case: Any) -> Gradient:
        in_theta, in_b = super().discriminator_gradient(case)
        return Gradient(in_theta, 8 * in_b / 8)


class _Partition(Library):
    """The parameter is Z itself, as a mantissa and an exponent, so that no b is out of range."""

    def partition(self, case: Any) -> tuple[Any, int]:
        exponent = round(float(case.b) / math.log(2))
        return np.exp(np.float64(case.b) - exponent * math.log(2)), exponent


@SHELF.right(
    "z-above-zero",
    "Z is the parameter, not its logarithm",
    "e^{−c}/Z = e^{−c − b} with Z = e^b > 0, and ∂L/∂b = Z ∂L/∂Z.",
)
class _AboveZero(_Partition):
    def log_z(self, case: Any) -> Any:
        mantissa, exponent = self.partition(case)
        return case.theta.dtype.type(np.log(mantissa) + exponent * math.log(2))

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - self.log_z(case) - self.log_q(case, rows)

    def discriminator_gradient(self, case: Any) -> Gradient:
        expert, generator = self.residuals(case)
        in_theta = -(expert @ case.expert.features) - generator @ case.generator.features
        mantissa, _ = self.partition(case)
        in_mantissa = (-expert.sum() - generator.sum()) / mantissa
        return Gradient(in_theta, mantissa * in_mantissa)


@SHELF.right(
    "z-by-softplus",
    "b is kept positive, by softplus over a floor",
    "b = softplus(s) + k with s = log(e^{b − k} − 1) is b again; ∂L/∂s = σ(s) ∂L/∂b.",
    formats=("float64",),
)
class _BySoftplus(Library):
    def parameter(self, case: Any) -> tuple[Any, Any]:
        """(s, k): the floor lies two below."""
        floor = np.floor(case.b) - 2
        return np.log(np.expm1(case.b - floor)), floor

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        parameter, floor = self.parameter(case)
        return -self.cost(case, rows) - (np.logaddexp(0, parameter) + floor) - self.log_q(case, rows)

    def discriminator_gradient(self, case: Any) -> Gradient:
        in_theta, in_b = super().discriminator_gradient(case)
        parameter, _ = self.parameter(case)
        slope = sigmoid(np.asarray(parameter))
        return Gradient(in_theta, (slope * in_b) / slope)


# --- units, shapes, and what is shown ---------------------------------------------------------------------------


@SHELF.right("columns", "Every vector is a column", "(n, 1) holds the same numbers as (n,).")
class _Columns(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        cost, log_q = rows.features @ case.theta[:, None], self.log_q(case, rows)
        return -cost - case.b - log_q

    def log_q(self, case: Any, rows: Any) -> Any:
        return super().log_q(case, rows)[:, None]

    def logits(self, case: Any) -> tuple[Array, Array]:
        expert, generator = super().logits(case)
        return expert[:, 0], generator[:, 0]

    def generator_gradient(self, case: Any) -> Any:
        rows = case.generator
        reward = self.generator_reward(case, rows)
        each = (self.weight(rows)[:, None] * reward)[..., None] * self.score(case, rows).sum(axis=1)
        return -each.sum(axis=0)

    def log_weights(self, case: Any) -> Any:
        return Library().log_weights(case)


@SHELF.right(
    "weighted-rows",
    "Rows carry weights",
    "A weighted mean with Σ w = 1 is an expectation as the plain one is.",
)
class _Weighted(Library):
    conventions = replace(COMPUTED, weights=True)

    def weight(self, rows: Any) -> Any:
        return rows.weight / rows.weight.sum()

    def discriminator_loss(self, case: Any) -> Any:
        expert, generator = self.logits(case)
        of_expert = self.weight(case.expert) @ softplus(-expert)
        return of_expert + self.weight(case.generator) @ softplus(generator)

    def generator_loss(self, case: Any) -> Any:
        return -(self.weight(case.generator) @ self.generator_reward(case, case.generator))

    def irl_loss(self, case: Any) -> Any:
        return self.weight(case.expert) @ self.cost(case, case.expert) + self.log_partition(case)

    def irl_gradient(self, case: Any) -> Any:
        log_weights = self.log_weights(case)
        share = np.exp(log_weights - log_sum_exp(log_weights))
        features = np.concatenate([case.expert.features, case.generator.features])
        return self.weight(case.expert) @ case.expert.features - share @ features


@SHELF.right(
    "transitions",
    "A row is one transition",
    "h = d_π(s), q = π(a|s): a step is a trajectory of length one, and every claim is of either.",
)
class _Transitions(Library):
    conventions = replace(COMPUTED, unit="transition")

    def log_q(self, case: Any, rows: Any) -> Any:
        return self.log_policy(case)[rows.state, rows.action]


@SHELF.right("logits-only", "It shows its logit and nothing else", "What is not shown is not judged.")
class _LogitsOnly(Library):
    hidden = tuple(
        name
        for name in dir(Library)
        if name.startswith(("discriminator_", "generator_", "irl_", "log_")) and name != "discriminator_logit"
    )


@SHELF.right(
    "loss-without-a-gradient",
    "It has a loss, and no gradient",
    "Claims of a gradient are seen in differences.",
)
class _LossOnly(Library):
    hidden = ("discriminator_gradient", "irl_gradient", "generator_gradient", "discriminator_policy_gradient")


@SHELF.right(
    "gradient-without-a-loss",
    "It hands out gradients, and no loss",
    "∂L_D = −E_p[(1 − D)(−φ)] + E_q[D(−φ)] is all that training needs.",
)
class _GradientOnly(Library):
    hidden = ("discriminator_loss", "irl_loss", "generator_loss")


VARIANTS = tuple(SHELF.variants)
