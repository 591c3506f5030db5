"""The notation of a counterexample are explained beside it, and nothing that is not there is."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from ganirl import Conventions, ProcessConventions, wrap
from ganirl.implementation import Implementation
from ganirl_properties import Report, verify
from ganirl_properties.report import Counterexample
from ganirl_properties.targets.numpy_process import NumpyProcess
from ganirl_reports.documents.html_document import to_html
from ganirl_reports.documents.markdown_document import to_markdown
from ganirl_reports.documents.terminal import print_report
from ganirl_reports.notation import notation


class Wrong(NumpyProcess):
    def policy(self, case: Any) -> Any:
        return super().policy(case)[..., ::-1]

    def occupancy(self, case: Any) -> Any:
        return 2 * super().occupancy(case)


def judged(target: Implementation, claim: str) -> tuple[Report, Counterexample]:
    report = verify(target, claims=(claim,), profile="smoke", dtypes=("float64",))
    (row,) = report.verdicts
    assert row.counterexample is not None
    return report, row.counterexample


@pytest.fixture(scope="module")
def of_process() -> tuple[Report, Counterexample]:
    return judged(Wrong("wrong", ProcessConventions(entropy="trajectory")), "D1")


def as_it_is(found: Counterexample, index: str, observable: str = "π(a|s)") -> Counterexample:
    return replace(found, observable=observable, then=f"Then, by X (y), {observable}{index} is 0.5; …")


@pytest.mark.parametrize(
    ("observable", "index", "conventions", "words"),
    [
        ("π(a|s)", "[3, 1, 0]", {}, "π(a|s)[3, 1, 0]: step 3, state 1, action 0, counted from 0"),
        ("π(a|s)", "[1, 0]", {}, "π(a|s)[1, 0]: state 1, action 0, counted from 0"),
        ("V(s)", "[2, 1]", {}, "V(s)[2, 1]: step 2, state 1, counted from 0"),
        ("visits", "[2, 1]", {"occupancy_axes": "ts"}, "visits[2, 1]: step 2, state 1, counted from 0"),
        ("visits", "[2, 1]", {"occupancy_axes": "sa"}, "visits[2, 1]: state 2, action 1, counted from 0"),
        ("∂/∂θ over demonstrations", "[1]", {}, "[1]: component 1 of θ, counted from 0"),
        ("visits", "[2, 1]", {}, None),  # nobody says what they are
        ("log Z", "", {}, None),
    ],
)
def test_components(
    of_process: tuple[Report, Counterexample],
    observable: str,
    index: str,
    conventions: Mapping[str, Any],
    words: str | None,
) -> None:
    told = notation(as_it_is(of_process[1], index, observable), conventions)
    assert ("counted from 0" in told) is (words is not None)
    assert words is None or words in told


def test_the_end_is_explained_where_there_is_one(of_process: tuple[Report, Counterexample]) -> None:
    found = of_process[1]
    with_end = replace(found, let="Let …: (0,0) → 0.5 0 + 0.5 ∎ …")
    assert "∎: the absorbing end" in notation(with_end, {})
    assert "∎" not in notation(replace(found, let="Let …: (0,0) → 0 …"), {})


@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_it_stands_beside_the_counterexample(of_process: tuple[Report, Counterexample], form: str) -> None:
    report, found = of_process
    text = shown(report, form)
    assert text.count("a step of a demonstration") == 1
    # Not "Signs", which reads as + and −.
    assert ("Notation" in text, "Signs" in text) == (True, False)
    assert ("∎: the absorbing end" in text) is ("∎" in found.let)


def test_tabular_code_has_demonstrations_and_no_generator_rows(
    of_process: tuple[Report, Counterexample],
) -> None:
    page, rows = shown(of_process[0], "html"), shown(of_rows()[0], "html")
    assert ("<span>demonstrations</span>" in page, "generator rows" in page) == (True, False)
    assert ("<span>demonstrations</span>" in rows, "generator rows" in rows) == (False, True)


def shown(report: Report, form: str) -> str:
    if form == "markdown":
        return to_markdown(report)
    if form == "html":
        return to_html(report)
    file = io.StringIO()
    print_report(report, Console(file=file, width=400, highlight=False, markup=False, emoji=False))
    return file.getvalue()


def of_rows() -> tuple[Report, Counterexample]:
    def logit(case: Any, rows: Any) -> Any:
        return -(rows.features @ case.theta) - case.b

    return judged(wrap(name="rows", discriminator_logit=logit, conventions=Conventions()), "A4")


@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_rows_need_no_notation(form: str) -> None:
    report, found = of_rows()
    assert notation(found, report.run.conventions) == ""
    assert "Notation" not in shown(report, form)
