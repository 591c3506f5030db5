"""A case whose rows take actions that the policy hardly ever takes: what guards a logarithm shows there.

A constant ε inside the logarithm, log(π + ε), is off by ε/π. Cases that are drawn hold an action of π < 1e-5 now
and then, and in float32 none may be rare enough to rise above rounding; here every action of a fixed policy is
taken, the rarest of 7e-13. They are no underflow: π itself is exact to rounding in every format, and so is log π
in every sound form, the logarithm of a softmax included.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganirl import Case, Conventions, Precision, Steps
from ganirl.logspace import log_normalise
from ganirl_properties.cases import at_optimum

from .arranged import case_of_rows
from .check import View

# π from 1 to 7e-13 in either state; the numbers are exact in every format.
POLICY_LOGITS = ((0.25, -6.75, -14.0, -20.5, -28.0), (-20.0, 0.5, -27.0, -6.5, -13.5))
COMMON = (0, 1)  # the action that each state's policy takes nearly always
THETA, B = (0.7, -0.9), 0.8
RAREST = (4, 2)
STEPS, MANY_STEPS = 3, 30


def rare_actions(view: View) -> Iterator[View]:
    """Every action of either state, once a row, on both sides."""
    yield view.at(rare_case(view.case.precision, view.observed.conventions))


def rare_actions_of_own_policy(view: View) -> Iterator[View]:
    """The same, for code that computes log q; to code that is handed it or has none they are rows like any other."""
    if view.observed.conventions.log_q == "computed":
        yield from rare_actions(view)


def rare_actions_at_optimum(view: View) -> Iterator[View]:
    """The same at b*, for code that computes log q."""
    for rare in rare_actions_of_own_policy(view):
        yield rare.at(at_optimum(rare.case, rare.truth.optimum.b, rare.observed.conventions))


def long_trajectories(view: View) -> Iterator[View]:
    """Trajectories whose density is 0 in every format; code of transitions has none."""
    conventions = view.observed.conventions
    if conventions.unit == "trajectory":
        yield view.at(long_case(view.case.precision, conventions))


def long_trajectories_of_any_density(view: View) -> Iterator[View]:
    """The same, for code that computes log q or is handed it; without it ℓ would be as far out as log q."""
    if view.observed.conventions.log_q != "absent":
        yield from long_trajectories(view)


def rare_case(precision: Precision, conventions: Conventions) -> Case:
    """Return a case with each action of each state in one row a side; the cost makes up for it, so that |ℓ| is small.

    Transitions, or trajectories of one to three steps of which the others are common.
    """
    states, actions = np.shape(POLICY_LOGITS)
    horizon = 1 if conventions.unit == "transition" else STEPS
    expert, generator = (_steps(states, actions, horizon, turned) for turned in (0, 1))
    return _compensated(expert, generator, precision, conventions)


def long_case(precision: Precision, conventions: Conventions) -> Case:
    """Return a case of three trajectories a side: of many rare steps, of many common ones, and of one step.

    The density of the first is e^-800, which is 0 in every format; its logarithm is a number like any other.
    """
    state = np.tile(np.arange(MANY_STEPS) % 2, (3, 1))
    common = np.array(COMMON)[state]
    rare = np.array(RAREST)[state]
    sides = []
    for lengths in ((MANY_STEPS, MANY_STEPS - 8, 1), (MANY_STEPS - 2, MANY_STEPS - 9, 1)):
        length = np.array(lengths)[:, None]
        step = np.arange(MANY_STEPS)[None, :]
        mask, last = step < length, step == length - 1
        action = np.where(np.array([[True], [False], [False]]), rare, common)
        following = np.where(last, len(COMMON), (state + 1) % 2)
        blank = np.zeros((*mask.shape, 0))
        sides.append(Steps(state * mask, action * mask, following * mask, last, mask, blank))
    return _compensated(sides[0], sides[1], precision, conventions)


def _compensated(expert: Steps, generator: Steps, precision: Precision, conventions: Conventions) -> Case:
    logits, theta = np.array(POLICY_LOGITS), precision.round(THETA)
    states, actions = logits.shape
    # −c − log π of a step is an offset of its own, so that neither D nor 1 − D has lost its digits.
    cell = np.arange(states * actions * 2, dtype=np.float64).reshape(states, actions, 2)
    log_pi = log_normalise(logits)[:, :, None]
    second = np.cos(1.0 + 1.7 * cell)
    first = (-log_pi - np.cos(2.0 + cell) - second * theta[1]) / theta[0]
    table = precision.round(np.stack([first, second], axis=-1))
    return case_of_rows(expert, generator, table, (theta, B, logits), precision, conventions)


def _steps(states: int, actions: int, horizon: int, turned: int) -> Steps:
    """One row for each state and action, at one step of it; states alternate, and the last step enters the end."""
    row = np.arange(states * actions)
    length = 1 + (row + turned) % horizon
    rare_at = (row // horizon + turned) % length
    step = np.arange(horizon)[None, :]
    mask, last = step < length[:, None], step == length[:, None] - 1
    state = ((row // actions)[:, None] + step - rare_at[:, None]) % states
    action = np.where(step == rare_at[:, None], (row % actions)[:, None], np.array(COMMON)[state])
    following = np.where(last, states, (state + 1) % states)
    return Steps(state * mask, action * mask, following * mask, last, mask, np.zeros((*mask.shape, 0)))
