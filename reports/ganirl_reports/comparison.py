"""Many reports as one matrix, claims × implementations, for every renderer alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.metadata import entry_points
from typing import Literal, get_args

from ganirl.claims import CLAIMS
from ganirl_properties.report import VERDICT_NAMES, Report, Verdict, VerdictName

from .looks import LOOKS, equivalence_symbol, headline, is_by_design, number
from .tabulation import ClaimRow, called, catalogued, tabulate, told_together

Outcome = Literal["passed", "failed", "interrupted", "nothing_verified", "not_run"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Standing = Literal[
    "holds", "conditional", "by design", "undecided", "fails", "fails in consequence", "not shown"
]
STANDINGS: tuple[Standing, ...] = get_args(Standing)
_STANDING: dict[VerdictName, Standing] = {
    "satisfied": "holds",
    "conditional": "conditional",
    "waived": "by design",
    "inconclusive": "undecided",
    "violated": "fails",
    "blocked": "fails in consequence",
    "error": "fails",
    "not_addressed": "not shown",
}

# What a program runs on, as against what is verified.
_GROUND = {"python", "numpy", "scipy", "torch", "jax", "jaxlib", "tensorflow", "mpmath", "python-flint"}


@dataclass(frozen=True)
class Entry:
    """What became of one operand: a report, or the sentence that says why there is none.

    Attributes
    ----------
    target : the words that name it on the command line, or the target of a saved report
    report : what was found
    problem : why there is no report; None if there is one
    """

    target: str
    report: Report | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Remark:
    """One thing that an implementation gets wrong, or does otherwise, in words, and the claims in which it shows."""

    words: str
    claims: tuple[str, ...]
    verdict: VerdictName


@dataclass(frozen=True)
class Column:
    """One implementation of the matrix.

    Attributes
    ----------
    name : what headings call it, unlike every other column's
    slug : the same for anchors and folders, of letters, digits and ``_.@+-``
    target, report, problem : as in `Entry`
    """

    name: str
    slug: str
    target: str
    report: Report | None
    problem: str | None

    @property
    def outcome(self) -> Outcome:
        """Whether its gate passed, or why that cannot be said."""
        if self.report is None:
            return "not_run"
        if self.report.run.interrupted:
            return "interrupted"
        if self.report.verified == 0:
            return "nothing_verified"
        return "failed" if self.report.failed else "passed"

    @property
    def release(self) -> str:
        """Return the library and its version, ``imitation 1.0.1``; empty if the report names none."""
        return release(self.report) if self.report else ""

    @property
    def subtitle(self) -> str:
        """Return the release, unless the name has its version already, ``imitation-airl@1.0.1``, and what runs it."""
        of = self.release
        known = (of and of in self.name) or self.name.endswith(f"@{of.rpartition(' ')[2]}")
        again = "" if self.report is None or self.name.startswith(self.target) else self.target
        return ", ".join(each for each in ("" if known else of, again) if each)

    @property
    def by_design(self) -> bool:
        """Whether it is not the paper's algorithm, and nobody says that it is."""
        return self.report is not None and is_by_design(self.report)

    @property
    def headline(self) -> str:
        """Return the equivalence in a line, ``✗ GAN ≠ IRL: not equivalent``."""
        if self.report is None:
            return "! not run"
        return f"{equivalence_symbol(self.report)} {headline(self.report)}"

    @property
    def faults(self) -> tuple[Remark, ...]:
        """What it gets wrong; what only follows from that is left out."""
        return tuple(_faults(self.report)) if self.report else ()

    @property
    def provisos(self) -> tuple[Remark, ...]:
        """What it does otherwise by design, then what holds under a condition alone."""
        if self.report is None:
            return ()
        conditional = {
            row.id: row.speaker.message for row in self.rows.values() if row.gravest == "conditional"
        }
        by_design = told_together(self.report.run.departures)
        return (
            *(Remark(reason, claims, "waived") for claims, reason in by_design),
            *(Remark(condition, claims, "conditional") for claims, condition in told_together(conditional)),
        )

    @property
    def cases(self) -> int:
        """Cases that its claims were judged on, all formats together."""
        return sum(verdict.cases for verdict in self.report.verdicts) if self.report else 0

    @cached_property
    def rows(self) -> dict[str, ClaimRow]:
        """Its verdicts, claim by claim."""
        return {row.id: row for row in tabulate(self.report).rows} if self.report else {}


@dataclass(frozen=True)
class Row:
    """One claim of the matrix: a cell for each implementation that was run, None where it was not planned."""

    id: str
    title: str
    cells: tuple[ClaimRow | None, ...]

    @property
    def shown(self) -> int:
        """In how many implementations it can be observed, or is said to differ by design."""
        return sum(standing(cell) != "not shown" for cell in self.cells)

    @property
    def tells_apart(self) -> bool:
        """Whether implementations that show it stand differently."""
        return len({standing(cell) for cell in self.cells} - {"not shown"}) > 1


