"""Processes whose values settle before their horizon, as those of few drawn ones do.

A backup is no expansion: what changes from one step to the next, at most, never grows, so that code may stop where
nothing changes, and fill the rest with what it has. It is wrong where little changes, where it looks at some states
alone, and where it leaves the rest as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganirl import Case, Conventions, Precision, Process
from ganirl_properties.choices import Choices
from ganirl_properties.process_cases import Array, demonstrated

from .check import View

# Costs of the states of a fading process, and of a delayed one's last state.
_FADING, _LAST = (2.0, 2.25), 1.5
# Changes fade by a factor of about 1/8 a step: below 1e-10 in so many.
_STEPS_OF_FADING, _STEPS_OF_DELAY = 14, 6
_DISCOUNT = 0.125
# Of four demonstrations, whose actions differ.
_BYTES = bytes([3, *(5 * (2 + place) % 256 for place in range(120))])


def settled(view: View) -> Iterator[View]:
    """Values that fade to what they are; and such that stay, change late, and stay. None without a horizon."""
    for case in settled_cases(view.case.precision, view.observed.conventions):
        yield view.at(case)


def settled_cases(precision: Precision, conventions: Conventions) -> Iterator[Case]:
    """Yield a process whose values settle, and one where the first state's stay what they are for two steps."""
    of = conventions.of_process
    if of.horizon != "fixed":
        return
    if of.ends or of.discounts:
        yield _fading(precision, conventions)
    yield _delayed(precision, conventions)


def _fading(precision: Precision, conventions: Conventions) -> Case:
    """Two states, of whose actions one ends and the other goes on: V = −c + log(1 + e^V′).

    Without an end γ = 1/8 makes as much of it.
    """
    ends = conventions.of_process.ends
    following = [[2, 1], [2, 0]] if ends else [[0, 1], [1, 0]]
    discount = 1.0 if ends else _DISCOUNT
    start = np.array([0.75, 0.25])
    return _of_states(
        start, following, (_STEPS_OF_FADING, discount), np.array(_FADING), precision, conventions
    )


def _delayed(precision: Precision, conventions: Conventions) -> Case:
    """Three states after one another, the first two of which cost log 2, which is what choosing there is worth.

    Their values stay 0 until that of the last state has come back to them, and the end comes in three steps.
    """
    following = [[1, 3], [2, 3], [3, 3]] if conventions.of_process.ends else [[1, 0], [2, 1], [2, 2]]
    costs = np.array([np.log(2.0), np.log(2.0), _LAST])
    return _of_states(
        np.array([1.0, 0.0, 0.0]), following, (_STEPS_OF_DELAY, 1.0), costs, precision, conventions
    )


def _of_states(
    start: Array,
    following: list[list[int]],
    limits: tuple[int, float],
    costs: Array,
    precision: Precision,
    conventions: Conventions,
) -> Case:
    """Return the case of a process that leaves nothing to chance, with these costs of states, (S,)."""
    states, actions = np.shape(following)
    transition = np.zeros((states, actions, states + 1))
    np.put_along_axis(transition, np.array(following)[..., None], 1.0, axis=2)
    theta = np.array([1.0, 0.5])
    second = precision.round(np.cos(1.0 + np.arange(states)))
    table = precision.round(np.stack([costs - 0.5 * second, second], axis=-1))
    features = np.array(np.broadcast_to(table[:, None, None], (states, actions, states + 1, 2)))
    process = Process(start, transition, *limits, features)
    return demonstrated(Choices(_BYTES), process, theta, precision, conventions)
