"""What code is handed: one-step rows are their only step, and a process's tables are those that it was made of."""

from __future__ import annotations

import numpy as np
import pytest

from ganirl import Process, Rows, Steps


def rows_of(horizon: int) -> Rows:
    shape = 3, horizon
    numbers = [np.arange(3 * horizon).reshape(shape) + 100 * part for part in range(3)]
    features = np.arange(6.0 * horizon).reshape(3, horizon, 2)
    steps = Steps(*numbers, np.eye(3, horizon, dtype=bool), np.ones(shape, bool), features)
    return Rows(features.sum(axis=1), np.zeros(3), np.full(3, 1 / 3), steps)


def test_rows_of_one_step_show_it() -> None:
    rows = rows_of(1)
    assert (len(rows), rows.state.tolist(), rows.action.tolist()) == (3, [0, 1, 2], [100, 101, 102])
    assert (rows.next_state.tolist(), rows.done.tolist()) == ([200, 201, 202], [True, False, False])


@pytest.mark.parametrize("name", ["state", "action", "next_state", "done"])
def test_rows_of_more_steps_have_no_state_of_their_own(name: str) -> None:
    with pytest.raises(ValueError, match="trajectories of up to 2 steps"):
        getattr(rows_of(2), name)


def test_features_of_a_process_are_the_table_that_they_were_spread_from() -> None:
    rng = np.random.default_rng(0)
    states, actions, dimension = 3, 2, 2
    transition = rng.dirichlet(np.ones(states + 1), (states, actions))
    of_state, of_action = rng.normal(size=(states, dimension)), rng.normal(size=(states, actions, dimension))
    shape = states, actions, states + 1, dimension
    for table, name in (
        (of_state[:, None, None], "state_features"),
        (of_action[:, :, None], "action_features"),
    ):
        process = Process(np.full(3, 1 / 3), transition, 2, 1.0, np.broadcast_to(table, shape))
        assert getattr(process, name).tolist() == np.squeeze(table).tolist()
        assert (process.states, process.actions) == (states, actions)
        assert process.live.sum(axis=-1) == pytest.approx(1 - transition[..., -1])
        assert process.costs(np.array([2.0, -1.0])) == pytest.approx(
            np.broadcast_to(2 * table[..., 0] - table[..., 1], shape[:3])
        )
        doubled = process.converted(lambda numbers: 2 * numbers)
        for part in ("start", "transition", "features"):
            assert getattr(doubled, part) == pytest.approx(2 * getattr(process, part))
