"""Right implementations before the checks: together on cases that they share, or by the verdict of a whole search."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from ganirl import PRECISIONS, Implementation
from ganirl.claims import Claim, select
from ganirl.framework import load_framework
from ganirl_properties.cases import SETTINGS, Setting
from ganirl_properties.checks import CHECKS, Check, View
from ganirl_properties.mending import mends
from ganirl_properties.observed import NotObservedError, ObservableError
from ganirl_properties.right_variants import RightVariant
from ganirl_properties.search import Failure, Finding, Search, judged

from .shared_truth import SharedView, shared


@dataclass(frozen=True)
class Alarm:
    """A check that failed what is right; `replayed` shows it again.

    Attributes
    ----------
    claim, check : what failed it
    seed : of the search
    data : the case's bytes; None for a case that the check makes itself
    said : the worst number, or the sentence of an adapter that raised
    """

    claim: str
    check: str
    seed: int
    data: bytes | None
    said: str


@dataclass(frozen=True)
class Task:
    """Variants that are judged on the same cases: of one framework, under the same conventions.

    Attributes
    ----------
    counts : of each variant, cases of each setting
    grids : whether checks that make their own cases are run, too
    """

    variants: tuple[RightVariant, ...]
    dtype: str
    counts: tuple[tuple[tuple[Setting, int], ...], ...]
    seed: int
    grids: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one variant in one task."""

    id: str
    cases: int
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True)
class Done:
    """What became of a task: its variants, the cases that were drawn for it, and seconds of a processor."""

    task: Task
    outcomes: tuple[Outcome, ...]
    drawn: int
    seconds: float


def _claims(implementation: Implementation, dtype: str) -> list[Claim]:
    unit = implementation.conventions.unit
    return [claim for claim in select(None) if claim.shows_in(unit) and dtype in claim.dtypes]


def checks_of(implementation: Implementation, dtype: str) -> tuple[Check, ...]:
    """Return the checks that an implementation could be failed by in a format."""
    claims = {claim.id for claim in _claims(implementation, dtype)}
    return tuple(
        check
        for check in CHECKS
        if check.claim in claims
        and check.suits(implementation.conventions.unit)
        and all(callable(getattr(implementation, name, None)) for name in check.observables)
    )


def _search(implementation: Implementation, framework: str, dtype: str, cases: int, seed: int) -> Search:
    return Search(implementation, load_framework(framework), PRECISIONS[dtype], "cpu", cases, seed)


def judge_task(task: Task) -> Done:
    """Judge every variant of a task."""
    started = time.process_time()
    variants = task.variants
    with load_framework(variants[0].framework).arithmetic(), np.errstate(all="ignore"):
        if variants[0].declared:
            outcomes, drawn = _together(variants, task)
        else:
            outcomes, drawn = _by_verdict(variants[0], task)
    return Done(task, tuple(outcomes), drawn, time.process_time() - started)


@dataclass
class _Judge:
    """One variant before the checks of one setting after the other."""

    variant: RightVariant
    dtype: str
    counts: dict[Setting, int]
    implementation: Implementation = field(init=False)
    checks: tuple[Check, ...] = field(init=False)
    cases: int = 0
    alarms: list[Alarm] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.implementation = self.variant.implementation()
        self.checks = checks_of(self.implementation, self.dtype)

    def look(self, checks: Iterable[Check], seed: int, data: bytes | None, shown: SharedView) -> None:
        """Run checks on a case."""
        view = shown.of(self.implementation)
        for check in checks:
            for said in islice(_said_of(check, view), 1):
                self.alarms.append(Alarm(check.claim, check.name, seed, data, said))


