"""The conventions of several implementations beside those of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .comparison import Column
from .tabulation import Choice, choices


@dataclass(frozen=True)
class ConventionRow:
    """One convention: the paper's choice and each implementation's; None where a report lacks it."""

    name: str
    paper: str
    choices: tuple[Choice | None, ...]


@dataclass(frozen=True)
class ConventionTable:
    """The conventions in which not all are the paper's, and the names of the others."""

    names: tuple[str, ...]
    rows: tuple[ConventionRow, ...]
    alike: tuple[str, ...]


def conventions_side_by_side(columns: Sequence[Column]) -> ConventionTable:
    """Return what each implementation declares of its own choice."""
    declared = {
        column.name: {choice.name: choice for choice in choices(column.report.run)}
        for column in columns
        if column.report
    }
    rows, alike = [], []
    for name in dict.fromkeys(name for each in declared.values() for name in each):
        row = tuple(each.get(name) for each in declared.values())
        paper = next((choice.paper for choice in row if choice and choice.paper is not None), None)
        if paper is None:
            alike.append(name)
        else:
            rows.append(ConventionRow(name, paper, row))
    return ConventionTable(tuple(declared), tuple(rows), tuple(alike))
