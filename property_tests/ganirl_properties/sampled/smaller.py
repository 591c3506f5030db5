"""A smaller case that draws contradict as well: fewer and simpler bytes, each with a budget of false alarms of its own.

Looking at several cases and keeping one that fails is sound only if all of them together have a budget. Each that may
be tried has an equal share of what the number on the first case had: code that is right on all of them is contradicted
on any with no more than that probability, on top of a verdict that is already there.

What only a normal approximation has decided is not made smaller: its rates are not bounds, and of several cases one
would keep that on which it is most wrong.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np

from ganirl import Case
from ganirl.sequential import Rates
from ganirl_properties.case_data import case_data
from ganirl_properties.cases import bytes_read
from ganirl_properties.observed import NotObservedError, ObservableError
from ganirl_properties.search import Search

from .contract import SamplingContract
from .drawing import Outcome, Source, first_seed, outcome
from .plan import Trial, trial_on

# Cases that may be tried, among which α is shared.
MOST_TRIES = 24
# Draws, of one smaller case and of all of them: in those that decided the first, and what is spent on any.
_ONE, _ALL = (2, 512), (8, 4096)
MOST_SECONDS = 20.0
# Of bytes; beyond them all is the simplest that it can be.
_LENGTHS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
# Those of the bytes that say how many there is of everything, and how many digits it has.
_SIZES = 8


def smallest(
    found: Outcome,
    rates: Rates,
    contract: SamplingContract,
    search: Search,
    source: Source,
    entropy: tuple[int, ...],
) -> tuple[Outcome, Rates, int]:
    """Return the smallest case that fails of those tried, the rates that it was judged by, and how many were tried.

    Parameters
    ----------
    found : a failure
    rates : of each of its numbers
    contract, search : what makes and chooses cases; of the conventions of ``source``
    source : what is called
    entropy : what decides the seeds of its draws
    """
    check = found.trial.check
    data = bytes_read(found.trial.data, check.setting, search.precision, source.implementation.conventions)
    if found.approximation is not None or not data:
        return found, rates, 0
    shared = replace(rates, alpha=rates.alpha / MOST_TRIES)
    (of_one, few), (of_all, some) = _ONE, _ALL
    limit, left = max(of_one * found.draws, few), max(of_all * found.draws, some)
    tried, until = 0, time.monotonic() + MOST_SECONDS

    def attempt(candidate: bytes, best: Outcome) -> Outcome:
        nonlocal tried, left
        if tried == MOST_TRIES or left <= 0 or time.monotonic() > until:
            return best
        trial = _smaller_trial(candidate, best.trial, contract, search)
        if trial is None:
            return best
        tried += 1
        drawn = _drawn(trial, shared, contract, source, first_seed(*entropy, tried), limit)
        left -= 0 if drawn is None else drawn.draws
        return drawn if drawn is not None and _fails(drawn) else best

    best = found
    for length in _LENGTHS:
        if best is found and length < len(data):
            best = attempt(data[:length], best)
    for place in range(_SIZES):
        of = data if best is found else best.trial.data
        if any(of[place : place + 1]):
            best = attempt(of[:place] + b"\0" + of[place + 1 :], best)
    return best, rates if best is found else shared, tried


def _smaller_trial(data: bytes, than: Trial, contract: SamplingContract, search: Search) -> Trial | None:
    """Return the trial on the case of those bytes; None where it shows nothing, or is no smaller."""
    try:
        with np.errstate(all="ignore"):
            view = search.view(data, than.check.setting)
            trial = trial_on(view, data, than.check, than.drawn, contract)
    except ValueError:  # bytes cut off may be a case of which nothing can be said
        return None
    if trial is None or _size(trial.quantity.view.case) >= _size(than.quantity.view.case):
        return None
    return trial


def _size(case: Case) -> int:
    """How long it is to read."""
    return len(json.dumps(case_data(case)))


def _drawn(
    trial: Trial, rates: Rates, contract: SamplingContract, source: Source, first: int, limit: int
) -> Outcome | None:
    try:
        return outcome(trial, rates, contract.most_free, source, first, limit)
    except (NotObservedError, ObservableError, ValueError):
        return None


def _fails(found: Outcome) -> bool:
    return found.verdict == "failed" and found.approximation is None and not found.constant
