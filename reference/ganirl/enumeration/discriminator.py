"""Family A: the discriminator's sigmoid, its balance, and what it does not see: gauge and base measure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .calculus import softplus
from .registry import Enumeration
from .space import Comparison, Space, concatenated

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"


def sigmoid_of_logit(space: Space) -> Iterator[Comparison]:
    """A4: m/(m+q) is σ(ℓ), and its logs are softplus."""
    seen, logit = space.reached, space.logit(space.c, space.b)
    d, rest = space.discriminator(space.b)
    without_sign = space.logit(space.c, -space.b)
    yield Comparison(d, space.sigmoid(logit), space.sigmoid(without_sign), name="D of a trajectory")
    logs = [-space.arithmetic.log(part[seen]) for part in (d, rest)]
    softplus_of = [softplus(space.arithmetic, sign * logit[seen]) for sign in (-1, 1)]
    yield Comparison(concatenated(logs), concatenated(softplus_of))


def log_odds(space: Space) -> Iterator[Comparison]:
    """A5: log D − log(1−D) is ℓ."""
    seen = space.reached
    d, rest = (part[seen] for part in space.discriminator(space.b))
    log = space.arithmetic.log
    yield Comparison(log(d) - log(rest), space.logit(space.c, space.b)[seen], log(d), name="log D − log(1−D)")


def gauge(space: Space) -> Iterator[Comparison]:
    """A6: (c + k, b − k) changes nothing; b* moves by −k."""
    k = space.arithmetic.array(1.3)
    truth = _observables(space, space.c, space.b)
    moved, wrong = (_observables(space, space.c + k, b) for b in (space.b - k, space.b + k))
    yield Comparison(moved, truth, wrong, name="ℓ of a trajectory")
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
    yield Comparison(q * space.sigmoid(logit), missed, q * space.sigmoid(-logit), name="q D of a trajectory")


def base_measure(space: Space) -> Iterator[Comparison]:
    """A8: (h/r, pr, qr, c − log r) changes nothing; r = h makes densities of the dynamics, too."""
    ratio = space.arithmetic.exp(space.arithmetic.array(np.sin(1.7 * np.arange(len(space.c)))))
    forgotten = space.with_costs(space.c - space.arithmetic.log(ratio))
    truth = _observables(space, space.c, space.b)
    for r, twin in ((ratio, _observables(forgotten, forgotten.c, space.b)), (space.h, None)):
        costs = space.c - space.arithmetic.log(r)
        moved = replace(space, h=space.h / r, p=space.p * r, q=space.q * r, c=costs)
        yield Comparison(_observables(moved, costs, space.b), truth, twin, name="ℓ, D, L_D, L_G, ∂L_D/∂θ")
        yield Comparison(_measured_model(moved), _measured_model(space))
        yield Comparison(moved.b_star, space.b_star, size=8.0, gain=1.0 / space.curvature)


def _measured_model(space: Space) -> Any:
    return concatenated([space.log_z, space.h * space.model])


ENUMERATIONS = (
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
        "A8",
        "ℓ, D, L_D, L_G, ∂L_D/∂θ, log Z, h p_θ and b* after (h/r, pr, qr, c − log r), against those before; "
        "r arbitrary, and r = h",
        "the factor forgotten in log q, as a Jacobian that was left out",
        _ALGEBRA + "; b* by 1/∂²L_D more",
        base_measure,
    ),
    Enumeration(
        "A9",
        "q σ(ℓ), against e^{−c−b} σ(−ℓ)",
        "labels exchanged: q (1−D)",
        _ALGEBRA,
        detailed_balance,
    ),
)
