"""Family B: L_D through the mixture μ̃, and its slope and curvature in log Z; S2: what a batch may be made of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import positive, softplus, total
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"
_CAUCHY = "derivatives are Cauchy integrals: rounding times k!/r^k, and 5^−points ≤ u of truncation"


def mixture_form(space: Space) -> Iterator[Comparison]:
    """B1: L_D = b + E_p c − E_q log q + 2E_μ log μ̃ + 2 log 2."""
    c, b = space.c, space.b
    mixture = 2 * space.mean_mixture(space.log_mixture(c, b))
    parts = [b, space.mean_p(c), -space.mean_q(space.log_q), mixture]
    printed = sum(parts[1:], parts[0])
    size = float(sum(abs(float(part)) for part in parts)) + 2
    yield Comparison(printed + 2 * space.log_2, space.loss(c, b), printed, size=size, name="L_D")


def slope_in_b(space: Space) -> Iterator[Comparison]:
    """B2: ∂L_D/∂b = 1 − 2E_μ[D] = E_p[1−D] − E_q[D]."""
    d, rest = space.discriminator(space.b)
    numeric = space.in_b(lambda delta: space.loss(space.c, space.b + delta))
    size, gain = float(space.loss(space.c, space.b)) + 2, 1 / RADIUS
    mean = space.mean_mixture(d)
    yield Comparison(1 - 2 * mean, numeric, 1 - mean, size, gain, name="∂L_D/∂b")
    yield Comparison(space.mean_p(rest) - space.mean_q(d), numeric, None, size, gain)


def curvature_in_b(space: Space) -> Iterator[Comparison]:
    """B3: ∂²L_D/∂b² = 2E_μ[D(1−D)], in (0, ½]; |∂³| ≤ 1/(3√3); the slopes at ±∞."""
    d, rest = space.discriminator(space.b)

    def loss(delta: Any) -> Any:
        return space.loss(space.c, space.b + delta)

    size = float(space.loss(space.c, space.b)) + 2
    second = 2 * space.mean_mixture(d * rest)
    numeric = space.in_b(loss, 2)
    yield Comparison(second, numeric, 2 * space.mean_mixture(d * d), size, 2 / RADIUS**2, name="∂²L_D/∂b²")
    third, bound = space.in_b(loss, 3), 1 / (3 * math.sqrt(3.0))
    outside = [max(0.0, -float(second)), max(0.0, float(second) - 0.5), max(0.0, abs(float(third)) - bound)]
    yield Comparison(np.array(outside), np.zeros(3), None, size, 6 / RADIUS**3)

    far = -math.log(space.arithmetic.unit_roundoff) + 2 * space.longest
    ends = []
    for b in (space.arithmetic.array(-far), space.arithmetic.array(far)):
        d, rest = space.discriminator(b)
        ends.append(space.mean_p(rest) - space.mean_q(d))
    covered = np.sum(np.where(space.reached, space.w_p, 0))
    yield Comparison(concatenated(ends), concatenated([-space.one, covered]))


def batches(space: Space) -> Iterator[Comparison]:
    """S2: L_D of a batch that was permuted, duplicated row by row, and weighted in other units."""
    rows = np.argsort(np.sin(np.arange(2 * len(space.c)) * 1.7)) // 2
    logit = space.logit(space.c, space.b)
    right, left = softplus(space.arithmetic, -logit), softplus(space.arithmetic, logit)
    shuffled = [
        total(weight[rows] * 3, part[rows]) / np.sum(weight[rows] * 3)
        for weight, part in ((space.w_p, right), (space.w_q, left))
    ]
    present = [positive(space.arithmetic, weight) for weight in (space.w_p, space.w_q)]
    means = [np.sum(part[rows]) / int(rows.sum()) for part, rows in zip((right, left), present, strict=True)]
    yield Comparison(
        shuffled[0] + shuffled[1],
        space.loss(space.c, space.b),
        means[0] + means[1],
        name="L_D, rows rearranged",
    )


ENUMERATIONS = (
    Enumeration(
        "B1",
        "b + E_p c − E_q log q + 2E_μ log μ̃ + 2 log 2, against E_p softplus(−ℓ) + E_q softplus(ℓ)",
        "the 2 log 2 dropped, as in the paper's equation (8)",
        _ALGEBRA,
        mixture_form,
    ),
    Enumeration(
        "B2",
        "1 − 2E_μ[D] and E_p[1−D] − E_q[D], against the derivative of the loss in b, from its values alone",
        "no factor 2: 1 − E_μ[D]",
        _CAUCHY,
        slope_in_b,
    ),
    Enumeration(
        "B3",
        "2E_μ[D(1−D)], against the second derivative of L_D in b; bounds on it and the third; slopes at ±∞",
        "D² for D(1−D)",
        _CAUCHY,
        curvature_in_b,
    ),
    Enumeration(
        "S2",
        "L_D of the rows permuted, each twice, with weights times 3, against L_D",
        "weights ignored",
        _ALGEBRA,
        batches,
    ),
)
