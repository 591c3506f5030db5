"""From a failing case to the smallest one: hypothesis shrinks the bytes that a case is decoded from."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

import hypothesis
import numpy as np
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes
from hypothesis.errors import Flaky, NoSuchExample

from ganirl import Case, Rows

from .cases import BYTES_PER_CASE, Setting, bytes_read
from .observed import NotObservedError, ObservableError
from .paths import taken_rows
from .search import Failure, Judgement, Search, judged

# Tries after which the smallest case so far is taken: a third party's call may cost milliseconds.
MOST_TRIES = 1200
# And they may cost a second, where every shape is compiled anew.
MOST_SECONDS = 60.0
# What follows from another failure is not what anyone reads first.
SECONDS_OF_AN_ECHO = 6.0


def smallest(search: Search, failure: Failure, *, echo: bool = False) -> Failure:
    """Return the smallest case on which the same check fails; the failure itself where it cannot be shrunk.

    An ``echo`` follows from another failure and is given less time. What draws without having been declared to, or
    keeps what it was handed, answers the same bytes differently; its first answer stands.

    A check that makes its own cases (N1, N2) tries them from the mildest on, so that its first failure is smallest;
    what rows it does not need are left out.
    """
    setting, data = failure.check.setting, failure.data
    if setting is None or data is None:
        return _with_fewer_rows(search, failure, _clear(failure.judgement.ratio))
    data = bytes_read(data, setting, search.precision, search.implementation.conventions)
    best = replace(failure, data=data)
    tries, until = 0, time.monotonic() + min(MOST_SECONDS, SECONDS_OF_AN_ECHO if echo else MOST_SECONDS)
    clear = _clear(failure.judgement.ratio)
    # Hypothesis asks for some of them once more, and must be answered as before.
    known: dict[bytes, bool] = {}

    def fails(candidate: bytes) -> bool:
        nonlocal best, tries
        tries += 1
        if candidate in known:
            return known[candidate]
        if tries > MOST_TRIES or time.monotonic() > until:
            return False
        shown = _shown(search, failure, setting, candidate)
        known[candidate] = shown is not None and shown[1].ratio >= clear
        if shown is None or not known[candidate]:
            return False
        if _size(candidate) <= _size(best.data or data):
            best = replace(best, case=shown[0], data=candidate, judgement=shown[1])
        return True

    key = b"failure"
    database = InMemoryExampleDatabase()
    database.save(
        key + b".secondary", choices_to_bytes((data,))
    )  # where examples wait that are yet to shrink
    settings = hypothesis.settings(
        database=database,
        deadline=None,
        derandomize=False,
        max_examples=MOST_TRIES,
        phases=[hypothesis.Phase.reuse, hypothesis.Phase.shrink],
        suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large],
    )
    with suppress(NoSuchExample, Flaky):
        hypothesis.find(st.binary(max_size=BYTES_PER_CASE), fails, settings=settings, database_key=key)
    return _with_fewer_rows(search, best, clear) if setting == "batch" else best


def _with_fewer_rows(search: Search, failure: Failure, clear: float) -> Failure:
    """Leave out rows, one at a time, as long as the check fails: bytes say how many rows there are, not which.

    A claim about any batch (tier 1) is one about each part of it.
    """
    best = failure
    equal = search.implementation.conventions.equal_batches
    place = {"expert": 0, "generator": 0}
    while True:
        sides = [name for name in place if place[name] < len(getattr(best.case, name)) > 1]
        if not sides or (equal and len(sides) < 2):
            return best
        chosen = sides if equal else sides[:1]
        expert, generator = (
            _without(rows, place[name], search) if name in chosen else rows
            for name, rows in (("expert", best.case.expert), ("generator", best.case.generator))
        )
        case = replace(best.case, expert=expert, generator=generator)
        view = search.view_of(case)
        try:
            found = [judgement for judgement in judged(failure.check, view) if judgement and judgement.failed]
        except (NotObservedError, ObservableError, ValueError):
            found = []
        worst = max(found, key=lambda judgement: judgement.ratio, default=None)
        if worst is not None and worst.ratio >= clear:
            best = replace(best, case=case, judgement=worst)
        else:
            for name in chosen:
                place[name] += 1


def _without(rows: Rows, index: int, search: Search) -> Rows:
    kept = np.delete(np.arange(len(rows)), index)
    left = taken_rows(rows, kept)
    weight = np.full(len(kept), 1.0 / len(kept))
    if search.implementation.conventions.weights:
        weight = search.precision.round(left.weight / left.weight.sum())
    return replace(left, weight=weight)


# A factor that nobody takes for rounding.
_CLEARLY_BEYOND = 1e3


def _clear(ratio: float) -> float:
    """Return how far beyond what is allowed the smaller case must be, so that shrinking keeps the kind of failure.

    A NaN or infinity stays one, and a failure by orders of magnitude is not told as one of the last digit.
    """
    return ratio if not np.isfinite(ratio) else min(_CLEARLY_BEYOND, ratio**0.5)


def _size(data: bytes) -> tuple[int, bytes]:
    return len(data), data


def _shown(search: Search, failure: Failure, setting: Setting, data: bytes) -> tuple[Case, Judgement] | None:
    """Return the case of some bytes and its worst judgement; None where the check does not fail on it."""
    try:
        view = search.view(data, setting)
        found = [judgement for judgement in judged(failure.check, view) if judgement and judgement.failed]
    except (NotObservedError, ObservableError, ValueError):
        return None
    return (view.case, max(found, key=lambda judgement: judgement.ratio)) if found else None
