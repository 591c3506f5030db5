"""Counting and enumerating the trajectories of a tabular MDP."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .case import Steps

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

ENUMERATION_LIMIT = 2_000_000


class Trajectories(NamedTuple):
    """All N possible trajectories.

    Attributes
    ----------
    log_h : (N,), log ρ0(s0) + Σ_t log P(s_{t+1}|s_t,a_t)
    steps : (N, T)
    """

    log_h: Array
    steps: Steps


def count_trajectories(start: Array, transition: Array, horizon: int) -> tuple[int, ...]:
    """Return the number of possible trajectories of each length 1 … T, by counting paths in whole numbers."""
    possible = transition > 0
    moves = possible[:, :, :-1].sum(axis=1).astype(object)
    ends = possible[:, :, -1].sum(axis=1).astype(object)
    alive = (start > 0).astype(object)
    counts = []
    for _ in range(horizon - 1):
        counts.append(int(alive @ ends))
        alive = alive @ moves
    counts.append(int(alive @ (ends + moves.sum(axis=1))))
    return tuple(counts)


def enumerate_trajectories(start: Array, transition: Array, horizon: int, features: Array) -> Trajectories:
    """Return every possible trajectory: shorter first, then by s0, a0, s1, a1 and so on.

    All prefixes of a length are extended at once; a trajectory is a row of indices into the table of possible
    moves (s, a, s').
    """
    moves = np.argwhere(transition > 0)
    paths = _paths(start, moves, horizon, states=len(start))
    move = np.concatenate([np.pad(p, ((0, 0), (0, horizon - p.shape[1])), constant_values=-1) for p in paths])
    mask = move >= 0
    state, action, next_state = (np.where(mask, moves[move, column], 0) for column in range(3))
    with np.errstate(divide="ignore"):
        log_step = np.where(mask, np.log(transition)[state, action, next_state], 0.0)
    steps = Steps(
        state=state,
        action=action,
        next_state=next_state,
        done=mask & (next_state == len(start)),
        mask=mask,
        features=np.where(mask[:, :, None], features[state, action, next_state], 0.0),
    )
    return Trajectories(np.log(start[state[:, 0]]) + log_step.sum(axis=1), steps)


def _paths(start: Array, moves: Integers, horizon: int, states: int) -> list[Integers]:
    """Complete paths as (n, length) indices of moves, one array a length."""
    # Moves are sorted by state; those of state s lie in [first[s], first[s + 1]).
    first = np.searchsorted(moves[:, 0], np.arange(states + 1))
    state = np.flatnonzero(start > 0)
    path = np.empty((len(state), 0), dtype=np.int64)
    complete = []
    for length in range(1, horizon + 1):
        choices = first[state + 1] - first[state]
        parent = np.repeat(np.arange(len(state)), choices)
        choice = np.arange(len(parent)) - np.repeat(np.cumsum(choices) - choices, choices)
        move = first[state[parent]] + choice
        path = np.concatenate([path[parent], move[:, None]], axis=1)
        ends = (moves[move, 2] == states) | (length == horizon)
        complete.append(path[ends])
        path, state = path[~ends], moves[move[~ends], 2]
    return complete
