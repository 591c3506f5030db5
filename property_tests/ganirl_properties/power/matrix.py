"""What was caught by what, under one seed: the kill matrix, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from .kills import Caught


@dataclass(frozen=True)
class Unsound:
    """A check that fails the right formula itself; what it catches is not counted."""

    claim: str
    check: str
    dtype: str


@dataclass(frozen=True)
class Matrix:
    """What was caught by what.

    Attributes
    ----------
    claims : ids, the columns
    caught : one a wrong formula, the rows
    profile, seed : of the search
    unsound : checks that fail the right formula on these cases
    """

    claims: tuple[str, ...]
    caught: tuple[Caught, ...]
    profile: str
    seed: int
    unsound: tuple[Unsound, ...] = ()

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
        return sole_killers({each.id: tuple(kill.claim for kill in each.kills) for each in self.caught})

    @cached_property
    def smallest_killing_set(self) -> tuple[str, ...]:
        """Fewest claims that catch all that is caught."""
        return smallest_killing_set(
            self.claims, {each.id: tuple(kill.claim for kill in each.kills) for each in self.caught}
        )

    @property
    def median_rows(self) -> float:
        """Median, over what was killed, of the rows of the larger side of the smallest counterexample."""
        return float(median([max(each.rows) for each in self.killed if each.rows is not None] or [0]))


def sole_killers(killers: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Return claim → formulas that it alone catches, from formula → the claims that catch it."""
    alone: dict[str, tuple[str, ...]] = {}
    for formula, claims in killers.items():
        if len(claims) == 1:
            alone[claims[0]] = (*alone.get(claims[0], ()), formula)
    return alone


def smallest_killing_set(claims: tuple[str, ...], killers: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the fewest claims that catch all that any claim catches, found exactly."""
    columns = {
        claim: frozenset(formula for formula, by in killers.items() if claim in by) for claim in claims
    }
    return smallest_cover(columns, frozenset(formula for formula, by in killers.items() if by))


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
