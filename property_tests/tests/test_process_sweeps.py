"""Code that stops after many backups: a wrong formula makes those that change something, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ganirl import Process, ProcessConventions
from ganirl.process_solution import solve
from ganirl_properties.wrong_formulas.process_pipeline import Nodes, _solve, right_backup

THETA = np.array([1.25])
PROCESS = Process(
    np.array([0.5, 0.5]),
    np.array([[[0.25, 0.5, 0.25], [0.5, 0.0, 0.5]], [[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]]),
    1,
    1.0,
    np.ones((2, 2, 3, 1)),
)
COSTS = np.where(PROCESS.transition > 0, PROCESS.costs(THETA), 0.0)


def swept(sweeps: float) -> ProcessConventions:
    return ProcessConventions(
        entropy="trajectory", horizon="first_exit", start="given", occupancy_axes="sa", sweeps=sweeps
    )


def values_and_backups(sweeps: float, **nodes: Any) -> tuple[np.ndarray, int]:
    made: list[int] = []

    def counted(*arguments: Any) -> Any:
        made.append(1)
        return right_backup(*arguments)

    with np.errstate(divide="ignore"):
        values, _, _ = _solve(Nodes(backup=counted, **nodes), PROCESS, COSTS, swept(sweeps))
    return values[0], len(made)


def test_the_right_one_ends_where_backups_change_nothing() -> None:
    values, made = values_and_backups(5000.0)
    assert made < 300  # of 15,000
    assert values == pytest.approx(solve(PROCESS, THETA, swept(5000.0)).state_values[0], abs=1e-13)
    few, made = values_and_backups(2.0)
    assert made == 6
    assert few == pytest.approx(solve(PROCESS, THETA, swept(2.0)).state_values[0], abs=1e-13)
    assert np.abs(few - values).max() > 1e-4


def test_an_end_that_goes_on_never_settles() -> None:
    values, made = values_and_backups(400.0, end=lambda later, actions: later + 1e-9 * actions)
    assert made == 1200
    # The states follow their end up, a backup or two behind it.
    assert values - values_and_backups(400.0)[0] == pytest.approx(1200 * 2e-9, abs=2e-8)
