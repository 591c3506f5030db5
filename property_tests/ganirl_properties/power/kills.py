"""One wrong implementation before every claim: which kill it, after how many cases, and what it is called."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from ganirl import Implementation
from ganirl.claims import Claim
from ganirl_properties.cases import Setting
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

    Attributes
    ----------
    search : of any implementation under the conventions of all that is judged on them; it draws as `verify` does
    """

    search: Search
    _found: dict[Setting, list[tuple[bytes, View]]] = field(default_factory=dict, repr=False)
    _sources: dict[Setting, Iterator[bytes]] = field(default_factory=dict, repr=False)

    def views(self, setting: Setting, implementation: Implementation) -> Iterator[tuple[bytes, View]]:
        """Yield an implementation on the cases of a setting, beside the shared truth."""
        for data, view in self._drawn(setting):
            observed = Observed(implementation, self.search.framework, view.case, self.search.device)
            yield data, View(observed, view.truth)

    def _drawn(self, setting: Setting) -> Iterator[tuple[bytes, View]]:
        found = self._found.setdefault(setting, [])
        source = self._sources.setdefault(setting, self.search.drawn(setting))
        place = 0
        while True:
            if place == len(found):
                data = next(source, None)
                if data is None:
                    return
                found.append((data, self.search.view(data, setting)))
            yield found[place]
            place += 1


def kills_of(
    implementation: Implementation, drawn: Drawn, claims: Sequence[Claim]
) -> Iterator[tuple[Kill, Failure]]:
    """Yield the first kill of each claim that catches an implementation; nothing is blocked."""
    for claim in claims:
        best: tuple[Kill, Failure] | None = None
        for check in CHECKS:
            if check.claim != claim.id or not check.suits(drawn.search.implementation.conventions.unit):
                continue
            if not all(callable(getattr(implementation, name, None)) for name in check.observables):
                continue
            limit = drawn.search.cases if best is None else best[0].cases - 1
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
