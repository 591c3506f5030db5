"""Sampled checks of code that is handed rows.

Cases are populations: the generator's rows are all of q, as often as q says. So a draw may be of rows, or of actions
under the policy, and the expectation is the same. Whatever averages some of the rows lies between the least and the
largest of them, which are worked out here, with the most that rounding does to one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from ganirl import Rows, bounds
from ganirl.bounds import FloatModel
from ganirl.logspace import sigmoid, softplus
from ganirl_properties.cases import at_optimum
from ganirl_properties.checks import View
from ganirl_properties.observed import Observed

from .quantity import Quantity, SampledCheck, rounding

Array = npt.NDArray[np.float64]

JENSEN = "the logarithm of an unbiased estimate of Z is too low [F4]"
NORMALISED = "an estimate that is divided by its own weights is biased by O(1/n) [F5]"


# --- averages over both sides -------------------------------------------------------------------------------


def _two_sides(
    view: View,
    label: str,
    observe: Callable[[Observed], Array],
    expected: Array,
    terms: Callable[[FloatModel], tuple[Array, Array]],
) -> Quantity:
    """A mean over the expert's rows and one over the generator's, of terms (n, k) with their errors."""
    truth = view.truth
    scales = np.concatenate(
        [np.full(len(side), scale) for side, scale in zip(_sides(view), truth.scales, strict=True)]
    )[:, None]
    value = terms(view.model)[0]
    parts = [value[side] * scale for side, scale in zip(_slices(view), truth.scales, strict=True)]
    if truth.conventions.loss_scale == "sum_of_means":
        low = parts[0].min(axis=0) + parts[1].min(axis=0)
        high = parts[0].max(axis=0) + parts[1].max(axis=0)
    else:  # of both batches together, however many rows of either side are drawn
        low, high = (sum(truth.scales) * value.min(axis=0), sum(truth.scales) * value.max(axis=0))

    def error(arithmetic: FloatModel) -> Array:
        value, of_each = terms(arithmetic)
        each = of_each + arithmetic.gamma(len(value) + 6) * np.abs(value)
        return np.asarray(2 * (scales * each).max(axis=0))

    return Quantity(view, label, observe, np.atleast_1d(expected), rounding(view, error), low, high)


def _sides(view: View) -> tuple[Rows, Rows]:
    return view.case.expert, view.case.generator


def _slices(view: View) -> tuple[slice, slice]:
    return view.truth.expert, view.truth.generator


def _signs(view: View) -> Array:
    """−1 for the expert's rows and 1 for the generator's, (n, 1): ℓ enters their terms with that sign."""
    return np.concatenate([np.full((len(view.case.expert), 1), -1.0), np.ones((len(view.case.generator), 1))])


def _loss(view: View) -> Quantity:
    truth = view.truth
    x = _signs(view)[:, 0] * truth.all_logits

    def terms(arithmetic: FloatModel) -> tuple[Array, Array]:
        error = bounds.log_likelihood_ratio_term(
            arithmetic, x, truth.logit_error(arithmetic), truth.conventions.loss_form
        )
        return softplus(x)[:, None], error[:, None]

    return _two_sides(view, "L_D", lambda seen: np.array([seen.loss()]), truth.loss_by_mixture.value, terms)


def _slope_terms(view: View, derivative: Array, arithmetic: FloatModel) -> tuple[Array, Array]:
    truth, sign = view.truth, _signs(view)
    x = sign[:, 0] * truth.all_logits
    error = bounds.sigmoid_gradient_terms(
        arithmetic, x, truth.logit_error(arithmetic), truth.conventions.loss_form
    )
    return -sign * sigmoid(x)[:, None] * derivative, error[:, None] * np.abs(derivative)


def _slope_in_b(view: View) -> Quantity:
    ones = np.ones((view.truth.generator.stop, 1))
    return _two_sides(
        view,
        "∂L_D/∂b",
        lambda seen: np.atleast_1d(seen.gradient_b()),
        view.truth.gradient_b.value,
        partial(_slope_terms, view, ones),
    )


def _slope_in_theta(view: View) -> Quantity:
    return _two_sides(
        view,
        "∂L_D/∂θ",
        lambda seen: seen.gradient_theta(),
        view.truth.gradient_theta.value,
        partial(_slope_terms, view, view.truth.derivative),
    )


def _optimal(view: View) -> View:
    """The same case at its b*."""
    return view.at(at_optimum(view.case, view.truth.optimum.b, view.truth.conventions))


def _beside_optimum(view: View) -> float:
    """|∂_θL_D − ∂_θL_cost^μ̃| ≤ max|c'|·|∂_bL_D|: what b misses b* by."""
    slope, truth = view.truth.gradient_b, view.truth
    return truth.worst_derivative * (abs(float(slope.value)) + float(slope.bound)) / min(truth.scales)


