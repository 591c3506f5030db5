"""A failure of a sequential test as a counterexample: one case, the seeds of its draws, and what they exclude."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganirl.sequential import Rates
from ganirl_properties.case_data import case_data
from ganirl_properties.narrative import by_claim, indexed, let, number, reads_log_q
from ganirl_properties.observed import NotObservedError, ObservableError
from ganirl_properties.report import Counterexample, Draws
from ganirl_properties.search import Search

from .contract import FEWEST_TOLERANCES, SamplingContract
from .drawing import NOT_FINITE, Outcome, Source, seed_after, stakes_of
from .interval import bounded_interval, normal_interval
from .smaller import smallest

Array = npt.NDArray[np.float64]

# A test stops where what is claimed is excluded by a hair. Draws go on, to at most so many times as many, until it
# lies half of what was seen outside: then a replay that looks for as much finds it again, or says that it is gone.
_MOST_MORE = 4
_MORE = (1.25, 1.5, 2.0, 2.5, 3.0, _MOST_MORE)
_MOST_SECONDS = 30.0


@dataclass(frozen=True)
class Failed:
    """A failure, and what it takes to look at it again.

    Attributes
    ----------
    outcome : of the test that failed
    rates : of each of its numbers
    contract : of the run
    search : of the conventions of the implementation
    source : what is called
    entropy : what decides the seeds of draws
    """

    outcome: Outcome
    rates: Rates
    contract: SamplingContract
    search: Search
    source: Source
    entropy: tuple[int, ...]


def contradiction(failed: Failed) -> Counterexample:
    """Return the smallest case that can be had of a failure, with draws that contradict the claim clearly."""
    if failed.outcome.because == NOT_FINITE:
        return _told(failed.outcome, failed.rates, failed.source, 0)
    found, rates, tried = smallest(
        failed.outcome, failed.rates, failed.contract, failed.search, failed.source, failed.entropy
    )
    return _told(_clearer(found, rates, failed.source), rates, failed.source, tried)


def interval(found: Outcome, alpha: float) -> tuple[float, float]:
    """Return where the expectation of the number with most evidence lies, but with a probability of at most α."""
    values, asked = found.of_number, found.trial.quantity
    if not np.isfinite(values).all():
        return math.nan, math.nan
    if found.approximation is not None:
        return normal_interval(values, alpha)
    low, high = float(asked.low[found.index]), float(asked.high[found.index])
    return bounded_interval(values, low, high, alpha, stakes_of(found.trial))


def outside(found: Outcome, between: tuple[float, float]) -> float:
    """Return by how much what is expected lies outside of an interval; negative inside."""
    return max(between[0] - found.expected, found.expected - between[1])


def standard_error(values: Array) -> float:
    """Of the mean of draws (n,)."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def _clearer(found: Outcome, rates: Rates, source: Source) -> Outcome:
    """Return the same with more draws, which the interval may take at any number."""
    until, first = time.monotonic() + _MOST_SECONDS, len(found.values)
    for times in _MORE:
        wanted = min(float(found.trial.effect[found.index]), abs(found.mean - found.expected) / 2)
        if outside(found, interval(found, rates.alpha)) >= wanted or time.monotonic() > until:
            return found
        more = _more(found, math.ceil(times * first) - found.draws, source)
        if more is None:
            return found
        values = np.concatenate([found.values, more])
        found = replace(found, values=values, mean=float(values[:, found.index].mean()))
    return found


def _more(found: Outcome, count: int, source: Source) -> Array | None:
    """Return further draws; None where one of them is none, or breaks the range that the interval stands on."""
    asked = found.trial.quantity
    try:
        drawn = [
            source.draw(found.trial, seed_after(found.first_seed, found.draws + number))
            for number in range(count)
        ]
    except (NotObservedError, ObservableError):
        return None
    values = np.array(drawn)
    inside = (asked.low - asked.tolerance <= values) & (values <= asked.high + asked.tolerance)
    holds = inside.all() if found.approximation is None else np.isfinite(values).all()
    return values if holds else None


def effect_of_a_replay(found: Outcome, between: tuple[float, float]) -> float:
    """Return δ of a replay: what the draws show the expectation to be away, where that is less than the contract's.

    Not less than a quarter of what was seen, which would take more draws than anyone waits for, nor than what rounding
    lets show.
    """
    of_contract = float(found.trial.effect[found.index])
    least = FEWEST_TOLERANCES * float(found.trial.quantity.tolerance[found.index])
    shown = max(outside(found, between), abs(found.mean - found.expected) / 4)
    return max(min(of_contract, shown), least) if math.isfinite(shown) else of_contract


def _told(found: Outcome, rates: Rates, source: Source, tried: int) -> Counterexample:
    trial, asked, name = found.trial, found.trial.quantity, source.implementation.name
    conventions = source.implementation.conventions
    between, place = interval(found, rates.alpha), asked.place(found.index)
    tolerance = float(asked.tolerance[found.index])
    draws = draws_of(found, rates, between, effect_of_a_replay(found, between), tried)
    case = asked.view.case
    what = indexed(asked.label, place)
    return Counterexample(
        claim=trial.check.claim,
        check=trial.check.name,
        observable=asked.label,
        let=let(case, with_log_q=reads_log_q(conventions, asked.label.removeprefix("e^"))),
        then=(
            f"Then, {by_claim(trial.check.claim)}, the expectation of {what} is {number(found.expected)}; "
            f"rounding allows {number(tolerance)} either way."
        ),
        however=f"However, {name} gives {told_draws(found.mean, draws)}",
        got=found.mean,
        expected=found.expected,
        bound=tolerance,
        allowed=allowed(found, between),
        case=case_data(case),
        setting=trial.check.setting,
        rows=(len(case.expert), len(case.generator)),
        component=place,
        draws=draws,
    )


def draws_of(
    found: Outcome, rates: Rates, between: tuple[float, float], effect: float, smaller: int = 0
) -> Draws:
    """Return what was drawn of the number with most evidence, as data."""
    asked, index = found.trial.quantity, found.index
    unbounded = found.approximation is not None
    return Draws(
        drawn=found.trial.drawn,
        count=found.draws,
        first_seed=found.first_seed,
        standard_error=standard_error(found.of_number),
        interval=between,
        range=(-math.inf, math.inf) if unbounded else (float(asked.low[index]), float(asked.high[index])),
        alpha=rates.alpha,
        beta=rates.beta,
        effect=effect,
        approximation=found.approximation,
        stakes=0 if unbounded else stakes_of(found.trial),
        smaller=smaller,
    )


def allowed(found: Outcome, between: tuple[float, float]) -> float:
    """Return how far the mean of draws may be from what is expected, by rounding and by chance."""
    side = found.mean - between[0] if found.mean >= found.expected else between[1] - found.mean
    return float(found.trial.quantity.tolerance[found.index]) + side


def told_draws(mean: float, draws: Draws) -> str:
    """Say what draws were, and what they say of their expectation; the end of a sentence."""
    low, high = draws.interval
    last = seed_after(draws.first_seed, draws.count - 1)
    if math.isnan(mean):
        return f"what is not finite in draw {draws.count}, with seed {last}: it has no expectation."
    by = "" if draws.approximation is None else "by a normal approximation, "
    return (
        f"{number(mean)} on average over {draws.count} draws, of seeds {draws.first_seed} to {last}, with a standard "
        f"error of {draws.standard_error:.3g}: "
        f"{by}the expectation is between {number(low)} and {number(high)}, or what has a probability of at most "
        f"{draws.alpha:.2g} has happened."
    )
