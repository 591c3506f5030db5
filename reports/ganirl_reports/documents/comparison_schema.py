"""The shape of ``comparison.json``: every report whole, and the matrix that follows from them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ganirl_properties.report import VERDICT_NAMES, VerdictName
from ganirl_reports.comparison import OUTCOMES, Outcome

from .schema import Count, Number, Part, ReportDocument, SummaryDocument

COMPARISON_SCHEMA = "https://ganirl.dev/schema/comparison-1.json"
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9_@+][A-Za-z0-9_.@+-]*$")]


class RemarkDocument(Part):
    """One thing that an implementation gets wrong, or does otherwise, in words, and the claims in which it shows."""

    words: str
    claims: list[str]
    verdict: VerdictName


class ImplementationDocument(Part):
    """A column: how it went, what is wrong with it, and its report; or the problem, where there is no report."""

    name: str
    slug: Slug
    target: str
    outcome: Outcome
    release: str
    headline: str
    faults: list[RemarkDocument]
    provisos: list[RemarkDocument]
    cases: Count
    problem: str | None = None
    report: ReportDocument | None = None

    @model_validator(mode="after")
    def _has_a_report_or_a_problem(self) -> ImplementationDocument:
        if (self.report is None) == (self.problem is None):
            raise PydanticCustomError("unreconciled", "it should have a report or a problem, one of them")
        if (self.report is None) != (self.outcome == "not_run"):
            raise PydanticCustomError("unreconciled", "it should have a report unless it was not run")
        return self


class CellsDocument(Part):
    """A row: the gravest verdict of a claim in each report, by slug; null where it was not planned."""

    claim: str
    title: str
    family: str
    tells_apart: bool
    cells: dict[str, VerdictName | None]


class OutcomesDocument(Part):
    """How many implementations there are, and how many have each outcome; the first is the sum of the rest."""

    implementations: Count
    passed: Count
    failed: Count
    interrupted: Count
    nothing_verified: Count
    not_run: Count


class ComparisonDocument(Part):
    """Implementations side by side."""

    schema_: Literal["https://ganirl.dev/schema/comparison-1.json"] = Field(alias="schema")
    ganirl: str
    started: str
    seconds: Number
    interrupted: bool
    notes: list[str]
    outcomes: OutcomesDocument
    summary: SummaryDocument
    implementations: list[ImplementationDocument]
    matrix: list[CellsDocument]

    @model_validator(mode="after")
    def _reconciles(self) -> ComparisonDocument:
        found = [each.outcome for each in self.implementations]
        for name, counted in (
            ("implementations", len(found)),
            *((name, found.count(name)) for name in OUTCOMES),
        ):
            _agree(f"implementations {name}", getattr(self.outcomes, name), counted)
        reports = [each.report for each in self.implementations if each.report is not None]
        for verdict in ("planned", *VERDICT_NAMES):
            counted = sum(getattr(report.summary, verdict) for report in reports)
            _agree(f"rows {verdict}", getattr(self.summary, verdict), counted)
        judged = {each.slug for each in self.implementations if each.report is not None}
        if len({each.slug for each in self.implementations}) < len(found):
            raise PydanticCustomError("unreconciled", "no two implementations should have one slug")
        if any(set(row.cells) != judged for row in self.matrix):
            raise PydanticCustomError("unreconciled", "the matrix should have a column for each report")
        return self


def _agree(what: str, claimed: int, counted: int) -> None:
    if claimed != counted:
        raise PydanticCustomError(
            "unreconciled",
            "it says {claimed} {what}, but there are {counted}",
            {"what": what, "claimed": claimed, "counted": counted},
        )
