"""``power.md``: the kill matrix for a reader of Markdown."""

from __future__ import annotations

from statistics import median

from ganirl_properties.power.outcome import Row
from ganirl_reports.documents.markdown_document import code_block, escape
from ganirl_reports.looks import number

from .measured import Measured, cell, tellings

Lines = list[str]


def to_markdown(measured: Measured, figure: str | None = None) -> str:
    """Return the whole; ``figure`` is the name of its file, where there is one."""
    power = measured.power
    lines = [f"# {measured.title}", "", f"**{escape(measured.headline)}.**", ""]
    if measured.run.interrupted:
        lines += ["> It was interrupted: what was not come to is not judged.", ""]
    if figure is not None:
        lines += [f"![Wrong formulas and claims]({figure})", ""]
    lines += [f"- {escape(name)}: {escape(value)}" for name, value in measured.facts]
    lines += ["", f"**{escape(measured.reconciled())}**", "", *_themes(measured)]
    for heading, said in tellings(measured).items():
        lines += [f"## {heading}", "", *(f"- `{name}` {escape(words)}" for name, words in said), ""]
    lines += _right(measured)
    for theme, rows in power.themes.items():
        lines += _matrix(theme, rows, measured)
    lines += ["## How it was measured", "", escape(measured.how) + ". Again:", ""]
    return "\n".join([*lines, code_block(measured.again), ""])


def _themes(measured: Measured) -> Lines:
    lines = [
        "| theme | wrong formulas | killed | named | median cases to the first kill | claims that catch some |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for theme, rows in measured.power.themes.items():
        cases = [each.cases for row in rows for each in row.caught if each.killed]
        by = [claim for claim in measured.claims if any(claim in row.killers for row in rows)]
        lines.append(
            f"| {escape(theme)} | {len(rows)} | {sum(row.killed for row in rows)} | "
            f"{sum(row.diagnosed for row in rows)} | {number(median(cases)) if cases else '–'} | {', '.join(by)} |"
        )
    return [*lines, ""]


def _right(measured: Measured) -> Lines:
    alarms = measured.power.alarms
    if alarms is None:
        return []
    lines = [
        "## Right implementations that look odd",
        "",
        f"{measured.power.right_variants} of them, {alarms.cases:,} cases, seeds {', '.join(map(str, alarms.seeds))}.",
        "",
        "| implementation | framework | dtype | cases | false alarms |",
        "|---|---|---|---:|---:|",
    ]
    for each in alarms.variants:
        lines.append(
            f"| {escape(each.title)} (`{each.id}`) | {each.framework} | {each.dtype} | {each.cases:,} | "
            f"{len(each.alarms)} |"
        )
    return [*lines, ""]


def _matrix(theme: str, rows: tuple[Row, ...], measured: Measured) -> Lines:
    """Return formulas × claims; columns that say nothing of a theme are left out."""
    claims = [claim for claim in measured.shown if any(_words(row, claim) for row in rows)]
    lines = [
        f"## {theme[:1].upper()}{theme[1:]}",
        "",
        "A number is how many cases it takes until the claim catches the formula, under the slowest seed; "
        "· is a claim that its code does not show.",
        "",
        f"| formula | {' | '.join(claims)} | called |",
        f"|---|{':-:|' * len(claims)}---|",
    ]
    for row in rows:
        cells = " | ".join(_words(row, claim, blank="·") for claim in claims)
        called = "its name" if row.diagnosed else ", ".join(row.misnamed) or "no known formula"
        lines.append(f"| `{row.id}` {escape(row.formula.title)} | {cells} | {escape(called)} |")
    return [*lines, ""]


def _words(row: Row, claim: str, blank: str = "") -> str:
    found = cell(row, claim)
    return blank if found is None else found.words
