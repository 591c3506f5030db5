"""Right variants in NumPy: where log Z lives, how it is parametrised, what a row is, and what is shown."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from ganirl import Gradient

from .numpy_library import COMPUTED, Array, Library, log_sum_exp, sigmoid, softplus
from .variant import Shelf

SHELF = Shelf("numpy", ("float64", "float32"))


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
