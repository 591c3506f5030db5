"""``ganirl environments``: what ``--isolated`` has built and kept, how large it is, and how to be rid of it."""

# What builds environments is imported when the command runs: `ganirl --help` should not wait for it.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click

from ganirl_reports.console import console, print_json
from ganirl_reports.settings import split


@dataclass(frozen=True)
class _Row:
    """What is there, or was before it was removed; ``built`` is empty where a build did not come to its end."""

    folder: Path
    size: int
    made_for: str = ""
    built: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None
    being_built: bool = False

    @property
    def state(self) -> str:
        if self.built:
            return f"built {self.built}"
        return "being built" if self.being_built else "not built"


@click.command(
    epilog="""\b
Examples:
  ganirl environments
  ganirl environments --remove 'imitation-*'
  ganirl environments --remove '*'

They lie in the user's cache folder; GANIRL_CACHE names another. They are built again when they are needed.
A build that failed leaves its log, which is listed and removed like an environment.
"""
)
@click.option("--remove", metavar="NAMES", help="Remove those of these names or patterns.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json", "markdown"]),
    default="pretty",
    show_default=True,
    help="What to print.",
)
def environments(*, remove: str | None, form: str) -> int:
    """List the virtual environments that ganirl verify --isolated has built."""
    from ganirl_reports import isolation

    rows = [
        *(
            _Row(each.folder, isolation.size_of(each.folder), each.name, each.built, each.packages)
            for each in isolation.environments()
        ),
        *(
            _Row(each.folder, isolation.size_of(each.folder), log=each.log, being_built=each.being_built)
            for each in isolation.unfinished()
        ),
    ]
    if remove is not None:
        rows = _matching(rows, remove)
        for row in rows:
            isolation.remove(row.folder)
    _print(rows, form, removed=remove is not None)
    return 0


def _matching(rows: list[_Row], patterns: str) -> list[_Row]:
    chosen: dict[str, _Row] = {}
    for pattern in split(patterns):
        matching = {row.folder.name: row for row in rows if fnmatchcase(row.folder.name, pattern)}
        if not matching:
            names = ", ".join(row.folder.name for row in rows)
            raise click.UsageError(
                f"no environment is called {pattern!r}; {f'there are {names}' if names else 'there is none'}"
            )
        chosen |= matching
    if not chosen:
        raise click.UsageError("--remove names nothing; '*' is all")
    return list(chosen.values())


def _print(rows: list[_Row], form: str, *, removed: bool) -> None:
    if form == "json":
        print_json(_document(rows, removed=removed))
    elif form == "markdown":
        lines = ["| environment | for | size | built |", "|---|---|---:|---|"]
        lines += [
            f"| `{row.folder.name}` | {row.made_for} | {_size(row.size)} | {row.built or row.state} |"
            for row in rows
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        _print_pretty(rows, removed=removed)


def _document(rows: list[_Row], *, removed: bool) -> dict[str, Any]:
    whole, left = [], []
    for row in rows:
        each: dict[str, Any] = {"name": row.folder.name, "bytes": row.size, "folder": str(row.folder)}
        each["removed"] = removed
        if row.built:
            whole.append(each | {"for": row.made_for, "built": row.built, "packages": dict(row.packages)})
        else:
            log = None if row.log is None else str(row.log)
            left.append(each | {"log": log, "being_built": row.being_built})
    return {"environments": whole, "unfinished": left}


def _print_pretty(rows: list[_Row], *, removed: bool) -> None:
    out = console()
    width = max((len(row.folder.name) for row in rows), default=0)
    for row in rows:
        what = f"{row.state}  {row.folder}" if row.log is None else f"{row.state}; its log is {row.log}"
        what = "removed" if removed else what
        out.print(f"{row.folder.name:<{width}}  {_size(row.size):>8}  {what}", soft_wrap=True)
    left = sum(not row.built for row in rows)
    whole = len(rows) - left
    told = f"{whole} environment{'' if whole == 1 else 's'}{f' and {left} not built' if left else ''}"
    out.print(f"{told}, {_size(sum(row.size for row in rows))}", soft_wrap=True)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
