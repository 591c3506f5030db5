"""Family H, shaping: a potential is seen by a discriminator wherever its ends, or its discount, are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from .policy import log_policy, own_logits
from .recursion import along, exact, full_support, magnitude, powers, soft, step_costs, with_end
from .registry import Enumeration
from .space import Comparison, Space, concatenated

GAMMA = 0.75  # exact in every format
SHIFT = 0.625  # value of the potential at every start, where it is to be a constant


def potential_shaping(space: Space) -> Iterator[Comparison]:
    """H8: Σ_t(Φ(s') − Φ(s)) = Φ(s_T) − Φ(s_0): a gauge iff constant; with γ, Σγ^t(γΦ' − Φ) telescopes alone."""
    space = exact(space)
    costs, steps = step_costs(space), space.problem.steps
    potentials = soft(space, costs).states
    still = potentials[0]
    rows = np.arange(len(space.c))
    last = steps.mask.sum(axis=1) - 1
    first, end = still[steps.state[:, 0]], with_end(space, still)[steps.next_state[rows, last]]
    logit = space.logit(space.c, space.b)
    size = magnitude(space, space.c, space.log_q, space.b, still)

    shaped = along(space, costs - _shaping(space, still, still, 1))
    shaped_logit = space.logit(shaped, space.b)
    yield Comparison(
        _less_mean(space, shaped_logit),
        _less_mean(space, logit + end - first),
        _less_mean(space, logit),
        size,
        name="logit of a trajectory, less its mean",
    )

    # One value at every start, none at every end, anything between: the potential moves with time.
    between = [SHIFT + 0 * still, *potentials[1:-1], 0 * still]
    moving = [_shaping(space, before, after, 1) for before, after in pairwise(between)]
    hidden = along(space, costs - np.stack(moving))
    yield Comparison(space.logit(hidden, space.b - SHIFT), logit, None, size)
    yield Comparison(space.loss(hidden, space.b - SHIFT), space.loss(space.c, space.b), None, size)

    gamma = space.arithmetic.array(GAMMA)
    decay = concatenated([powers(space, gamma), gamma**space.process.horizon])
    discounted = _shaping(space, still, still, gamma)
    weighted = np.stack([each * discounted for each in decay[:-1]])
    yield Comparison(
        along(space, weighted),
        decay[last + 1] * end - first,
        along(space, discounted),
        size,
        name="Σ γ^t(γΦ' − Φ)",
    )
    log_pi = log_policy(space, own_logits(space))[:, :, None]
    exp = space.arithmetic.exp
    odds = exp(-costs + discounted) / exp(log_pi + 0 * costs)
    yield Comparison(odds, exp(-costs - log_pi) * exp(discounted), None, size)


def _shaping(space: Space, before: Any, after: Any, gamma: Any) -> Any:
    """(S, A, S + 1) γΦ'(s') − Φ(s)."""
    shape = space.process.transition.shape
    table = gamma * with_end(space, after)[None, :] - before[:, None]
    return np.broadcast_to(table[:, None, :], shape)


def _less_mean(space: Space, values: Any) -> Any:
    """Take off what b would absorb."""
    return values - space.mean_q(values)


ENUMERATIONS = (
    Enumeration(
        "H8",
        "logits of shaped step costs summed along every trajectory, against Φ(s_T) − Φ(s_0) and γ^TΦ(s_T) − Φ(s_0); "
        "L_D with a potential that is constant at starts and at ends, against L_D",
        "shaping said to be a gauge whatever Φ is at the ends; the weights γ^t left out",
        "rounding of sums and exponents: (N + 64)(1 + L)u of the terms",
        potential_shaping,
        needs_mdp=True,
        premise=full_support,
    ),
)
