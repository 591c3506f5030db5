"""``ganirl claims``: the catalogue, or one claim whole, with its derivation."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ganirl_reports.console import console, print_json

if TYPE_CHECKING:
    from ganirl_reports.matrix import Entry
    from ganirl_symbolic import Derivation

EXAMPLES = """\b
Examples:
  ganirl claims
  ganirl claims C2
  ganirl claims 'C*' --format markdown
"""

WIDE = 100
FLOORS = ("derivation", "enumeration", "property", "torch")


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
def claims(identifier: str | None, form: str) -> int:
    """Print the catalogue of claims, or one claim whole, with its derivation and where it is tested."""
    from ganirl.claims import select
    from ganirl_reports.matrix import matrix

    try:
        chosen = select(None if identifier is None else [identifier])
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from None
    entries = matrix(chosen)
    whole = identifier is not None
    if form == "json":
        print_json({"claims": [_document(entry, whole) for entry in entries]})
    elif form == "markdown":
        sys.stdout.write(_markdown(entries, whole))
    elif whole:
        for entry in entries:
            _print_whole(entry)
    else:
        _print_catalogue(entries)
    return 0


def _derived(identifier: str) -> Derivation | None:
    from ganirl_symbolic.catalogue import derivation

    try:
        return derivation(identifier)
    except KeyError:
        return None


def _document(entry: Entry, whole: bool) -> dict[str, Any]:
    document = entry.document()
    derived = _derived(entry.id) if whole else None
    if derived is not None:
        document["steps"] = [{"text": step.text, "latex": step.latex} for step in derived.steps]
        document["twins"] = [{"name": twin.name, "broken": twin.broken} for twin in derived.twins]
    return document


def _print_catalogue(entries: tuple[Entry, ...]) -> None:
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
        ("proved", ""),
        ("tested", ""),
        ("source", "dim"),
    ):
        grid.add_column(heading, style=style, no_wrap=heading in unbroken)
    for entry in entries:
        grid.add_row(
            Text(entry.id),
            Text(entry.title),
            str(entry.tier),
            "-" if entry.derivation.startswith("none") else "✓",
            "theory" if not entry.observables else "✓",
            Text(entry.citation),
        )
    out.print(grid)
    tested = sum(bool(entry.observables) for entry in entries)
    out.print(
        f"{len(entries)} claims = {tested} tested + {len(entries) - tested} theory; "
        "ganirl claims ID tells one whole"
    )


def _print_whole(entry: Entry) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from ganirl_reports.documents import unicode_math

    out = console()
    out.print(Text.assemble((f"{entry.id}  {entry.title}", "bold")))
    out.print(Padding(Text(unicode_math.formula(entry.statement), style="cyan"), (1, 2)))
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    for name, text in _facts(entry):
        facts.add_row(name, Text(unicode_math.prose(text)))
    out.print(facts)
    derived = _derived(entry.id)
    for index, step in enumerate(derived.steps if derived else (), 1):
        out.print()
        out.print(Text(f"{index}. {step.text}"))
        if step.latex:
            out.print(Padding(Text(unicode_math.formula(step.latex), style="cyan"), (0, 4)))
    out.print()


def _facts(entry: Entry) -> list[tuple[str, str]]:
    facts = [("source", entry.citation), ("tier", str(entry.tier))]
    facts += [("provided that", text) for text in entry.preconditions]
    if entry.requires:
        facts.append(("builds on", ", ".join(entry.requires)))
    if entry.observables:
        facts.append(("reads", " and ".join(each.replace(" | ", " or ") for each in entry.observables)))
    return facts + [(floor, getattr(entry, floor)) for floor in FLOORS]


def _markdown(entries: tuple[Entry, ...], whole: bool) -> str:
    if not whole:
        lines = ["| claim | | tier | source |", "|---|---|---|---|"]
        lines += [f"| {entry.id} | {entry.title} | {entry.tier} | {entry.citation} |" for entry in entries]
        return "\n".join(lines) + "\n"
    return "\n".join(_markdown_whole(entry) for entry in entries)


def _markdown_whole(entry: Entry) -> str:
    lines = [f"## {entry.id} {entry.title}", "", "```math", entry.statement, "```", ""]
    lines += [f"- **{name}**: {text}" for name, text in _facts(entry)]
    derived = _derived(entry.id)
    for index, step in enumerate(derived.steps if derived else (), 1):
        lines += ["", f"{index}. {step.text}", ""]
        lines += ["```math", step.latex, "```"] if step.latex else []
    return "\n".join([*lines, ""])
