"""Checks of family B."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ganirl.lanes import dot, number
from ganirl.truth import REFERENCE, Expected
from ganirl_properties.cases import with_parameter
from ganirl_properties.observed import NotObservedError

from .check import Array, Check, Comparison, View, compare

# |∂³ softplus| ≤ 1/(6√3) for either side (MATH B3).
THIRD_DERIVATIVE = 1.0 / (6.0 * np.sqrt(3.0))


def _value(view: View) -> Iterator[Comparison]:
    yield compare("discriminator_loss", view.observed.loss(), view.truth.loss_by_mixture)


def _slope(view: View) -> Iterator[Comparison]:
    yield compare("∂L_D/∂b", view.observed.gradient_b(), view.truth.gradient_b)


def difference_step(view: View, error: Array, derivative: float = 1.0) -> float:
    """Return the step of a central difference that balances curvature against rounding (T12)."""
    third = sum(view.truth.scales) * THIRD_DERIVATIVE * np.maximum(derivative, 1e-3) ** 3
    return number(np.clip((3.0 * error / third) ** (1.0 / 3.0), 1e-6, 0.5))


def _b_of(view: View) -> float:
    """Its log Z: b, or the parameter of the constant feature where it has none."""
    absent = view.observed.conventions.log_z == "absent"
    return number(view.case.theta[..., -1] if absent else view.case.b)


def _with_b(view: View, b: float) -> View:
    rounded = view.case.precision.round(b)
    if view.observed.conventions.log_z == "absent":
        return view.at(replace(view.case, theta=with_parameter(view.case.theta[..., :-1], rounded)))
    return view.at(replace(view.case, b=rounded))


def _difference_in_b(view: View) -> Iterator[Comparison]:
    if view.observed.has("discriminator_gradient"):
        return
    try:
        view.observed.gradient_b()
    except NotObservedError:
        pass
    else:
        return
    step = difference_step(view, view.truth.loss.bound)
    low, high = _with_b(view, _b_of(view) - step), _with_b(view, _b_of(view) + step)
    width = _b_of(high) - _b_of(low)
    got = (high.observed.loss() - low.observed.loss()) / width
    truth = (high.truth.loss.value - low.truth.loss.value) / width
    # The truth of the same difference; that it is near ∂L_D/∂b is T12's other half.
    bound = (low.truth.loss.bound + high.truth.loss.bound) / width
    yield compare("[L_D(b + h) − L_D(b − h)]/2h", got, Expected(np.asarray(truth), np.asarray(bound)))


# How far b is moved to see the curvature: far enough to rise above rounding, near enough for e^±h.
CURVATURE_STEP = 0.5


def _curvature(view: View) -> Iterator[Comparison]:
    b, h = _b_of(view), CURVATURE_STEP
    low, high = _with_b(view, b - h), _with_b(view, b + h)
    width = _b_of(high) - _b_of(low)
    got = np.asarray((high.observed.gradient_b() - low.observed.gradient_b()) / width)
    bound = (low.truth.gradient_b.bound + high.truth.gradient_b.bound) / width
    yield _within(view, "[∂L_D/∂b(b + h) − ∂L_D/∂b(b − h)]/2h", got, bound)


def _curvature_of_loss(view: View) -> Iterator[Comparison]:
    b, h = _b_of(view), CURVATURE_STEP
    low, high = _with_b(view, b - h), _with_b(view, b + h)
    below, above = b - _b_of(low), _b_of(high) - b
    # Divided differences of second order carry the rounding of b: 2[(f₊−f)/h₊ − (f−f₋)/h₋]/(h₊+h₋).
    here = view.observed.loss()
    got = 2 * ((high.observed.loss() - here) / above - (here - low.observed.loss()) / below) / (above + below)
    errors = [each.truth.loss.bound for each in (low, view, high)]
    bound = 2 * ((errors[2] + errors[1]) / above + (errors[1] + errors[0]) / below) / (above + below)
    yield _within(view, "second difference of L_D in b", np.asarray(got), bound)


def _within(view: View, name: str, got: np.ndarray, bound: np.ndarray) -> Comparison:
    # |d log σ'(x)/dx| ≤ 1: over an interval of half width h the curvature stays within e^±h of its centre.
    margin = CURVATURE_STEP * 1.01
    centre = view.truth.curvature
    low = centre * np.exp(-margin)
    high = np.minimum(centre * np.exp(margin), 0.25 * sum(view.truth.scales))
    expected = np.clip(got, low, high)
    reference = REFERENCE.gamma(64) * centre
    return compare(name, got, Expected(expected, np.asarray(bound + reference)))


def _estimate(view: View) -> Iterator[Comparison]:
    yield compare("log_partition at b*", view.observed.log_partition(), view.truth.log_partition)


def _estimate_anywhere(view: View) -> Iterator[Comparison]:
    yield compare("log_partition", view.observed.log_partition(), view.truth.log_partition)


def _balance(view: View, values: np.ndarray) -> Iterator[Comparison]:
    w_p, w_q = view.truth.weights
    alpha_p, alpha_q = view.truth.scales
    # α_p E_p[D] + α_q E_q[D] = α_p at b*, up to ∂L_D/∂b at the b that b* was rounded to.
    got = dot(alpha_p * w_p + alpha_q * w_q, values) / alpha_p
    slope = np.abs(view.truth.gradient_b.value.astype(np.float64)) / alpha_p
    weighted = max(alpha_p, alpha_q) / alpha_p * view.truth.balance.bound
    yield compare("E_p[D] + E_q[D] at b*", got, Expected(np.ones_like(slope), weighted), slack=slope)


def _balance_of_probability(view: View) -> Iterator[Comparison]:
    yield from _balance(view, view.probabilities())


def _balance_of_logit(view: View) -> Iterator[Comparison]:
    logits = view.logits()
    yield from _balance(view, np.exp(-np.logaddexp(0.0, -logits)))


CHECKS = (
    Check("B1", "value", "L_D against the mixture form", ("discriminator_loss",), "batch", _value),
    Check("B2", "gradient", "∂L_D/∂b against E_p[1−D] − E_q[D]", (), "batch", _slope),
    Check(
        "B2",
        "difference",
        "a central difference of L_D in b",
        ("discriminator_loss",),
        "batch",
        _difference_in_b,
    ),
    Check("B3", "gradient", "∂L_D/∂b at b ± ½ against the curvature", (), "batch", _curvature),
    Check(
        "B3",
        "loss",
        "L_D at b and b ± ½ against the curvature",
        ("discriminator_loss",),
        "batch",
        _curvature_of_loss,
    ),
    Check(
        "B4",
        "estimate",
        "its log E_μ[e^{−c}/μ̃] at any b, where that is no fixed point",
        ("log_partition",),
        "batch",
        _estimate_anywhere,
    ),
    Check(
        "B5",
        "probability",
        "mean D of both sides at b*",
        ("discriminator_probability",),
        "optimum",
        _balance_of_probability,
    ),
    Check(
        "B5", "logit", "mean σ(ℓ) of both sides at b*", ("discriminator_logit",), "optimum", _balance_of_logit
    ),
    Check(
        "B5",
        "estimate",
        "its log E_μ[e^{−c}/μ̃] at b*, where that is b* itself",
        ("log_partition",),
        "optimum",
        _estimate,
    ),
)
