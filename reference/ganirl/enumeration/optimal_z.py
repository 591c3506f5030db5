"""Family B: the optimal Z as a fixed point, as an estimate of the true one, and as a bridge between samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .calculus import bisect, derivative, log_sum_exp, softplus, total
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_CAUCHY = "derivatives are Cauchy integrals: rounding times k!/r^k, and 5^−points ≤ u of truncation"
_OPTIMUM = "; b* by 1/∂²L_D more"

RELATIVE = 0.2  # radius in ε of Z(1 + ε), which has its singularity at ε = −1


def in_z(space: Space, function: Callable[[Any], Any], order: int = 1) -> Any:
    """Z^k ∂^k f/∂Z^k, from values of a function of the change of b = log Z."""
    return derivative(
        space.arithmetic,
        lambda epsilon: function(space.arithmetic.log(1 + epsilon)),
        space.arithmetic.array(RELATIVE),
        order,
    )


def fixed_point(space: Space) -> Iterator[Comparison]:
    """B4: ∂_Z L_D = 1/Z − F(Z)/Z², F(Z) = E_μ[e^{−c}/μ̃]; F rises, bends down, and leads to Z*."""
    b, z, exp = space.b, space.arithmetic.exp(space.b), space.arithmetic.exp

    def log_estimate(at: Any) -> Any:
        """Return log F at log Z."""
        return space.estimate(space.c, space.log_mixture(space.c, at))

    def around(centre: Any) -> Callable[[Any], Any]:
        return lambda delta: log_estimate(centre + delta)

    d, rest = space.discriminator(b)
    estimate, size = exp(log_estimate(b)), float(space.loss(space.c, b)) + 2
    slope = in_z(space, lambda delta: space.loss(space.c, b + delta)) / z
    unhalved = 1 / z - estimate / (2 * z * z)
    per_z = max(1.0, 1.0 / float(z))
    yield Comparison(1 / z - estimate / (z * z), slope, unhalved, size, per_z / RELATIVE, name="∂L_D/∂Z")

    first, second = (in_z(space, lambda delta: exp(log_estimate(b + delta)), order) / z for order in (1, 2))
    squares = space.mean_mixture(d * d)
    yield Comparison(2 * squares, first, None, 2.5, 1 / RELATIVE, name="F'(Z)")
    bend = -4 * space.mean_mixture(d * d * rest)
    yield Comparison(bend, second, None, 2.5, 2 / RELATIVE**2, name="Z F''(Z)")
    outside = [max(0.0, -float(first)), max(0.0, float(first) - 2), max(0.0, float(second))]
    yield Comparison(np.array(outside), np.zeros(3), None, 2.5, 2 / RELATIVE**2)

    b_star, gain = space.b_star, 2 / RADIUS**2
    size = float(space.loss(space.c, b_star)) + abs(float(b_star)) + 1
    yield Comparison(log_estimate(b_star), b_star, None, size, gain, name="log F(Z*)")
    squares = space.mean_mixture(space.discriminator(b_star)[0] ** 2)
    flatness = 1 - space.in_b(lambda delta: space.loss(space.c, b_star + delta), 2)
    rate, more = space.in_b(around(b_star)), gain / space.curvature
    yield Comparison(concatenated([2 * squares, flatness]), np.stack([rate, rate]), None, size, more)
    outside = [max(0.0, 0.5 - float(rate)), max(0.0, float(rate) - 1)]
    yield Comparison(np.array(outside), np.zeros(2), None, size, more)

    # one step stays between where it was and Z*: so the iteration is monotone, from any Z
    steps = (-3.0, -0.4, 0.4, 3.0)
    reached = [float((log_estimate(b_star + step) - b_star) / space.arithmetic.array(step)) for step in steps]
    outside = [max(0.0, -share, share - 1) for share in reached]
    yield Comparison(np.array(outside), np.zeros(4), None, size, gain)


def balance(space: Space) -> Iterator[Comparison]:
    """B5: at b* E_μ[D] = ½ and E_p[1−D] = E_q[D]."""
    gain = 2 / RADIUS**2
    d, rest = space.discriminator(space.b_star)
    d_true, rest_true = space.discriminator(space.log_z)
    size = float(space.loss(space.c, space.b_star)) + 1
    yield Comparison(space.mean_p(rest), space.mean_q(d), None, size, gain)
    # the twin's sides are both its own: half their difference is what E_μ[D] is off by
    off = (space.mean_p(rest_true) - space.mean_q(d_true)) / 2
    yield Comparison(
        space.mean_mixture(d), space.one / 2, space.one / 2 + off, size, gain, name="E_μ[D] at b*"
    )


def distance_to_truth(space: Space) -> Iterator[Comparison]:
    """B6: Z*/Z_θ = E_pθ[1−D]/E_p[1−D], within p_θ/p; one if and only if Σ h(p − p_θ)(1−D) = 0 at log Z_θ."""
    gain, off = 2 / RADIUS**2, space.b_star - space.log_z
    rest = space.discriminator(space.b_star)[1]
    apart = total(space.h * space.model, rest) / space.mean_p(rest)
    size = (float(space.loss(space.c, space.b_star)) + 2) * (1 + float(apart))
    yield Comparison(apart, space.arithmetic.exp(off), space.one, size, gain / space.curvature, name="Z*/Z_θ")

    there = np.asarray((space.p > 0) & space.reached, dtype=bool)
    ratio = space.arithmetic.log(space.model[there]) - space.arithmetic.log(space.p[there])
    bounds = space.arithmetic.floats(ratio)
    lower, upper = float(bounds.min()), float(bounds.max())
    if np.any(space.reached & ~there):
        upper = math.inf  # a point without data bounds nothing
    outside = [max(0.0, lower - float(off)), max(0.0, float(off) - upper)]
    yield Comparison(np.array(outside), np.zeros(2), None, size, gain / space.curvature)

    slope, rest = _slope_at_truth(space), space.discriminator(space.log_z)[1]
    residual = np.sum(space.h * (space.p - space.model) * rest)
    yield Comparison(residual, slope, None, size, gain, name="∂L_D/∂b at log Z_θ")
    for converged in (replace(space, q=space.model), replace(space, p=space.model)):
        yield Comparison(_slope_at_truth(converged), 0.0, None, size, gain)


def _slope_at_truth(space: Space) -> Any:
    return space.in_b(lambda delta: space.loss(space.c, space.log_z + delta))


def in_partition(space: Space) -> Iterator[Comparison]:
    """B7: Z² ∂²L_D/∂Z² = ∂²L_D/∂b² − ∂L_D/∂b, negative for large Z; ∂L_D/∂Z changes its sign at Z* alone."""
    size, ten = float(space.loss(space.c, space.b)) + 4, space.arithmetic.array(10.0)
    b = space.arithmetic.log(ten)
    second = in_z(space, lambda delta: space.loss(space.c, b + delta), 2)
    curvature, slope = _in_log(space, b)
    bent = (curvature - slope) / ten**2
    yield Comparison(
        bent, second / ten**2, curvature / ten**2, size / 100, 2 / RELATIVE**2, name="∂²L_D/∂Z² at Z = 10"
    )

    far = space.arithmetic.array(-math.log(space.arithmetic.unit_roundoff) + 2 * space.longest)
    curvature, slope = _in_log(space, far)
    overlap = np.sum(np.where(space.reached, space.w_p, 0))
    yield Comparison(curvature - slope, -overlap, name="Z² ∂²L_D/∂Z² as Z → ∞")

    def around(centre: Any) -> Callable[[Any], Any]:
        return lambda delta: space.loss(space.c, centre + delta)

    steps = (-4.0, -0.5, 0.5, 4.0)
    loss_at = [around(space.b_star + step) for step in steps]
    in_partition = [in_z(space, loss) for loss in loss_at]
    in_log = [space.in_b(loss) for loss in loss_at]
    yield Comparison(concatenated(in_partition), concatenated(in_log), None, size + 4, 1 / RELATIVE)
    outside = [max(0.0, -float(each) * step) for each, step in zip(in_partition, steps, strict=True)]
    yield Comparison(np.array(outside), np.zeros(4), None, size + 4, 4 / RELATIVE)


def _in_log(space: Space, b: Any) -> tuple[Any, Any]:
    """Return ∂²L_D/∂b² and ∂L_D/∂b, by D."""
    d, rest = space.discriminator(b)
    return 2 * space.mean_mixture(d * rest), space.mean_p(rest) - space.mean_q(d)


def bridge(space: Space) -> Iterator[Comparison]:
    """B8: Z* solves Bennett's and Meng and Wong's equation with the data taken for p_θ's; L_D is NCE's."""
    b_star, gain = space.b_star, 1 / space.curvature  # says so where there is no optimum
    one_sided = log_sum_exp(space.arithmetic, _log_weights(space, space.w_q) - _costs(space, space.w_q))
    root = _acceptance_ratio(space)
    yield Comparison(root, b_star, one_sided, 8 + 2 * space.longest, gain, name="log Z*")

    seen = space.reached
    model, noise = space.arithmetic.exp(-space.c[seen]), space.q[seen]
    z = space.arithmetic.exp(b_star)
    bridged = total(space.w_q[seen], model / (model + z * noise))
    bridged = bridged / total(space.w_p[seen], noise / (model + z * noise))
    yield Comparison(space.arithmetic.log(bridged), b_star, None, 8 + space.longest, 2 * gain)

    drawn = replace(space, p=space.model)
    root = _acceptance_ratio(drawn)
    yield Comparison(root, space.log_z, None, 8 + 2 * space.longest, 1 / drawn.curvature)

    d, rest = space.discriminator(space.b)
    correct = -space.mean_p(space.arithmetic.log(d))
    correct = correct - space.mean_q(space.arithmetic.log(np.where(seen, rest, space.one)))
    loss = space.loss(space.c, space.b)
    # log of what is nearly one is good to u absolutely, however small it is
    yield Comparison(correct, loss, size=float(loss) + 1, name="the objective of noise contrast")


def _log_weights(space: Space, weight: Any) -> Any:
    return space.arithmetic.log(weight[np.asarray((weight > 0) & space.reached, dtype=bool)])


def _costs(space: Space, weight: Any) -> Any:
    """Return c + log q of the rows of weight, where q > 0: −log of the ratio of both unnormalised densities."""
    present = np.asarray((weight > 0) & space.reached, dtype=bool)
    return (space.c + space.log_q)[present]


def _acceptance_ratio(space: Space) -> Any:
    """Root in b of E_q[f(b + c + log q)] = E_p[f(−b − c − log q)], f(x) = 1/(1 + e^x), in logs."""
    sides = [(_log_weights(space, w), _costs(space, w)) for w in (space.w_p, space.w_q)]

    def rises(b: Any) -> Any:
        missed, fooled = (
            log_sum_exp(space.arithmetic, weight - softplus(space.arithmetic, sign * (b + cost)))
            for sign, (weight, cost) in zip((-1, 1), sides, strict=True)
        )
        return missed - fooled

    ratios = -concatenated([cost for _, cost in sides])
    overlap = float(np.sum(np.where(space.reached, space.w_p, 0)))
    low, high = min(ratios.tolist()) - 1, max(ratios.tolist()) + 1 - math.log(overlap)
    return bisect(space.arithmetic, rises, low, high)


ENUMERATIONS = (
    Enumeration(
        "B4",
        "1/Z − F(Z)/Z² against the derivative of L_D in Z; F' and F'' against 2E_μ[D²] and −4E_μ[D²(1−D)]/Z; "
        "F(Z*) against Z*, the rate of Z ← F(Z) against 2E_μ[D²] and 1 − ∂²L_D/∂b²; one step against both ends",
        "½ forgotten in the mixture: F(Z)/2",
        _CAUCHY + _OPTIMUM,
        fixed_point,
        worked_on="S4",
    ),
    Enumeration(
        "B5",
        "E_p[1−D] against E_q[D], E_μ[D] against ½, at the b that minimises the loss's values",
        "the true log Z_θ in place of b*",
        _CAUCHY,
        balance,
    ),
    Enumeration(
        "B6",
        "E_pθ[1−D]/E_p[1−D] against Z*/Z_θ, both minimised and summed; the slope at log Z_θ against "
        "Σ h(p − p_θ)(1−D), and against zero where p or q is p_θ",
        "Z* taken for the true Z_θ: one",
        _CAUCHY + _OPTIMUM,
        distance_to_truth,
        worked_on="S4",
    ),
    Enumeration(
        "B7",
        "∂²L_D/∂b² − ∂L_D/∂b over Z², against the second derivative of L_D in Z; its limit; the sign of ∂L_D/∂Z",
        "convexity carried over from log Z: ∂²L_D/∂b² over Z²",
        _CAUCHY,
        in_partition,
        worked_on="S1",
    ),
    Enumeration(
        "B8",
        "the root of the acceptance-ratio equation, bisected in logs, against the minimiser of the loss's values; "
        "the bridge estimate at Z*, against Z*; where p = p_θ, the root against log Z_θ",
        "one-sided importance sampling, log E_q[e^{−c}/q]",
        "rounding of sums and exponents, times 1/∂²L_D",
        bridge,
        worked_on="S4",
    ),
)
