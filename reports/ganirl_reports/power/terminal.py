"""The power on a terminal: a line a theme, what is not as it should be, and the reckoning last."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ganirl_properties.power.outcome import Row
from ganirl_reports.looks import number

from .measured import Measured, tellings

# So many formulas are told one by one.
FEW = 40


def print_power(measured: Measured, out: Console, written: Path | None = None) -> None:
    """Print what was measured; its last line reconciles."""
    power = measured.power
    out.print(Text(f"{measured.headline}.", style="bold green" if power.passed else "bold red"))
    out.print()
    if len(power.rows) > FEW:
        out.print(_themes(measured))
    elif power.rows:
        out.print(_formulas(power.rows))
    for name, value in measured.facts:
        out.print(Text.assemble((f"{name}: ", "dim"), value))
    out.print()
    for heading, said in tellings(measured).items():
        out.print(Text(heading, style="bold cyan"))
        for name, words in said:
            out.print(Text.assemble(("   " + name, "bold"), f"  {words}"))
        out.print()
    if written is not None:
        out.print(Text.assemble(("report  ", "dim"), str(written / "power.html")), soft_wrap=True)
    out.print(Text(measured.reconciled(), style="bold"), soft_wrap=True)


def _themes(measured: Measured) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("theme", no_wrap=True)
    for heading in ("formulas", "killed", "named", "cases"):
        grid.add_column(heading, justify="right")
    grid.add_column("caught by (how many)")
    for theme, rows in measured.power.themes.items():
        cases = [each.cases for row in rows for each in row.caught if each.killed]
        by = {claim: sum(claim in row.killers for row in rows) for claim in measured.claims}
        grid.add_row(
            Text(theme),
            str(len(rows)),
            str(sum(row.killed for row in rows)),
            str(sum(row.diagnosed for row in rows)),
            number(median(cases)) if cases else "–",
            Text(" ".join(f"{claim}:{count}" for claim, count in by.items() if count), style="dim"),
        )
    return grid


def _formulas(rows: tuple[Row, ...]) -> Table:
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    grid.add_column("wrong formula", overflow="fold")
    grid.add_column("caught by (after so many cases)")
    grid.add_column("called", overflow="fold")
    for row in rows:
        slowest = {
            claim: max(cases for cases in row.cases_of(claim) if cases is not None) for claim in row.killers
        }
        by = " ".join(f"{claim}({cases})" for claim, cases in slowest.items())
        called = "its name" if row.diagnosed else ", ".join(row.misnamed) or "no known formula"
        grid.add_row(
            Text(row.id, style="bold"),
            Text(by or "nothing", style="" if row.killed else "bold red"),
            Text(called if row.killed else "", style="green" if row.diagnosed else "yellow"),
        )
    return grid
