"""Family C: gradients in θ, of the loss, of the surrogate, and of the surrogate when something leaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .registry import Enumeration
from .space import Comparison, Space

_CAUCHY = "derivatives are Cauchy integrals of radius r: rounding times 1/r, and 5^−points ≤ u of truncation"


def _loss_size(space: Space, b: Any) -> float:
    return float(space.loss(space.c, b)) + float(np.max(np.abs(space.arithmetic.floats(space.c)))) + 2


def loss_gradient(space: Space) -> Iterator[Comparison]:
    """C1: ∂_θL_D = E_p[(1−D)c'] − E_q[D c'] = E_p[c'] − Z⁻¹ E_μ[(e^{−c}/μ̃)c'], and Σ(p−m)(1−D)c' [C1c]."""
    d, rest = (part[:, None] for part in space.discriminator(space.b))
    numeric, gain = space.in_theta(lambda c: space.loss(c, space.b))
    size, dc = _loss_size(space, space.b), space.dc
    right = space.mean_p(rest * dc) - space.mean_q(d * dc)
    yield Comparison(right, numeric, space.mean_p(dc) - space.mean_q(d * dc), size, gain)
    importance = space.arithmetic.exp(-space.c - space.b - space.log_mixture(space.c, space.b))
    weighted = space.mean_p(dc) - space.mean_mixture(importance[:, None] * dc)
    yield Comparison(weighted, numeric, None, size, gain)
    model = space.arithmetic.exp(-(space.c + space.b))
    residuals = space.mean_p(rest * dc) - np.sum((space.h * model)[:, None] * rest * dc, axis=0)
    yield Comparison(residuals, numeric, None, size, gain)


def surrogate(space: Space, c: Any, log_mixture: Any) -> Any:
    """L_cost^μ̃ = E_p[c] + log E_μ[e^{−c}/μ̃]."""
    return space.mean_p(c) + space.estimate(c, log_mixture)


def gradient_equality(space: Space) -> Iterator[Comparison]:
    """C2: at b* ∂_θL_D is ∂_θL_cost^μ̃ with μ̃ frozen; at b they differ by E_μ[Dc'](1/E_μ[D] − 2)."""
    at_star = space.b_star
    gan, gain = space.in_theta(lambda c: space.loss(c, at_star))
    frozen = space.log_mixture(space.c, at_star)
    irl, _ = space.in_theta(lambda c: surrogate(space, c, frozen))
    leaking, _ = space.in_theta(lambda c: surrogate(space, c, space.log_mixture(c, at_star)))
    size = _loss_size(space, at_star)
    # ∂_bL_D at the computed b* is not quite 0, and the gradients differ by up to max|c'| of it
    slack = 8 * (1 + float(np.max(np.abs(space.arithmetic.floats(space.dc)))))
    yield Comparison(irl, gan, leaking, size, gain + slack)

    d, _ = space.discriminator(space.b)
    gan, _ = space.in_theta(lambda c: space.loss(c, space.b))
    frozen_at_b = space.log_mixture(space.c, space.b)
    irl, _ = space.in_theta(lambda c: surrogate(space, c, frozen_at_b))
    mean, tilted = space.mean_mixture(d), space.mean_mixture(d[:, None] * space.dc)
    yield Comparison(tilted * (1 / mean - 2), gan - irl, None, _loss_size(space, space.b), gain / float(mean))


def leaks(space: Space) -> Iterator[Comparison]:
    """C3: the surrogate's derivatives frozen, with μ̃ leaking, and through log Z*(θ), all at b*."""
    b = space.b_star
    d, rest = (part[:, None] for part in space.discriminator(b))
    mean, spread = space.mean_mixture(d), space.mean_mixture(d * rest)
    data, tilted, twice = (
        space.mean_p(space.dc),
        space.mean_mixture(d * space.dc),
        space.mean_mixture(d * rest * space.dc),
    )
    frozen_mixture = space.log_mixture(space.c, b)
    size = _loss_size(space, b)
    slack = 8 * (1 + float(np.max(np.abs(space.arithmetic.floats(space.dc)))))

    frozen, gain = space.in_theta(lambda c: surrogate(space, c, frozen_mixture))
    yield Comparison(data - tilted / mean, frozen, None, size, gain + slack)
    leaking, gain = space.in_theta(lambda c: surrogate(space, c, space.log_mixture(c, b)))
    yield Comparison(data - 2 * twice, leaking, None, size, gain + slack)

    def through_optimum(c: Any) -> Any:
        return surrogate(space, c, space.log_mixture(c, _balanced(space, c)))

    implicit, gain = space.in_theta(through_optimum, shrink=0.25)
    yield Comparison(
        data - twice / spread, implicit, data - tilted / mean, size, (gain + slack) / space.curvature
    )


def _balanced(space: Space, c: Any) -> Any:
    """Solve E_μ[D] = ½ for b, at a cost near that of the space, real or complex, by Newton's method."""
    b = space.b_star
    for _ in range(12):
        logit = space.logit(c, b)
        d, rest = space.sigmoid(logit), space.sigmoid(-logit)
        step = (space.mean_q(d) - space.mean_p(rest)) / (2 * space.mean_mixture(d * rest))
        b = b + step
        if abs(complex(step)) ** 2 <= space.arithmetic.unit_roundoff / 16:
            break
    return b


def likelihood_gradient(space: Space) -> Iterator[Comparison]:
    """C5: with q = p_θ and b = log Z_θ, ∂_θL_D is half of ∂_θL_cost."""
    converged = space.with_generator(space.model, space.log_z)
    gan, gain = converged.in_theta(lambda c: converged.loss(c, converged.b))
    exact = space.mean_p(space.dc) - np.sum((space.h * space.model)[:, None] * space.dc, axis=0)
    yield Comparison(exact / 2, gan, exact, _loss_size(converged, converged.b), gain)


ENUMERATIONS = (
    Enumeration(
        "C1",
        "E_p[(1−D)c'] − E_q[Dc'] in three forms, against the derivative of L_D in θ, from its values alone",
        "no 1−D: E_p[c'] − E_q[Dc']",
        _CAUCHY,
        loss_gradient,
    ),
    Enumeration(
        "C2",
        "the derivative of E_p c + log E_μ[e^{−c}/μ̃], μ̃ frozen, against that of L_D, at b*; their difference "
        "at b against E_μ[Dc'](1/E_μ[D] − 2)",
        "the gradient leaks through μ̃",
        _CAUCHY + "; and max|c'| times the slope left at b*",
        gradient_equality,
    ),
    Enumeration(
        "C3",
        "derivatives of the surrogate: frozen, leaking through μ̃, through b*(θ); against closed forms",
        "the derivative through b*(θ) taken for the frozen one",
        _CAUCHY + "; the last divided by ∂²L_D/∂b²",
        leaks,
    ),
    Enumeration(
        "C5",
        "the derivative of L_D at q = p_θ, b = log Z_θ, against ½(E_p − E_pθ)c'",
        "no ½",
        _CAUCHY,
        likelihood_gradient,
    ),
)
