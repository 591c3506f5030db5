"""One wrong implementation before every claim: which kill it, after how many cases, and what it is called."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from ganirl import PRECISIONS, Case, Conventions, Implementation
from ganirl.bounds import FloatModel
from ganirl.claims import Claim
from ganirl.framework import Framework
from ganirl.truth import Truth
from ganirl_properties.cases import SETTINGS, Setting, at_optimum, case_from_bytes, generic_bytes
from ganirl_properties.checks import CHECKS, Check, View
from ganirl_properties.observed import NotObservedError, Observed
from ganirl_properties.search import Failure, Search, judged
from ganirl_properties.shrink import smallest


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


@dataclass
class Drawn:
    """Cases of each setting with the truth about them, drawn when asked for and shared by all that is judged on them.

    Everything that is judged on them has these conventions.
    """

    conventions: Conventions
    framework: Framework
    precision_name: str
    count: int
    seed: int
    _found: dict[Setting, list[tuple[bytes, Case, Truth]]] = field(default_factory=dict, repr=False)
    _sources: dict[Setting, Iterator[bytes]] = field(default_factory=dict, repr=False)

    def views(self, setting: Setting, implementation: Implementation) -> Iterator[tuple[bytes, View]]:
        """Yield an implementation on the cases of a setting, beside the shared truth."""
        for data, case, truth in self._drawn(setting):
            yield data, View(Observed(implementation, self.framework, case, "cpu"), truth)

    def _drawn(self, setting: Setting) -> Iterator[tuple[bytes, Case, Truth]]:
        found = self._found.setdefault(setting, [])
        if setting not in self._sources:
            # As `Search.views` draws them: a kill is found on the very case that `verify` would find it on.
            rng = np.random.default_rng([self.seed, SETTINGS.index(setting)])
            drawn = generic_bytes(rng, setting, PRECISIONS["float64"], self.conventions)
            self._sources[setting] = islice(drawn, self.count)
        place = 0
        while True:
            if place == len(found):
                data = next(self._sources[setting], None)
                if data is None:
                    return
                found.append(self._decoded(data, setting))
            yield found[place]
            place += 1

    def _decoded(self, data: bytes, setting: Setting) -> tuple[bytes, Case, Truth]:
        precision = PRECISIONS[self.precision_name]
        model = FloatModel(precision, self.framework.kappa(self.precision_name, "cpu"))
        case = case_from_bytes(data, setting, precision, self.conventions)
        truth = Truth(case, self.conventions, model)
        if setting == "optimum":
            case = at_optimum(case, truth.optimum.b, self.conventions)
            truth = replace(truth, case=case)
        return data, case, truth


def kills_of(
    implementation: Implementation, drawn: Drawn, claims: Sequence[Claim]
) -> Iterator[tuple[Kill, Failure]]:
    """Yield the first kill of each claim that catches an implementation; nothing is blocked."""
    for claim in claims:
        best: tuple[Kill, Failure] | None = None
        for check in CHECKS:
            if check.claim != claim.id or not check.suits(drawn.conventions.unit):
                continue
            if not all(callable(getattr(implementation, name, None)) for name in check.observables):
                continue
            limit = drawn.count if best is None else best[0].cases - 1
            found = _first_kill(check, implementation, drawn, limit)
            if found is not None and (best is None or found[0].cases < best[0].cases):
                best = found
        if best is not None:
            yield best


def _first_kill(
    check: Check, implementation: Implementation, drawn: Drawn, limit: int
) -> tuple[Kill, Failure] | None:
    with np.errstate(all="ignore"):
        for number, (data, view) in enumerate(_suited(check, implementation, drawn), 1):
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


def _suited(
    check: Check, implementation: Implementation, drawn: Drawn
) -> Iterator[tuple[bytes | None, View]]:
    if check.setting is not None:
        yield from drawn.views(check.setting, implementation)
    elif check.instances is not None:
        _, first = next(drawn.views("batch", implementation))
        for view in check.instances(first):
            yield None, view


@dataclass(frozen=True)
class Caught:
    """What became of one wrong implementation.

    Attributes
    ----------
    id, title, seen : of the wrong formula
    expected : claims that should catch it in this format
    dtype : the format that it was judged in
    kills : a claim each, in the catalogue's order
    named : the formula that the diagnosis gave; None if it knew none, or nothing was caught
    rows : rows a side of the smallest counterexample of the first kill; None if it could not be shrunk
    seconds : until the first kill
    """

    id: str
    title: str
    seen: str
    expected: tuple[str, ...]
    dtype: str
    kills: tuple[Kill, ...]
    named: str | None
    rows: tuple[int, int] | None
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether any claim catches it."""
        return bool(self.kills)


def shrunk_rows(search: Search, failure: Failure) -> tuple[int, int] | None:
    """Return the rows a side of the smallest case on which a check still fails."""
    if failure.data is None:
        return len(failure.case.expert), len(failure.case.generator)
    small = smallest(search, failure)
    return len(small.case.expert), len(small.case.generator)


def timed_kills(
    implementation: Implementation, drawn: Drawn, claims: Sequence[Claim]
) -> tuple[tuple[Kill, ...], Failure | None, float]:
    """Return every kill, the failure of the one that took fewest cases, and the seconds until the first."""
    started = time.perf_counter()
    first = 0.0
    kills: list[Kill] = []
    failures: list[Failure] = []
    for kill, failure in kills_of(implementation, drawn, claims):
        first = first or time.perf_counter() - started
        kills.append(kill)
        failures.append(failure)
    quickest = min(range(len(kills)), key=lambda place: kills[place].cases, default=None)
    return tuple(kills), None if quickest is None else failures[quickest], first
