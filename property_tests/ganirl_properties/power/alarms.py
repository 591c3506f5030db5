"""False alarms: right implementations that look odd before every check, on as many cases as are asked for.

Variants of one framework under the same conventions are judged on the same cases, whose truth is worked out once; a
case counts once for each variant that was judged on it. What is right "up to" a convention that it does not declare
goes through the whole search, mending included, and is an alarm only where no convention mends it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import accumulate, islice, pairwise

import numpy as np

from ganirl import PRECISIONS, Implementation
from ganirl.claims import Claim, select
from ganirl.framework import load_framework
from ganirl_properties.cases import SETTINGS, Setting
from ganirl_properties.checks import CHECKS, Check, View
from ganirl_properties.errors import UsageError
from ganirl_properties.mending import mends
from ganirl_properties.observed import NotObservedError, ObservableError
from ganirl_properties.right_variants import RightVariant, right_variants
from ganirl_properties.search import Failure, Finding, Search, judged

from .shared_truth import SharedView, shared

# done, of how many, and what has been judged
Progress = Callable[[int, int, str], None]


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
class Variant:
    """What became of one right implementation in one format.

    Attributes
    ----------
    cases : on which it was judged, over all seeds
    alarms : none, if all is well
    """

    id: str
    title: str
    framework: str
    dtype: str
    cases: int
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True)
class Alarms:
    """What became of all of them.

    Attributes
    ----------
    variants : one a variant and format
    seeds : of the search
    drawn : cases that differ from each other; variants under the same conventions share them
    seconds : of processor time, of all processes
    """

    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    drawn: int
    seconds: float

    @property
    def cases(self) -> int:
        """All cases, each counted once for every variant that was judged on it."""
        return sum(each.cases for each in self.variants)

    @property
    def alarms(self) -> tuple[tuple[Variant, Alarm], ...]:
        """Every false alarm, with what it was raised about."""
        return tuple((each, alarm) for each in self.variants for alarm in each.alarms)


def false_alarms(
    *,
    cases: int,
    seeds: Sequence[int],
    only: Sequence[str] | None = None,
    jobs: int = 1,
    grids: bool = True,
    progress: Progress | None = None,
) -> Alarms:
    """Judge every right variant by every check.

    Parameters
    ----------
    cases : of each seed, split evenly over variants, their formats and the settings of their checks; those of NumPy get
        sixteen times as many as those of other frameworks
    seeds : of the search
    only : patterns of ids; all by default
    jobs : processes
    grids : whether checks that make their own cases, tails and grids of ℓ, are run as well: once, as no seed moves them
    progress : called after each group of variants

    Raises
    ------
    UsageError
        If a pattern matches nothing, or there are fewer cases than variants.
    """
    chosen = _chosen(only)
    _trials(chosen, cases, 0)  # too few are refused, whatever the seeds
    tasks = [
        task
        for seed in seeds
        for task in _tasks(_trials(chosen, cases, seed), seed, grids=grids and seed == seeds[0])
    ]
    found: list[_Judged] = []
    for judged_task in _run(tasks, jobs):
        found.append(judged_task)
        if progress is not None:
            task = judged_task.task
            progress(len(found), len(tasks), f"seed {task.seed}, {task.dtype}: {', '.join(task.ids)}")
    return Alarms(
        tuple(_summed(found)),
        tuple(seeds),
        sum(each.drawn for each in found),
        sum(each.seconds for each in found),
    )


def _summed(found: Sequence[_Judged]) -> Iterator[Variant]:
    """Each variant and format over all seeds."""
    outcomes: dict[tuple[str, str], list[_Outcome]] = {}
    for each in found:
        for outcome in each.outcomes:
            outcomes.setdefault((outcome.id, each.task.dtype), []).append(outcome)
    for variant in right_variants():
        for dtype in variant.formats:
            if of_it := outcomes.get((variant.id, dtype)):
                yield Variant(
                    id=variant.id,
                    title=variant.title,
                    framework=variant.framework,
                    dtype=dtype,
                    cases=sum(outcome.cases for outcome in of_it),
                    alarms=tuple(alarm for outcome in of_it for alarm in outcome.alarms),
                )


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


# --- what is judged, and on how many cases ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Trial:
    """One variant in one format, with the number of cases of each setting."""

    variant: RightVariant
    dtype: str
    counts: tuple[tuple[Setting, int], ...]


@dataclass(frozen=True)
class _Task:
    """Variants that are judged on the same cases; names only, so that it travels to another process."""

    ids: tuple[str, ...]
    dtype: str
    counts: tuple[tuple[tuple[Setting, int], ...], ...]
    seed: int
    grids: bool  # whether checks that make their own cases, the same for every seed, are run


@dataclass(frozen=True)
class _Outcome:
    """What became of one variant in one task."""

    id: str
    cases: int
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True)
class _Judged:
    """What became of a task: its variants, the cases that were drawn for it, and seconds of a processor."""

    task: _Task
    outcomes: tuple[_Outcome, ...]
    drawn: int
    seconds: float


def _chosen(only: Sequence[str] | None) -> tuple[RightVariant, ...]:
    everything = right_variants()
    if only is None:
        return everything
    for pattern in only:
        if not any(fnmatchcase(each.id, pattern) for each in everything):
            raise UsageError(f"no right variant is called {pattern!r} (of the frameworks that are installed)")
    return tuple(each for each in everything if any(fnmatchcase(each.id, pattern) for pattern in only))


def _trials(variants: Sequence[RightVariant], cases: int, seed: int) -> list[_Trial]:
    pairs = [(variant, dtype) for variant in variants for dtype in _formats(variant, seed)]
    if cases < len(pairs):
        raise UsageError(f"{cases} cases are too few: there are {len(pairs)} variants and formats")
    weights = [_NUMPY_SHARE if variant.framework == "numpy" else 1 for variant, _ in pairs]
    found = []
    for (variant, dtype), share in zip(pairs, _shares(cases, weights), strict=True):
        settings = _settings(variant, dtype)
        found.append(_Trial(variant, dtype, tuple(zip(settings, _split(share, len(settings)), strict=True))))
    return found


def _formats(variant: RightVariant, seed: int) -> tuple[str, ...]:
    """All of them; of what goes through the whole search, which takes longest, one after the other by seed."""
    return variant.formats if variant.declared else (variant.formats[seed % len(variant.formats)],)


# A case costs other frameworks about as many times as much.
_NUMPY_SHARE = 16


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers that sum to a total: one each, and the rest as good as in proportion to weights."""
    rest = total - len(weights)
    ends = [rest * end // sum(weights) for end in accumulate(weights)]
    return [1 + end - begin for begin, end in pairwise([0, *ends])]


def _split(total: int, parts: int) -> list[int]:
    return [total // parts + (place < total % parts) for place in range(parts)]


def _settings(variant: RightVariant, dtype: str) -> tuple[Setting, ...]:
    checks = _checks(variant.implementation(), dtype)
    return tuple(setting for setting in SETTINGS if any(check.setting == setting for check in checks))


def _claims(implementation: Implementation, dtype: str) -> list[Claim]:
    unit = implementation.conventions.unit
    return [claim for claim in select(None) if claim.shows_in(unit) and dtype in claim.dtypes]


def _checks(implementation: Implementation, dtype: str) -> tuple[Check, ...]:
    claims = {claim.id for claim in _claims(implementation, dtype)}
    return tuple(
        check
        for check in CHECKS
        if check.claim in claims
        and check.suits(implementation.conventions.unit)
        and all(callable(getattr(implementation, name, None)) for name in check.observables)
    )


def _tasks(trials: Sequence[_Trial], seed: int, *, grids: bool) -> list[_Task]:
    groups: dict[object, list[_Trial]] = {}
    for trial in trials:
        of = trial.variant
        alone = None if of.declared else of.id
        groups.setdefault((of.framework, trial.dtype, of.conventions, alone), []).append(trial)
    return [
        _Task(
            tuple(trial.variant.id for trial in group),
            group[0].dtype,
            tuple(trial.counts for trial in group),
            seed,
            grids,
        )
        for group in groups.values()
    ]


def _run(tasks: Sequence[_Task], jobs: int) -> Iterator[_Judged]:
    if jobs == 1:
        yield from map(_judged, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), context) as pool:
        yield from pool.map(_judged, tasks, chunksize=1)


# --- judging ---------------------------------------------------------------------------------------------------


def _search(implementation: Implementation, framework: str, dtype: str, cases: int, seed: int) -> Search:
    return Search(implementation, load_framework(framework), PRECISIONS[dtype], "cpu", cases, seed)


def _judged(task: _Task) -> _Judged:
    started = time.process_time()
    of_id = {variant.id: variant for variant in right_variants()}
    variants = [of_id[name] for name in task.ids]
    with load_framework(variants[0].framework).arithmetic(), np.errstate(all="ignore"):
        if variants[0].declared:
            outcomes, drawn = _together(variants, task)
        else:
            outcomes, drawn = _by_verdict(variants[0], task)
    return _Judged(task, tuple(outcomes), drawn, time.process_time() - started)


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
        self.checks = _checks(self.implementation, self.dtype)

    def look(self, checks: Iterable[Check], seed: int, data: bytes | None, shown: SharedView) -> None:
        """Run checks on a case."""
        view = shown.of(self.implementation)
        for check in checks:
            for said in islice(_said_of(check, view), 1):
                self.alarms.append(Alarm(check.claim, check.name, seed, data, said))


def _together(variants: Sequence[RightVariant], task: _Task) -> tuple[list[_Outcome], int]:
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
    return [_Outcome(judge.variant.id, judge.cases, tuple(judge.alarms)) for judge in judges], drawn


def _grids(judges: Sequence[_Judge], task: _Task) -> None:
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


def _by_verdict(variant: RightVariant, task: _Task) -> tuple[list[_Outcome], int]:
    (counts,) = task.counts
    implementation = variant.implementation()
    each = max(count for _, count in counts)
    search = _search(implementation, variant.framework, task.dtype, each, task.seed)
    claims = [
        claim.id
        for claim in _claims(implementation, task.dtype)
        if task.grids or any(check.setting is not None for check in search.checks(claim.id))
    ]
    findings = {claim: search.examine(claim) for claim in claims}
    mended = mends(search, findings)
    alarms = [
        _alarm_of(finding, task.seed)
        for claim, finding in findings.items()
        if finding.error or (finding.violated and claim not in mended)
    ]
    cases = each * len(counts)
    return [_Outcome(variant.id, cases, tuple(alarms))], cases


def _alarm_of(finding: Finding, seed: int) -> Alarm:
    if not finding.failures:
        return Alarm(finding.claim, "", seed, None, finding.error or "")
    worst: Failure = max(finding.failures, key=lambda failure: failure.judgement.ratio)
    said = f"no convention mends it; {worst.judgement.ratio:.3g} times what is allowed"
    return Alarm(finding.claim, worst.check.name, seed, worst.data, said)
