"""Backups that stop before the horizon: caught whatever the seed and named; where that is right, passed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from planted.ratios import worst
from planted.tabular import OF_TRAJECTORIES, Tabular, implementation

from ganirl import PRECISIONS, Conventions, ProcessConventions
from ganirl.process_solution import solve
from ganirl_properties import verify
from ganirl_properties.checks import CHECKS
from ganirl_properties.checks.settled import settled_cases
from ganirl_properties.right_variants import right_variants

SETTLED = [check for check in CHECKS if check.name.startswith("settled")]
RIGHT = [
    variant for variant in right_variants() if variant.declared and variant.conventions.unit == "process"
]
FIXED = (
    ProcessConventions(discounts=True),
    ProcessConventions(discounts=True, ends=False),
    ProcessConventions(ends=False),
    ProcessConventions(deterministic=True, rewards_on="state", last_state=True),
    OF_TRAJECTORIES,
)


class Stops(Tabular):
    """Stops where `settled` says so, and fills the steps that are left with what it has."""

    def settled(self, case: Any, value: Any, before: Any) -> bool:
        raise NotImplementedError

    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        horizon, value = case.mdp.horizon, np.zeros(case.mdp.states, case.theta.dtype)
        values, policies = list[Any](), list[Any]()
        while len(values) < horizon:
            action_values = self.backup(case, np.append(value, value[:1] * 0))
            before, value = value, self.soft(action_values)
            values, policies = [value, *values], [self.choose(action_values, value), *policies]
            if self.settled(case, value, before):
                break
        return self.filled(case, values, policies)

    def filled(self, case: Any, values: list[Any], policies: list[Any]) -> tuple[list[Any], list[Any]]:
        left = case.mdp.horizon - len(values)
        return values[:1] * left + values, policies[:1] * left + policies


def stopping(tolerance: float, declared: ProcessConventions = Tabular.process) -> type[Stops]:
    class StopsWhereLittleChanges(Stops):
        process = declared

        def settled(self, case: Any, value: Any, before: Any) -> bool:
            return bool(np.abs(value - before).max() < tolerance)

    return StopsWhereLittleChanges


class StopsWhereTheStartSettles(Stops):
    def settled(self, case: Any, value: Any, before: Any) -> bool:
        return bool((np.abs(value - before) < 1e-6)[case.mdp.start > 0].all())


class StopsAndLeavesZeros(Stops):
    def settled(self, case: Any, value: Any, before: Any) -> bool:
        return bool((value == before).all())

    def filled(self, case: Any, values: list[Any], policies: list[Any]) -> tuple[list[Any], list[Any]]:
        left = case.mdp.horizon - len(values)
        return [0 * values[0]] * left + values, [0 * policies[0]] * left + policies


class StopsShort(StopsAndLeavesZeros):
    def filled(self, case: Any, values: list[Any], policies: list[Any]) -> tuple[list[Any], list[Any]]:
        return values, policies


KNOWN = {
    "stops-where-little-changes": stopping(1e-4),
    "stops-where-the-start-settles": StopsWhereTheStartSettles,
    "stops-and-leaves-zeros": StopsAndLeavesZeros,
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", KNOWN)
def test_it_is_caught_and_named_whatever_the_seed(name: str, seed: int) -> None:
    report = verify(implementation(KNOWN[name]), profile="smoke", dtypes=["float64"], seed=seed)
    rows = {row.claim: row for row in report.verdicts}
    assert rows["H12"].verdict == "violated"
    assert {rows[claim].verdict for claim in ("D1", "D3")} <= {"violated", "blocked"}
    diagnosis = rows["H12"].diagnosis
    assert diagnosis is not None
    assert diagnosis.formula == name


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-5, 1e-6, 1e-8, 1e-9, 1e-10])
def test_any_tolerance_is_caught_and_has_no_other_name(tolerance: float) -> None:
    target = implementation(stopping(tolerance))
    assert (
        min(worst(target, "float64", SETTLED)[f"settled {what}"] for what in ("soft values", "value")) > 10.0
    )
    report = verify(target, claims=["H12"], profile="smoke", dtypes=["float64"])
    assert report.verdicts[0].verdict == "violated"
    assert report.verdicts[0].diagnosis is None


@pytest.mark.parametrize("process", FIXED[:2])
def test_with_an_end_or_a_discount(process: ProcessConventions) -> None:
    assert worst(implementation(stopping(1e-4, process)), "float64", SETTLED)["settled soft values"] > 1e3


def test_fewer_steps_than_there_are_is_an_error() -> None:
    report = verify(implementation(StopsShort), claims=["H12"], profile="smoke", dtypes=["float64"])
    assert report.verdicts[0].verdict == "error"
    assert "returned shape" in report.verdicts[0].message


@pytest.mark.parametrize("variant", RIGHT, ids=[variant.id for variant in RIGHT])
def test_what_is_right_passes(variant: Any) -> None:
    for dtype in variant.formats:
        assert max(worst(variant.implementation(), dtype, SETTLED).values(), default=0.0) < 0.5


def test_code_without_a_horizon_is_not_asked() -> None:
    for horizon in ("first_exit", "discounted"):
        of = ProcessConventions(
            horizon=horizon,  # type: ignore[arg-type]
            occupancy_axes="sa",
            occupancy_scale="discounted",
        )
        assert not list(settled_cases(PRECISIONS["float64"], Conventions(unit="process", process=of)))


@pytest.mark.parametrize("process", FIXED)
def test_the_processes_are_what_they_say_and_what_code_accepts(process: ProcessConventions) -> None:
    found = list(settled_cases(PRECISIONS["float64"], Conventions(unit="process", process=process)))
    changes = []
    for case in found:
        mdp = case.mdp
        assert (mdp.transition.sum(axis=2) == 1.0).all()
        assert process.ends or not mdp.transition[..., -1].any()
        assert process.discounts or mdp.discount == 1.0
        values = solve(mdp, case.theta, process).state_values[::-1]
        changes.append(np.abs(np.diff(values, axis=0)))
        assert (case.expert.steps.action * case.expert.steps.mask).any()
    delayed = changes[-1]
    if not process.last_state:
        start = delayed[:, 0]
        assert (start[:2] < 1e-15).all()
        assert start[2] > 0.1
        assert delayed[:2].max() > 0.1
    if process.ends or process.discounts:
        fading = changes[0].max(axis=1)
        assert (fading[1:] < fading[:-1] / 2).all()
        assert 1e-13 < fading[-1] < 1e-10
    if process.ends:
        assert not delayed[-2:].any()
