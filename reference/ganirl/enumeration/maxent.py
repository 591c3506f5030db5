"""Family D: the likelihood of maximum-entropy IRL, which is an energy-based model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import brentq

from .calculus import derivative
from .gradients import largest
from .hessian import covariance, hessian, outer
from .registry import Enumeration
from .space import Comparison, Space, concatenated


def partition_function(space: Space) -> Iterator[Comparison]:
    """D1: ∂log Z = −E[c'] and ∂²log Z = Cov(c') − E[c''], under p_θ."""
    weight, dc = space.h * space.model, space.dc
    mean = np.sum(weight[:, None] * dc, axis=0)
    gradient, gain = space.in_theta(space.log_partition)
    yield Comparison(-mean, gradient, None, 1 + abs(float(space.log_z)), gain)

    spread = covariance(weight, dc)
    numeric, gain = hessian(space, space.log_partition)
    curved = np.sum(weight[:, None, None] * space.d2c, axis=0)
    size = 1 + abs(float(space.log_z))
    yield Comparison(spread - curved, numeric, spread, size, gain, name="∂² log Z/∂θ²")


def entropy_and_divergence(space: Space) -> Iterator[Comparison]:
    """D2: E_p[c] + log Z = H(p) + KL(p‖p_θ), of which KL ≥ 0."""
    seen = np.asarray(space.p > 0, dtype=bool)
    weight, log_p = space.w_p[seen], space.arithmetic.log(space.p[seen])
    log_model = -space.c[seen] - space.log_z
    expected = space.mean_p(space.c) + space.log_z
    entropy, divergence = -np.sum(weight * log_p), np.sum(weight * (log_p - log_model))
    size = abs(float(expected)) + largest(space, concatenated([log_p, log_model]))
    yield Comparison(entropy + divergence, expected, divergence, size, name="L_cost")
    # KL once more, as a sum of h(p log(p/p_θ) − p + p_θ), no term of which is negative
    gaps = space.h * (space.model - space.p)
    gaps[seen] = gaps[seen] + weight * (log_p - log_model)
    yield Comparison(np.sum(gaps), expected - entropy, None, size)
    below = np.minimum(space.arithmetic.floats(gaps), 0.0)
    yield Comparison(below, np.zeros(len(below)), None, size)


def tilted(space: Space) -> Callable[[Any], Any]:
    """Return the costs c + t φ (N,) of the family that is affine along the first parameter, φ = ∂c/∂θ_1."""
    return lambda t: space.c + t * space.dc[:, 0]


def likelihood_optimum(space: Space) -> Any:
    """Return the t that minimises L_cost of c + t φ, by Newton's method on its values; None if none is finite."""
    floats = space.arithmetic.floats
    phi, cost = floats(space.dc[:, 0]), floats(space.c)
    wanted, log_h = float(floats(space.mean_p(space.dc[:, 0]))), np.log(floats(space.h))
    if not phi.min() < wanted < phi.max():
        return None

    def lacking(t: float) -> float:
        exponent = log_h - cost - t * phi
        weight = np.exp(exponent - exponent.max())
        return wanted - float(weight @ phi / weight.sum())

    width = 1.0 / np.ptp(phi)
    low, high = -width, width
    while lacking(low) > 0:
        low *= 2
    while lacking(high) < 0:
        high *= 2
    root, _ = brentq(lacking, low, high, xtol=1e-12 * width, full_output=True)
    t = space.arithmetic.array(root)
    costs, radius = tilted(space), space.arithmetic.array(space.radius(np.eye(space.dc.shape[1])[0]))
    for _ in range(8):
        slope, curvature = (
            derivative(space.arithmetic, _around(lambda s: likelihood(space, costs(s)), t), radius, order)
            for order in (1, 2)
        )
        t = t - slope / curvature
        if abs(float(slope / curvature)) ** 2 <= space.arithmetic.unit_roundoff * width**2:
            break
    return t


def likelihood(space: Space, c: Any) -> Any:
    """L_cost = E_p[c] + log Z, at real and complex costs."""
    return space.mean_p(c) + space.log_partition(c)


def _around(function: Callable[[Any], Any], centre: Any) -> Callable[[Any], Any]:
    return lambda delta: function(centre + delta)


def feature_matching(space: Space) -> Iterator[Comparison]:
    """D3: for affine costs ∂²L_cost = Cov_pθ(φ), and where ∂L_cost = 0, E_p[φ] = E_pθ[φ]."""
    affine = replace(space, d2c=0 * space.d2c)
    numeric, gain = hessian(affine, lambda c: likelihood(affine, c))
    weight = space.h * space.model
    size = 1 + abs(float(space.log_z)) + abs(float(space.mean_p(space.c)))
    spread = covariance(weight, space.dc)
    yield Comparison(spread, numeric, outer(weight, space.dc), size, gain, name="∂²L_cost/∂θ²")

    t = likelihood_optimum(space)
    if t is None:
        return
    phi, fitted = space.dc[:, 0], space.with_costs(tilted(space)(t))
    gain = 2 / space.radius(np.eye(space.dc.shape[1])[0])
    size = 1 + abs(float(fitted.log_z)) + abs(float(fitted.mean_p(fitted.c)))
    yield Comparison(
        np.sum(space.h * fitted.model * phi), space.mean_p(phi), space.mean_q(phi), size, gain, name="E[φ]"
    )


def invisible_constant(space: Space) -> Iterator[Comparison]:
    """D4: c + k has the likelihood and the model of c; costs of one model differ by a constant."""
    k = space.arithmetic.array(1.3)
    shifted = space.with_costs(space.c + k)
    size = abs(float(space.log_z)) + largest(space, space.c)
    moved = likelihood(space, shifted.c)
    yield Comparison(
        moved, likelihood(space, space.c), space.mean_p(shifted.c) + space.log_z, size, name="L_cost of c + k"
    )
    doubled = space.with_costs(2 * space.c)
    yield Comparison(shifted.model, space.model, doubled.model, size)
    found = -space.arithmetic.log(shifted.model) - space.c
    yield Comparison(found - found[0], 0 * found, None, size)


_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"
_CAUCHY = "derivatives are Cauchy integrals of radius r: rounding times 1/r"

ENUMERATIONS = (
    Enumeration(
        "D1",
        "−E[c'] and Cov(c') − E[c''] under p_θ, against the derivatives of log Σ h e^{−c}, from its values",
        "no E[c'']: the covariance alone",
        "derivatives are Cauchy integrals of radius r: rounding times 1/r, 6/r² for the Hessian",
        partition_function,
    ),
    Enumeration(
        "D2",
        "H(p) + KL(p‖p_θ), and KL as a sum of terms that are not negative, against E_p c + log Σ h e^{−c}",
        "no entropy: KL alone",
        _ALGEBRA,
        entropy_and_divergence,
    ),
    Enumeration(
        "D3",
        "Cov_pθ(φ) against the second derivatives of L_cost for costs affine in θ; E_pθ[φ] against E_p[φ] where the "
        "values of L_cost are least, along the first parameter (if that is finite)",
        "φφᵀ not centred; the sampler's features for the model's",
        _CAUCHY + ", 6/r² for the Hessian",
        feature_matching,
    ),
    Enumeration(
        "D4",
        "L_cost and p_θ of c + k, against those of c; −log p_θ of the one minus the other's cost, point by point",
        "log Z not solved for anew; a factor 2 for the constant",
        _ALGEBRA,
        invisible_constant,
    ),
)
