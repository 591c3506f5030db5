"""Family A: which discriminator is best, what it is worth, and which cost it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import bisect, softplus, total
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"


def _shared(space: Space, q: Any) -> Any:
    """(N,) whether data and generator both have mass."""
    return np.asarray((space.p > 0) & (q > 0), dtype=bool)


def _best_loss(space: Space) -> Any:
    """L_D(D*) by softplus of log p − log q; where one of both is zero, D* is sure and loses nothing."""
    live = _shared(space, space.q)
    odds = space.arithmetic.log(space.p[live]) - space.log_q[live]
    missed, fooled = (softplus(space.arithmetic, sign * odds) for sign in (-1, 1))
    return total(space.w_p[live], missed) + total(space.w_q[live], fooled)


def optimal_discriminator(space: Space) -> Iterator[Comparison]:
    """A1: D* = p/(p+q) minimises L_D."""
    live = np.asarray(space.w_p + space.w_q > 0, dtype=bool)
    p, q, both = space.w_p[live], space.w_q[live], space.w_p[live] + space.w_q[live]
    zero = 0 * both
    found = bisect(space.arithmetic, lambda d: q * d - p * (1 - d), zero, zero + 1)
    yield Comparison(found, p / both, q / both, name="D*")


def value_at_optimum(space: Space) -> Iterator[Comparison]:
    """A2: L_D(D*) = 2 log 2 − 2 JSD(p, q), between 0 and 2 log 2."""

    def entropy(density: Any) -> Any:
        """H(f) = −Σ h f log f."""
        return -total(space.h * density, space.arithmetic.log(np.where(density > 0, density, space.one)))

    parts = [2 * entropy((space.p + space.q) / 2), -entropy(space.p), -entropy(space.q)]
    twice_jsd, best = parts[0] + parts[1] + parts[2], _best_loss(space)
    size = 2 + float(sum(abs(float(part)) for part in parts))
    most = 2 * space.log_2
    yield Comparison(most - twice_jsd, best, most - twice_jsd / 2, size, name="L_D(D*)")
    outside = [max(0.0, -float(best)), max(0.0, float(best - most))]
    yield Comparison(np.array(outside), np.zeros(2), size=size)


def excess_loss(space: Space) -> Iterator[Comparison]:
    """A3: L_D(D) − L_D(D*) = Σ h (p+q) KL(Ber(D*)‖Ber(D)), of the model's D at b and at log Z."""
    live = np.asarray(space.w_p + space.w_q > 0, dtype=bool)
    both = (space.w_p + space.w_q)[live]
    best, worst = (weight[live] / both for weight in (space.w_p, space.w_q))
    least = _best_loss(space)
    for b in (space.b, space.log_z):
        d, rest = (part[live] for part in space.discriminator(b))
        lost = both * (_term(space, best, d) + _term(space, worst, rest))
        loss = space.loss(space.c, b)
        yield Comparison(
            np.sum(lost), loss - least, np.sum(lost) / 2, size=float(loss) + 2, name="L_D(D) − L_D(D*)"
        )
        yield Comparison(min(0.0, float(loss - least)), 0.0, size=float(loss) + 2)


def _term(space: Space, x: Any, y: Any) -> Any:
    """Return x log(x/y), 0 at x = 0."""
    there = np.asarray(x > 0, dtype=bool)
    return x * space.arithmetic.log(np.where(there, x, 1) / np.where(there, y, 1))


def stationary_cost(space: Space) -> Iterator[Comparison]:
    """A7: ∂L_D/∂c = h(p − m)(1−D), zero where m = p, whatever q > 0 is."""
    seen = space.reached
    p, q, logit = space.p[seen], space.q[seen], space.logit(space.c, space.b)[seen]
    m = space.arithmetic.exp(-(space.c + space.b))[seen]
    rest = space.discriminator(space.b)[1][seen]
    slope, size = _slope_in_cost(space, p, q, logit)
    residual = (p - m) / (p + q)
    name = "∂L_D/∂c(τ) over h(p + q)"
    yield Comparison(residual * rest, slope, residual, size, gain=1 / RADIUS, name=name)

    mixed, flat = (space.q + space.model) / 2, 0 * space.q + 1 / np.sum(space.h)
    for other in (space.q, mixed, flat):
        live = _shared(space, other)
        p, q = space.p[live], other[live]
        log_p, log_q = space.arithmetic.log(p), space.arithmetic.log(q)
        slope, size = _slope_in_cost(space, p, q, log_p - log_q)
        yield Comparison(slope, 0 * slope, size=size, gain=1 / RADIUS)
        yield Comparison(space.sigmoid(log_p - log_q), p / (p + q))

        def rises(learned: Any, p: Any = p, q: Any = q, log_q: Any = log_q) -> Any:
            """∂L_D/∂(c+b) of one trajectory, per unit of h."""
            return p * space.sigmoid(learned + log_q) - q * space.sigmoid(-learned - log_q)

        width = 4 + float(np.max(np.abs(space.arithmetic.floats(concatenated([log_p, log_q])))))
        found = bisect(space.arithmetic, rises, 0 * p - 3 * width, 0 * p + 3 * width)
        yield Comparison(found, -log_p, size=6 * width, gain=2.0)


