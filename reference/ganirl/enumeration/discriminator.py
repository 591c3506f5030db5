"""Family A: the optimal discriminator, its sigmoid, its gauge and the density that it must be given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import bisect, softplus, total
from .registry import Enumeration
from .space import Comparison, Space, concatenated

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"


def optimal_discriminator(space: Space) -> Iterator[Comparison]:
    """A1, with A3: D* = p/(p+q) minimises L_D, and every other D loses the Bernoulli divergence."""
    live = np.asarray(space.w_p + space.w_q > 0, dtype=bool)
    p, q, both = space.w_p[live], space.w_q[live], space.w_p[live] + space.w_q[live]
    zero = 0 * both
    found = bisect(space.arithmetic, lambda d: q * d - p * (1 - d), zero, zero + 1)
    yield Comparison(found, p / both, q / both)

    best, other = p / both, (1 + 2 * p / both) / 4
    gap = both * (_term(space, best, other) + _term(space, 1 - best, 1 - other))
    yield Comparison(_loss(space, p, q, other) - _loss(space, p, q, best), np.sum(gap), size=4.0)


def _loss(space: Space, p: Any, q: Any, d: Any) -> Any:
    """Σ −p log D − q log(1−D), 0·∞ := 0."""
    return -total(p, space.arithmetic.log(d)) - total(q, space.arithmetic.log(1 - d))


def _term(space: Space, x: Any, y: Any) -> Any:
    """Return x log(x/y), 0 at x = 0."""
    return x * space.arithmetic.log(np.where(np.asarray(x > 0, dtype=bool), x / y, 1))


def sigmoid_of_logit(space: Space) -> Iterator[Comparison]:
    """A4: m/(m+q) is σ(ℓ), and its logs are softplus."""
    seen, logit = space.reached, space.logit(space.c, space.b)
    d, rest = space.discriminator(space.b)
    without_sign = space.logit(space.c, -space.b)
    yield Comparison(d, space.sigmoid(logit), space.sigmoid(without_sign))
    logs = [-space.arithmetic.log(part[seen]) for part in (d, rest)]
    softplus_of = [softplus(space.arithmetic, sign * logit[seen]) for sign in (-1, 1)]
    yield Comparison(concatenated(logs), concatenated(softplus_of))


def log_odds(space: Space) -> Iterator[Comparison]:
    """A5: log D − log(1−D) is ℓ."""
    seen = space.reached
    d, rest = (part[seen] for part in space.discriminator(space.b))
    log = space.arithmetic.log
    yield Comparison(log(d) - log(rest), space.logit(space.c, space.b)[seen], log(d))


def gauge(space: Space) -> Iterator[Comparison]:
    """A6: (c + k, b − k) changes nothing; b* moves by −k."""
    k = space.arithmetic.array(1.3)
    truth = _observables(space, space.c, space.b)
    yield Comparison(
        _observables(space, space.c + k, space.b - k), truth, _observables(space, space.c + k, space.b + k)
    )
    yield Comparison(
        space.with_costs(space.c + k).b_star, space.b_star - k, size=8.0, gain=1.0 / space.curvature
    )


def _observables(space: Space, c: Any, b: Any) -> Any:
    logit = space.logit(c, b)
    d, rest = space.sigmoid(logit), space.sigmoid(-logit)
    slopes = space.mean_p(rest[:, None] * space.dc) - space.mean_q(d[:, None] * space.dc)
    return concatenated([logit[space.reached], d, space.loss(c, b), -space.mean_q(logit), slopes])


def detailed_balance(space: Space) -> Iterator[Comparison]:
    """A9: q D = m (1−D)."""
    seen, logit = space.reached, space.logit(space.c, space.b)[space.reached]
    m, q = space.arithmetic.exp(-(space.c + space.b))[seen], space.q[seen]
    missed = m * space.sigmoid(-logit)
    yield Comparison(q * space.sigmoid(logit), missed, q * space.sigmoid(-logit))


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
    yield Comparison(found, law, -log_p, size=6 * width, gain=2.0)
    yield Comparison(slope(law), zero, slope(-log_p), size=1.0)


ENUMERATIONS = (
    Enumeration(
        "A1",
        "the minimiser of −p log D − q log(1−D), bisected on every trajectory, against p/(p+q); the loss "
        "that another D adds, against Σ(p+q)KL(Ber(D*)‖Ber(D))",
        "labels exchanged: q/(p+q)",
        _ALGEBRA + "; a bisection ends at u",
        optimal_discriminator,
    ),
    Enumeration(
        "A4",
        "densities m/(m+q) and their logs, against the sigmoid and the softplus of −c − b − log q",
        "sign of log Z: σ(−c + b − log q)",
        _ALGEBRA,
        sigmoid_of_logit,
        hidden="b = 0 has no sign",
    ),
    Enumeration(
        "A5", "log of the densities' ratio D/(1−D), against −c − b − log q", "log D alone", _ALGEBRA, log_odds
    ),
    Enumeration(
        "A6",
        "ℓ, D, L_D, L_G, ∂L_D/∂θ and b* at (c+k, b−k), against those at (c, b)",
        "the constant added to both: (c+k, b+k)",
        _ALGEBRA + "; b* by 1/∂²L_D more",
        gauge,
    ),
    Enumeration(
        "A9",
        "q σ(ℓ), against e^{−c−b} σ(−ℓ)",
        "labels exchanged: q (1−D)",
        _ALGEBRA,
        detailed_balance,
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
