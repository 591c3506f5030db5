"""Family B: how the optimal log Z moves with the costs, and how flat the loss is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .calculus import derivative, softplus, total
from .registry import Enumeration
from .space import RADIUS, Comparison, Space

# b* is analytic in the costs while no logit moves by π/2 in the imaginary direction, the costs and b* at most
# a half of it each: a fifth of π/4.
_SHIFT = 0.15
_HEAD = 60  # points of which pairs are made


def velocity(space: Space) -> Iterator[Comparison]:
    """B9: ∂b*/∂c = −(weights ∝ (p+q)D(1−D)); monotone, translated, 1-Lipschitz, odd in c + log q."""
    b, curvature = space.b_star, space.curvature
    d, rest = space.discriminator(b)
    both = space.w_p + space.w_q
    weights, missing = (each / np.sum(each) for each in (both * d * rest, both * d))
    directions = _directions(space)
    moved = derivative(
        space.arithmetic,
        lambda delta: np.stack([_optimum(space, space.c + delta * along) for along in directions.T]),
        space.arithmetic.array(_SHIFT),
    )
    size, gain = 2 + abs(float(b)), 1 / (_SHIFT * curvature)
    yield Comparison(
        -total(weights, directions), moved, -total(missing, directions), size, gain, name="∂b*/∂c along g"
    )

    along = directions[:, 1]
    bend = derivative(
        space.arithmetic,
        lambda delta: _optimum(space, space.c + delta * along),
        space.arithmetic.array(_SHIFT),
        2,
    )
    spread = (rest - d) * (along - total(weights, along)) ** 2
    yield Comparison(total(weights, spread), bend, None, size, 2 / (_SHIFT * curvature) ** 2, name="∂²b*/∂g²")

    for k, scale in ((1, 0.5), (2, 2.0)):
        change = scale * directions[:, k]
        shifted = space.with_costs(space.c + change)
        step = float(shifted.b_star - b)
        most, least = (float(limit(space.arithmetic.floats(change))) for limit in (np.max, np.min))
        outside = [max(0.0, step + least), max(0.0, -most - step)]
        flattest = min(curvature, shifted.curvature)
        yield Comparison(np.array(outside), np.zeros(2), None, 8.0, 1 / flattest)
        # log q moved while the weights stay: a change of h, p and q together
        r = space.arithmetic.exp(change)
        denser = replace(space, h=space.h / r, p=space.p * r, q=space.q * r)
        yield Comparison(denser.b_star, shifted.b_star, None, 8.0, 1 / flattest)

    if bool(np.all(space.reached)):
        mirrored = space.with_costs(-space.c - 2 * space.log_q)
        yield Comparison(mirrored.b_star, -b, None, 8.0, 1 / curvature)


def _directions(space: Space) -> Any:
    """(N, 3): the heaviest trajectory alone, and two waves."""
    count = len(space.c)
    heaviest = np.zeros(count)
    heaviest[int(np.argmax(space.arithmetic.floats(space.w_p + space.w_q)))] = 1.0
    waves = [np.cos(rate * np.arange(count)) for rate in (1.1, 2.3)]
    return space.arithmetic.array(np.stack([heaviest, *waves], axis=1))


def _optimum(space: Space, c: Any) -> Any:
    """b*(c) of complex costs near the real ones: Newton's method on E_p[1−D] = E_q[D], from b*."""
    b = space.b_star
    for _ in range(60):
        logit = space.logit(c, b)
        d, rest = space.sigmoid(logit), space.sigmoid(-logit)
        step = space.mean_p(rest) - space.mean_q(d)
        step = step / (space.mean_p(d * rest) + space.mean_q(d * rest))
        b = b - step
        if abs(complex(step)) ** 2 <= space.arithmetic.unit_roundoff:
            break
    return b


def flatness(space: Space) -> Iterator[Comparison]:
    """B10: at m = p ∂²L_D/∂b² = Σ h pq/(p+q), at most ½Σ h √(pq), and s^s(1−s)^(1−s) Σ h p^s q^(1−s)."""
    live = np.asarray((space.p > 0) & space.reached, dtype=bool)
    h, p, q = space.h[live], space.p[live], space.q[live]
    odds = space.arithmetic.log(p) - space.arithmetic.log(q)

    def loss(delta: Any) -> Any:
        """L_D at c = −log p − b*, where both have mass; elsewhere D is sure, and b does not matter."""
        missed, fooled = (softplus(space.arithmetic, sign * (odds - delta)) for sign in (-1, 1))
        return total(h * p, missed) + total(h * q, fooled)

    size = float(loss(0 * space.one)) + 2
    shared = _shared_mass(h, p, q)
    overlap = np.sum(h * _root(space, p * q)) / 2
    second = space.in_b(loss, 2)
    yield Comparison(shared, second, overlap, size, 2 / RADIUS**2, name="∂²L_D/∂b² at m = p")
    yield Comparison(space.in_b(loss), 0.0, None, size, 1 / RADIUS)
    square = h * _root(space, p * q) * (_root(space, p) - _root(space, q)) ** 2 / (2 * (p + q))
    # a difference of sums of that size, however small it is
    yield Comparison(overlap - shared, np.sum(square), size=float(overlap), name="½Σ√(pq) − Σ pq/(p+q)")
    beyond = [max(0.0, float(shared - _chernoff(space, h, p, q, s))) for s in (0.2, 0.5, 0.8)]
    yield Comparison(np.array(beyond), np.zeros(3), size=1.0)

    # two independent draws: densities multiply, and so does the overlap
    first, second = (part[:_HEAD] / np.sum(part[:_HEAD]) for part in (h * p, h * q))
    p, q = (np.ravel(each[:, None] * each[None, :]) for each in (first, second))
    one_draw = np.sum(_root(space, first * second))
    yield Comparison(np.sum(_root(space, p * q)), one_draw**2, name="Σ√(pq) of two draws")
    beyond = [float(_shared_mass(space.one, p, q) - one_draw**2 / 2)]
    yield Comparison(np.array([max(0.0, each) for each in beyond]), np.zeros(1), size=1.0)


def _shared_mass(h: Any, p: Any, q: Any) -> Any:
    return np.sum(h * p * q / (p + q))


def _root(space: Space, x: Any) -> Any:
    return space.arithmetic.exp(space.arithmetic.log(x) / 2)


def _chernoff(space: Space, h: Any, p: Any, q: Any, s: float) -> Any:
    """s^s (1−s)^(1−s) Σ h p^s q^(1−s)."""
    log, share = space.arithmetic.log, space.arithmetic.array(s)
    logs = share * (log(share) + log(p)) + (1 - share) * (log(1 - share) + log(q))
    return np.sum(h * space.arithmetic.exp(logs))


ENUMERATIONS = (
    Enumeration(
        "B9",
        "−(p+q)D(1−D) over its sum, along three directions, against the derivative of b*, solved again for moved "
        "costs; its second derivative; steps of b* against the largest and least change; the mirror image",
        "weights ∝ (p+q)D, without 1−D",
        "derivatives are Cauchy integrals, with rounding times k!/r^k, of b*: by 1/∂²L_D more",
        velocity,
        worked_on="S4",
    ),
    Enumeration(
        "B10",
        "Σ h pq/(p+q), against the second derivative of L_D in b at m = p, from values alone; what it lacks of "
        "½Σ h √(pq), against a sum of squares; two independent draws",
        "its bound taken for it: ½Σ h √(pq)",
        "derivatives are Cauchy integrals: rounding times k!/r^k, and 5^−points ≤ u of truncation",
        flatness,
        worked_on="S4",
    ),
)
