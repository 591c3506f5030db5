"""The shape of ``power.json``: what was caught by what, and that the numbers add up."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ganirl_reports.documents.schema import Count, Number, Part

POWER_SCHEMA = "https://ganirl.dev/schema/power-1.json"


class RunDocument(Part):
    """How it was measured."""

    ganirl: str
    profile: str
    cases_per_setting: Count
    seeds: list[Count]
    only: list[str] | None
    alarm_cases: Count
    jobs: Count
    started: str
    seconds: Number
    versions: dict[str, str]
    interrupted: bool
    command: str


class PowerSummaryDocument(Part):
    """wrong_formulas is the sum of killed, survivors and not_judged; killed and diagnosed are under every seed."""

    wrong_formulas: Count
    killed: Count
    survivors: Count
    proved_equivalent: Count
    not_judged: Count
    diagnosed: Count
    right_variants: Count
    false_alarms: Count


class SpreadDocument(Part):
    """A median and the worst."""

    median: Number
    worst: Number


class FirstKillDocument(Part):
    """How soon a formula is caught, over all formulas and seeds."""

    cases: SpreadDocument
    seconds: SpreadDocument


class ColumnDocument(Part):
    """A claim."""

    id: str
    title: str


class RowDocument(Part):
    """A wrong formula. Lists have one value a seed.

    ``cells`` has a list for each claim that its code shows: the number of cases until it was caught, or null.
    """

    id: str
    title: str
    theme: str
    seen: str
    dtype: str
    expected: list[str]
    killed: bool
    equivalent: str | None
    diagnosed: bool
    names: list[str | None]
    first_kill_cases: list[Count | None]
    first_kill_seconds: list[Number | None]
    counterexample_rows: list[Annotated[list[Count], Field(min_length=2, max_length=2)] | None]
    cells: dict[str, list[Count | None]]


class MatrixDocument(Part):
    """Wrong formulas × claims."""

    claims: list[ColumnDocument]
    formulas: list[RowDocument]


class MissedDocument(Part):
    """Claims that were expected to catch a formula, and do not under every seed."""

    formula: str
    claims: list[str]


class LuckDocument(Part):
    """A claim that catches a formula under some seeds, these, and not under the others."""

    formula: str
    claim: str
    seeds: list[Count]


class RoundingDocument(Part):
    """A claim that holds of a formula, and failed it by digits alone under these seeds; ``because`` says why."""

    formula: str
    claim: str
    seeds: list[Count]
    because: str


class UnsoundDocument(Part):
    """A check that fails the right formula beside which wrong ones are judged: a false alarm."""

    claim: str
    check: str
    dtype: str
    seed: Count


class AlarmDocument(Part):
    """A claim that failed something right; ``data`` are the bytes of the case in hexadecimal, where it has any."""

    claim: str
    check: str
    seed: Count
    data: str | None
    said: str


class VariantDocument(Part):
    """An implementation that is right and looks odd, in one format."""

    id: str
    title: str
    framework: str
    dtype: str
    cases: Count
    alarms: list[AlarmDocument]


class AlarmsDocument(Part):
    """All implementations that are right, and what failed them.

    A case counts once for each variant that was judged on it; ``drawn`` are those that differ. Seconds are the
    processors'.
    """

    cases: Count
    drawn: Count
    seeds: list[Count]
    seconds: Number
    variants: list[VariantDocument]


class PowerDocument(Part):
    """The verifier's own power."""

    schema_: Literal["https://ganirl.dev/schema/power-1.json"] = Field(alias="schema")
    run: RunDocument
    summary: PowerSummaryDocument
    passed: bool
    first_kill: FirstKillDocument
    counterexample_rows: SpreadDocument
    smallest_killing_set: list[str]
    sole_killers: dict[str, list[str]]
    unexpected: list[MissedDocument]
    luck: list[LuckDocument]
    # Not by a factory, which some releases of pydantic put into the schema and some do not.
    by_rounding: list[RoundingDocument] = Field(default=[])
    unsound: list[UnsoundDocument]
    right: AlarmsDocument | None
    matrix: MatrixDocument

    @model_validator(mode="after")
    def _reconciles(self) -> PowerDocument:
        rows, summary = self.matrix.formulas, self.summary
        alarms = sum(len(each.alarms) for each in self.right.variants) if self.right else 0
        for what, claimed, counted in (
            ("wrong formulas", summary.wrong_formulas - summary.not_judged, len(rows)),
            ("killed", summary.killed, sum(row.killed for row in rows)),
            ("survivors", summary.survivors, sum(not row.killed for row in rows)),
            ("diagnosed", summary.diagnosed, sum(row.diagnosed for row in rows)),
            (
                "right variants",
                summary.right_variants,
                len({each.id for each in self.right.variants}) if self.right else 0,
            ),
            ("false alarms", summary.false_alarms, alarms + len(self.unsound)),
        ):
            if claimed != counted:
                raise PydanticCustomError(
                    "unreconciled",
                    "it says {claimed} {what}, but there are {counted}",
                    {"what": what, "claimed": claimed, "counted": counted},
                )
        columns = {column.id for column in self.matrix.claims}
        if any(not row.cells.keys() <= columns for row in rows):
            raise PydanticCustomError("unreconciled", "every cell should stand in a column of the matrix")
        return self
