"""Every wrong formula before every claim, seed by seed: what kills it, what it is called, how small its case is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ganirl import PRECISIONS
from ganirl.framework import NUMPY
from ganirl_properties.diagnosis import diagnose
from ganirl_properties.errors import UsageError
from ganirl_properties.search import PROFILES, Finding, Search

from .catalogue import Planted, chosen, columns, planted
from .drawn import Drawn, SharedSearch
from .kills import Caught, Kill, checks_of, kills_of, seconds_until, shrunk_rows
from .matrix import Matrix, Unsound
from .planted import Target, right_beside
from .processes import in_processes

__all__ = ["Progress", "judge", "make_small", "matrix_of", "measure", "planted", "with_small"]

# done, of how many, and what has been judged
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Judged:
    """One wrong formula under one seed."""

    seed: int
    caught: Caught
    unsound: tuple[Unsound, ...]


def judge(
    *,
    profile: str = "default",
    seeds: Sequence[int] = (0,),
    only: Sequence[str] | None = None,
    jobs: int = 1,
) -> Iterator[Judged]:
    """Hand every wrong formula to the verifier, one seed after the other, and yield what became of each.

    Parameters
    ----------
    profile : how many cases a setting
    seeds : of the search
    only : patterns of ids; all by default
    jobs : processes

    Raises
    ------
    UsageError
        If a pattern matches nothing, or there is no such profile.
    """
    if profile not in PROFILES:
        raise UsageError(f"there is no profile {profile!r}; there are {', '.join(PROFILES)}")
    wanted = chosen(only)
    return _run([_Task(each.id, PROFILES[profile], seed) for seed in seeds for each in wanted], jobs)


def make_small(found: Sequence[Judged], *, profile: str, jobs: int = 1) -> Iterator[Judged]:
    """Make the first counterexample of what is caught as small as it gets, and yield each with its rows counted."""
    caught = [(each, each.caught.first) for each in found]
    tasks = [
        _Task(each.caught.id, PROFILES[profile], each.seed, each, first)
        for each, first in caught
        if first is not None
    ]
    return _run(tasks, jobs)


def measure(
    *,
    profile: str = "default",
    seed: int = 0,
    only: Sequence[str] | None = None,
    jobs: int = 1,
    shrink: bool = True,
    progress: Progress | None = None,
) -> Matrix:
    """Hand every wrong formula to the verifier under one seed; the parameters are those of `judge`.

    Parameters
    ----------
    shrink : whether counterexamples are made small and counted, which takes longer than all the rest
    progress : called after each formula
    """
    found: list[Judged] = []
    total = len(chosen(only))
    for each in judge(profile=profile, seeds=(seed,), only=only, jobs=jobs):
        found.append(each)
        if progress is not None:
            progress(len(found), total, each.caught.id)
    if shrink:
        found = with_small(found, make_small(found, profile=profile, jobs=jobs))
    return matrix_of(found, profile, seed)


def with_small(found: Sequence[Judged], small: Iterable[Judged]) -> list[Judged]:
    """Put those whose counterexamples were made small in the places of the same ones that were not."""
    counted = {(each.seed, each.caught.id): each for each in small}
    return [counted.get((each.seed, each.caught.id), each) for each in found]


def matrix_of(found: Sequence[Judged], profile: str, seed: int) -> Matrix:
    """Return the matrix of one seed from all that was judged."""
    mine = [each for each in found if each.seed == seed]
    unsound = dict.fromkeys(fault for each in mine for fault in each.unsound)
    ids = tuple(claim.id for claim in columns())
    return Matrix(ids, tuple(each.caught for each in mine), profile, seed, tuple(unsound))


@dataclass(frozen=True)
class _Task:
    """One wrong formula to be judged; only its name travels to another process, as a formula holds functions.

    Attributes
    ----------
    judged, kill : what became of it and its first kill, where its counterexample is to be made small
    """

    formula: str
    cases: int
    seed: int
    judged: Judged | None = None
    kill: Kill | None = None


def _run(tasks: Sequence[_Task], jobs: int) -> Iterator[Judged]:
    if jobs == 1 or len(tasks) < 2:
        bench = _Bench({each.id: each for each in planted()})
        yield from map(bench.done, tasks)
        return
    yield from in_processes(_in_a_process, tasks, jobs)


# What a process has drawn is kept for the next formula.
_BENCH: list[_Bench] = []


def _in_a_process(task: _Task) -> Judged:
    if not _BENCH:
        _BENCH.append(_Bench({each.id: each for each in planted()}))
    return _BENCH[0].done(task)


@dataclass
class _Bench:
    """Where formulas are judged one after the other, on cases that are drawn once a seed."""

    formulas: dict[str, Planted]
    _seed: int | None = None
    _drawn: dict[str, Drawn] = field(default_factory=dict)

    def done(self, task: _Task) -> Judged:
        """Judge a formula, or make its counterexample small."""
        if task.judged is None or task.kill is None:
            return self.judged(task)
        each = self.formulas[task.formula]
        with NUMPY.arithmetic():
            rows = shrunk_rows(_search(each.implementation, each.dtype, task), task.kill)
        return replace(task.judged, caught=replace(task.judged.caught, rows=rows))

    def judged(self, task: _Task) -> Judged:
        """Judge one formula by every claim, and name it."""
        if task.seed != self._seed:
            self._seed = task.seed
            self._drawn.clear()
        each = self.formulas[task.formula]
        implementation = each.implementation
        drawn = self._drawn_for(implementation, each.dtype, task)
        search = _search(implementation, each.dtype, task)
        with NUMPY.arithmetic():
            checks = [check for claim in each.claims for check in checks_of(claim.id, implementation, drawn)]
            shown = {check.claim for check in checks if drawn.of_the_right(check).shown}
            claims = [claim for claim in each.claims if claim.id in shown]
            kills = tuple(kill for kill, _ in kills_of(implementation, drawn, claims))
            findings = {kill.claim: Finding(kill.claim) for kill in kills}
            named = diagnose(SharedSearch.of(implementation, drawn), findings) if kills else {}
            first = min(kills, key=lambda kill: kill.cases, default=None)
            seconds = 0.0 if first is None else seconds_until(search, first)
        caught = Caught(
            id=each.id,
            title=each.formula.title,
            seen=each.seen,
            theme=each.theme,
            claims=tuple(claim.id for claim in claims),
            expected=tuple(claim.id for claim in claims if claim.id in each.formula.expected),
            dtype=each.dtype,
            kills=kills,
            names=tuple((claim, each.called(diagnosis.formula)) for claim, diagnosis in named.items()),
            rows=None,
            seconds=seconds,
        )
        unsound = tuple(
            Unsound(check.claim, check.name, each.dtype)
            for check in checks
            if not drawn.of_the_right(check).passes
        )
        return Judged(task.seed, caught, unsound)

    def _drawn_for(self, implementation: Target, dtype: str, task: _Task) -> Drawn:
        key = f"{type(implementation).__name__} {dtype} {implementation.conventions}"
        if key not in self._drawn:
            self._drawn[key] = Drawn(_search(right_beside(implementation), dtype, task))
        return self._drawn[key]


def _search(implementation: Target, dtype: str, task: _Task) -> Search:
    return Search(implementation, NUMPY, PRECISIONS[dtype], "cpu", task.cases, task.seed)