def _together(variants: Sequence[RightVariant], task: Task) -> tuple[list[Outcome], int]:
    judges = [
        _Judge(variant, task.dtype, dict(counts))
        for variant, counts in zip(variants, task.counts, strict=True)
    ]
    drawn = 0
    for setting in SETTINGS:
        most = max(judge.counts.get(setting, 0) for judge in judges)
        search = _search(judges[0].implementation, variants[0].framework, task.dtype, most, task.seed)
        for number, data in enumerate(search.drawn(setting)):
            view = shared(search.view(data, setting))
            drawn += 1
            for judge in judges:
                if number < judge.counts.get(setting, 0):
                    judge.cases += 1
                    judge.look(
                        (check for check in judge.checks if check.setting == setting), task.seed, data, view
                    )
    if task.grids:
        _grids(judges, task)
    return [Outcome(judge.variant.id, judge.cases, tuple(judge.alarms)) for judge in judges], drawn


def _grids(judges: Sequence[_Judge], task: Task) -> None:
    """Checks that make their own cases, from any case of a batch."""
    making = {check: None for judge in judges for check in judge.checks if check.instances is not None}
    search = _search(judges[0].implementation, judges[0].variant.framework, task.dtype, 1, task.seed)
    for check in making:
        assert check.instances is not None
        (data,) = search.drawn("batch")
        first = shared(search.view(data, "batch"))
        for shown in check.instances(first):
            assert isinstance(shown, SharedView)
            for judge in judges:
                if check in judge.checks:
                    judge.look((check,), task.seed, None, shown)


def _said_of(check: Check, view: View) -> Iterator[str]:
    try:
        for judgement in judged(check, view):
            if judgement is not None and judgement.failed:
                yield (
                    f"{judgement.comparison.observable}: {judgement.got!r} where {judgement.expected!r} was to be "
                    f"expected, {judgement.ratio:.3g} times what is allowed"
                )
    except NotObservedError:
        return
    except ObservableError as why:
        yield str(why)


# --- what is right up to a convention that was not declared ----------------------------------------------------


# 901 losses under every convention that is tried, one by one: elsewhere that takes longer than all the rest.
_GRID = "N1b"


def _by_verdict(variant: RightVariant, task: Task) -> tuple[list[Outcome], int]:
    (counts,) = task.counts
    implementation = variant.implementation()
    each = max(count for _, count in counts)
    search = _search(implementation, variant.framework, task.dtype, each, task.seed)
    claims = [
        claim.id
        for claim in _claims(implementation, task.dtype)
        if any(check.setting is not None for check in search.checks(claim.id))
        or (task.grids and (claim.id != _GRID or variant.framework == "numpy"))
    ]
    findings = {claim: search.examine(claim) for claim in claims}
    mended = mends(search, findings)
    alarms = [
        _alarm_of(finding, task.seed)
        for claim, finding in findings.items()
        if finding.error or (finding.violated and claim not in mended)
    ]
    cases = each * len(counts)
    return [Outcome(variant.id, cases, tuple(alarms))], cases


def _alarm_of(finding: Finding, seed: int) -> Alarm:
    if not finding.failures:
        return Alarm(finding.claim, "", seed, None, finding.error or "")
    worst: Failure = max(finding.failures, key=lambda failure: failure.judgement.ratio)
    said = f"no convention mends it; {worst.judgement.ratio:.3g} times what is allowed"
    return Alarm(finding.claim, worst.check.name, seed, worst.data, said)


def replayed(variant: RightVariant, dtype: str, alarm: Alarm) -> Iterator[str]:
    """Yield what a check says about the case of an alarm, one sentence a comparison that fails."""
    checks = [check for check in CHECKS if (check.claim, check.name) == (alarm.claim, alarm.check)]
    implementation = variant.implementation()
    search = _search(implementation, variant.framework, dtype, 1, alarm.seed)
    with search.framework.arithmetic(), np.errstate(all="ignore"):
        for check in checks:
            if alarm.data is None:
                views: Iterable[View] = (view for _, view in search.suited(check))
            else:
                views = [search.view(alarm.data, check.setting or "batch")]
            for view in views:
                yield from _said_of(check, view)
