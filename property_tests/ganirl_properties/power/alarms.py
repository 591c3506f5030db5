"""False alarms: right implementations that look odd before every check, on as many cases as are asked for.

Variants of one framework under the same conventions are judged on the same cases, whose truth is worked out once; a
case counts once for each variant that was judged on it. What is right "up to" a convention that it does not declare
goes through the whole search, mending included, and is an alarm only where no convention mends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import accumulate, pairwise

from ganirl_properties.cases import SETTINGS, Setting
from ganirl_properties.errors import UsageError
from ganirl_properties.right_variants import RightVariant, right_variants

from .alarm_tasks import Alarm, Done, Outcome, Task, checks_of, judge_task, replayed
from .processes import in_processes

__all__ = ["Alarm", "Alarms", "Variant", "false_alarms", "replayed"]

# done, of how many, and what has been judged
Progress = Callable[[int, int, str], None]


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
    found: list[Done] = []
    for done in _run(tasks, jobs):
        found.append(done)
        if progress is not None:
            task, names = done.task, ", ".join(variant.id for variant in done.task.variants)
            progress(len(found), len(tasks), f"seed {task.seed}, {task.dtype}: {names}")
    return Alarms(
        tuple(_summed(chosen, found)),
        tuple(seeds),
        sum(each.drawn for each in found),
        sum(each.seconds for each in found),
    )


def _summed(variants: Sequence[RightVariant], found: Sequence[Done]) -> Iterator[Variant]:
    """Each variant and format over all seeds."""
    outcomes: dict[tuple[str, str], list[Outcome]] = {}
    for each in found:
        for outcome in each.outcomes:
            outcomes.setdefault((outcome.id, each.task.dtype), []).append(outcome)
    for variant in variants:
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


# --- what is judged, and on how many cases ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Trial:
    """One variant in one format, with the number of cases of each setting."""

    variant: RightVariant
    dtype: str
    counts: tuple[tuple[Setting, int], ...]


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
    checks = checks_of(variant.implementation(), dtype)
    return tuple(setting for setting in SETTINGS if any(check.setting == setting for check in checks))


def _tasks(trials: Sequence[_Trial], seed: int, *, grids: bool) -> list[Task]:
    groups: dict[object, list[_Trial]] = {}
    for trial in trials:
        of = trial.variant
        alone = None if of.declared else of.id
        groups.setdefault((of.framework, trial.dtype, of.conventions, alone), []).append(trial)
    return [
        Task(
            tuple(trial.variant for trial in group),
            group[0].dtype,
            tuple(trial.counts for trial in group),
            seed,
            grids,
        )
        for group in groups.values()
    ]


def _run(tasks: Sequence[Task], jobs: int) -> Iterator[Done]:
    if jobs == 1 or len(tasks) < 2:
        return map(judge_task, tasks)
    return in_processes(judge_task, tasks, jobs)