@dataclass(frozen=True)
class Comparison:
    """Implementations side by side.

    Attributes
    ----------
    ganirl : the version that compared
    started, seconds : ISO date and wall time of the whole
    interrupted : whether Ctrl-C came before all were done
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    ganirl: str
    started: str
    seconds: float
    interrupted: bool = False
    schema: str = field(default="https://ganirl.dev/schema/comparison-1.json")

    @property
    def judged(self) -> tuple[Column, ...]:
        """The columns that have a report: those of the matrix."""
        return tuple(column for column in self.columns if column.report)

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How many implementations passed, failed, and so on."""
        counts = Counter(column.outcome for column in self.columns)
        return {name: counts[name] for name in OUTCOMES}

    @property
    def summary(self) -> dict[str, int]:
        """Count of each verdict over all reports; ``planned`` equals the sum of the rest."""
        reports = [column.report for column in self.judged if column.report]
        return {name: sum(each.summary[name] for each in reports) for name in ("planned", *VERDICT_NAMES)}

    @property
    def shown(self) -> tuple[Row, ...]:
        """Rows that at least one implementation shows."""
        return tuple(row for row in self.rows if row.shown)

    @property
    def hidden(self) -> tuple[Row, ...]:
        """Rows that none shows."""
        return tuple(row for row in self.rows if not row.shown)

    @property
    def telling(self) -> tuple[Row, ...]:
        """Rows that tell the implementations apart."""
        return tuple(row for row in self.rows if row.tells_apart)

    def standings(self, row: Row) -> Iterator[tuple[Standing, tuple[tuple[Column, ClaimRow], ...]]]:
        """Yield who stands how in a claim, without those that do not show it."""
        for name in STANDINGS[:-1]:
            found = tuple(
                (column, cell)
                for column, cell in zip(self.judged, row.cells, strict=True)
                if cell is not None and standing(cell) == name
            )
            if found:
                yield name, found

    @property
    def title(self) -> str:
        """Return ``3 implementations compared``."""
        return f"{self._counted} compared"

    @property
    def _counted(self) -> str:
        return f"{len(self.columns)} implementation{'s' * (len(self.columns) != 1)}"

    def reconciled(self) -> str:
        """Return the last line: implementations by outcome, and rows by verdict, each a sum that is right."""
        outcomes, summary = self.outcomes, self.summary
        columns = " + ".join(f"{n} {name.replace('_', ' ')}" for name, n in outcomes.items() if n)
        rows = " + ".join(
            f"{summary[name]} {name.replace('_', ' ')}" for name in VERDICT_NAMES if summary[name]
        )
        return f"{self._counted} = {columns or '0'}; planned {summary['planned']} = {rows or '0'}"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know before two columns are held against each other."""
        runs = {column.name: column.report.run for column in self.columns if column.report}
        found = []
        for name in ("profile", "seed", "device", "claim_set", "ganirl"):
            values = {str(getattr(run, name)) for run in runs.values()}
            if len(values) > 1:
                told = ", ".join(f"{key} {getattr(run, name)}" for key, run in runs.items())
                found.append(f"They were not run alike: {name.replace('_', ' ')} of {told}.")
        if unknown := [row.id for row in self.rows if catalogued(row.id) is None]:
            found.append(
                f"Of another version, and not in the catalogue of ganirl {self.ganirl}: {', '.join(unknown)}."
            )
        if self.interrupted:
            found.append("Interrupted: what was not finished is inconclusive, or was not run.")
        return tuple(found)


def standing(cell: ClaimRow | None) -> Standing:
    """How an implementation stands in a claim, its formats together."""
    return "not shown" if cell is None else _STANDING[cell.gravest]


def in_words(
    name: Standing, found: Sequence[tuple[Column, ClaimRow]]
) -> tuple[tuple[str, tuple[Column, ...]], ...]:
    """Return (words, columns) of those that stand alike in a claim: what fails is told, those alike together."""
    groups: dict[str, list[Column]] = {}
    for column, cell in found:
        groups.setdefault(words(cell.speaker) if name == "fails" else "", []).append(column)
    return tuple((sentence, tuple(columns)) for sentence, columns in groups.items())


def compare(
    entries: Sequence[Entry], *, ganirl: str, started: str, seconds: float, interrupted: bool = False
) -> Comparison:
    """Put what was found side by side, in the order that is given."""
    columns = tuple(_columns(entries))
    order = {claim.id: place for place, claim in enumerate(CLAIMS)}
    found = {identifier for column in columns for identifier in column.rows}
    rows = []
    for identifier in sorted(found, key=lambda each: (order.get(each, len(order)), each)):
        entry = catalogued(identifier)
        cells = tuple(column.rows.get(identifier) for column in columns if column.report)
        rows.append(Row(identifier, entry.title if entry else identifier, cells))
    return Comparison(columns, tuple(rows), ganirl, started, seconds, interrupted)


def release(report: Report) -> str:
    """Return the library that was verified and its version, ``imitation 1.0.1``; empty if none is named."""
    versions = report.run.versions
    own = [name for name in versions if name.lower() not in _GROUND]
    named = [name for name in own if name.lower() in report.run.target.lower()]
    built_in = report.run.target.partition("@")[0] in _targets_of_ganirl()
    ours = [f"ganirl {report.run.ganirl}"] if built_in else []
    return next(iter([*(f"{name} {versions[name]}" for name in (*named, *own)), *ours]), "")


@lru_cache(maxsize=1)
def _targets_of_ganirl() -> frozenset[str]:
    """Names of the built-in targets; those that wrap a library name its version in their reports."""
    points = entry_points(group="ganirl.targets")
    return frozenset(point.name for point in points if point.value.startswith("ganirl_"))


def _columns(entries: Sequence[Entry]) -> Iterator[Column]:
    """Give each a name of its own: with the version where that tells two apart, with a number where nothing does."""
    wanted = Counter(entry.target for entry in entries)
    names_of = [called(entry.report.run) if entry.report else entry.target for entry in entries]
    targets: dict[str, set[str]] = {}
    for entry, told in zip(entries, names_of, strict=True):
        targets.setdefault(told, set()).add(entry.target)
    releases = Counter((entry.target, release(entry.report)) for entry in entries if entry.report)
    names: set[str] = set()
    slugs: set[str] = set()
    for entry, told in zip(entries, names_of, strict=True):
        of = release(entry.report) if entry.report else ""
        # Two targets of one name are told apart by what runs them.
        name = told if len(targets[told]) == 1 else entry.target
        if wanted[entry.target] > 1 and of and releases[entry.target, of] == 1:
            name = f"{name} ({of})"
        name = _unlike(name, names, " ({})")
        # Two names that differ in case alone would be one folder on some systems.
        slug = re.sub(r"[^A-Za-z0-9_.@+-]+", "-", name).strip("-.") or "target"
        slug = _unlike(slug, slugs, "-{}", str.lower)
        yield Column(name, slug, entry.target, entry.report, entry.problem)


def _unlike(name: str, taken: set[str], form: str, fold: Callable[[str], str] = str) -> str:
    candidate, number = name, 1
    while fold(candidate) in taken:
        number += 1
        candidate = name + form.format(number)
    taken.add(fold(candidate))
    return candidate


def _faults(report: Report) -> Iterator[Remark]:
    claims: dict[tuple[VerdictName, str], dict[str, None]] = {}
    for verdict in report.verdicts:
        if verdict.verdict in ("violated", "error"):
            claims.setdefault((verdict.verdict, words(verdict)), {})[verdict.claim] = None
    for (name, sentence), found in sorted(claims.items(), key=lambda item: item[0][0] != "violated"):
        yield Remark(sentence, tuple(found), name)


def words(verdict: Verdict) -> str:
    """Name what is wrong: the known formula, or what the verdict says."""
    if verdict.diagnosis is not None and verdict.diagnosis.formula != "unknown":
        return verdict.diagnosis.title
    return verdict.message or verdict.evidence


def exit_code(comparison: Comparison) -> int:
    """0 if every gate passed; 1 if one failed or was not run; 2 if none could be run; 5 if nothing was verified."""
    outcomes = {column.outcome for column in comparison.columns}
    if comparison.interrupted or "interrupted" in outcomes:
        return 130
    if outcomes == {"not_run"}:
        return 2
    if outcomes & {"failed", "not_run"}:
        return 1
    return 5 if outcomes == {"nothing_verified"} else 0


def told(cell: ClaimRow) -> str:
    """Say a cell in a sentence: the verdict of each format, the worst error, the cases."""
    formats: dict[str, list[str]] = {}
    for verdict in cell.present:
        formats.setdefault(LOOKS[verdict.verdict].word, []).append(verdict.dtype)
    parts = [f"{word} in {', '.join(dict.fromkeys(names))}" for word, names in formats.items()]
    if cell.worst is not None:
        parts.append(f"worst error {number(cell.worst.ratio, 2)} of what is allowed")
    if cases := sum(verdict.cases for verdict in cell.present):
        parts.append(f"{cases:,} cases")
    return "; ".join(parts)


def only_in(cell: ClaimRow) -> str:
    """Return the formats that the gravest verdict is in, where others say otherwise; else nothing."""
    grave = [verdict.dtype for verdict in cell.present if verdict.verdict == cell.gravest]
    return "" if len(grave) == len(cell.present) else ", ".join(dict.fromkeys(grave))
