"""``comparison.html``: the matrix of many implementations, one file that stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ganirl_properties.report import VerdictName
from ganirl_reports.comparison import (
    Column,
    Comparison,
    Row,
    Standing,
    in_words,
    only_in,
    told,
)
from ganirl_reports.counterexamples.scripts import scripts
from ganirl_reports.looks import LOOKS
from ganirl_reports.side_by_side import conventions_side_by_side
from ganirl_reports.tabulation import Failure, Sentence, failures, reproduce, told_apart

from .html_document import SIDES, environment, family

STANDING_TONES: dict[Standing, VerdictName] = {
    "holds": "satisfied",
    "conditional": "conditional",
    "by design": "waived",
    "undecided": "inconclusive",
    "fails": "violated",
    "fails in consequence": "blocked",
    "not shown": "not_addressed",
}


@dataclass(frozen=True)
class Shown:
    """A column as the page shows it."""

    column: Column

    def __getattr__(self, name: str) -> Any:
        return getattr(self.column, name)

    @property
    def release(self) -> str:
        """What stands below its name."""
        return self.column.subtitle

    @property
    def tone(self) -> str:
        """The class that colours it."""
        report = self.column.report
        if report is None:
            return "not-run"
        if self.column.by_design:
            return "waived"
        return f"is-{report.equivalence.verdict.replace(' ', '-')}"

    @property
    def failures(self) -> tuple[Failure | Sentence, ...]:
        """What failed in it, claims of one reason together."""
        return told_apart(failures(self.column.report)) if self.column.report else ()

    @property
    def scripts(self) -> Mapping[str, str]:
        """Its counterexamples as scripts, by their file names."""
        return scripts(self.column.report) if self.column.report else {}

    @property
    def again(self) -> str:
        """The command that runs it again."""
        return reproduce(self.column.report) if self.column.report else ""

    def link(self, claim: str) -> str:
        """Return the anchor of what is told of a claim: its counterexample, or its row among all."""
        return link(self.column, claim)


def link(column: Column, claim: str) -> str:
    """Return the anchor of what a page tells of a claim in an implementation."""
    row = column.rows.get(claim)
    if row is None:
        return column.slug
    speaker = row.speaker
    if column.report and any(speaker in failure.rows for failure in failures(column.report)):
        return f"{column.slug}-failure-{claim}-{speaker.dtype}-{speaker.device}"
    return f"{column.slug}-claim-{claim}"


def to_html(comparison: Comparison) -> str:
    """Return the whole page."""
    columns = [Shown(column) for column in comparison.columns]
    verdicts = {cell.gravest for row in comparison.rows for cell in row.cells if cell}
    return (
        environment()
        .get_template("comparison.html.j2")
        .render(
            comparison=comparison,
            columns=columns,
            judged=[column for column in columns if column.report],
            links={column.slug: _linker(column) for column in comparison.columns},
            families=_families(comparison.shown),
            conventions=conventions_side_by_side(comparison.columns),
            present=[name for name in LOOKS if name in verdicts],
            standing_tones=STANDING_TONES,
            sides=SIDES,
            looks=LOOKS,
            told=told,
            in_words=in_words,
            only_in=only_in,
        )
    )


def _linker(column: Column) -> Any:
    return lambda claim: link(column, claim)


def _families(rows: tuple[Row, ...]) -> list[tuple[str, list[Row]]]:
    return [(name, list(group)) for name, group in groupby(rows, key=lambda row: family(row.id))]