def _slope_in_cost(space: Space, p: Any, q: Any, logit: Any) -> tuple[Any, float]:
    """∂L_D/∂c of every trajectory over h(p + q), from values of its own term alone; and the terms' size."""

    def terms(delta: Any) -> Any:
        moved = logit - delta
        missed, fooled = softplus(space.arithmetic, -moved), softplus(space.arithmetic, moved)
        return p / (p + q) * missed + q / (p + q) * fooled

    return space.in_b(terms), 1 + float(np.max(space.arithmetic.floats(terms(0 * space.one))))


def density_mismatch(space: Space) -> Iterator[Comparison]:
    """A10: a logit fed with q̂ ∝ √q learns m* = p q̂/q."""
    log = space.arithmetic.log
    live = np.asarray((space.w_p > 0) & (space.w_q > 0), dtype=bool)
    tempered = np.where(space.reached, space.arithmetic.exp(space.log_q / 2), 0)
    given = log(tempered / np.sum(space.h * tempered) + np.where(space.reached, 0, 1))[live]
    log_p, log_q = log(space.p[live]), space.log_q[live]
    w_p, w_q = space.w_p[live], space.w_q[live]

    def slope(learned: Any) -> Any:
        """∂L_D/∂(c+b) of one trajectory, D with the density that was given."""
        logit = -learned - given
        return w_p * space.sigmoid(-logit) - w_q * space.sigmoid(logit)

    law = -(log_p + given - log_q)
    width = 4 + float(np.max(np.abs(space.arithmetic.floats(concatenated([log_p, log_q, given])))))
    zero = 0 * law
    found = bisect(space.arithmetic, slope, zero - 3 * width, zero + 3 * width)
    yield Comparison(found, law, -log_p, size=6 * width, gain=2.0, name="learned cost, q̂ in the logit")
    yield Comparison(slope(law), zero, slope(-log_p), size=1.0)


ENUMERATIONS = (
    Enumeration(
        "A1",
        "the minimiser of −p log D − q log(1−D), bisected on every trajectory, against p/(p+q)",
        "labels exchanged: q/(p+q)",
        _ALGEBRA + "; a bisection ends at u",
        optimal_discriminator,
    ),
    Enumeration(
        "A2",
        "2 log 2 − 2H(μ) + H(p) + H(q), from entropies, against the softplus of log p − log q; its range",
        "the divergence counted once: 2 log 2 − JSD",
        _ALGEBRA,
        value_at_optimum,
        worked_on="S4",
    ),
    Enumeration(
        "A3",
        "Σ h(p+q) KL(Ber(D*)‖Ber(D)) of the model's D, at b and at log Z, against the difference of two losses",
        "weighted with the mixture ½(p+q)",
        _ALGEBRA,
        excess_loss,
        worked_on="S4",
    ),
    Enumeration(
        "A7",
        "(p − m)(1−D)/(p + q), against the derivative of L_D in the cost of every trajectory, from values alone; "
        "zero at m = p, and the minimiser in c + b against −log p, for three generators",
        "the likelihood's residual p − m, without 1−D",
        _ALGEBRA + "; derivatives are Cauchy integrals, with rounding times 1/r; a bisection ends at u",
        stationary_cost,
        worked_on="S4",
    ),
    Enumeration(
        "A10",
        "the minimiser in c + b on every trajectory with q̂ ∝ √q in the logit, against −log(p q̂/q)",
        "the density that was given taken for the sampler's: −log p",
        _ALGEBRA + "; a bisection ends at u of its bracket",
        density_mismatch,
        hidden="a uniform policy stays so at any temperature",
    ),
)
