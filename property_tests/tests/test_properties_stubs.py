"""Observables that are still stubs: none to verify is refused in a sentence; some are told, and the rest is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganirl import Conventions, Stub, available_observables, stub, wrap
from ganirl_properties import TargetError, verify


@stub
def logit(case: Any, rows: Any) -> Any: ...


@stub
def reward(case: Any, rows: Any) -> Any: ...


LINE = logit.line


def probability(case: Any, rows: Any) -> Any:
    return 0.5 + 0.0 * rows.log_q


class OfClass:
    name, framework = "a class", "numpy"
    conventions = Conventions()
    departures: dict[str, str] = {}  # noqa: RUF012 - as an adapter's author would write it

    @stub
    def discriminator_logit(self, case: Any, rows: Any) -> Any: ...


def test_a_stub_says_where_it_is() -> None:
    assert isinstance(logit, Stub)
    assert logit.file == "test_properties_stubs.py"
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    assert lines[logit.line - 1] == "@stub"
    assert lines[logit.line].startswith("def logit")


def test_a_stub_is_no_observable() -> None:
    target = wrap(discriminator_logit=logit, discriminator_probability=probability)
    assert available_observables(target) == ("discriminator_probability",)


def test_nothing_but_stubs_is_refused_with_all_of_them() -> None:
    with pytest.raises(TargetError) as refused:
        verify(wrap(discriminator_logit=logit, generator_reward=reward))
    assert str(refused.value).endswith(
        f"discriminator_logit is still a stub: fill it in and delete its line @stub (test_properties_stubs.py, "
        f"line {LINE}); so is generator_reward (line {reward.line})"
    )


def test_a_method_may_be_a_stub() -> None:
    with pytest.raises(
        TargetError, match=r"discriminator_logit is still a stub: .*test_properties_stubs\.py, line"
    ):
        verify(OfClass())


def test_what_is_filled_in_is_judged_and_what_is_not_is_told() -> None:
    report = verify(
        wrap(discriminator_logit=logit, discriminator_probability=probability),
        claims=["A4", "A5"],
        profile="smoke",
        dtypes=["float64"],
    )
    by = {row.claim: row for row in report.verdicts}
    assert by["A4"].verdict == "violated"  # D = ½ is what no case has
    assert (by["A5"].verdict, by["A5"].message) == ("not_addressed", "discriminator_logit is still a stub")
    assert len(report.warnings) == 1
    assert f"line {LINE}" in report.warnings[0]


def test_without_stubs_there_is_no_warning() -> None:
    report = verify(
        wrap(discriminator_probability=probability), claims=["A5"], profile="smoke", dtypes=["float64"]
    )
    assert report.warnings == ()
    assert report.verdicts[0].message == "it has no discriminator_logit"


def test_only_a_function_can_be_a_stub() -> None:
    with pytest.raises(TypeError, match="@stub marks a function"):
        stub(3)  # type: ignore[arg-type]
