"""A report as a table, one row a claim and one column a dtype (and device), for every renderer alike."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ganirl.claims import CLAIMS, Claim, claim
from ganirl.conventions import Conventions
from ganirl.process_conventions import ProcessConventions
from ganirl_properties.report import FAILING, Report, Run, Verdict, VerdictName, Worst

from .looks import SEVERITY, gravest


@dataclass(frozen=True)
class ClaimRow:
    """One claim of a report.

    Attributes
    ----------
    id, title : of the claim
    claim : its entry in the catalogue; None if this version's catalogue lacks it
    verdicts : one for each column of the table, None where it was not planned
    """

    id: str
    title: str
    claim: Claim | None
    verdicts: tuple[Verdict | None, ...]

    @property
    def present(self) -> tuple[Verdict, ...]:
        """The verdicts that there are."""
        return tuple(verdict for verdict in self.verdicts if verdict is not None)

    @property
    def gravest(self) -> VerdictName:
        """The verdict that speaks for the claim."""
        return gravest(self.present)

    @property
    def speaker(self) -> Verdict:
        """The first row with the gravest verdict."""
        return next(verdict for verdict in self.present if verdict.verdict == self.gravest)

    @property
    def worst(self) -> Worst | None:
        """The largest ratio among the claim's rows; NaN is larger than any number."""
        candidates = [verdict.worst for verdict in self.present if verdict.worst is not None]
        return max(candidates, key=lambda worst: (worst.ratio != worst.ratio, worst.ratio), default=None)


@dataclass(frozen=True)
class Table:
    """Columns are (dtype, device) pairs; headings leave the device out where there is only one."""

    columns: tuple[tuple[str, str], ...]
    headings: tuple[str, ...]
    rows: tuple[ClaimRow, ...]


def tabulate(report: Report) -> Table:
    """Arrange the verdicts of a report, in the order in which they are given."""
    columns = tuple(dict.fromkeys((verdict.dtype, verdict.device) for verdict in report.verdicts))
    devices = {device for _, device in columns}
    headings = tuple(dtype if len(devices) == 1 else f"{dtype} {device}" for dtype, device in columns)
    cells = {(verdict.claim, verdict.dtype, verdict.device): verdict for verdict in report.verdicts}
    rows = []
    for identifier in dict.fromkeys(verdict.claim for verdict in report.verdicts):
        entry = catalogued(identifier)
        verdicts = tuple(cells.get((identifier, *column)) for column in columns)
        rows.append(ClaimRow(identifier, entry.title if entry else identifier, entry, verdicts))
    return Table(columns, headings, tuple(rows))


def catalogued(identifier: str) -> Claim | None:
    """Return a claim of the catalogue, or None: a report may come from another version of it."""
    try:
        return claim(identifier)
    except LookupError:
        return None


@dataclass(frozen=True)
class Failure:
    """A claim that fails alike in one format or more: the first row speaks, the others are named."""

    lead: Verdict
    others: tuple[Verdict, ...]

    @property
    def rows(self) -> tuple[Verdict, ...]:
        """All rows."""
        return self.lead, *self.others

    @property
    def also(self) -> str:
        """Where else it fails: ``float32, bfloat16``; empty if nowhere."""
        return ", ".join(
            other.dtype if other.device == self.lead.device else f"{other.dtype} on {other.device}"
            for other in self.others
        )


def failures(report: Report) -> tuple[Failure, ...]:
    """Return what fails the gate, claim by claim, the gravest verdict first."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in sorted(report.verdicts, key=lambda verdict: SEVERITY.index(verdict.verdict)):
        if verdict.verdict in FAILING:
            groups.setdefault((verdict.claim, verdict.verdict), []).append(verdict)
    return tuple(Failure(rows[0], tuple(rows[1:])) for rows in groups.values())


@dataclass(frozen=True)
class Sentence:
    """What several claims that could not be judged have in common: one message, said once."""

    failures: tuple[Failure, ...]

    @property
    def message(self) -> str:
        """The sentence."""
        return self.failures[0].lead.message

    @property
    def verdict(self) -> VerdictName:
        """``"error"`` or ``"inconclusive"``."""
        return self.failures[0].lead.verdict

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids, in order."""
        return tuple(failure.lead.claim for failure in self.failures)

    @property
    def formats(self) -> tuple[str, ...]:
        """Where, ``float32``; with the device where there are several."""
        rows = [row for failure in self.failures for row in failure.rows]
        one = len({row.device for row in rows}) == 1
        return tuple(dict.fromkeys(row.dtype if one else f"{row.dtype} on {row.device}" for row in rows))


