"""A report on a terminal: the table, what failed and why, the conventions, the headline, the reckoning."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ganirl_properties.report import Report, Verdict, VerdictName
from ganirl_reports.coarseness import hidden
from ganirl_reports.gaps import gaps
from ganirl_reports.looks import (
    LOOKS,
    apart,
    argument,
    equivalence_style,
    equivalence_symbol,
    headline,
    number,
)
from ganirl_reports.notation import notation
from ganirl_reports.sampling import sampling_line
from ganirl_reports.tabulation import (
    ClaimRow,
    Failure,
    Sentence,
    called,
    catalogued,
    choices,
    failures,
    reproduce,
    tabulate,
    told_apart,
    what_worst_is,
)

NARROW = 100
REMARKED: tuple[VerdictName, ...] = ("conditional", "waived")


def print_report(report: Report, out: Console, written: Path | None = None) -> None:
    """Print a report; its last line reconciles the count of what was planned."""
    run = report.run
    of = (f"  {run.target}", "dim") if called(run) != run.target else ""
    out.print(Text.assemble(("ganirl ", "bold"), (called(run), "bold cyan"), of, f"  {_setting(report)}"))
    _print_table(report, out)
    _print_failures(report, out)
    _print_remarks(report, out)
    _print_conventions(report, out)
    for warning in report.warnings:
        out.print(Text.assemble(("warning: ", "yellow"), warning))
    _print_headline(report, out)
    if run.interrupted:
        out.print(Text("Interrupted: rows that were not finished are inconclusive.", style="magenta"))
    if report.failed:
        out.print(Text.assemble(("again   ", "dim"), reproduce(report)), soft_wrap=True)
    if report.failed and run.isolated:
        script = f"python -m ganirl_reports.isolation {run.target} SCRIPT"
        out.print(Text.assemble(("scripts ", "dim"), f"run in its environment: {script}"), soft_wrap=True)
    if written is not None:
        out.print(Text.assemble(("report  ", "dim"), str(written / "report.html")), soft_wrap=True)
    out.print(Text(report.reconciled(), style="bold"), soft_wrap=True)


def _setting(report: Report) -> str:
    run = report.run
    lanes = f", {run.lanes:,} lanes" if run.lanes else ""
    return f"{run.profile} profile{lanes}, seed {run.seed}, {run.device}, {number(run.seconds)} s"


def _print_table(report: Report, out: Console) -> None:
    table = tabulate(report)
    narrow = out.width < NARROW
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    grid.add_column("claim", style="bold", no_wrap=True)
    grid.add_column("", min_width=20)
    for heading in table.headings:
        grid.add_column(heading, no_wrap=True, justify="center" if narrow else "left")
    grid.add_column("worst", justify="right", no_wrap=True)
    grid.add_column("evidence", overflow="fold")
    for row in table.rows:
        cells = [_cell(verdict, narrow) for verdict in row.verdicts]
        worst = "" if row.worst is None else number(row.worst.ratio, 2)
        quiet = "dim" if row.gravest == "not_addressed" else ""
        grid.add_row(Text(row.id), Text(row.title, style=quiet), *cells, Text(worst), _evidence(row))
    out.print(grid)
    present = {verdict.verdict for verdict in report.verdicts}
    if narrow:
        legend = [f"{look.symbol} {look.word}" for name, look in LOOKS.items() if name in present]
        out.print(Text("   ".join(legend), style="dim"))
    if any(verdict.worst for verdict in report.verdicts):
        out.print(Text(what_worst_is(report), style="dim"))
    out.print()


def _cell(verdict: Verdict | None, narrow: bool) -> Text:
    if verdict is None:
        return Text("")
    look = LOOKS[verdict.verdict]
    return Text(look.symbol if narrow else f"{look.symbol} {look.word}", style=look.style)


def _evidence(row: ClaimRow) -> Text:
    verdict = row.speaker
    if verdict.blocked_by is not None:
        return Text(f"explained by {verdict.blocked_by}", style="dim")
    return Text("" if verdict.verdict == "not_addressed" else verdict.evidence, style="dim")


def _print_remarks(report: Report, out: Console) -> None:
    """Print the reasons of what neither holds plainly nor fails, claims of one reason on one line."""
    remarks: dict[tuple[VerdictName, str], dict[str, None]] = {}
    for verdict in report.verdicts:
        if verdict.verdict in REMARKED:
            remarks.setdefault((verdict.verdict, verdict.message), {})[verdict.claim] = None
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    for name in REMARKED:
        for (verdict_name, message), claims in remarks.items():
            if verdict_name == name:
                look = LOOKS[name]
                told = Text.assemble((", ".join(claims), "bold"), f": {message}")
                grid.add_row(Text(f"{look.symbol} {look.word}", style=look.style), told)
    _add_lines(grid, "satisfied", _coarse(report))
    _add_lines(grid, "not_addressed", _gaps(report))
    if grid.row_count:
        out.print(grid)
        out.print()


def _add_lines(grid: Table, name: VerdictName, lines: list[Text]) -> None:
    """Put lines under each other beside one verdict's word."""
    look = LOOKS[name]
    for index, line in enumerate(lines):
        grid.add_row(Text("" if index else f"{look.symbol} {look.word}", style=look.style), line)


