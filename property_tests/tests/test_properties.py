"""Every check, as a hypothesis property of the built-in implementations; and the strategies that draw its cases."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganirl import FLOAT32, FLOAT64, PRECISIONS, Case, Conventions, Problem
from ganirl.framework import load_framework
from ganirl.optimum import optimal_b
from ganirl.truth import Truth
from ganirl_properties.cases import (
    BYTES_PER_CASE,
    SETTINGS,
    Setting,
    broken_rules,
    bytes_read,
    case_from_bytes,
    generic_bytes,
)
from ganirl_properties.checks import CHECKS, Check
from ganirl_properties.observed import NotObservedError
from ganirl_properties.search import Search, judged
from ganirl_properties.strategies import cases, problems
from ganirl_properties.targets import load_target

DRAWN = [check for check in CHECKS if check.setting is not None]
QUICK = settings(max_examples=20, deadline=None, derandomize=True)


def search(target: str, dtype: str) -> Search:
    implementation = load_target(target)
    return Search(implementation, load_framework(implementation.framework), PRECISIONS[dtype], "cpu", 4, 0)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("target", "check"),
    [
        pytest.param(target, check, id=f"{check.claim}-{check.name}-{target}")
        for check in DRAWN
        for target in (("numpy-process",) if check.suits("process") else ("numpy", "torch"))
    ],
)
def test_no_bytes_whatever_make_a_sound_implementation_fail(check: Check, dtype: str, target: str) -> None:
    # Degenerate cases included: shrinking walks through them.
    looked = search(target, dtype)
    if any(not looked.implementation_has(name) for name in check.observables):
        pytest.skip(f"{target} has no {' and no '.join(check.observables)}")

    @QUICK
    @given(st.binary(max_size=BYTES_PER_CASE))
    def holds(data: bytes) -> None:
        assert check.setting is not None
        with looked.framework.arithmetic():
            view = looked.view(data, check.setting)
            try:
                judgements = [judgement for judgement in judged(check, view) if judgement is not None]
            except NotObservedError:
                return
        assert all(judgement.ratio <= 1.0 for judgement in judgements)

    holds()


def test_sizes_beyond_those_of_every_day_are_drawn_too() -> None:
    conventions = Conventions()
    drawn = generic_bytes(np.random.default_rng(0), "batch", FLOAT64, conventions)
    found = [case_from_bytes(data, "batch", FLOAT64, conventions) for data in islice(drawn, 600)]
    rows = [len(side) for case in found for side in (case.expert, case.generator)]
    steps = [case.expert.steps.mask.shape[1] for case in found]
    actions = [case.policy_logits.shape[1] for case in found]
    for sizes, least, usual, most in ((rows, 1, 6, 24), (steps, 1, 4, 10), (actions, 2, 4, 6)):
        assert set(sizes) == set(range(least, most + 1))
        assert 0.75 < np.mean(np.array(sizes) <= usual) < 0.95
    # No byte is missing in the largest of them: 0 is a plain case, 225 is 24 rows, 213 is 10 steps, 209 is 6 actions,
    # 2 three of the rest.
    largest = bytes([0, 225, 225, 2, 2, 209, 213]) + bytes(range(256)) * 6
    assert len(bytes_read(largest, "batch", FLOAT64, conventions)) <= BYTES_PER_CASE
    case = case_from_bytes(largest, "batch", FLOAT64, conventions)
    assert case.expert.steps.features.shape == case.generator.steps.features.shape == (24, 10, 3)
    assert case.policy_logits.shape == (3, 6)


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_not_read_may_be_left_out(setting: Setting) -> None:
    conventions = Conventions(unit="process" if setting == "process" else "trajectory")
    for data in islice(generic_bytes(np.random.default_rng(1), setting, FLOAT64, conventions), 20):
        read = bytes_read(data, setting, FLOAT64, conventions)
        assert len(read) < BYTES_PER_CASE
        whole, part = (case_from_bytes(each, setting, FLOAT64, conventions) for each in (data, read))
        assert np.array_equal(whole.generator.features, part.generator.features)
        assert np.array_equal(whole.expert.weight, part.expert.weight)
        assert np.array_equal(whole.policy_logits, part.policy_logits)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_empty_case_is_a_case(setting: str) -> None:
    name = "numpy-process" if setting == "process" else "numpy"
    case = case_from_bytes(b"", setting, FLOAT32, load_target(name).conventions)  # type: ignore[arg-type]
    assert len(case.expert) >= 1
    assert len(case.generator) >= 1
    assert np.isfinite(case.generator.log_q).all()


@QUICK
@given(cases(dtype="float32"))
def test_leaves_are_exact_in_their_format(case: Case) -> None:
    for leaf in (case.theta, case.b, case.policy_logits, case.expert.features, case.generator.log_q):
        assert np.array_equal(leaf, FLOAT32.round(leaf))
    assert not broken_rules(case)


@settings(QUICK, max_examples=60)
@given(st.booleans().flatmap(lambda weights: cases("population", conventions=Conventions(weights=weights))))
def test_a_population_is_the_whole_of_q(case: Case) -> None:
    # The rows of each path weigh what the policy gives it, over as many states as there are to begin in.
    rows = case.generator
    policy = np.exp(case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1)[:, None])
    paths: dict[tuple[Any, ...], list[float]] = {}
    for row in range(len(rows)):
        steps = range(int(rows.steps.mask[row].sum()))
        path = [(int(rows.steps.state[row, t]), int(rows.steps.action[row, t])) for t in steps]
        density = float(np.prod([policy[visited] for visited in path]))
        assert rows.log_q[row] == pytest.approx(np.log(density), abs=1e-12)
        paths.setdefault(tuple(path), [density, 0.0])[1] += rows.weight[row]
    beginnings = {path[0][0] for path in paths}
    for density, weight in paths.values():
        assert weight == pytest.approx(density / len(beginnings), abs=1e-12)
    assert sum(weight for _, weight in paths.values()) == pytest.approx(1.0, abs=1e-12)


def test_populations_have_several_steps_and_early_ends_in_few_rows() -> None:
    for weights in (False, True):
        conventions = Conventions(weights=weights)
        drawn = generic_bytes(np.random.default_rng(0), "population", FLOAT64, conventions)
        drawn_cases = [
            case_from_bytes(data, "population", FLOAT64, conventions) for data in islice(drawn, 60)
        ]
        lengths = [case.generator.steps.mask.sum(axis=1) for case in drawn_cases]
        assert {int(length.max()) for length in lengths} == {1, 2, 3}
        assert sum(length.max() > length.min() for length in lengths) >= 20
        assert max(len(case.generator) for case in drawn_cases) <= 64
    one_step = Conventions(unit="transition")
    drawn = generic_bytes(np.random.default_rng(0), "population", FLOAT64, one_step)
    assert {
        case_from_bytes(data, "population", FLOAT64, one_step).generator.steps.mask.shape[1]
        for data in islice(drawn, 40)
    } == {1}


@QUICK
@given(cases("converged"))
def test_a_converged_case_has_d_one_half_but_for_a_hair(case: Case) -> None:
    conventions = load_target("numpy").conventions
    truth = Truth(case, conventions, search("numpy", "float64").model)
    assert truth.all_logits == pytest.approx(-(2.0**-25.5), abs=1e-12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(problems(), st.integers(0, 5), st.floats(-3, 3))
def test_b_star_is_monotone_and_translates(
    drawn: tuple[Problem, np.ndarray, float], atom: int, shift: float
) -> None:
    # Claim B9: b*(c + δ) − b*(c) lies in [−max δ, −min δ], and c + k moves it by exactly −k.
    problem, theta, _ = drawn
    cost = problem.cost.value(theta)
    delta = np.zeros_like(cost)
    delta[atom] = shift
    solve: Callable[[np.ndarray], float] = lambda c: (  # noqa: E731
        optimal_b(problem.data_weight, problem.generator_weight, c, problem.log_q).b
    )
    moved = solve(cost + delta) - solve(cost)
    assert -max(shift, 0.0) - 1e-9 <= moved <= -min(shift, 0.0) + 1e-9
    assert solve(cost + 1.5) - solve(cost) == pytest.approx(-1.5, abs=1e-9)


def test_rounding_to_bfloat16_keeps_eight_bits() -> None:
    values = np.array([1.0, 1.0 + 2**-9, 1.0 + 3 * 2**-9, 3.14159265, -1e-3])
    rounded = PRECISIONS["bfloat16"].round(values)
    # Ties go to even: 1 + 2^-8 lies between 1 and 1 + 2^-7.
    assert PRECISIONS["bfloat16"].round(1.0 + 2.0**-8) == 1.0
    assert rounded[0] == 1.0
    assert np.all(np.abs(rounded - values) <= 2.0**-8 * np.abs(values))
    assert FLOAT64.round(values).tolist() == values.tolist()