def _gan_side(view: View) -> Quantity:
    at = _optimal(view)
    scale = at.truth.scales[0]
    made = _slope_in_theta(at)
    return replace(
        made,
        label="∂L_D/∂θ at b*",
        observe=lambda seen: seen.gradient_theta() / scale,
        expected=at.truth.scaled_surrogate_gradient.value,
        tolerance=made.tolerance / scale + _beside_optimum(at),
        low=made.low / scale,
        high=made.high / scale,
    )


# --- the partition function -------------------------------------------------------------------------------------


def _log_weights(view: View) -> tuple[Array, Callable[[FloatModel], float]]:
    """Log e^{−c}/μ̃ = b + log 2D of all rows, and the largest error of one, or of a log-mean-exp of some."""
    truth, b = view.truth, float(view.case.b)
    log_mixture = softplus(-truth.all_logits) - np.log(2.0) - b - truth.cost
    log_weight = -truth.cost - log_mixture

    def error(arithmetic: FloatModel) -> float:
        again = bounds.linear(
            arithmetic, truth.cost_magnitude, truth.case.theta.size * view.case.expert.steps.mask.shape[1] + 1
        )
        each = bounds.log_importance(
            arithmetic,
            truth.all_logits,
            truth.cost,
            log_mixture,
            np.zeros_like(log_weight),
            b,
            cost_error=again,
            logit_error=truth.logit_error(arithmetic),
        )
        largest, count = float(np.minimum(each, 50.0).max()), len(log_weight)
        size = 2 * float(np.abs(log_weight).max()) + abs(b) + count + (4 + arithmetic.kappa) * (count + 2)
        return largest * float(np.exp(2 * largest)) + arithmetic.u * size

    return log_weight, error


def _partition(view: View) -> Quantity:
    log_weight, error = _log_weights(view)
    log_z = float(view.truth.log_partition.value)
    low, high = (np.array([end]) for end in (log_weight.min(), log_weight.max()))
    # Of one row, whose logarithm is log Z in no expectation: E log w is below log E w.
    w_p, w_q = view.truth.weights
    gap = log_z - float(0.5 * (w_p + w_q) @ log_weight)
    if view.truth.conventions.unbiased == "log Z":
        return Quantity(
            view,
            "log_partition",
            lambda seen: np.array([seen.log_partition()]),
            np.array([log_z]),
            rounding(view, lambda arithmetic: np.array([error(arithmetic)])),
            low,
            high,
            remark=JENSEN,
            unit=1.0,
            telling=gap / max(float(high[0] - low[0]), 1e-300),
        )
    low, high = np.exp(low - log_z), np.exp(high - log_z)
    return Quantity(
        view,
        "e^log_partition over the Z that it should be",
        lambda seen: np.exp(np.array([seen.log_partition() - log_z])),
        np.ones(1),
        rounding(view, lambda arithmetic: high * np.expm1(np.minimum(error(arithmetic), 50.0))),
        low,
        high,
    )


