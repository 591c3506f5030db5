"""Family H, densities: dynamics in the discriminator and in the partition function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import log_sum_exp
from .recursion import exact, full_support, magnitude, soft, step_costs, with_end
from .registry import Enumeration
from .space import Comparison, Space, start_and_transition


def dynamics_cancel(space: Space) -> Iterator[Comparison]:
    """H1: full densities h e^{−c−b} and h q give the logit −c − b − log q."""
    seen = space.reached
    exp, log = space.arithmetic.exp, space.arithmetic.log
    model, generator = (space.h * exp(-space.c - space.b))[seen], space.w_q[seen]
    logit = space.logit(space.c, space.b)[seen]
    one_sided = exp(-space.c - space.b)[seen]
    yield Comparison(
        log(model) - log(generator), logit, log(one_sided) - log(generator), gain=2.0, name="log-odds of D"
    )
    yield Comparison(model / (model + generator), space.sigmoid(logit))


def partition_of_a_measure(space: Space) -> Iterator[Comparison]:
    """H2: E_q[e^{−c}/q] is Σ h e^{−c}, E_q[e^{−c}/(h q)] is Σ e^{−c}; c − log h makes them one."""
    space, log = exact(space), space.arithmetic.log
    costs, path = step_costs(space), space.c
    log_h, log_w = log(space.h), log(space.w_q)
    size = magnitude(space, path, log_h, space.log_q)

    def estimate(c: Any, log_density: Any) -> Any:
        """Return log E_q[e^{−c}/density]."""
        return log_sum_exp(space.arithmetic, log_w - c - log_density)

    by_dynamics = soft(space, costs, risk_seeking=True).value
    mixed = estimate(path, log_h + space.log_q)
    yield Comparison(
        estimate(path, space.log_q), by_dynamics, mixed, size, name="log Z_θ, log q of the policy alone"
    )
    yield Comparison(mixed, log(_counted(space, costs)), estimate(path, space.log_q), size)
    yield Comparison(estimate(path - log_h, log_h + space.log_q), by_dynamics, mixed, size)


def _counted(space: Space, costs: Any) -> Any:
    """Σ e^{−c} over possible trajectories, by backward recursion: each possible move counts as one."""
    start, transition = start_and_transition(space.arithmetic, space.process)
    moves = np.where(np.asarray(transition > 0, dtype=bool), space.arithmetic.exp(-costs), 0)
    states = space.arithmetic.array(np.ones(space.process.states))
    for _ in range(space.process.horizon):
        states = np.sum(moves * (with_end(space, states - 1) + 1), axis=(1, 2))
    return np.sum(states[np.asarray(start > 0, dtype=bool)])


ENUMERATIONS = (
    Enumeration(
        "H1",
        "log-odds of the full densities h e^{−c−b} and h q, against −c − b − log q",
        "dynamics in q alone",
        "rounding of exponents, those of h among them",
        dynamics_cancel,
        hidden="without chance there are no dynamics",
    ),
    Enumeration(
        "H2",
        "importance-sampled log E_q[e^{−c}/q] over all trajectories, against log Σ h e^{−c} and log Σ e^{−c} by "
        "backward recursion",
        "the full density h q under the bar, for the Z of h",
        "rounding of sums and exponents: (N + 64)(1 + L)u of the terms",
        partition_of_a_measure,
        needs_mdp=True,
        premise=full_support,
        hidden="without chance h = 1: both measures are counting",
    ),
)