def _coarse(report: Report) -> list[Text]:
    """Say where it holds in a format that could not have shown what a finer one does."""
    found = hidden(tabulate(report).rows)
    return [Text.assemble((", ".join(each.claims), "bold"), f": {each.words}") for each in found]


def _gaps(report: Report) -> list[Text]:
    """Tell what the adapter could still show from what does not apply."""
    lines: list[Text] = []
    for kind, found in gaps(report).kinds:
        lines.append(Text(kind))
        for gap in found:
            lines.append(Text.assemble("  ", (", ".join(gap.claims), "bold"), f": {gap.words}"))
    return lines


def _print_failures(report: Report, out: Console) -> None:
    """Print what failed by itself in full, and what only follows from that in a line each."""
    found = failures(report)
    explained: set[str] = set()
    for told in told_apart(found):
        if isinstance(told, Sentence):
            _print_sentence(told, out)
        elif told.lead.verdict != "blocked":
            _print_failure(told, explained, out)
    blocked = [failure for failure in found if failure.lead.verdict == "blocked"]
    for failure in blocked:
        verdict = failure.lead
        title = entry.title if (entry := catalogued(verdict.claim)) else ""
        line = Text.assemble((f"⊘ {verdict.claim:<3} blocked", LOOKS["blocked"].style), f"  {title}")
        said = f": explained by the failure of {verdict.blocked_by}{failure.in_its_formats(report.run)}"
        out.print(line.append(said, style="dim"))
    if blocked:
        out.print()


def _print_sentence(told: Sentence, out: Console) -> None:
    look = LOOKS[told.verdict]
    heading = Text.assemble(
        (f"{look.symbol} {', '.join(told.claims)} {look.word}", look.style),
        (f"  {', '.join(told.formats)}", "dim"),
    )
    out.print(heading)
    out.print(Padding(Text(told.message), (0, 0, 1, 2)))


def _print_failure(failure: Failure, explained: set[str], out: Console) -> None:
    verdict = failure.lead
    look, entry = LOOKS[verdict.verdict], catalogued(verdict.claim)
    title = entry.title if entry else ""
    out.print(
        Text.assemble(
            (f"{look.symbol} {verdict.claim} {look.word}", look.style), f"  {title}  ", (failure.where, "dim")
        )
    )
    if verdict.counterexample is None:
        out.print(Padding(Text(verdict.message), (0, 0, 1, 2)))
        return
    grid = Table.grid(padding=(0, 1))
    grid.add_column(style="bold", no_wrap=True)
    for label, text in _argument(verdict):
        grid.add_row(label, text)
    if verdict.diagnosis is not None:
        again = verdict.diagnosis.formula in explained
        explained.add(verdict.diagnosis.formula)
        sentence = "" if again else f": {verdict.diagnosis.sentence}"
        grid.add_row("Why", Text(f"{verdict.diagnosis.title}{sentence}"))
    elif verdict.verdict == "violated":
        grid.add_row("Why", Text(verdict.message))
    if signs := notation(verdict.counterexample, failure.conventions):
        grid.add_row(Text("Notation", style="dim"), Text(signs, style="dim"))
    out.print(Padding(grid, (0, 0, 1, 2)))


def _argument(verdict: Verdict) -> list[tuple[str, Text]]:
    found = verdict.counterexample
    assert found is not None
    got, expected = apart(found.got, found.expected)
    numbers = Text.assemble(
        ("got ", "dim"), (got, "red"), ("  expected ", "dim"), (expected, "green"),
        ("  bound ", "dim"), number(found.bound), ("  allowed ", "dim"), number(found.allowed),
    )  # fmt: skip
    return [*((word, Text(sentence)) for word, sentence in argument(found)), ("", numbers)]


def _print_conventions(report: Report, out: Console) -> None:
    declared = choices(report.run)
    unlike = [choice for choice in declared if choice.paper is not None]
    if declared:
        text = ", ".join(f"{choice.name} {choice.value} (the paper: {choice.paper})" for choice in unlike)
        out.print(Text.assemble(("conventions  ", "dim"), text or "the paper's"))
    for claim, reason in report.run.departures.items():
        out.print(Text.assemble(("departure    ", "dim"), f"{claim}: {reason}"))
    if (sampled := sampling_line(report.run)) is not None:
        out.print(Text.assemble(("sampling     ", "dim"), sampled))
    out.print()


def _print_headline(report: Report, out: Console) -> None:
    equivalence = report.equivalence
    out.print(Text(f"{equivalence_symbol(report)} {headline(report)}", style=equivalence_style(report)))
    out.print(Padding(Text(equivalence.because), (0, 0, 1, 2)))