def told_apart(found: Iterable[Failure]) -> tuple[Failure | Sentence, ...]:
    """Put the claims that fail by one message and nothing else under it, at the place of the first of them.

    A counterexample and an echo are always told by themselves; so is a message of a single claim.
    """
    shared: dict[tuple[str, str], list[Failure]] = {}
    for failure in found:
        lead = failure.lead
        alike = {row.message for row in failure.rows} == {lead.message}
        if lead.verdict in ("error", "inconclusive") and lead.counterexample is None and alike:
            shared.setdefault((lead.verdict, lead.message), []).append(failure)
    several = {key: Sentence(tuple(group)) for key, group in shared.items() if len(group) > 1}
    order: dict[int, Failure | Sentence] = {}
    for failure in found:
        group = several.get((failure.lead.verdict, failure.lead.message))
        told = group if group is not None and failure in group.failures else failure
        order.setdefault(id(told), told)
    return tuple(order.values())


def reproduce(report: Report) -> str:
    """Return the command that runs this report again, or the call if the target was given as an object."""
    run = report.run
    claims = _selected(report)
    if any(character.isspace() for character in run.target) and not run.target.startswith("exec:"):
        chosen = f", claims={claims!r}" if claims else ""
        return (
            f"verify(implementation{chosen}, profile={run.profile!r}, device={run.device!r}, "
            f"dtypes={list(run.dtypes)!r}, seed={run.seed})"
        )
    words = ["ganirl", "verify", run.target]
    if run.isolated:
        words += ["--isolated", *(word for each in run.requirements for word in ("--with", each))]
    if claims:
        words += ["--claims", ",".join(claims)]
    words += ["--profile", run.profile, "--device", run.device]
    if run.dtypes:
        words += ["--dtype", ",".join(run.dtypes)]
    return shlex.join([*words, "--seed", str(run.seed)])


def _selected(report: Report) -> list[str]:
    """Return the claims that the report has, or nothing if it has all that could have been planned."""
    present = list(dict.fromkeys(verdict.claim for verdict in report.verdicts))
    unit = report.run.conventions.get("unit", "trajectory")
    plannable = {
        each.id for each in CLAIMS if each.shows_in(unit) and set(each.dtypes) & set(report.run.dtypes)
    }
    return [] if plannable <= set(present) else present


def told_together(departures: Mapping[str, str]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return (claims, reason), claims under the shortest reason where the others only add to it."""
    groups: list[tuple[list[str], str]] = []
    for claim_id, reason in departures.items():
        for index, (claims, told) in enumerate(groups):
            if reason == told or (told and reason and (reason.startswith(told) or told.startswith(reason))):
                groups[index] = [*claims, claim_id], min(told, reason, key=len)
                break
        else:
            groups.append(([claim_id], reason))
    return tuple((tuple(claims), reason) for claims, reason in groups)


@dataclass(frozen=True)
class Choice:
    """One declared convention, and the paper's where they differ."""

    name: str
    value: str
    paper: str | None


# A tabular solver of the paper's own model, p_θ ∝ h e^{−c}, for T steps and without a discount.
_PAPER_OF_PROCESS = Conventions(unit="process", process=ProcessConventions(entropy="trajectory"))


def choices(run: Run) -> tuple[Choice, ...]:
    """Return the declared conventions, each with the paper's own choice where it is another."""
    paper = (_PAPER_OF_PROCESS if run.conventions.get("unit") == "process" else Conventions()).declared()
    return tuple(
        Choice(
            name.replace("_", " "),
            _in_words(value),
            _in_words(paper[name]) if name in paper and not _same(value, paper[name]) else None,
        )
        for name, value in run.conventions.items()
    )


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, list | tuple) and isinstance(other, list | tuple):
        return list(value) == list(other)
    return bool(value == other)


def _in_words(value: Any) -> str:
    if value is None:
        return "any"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).replace("_", " ")
