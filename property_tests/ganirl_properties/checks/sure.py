"""A case whose rows are sure, yet not so sure that the slope of the loss in b is rounding.

The curvature of L_D in b is a sum of σ′(ℓ), and e^{−|ℓ|} where the rows are sure: logits that are off by δ change it
by a factor of e^δ, which strict convexity sees where that is beyond e^½ and e^{−|ℓ|} above rounding. Near 0 a logit
that is off by some per cent is within, and far out nothing is left to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganirl import Case, Conventions, Precision, Steps
from ganirl.logspace import log_normalise

from .arranged import case_of_rows
from .check import View

THETA, B = (0.5, -0.75), 0.5
# The last one is where a D that is kept 1e-7 away from 0 and 1 begins to be.
SIZES = (13.0, 13.25, 13.5, 16.0)
# A cost that the first step has and the last step gives back: what weighs steps unequally is off by a part of it.
LENT, STEPS = 64.0, 4
# log q is as large as the cost, so that a part of it is as much; and more than one action is common in state 1.
POLICY_LOGITS = ((-8.0, -5.25, 2.25, 7.75), (-15.0, 0.25, 0.0, -0.25))


def sure(view: View) -> Iterator[View]:
    """Every ℓ 13 or more on both sides, then every ℓ −13 or less: what adds to it, or takes off, is seen in one."""
    for sign in (1.0, -1.0):
        yield view.at(sure_case(sign, view.case.precision, view.observed.conventions))


def sure_case(sign: float, precision: Precision, conventions: Conventions) -> Case:
    """Return a case of four rows a side: transitions, or trajectories of up to four steps whose costs cancel."""
    horizon = 1 if conventions.unit == "transition" else STEPS
    wanted = sign * np.array(SIZES)
    rows = len(wanted)
    theta, logits = precision.round(THETA), np.array(POLICY_LOGITS)
    # A row takes an action of its own in state 0, then the first one of state 1 until the end.
    length = np.where(np.arange(rows) % 2 == 1, max(horizon - 1, 1), horizon)[:, None]
    step = np.tile(np.arange(horizon), (rows, 1))
    mask, last = step < length, step == length - 1
    state = np.minimum(step, 1) * mask
    action = np.where(step == 0, np.arange(rows)[:, None], 0)
    steps = Steps(state, action, np.where(last, 2, 1) * mask, last, mask, np.zeros((rows, horizon, 0)))
    density = np.where(mask, log_normalise(logits)[state, action], 0.0).sum(axis=1)
    lent = LENT if horizon > 1 else 0.0
    # c = −ℓ − b − log q, of the whole row.
    cost = np.zeros((2, rows, 2))
    cost[0] = (lent - wanted - B - (0.0 if conventions.log_q == "absent" else density))[:, None]
    cost[1, 0, 1] = -lent
    second = np.cos(1.0 + 1.7 * np.arange(cost.size)).reshape(cost.shape)
    table = precision.round(np.stack([(cost - second * theta[1]) / theta[0], second], axis=-1))
    return case_of_rows(steps, steps, table, (theta, B, logits), precision, conventions)
