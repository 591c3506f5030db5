"""All paths of a small process whose next state is a function of state and action, and how often each occurs."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import Rows, Steps

Whole = npt.NDArray[np.int64]


def all_paths(shares: Whole, following: Whole, horizon: int) -> tuple[Steps, Whole]:
    """All paths from state 0, and how often each occurs in the smallest batch that holds whole multiples."""
    states, actions = shares.shape
    whole = int(np.lcm.reduce(shares.sum(axis=1)))  # a power of two, as every state's own sum is
    # States, actions, and the share of whole^horizon.
    paths: list[tuple[tuple[int, ...], tuple[int, ...], int]] = [((0,), (), 1)]
    for _ in range(horizon):
        longer = []
        for visited, done, share in paths:
            if visited[-1] == states:
                longer.append((visited, done, share * whole))
                continue
            of_action = (shares[visited[-1]] * (whole // shares[visited[-1]].sum())).tolist()
            for chosen in range(actions):
                then = int(following[visited[-1], chosen])
                longer.append(((*visited, then), (*done, chosen), share * of_action[chosen]))
        paths = longer
    multiplicity = np.array([share for _, _, share in paths])
    blank = np.zeros((len(paths), horizon), dtype=np.int64)
    state, action, next_state = blank.copy(), blank.copy(), blank.copy()
    mask = np.zeros(blank.shape, dtype=bool)
    for row, (visited, done, _) in enumerate(paths):
        length = len(done)
        state[row, :length], next_state[row, :length] = visited[:-1], visited[1:]
        action[row, :length], mask[row, :length] = done, True
    steps = Steps(state, action, next_state, mask & (next_state == states), mask, np.zeros((*mask.shape, 0)))
    return steps, multiplicity // np.gcd.reduce(multiplicity)


def taken(steps: Steps, chosen: Whole) -> Steps:
    """Some rows of the steps, in that order, again and again if so chosen; of lanes the same rows of each."""
    axis = steps.mask.ndim - 2
    return Steps(*(_along(getattr(steps, each.name), chosen, axis) for each in fields(Steps)))


def taken_rows(rows: Rows, chosen: Whole) -> Rows:
    """Some of the rows, in that order, each with the weight that it had."""
    axis = rows.log_q.ndim - 1
    features, log_q, weight = (
        _along(each, chosen, axis) for each in (rows.features, rows.log_q, rows.weight)
    )
    return Rows(features, log_q, weight, taken(rows.steps, chosen))


def _along(values: npt.NDArray[Any], chosen: Whole, axis: int) -> npt.NDArray[Any]:
    """Return some entries along an axis; unlike ``np.take``, what lies side by side in memory stays so."""
    return np.moveaxis(np.moveaxis(values, axis, 0)[chosen], 0, axis)
