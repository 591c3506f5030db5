"""C6: what L_D is minimised by, with ν rows of the generator for each of the data: noise contrast, not likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .calculus import derivative, softplus
from .gradients import loss_size
from .maxent import likelihood_optimum, tilted
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

Point = tuple[Any, Any]


def contrast(space: Space, c: Any, b: Any, ratio: float = 1.0) -> Any:
    """E_p[−log D] + ν E_q[−log(1−D)] with D = m/(m + νq), at real and complex costs."""
    logit = space.logit(c, b) - space.arithmetic.log(space.arithmetic.array(ratio))
    data = space.mean_p(softplus(space.arithmetic, -logit))
    return data + ratio * space.mean_q(softplus(space.arithmetic, logit))


def contrast_optimum(
    space: Space, ratio: float = 1.0, *, by_values: bool = False
) -> tuple[Any, float] | None:
    """Return the t that, with its b, minimises the contrast of c + t φ, and the gain of its error.

    φ = ∂c/∂θ_1, so that this is a logistic regression on (φ, 1): convex, and with one finite optimum if p > 0
    wherever q > 0 and φ is not constant there.

    Parameters
    ----------
    ratio : ν
    by_values : take derivatives from values of the loss alone; else from Σ h(p−m)(1−D)(φ, 1)

    Returns
    -------
    tuple or None
        None where no finite optimum is certain.
    """
    phi = space.arithmetic.floats(space.dc[:, 0])
    covered = not bool(np.any(space.reached & ~np.asarray(space.p > 0, dtype=bool)))
    if not covered or np.ptp(phi[space.reached]) == 0:
        return None
    t, b = (space.arithmetic.array(each) for each in _start(space, ratio))
    radii = space.radius(np.eye(space.dc.shape[1])[0]), RADIUS
    if not _certain(space, (t, b), ratio, radii):
        return None
    derivatives = _by_values if by_values else _closed
    for _ in range(12):
        steps, _ = _newton(*derivatives(space, (t, b), ratio, radii))
        t, b = t + steps[0], b + steps[1]
        if abs(float(steps[0] / radii[0])) ** 2 + abs(float(steps[1])) ** 2 <= space.arithmetic.unit_roundoff:
            break
    _, inverse = _newton(*_closed(space, (t, b), ratio, radii))
    return t, inverse[0] / radii[0] + inverse[1] / radii[1]


def _certain(space: Space, near: Point, ratio: float, radii: tuple[float, float]) -> bool:
    """Whether the second derivatives near the optimum exceed the error that their values leave in them."""
    _, bends = _closed(space, near, ratio, radii)
    tt, tb, bb = (float(each) for each in bends)
    r, s = radii
    error = 8 * space.rounding * loss_size(space, near[1])
    return (tt * bb - tb * tb) * (r * s) ** 2 > 8 * error * (tt * r**2 + bb * s**2)


def _newton(slopes: Point, bends: tuple[Any, ...]) -> tuple[Point, tuple[float, float]]:
    """Return the step to the optimum, and how much of each slope's error the first parameter gets."""
    tt, tb, bb = bends
    determinant = tt * bb - tb * tb
    steps = (
        (tb * slopes[1] - bb * slopes[0]) / determinant,
        (tb * slopes[0] - tt * slopes[1]) / determinant,
    )
    return steps, (float(bb / determinant), abs(float(tb / determinant)))


def _closed(
    space: Space, at: Point, ratio: float, radii: tuple[float, float]
) -> tuple[Point, tuple[Any, ...]]:
    """Slopes (t, b) and second derivatives (tt, tb, bb) of the contrast, by its residuals."""
    del radii
    phi = space.dc[:, 0]
    logit = space.logit(tilted(space)(at[0]), at[1]) - space.arithmetic.log(space.arithmetic.array(ratio))
    d, rest = space.sigmoid(logit), space.sigmoid(-logit)
    residual = space.w_p * rest - ratio * space.w_q * d
    weight = (space.w_p + ratio * space.w_q) * d * rest
    bends = tuple(np.sum(weight * each) for each in (phi * phi, phi, 1 + 0 * phi))
    return (np.sum(residual * phi), np.sum(residual)), bends


def _by_values(
    space: Space, at: Point, ratio: float, radii: tuple[float, float]
) -> tuple[Point, tuple[Any, ...]]:
    """Return the same, from values of the contrast alone."""
    costs = tilted(space)

    def along(u: float, v: float, order: int) -> Any:
        def value(delta: Any) -> Any:
            return contrast(space, costs(at[0] + u * delta), at[1] + v * delta, ratio)

        # a circle that moves the logits half as far in each of two directions
        return derivative(space.arithmetic, value, space.arithmetic.array(0.5), order)

    r, s = radii
    slopes = (along(r, 0.0, 1) / r, along(0.0, s, 1) / s)
    tt, bb, both = along(r, 0.0, 2), along(0.0, s, 2), along(r, s, 2)
    return slopes, (tt / r**2, (both - tt - bb) / (2 * r * s), bb / s**2)


