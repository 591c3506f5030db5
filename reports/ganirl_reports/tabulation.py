"""A report as a table, one row a claim and one column a dtype (and device), for every renderer alike."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ganirl import OBSERVABLES
from ganirl.claims import CLAIMS, Claim, claim
from ganirl.conventions import SAMPLING, Conventions
from ganirl.implementation import UNNAMED
from ganirl.process_conventions import ProcessConventions
from ganirl_properties.report import FAILING, Report, Run, Verdict, VerdictName, Worst

from .looks import gravest


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
    """A claim that fails alike in one format or more: the first row speaks, the others are named.

    Attributes
    ----------
    lead, others : its rows
    conventions : of the run, which say what the axes of arrays are
    """

    lead: Verdict
    others: tuple[Verdict, ...]
    conventions: Mapping[str, Any]

    @property
    def rows(self) -> tuple[Verdict, ...]:
        """All rows."""
        return self.lead, *self.others

    @property
    def where(self) -> str:
        """Where it fails: ``float64 on cpu, also float32``."""
        lead = f"{self.lead.dtype} on {self.lead.device}"
        return f"{lead}, also {self.also}" if self.also else lead

    def in_its_formats(self, run: Run) -> str:
        """Where it fails, at the end of a sentence; empty where the run has one format, which goes without saying."""
        return f", in {self.where}" if len(run.dtypes) > 1 else ""

    @property
    def also(self) -> str:
        """Where else it fails: ``float32, bfloat16``; empty if nowhere."""
        return ", ".join(
            other.dtype if other.device == self.lead.device else f"{other.dtype} on {other.device}"
            for other in self.others
        )


def what_worst_is(report: Report) -> str:
    """Explain the column of that name."""
    if any(verdict.counterexample for verdict in report.verdicts):
        rest = "; a counterexample is a smaller case, with a ratio of its own"
    else:
        rest = ""
    return f"worst: error / allowed error, of all cases; above 1 is a violation{rest}"


# What is shown by a counterexample is told before what could not be judged.
_TOLD: tuple[VerdictName, ...] = ("violated", "error", "blocked", "inconclusive")


def failures(report: Report) -> tuple[Failure, ...]:
    """Return what fails the gate, claim by claim, what is violated first."""
    groups: dict[tuple[str, str], list[Verdict]] = {}
    failed = [verdict for verdict in report.verdicts if verdict.verdict in FAILING]
    for verdict in sorted(failed, key=lambda verdict: _TOLD.index(verdict.verdict)):
        groups.setdefault((verdict.claim, verdict.verdict), []).append(verdict)
    return tuple(Failure(rows[0], tuple(rows[1:]), report.run.conventions) for rows in groups.values())


# "discriminator_logit raised RuntimeError: …": whatever was asked for, one mistake is the reason.
_ASKED = re.compile(rf"((?:differentiating )?(?:{'|'.join(OBSERVABLES)})) (?=raised |returned )")


@dataclass(frozen=True)
class Sentence:
    """What several claims that could not be judged have in common: one reason, said once."""

    rows: tuple[Verdict, ...]

    @property
    def message(self) -> str:
        """The sentence, with all that was asked for: ``discriminator_logit and log_q raised RuntimeError: …``."""
        asked = [found[1] for row in self.rows if (found := _ASKED.match(row.message))]
        if not asked:
            return self.rows[0].message
        *others, last = dict.fromkeys(asked)
        subject = f"{', '.join(others)} and {last}" if others else last
        return f"{subject} {_reason(self.rows[0].message)}"

    @property
    def verdict(self) -> VerdictName:
        """``"error"`` or ``"inconclusive"``."""
        return self.rows[0].verdict

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids, in order."""
        return tuple(dict.fromkeys(row.claim for row in self.rows))

    @property
    def formats(self) -> tuple[str, ...]:
        """Where, ``float32``; with the device where there are several."""
        one = len({row.device for row in self.rows}) == 1
        return tuple(dict.fromkeys(row.dtype if one else f"{row.dtype} on {row.device}" for row in self.rows))


def _reason(message: str) -> str:
    return _ASKED.sub("", message, count=1)


def told_apart(found: Iterable[Failure]) -> tuple[Failure | Sentence, ...]:
    """Put rows of several claims that fail for one reason under it, at the place of the first of them.

    A counterexample and an echo are always told by themselves; so is a reason of a single claim.
    """
    found = tuple(found)
    shared: dict[tuple[str, str], list[Verdict]] = {}
    for failure in found:
        for row in failure.rows if _is_unjudged(failure) else ():
            shared.setdefault((row.verdict, _reason(row.message)), []).append(row)
    several = {
        key: Sentence(tuple(rows)) for key, rows in shared.items() if len({row.claim for row in rows}) > 1
    }
    told: dict[int, Failure | Sentence] = {}
    for failure in found:
        alone = []
        for row in failure.rows:
            sentence = several.get((row.verdict, _reason(row.message))) if _is_unjudged(failure) else None
            if sentence is None:
                alone.append(row)
            else:
                told.setdefault(id(sentence), sentence)
        if alone:
            rest = replace(failure, lead=alone[0], others=tuple(alone[1:]))
            told[id(rest)] = rest
    return tuple(told.values())


def _is_unjudged(failure: Failure) -> bool:
    return failure.lead.verdict in ("error", "inconclusive") and all(
        row.counterexample is None for row in failure.rows
    )


def called(run: Run) -> str:
    """Return what headings call a target: the name that it gives itself, where that is not in the target's words."""
    unnamed = run.name in ("", UNNAMED) or run.target.startswith(run.name)
    return run.target if unnamed else run.name


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
    paper |= {name: getattr(Conventions(), name) for name in SAMPLING}
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
        return ", ".join(map(str, value)) or "none"
    return str(value).replace("_", " ")