def _irl_loss(view: View) -> Quantity:
    truth = view.truth
    log_weight, error = _log_weights(view)
    w_p, _ = truth.weights
    cost, magnitude = truth.cost[truth.expert], truth.cost_magnitude[truth.expert]
    terms = truth.case.theta.size * view.case.expert.steps.mask.shape[1] + len(truth.cost) + 8
    return Quantity(
        view,
        "L_IRL",
        lambda seen: np.array([seen.irl_loss()]),
        np.array([float(w_p @ truth.cost + truth.log_partition.value)]),
        rounding(
            view,
            lambda arithmetic: np.array([error(arithmetic) + 2 * arithmetic.gamma(terms) * magnitude.max()]),
        ),
        np.array([cost.min() + log_weight.min()]),
        np.array([cost.max() + log_weight.max()]),
        remark=JENSEN,
        unit=1.0,
    )


def _irl_gradient_to(view: View, expected: Array, slack: float) -> Quantity:
    truth = view.truth
    _, error = _log_weights(view)
    all_rows, data = truth.derivative, truth.derivative[truth.expert]
    size = np.abs(all_rows).max(axis=0)

    def of(arithmetic: FloatModel) -> Array:
        # Σ w c'/Σ w moves by at most the range of c' times what the weights move by, relatively.
        tilted = np.ptp(all_rows, axis=0) * np.expm1(2 * min(error(arithmetic), 25.0))
        return np.asarray(tilted + 4 * arithmetic.gamma(len(all_rows) + 8) * size)

    return Quantity(
        view,
        "∂L_IRL/∂θ",
        lambda seen: seen.irl_gradient(),
        expected,
        rounding(view, of) + slack,
        data.min(axis=0) - all_rows.max(axis=0),
        data.max(axis=0) - all_rows.min(axis=0),
        remark=NORMALISED,
    )


def _frozen(view: View) -> Quantity:
    return _irl_gradient_to(view, view.truth.surrogate_gradient.value, 0.0)


def _irl_side(view: View) -> Quantity:
    at = _optimal(view)
    plain = replace(at.truth.conventions, loss_scale="sum_of_means", loss_factor=1.0)
    paper = replace(at.truth, conventions=plain)
    slack = _beside_optimum(replace(at, truth=paper))
    return replace(_irl_gradient_to(at, paper.gradient_theta.value, slack), label="∂L_IRL/∂θ at b*")


# --- row by row ---------------------------------------------------------------------------------------------------


def distinct(rows: Rows) -> Array:
    """(k, n) averaging over rows that are the same trajectory."""
    steps = rows.steps
    columns = np.concatenate([steps.state, steps.action, steps.mask], axis=1)
    _, which = np.unique(columns, axis=0, return_inverse=True)
    found = np.equal.outer(np.arange(which.max() + 1), which.ravel()).astype(np.float64)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def _each(
    view: View,
    label: str,
    observe: Callable[[Observed], Array],
    value: Array,
    bound: Array,
    within: tuple[float, float] | None,
    *,
    by_meaning: bool = False,
) -> Quantity:
    rows = distinct(view.case.generator)
    expected, tolerance = rows @ value, view.safety * (rows @ bound)
    half = 0.5 * np.maximum(1.0, np.abs(expected))
    low, high = (expected - half, expected + half) if within is None else np.broadcast_arrays(*within)
    return Quantity(
        view,
        label,
        lambda seen: rows @ observe(seen),
        expected,
        tolerance,
        np.broadcast_to(low, expected.shape).astype(np.float64),
        np.broadcast_to(high, expected.shape).astype(np.float64),
        bounded=within is not None,
        by_meaning=by_meaning,
        # Of rows that are alike the first one is named.
        places=tuple((int(first),) for first in rows.argmax(axis=1)),
    )


def _density(view: View) -> Quantity:
    side, truth = view.truth.generator, view.truth.log_likelihood
    density = np.exp(truth.value[side])
    bound = density * np.expm1(np.minimum(truth.bound[side], 50.0)) + view.model.eta
    constant = float(np.exp(view.truth.conventions.log_q_constant))
    # Not by meaning: a free estimate of a density, by importance weights, may exceed every density.
    return _each(
        view, "e^log_q", lambda seen: np.exp(seen.log_q("generator")), density, bound, (0.0, constant)
    )