def _start(space: Space, ratio: float) -> tuple[float, float]:
    """Minimise the contrast in float64, by damped steps of Newton's method."""
    floats = space.arithmetic.floats
    phi, cost, w_p, w_q = (floats(each) for each in (space.dc[:, 0], space.c, space.w_p, space.w_q))
    seen = space.reached
    w_p, w_q, phi = w_p[seen], ratio * w_q[seen], phi[seen]
    base = -cost[seen] - floats(space.log_q)[seen] - np.log(ratio)
    features = np.stack([phi / np.ptp(phi), np.ones(len(phi))], axis=1)

    def loss(at: Any) -> float:
        logit = base - features @ at
        return float(w_p @ np.logaddexp(0.0, -logit) + w_q @ np.logaddexp(0.0, logit))

    at, value = np.zeros(2), np.inf
    for _ in range(200):
        logit = base - features @ at
        d, rest = np.exp(-np.logaddexp(0.0, -logit)), np.exp(-np.logaddexp(0.0, logit))
        slope = features.T @ (w_p * rest - w_q * d)
        bend = features.T @ (((w_p + w_q) * d * rest)[:, None] * features)
        step = np.linalg.solve(bend + 1e-15 * np.trace(bend) * np.eye(2), slope)
        size = 1.0
        while not loss(at - size * step) <= loss(at) and size > 1e-12:
            size /= 2
        at, before, value = at - size * step, value, loss(at - size * step)
        if before - value <= 1e-15 * value:
            break
    return float(at[0] / np.ptp(phi)), float(at[1])


def fixed_point(space: Space) -> Iterator[Comparison]:
    """C6: Σ h(p−m)νq/(m+νq)(c', 1) vanishes where the contrast is least, and at m = p for every q and ν."""
    found, shown = contrast_optimum(space), contrast_optimum(space, by_values=True)
    likeliest = likelihood_optimum(space)
    if found is not None and shown is not None and likeliest is not None:
        theta = space.arithmetic.array(space.theta[0])
        size = loss_size(space.with_costs(tilted(space)(found[0])), space.b)
        yield Comparison(
            theta + found[0],
            theta + shown[0],
            theta + likeliest,
            size,
            4 * found[1],
            name="θ_1 where L_D is least",
        )

    for ratio in (1.0, 3.0):
        numeric, gain = space.in_theta(_contrast_at(space, space.b, ratio))
        residual = _residual(space, ratio)
        likelihood = space.h * (space.p - space.arithmetic.exp(-(space.c + space.b)))
        sums = [np.sum(each[:, None] * space.dc, axis=0) for each in (residual, likelihood)]
        size = (1 + ratio) * loss_size(space, space.b)
        yield Comparison(sums[0], numeric, sums[1], size, gain, name=f"∂/∂θ, ν = {ratio:g}")

        fitted = replace(space, p=space.model, b=space.log_z)
        numeric, gain = fitted.in_theta(_contrast_at(fitted, fitted.b, ratio))
        slope = fitted.in_b(_along_b(fitted, ratio))
        size = (1 + ratio) * loss_size(fitted, fitted.b)
        both = concatenated([numeric, slope])
        yield Comparison(both, 0 * both, None, size, max(gain, 1 / RADIUS))


def _contrast_at(space: Space, b: Any, ratio: float) -> Callable[[Any], Any]:
    return lambda c: contrast(space, c, b, ratio)


def _along_b(space: Space, ratio: float) -> Callable[[Any], Any]:
    return lambda delta: contrast(space, space.c, space.b + delta, ratio)


def _residual(space: Space, ratio: float) -> Any:
    """(N,) h(p − m) νq/(m + νq), the last by D at log ν more."""
    _, rest = space.discriminator(space.b + space.arithmetic.log(space.arithmetic.array(ratio)))
    model = space.arithmetic.exp(-(space.c + space.b))
    return space.h * (space.p - model) * rest


ENUMERATIONS = (
    Enumeration(
        "C6",
        "along the first parameter, the optimum of L_D by Σ h(p−m)(1−D)(c', 1), against that of its values (where "
        "the data cover the generator); that sum with ν = 1 and 3, against derivatives of the loss; 0 at m = p",
        "the likelihood's optimum and residual: no 1−D",
        "derivatives are Cauchy integrals of radius r: rounding times 1/r, times the inverse Hessian for an optimum",
        fixed_point,
        worked_on="S6",
    ),
)
