"""A saved contradiction of an expectation once more: other draws on the same case, under a contract of its own.

The file says what a replay promises. α: code that is right is told FAILS with no more than that probability, for each
number. δ: no more than what the saved draws show the expectation to be away, so that code that is as it was is told
FIXED with a probability of at most β. What the draws cannot tell is an ERROR, and is never called fixed.

Where a draw that was not finite decided, its seed is asked first: not finite again is FAILS. Only then is drawn anew,
and as often as code that does not read its seed takes to show it again (`_anew`).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ganirl import Case
from ganirl.sequential import Rates
from ganirl.sequential_normal import FEWEST_TO_FAIL
from ganirl_properties.errors import UsageError
from ganirl_properties.narrative import by_claim, indexed, number
from ganirl_properties.observed import NotObservedError, ObservableError, Observed
from ganirl_properties.replayed import Replayed, Wrong
from ganirl_properties.report import Draws
from ganirl_properties.search import Search

from .contract import CONTRACTS, FEWEST_TOLERANCES, LARGEST_EFFECT
from .contradiction import allowed, draws_of, interval, told_draws
from .drawing import NOT_FINITE, Outcome, Source, outcome, seed_after
from .judging import is_constant, told
from .plan import CHECKS, Trial
from .quantity import Quantity, SampledCheck

Array = npt.NDArray[np.float64]

# Of as many draws as were saved, where a normal approximation decides.
_MORE_FREE = 4
# Draws to see again what is rarely not finite; more only where the share that was seen takes more.
_MOST_ANEW = 2**14


def sampled_check(claim: str, name: str) -> SampledCheck:
    """Return the check of a claim by its name.

    Raises
    ------
    UsageError
        If there is none.
    """
    for check in CHECKS:
        if (check.claim, check.name) == (claim, name):
            return check
    raise UsageError(f"no check of this ganirl by draws is called {name!r} and about a claim {claim!r}")


def draw_again(search: Search, case: Case, check: SampledCheck, wrong: Wrong) -> Replayed:
    """Ask again what draws contradicted on a case, and say what they say now.

    Parameters
    ----------
    search : of the implementation with what it samples
    case : exact in its format
    check : that failed
    wrong : the number that was wrong, with the draws that contradicted it
    """
    source = Source(search.implementation, search.framework, search.device)
    name, draws = search.implementation.name, wrong.draws
    assert draws is not None
    with np.errstate(all="ignore"):
        asked = check.quantity(search.view_of(case))
    places = [] if asked is None else [asked.place(index) for index in range(len(asked))]
    if asked is None or wrong.component not in places:
        return Replayed("ERROR", f"{name} does not show it any more, by what it declares now")
    place = places.index(wrong.component)
    try:
        drawn = check.drawn_by(search.implementation)
        if drawn is None:
            return _by_one_call(source, asked, place)
        trial = _trial(check, drawn, asked, place, wrong)
        if trial is None:
            return Replayed("ERROR", f"{name} gives no range to test it in, by what it declares now")
        rates = Rates(draws.alpha, draws.beta)
        most_free = max(_MORE_FREE * draws.count, FEWEST_TO_FAIL)
        lost = math.isnan(draws.interval[0])
        last = seed_after(draws.first_seed, draws.count - 1)
        if lost and (same := _not_finite_again(trial, source, last)) is not None:
            return _replayed(same, rates, name, wrong.component, again=True)
        found = outcome(trial, rates, most_free, source, seed_after(last, 1))
        further = ""
        if lost and found.verdict == "passed":
            found = _as_often_finite(found, _anew(draws), source)
            further = _told_finite(found, _anew(draws), draws.beta, last)
    except NotObservedError as why:
        return Replayed("ERROR", f"{name} does not show it any more: {why}")
    except ObservableError as why:
        return Replayed("ERROR", str(why))
    if found.verdict == "inconclusive" or (found.verdict == "failed" and is_constant(found)):
        return Replayed("ERROR", told(found))
    return _replayed(found, rates, name, wrong.component, further)


def _not_finite_again(trial: Trial, source: Source, seed: int) -> Outcome | None:
    """Return the draw of a seed where it is not finite; None where it is."""
    values = source.draw(trial, seed)
    return None if np.isfinite(values).all() else _lost(trial, seed, values[None])


def _lost(trial: Trial, first: int, values: Array) -> Outcome:
    """Return the outcome of draws (n, k) of which the last is not finite."""
    index = int(np.argmin(np.isfinite(values[-1])))
    expected = float(trial.quantity.expected[index])
    return Outcome(trial, "failed", first, values, index, math.nan, expected, False, 1.0, NOT_FINITE)


def _anew(draws: Draws) -> int:
    """Return how many new draws have to be finite.

    Where any draw has a probability p of not being finite, and the first such one was draw n, further k·n draws are all
    finite with a probability of at most Σ p(1 − p)ⁿ⁻¹(1 − p)ᵏⁿ ≤ 1/(k + 1), whatever p: so that k = 1/β − 1 keeps β.
    Where that is more than anyone waits for, p = 1/n is missed with a probability of at most β all the same.
    """
    always = math.ceil(draws.count * (1 / draws.beta - 1))
    seen = math.ceil(math.log(draws.beta) / math.log1p(-1 / draws.count)) if draws.count > 1 else 1
    return max(min(always, _MOST_ANEW), seen)


def _as_often_finite(found: Outcome, wanted: int, source: Source) -> Outcome:
    """Return what passed, or what failed by one of further draws that is not finite."""
    more = list(found.values)
    while len(more) < wanted:
        more.append(source.draw(found.trial, seed_after(found.first_seed, len(more))))
        if not np.isfinite(more[-1]).all():
            return _lost(found.trial, found.first_seed, np.array(more))
    return found


def _told_finite(found: Outcome, wanted: int, beta: float, seed: int) -> str:
    """Say what was tried to see again what was not finite."""
    tried = max(found.draws, wanted)
    rate = -math.expm1(math.log(beta) / tried)
    return (
        f" It was not finite with seed {seed}, and is now; so are {tried} new draws: were one not finite with a "
        f"probability of {rate:.2g} or more, this would be said with a probability of at most {beta:g}."
    )


def _trial(check: SampledCheck, drawn: str, asked: Quantity, place: int, wrong: Wrong) -> Trial | None:
    """Return the test of all numbers of a check, to the same share of their ranges; None if there is no such range."""
    finite = np.isfinite(asked.low + asked.high + asked.expected + asked.tolerance) & (asked.width > 0)
    if not finite[place]:
        return None
    assert wrong.draws is not None
    same = asked.label == wrong.observable  # else it is in other units by now
    share = wrong.draws.effect / float(asked.width[place]) if same else CONTRACTS["default"].effect
    effect = np.maximum(share * asked.width, FEWEST_TOLERANCES * asked.tolerance)
    shown = finite & (effect <= LARGEST_EFFECT * asked.width)
    shown[place] = True
    return Trial(check, drawn, asked.only(shown), effect[shown])


def _by_one_call(source: Source, asked: Quantity, place: int) -> Replayed:
    """Judge what is not declared as sampled any more: every number has to be within what rounding allows."""
    values = asked.observe(Observed(source.implementation, source.framework, asked.view.case, source.device))
    errors = np.abs(values - asked.expected)
    fails = not (errors <= asked.tolerance).all()
    beyond = np.where(np.isnan(errors), np.inf, errors - asked.tolerance)
    at = int(np.argmax(beyond)) if fails else place
    got, expected, error, limit = (
        float(each[at]) for each in (values, asked.expected, errors, asked.tolerance)
    )
    return Replayed(
        "FAILS" if fails else "FIXED",
        f"{indexed(asked.label, asked.place(at))} is {number(got)}, where {number(expected)} is claimed and rounding "
        f"allows {number(limit)}. {source.implementation.name} declares it as sampled no more: one call decides.",
        asked.label,
        asked.place(at),
        got,
        expected,
        error,
        limit,
        error / limit if limit else np.inf,
    )


def _replayed(
    found: Outcome,
    rates: Rates,
    name: str,
    component: tuple[int, ...],
    further: str = "",
    *,
    again: bool = False,
) -> Replayed:
    asked = found.trial.quantity
    if found.verdict == "passed":
        at = next(index for index in range(len(asked)) if asked.place(index) == component)
        mean = float(found.values[:, at].mean())
        found = replace(found, index=at, mean=mean, expected=float(asked.expected[at]))
    between = interval(found, rates.alpha)
    draws = draws_of(found, rates, between, float(found.trial.effect[found.index]))
    error, limit = abs(found.mean - found.expected), allowed(found, between)
    what = indexed(asked.label, asked.place(found.index))
    return Replayed(
        "FAILS" if found.verdict == "failed" else "FIXED",
        _failing(found, what, name, draws, again=again)
        if found.verdict == "failed"
        else _fixed(found, what, draws) + further,
        asked.label,
        asked.place(found.index),
        found.mean,
        found.expected,
        error,
        limit,
        error / limit,
        draws=draws,
    )


def _failing(found: Outcome, what: str, name: str, draws: Draws, *, again: bool) -> str:
    claim = found.trial.check.claim
    gives = f"with seed {draws.first_seed} again what is not finite: it has no expectation."
    return (
        f"Then, {by_claim(claim)}, the expectation of {what} is {number(found.expected)}. "
        f"However, {name} gives {gives if again else told_draws(found.mean, draws)}"
    )


def _fixed(found: Outcome, what: str, draws: Draws) -> str:
    by = "" if draws.approximation is None else "by a normal approximation, "
    return (
        f"{what} is {number(found.mean)} on average over {draws.count} new draws, with a standard error of "
        f"{draws.standard_error:.3g}, where {number(found.expected)} is claimed: {by}were its expectation "
        f"{draws.effect:.3g} or more away, this would be said with a probability of at most {draws.beta:g}."
    )
