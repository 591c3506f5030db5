"""The verifier's power: what is caught under every seed, by what, under what name, and whether anything right is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from types import MappingProxyType

from ganirl.claims import Claim

from .alarms import Alarms
from .catalogue import THEMES, columns
from .kills import Caught
from .matrix import Matrix, Unsound, smallest_killing_set, sole_killers
from .measure import Judged, matrix_of

# Wrong formula → the proof that no case tells it from the right one. What survives and is not here has been missed.
EQUIVALENT: Mapping[str, str] = MappingProxyType({})

_SUMS_TO_ONE = (
    "its importance weights sum to one, too, so that a constant of the cost drops out; what is seen is how its larger "
    "exponents are rounded"
)
# Wrong formula, claim → why the claim holds of the formula. Where it fails all the same, under a seed with numbers that
# are large enough, it is by digits: that is no kill, and the seed's luck no lack of a case.
BLIND: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("cost-first-step", "D4"): _SUMS_TO_ONE,
        ("implicit-leak", "D4"): _SUMS_TO_ONE,
        ("generator-only-weights", "D4"): _SUMS_TO_ONE,
        ("log-z-as-z", "E3"): (
            "Z in place of log Z is a constant, too, and a constant is a baseline; what is seen is how e^b is rounded"
        ),
    }
)

# The part of the kills that must carry the right name.
NAMED = 0.9


@dataclass(frozen=True)
class Row:
    """One wrong formula under all seeds.

    Attributes
    ----------
    caught : one a seed, in their order
    """

    caught: tuple[Caught, ...]

    @property
    def formula(self) -> Caught:
        """Under the first seed: what does not depend on it is read there."""
        return self.caught[0]

    @property
    def id(self) -> str:
        """Of the formula."""
        return self.formula.id

    @property
    def killed(self) -> bool:
        """Whether a claim catches it, whatever the seed."""
        return all(each.killed for each in self.caught)

    @property
    def proof(self) -> str | None:
        """Why nothing could catch it, where that is proved."""
        return EQUIVALENT.get(self.id)

    @property
    def names(self) -> tuple[str | None, ...]:
        """What it was called, seed by seed."""
        return tuple(each.named for each in self.caught)

    @property
    def diagnosed(self) -> bool:
        """Whether it is caught and called by its name, whatever the seed."""
        return self.killed and all(name == self.id for name in self.names)

    @property
    def misnamed(self) -> tuple[str, ...]:
        """Names of other formulas that it was given."""
        return tuple(dict.fromkeys(name for name in self.names if name not in (None, self.id)))

    def cases_of(self, claim: str) -> tuple[int | None, ...]:
        """Return the cases after which a claim caught it, seed by seed."""
        return tuple(each.cases_of(claim) for each in self.caught)

    @property
    def killers(self) -> tuple[str, ...]:
        """The claims that catch it, whatever the seed, and not by digits alone."""
        return tuple(
            claim
            for claim in self.formula.claims
            if None not in self.cases_of(claim) and (self.id, claim) not in BLIND
        )

    @property
    def lucky(self) -> tuple[str, ...]:
        """The claims that catch it under some seeds and not under others, though they could under all."""
        found = ((claim, set(self.cases_of(claim))) for claim in self.formula.claims)
        return tuple(
            claim
            for claim, cases in found
            if None in cases and len(cases) > 1 and (self.id, claim) not in BLIND
        )

    @property
    def by_rounding(self) -> Mapping[str, str]:
        """Claim → why it holds of the formula, for those that failed it under a seed by digits alone."""
        return {
            claim: BLIND[self.id, claim]
            for claim in self.formula.claims
            if (self.id, claim) in BLIND and any(cases is not None for cases in self.cases_of(claim))
        }

    @property
    def missed(self) -> tuple[str, ...]:
        """The claims that were expected to catch it and do not under every seed."""
        return tuple(claim for claim in self.formula.expected if claim not in self.killers)


@dataclass(frozen=True)
class Spread:
    """A median and the worst of several numbers."""

    median: float
    worst: float

    @staticmethod
    def of(numbers: Sequence[float]) -> Spread:
        """Return that of numbers, zeros where there are none."""
        return Spread(float(median(numbers)), float(max(numbers))) if numbers else Spread(0.0, 0.0)


@dataclass(frozen=True)
class Power:
    """All that was measured.

    Attributes
    ----------
    profile : of the search
    planned : wrong formulas that were to be judged
    matrices : one a seed
    alarms : of implementations that are right; None where they were not run
    """

    profile: str
    planned: int
    matrices: tuple[Matrix, ...]
    alarms: Alarms | None

    @property
    def seeds(self) -> tuple[int, ...]:
        """In the order in which they were run."""
        return tuple(each.seed for each in self.matrices)

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """The columns: claims that code of any kind could show."""
        return columns()

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The formulas that were judged, theme by theme, each under all seeds that it was judged under."""
        found: dict[str, tuple[Caught, ...]] = {}
        for matrix in self.matrices:
            for each in matrix.caught:
                found[each.id] = (*found.get(each.id, ()), each)
        return tuple(Row(caught) for caught in found.values())

    @cached_property
    def themes(self) -> Mapping[str, tuple[Row, ...]]:
        """Theme → its rows."""
        found = {theme: tuple(row for row in self.rows if row.formula.theme == theme) for theme in THEMES}
        return {theme: rows for theme, rows in found.items() if rows}

    @property
    def killed(self) -> tuple[Row, ...]:
        """What is caught under every seed."""
        return tuple(row for row in self.rows if row.killed)

    @property
    def survivors(self) -> tuple[Row, ...]:
        """What is not."""
        return tuple(row for row in self.rows if not row.killed)

    @property
    def missed(self) -> tuple[Row, ...]:
        """Survivors of which nobody has proved that they are equivalent to what is right."""
        return tuple(row for row in self.survivors if row.proof is None)

    @property
    def diagnosed(self) -> tuple[Row, ...]:
        """What is caught and called by its name under every seed."""
        return tuple(row for row in self.rows if row.diagnosed)

    @property
    def undiagnosed(self) -> tuple[Row, ...]:
        """What is caught, and not called by its name: by that of another formula, or by none."""
        return tuple(row for row in self.killed if not row.diagnosed)

    @property
    def unexpected(self) -> tuple[Row, ...]:
        """What a claim was expected to catch and does not."""
        return tuple(row for row in self.rows if row.missed)

    @property
    def lucky(self) -> tuple[Row, ...]:
        """What some claim catches under some seeds alone."""
        return tuple(row for row in self.rows if row.lucky)

    @property
    def by_rounding(self) -> tuple[Row, ...]:
        """What some claim that holds of it failed by digits."""
        return tuple(row for row in self.rows if row.by_rounding)

    @cached_property
    def sole_killers(self) -> Mapping[str, tuple[str, ...]]:
        """Claim → wrong formulas that it alone catches under every seed."""
        return sole_killers({row.id: row.killers for row in self.rows})

    @cached_property
    def smallest_killing_set(self) -> tuple[str, ...]:
        """Fewest claims that catch, under every seed, all that any claim does."""
        ids = tuple(claim.id for claim in self.claims)
        return smallest_killing_set(ids, {row.id: row.killers for row in self.rows})

    @property
    def cases(self) -> Spread:
        """Cases until the first kill, of every formula under every seed."""
        return Spread.of([each.cases for each in self._killed_once])

    @property
    def seconds(self) -> Spread:
        """Seconds until the first kill, of the claim that is quickest."""
        return Spread.of([each.seconds for each in self._killed_once])

    @property
    def counterexample_rows(self) -> Spread:
        """Rows of the larger side of the smallest counterexamples."""
        return Spread.of([max(each.rows) for each in self._killed_once if each.rows is not None])

    @property
    def _killed_once(self) -> list[Caught]:
        return [each for row in self.rows for each in row.caught if each.killed]

    @property
    def unsound(self) -> tuple[tuple[int, Unsound], ...]:
        """Checks that fail the right formula beside which wrong ones were judged, with the seed."""
        return tuple((matrix.seed, each) for matrix in self.matrices for each in matrix.unsound)

    @property
    def right_variants(self) -> int:
        """How many implementations that are right were judged."""
        return 0 if self.alarms is None else len({each.id for each in self.alarms.variants})

    @property
    def false_alarms(self) -> int:
        """How often something right was failed."""
        of_variants = [] if self.alarms is None else [len(each.alarms) for each in self.alarms.variants]
        return sum(of_variants) + len(self.unsound)

    @property
    def passed(self) -> bool:
        """Whether all is caught, nothing right is failed, and nine of ten kills carry the right name."""
        enough = len(self.diagnosed) >= NAMED * len(self.killed)
        return not self.missed and not self.false_alarms and enough


def power_of(
    found: Sequence[Judged], *, profile: str, seeds: Sequence[int], planned: int, alarms: Alarms | None
) -> Power:
    """Return what was measured from all that was judged.

    Where it was interrupted, a seed that was not come to, or not done with, is left out if another one was.
    """
    matrices = [matrix_of(found, profile, seed) for seed in seeds]
    whole = tuple(each for each in matrices if len(each.caught) == planned)
    return Power(profile, planned, whole or tuple(each for each in matrices if each.caught), alarms)
