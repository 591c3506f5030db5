"""The shape of ``report.json`` and of a saved counterexample: pydantic models and committed JSON Schemas.

``python -m ganirl_reports.documents.schemas`` writes the schemas again after a change here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from ganirl import Conventions, ProcessConventions, __version__
from ganirl.claims import CLAIM_SET, CLAIMS
from ganirl.conventions import SAMPLING
from ganirl_properties import report as data
from ganirl_properties.report import VERDICT_NAMES, VerdictName

REPORT_SCHEMA = "https://ganirl.dev/schema/report-1.json"
COUNTEREXAMPLE_SCHEMA = "https://ganirl.dev/schema/counterexample-1.json"
NON_FINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def _read_number(value: Any) -> Any:
    if isinstance(value, str):
        if value not in NON_FINITE:
            raise PydanticCustomError("number", 'should be a number, "NaN", "Infinity" or "-Infinity"')
        return NON_FINITE[value]
    return value


Number = Annotated[
    float,
    BeforeValidator(_read_number),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"enum": list(NON_FINITE)}]}),
]
# These become parts of file names, so they hold no path separator and no leading dot.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")]
Count = Annotated[int, Field(ge=0)]


class Part(BaseModel):
    """A part of a document: nothing unknown in it, and nothing of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class WorstDocument(Part):
    """The comparison that came nearest to, or went farthest beyond, what is allowed."""

    error: Number
    bound: Number
    ratio: Number


class DiagnosisDocument(Part):
    """The known wrong formula that gives the implementation's numbers."""

    formula: str
    title: str
    sentence: str
    cases: Count


Pair = Annotated[list[Number], Field(min_length=2, max_length=2)]


class DrawsDocument(Part):
    """What was drawn to contradict an expectation, and what a replay is to find."""

    drawn: str
    count: Annotated[int, Field(ge=1)]
    first_seed: Annotated[int, Field(ge=0, lt=2**31)]
    standard_error: Number
    interval: Pair
    range: Pair
    alpha: Annotated[float, Field(gt=0, lt=1)]
    beta: Annotated[float, Field(gt=0, lt=1)]
    effect: Annotated[float, Field(gt=0)]
    approximation: Number | None = None
    stakes: Count = 0
    smaller: Count = 0

    def frozen(self) -> data.Draws:
        """Return the frozen statement that this document holds."""
        fields = dict(self)
        for name in ("interval", "range"):
            fields[name] = (fields[name][0], fields[name][1])
        return data.Draws(**fields)


class CounterexampleDocument(Part):
    """The smallest case found on which the claim fails."""

    claim: Name
    check: str
    observable: str
    let: str
    then: str
    however: str
    got: Number
    expected: Number
    bound: Number
    allowed: Number
    case: dict[str, Any]
    setting: str
    rows: Annotated[list[Count], Field(min_length=2, max_length=2)]
    component: list[Count] = []
    draws: DrawsDocument | None = None

    @model_validator(mode="after")
    def _names_its_precision(self) -> CounterexampleDocument:
        precision = self.case.get("precision")
        if not isinstance(precision, str) or not precision.isidentifier():
            raise PydanticCustomError("precision", 'case should name its "precision", such as "float32"')
        return self


class SamplingDocument(Part):
    """What sequential tests promised and took: of one row, or of the whole run."""

    alpha: Number
    beta: Number
    effect: Number
    tests: Count
    draws: Count
    approximate: Count = 0
    approximation: Number = 0.0
    family: Number = 0.0

    def frozen(self) -> data.Sampling:
        """Return the frozen statement that this document holds."""
        return data.Sampling(**dict(self))


class VerdictDocument(Part):
    """One claim judged in one dtype on one device."""

    claim: Name
    dtype: Name
    device: str
    verdict: VerdictName
    evidence: str
    cases: Count
    worst: WorstDocument | None = None
    diagnosis: DiagnosisDocument | None = None
    counterexample: CounterexampleDocument | None = None
    blocked_by: str | None = None
    message: str
    sampling: SamplingDocument | None = None


class EquivalenceDocument(Part):
    """Which sides of the theorem the implementation has, and whether they are the same."""

    sides: list[str]
    verdict: Literal["equivalent", "not equivalent", "one side only", "undecided"]
    because: str


class RunDocument(Part):
    """What was run, on what, when."""

    ganirl: str
    claim_set: str
    target: str
    conventions: dict[str, Any]
    departures: dict[str, str]
    observables: list[str]
    profile: str
    seed: int
    device: str
    dtypes: list[Name]
    versions: dict[str, str]
    started: str
    seconds: Number
    interrupted: bool = False
    certify: bool = False
    isolated: bool = False
    requirements: list[str] = []
    framework: str = ""
    name: str = ""
    lanes: Count = 0
    sampling: SamplingDocument | None = None


class SummaryDocument(Part):
    """How many rows were planned, and how many have each verdict; planned equals the sum of the rest."""

    planned: Count
    satisfied: Count
    violated: Count
    conditional: Count
    inconclusive: Count
    not_addressed: Count
    blocked: Count
    error: Count
    waived: Count

    @model_validator(mode="after")
    def _reconciles(self) -> SummaryDocument:
        total = sum(getattr(self, name) for name in VERDICT_NAMES)
        if self.planned != total:
            raise PydanticCustomError(
                "unreconciled",
                "planned {planned} is not the sum of the verdicts, {total}",
                {"planned": self.planned, "total": total},
            )
        return self


