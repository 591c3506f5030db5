"""A claim that fails in float64 and holds in bfloat16 is not half right: the format is said to be too coarse."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from ganirl import wrap
from ganirl_properties import verify
from ganirl_properties.report import Report, Worst
from ganirl_reports.coarseness import Hidden, hidden, hides
from ganirl_reports.documents.html_document import to_html
from ganirl_reports.documents.markdown_document import to_markdown
from ganirl_reports.documents.terminal import print_report
from ganirl_reports.tabulation import tabulate

SAID = "bfloat16 is too coarse to show what float64 does"


def printed(report: Report) -> str:
    file = io.StringIO()
    print_report(report, Console(file=file, width=160, highlight=False, markup=False, emoji=False))
    return file.getvalue()


def test_a_small_error_is_said_to_be_hidden_in_bfloat16() -> None:
    pytest.importorskip("torch")

    def nearly(case: Any, rows: Any) -> Any:
        return -(rows.features @ case.theta) - case.b - 0.9999 * rows.log_q

    report = verify(wrap(framework="torch", discriminator_logit=nearly), claims=["A4"], profile="smoke")
    assert [row.verdict for row in report.verdicts] == ["violated", "violated", "satisfied"]
    assert f"✓ satisfied  A4: {SAID}\n" in printed(report)
    assert f"A4: {SAID}." in to_markdown(report)
    page = to_html(report)
    assert f": {SAID}.</p>" in page
    assert f"{SAID}: that is about " in page


def of_e1(mixed_report: Report, coarse: str = "satisfied", ratio: float = 1e10) -> Report:
    fine, _, last = (row for row in mixed_report.verdicts if row.claim == "E1")
    held = replace(last, verdict=coarse, counterexample=None, diagnosis=None, worst=Worst(0.1, 0.5, 0.1))  # type: ignore[arg-type]
    return replace(mixed_report, verdicts=(replace(fine, worst=Worst(1e-6, 1e-16, ratio)), held))


def test_what_rounding_there_would_not_have_hidden_is_said_otherwise(mixed_report: Report) -> None:
    (row,) = tabulate(of_e1(mixed_report, ratio=1e10)).rows
    assert hidden([row]) == (Hidden(("E1",), "bfloat16", "float64", coarse=True),)
    assert hides(row, row.present[1]) == f"{SAID}: that is about 0.00028 of what rounding may do here"
    for ratio in (1e15, float("inf"), float("nan")):
        (row,) = tabulate(of_e1(mixed_report, ratio=ratio)).rows
        assert hides(row, row.present[1]) == "no case in bfloat16 shows what float64 does"


def test_nothing_is_said_where_formats_agree_or_the_coarse_one_fails(
    mixed_report: Report, good_report: Report
) -> None:
    assert not hidden(tabulate(good_report).rows)
    assert not hidden(tabulate(of_e1(mixed_report, coarse="violated")).rows)
    assert not hidden(tabulate(of_e1(mixed_report, coarse="conditional")).rows)
    # float64 holds and bfloat16 does not: that is no coarseness.
    turned = of_e1(mixed_report)
    fine, coarse = turned.verdicts
    other = replace(turned, verdicts=(replace(coarse, dtype="float64"), replace(fine, dtype="bfloat16")))
    assert not hidden(tabulate(other).rows)
    assert "too coarse" not in printed(good_report)


def test_formats_that_nobody_knows_are_left_alone(mixed_report: Report) -> None:
    report = of_e1(mixed_report)
    fine, coarse = report.verdicts
    assert not hidden(tabulate(replace(report, verdicts=(fine, replace(coarse, dtype="float6")))).rows)
    assert not hidden(tabulate(replace(report, verdicts=(replace(fine, dtype="wide"), coarse))).rows)
