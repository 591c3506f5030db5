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
from ganirl_properties.cases import absorb_b, filled_rows, row_weights

from .check import View

# π from 1 to 7e-13 in either state; the numbers are exact in every format.
POLICY_LOGITS = ((0.25, -6.75, -14.0, -20.5, -28.0), (-20.0, 0.5, -27.0, -6.5, -13.5))
COMMON = (0, 1)  # the action that each state's policy takes nearly always
THETA, B = (0.7, -0.9), 0.8
STEPS = 3


def rare_actions(view: View) -> Iterator[View]:
    """Every action of either state, once a row, on both sides."""
    yield view.at(rare_case(view.case.precision, view.observed.conventions))


def rare_actions_of_own_policy(view: View) -> Iterator[View]:
    """The same, for code that computes log q; to code that is handed it or has none they are rows like any other."""
    if view.observed.conventions.log_q == "computed":
        yield from rare_actions(view)


def rare_case(precision: Precision, conventions: Conventions) -> Case:
    """Return a case with each action of each state in one row a side; the cost makes up for it, so that |ℓ| is small.

    Transitions, or trajectories of one to three steps of which the others are common.
    """
    logits, theta = np.array(POLICY_LOGITS), precision.round(THETA)
    states, actions = logits.shape
    # −c − log π of a step is an offset of its own, so that neither D nor 1 − D has lost its digits.
    cell = np.arange(states * actions * 2, dtype=np.float64).reshape(states, actions, 2)
    log_pi = log_normalise(logits)[:, :, None]
    second = np.cos(1.0 + 1.7 * cell)
    first = (-log_pi - np.cos(2.0 + cell) - second * theta[1]) / theta[0]
    table = precision.round(np.stack([first, second], axis=-1))
    horizon = 1 if conventions.unit == "transition" else STEPS
    weight = row_weights(np.ones(states * actions, dtype=np.int64), precision, conventions)
    expert, generator = (
        filled_rows(_steps(states, actions, horizon, turned), table, logits, weight, precision)
        for turned in (0, 1)
    )
    case = Case(theta, precision.round(B), logits, expert, generator, precision.name, conventions.unit)
    return absorb_b(case) if conventions.log_z == "absent" else case


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
