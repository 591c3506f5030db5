"""Second derivatives from values alone; C8: the Hessian of L_D, of its profile, and half the Fisher information."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from .calculus import derivative
from .gradients import balanced, loss_size
from .registry import Enumeration
from .space import Array, Comparison, Space


def hessian(space: Space, function: Callable[[Any], Any]) -> tuple[Any, float]:
    """∂²f/∂θ∂θ (d, d) of a function of the cost, by polarisation along e_i and e_i + e_j, and its gain."""
    units = np.eye(space.dc.shape[1])
    gain = 2.0

    def along(direction: Array) -> Any:
        nonlocal gain
        radius = space.radius(direction)
        gain = max(gain, 6 / radius**2)
        cost = space.along(direction)
        return derivative(
            space.arithmetic, lambda delta: function(cost(delta)), space.arithmetic.array(radius), 2
        )

    pure = [along(unit) for unit in units]
    mixed = {
        (i, j): (along(units[i] + units[j]) - pure[i] - pure[j]) / 2
        for i, j in combinations(range(len(units)), 2)
    }
    rows = [
        [pure[i] if i == j else mixed[min(i, j), max(i, j)] for j in range(len(units))]
        for i in range(len(units))
    ]
    return np.array(rows), gain


def outer(weight: Any, columns: Any) -> Any:
    """Σ w f fᵀ (d, d) over the rows of (N, d)."""
    return np.sum(weight[:, None, None] * columns[:, :, None] * columns[:, None, :], axis=0)


def covariance(weight: Any, columns: Any) -> Any:
    """Cov(f) (d, d) under weights that sum to one."""
    return outer(weight, columns - np.sum(weight[:, None] * columns, axis=0))


def loss_hessian(space: Space) -> Iterator[Comparison]:
    """C8: E_p[(1−D)c''] − E_q[Dc''] + 2E_μ[D(1−D)c'c'ᵀ]; the profile at p = m; half Cov(c') at q = p = p_θ."""
    d, rest = space.discriminator(space.b)
    numeric, gain = hessian(space, lambda c: space.loss(c, space.b))
    squares = outer((space.w_p + space.w_q) * d * rest, space.dc)
    bend = space.mean_p(rest[:, None, None] * space.d2c) - space.mean_q(d[:, None, None] * space.d2c)
    size = loss_size(space, space.b)
    yield Comparison(squares + bend, numeric, squares, size, gain, name="∂²L_D/∂θ²")

    fitted = replace(space, p=space.model, b=space.log_z)
    numeric, gain = hessian(fitted, lambda c: fitted.loss(c, balanced(fitted, c)))
    d, rest = fitted.discriminator(fitted.b)
    shares = (fitted.w_p + fitted.w_q) * d * rest
    profile = np.sum(shares) * covariance(shares / np.sum(shares), space.dc)
    joint = outer(shares, space.dc)
    size = loss_size(fitted, fitted.b)
    yield Comparison(profile, numeric, joint, size, gain, name="∂²(min_b L_D)/∂θ² at p = m")

    converged = fitted.with_generator(space.model, space.log_z)
    numeric, gain = hessian(converged, lambda c: converged.loss(c, balanced(converged, c)))
    fisher = covariance(space.h * space.model, space.dc)
    yield Comparison(fisher / 2, numeric, fisher, size, gain, name="∂²(min_b L_D)/∂θ² at q = p = p_θ")


ENUMERATIONS = (
    Enumeration(
        "C8",
        "E_p[(1−D)c''] − E_q[Dc''] + 2E_μ[D(1−D)c'c'ᵀ] against second derivatives of L_D, from its values; at "
        "p = m 2E_μ[D(1−D)]·Cov under weights ∝ pq/(p+q), and at q = p = p_θ ½Cov(c'), against those of min_b L_D",
        "no c''; b held instead of solved for anew; no ½",
        "derivatives are Cauchy integrals of radius r: rounding times 6/r²",
        loss_hessian,
    ),
)