class ReportDocument(Part):
    """The outcome of a verification."""

    schema_: Literal["https://ganirl.dev/schema/report-1.json"] = Field(alias="schema")
    run: RunDocument
    verdicts: list[VerdictDocument]
    equivalence: EquivalenceDocument
    summary: SummaryDocument
    warnings: list[str] = []

    @model_validator(mode="after")
    def _rows_are_counted_once(self) -> ReportDocument:
        rows = [(row.claim, row.dtype, row.device) for row in self.verdicts]
        if twice := sorted({" ".join(row) for row in rows if rows.count(row) > 1}):
            raise PydanticCustomError("unreconciled", "{row} has more than one verdict", {"row": twice[0]})
        for name in VERDICT_NAMES:
            claimed = getattr(self.summary, name)
            counted = sum(row.verdict == name for row in self.verdicts)
            if claimed != counted:
                raise PydanticCustomError(
                    "unreconciled",
                    "summary says {claimed} {name}, but {counted} rows are",
                    {"claimed": claimed, "name": name, "counted": counted},
                )
        return self

    @model_validator(mode="after")
    def _names_what_there_is(self) -> ReportDocument:
        # Another version may know others: such a report is shown as it is, and a comparison says so.
        if (self.run.ganirl, self.run.claim_set) == (__version__, CLAIM_SET):
            known = {claim.id for claim in CLAIMS}
            try:
                for row in self.verdicts:
                    if row.claim not in known:
                        raise ValueError(f"there is no claim {row.claim!r}")
                _declared(self.run.conventions)
            except (TypeError, ValueError) as error:
                raise PydanticCustomError("unknown", "{error}", {"error": str(error)}) from None
        return self

    def report(self) -> data.Report:
        """Return the frozen report that this document holds."""
        run = self.run.model_dump()
        run["sampling"] = self.run.sampling.frozen() if self.run.sampling else None
        for name in ("observables", "dtypes", "requirements"):
            run[name] = tuple(run[name])
        run["conventions"] = {name: _frozen(value) for name, value in run["conventions"].items()}
        return data.Report(
            run=data.Run(**run),
            verdicts=tuple(verdict(row) for row in self.verdicts),
            equivalence=data.Equivalence(
                tuple(self.equivalence.sides), self.equivalence.verdict, self.equivalence.because
            ),
            schema=self.schema_,
            warnings=tuple(self.warnings),
        )


class SavedCounterexample(Part):
    """A file of ``counterexamples/``: enough to run the one case again. What older files lack has a default."""

    schema_: Literal["https://ganirl.dev/schema/counterexample-1.json"] = Field(alias="schema")
    ganirl: str
    claim_set: str = ""
    target: str
    isolated: bool = False
    requirements: list[str] = []
    framework: str = ""
    observables: list[str] = []
    versions: dict[str, str] = {}
    conventions: dict[str, Any]
    dtype: Name
    device: str
    seed: int
    diagnosis: DiagnosisDocument | None = None
    counterexample: CounterexampleDocument


def verdict(row: VerdictDocument) -> data.Verdict:
    """Return the frozen row that this document holds."""
    fields = dict(row)
    fields["worst"] = data.Worst(**row.worst.model_dump()) if row.worst else None
    fields["diagnosis"] = data.Diagnosis(**row.diagnosis.model_dump()) if row.diagnosis else None
    fields["counterexample"] = counterexample(row.counterexample) if row.counterexample else None
    fields["sampling"] = row.sampling.frozen() if row.sampling else None
    return data.Verdict(**fields)


def counterexample(document: CounterexampleDocument) -> data.Counterexample:
    """Return the frozen counterexample; strings that name non-finite numbers in its case become numbers."""
    fields = dict(document)
    fields["case"] = _with_numbers(document.case)
    fields["rows"] = (document.rows[0], document.rows[1])
    fields["component"] = tuple(document.component)
    fields["draws"] = document.draws.frozen() if document.draws else None
    return data.Counterexample(**fields)


def _declared(conventions: dict[str, Any]) -> Conventions:
    """Return the conventions that a report names.

    Raises
    ------
    TypeError, ValueError
        If there is none of a name, or what is chosen is none of its choices.
    """
    chosen = {name: _frozen(value) for name, value in conventions.items()}
    of_process = chosen.get("unit") == "process"
    known = Conventions(unit="process" if of_process else "trajectory").declared()
    for name in chosen:
        if name not in (*known, *SAMPLING):
            raise ValueError(f"there is no convention {name!r}")
    if not of_process:
        return Conventions(**chosen)
    own = {name: chosen.pop(name) for name in ("unit", "weights", "precisions", *SAMPLING) if name in chosen}
    return Conventions(**own, process=ProcessConventions(**chosen))


def _frozen(value: Any) -> Any:
    """Return a convention as it was declared: JSON has lists alone, a frozen `Conventions` tuples."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _with_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    return NON_FINITE.get(value, value) if isinstance(value, str) else value
