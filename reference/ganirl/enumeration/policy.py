"""The generator as a policy: q = Π π and its scores, from logits, normalised in the arithmetic itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from .space import Space


def log_policy(space: Space, logits: Any) -> Any:
    """Log-softmax of each row of (S, A) logits, real or complex; 0 where the action is impossible."""
    raw = space.problem.policy_logits
    possible = raw > -np.inf
    shift = space.arithmetic.array(raw.max(axis=1, keepdims=True))
    terms = np.where(possible, space.arithmetic.exp(np.where(possible, logits, 0) - shift), 0)
    normaliser = space.arithmetic.log(np.sum(terms, axis=1)) + shift[:, 0]
    return np.where(possible, logits - normaliser[:, None], 0)


def own_logits(space: Space) -> Any:
    """(S, A), the generator's, with 0 where the action is impossible."""
    raw = space.problem.policy_logits
    return space.arithmetic.array(np.where(raw > -np.inf, raw, 0.0))


def log_density(space: Space, table: Any) -> Any:
    """(N,) Σ_t log π(a_t|s_t) of a table log π, (S, A) or (T, S, A)."""
    steps = space.problem.steps
    times = () if table.ndim == 2 else (np.arange(steps.mask.shape[1]),)
    chosen = table[(*times, steps.state, steps.action)]
    return np.sum(np.where(steps.mask, chosen, 0), axis=1)


def scores(space: Space) -> Any:
    """(N, S, A) ∂log q/∂logits = Σ_t 1[s_t = s](1[a_t = a] − π(a|s))."""
    steps, raw = space.problem.steps, space.problem.policy_logits
    policy = np.where(raw > -np.inf, space.arithmetic.exp(log_policy(space, own_logits(space))), 0)
    count, length = steps.mask.shape
    score = space.arithmetic.array(np.zeros((count, *raw.shape)))
    for time in range(length):
        rows = np.flatnonzero(steps.mask[:, time])
        state, action = steps.state[rows, time], steps.action[rows, time]
        score[rows, state] = score[rows, state] - policy[state]
        score[rows, state, action] = score[rows, state, action] + 1
    return score
