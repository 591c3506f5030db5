"""A comparison on a terminal: a line an implementation, the matrix, what tells them apart, the reckoning."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ganirl_reports.comparison import Column, Comparison, in_words
from ganirl_reports.looks import LOOKS, equivalence_style, number
from ganirl_reports.tabulation import ClaimRow


def print_comparison(comparison: Comparison, out: Console, written: Path | None = None) -> None:
    """Print a comparison; its last line reconciles implementations and rows."""
    for note in comparison.notes:
        out.print(Text.assemble(("note: ", "yellow"), note))
    if comparison.notes:
        out.print()
    for column in comparison.columns:
        _print_column(column, out)
    if comparison.judged:
        _print_matrix(comparison, out)
    for row in comparison.telling:
        out.print(Text.assemble((row.id, "bold"), f" {row.title}"))
        for name, found in comparison.standings(row):
            names = "; ".join(
                ", ".join(column.name for column in those) + (f": {sentence}" if sentence else "")
                for sentence, those in in_words(name, found)
            )
            style = LOOKS[found[0][1].gravest].style
            out.print(Text.assemble((f"   {name}: ", style), names))
    if comparison.telling:
        out.print()
    if written is not None:
        out.print(
            Text.assemble(("comparison  ", "dim"), str(written / "comparison.html")),
            soft_wrap=True,
        )
    out.print(Text(comparison.reconciled(), style="bold"), soft_wrap=True)


def _print_column(column: Column, out: Console) -> None:
    of = f" ({column.subtitle})" if column.subtitle else ""
    heading = Text.assemble((column.name, "bold cyan"), of, "  ", (column.headline, _style(column)))
    if column.report is None:
        out.print(heading)
        out.print(Text(f"   {column.problem}"))
        return
    run = column.report.run
    heading.append(f"  {', '.join(run.dtypes)}, {column.cases:,} cases, {number(run.seconds)} s", style="dim")
    out.print(heading)
    for remark in (*column.faults, *column.provisos):
        look = LOOKS[remark.verdict]
        out.print(Text.assemble((f"   {look.symbol} {', '.join(remark.claims)}: ", look.style), remark.words))


def _style(column: Column) -> str:
    if column.report is None:
        return LOOKS["error"].style
    return equivalence_style(column.report)


def _print_matrix(comparison: Comparison, out: Console) -> None:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("claim", style="bold", no_wrap=True)
    grid.add_column("", min_width=16)
    for column in comparison.judged:
        grid.add_column(column.name, justify="center", overflow="fold")
    telling = comparison.telling
    for row in comparison.shown:
        style = "" if row in telling else "dim"
        grid.add_row(Text(row.id), Text(row.title, style=style), *map(_cell, row.cells))
    out.print(grid)
    present = {cell.gravest for row in comparison.rows for cell in row.cells if cell}
    legend = [f"{look.symbol} {look.word}" for name, look in LOOKS.items() if name in present]
    out.print(Text("   ".join([*legend, "– not planned"]), style="dim"))
    if comparison.hidden:
        hidden = ", ".join(row.id for row in comparison.hidden)
        out.print(Text(f"none of them shows {len(comparison.hidden)} more: {hidden}", style="dim"))
    out.print()


def _cell(cell: ClaimRow | None) -> Text:
    if cell is None:
        return Text("–", style="dim")
    look = LOOKS[cell.gravest]
    return Text(look.symbol, style=look.style)
