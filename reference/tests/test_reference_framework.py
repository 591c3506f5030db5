"""NumPy as a framework: a case in its own format, whose arrays are copies; and what is said of stubs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ganirl import Case, Process, Rows, Steps
from ganirl.framework import NUMPY, Vectorising, load_framework
from ganirl.stub import stub, stubs_of, told


def a_case(process: Process | None) -> Case:
    mask = np.ones((2, 1), dtype=bool)
    place = np.array([[0], [1]])
    steps = Steps(place, place, place, mask, mask, np.array([[[0.1]], [[0.7]]]))
    rows = Rows(steps.features.sum(axis=1), np.array([-0.3, -0.9]), np.full(2, 0.5), steps)
    unit = "trajectory" if process is None else "process"
    return Case(np.array([0.2]), np.array(0.4), np.zeros((2, 2)), rows, rows, "float32", unit, process)


def a_process() -> Process:
    transition = np.full((2, 1, 3), 1 / 3)
    return Process(np.array([0.25, 0.75]), transition, 3, 0.9, np.full((2, 1, 3, 1), 0.1))


def test_numpy_hands_over_copies_in_the_format_under_test() -> None:
    case = a_case(None)
    handed = NUMPY.case(case, "cpu")
    assert handed.process is None
    for name in ("theta", "policy_logits"):
        assert getattr(handed, name).dtype == np.float32
        assert not np.shares_memory(getattr(handed, name), getattr(case, name))
    assert handed.b.dtype == np.float32
    assert np.ndim(handed.b) == 0
    assert handed.expert.features.dtype == handed.expert.steps.features.dtype == np.float32
    assert handed.expert.steps.state.dtype == np.int64
    handed.expert.features[:] = 5.0
    handed.expert.steps.mask[:] = False
    assert case.expert.features.tolist() == [[0.1], [0.7]]
    assert case.expert.steps.mask.all()


def test_numpy_hands_over_a_process_as_well() -> None:
    process = a_process()
    handed = NUMPY.case(a_case(process), "cpu").process
    assert handed is not None
    for name in ("start", "transition", "features"):
        array = getattr(handed, name)
        assert array.dtype == np.float32
        assert array.tolist() == getattr(process, name).astype(np.float32).tolist()
    assert (handed.horizon, handed.discount) == (3, 0.9)


def test_numpy_maps_nothing_over_lanes_and_hands_them_over_as_they_are() -> None:
    assert isinstance(NUMPY, Vectorising)
    lanes = replace(a_case(None), b=np.array([0.5, 0.25, 0.125]))
    handed = NUMPY.case(lanes, "cpu")
    assert handed.b.tolist() == [0.5, 0.25, 0.125]
    assert NUMPY.over_lanes(lambda case: case.b + 1, handed).tolist() == [1.5, 1.25, 1.125]


def test_numpy_has_no_slopes_and_no_complex_numbers_and_no_other_name() -> None:
    case = a_case(None)
    assert NUMPY.gradients(np.float64(1.0), case, ("theta",)) is None
    with pytest.raises(TypeError, match="complex"):
        NUMPY.numpy(np.array([1j]))
    assert load_framework("numpy") is NUMPY
    with pytest.raises(LookupError, match=r"there is no framework 'nunpy'; there are .*numpy"):
        load_framework("nunpy")


def test_what_is_said_of_stubs() -> None:
    class Adapter:
        @stub
        def discriminator_loss(self, case: Case) -> float: ...

        @stub
        def generator_reward(self, case: Case, rows: Rows) -> float: ...

        def log_partition(self, case: Case) -> float:
            return 0.0

    found = stubs_of(Adapter(), ("discriminator_loss", "generator_reward", "log_partition", "log_q"))
    assert list(found) == ["discriminator_loss", "generator_reward"]
    first, second = found.values()
    assert second.line > first.line
    alone = told({"discriminator_loss": first})
    assert alone == (
        "discriminator_loss is still a stub: fill it in and delete its line @stub "
        f"(test_reference_framework.py, line {first.line})"
    )
    assert told(found) == f"{alone}; so is generator_reward (line {second.line})"
    elsewhere = replace(second, file="other.py")
    assert told(found | {"generator_reward": elsewhere, "log_q": second}) == (
        f"{alone}; so are generator_reward (other.py, line {second.line}), "
        f"log_q (test_reference_framework.py, line {second.line})"
    )