def _probability(view: View) -> Quantity:
    side, truth = view.truth.generator, view.truth.probability
    return _each(
        view,
        "D",
        lambda seen: seen.probability("generator"),
        truth.value[side],
        truth.bound[side],
        (0.0, 1.0),
        by_meaning=True,
    )


def _logit(view: View) -> Quantity:
    side, truth = view.truth.generator, view.truth.logit
    return _each(view, "ℓ", lambda seen: seen.logit("generator"), truth.value[side], truth.bound[side], None)


def _reward(view: View) -> Quantity | None:
    if view.truth.conventions.reward_baseline or view.truth.conventions.entropy_coefficient:
        return None
    truth = view.truth.reward
    return _each(view, "reward", lambda seen: seen.reward(), truth.value, truth.bound, None)


# --- of the generator ---------------------------------------------------------------------------------------------


def _generator_loss(view: View) -> Quantity:
    truth = view.truth
    logit = truth.all_logits[truth.generator]

    def error(arithmetic: FloatModel) -> Array:
        each = truth.logit_error(arithmetic)[truth.generator]
        logs = (2 * arithmetic.kappa + 2) * arithmetic.u * (softplus(logit) + softplus(-logit))
        each = each + logs + 2 * arithmetic.gamma(len(logit) + 4) * np.abs(logit)
        return np.array([each.max()])

    return Quantity(
        view,
        "L_G",
        lambda seen: np.array([seen.generator_loss()]),
        np.atleast_1d(truth.generator_loss.value),
        rounding(view, error),
        np.array([-logit.max()]),
        np.array([-logit.min()]),
    )


def _policy_gradient(view: View) -> Quantity | None:
    truth = view.truth
    if view.case.generator.steps.mask.shape[1] > 1:
        return None  # which of a trajectory's rewards a step is handed is the code's own choice
    reward, score = truth.reward.value, truth.score.reshape(len(truth.reward.value), -1)
    # −s·r, or −s·(r − baseline) for a baseline that is an average of rewards.
    factors = np.array([-reward.max(), -reward.min(), -np.ptp(reward), np.ptp(reward)])
    products = np.multiply.outer(factors, score)
    expected = truth.policy_gradient(truth.reward)
    return Quantity(
        view,
        "the policy gradient",
        lambda seen: seen.generator_gradient().ravel(),
        expected.value.ravel(),
        # A row's own error: its share of the whole is 1/n at least.
        view.safety * expected.bound.ravel() / float(view.case.generator.weight.min()),
        products.min(axis=(0, 1)),
        products.max(axis=(0, 1)),
        places=tuple(np.ndindex(view.case.policy_logits.shape)),
    )


CHECKS = (
    SampledCheck("A4", "logit", "discriminator_logit", "population", _logit),
    SampledCheck("A4", "probability", "discriminator_probability", "population", _probability),
    SampledCheck("A4", "log q", "log_q", "population", _density),
    SampledCheck("B1", "value", "discriminator_loss", "population", _loss),
    SampledCheck("B2", "gradient", "discriminator_gradient", "population", _slope_in_b, "discriminator_loss"),
    SampledCheck("B4", "estimate", "log_partition", "population", _partition),
    SampledCheck(
        "C1", "gradient", "discriminator_gradient", "population", _slope_in_theta, "discriminator_loss"
    ),
    SampledCheck("C2", "GAN side", "discriminator_gradient", "population", _gan_side, "discriminator_loss"),
    SampledCheck("C2", "IRL side", "irl_gradient", "population", _irl_side, "irl_loss"),
    SampledCheck("C3", "frozen", "irl_gradient", "population", _frozen, "irl_loss"),
    SampledCheck("C3", "value", "irl_loss", "population", _irl_loss),
    SampledCheck("E1", "reward", "generator_reward", "population", _reward),
    SampledCheck("E1", "loss", "generator_loss", "population", _generator_loss),
    SampledCheck("E3", "gradient", "generator_gradient", "population", _policy_gradient, "policy_loss"),
)
