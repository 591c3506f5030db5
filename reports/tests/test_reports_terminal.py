"""A report on a terminal, wide and narrow, coloured and piped."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ganirl_properties.report import VERDICT_NAMES, Equivalence, Report
from ganirl_reports.documents.terminal import print_report
from ganirl_reports.looks import LOOKS, apart, argument, headline, number
from ganirl_reports.tabulation import failures, reproduce, tabulate


def printed(report: Report, width: int = 140, terminal: bool = False, written: Path | None = None) -> str:
    file = io.StringIO()
    out = Console(file=file, width=width, force_terminal=terminal, highlight=False, markup=False, emoji=False)
    print_report(report, out, written)
    return file.getvalue()


def test_last_line_reconciles(mixed_report: Report) -> None:
    assert printed(mixed_report, width=40).splitlines()[-1] == mixed_report.reconciled()


def test_one_row_a_claim_with_its_verdict_in_each_format(mixed_report: Report) -> None:
    text = printed(mixed_report)
    row = next(line for line in text.splitlines() if line.strip().startswith("E1 "))
    assert row.count("✗ violated") == 3
    assert row.split()[-3:] == ["after", "3", "cases"]
    for name in VERDICT_NAMES:
        assert f"{LOOKS[name].symbol} {LOOKS[name].word}" in text


def test_reasons_are_told_once(mixed_report: Report) -> None:
    lines = printed(mixed_report).splitlines()
    assert [line.strip() for line in lines if "C2: " in line] == [
        "C2: discriminator_gradient or irl_gradient"
    ]
    assert "· not addressed  would be judged if the adapter had" in [line.strip() for line in lines]
    assert any(line.startswith("◐ conditional    C1: correct up to a factor ½") for line in lines)
    assert any(line.startswith("○ waived         E3: trained by PPO") for line in lines)


def test_narrow_terminals_get_symbols_and_a_legend(mixed_report: Report) -> None:
    text = printed(mixed_report, width=78)
    assert "✓ satisfied   ✗ violated" in text
    assert max(map(len, text.splitlines()[:30])) <= 78


def test_contradiction_headline_and_place(mixed_report: Report, tmp_path: Path) -> None:
    lines = [line.strip() for line in printed(mixed_report, written=tmp_path).splitlines()]
    assert any(line.startswith("Let ") for line in lines)
    assert any(line.startswith("Then ") for line in lines)
    assert any(line.startswith("However ") for line in lines)
    assert "got -0.5  expected -0.0568528" in " ".join(lines)
    assert "✗ GAN ≠ EBM: not equivalent" in lines
    assert f"report  {tmp_path / 'report.html'}" in lines
    assert any("loss scale mean of all (the paper: sum of means)" in line for line in lines)
    assert any(line.startswith("departure") and "PPO" in line for line in lines)


def test_colours_only_on_a_terminal(mixed_report: Report) -> None:
    assert "\x1b[" in printed(mixed_report, terminal=True)
    assert "\x1b[" not in printed(mixed_report)


def test_markup_in_names_is_text(mixed_report: Report) -> None:
    report = replace(mixed_report, run=replace(mixed_report.run, target="[bold red]x[/] :smile:"))
    assert "[bold red]x[/] :smile:" in printed(report)


def test_interruption_is_said(good_report: Report) -> None:
    report = replace(good_report, run=replace(good_report.run, interrupted=True))
    assert "Interrupted" in printed(report)


def test_failures_are_grouped_by_claim(mixed_report: Report) -> None:
    found = failures(mixed_report)
    assert [(each.lead.claim, each.lead.verdict) for each in found] == [
        ("E1", "violated"),
        ("N1", "error"),
        ("N1", "blocked"),
        ("B5", "inconclusive"),
    ]
    assert found[0].also == "float32, bfloat16"


def test_worst_is_the_largest_and_nan_is_larger(mixed_report: Report) -> None:
    rows = {row.id: row for row in tabulate(mixed_report).rows}
    assert rows["B5"].worst is not None
    assert rows["B5"].worst.ratio == 0.93
    assert rows["E1"].worst is not None
    assert number(rows["E1"].worst.ratio) == "NaN"


def test_what_worst_is_is_said_beside_a_counterexample_and_without(
    mixed_report: Report, good_report: Report
) -> None:
    assert "of all cases" in printed(good_report)
    assert "a smaller case" not in printed(good_report)
    assert "a counterexample is a smaller case, with a ratio of its own" in printed(mixed_report)


def test_devices_are_named_where_there_are_two(good_report: Report) -> None:
    rows = good_report.verdicts + tuple(replace(row, device="cuda") for row in good_report.verdicts)
    table = tabulate(replace(good_report, verdicts=rows))
    assert table.headings[:2] == ("float64 cpu", "float32 cpu")
    assert table.headings[3] == "float64 cuda"
    assert len(table.rows) == len(good_report.verdicts) // 3


def test_how_to_reproduce(mixed_report: Report) -> None:
    assert reproduce(mixed_report) == (
        "ganirl verify adapters/acme_airl.py:target --claims A4,A5,B1,B5,C1,C2,E1,E3,N1 "
        "--profile default --device cpu --dtype float64,float32,bfloat16 --seed 0"
    )
    named = replace(mixed_report, run=replace(mixed_report.run, target="wrapped callables"))
    assert reproduce(named).startswith("verify(implementation, claims=['A4', ")


@pytest.mark.parametrize(
    ("equivalence", "words"),
    [
        (Equivalence(("GAN", "IRL", "EBM"), "equivalent", ""), "GAN = IRL = EBM: equivalent"),
        (Equivalence(("GAN", "IRL"), "not equivalent", ""), "GAN ≠ IRL: not equivalent"),
        (Equivalence(("GAN",), "one side only", ""), "GAN: one side only"),
        (Equivalence(("GAN", "EBM"), "undecided", ""), "GAN ? EBM: undecided"),
        (Equivalence((), "undecided", ""), "No side of the theorem: undecided"),
    ],
)
def test_headlines(equivalence: Equivalence, words: str, mixed_report: Report) -> None:
    assert headline(replace(mixed_report, equivalence=equivalence)) == words


def test_a_declared_departure_does_not_read_like_a_failure(good_report: Report) -> None:
    report = replace(good_report, equivalence=Equivalence(("GAN", "IRL"), "not equivalent", "by design, E1"))
    assert headline(report) == "GAN and IRL: departs by design, as declared"
    text = printed(report)
    assert "○ GAN and IRL: departs by design, as declared" in text
    assert "≠" not in text
    assert "not equivalent" not in text


def test_the_words_of_an_argument_are_said_once(mixed_report: Report) -> None:
    found = next(row.counterexample for row in mixed_report.verdicts if row.counterexample)
    told = replace(found, let="Let θ = 0.", then="Then, by A4, D is ½.", however="Howevermore, no.")
    assert argument(told) == (("Let", "θ = 0."), ("Then", "by A4, D is ½."), ("However", "Howevermore, no."))


def test_numbers_are_told_apart() -> None:
    assert apart(0.1, 0.2) == ("0.1", "0.2")
    assert apart(1.0, 1.0 + 2**-52) == ("1", "1.0000000000000002")
    assert apart(float("nan"), float("-inf")) == ("NaN", "−∞")
    assert number(-0.0) == "0"
