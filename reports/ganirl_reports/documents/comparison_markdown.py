"""``comparison.md``: the matrix of many implementations for a reader of Markdown."""

from __future__ import annotations

from itertools import groupby

from ganirl_reports.comparison import Column, Comparison, Remark, Row, in_words, only_in
from ganirl_reports.looks import LOOKS, number
from ganirl_reports.side_by_side import conventions_side_by_side
from ganirl_reports.tabulation import ClaimRow, failures, reproduce

from .html_document import family
from .markdown_document import code_block, escape, tell_blocked, tell_failures

Lines = list[str]


def to_markdown(comparison: Comparison) -> str:
    """Return the whole comparison; folders beside it hold each report."""
    lines = [
        f"# {comparison.title}",
        "",
        f"{escape(comparison.started)}, ganirl {escape(comparison.ganirl)}.",
        "",
    ]
    for note in comparison.notes:
        lines += [f"> {escape(note)}", ""]
    lines += _glance(comparison)
    lines += [f"**{escape(comparison.reconciled())}**", ""]
    lines += _telling(comparison)
    lines += _matrix(comparison)
    lines += _conventions(comparison)
    for column in comparison.columns:
        lines += _details(column)
    return "\n".join(lines).rstrip("\n") + "\n"


def _glance(comparison: Comparison) -> Lines:
    lines = [
        "| implementation | the theorem | what it gets wrong | by design, or under a condition | tested |",
        "|---|---|---|---|---|",
    ]
    for column in comparison.columns:
        name = f"**{escape(column.name)}**" + (f"<br>{escape(column.subtitle)}" if column.subtitle else "")
        if column.report is None:
            lines.append(f"| {name} | {escape(column.headline)} | {escape(column.problem or '')} | | |")
            continue
        run = column.report.run
        tested = f"{escape(', '.join(run.dtypes))}<br>{column.cases:,} cases, {number(run.seconds)} s"
        cells = [
            name,
            escape(column.headline),
            "<br>".join(map(_remark, column.faults)) or "nothing found",
            "<br>".join(map(_remark, column.provisos)) or "nothing",
            tested,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _remark(remark: Remark) -> str:
    return f"{LOOKS[remark.verdict].symbol} {escape(remark.words)} ({escape(', '.join(remark.claims))})"


def _telling(comparison: Comparison) -> Lines:
    if not comparison.telling:
        return []
    lines = ["## What tells them apart", ""]
    for row in comparison.telling:
        lines += [f"- **{escape(row.id)}** {escape(row.title)}"]
        for name, found in comparison.standings(row):
            told = [
                escape(", ".join(column.name for column in those) + (f": {sentence}" if sentence else ""))
                for sentence, those in in_words(name, found)
            ]
            lines.append(f"  - {name}: {'; '.join(told)}")
    return [*lines, ""]


def _matrix(comparison: Comparison) -> Lines:
    if not comparison.judged:
        return []
    names = [escape(column.name) for column in comparison.judged]
    present = {cell.gravest for row in comparison.rows for cell in row.cells if cell}
    lines = [
        "## Claims and implementations",
        "",
        ", ".join(f"{look.symbol} {look.word}" for name, look in LOOKS.items() if name in present)
        + ", – not planned.",
        "",
        f"| claim | | {' | '.join(names)} |",
        f"|---|---|{':---:|' * len(names)}",
    ]
    for heading, rows in groupby(comparison.shown, key=lambda row: family(row.id)):
        lines.append(f"| | *{escape(heading)}* |{' |' * len(names)}")
        lines += [_row(row) for row in rows]
    if comparison.hidden:
        hidden = ", ".join(f"{row.id} {row.title}" for row in comparison.hidden)
        lines += ["", f"None of them shows {len(comparison.hidden)} more: {escape(hidden)}."]
    return [*lines, ""]


def _row(row: Row) -> str:
    return f"| {escape(row.id)} | {escape(row.title)} | {' | '.join(map(_cell, row.cells))} |"


def _cell(cell: ClaimRow | None) -> str:
    if cell is None:
        return "–"
    look = LOOKS[cell.gravest]
    shown = f"{look.symbol} {look.word}" if cell.gravest in ("violated", "error") else look.symbol
    return f"{shown} ({escape(only_in(cell))})" if only_in(cell) else shown


def _conventions(comparison: Comparison) -> Lines:
    table = conventions_side_by_side(comparison.columns)
    if not table.rows:
        return []
    lines = [
        "## Conventions side by side",
        "",
        "In bold what is not the paper's: a choice, not a fault.",
        "",
        f"| convention | the paper's | {' | '.join(map(escape, table.names))} |",
        "|---|---|" + "---|" * len(table.names),
    ]
    for row in table.rows:
        cells = [
            "–" if choice is None else "the same" if choice.paper is None else f"**{escape(choice.value)}**"
            for choice in row.choices
        ]
        lines.append(f"| {escape(row.name)} | {escape(row.paper)} | {' | '.join(cells)} |")
    if table.alike:
        lines += ["", f"The paper's in all of them: {escape(', '.join(table.alike))}."]
    return [*lines, ""]


def _details(column: Column) -> Lines:
    lines = [f"## {escape(column.name)}", ""]
    if column.report is None:
        return [*lines, f"{escape(column.headline)}: {escape(column.problem or '')}", ""]
    report, run = column.report, column.report.run
    lines += [
        f"**{escape(column.headline)}**: {escape(report.equivalence.because)}",
        "",
        f"{escape(report.reconciled())}. The whole: [{escape(column.slug)}/summary.md]({column.slug}/summary.md).",
        "",
        *(f"> {escape(warning)}\n" for warning in report.warnings),
    ]
    found = failures(report)
    lines += [*tell_failures(found, f"{column.slug}/"), tell_blocked(found, run)]
    lines += [
        f"- departs by design from {escape(claim)}: {escape(reason)}"
        for claim, reason in run.departures.items()
    ]
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    lines += [
        "",
        f"ganirl {escape(run.ganirl)}, claim set {escape(run.claim_set)}, {escape(run.profile)} profile, seed "
        f"{run.seed}, {escape(run.device)}, started {escape(run.started)}; {escape(versions)}. Again:",
        "",
        code_block(reproduce(report)),
        "",
    ]
    return lines
