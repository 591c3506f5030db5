"""The kill matrix: every wrong formula before every claim, what it is called, and how small its counterexample is."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from statistics import median

from ganirl import PRECISIONS, Implementation
from ganirl.claims import Claim, select
from ganirl.framework import NUMPY
from ganirl_properties.diagnosis import diagnose
from ganirl_properties.errors import UsageError
from ganirl_properties.report import Diagnosis
from ganirl_properties.search import PROFILES, Finding, Search
from ganirl_properties.wrong_formulas import WRONG_FORMULAS, WrongFormula
from ganirl_properties.wrong_formulas.numerics import NUMERIC_FORMS, NumericForm

from .kills import Caught, Drawn, shrunk_rows, timed_kills
from .planted import CONVENTIONS, FormTarget, FormulaTarget

# done, of how many, and what has been judged
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Planted:
    """A wrong formula to be handed in, and the format that shows it."""

    formula: WrongFormula | NumericForm
    dtype: str

    @property
    def implementation(self) -> Implementation:
        """It, as a library would have written it."""
        if isinstance(self.formula, NumericForm):
            return FormTarget(self.formula)
        return FormulaTarget(self.formula)


def planted() -> tuple[Planted, ...]:
    """Return all known wrong formulas; a loss that loses digits is judged in the format that shows it."""
    named = {formula.id for formula in WRONG_FORMULAS}
    return (
        *(Planted(formula, "float64") for formula in WRONG_FORMULAS),
        *(
            Planted(form, "float64" if form.expected == ("N1b",) else "float32")
            for form in NUMERIC_FORMS
            if form.id not in named
        ),
    )


@dataclass(frozen=True)
class Matrix:
    """What was caught by what.

    Attributes
    ----------
    claims : ids, the columns
    caught : one a wrong formula, the rows
    profile, seed : of the search
    """

    claims: tuple[str, ...]
    caught: tuple[Caught, ...]
    profile: str
    seed: int

    @property
    def survivors(self) -> tuple[Caught, ...]:
        """What no claim catches."""
        return tuple(each for each in self.caught if not each.killed)

    @property
    def killed(self) -> tuple[Caught, ...]:
        """What a claim catches."""
        return tuple(each for each in self.caught if each.killed)

    @property
    def named(self) -> tuple[Caught, ...]:
        """What is caught and called by its name."""
        return tuple(each for each in self.killed if each.named == each.id)

    @property
    def unexpected(self) -> tuple[tuple[Caught, tuple[str, ...]], ...]:
        """What a claim was expected to catch and did not, with those claims."""
        found = []
        for each in self.caught:
            missed = set(each.expected) - {kill.claim for kill in each.kills}
            if missed:
                found.append((each, tuple(claim for claim in self.claims if claim in missed)))
        return tuple(found)

    @cached_property
    def sole_killers(self) -> Mapping[str, tuple[str, ...]]:
        """Claim → wrong formulas that it alone catches."""
        alone: dict[str, tuple[str, ...]] = {}
        for each in self.killed:
            if len(each.kills) == 1:
                claim = each.kills[0].claim
                alone[claim] = (*alone.get(claim, ()), each.id)
        return alone

    @cached_property
    def smallest_killing_set(self) -> tuple[str, ...]:
        """Fewest claims that catch all that is caught, found exactly: sole killers, then by exhaustion."""
        columns = {
            claim: frozenset(
                each.id for each in self.killed if any(kill.claim == claim for kill in each.kills)
            )
            for claim in self.claims
        }
        return smallest_cover(columns, frozenset(each.id for each in self.killed))

    @property
    def median_rows(self) -> float:
        """Median, over what was killed, of the rows of the larger side of the smallest counterexample."""
        return float(median([max(each.rows) for each in self.killed if each.rows is not None] or [0]))


def smallest_cover(columns: Mapping[str, frozenset[str]], wanted: frozenset[str]) -> tuple[str, ...]:
    """Return the fewest columns whose union holds everything wanted, in the order given.

    Branch and bound on the element that fewest columns hold; exact, and quick where columns are few.

    Raises
    ------
    ValueError
        If all columns together do not hold everything.
    """
    if not wanted <= frozenset().union(*columns.values()):
        raise ValueError("no set of columns covers everything")
    best = list(columns)

    def search(chosen: list[str], missing: frozenset[str]) -> None:
        nonlocal best
        if not missing:
            if len(chosen) < len(best):
                best = list(chosen)
            return
        widest = max(len(column & missing) for column in columns.values())
        if len(chosen) + -(-len(missing) // widest) >= len(best):
            return
        hardest = min(
            missing, key=lambda element: (sum(element in column for column in columns.values()), element)
        )
        holding = [name for name, column in columns.items() if hardest in column]
        for name in sorted(holding, key=lambda name: -len(columns[name] & missing)):
            search([*chosen, name], missing - columns[name])

    search([], wanted)
    return tuple(name for name in columns if name in best)


def measure(
    *,
    profile: str = "default",
    seed: int = 0,
    only: Sequence[str] | None = None,
    jobs: int = 1,
    shrink: bool = True,
    progress: Progress | None = None,
) -> Matrix:
    """Hand every wrong formula to the verifier.

    Parameters
    ----------
    profile : how many cases a setting
    seed : of the search
    only : patterns of ids; all by default
    jobs : processes
    shrink : whether counterexamples are made small and counted
    progress : called after each formula

    Raises
    ------
    UsageError
        If a pattern matches nothing, or there is no such profile.
    """
    if profile not in PROFILES:
        raise UsageError(f"there is no profile {profile!r}; there are {', '.join(PROFILES)}")
    chosen = _chosen(only)
    tasks = [_Task(each, PROFILES[profile], seed, shrink) for each in chosen]
    caught = []
    for found in _run(tasks, jobs):
        caught.append(found)
        if progress is not None:
            progress(len(caught), len(tasks), found.id)
    return Matrix(tuple(claim.id for claim in _claims()), tuple(caught), profile, seed)


def _chosen(only: Sequence[str] | None) -> tuple[Planted, ...]:
    everything = planted()
    if only is None:
        return everything
    for pattern in only:
        if not any(fnmatchcase(each.formula.id, pattern) for each in everything):
            raise UsageError(f"no wrong formula is called {pattern!r}")
    return tuple(
        each for each in everything if any(fnmatchcase(each.formula.id, pattern) for pattern in only)
    )


@dataclass(frozen=True)
class _Task:
    """One wrong formula to be judged; only its name travels to another process, as a formula holds functions."""

    planted: Planted
    cases: int
    seed: int
    shrink: bool


def _run(tasks: Sequence[_Task], jobs: int) -> Iterator[Caught]:
    if jobs == 1:
        drawn: dict[str, Drawn] = {}
        for task in tasks:
            yield _caught(task, drawn)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), context) as pool:
        named = [(task.planted.formula.id, task.cases, task.seed, task.shrink) for task in tasks]
        yield from pool.map(_in_a_process, named, chunksize=1)


# What a process has drawn is kept for the next formula.
_DRAWN: dict[str, Drawn] = {}


def _in_a_process(named: tuple[str, int, int, bool]) -> Caught:
    formula, cases, seed, shrink = named
    (task,) = (_Task(each, cases, seed, shrink) for each in planted() if each.formula.id == formula)
    return _caught(task, _DRAWN)


def _claims() -> tuple[Claim, ...]:
    return tuple(claim for claim in select(None) if claim.shows_in(CONVENTIONS.unit))


def _caught(task: _Task, kept: dict[str, Drawn]) -> Caught:
    formula, dtype = task.planted.formula, task.planted.dtype
    implementation = task.planted.implementation
    search = Search(implementation, NUMPY, PRECISIONS[dtype], "cpu", task.cases, task.seed)
    drawn = kept.setdefault(dtype, Drawn(search))
    claims = [claim for claim in _claims() if dtype in claim.dtypes]
    with NUMPY.arithmetic():
        kills, failure, seconds = timed_kills(implementation, drawn, claims)
        names = diagnose(search, {kill.claim: Finding(kill.claim) for kill in kills}) if kills else {}
        rows = shrunk_rows(search, failure) if failure is not None and task.shrink else None
    return Caught(
        id=formula.id,
        title=formula.title,
        seen=formula.seen,
        expected=tuple(claim.id for claim in claims if claim.id in formula.expected),
        dtype=dtype,
        kills=kills,
        named=_name(names.values(), formula.id),
        rows=rows,
        seconds=seconds,
    )


def _name(diagnoses: Iterable[Diagnosis], expected: str) -> str | None:
    """Return the one name given; where several claims got several names, a wrong one counts."""
    names = sorted({each.formula for each in diagnoses})
    wrong = [name for name in names if name != expected]
    return wrong[0] if wrong else (names[0] if names else None)
