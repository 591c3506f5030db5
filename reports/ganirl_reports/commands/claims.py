"""``ganirl claims``: the catalogue, or one claim whole, with its derivation."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ganirl_reports.console import console, print_json

if TYPE_CHECKING:
    from ganirl.enumeration.worked import WorkedNumber
    from ganirl_reports.matrix import Entry, Glance
    from ganirl_symbolic import Derivation, Step

EXAMPLES = """\b
Examples:
  ganirl claims
  ganirl claims C2
  ganirl claims C2 --catches
  ganirl claims 'C*' --format markdown
"""

WIDE = 100
# So many wrong formulas are named; of more there is a count.
NAMED = 3
FLOORS = ("derivation", "enumeration", "property", "torch")
MARKS = ("proved", "enumerated", "property", "torch")
COLUMNS = (
    ("proved", "derivation"),
    ("enumerated", "enumeration"),
    ("property", "property"),
    ("torch", "torch"),
)


@click.command(epilog=EXAMPLES)
@click.argument("identifier", metavar="[ID]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json", "markdown"]),
    default="pretty",
    show_default=True,
    help="What to print.",
)
@click.option(
    "--catches",
    "every",
    is_flag=True,
    help="Name every wrong formula that the claim catches, not the first alone.",
)
def claims(identifier: str | None, form: str, every: bool) -> int:
    """Print the catalogue of claims, or one claim whole: derivation, wrong formulas, a worked number."""
    from ganirl.claims import select
    from ganirl_reports.matrix import glance, matrix

    try:
        chosen = select(None if identifier is None else [identifier])
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from None
    whole = identifier is not None
    if every and not whole:
        raise click.UsageError("--catches is of a claim; name one, or a pattern: ganirl claims E3 --catches")
    if form == "pretty" and not whole:
        _print_catalogue(glance(chosen))
        return 0
    entries = matrix(chosen)
    if form == "json":
        print_json({"claims": [_document(entry, whole) for entry in entries]})
    elif form == "markdown":
        sys.stdout.write(_markdown(entries, whole))
    else:
        for entry in entries:
            _print_whole(entry, every)
    return 0


def _derived(identifier: str) -> Derivation | None:
    from ganirl_symbolic.catalogue import derivation

    try:
        return derivation(identifier)
    except KeyError:
        return None


def _document(entry: Entry, whole: bool) -> dict[str, Any]:
    document = entry.document()
    if not whole:
        return document
    derived = _derived(entry.id)
    if derived is not None:
        document["steps"] = [{"text": step.text, "latex": step.latex} for step in _steps(derived)]
        document["twins"] = [{"name": twin.name, "broken": twin.broken} for twin in derived.twins]
    worked = _worked(entry.id)
    if worked is not None:
        document["worked_number"] = asdict(worked)
    return document


def _steps(derived: Derivation) -> tuple[Step, ...]:
    """Return the derivation, and what of it holds on continuous spaces."""
    from ganirl_symbolic.continuous import continuous_steps

    return (*derived.steps, *continuous_steps(derived))


def _carried(derived: Derivation | None) -> tuple[str, ...]:
    """Names of what holds on continuous spaces, too."""
    from ganirl_symbolic.continuous import carried_over

    return tuple(statement.name for statement in carried_over(derived)) if derived else ()


def _worked(identifier: str) -> WorkedNumber | None:
    from ganirl.enumeration.worked import worked_number

    return worked_number(identifier)


def _in_numbers(identifier: str) -> str | None:
    """Return a worked number as a sentence."""
    found = _worked(identifier)
    if found is None:
        return None
    points = f"{found.points} points" if found.points != 1 else "one point"
    quantity = f"{found.quantity}: " if found.quantity else ""
    size = max(abs(found.left), abs(found.right), abs(found.twin))
    left, right, twin = (_to_rounding(each, size) for each in (found.left, found.right, found.twin))
    return (
        f"{quantity}{left} = {right}, by two routes, on the instance {found.instance} ({points}); "
        f"broken ({found.broken}): {twin}"
    )


def _to_rounding(value: float, size: float) -> str:
    """Write a number with six digits; what is only rounding, beside the others, is 0."""
    from ganirl_reports.looks import number

    return "0" if abs(value) <= 1e-12 * size else number(value, 6)


def _print_catalogue(rows: tuple[Glance, ...]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    unbroken = ("claim", "tier", "") if out.width >= WIDE else ("claim", "tier")
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, style in (
        ("claim", "bold"),
        ("", ""),
        ("tier", ""),
        *((mark, "") for mark in MARKS),
        ("needs", ""),
    ):
        grid.add_column(heading, style=style, no_wrap=heading in unbroken)
    for row in rows:
        grid.add_row(
            Text(row.claim.id),
            Text(row.claim.title),
            str(row.claim.tier),
            *("✓" if getattr(row, mark) else "-" for mark in MARKS),
            "theory" if row.claim.theory else "code",
        )
    out.print(grid)
    tested = sum(not row.claim.theory for row in rows)
    out.print(
        f"{len(rows)} claims = {tested} tested + {len(rows) - tested} theory; ganirl claims ID tells one whole"
    )


def _print_whole(entry: Entry, every: bool) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from ganirl_reports.documents import unicode_math
    from ganirl_reports.legend import legend

    out = console()
    out.print(Text.assemble((f"{entry.id}  {entry.title}", "bold")))
    out.print(Padding(Text(unicode_math.formula(entry.statement), style="cyan"), (1, 2)))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    caught = _titles(entry.catches)
    folded = not every and len(caught) > NAMED + 1
    for name, text in _facts(entry):
        facts.add_row(name, Text(unicode_math.prose(text)))
    if folded:
        some = f"{'; '.join(caught[:NAMED])}; and {len(caught) - NAMED} more"
        facts.add_row("catches", Text(f"{some}: ganirl claims {entry.id} --catches"))
    elif caught and not every:
        facts.add_row("catches", Text("; ".join(caught)))
    out.print(facts)
    derived = _derived(entry.id)
    steps = derived.steps if derived else ()
    out.print()
    symbols = Table.grid(padding=(0, 2))
    for symbol, meaning in legend(
        " ".join((entry.statement, *entry.preconditions, *(s.latex for s in steps)))
    ):
        symbols.add_row(Text("  " + unicode_math.formula(symbol), style="cyan"), Text(meaning, style="dim"))
    out.print(symbols)
    for index, step in enumerate(steps, 1):
        out.print()
        out.print(Text(f"{index}. {step.text}"))
        if step.latex:
            out.print(Padding(Text(unicode_math.formula(step.latex), style="cyan"), (0, 4)))
    carried = _carried(derived)
    if carried:
        out.print()
        out.print(Text(f"On continuous spaces, integrals in place of sums: {'; '.join(carried)}."))
    if every and caught:
        out.print()
        out.print(Text(f"It catches {len(caught)} wrong formula{'s' if len(caught) > 1 else ''}:"))
        for title in caught:
            out.print(Padding(Text(f"- {title}"), (0, 2)))
    out.print()


def _facts(entry: Entry) -> list[tuple[str, str]]:
    """Return what there is to know in a line each, what an author asks first at the top."""
    facts = [("provided that", text) for text in entry.preconditions]
    facts += [("needs", entry.needs), ("source", entry.citation), ("tier", str(entry.tier))]
    if entry.requires:
        facts.append(("builds on", ", ".join(entry.requires)))
    worked = _in_numbers(entry.id)
    if worked is not None:
        facts.append(("in numbers", worked))
    computed = _computed(entry.id)
    if computed:
        facts.append(("computed by", ", ".join(computed)))
    return facts + [(floor, getattr(entry, floor)) for floor in FLOORS]


def _titles(formulas: tuple[str, ...]) -> tuple[str, ...]:
    from ganirl_properties.wrong_formulas import WRONG_FORMULAS
    from ganirl_properties.wrong_formulas.process_formulas import PROCESS_FORMULAS

    titles = {formula.id: formula.title for formula in WRONG_FORMULAS}
    titles |= {formula.id: formula.title for formula in PROCESS_FORMULAS}
    return tuple(f"{titles[each]} ({each})" for each in formulas)


def _computed(identifier: str) -> tuple[str, ...]:
    from ganirl_symbolic.computed import computed_by

    return computed_by(identifier)


def _markdown(entries: tuple[Entry, ...], whole: bool) -> str:
    if not whole:
        headings = ["claim", "", "tier", "source", *(heading for heading, _ in COLUMNS), "needs"]
        lines = [f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
        lines += [f"| {' | '.join(_markdown_row(entry))} |" for entry in entries]
        return "\n".join(lines) + "\n"
    return "\n".join(_markdown_whole(entry) for entry in entries)


def _markdown_row(entry: Entry) -> list[str]:
    cells = [entry.id, entry.title, str(entry.tier), entry.citation]
    cells += [getattr(entry, floor) for _, floor in COLUMNS]
    return [cell.replace("|", "\\|") for cell in (*cells, entry.needs)]


def _markdown_whole(entry: Entry) -> str:
    lines = [f"## {entry.id} {entry.title}", "", "```math", entry.statement, "```", ""]
    lines += [f"- **{name}**: {text}" for name, text in _facts(entry)]
    derived = _derived(entry.id)
    for index, step in enumerate(_steps(derived) if derived else (), 1):
        lines += ["", f"{index}. {step.text}", ""]
        lines += ["```math", step.latex, "```"] if step.latex else []
    if entry.catches:
        lines += ["", "It catches", "", *(f"- {title}" for title in _titles(entry.catches))]
    return "\n".join([*lines, ""])
