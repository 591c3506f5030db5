"""What is right is never failed, however odd it looks, and the same oddity with a real error always is."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pytest

from ganirl import OBSERVABLES, PRECISIONS, Conventions
from ganirl.framework import NUMPY
from ganirl.truth import Truth
from ganirl_properties.cases import SETTINGS
from ganirl_properties.checks import View
from ganirl_properties.errors import UsageError
from ganirl_properties.power import alarms
from ganirl_properties.power.alarms import Alarm, Alarms, false_alarms, replayed
from ganirl_properties.power.shared_truth import contents, shared
from ganirl_properties.right_variants import RightVariant, right_variants
from ganirl_properties.search import Search

VARIANTS = {variant.id: variant for variant in right_variants()}


def judged(*variants: RightVariant, seed: int, cases: int = 12) -> Alarms:
    """On some cases a format; grids of 901 losses are left to `ganirl power`."""
    enough = cases * sum(len(variant.formats) for variant in variants)
    return false_alarms(cases=enough, seeds=[seed], only=[variant.id for variant in variants], grids=False)


def groups() -> list[Any]:
    """Variants that share their cases, whose truth is then worked out once."""
    found: dict[object, list[RightVariant]] = {}
    for variant in VARIANTS.values():
        alone = None if variant.declared else variant.id
        found.setdefault((variant.framework, variant.conventions, alone), []).append(variant)
    return [
        pytest.param(tuple(each), id=f"{each[0].id} and {len(each) - 1} more" if each[1:] else each[0].id)
        for each in found.values()
    ]


def test_there_are_enough_of_them_and_each_says_why() -> None:
    assert len(VARIANTS) == len(right_variants()) >= 60
    for variant in right_variants():
        assert variant.title
        assert len(variant.why) > 20
        assert variant.formats
    assert {variant.framework for variant in right_variants()} >= {"numpy"}
    undeclared = {name for name, variant in VARIANTS.items() if not variant.declared}
    assert {"flipped-labels-undeclared", "half-the-loss-undeclared", "sum-over-rows-undeclared"} <= undeclared


def test_without_pytorch_the_others_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str) -> object:
        return None if name == "torch" else importlib.util.find_spec(name)

    monkeypatch.setattr("ganirl_properties.right_variants.find_spec", found)
    right_variants.cache_clear()
    try:
        assert "torch" not in {variant.framework for variant in right_variants()}
    finally:
        right_variants.cache_clear()


@pytest.mark.parametrize("variants", groups())
def test_what_is_right_is_not_failed(variants: tuple[RightVariant, ...]) -> None:
    found = judged(*variants, seed=11)
    assert found.alarms == ()
    seen = {(variant.id, variant.dtype): variant.cases for variant in found.variants}
    assert min(seen.values()) >= 12
    for variant in variants:
        formats = variant.formats if variant.declared else variant.formats[11 % len(variant.formats) :][:1]
        assert {dtype for name, dtype in seen if name == variant.id} == set(formats)


# --- twins: the same oddity, with an error in what it reads ---------------------------------------------------------


def minus_log_z(case: Any) -> Any:
    return replace(case, b=-case.b)


def another_temperature(case: Any) -> Any:
    return replace(case, policy_logits=1.25 * case.policy_logits)


def a_cost_of_one_percent_more(case: Any) -> Any:
    return replace(case, theta=1.01 * case.theta)


def sides_exchanged(case: Any) -> Any:
    return replace(case, expert=case.generator, generator=case.expert)


def a_row_lost(case: Any) -> Any:
    def short(rows: Any) -> Any:
        few = max(1, len(rows.features) - 1)
        fields = ("state", "action", "next_state", "done", "mask", "features")
        steps = replace(rows.steps, **{name: getattr(rows.steps, name)[:few] for name in fields})
        return replace(
            rows, features=rows.features[:few], log_q=rows.log_q[:few], weight=rows.weight[:few], steps=steps
        )

    return replace(case, generator=short(case.generator), expert=short(case.expert))


# The first pattern that matches says which.
ERRORS: dict[str, Callable[[Any], Any]] = {
    "*flipped*": sides_exchanged,
    "*no-log-z": a_cost_of_one_percent_more,
    "*log-z*": minus_log_z,
    "*z-*": minus_log_z,
    "*offset*": minus_log_z,
    "*half*": a_row_lost,
    "*sum*": a_row_lost,
    "*twice-the-loss*": a_row_lost,
    "*mean-of*": a_row_lost,
    "*means*": a_row_lost,
    "*logarithms*": a_row_lost,
    "*chunk*": a_row_lost,
    "*padded*": a_row_lost,
    "*sorted*": a_row_lost,
    "*gradient-without*": a_row_lost,
    "*policy*": another_temperature,
    "*actions": another_temperature,
    "*softmax": another_temperature,
    "*categorical": another_temperature,
    "*logsumexp*": another_temperature,
    "*probabilit*": another_temperature,
    "*normaliser*": another_temperature,
    "*to-go": another_temperature,
    "*-of-time": another_temperature,
    "*baseline": another_temperature,
    "*": a_cost_of_one_percent_more,
}


def twin(variant: RightVariant) -> RightVariant:
    tabular = variant.conventions.unit == "process"
    error = next(error for pattern, error in ERRORS.items() if fnmatchcase(variant.id, pattern))
    if tabular or variant.id.endswith("costs-to-go"):  # no policy and no b are read there
        error = a_cost_of_one_percent_more

    def observable(name: str) -> Callable[..., Any]:
        def asked(self: Any, case: Any, rows: Any = None) -> Any:
            broken = error(case)
            if rows is None:
                return getattr(self.inner, name)(broken)
            mine = case.expert if error is sides_exchanged else case.generator
            side = broken.generator if rows is mine else broken.expert
            return getattr(self.inner, name)(broken, side)

        return asked

    class Twin:
        conventions: Conventions = variant.author.conventions
        hidden = variant.author.hidden

        def __init__(self) -> None:
            self.inner = variant.author()

    probe = variant.author()
    for name in OBSERVABLES:
        by_row = name in ("discriminator_logit", "discriminator_probability", "generator_reward", "log_q")
        if callable(getattr(probe, name, None)) and not (by_row and error is a_row_lost):
            setattr(Twin, name, observable(name))
    return replace(variant, author=Twin, formats=variant.formats[:1])


@pytest.mark.parametrize("variants", groups())
def test_its_twin_with_an_error_is_failed(
    variants: tuple[RightVariant, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tuple(map(twin, variants))
    monkeypatch.setattr(alarms, "right_variants", lambda: wrong)
    failed = {variant.id for variant, _ in judged(*wrong, seed=12).alarms}
    assert failed == {variant.id for variant in wrong}


# --- alarms -----------------------------------------------------------------------------------------------------------


def test_an_alarm_is_replayed_from_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = twin(VARIANTS["plain"])
    monkeypatch.setattr(alarms, "right_variants", lambda: (wrong,))
    found = judged(wrong, seed=4)
    assert {alarm.seed for _, alarm in found.alarms} == {4}
    for variant, alarm in found.alarms[:6]:
        assert alarm.data is not None
        assert next(replayed(wrong, variant.dtype, alarm)) == alarm.said
        assert "times what is allowed" in alarm.said
        assert list(replayed(VARIANTS["plain"], variant.dtype, alarm)) == []
    raising = Alarm("A4", "logit", 0, b"", "")
    assert list(replayed(VARIANTS["plain"], "float64", raising)) == []


def test_sharing_the_truth_changes_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = twin(VARIANTS["rewards-to-go"])
    monkeypatch.setattr(alarms, "right_variants", lambda: (VARIANTS["plain"], wrong))
    found = false_alarms(cases=16 * len(SETTINGS), seeds=[6], grids=False, only=["rewards-to-go"])
    search = Search(wrong.implementation(), NUMPY, PRECISIONS["float64"], "cpu", 16, 6)
    with np.errstate(all="ignore"):
        failing = {
            (failure.check.claim, failure.check.name)
            for claim in ("A4", "A6", "B1", "B4", "C1", "C2", "E1", "E3")
            for failure in search.examine(claim).failures
            if failure.data is not None
        }
    mine = {(alarm.claim, alarm.check) for _, alarm in found.alarms}
    assert failing == {each for each in mine if each[0] in ("A4", "A6", "B1", "B4", "C1", "C2", "E1", "E3")}


def test_a_shared_truth_is_the_truth_of_that_case() -> None:
    search = Search(VARIANTS["plain"].implementation(), NUMPY, PRECISIONS["float64"], "cpu", 3, 0)
    for _, view in search.views("batch"):
        mine = shared(view)
        moved = replace(view.case, b=view.case.b + 1.0)
        for case in (view.case, moved, view.case):
            at = mine.at(case)
            assert isinstance(at, View)
            fresh = Truth(case, view.truth.conventions, view.truth.arithmetic)
            assert np.array_equal(at.truth.logit.value, fresh.logit.value)
            assert float(at.truth.loss.bound) == float(fresh.loss.bound)
        assert mine.at(moved).truth is mine.at(replace(moved)).truth
        assert contents(moved) != contents(view.case)


def test_cases_are_split_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    two = VARIANTS["plain"], VARIANTS["logits-only"]
    monkeypatch.setattr(alarms, "right_variants", lambda: two)
    found = false_alarms(cases=83, seeds=[0, 1], grids=False)
    assert found.cases == 2 * 83
    assert max(each.cases for each in found.variants) - min(each.cases for each in found.variants) <= 2
    assert 0 < found.drawn < found.cases  # one and the same case is two cases, of two variants
    assert found.seeds == (0, 1)
    assert [each.cases for each in false_alarms(cases=4, seeds=[0], grids=False).variants] == [1] * 4
    with pytest.raises(UsageError, match="3 cases are too few: there are 4 variants and formats"):
        false_alarms(cases=3, seeds=())
    with pytest.raises(UsageError, match="no right variant is called 'odd'"):
        false_alarms(cases=100, seeds=[0], only=["odd"])


def test_processes_find_the_same() -> None:
    alone = false_alarms(cases=32, seeds=[0], only=["plain"], grids=False)
    together = false_alarms(cases=32, seeds=[0], only=["plain"], grids=False, jobs=2)
    assert together.variants == alone.variants
