"""One wrong implementation before every claim: which kill it, after how many cases, and what it is called."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ganirl import Implementation
from ganirl.claims import Claim
from ganirl_properties.checks import CHECKS, Check
from ganirl_properties.observed import NotObservedError
from ganirl_properties.search import Failure, Search, judged
from ganirl_properties.shrink import smallest

from .drawn import Drawn
from .planted import FormulaTarget


@dataclass(frozen=True)
class Kill:
    """A claim that an implementation was caught by.

    Attributes
    ----------
    claim, check : what saw it
    cases : cases of one setting that were looked at until it did
    ratio : error / allowed of the failing comparison
    """

    claim: str
    check: str
    cases: int
    ratio: float


def kills_of(
    implementation: Implementation, drawn: Drawn, claims: Sequence[Claim]
) -> Iterator[tuple[Kill, Failure]]:
    """Yield the first kill of each claim that catches an implementation; nothing is blocked."""
    for claim in claims:
        best: tuple[Kill, Failure] | None = None
        for check in checks_of(claim.id, implementation, drawn):
            if not _may_catch(check, implementation, drawn):
                continue
            limit = drawn.search.cases if best is None else best[0].cases - 1
            found = _first_kill(check, implementation, drawn, limit)
            if found is not None and (best is None or found[0].cases < best[0].cases):
                best = found
        if best is not None:
            yield best


def checks_of(claim: str, implementation: Implementation, drawn: Drawn) -> Iterator[Check]:
    """Yield the checks of a claim that say anything about code with these observables and conventions."""
    for check in CHECKS:
        if check.claim != claim or not check.suits(drawn.search.implementation.conventions.unit):
            continue
        if all(callable(getattr(implementation, name, None)) for name in check.observables):
            yield check


def _may_catch(check: Check, implementation: Implementation, drawn: Drawn) -> bool:
    """Whether a check looks at anything that differs from the right implementation, which passes it."""
    right = drawn.of_the_right(check)
    if not right.passes:
        return False
    return not isinstance(implementation, FormulaTarget) or bool(
        right.nodes & implementation.formula.nodes.keys()
    )


def _first_kill(
    check: Check, implementation: Implementation, drawn: Drawn, limit: int
) -> tuple[Kill, Failure] | None:
    with np.errstate(all="ignore"):
        for number, (data, view) in enumerate(drawn.suited(check, implementation), 1):
            if check.setting is not None and number > limit:
                return None
            try:
                for judgement in judged(check, view):
                    if judgement is not None and judgement.failed:
                        kill = Kill(check.claim, check.name, number, judgement.ratio)
                        return kill, Failure(check, view.case, data, judgement)
            except NotObservedError:
                return None
    return None


@dataclass(frozen=True)
class Caught:
    """What became of one wrong implementation.

    Attributes
    ----------
    id, title, seen, theme : of the wrong formula
    claims : those that its code shows
    expected : those of them that should catch it
    dtype : the format that it was judged in
    kills : a claim each, in the catalogue's order
    names : claim → the formula that the diagnosis gave for it
    rows : rows a side of the smallest counterexample of the first kill; None if it was not shrunk
    seconds : until the first kill, of the claim that needs fewest cases, drawing and truth of the cases included
    """

    id: str
    title: str
    seen: str
    theme: str
    claims: tuple[str, ...]
    expected: tuple[str, ...]
    dtype: str
    kills: tuple[Kill, ...]
    names: tuple[tuple[str, str], ...]
    rows: tuple[int, int] | None
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether any claim catches it."""
        return bool(self.kills)

    @property
    def first(self) -> Kill | None:
        """The kill that takes fewest cases."""
        return min(self.kills, key=lambda kill: kill.cases, default=None)

    @property
    def cases(self) -> int:
        """Cases until the first kill; 0 where there is none."""
        return 0 if self.first is None else self.first.cases

    @property
    def named(self) -> str | None:
        """The one name given; where several claims got several names, a wrong one counts. None if it knew none."""
        names = sorted({name for _, name in self.names})
        wrong = [name for name in names if name != self.id]
        return wrong[0] if wrong else (names[0] if names else None)

    def cases_of(self, claim: str) -> int | None:
        """Return the cases after which a claim caught it."""
        return next((kill.cases for kill in self.kills if kill.claim == claim), None)


def shrunk_rows(search: Search, kill: Kill) -> tuple[int, int]:
    """Return the rows a side of the smallest case on which the check of a kill still fails."""
    small = smallest(search, _again(search, kill))
    return len(small.case.expert), len(small.case.generator)


def seconds_until(search: Search, kill: Kill) -> float:
    """Return the seconds that a claim takes to catch an implementation of which nothing is known yet."""
    started = time.perf_counter()
    _again(search, kill)
    return time.perf_counter() - started


def _again(search: Search, kill: Kill) -> Failure:
    check = next(each for each in CHECKS if (each.claim, each.name) == (kill.claim, kill.check))
    found = _first_kill(check, search.implementation, Drawn(search), kill.cases)
    assert found is not None, "the same cases give the same kill"
    return found[1]
