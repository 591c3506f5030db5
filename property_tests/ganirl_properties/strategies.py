"""Hypothesis strategies: cases as an implementation is handed them, and whole problems, for property tests of your own.

>>> from hypothesis import given
>>> from ganirl_properties.strategies import cases
>>> @given(cases(dtype="float32"))
... def test_my_loss(case): ...

They shrink to one trajectory a side with tidy dyadic numbers.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from ganirl import PRECISIONS, Case, Conventions, Problem, finite_space
from ganirl.instance import Instance
from ganirl.logspace import log_normalise

from .cases import BYTES_PER_CASE, Setting, broken_rules, case_from_bytes
from .choices import Choices
from .drawn import BYTES_PER_PROBLEM, DRAWN_DOORS, is_generic

_BYTES_OF_USUAL_SIZES = 320


def cases(
    setting: Setting = "batch",
    dtype: str = "float64",
    conventions: Conventions | None = None,
    *,
    generic: bool = True,
) -> st.SearchStrategy[Case]:
    """Cases in a setting, rounded at their leaves to a dtype.

    Parameters
    ----------
    setting : ``"batch"``, ``"population"`` or ``"converged"``
    conventions : unit, weights, equal batches; the paper's by default
    generic : leave out cases on which a wrong formula could look right (constant log q, b = 0, …)
    """
    declared = conventions or Conventions()
    # Short bytes are mostly zeros, which no generic case is.
    shortest = _BYTES_OF_USUAL_SIZES if generic else 0
    decoded = st.binary(min_size=shortest, max_size=BYTES_PER_CASE).map(
        lambda data: case_from_bytes(data, setting, PRECISIONS[dtype], declared)
    )
    return decoded.filter(lambda case: not broken_rules(case)) if generic else decoded


def problems(points: int = 6, features: int = 3) -> st.SearchStrategy[tuple[Problem, np.ndarray, float]]:
    """Plain finite spaces with (θ, b): p and q from wide logits, never uniform and never equal."""

    def build(data: bytes) -> tuple[Problem, np.ndarray, float]:
        choices = Choices(data)
        p = np.exp(log_normalise(choices.signed(points, 1 / 8) + 0.3 * np.arange(points)))
        q = np.exp(log_normalise(choices.signed(points, 1 / 8) - 0.2 * np.arange(points) ** 1.5))
        table = choices.signed(points * features, 1 / 32).reshape(points, features)
        table[:, 0] += np.cos(np.arange(points))
        theta = choices.signed(features, 1 / 32) + 0.5
        return (
            finite_space(p / p.sum(), q / q.sum(), features=table),
            theta,
            float(choices.signed(1, 1 / 16)[0] + 0.8),
        )

    return st.binary(max_size=points * (features + 2) + features + 1).map(build)


def finite_problems(*, generic: bool = True) -> st.SearchStrategy[Instance]:
    """Plain finite spaces at (θ, b), the GAN's door: `ganirl_properties.drawn.finite_problem` of any bytes.

    Parameters
    ----------
    generic : leave out problems on which a wrong formula could look right
    """
    return _of_door("GAN", generic)


def mdp_problems(*, generic: bool = True) -> st.SearchStrategy[Instance]:
    """Trajectories or transitions of small processes with chance everywhere: the door of IRL; see `finite_problems`."""
    return _of_door("IRL", generic)


def sequence_problems(*, generic: bool = True) -> st.SearchStrategy[Instance]:
    """Energies over V^T with an autoregressive generator: the EBM's door; see `finite_problems`."""
    return _of_door("EBM", generic)


def _of_door(door: str, generic: bool) -> st.SearchStrategy[Instance]:
    drawn = st.binary(max_size=BYTES_PER_PROBLEM).map(DRAWN_DOORS[door])
    return drawn.filter(lambda instance: is_generic(door, instance)) if generic else drawn
