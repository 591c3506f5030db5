"""A saved contradiction of an expectation once more: other draws on the same case, under a contract of its own.

The file says what a replay promises. α: code that is right is told FAILS with no more than that probability, for each
number. δ: no more than what the saved draws show the expectation to be away, so that code that is as it was is told
FIXED with a probability of at most β. What the draws cannot tell is an ERROR, and is never called fixed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

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
from .drawing import Outcome, Source, outcome, seed_after
from .judging import is_constant, told
from .plan import CHECKS, Trial
from .quantity import Quantity, SampledCheck

# Of as many draws as were saved, where a normal approximation decides.
_MORE_FREE = 4


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
        found = outcome(trial, rates, most_free, source, seed_after(draws.first_seed, draws.count))
    except NotObservedError as why:
        return Replayed("ERROR", f"{name} does not show it any more: {why}")
    except ObservableError as why:
        return Replayed("ERROR", str(why))
    if found.verdict == "inconclusive" or (found.verdict == "failed" and is_constant(found)):
        return Replayed("ERROR", told(found))
    return _replayed(found, rates, name, wrong.component)


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


def _replayed(found: Outcome, rates: Rates, name: str, component: tuple[int, ...]) -> Replayed:
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
        _failing(found, what, name, draws) if found.verdict == "failed" else _fixed(found, what, draws),
        asked.label,
        asked.place(found.index),
        found.mean,
        found.expected,
        error,
        limit,
        error / limit,
        draws=draws,
    )


def _failing(found: Outcome, what: str, name: str, draws: Draws) -> str:
    claim = found.trial.check.claim
    return (
        f"Then, {by_claim(claim)}, the expectation of {what} is {number(found.expected)}. "
        f"However, {name} gives {told_draws(found.mean, draws)}"
    )


def _fixed(found: Outcome, what: str, draws: Draws) -> str:
    by = "" if draws.approximation is None else "by a normal approximation, "
    return (
        f"{what} is {number(found.mean)} on average over {draws.count} new draws, with a standard error of "
        f"{draws.standard_error:.3g}, where {number(found.expected)} is claimed: {by}were its expectation "
        f"{draws.effect:.3g} or more away, this would be said with a probability of at most {draws.beta:g}."
    )
