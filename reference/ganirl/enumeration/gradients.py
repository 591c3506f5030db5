"""Family C: gradients in θ, of the loss, of the surrogate, and of the surrogate when something leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .calculus import derivative
from .registry import Enumeration
from .space import RADIUS, Array, Comparison, Space

_CAUCHY = "derivatives are Cauchy integrals of radius r: rounding times 1/r, and 5^−points ≤ u of truncation"


def largest(space: Space, values: Any) -> float:
    """Return the largest |x|, for error bounds."""
    return float(np.max(np.abs(space.arithmetic.floats(values))))


def loss_size(space: Space, b: Any) -> float:
    """Size of the terms of L_D and of its derivatives."""
    return float(space.loss(space.c, b)) + largest(space, space.c) + 2


def loss_gradient(space: Space) -> Iterator[Comparison]:
    """C1: ∂_θL_D = E_p[(1−D)c'] − E_q[D c'] = E_p[c'] − Z⁻¹ E_μ[(e^{−c}/μ̃)c']."""
    d, rest = (part[:, None] for part in space.discriminator(space.b))
    numeric, gain = space.in_theta(lambda c: space.loss(c, space.b))
    size, dc = loss_size(space, space.b), space.dc
    right = space.mean_p(rest * dc) - space.mean_q(d * dc)
    yield Comparison(right, numeric, space.mean_p(dc) - space.mean_q(d * dc), size, gain, name="∂L_D/∂θ")
    importance = space.arithmetic.exp(-space.c - space.b - space.log_mixture(space.c, space.b))
    weighted = space.mean_p(dc) - space.mean_mixture(importance[:, None] * dc)
    yield Comparison(weighted, numeric, None, size, gain)


def population_gradient(space: Space) -> Iterator[Comparison]:
    """C1c: ∂_θL_D = Σ h(p−m)(1−D)c', ∂_bL_D = Σ h(p−m)(1−D), and ∂_θL_cost = Σ h(p−p_θ)c'."""
    _, rest = space.discriminator(space.b)
    likelihood = space.h * (space.p - space.arithmetic.exp(-(space.c + space.b)))
    residuals = likelihood * rest
    numeric, gain = space.in_theta(lambda c: space.loss(c, space.b))
    size = loss_size(space, space.b)
    sums = [np.sum(each[:, None] * space.dc, axis=0) for each in (residuals, likelihood)]
    yield Comparison(sums[0], numeric, sums[1], size, gain, name="∂L_D/∂θ")
    slope = space.in_b(lambda delta: space.loss(space.c, space.b + delta))
    yield Comparison(np.sum(residuals), slope, np.sum(likelihood), size, 1 / RADIUS, name="∂L_D/∂b")
    exact = np.sum((space.h * (space.p - space.model))[:, None] * space.dc, axis=0)
    numeric, gain = space.in_theta(lambda c: space.mean_p(c) + space.log_partition(c))
    yield Comparison(exact, numeric, None, size + abs(float(space.log_z)), gain)


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
    size = loss_size(space, at_star)
    # ∂_bL_D at the computed b* is not quite 0, and the gradients differ by up to max|c'| of it
    slack = 8 * (1 + largest(space, space.dc))
    yield Comparison(irl, gan, leaking, size, gain + slack, name="∂L_D/∂θ at b*")

    d, _ = space.discriminator(space.b)
    gan, _ = space.in_theta(lambda c: space.loss(c, space.b))
    frozen_at_b = space.log_mixture(space.c, space.b)
    irl, _ = space.in_theta(lambda c: surrogate(space, c, frozen_at_b))
    mean, tilted = space.mean_mixture(d), space.mean_mixture(d[:, None] * space.dc)
    yield Comparison(tilted * (1 / mean - 2), gan - irl, None, loss_size(space, space.b), gain / float(mean))


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
    size = loss_size(space, b)
    slack = 8 * (1 + largest(space, space.dc))

    frozen, gain = space.in_theta(lambda c: surrogate(space, c, frozen_mixture))
    yield Comparison(data - tilted / mean, frozen, None, size, gain + slack)
    leaking, gain = space.in_theta(lambda c: surrogate(space, c, space.log_mixture(c, b)))
    yield Comparison(data - 2 * twice, leaking, None, size, gain + slack)

    def through_optimum(c: Any) -> Any:
        return surrogate(space, c, space.log_mixture(c, balanced(space, c)))

    implicit, gain = space.in_theta(through_optimum, shrink=0.25)
    yield Comparison(
        data - twice / spread,
        implicit,
        data - tilted / mean,
        size,
        (gain + slack) / space.curvature,
        name="dL_cost^μ̃/dθ through b*(θ)",
    )


def balanced(space: Space, c: Any) -> Any:
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


def envelope(space: Space) -> Iterator[Comparison]:
    """C4: the derivative of min_b L_D is ∂_θL_D at b*; that field has a symmetric Jacobian."""
    b = space.b_star
    d, rest = (part[:, None] for part in space.discriminator(b))
    partial = space.mean_p(rest * space.dc) - space.mean_q(d * space.dc)
    profile, gain = space.in_theta(lambda c: space.loss(c, balanced(space, c)), shrink=0.25)

    def inside_surrogate(c: Any) -> Any:
        return surrogate(space, c, space.log_mixture(c, balanced(space, c)))

    implicit, _ = space.in_theta(inside_surrogate, shrink=0.25)
    size = loss_size(space, b)
    # ∂_bL_D at the computed b* is not quite 0, and moves ∂_θL_D by up to max|c'| of it
    slack = 8 * (1 + largest(space, space.dc))
    yield Comparison(profile, partial, implicit, size, gain + slack, name="d(min_b L_D)/dθ")

    following, gain = _jacobian(space, lambda c, dc: _slopes(space, c, balanced(space, c), dc))
    held, _ = _jacobian(space, lambda c, dc: _ratio(space, c, b, dc))
    # the twin's sides are both its own: what its Jacobian lacks of symmetry is added to the right one's
    twisted = following.T + (held - held.T)
    size *= 1 + largest(space, space.dc)
    yield Comparison(following, following.T, twisted, size, gain, name="∂_jF_k")


def _slopes(space: Space, c: Any, b: Any, dc: Any) -> Any:
    """E_p[(1−D)c'] − E_q[Dc'], real or complex."""
    logit = space.logit(c, b)
    d, rest = space.sigmoid(logit)[:, None], space.sigmoid(-logit)[:, None]
    return space.mean_p(rest * dc) - space.mean_q(d * dc)


def _ratio(space: Space, c: Any, b: Any, dc: Any) -> Any:
    """E_p[c'] − E_μ[Dc']/E_μ[D], real or complex."""
    d = space.sigmoid(space.logit(c, b))
    return space.mean_p(dc) - space.mean_mixture(d[:, None] * dc) / space.mean_mixture(d)


def _jacobian(space: Space, field: Callable[[Any, Any], Any]) -> tuple[Any, float]:
    """∂F/∂θ (d, d) of a vector field (d,) of costs (N,) and of their derivatives (N, d), and its gain."""
    rows, gain = [], 1.0
    for j, direction in enumerate(np.eye(space.dc.shape[1])):
        radius = space.radius(direction) / 4
        values = _on_circle(field, space.along(direction), space.dc, space.d2c[:, :, j])
        rows.append(derivative(space.arithmetic, values, space.arithmetic.array(radius)))
        gain = max(gain, 1.0 / radius)
    return np.stack(rows), gain


def _on_circle(
    field: Callable[[Any, Any], Any], cost: Callable[[Any], Any], dc: Array, bend: Array
) -> Callable[[Any], Any]:
    return lambda delta: field(cost(delta), dc + delta * bend)


def likelihood_gradient(space: Space) -> Iterator[Comparison]:
    """C5: with q = p_θ and b = log Z_θ, ∂_θL_D is half of ∂_θL_cost."""
    converged = space.with_generator(space.model, space.log_z)
    gan, gain = converged.in_theta(lambda c: converged.loss(c, converged.b))
    exact = space.mean_p(space.dc) - np.sum((space.h * space.model)[:, None] * space.dc, axis=0)
    yield Comparison(
        exact / 2, gan, exact, loss_size(converged, converged.b), gain, name="∂L_D/∂θ at q = p_θ"
    )


ENUMERATIONS = (
    Enumeration(
        "C1",
        "E_p[(1−D)c'] − E_q[Dc'] in both forms, against the derivative of L_D in θ, from its values alone",
        "no 1−D: E_p[c'] − E_q[Dc']",
        _CAUCHY,
        loss_gradient,
    ),
    Enumeration(
        "C1c",
        "Σ h(p−m)(1−D)c' and Σ h(p−m)(1−D), against derivatives of L_D in θ and b, from its values alone; "
        "Σ h(p−p_θ)c' against that of E_p c + log Z",
        "no 1−D: the residual of the likelihood itself",
        _CAUCHY,
        population_gradient,
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
        "C4",
        "the derivative of min_b L_D, b solved for anew on a circle in θ, against E_p[(1−D)c'] − E_q[Dc'] at b*; "
        "the Jacobian of that field against its transpose",
        "b solved for inside the surrogate instead; the surrogate's gradient at a b that does not follow θ",
        _CAUCHY + "; and max|c'| times the slope left at b*",
        envelope,
    ),
    Enumeration(
        "C5",
        "the derivative of L_D at q = p_θ, b = log Z_θ, against ½(E_p − E_pθ)c'",
        "no ½",
        _CAUCHY,
        likelihood_gradient,
    ),
)
