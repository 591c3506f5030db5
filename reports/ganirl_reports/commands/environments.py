"""``ganirl environments``: what ``--isolated`` has built and kept, how large it is, and how to be rid of it."""

# What builds environments is imported when the command runs: `ganirl --help` should not wait for it.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import click

from ganirl_reports.console import console, print_json
from ganirl_reports.settings import split

if TYPE_CHECKING:
    from ganirl_reports.isolation import Environment


@click.command(
    epilog="""\b
Examples:
  ganirl environments
  ganirl environments --remove 'imitation-*'
  ganirl environments --remove '*'

They lie in the user's cache folder; GANIRL_CACHE names another. They are built again when they are needed.
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

    found = isolation.environments()
    if remove is not None:
        found = _matching(found, remove)
    rows = [(each, isolation.size_of(each)) for each in found]
    for each in found if remove is not None else ():
        isolation.remove(each)
    _print(rows, form, removed=remove is not None)
    return 0


def _matching(found: tuple[Environment, ...], patterns: str) -> tuple[Environment, ...]:
    from ganirl_properties import UsageError

    chosen: dict[str, Environment] = {}
    for pattern in split(patterns):
        matching = {each.folder.name: each for each in found if fnmatchcase(each.folder.name, pattern)}
        if not matching:
            names = ", ".join(each.folder.name for each in found)
            raise UsageError(
                f"no environment is called {pattern!r}; {f'there are {names}' if names else 'there is none'}"
            )
        chosen |= matching
    if not chosen:
        raise UsageError("--remove names nothing; '*' is all")
    return tuple(chosen.values())


def _print(rows: list[tuple[Environment, int]], form: str, *, removed: bool) -> None:
    if form == "json":
        print_json(
            {
                "environments": [
                    {
                        "name": each.folder.name,
                        "for": each.name,
                        "bytes": size,
                        "built": each.built,
                        "folder": str(each.folder),
                        "packages": dict(each.packages),
                        "removed": removed,
                    }
                    for each, size in rows
                ]
            }
        )
    elif form == "markdown":
        lines = ["| environment | for | size | built |", "|---|---|---:|---|"]
        lines += [
            f"| `{each.folder.name}` | {each.name} | {_size(size)} | {each.built} |" for each, size in rows
        ]
        sys.stdout.write("\n".join(lines) + "\n")
    else:
        _print_pretty(rows, removed=removed)


def _print_pretty(rows: list[tuple[Environment, int]], *, removed: bool) -> None:
    out = console()
    width = max((len(each.folder.name) for each, _ in rows), default=0)
    for each, size in rows:
        what = "removed" if removed else f"built {each.built}  {each.folder}"
        out.print(f"{each.folder.name:<{width}}  {_size(size):>8}  {what}", soft_wrap=True)
    total = _size(sum(size for _, size in rows))
    out.print(f"{len(rows)} environment{'' if len(rows) == 1 else 's'}, {total}", soft_wrap=True)


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
