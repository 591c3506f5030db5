"""A case whose rows stand where D, or 1 − D, begins to round to 1 in its format, and far beyond.

A loss or a slope that is made of D saturates there: it jumps where 1 − D becomes 0, which is at ℓ = log(2/u).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganirl import Case, Conventions, Precision, Steps
from ganirl.logspace import log_normalise
from ganirl_properties.case_rows import Array
from ganirl_properties.cases import at_optimum

from .arranged import case_of_rows
from .check import View

POLICY_LOGITS = ((0.25, -0.5, 0.75, 0.0), (-0.25, 0.5, 0.0, 1.0))
THETA, B = (0.5, -0.75), 0.5


def far_out(view: View) -> Iterator[View]:
    """ℓ of either sign, on both sides: about where 1 − D becomes 0, and where D itself does."""
    yield view.at(far_case(view.case.precision, view.observed.conventions))


def far_out_at_optimum(view: View) -> Iterator[View]:
    """The same at b*."""
    for far in far_out(view):
        yield far.at(at_optimum(far.case, far.truth.optimum.b, far.observed.conventions))


def far_on_one_side(view: View) -> Iterator[View]:
    """Every ℓ so far out on one side, then on the other, that e^ℓ is 0, or is not finite, in its format."""
    largest = -np.log(view.case.precision.tiny)
    sizes = largest * np.array([1.1, 1.2, 1.3, 1.5])
    for sign in (-1.0, 1.0):
        yield view.at(_case_at(np.tile(sign * sizes, (2, 1)), view.case.precision, view.observed.conventions))


def far_case(precision: Precision, conventions: Conventions) -> Case:
    """Return a case of eight rows a side, one step each, with ±ℓ from log(2/u) − 0.45 to 120 before rounding."""
    # A D that is rounded to nearest is 1 from log(2/u) on; 1/(1 + e^−ℓ) loses e^−ℓ in its sum already, log 2 before.
    begins = np.log(2.0 / precision.unit_roundoff)
    sizes = np.array([begins - 0.45, begins + 0.05, begins + 8.0, 120.0])
    return _case_at(np.stack([sizes, -sizes]), precision, conventions)


def _case_at(wanted: Array, precision: Precision, conventions: Conventions) -> Case:
    """Return a case of one row a side for each ℓ of a table, (S, A)."""
    logits, theta = np.array(POLICY_LOGITS), precision.round(THETA)
    states, actions = logits.shape
    density = 0.0 if conventions.log_q == "absent" else log_normalise(logits)
    second = np.cos(1.0 + 1.7 * np.arange(states * actions)).reshape(states, actions)
    # c = −ℓ − b − log q
    first = (-wanted - B - density - second * theta[1]) / theta[0]
    table = np.repeat(precision.round(np.stack([first, second], axis=-1))[:, :, None], 2, axis=2)
    state, action = np.divmod(np.arange(states * actions), actions)
    done = np.ones((len(state), 1), dtype=bool)
    steps = Steps(
        state[:, None],
        action[:, None],
        np.full_like(state, states)[:, None],
        done,
        done,
        np.zeros((len(state), 1, 0)),
    )
    return case_of_rows(steps, steps, table, (theta, B, logits), precision, conventions)
