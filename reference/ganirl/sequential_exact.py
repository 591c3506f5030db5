"""The error rates of a sequential test, counted: values at both ends of a range, by dynamic programming.

Of all values in a range, those at its ends have the largest variance. After n draws a test has seen k high ones, in
whichever order, and its wealths depend on n and k alone: so the probability of every (n, k) that is not decided yet
follows from those of n − 1, and what is decided on the way adds up to the exact probability of each verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .sequential import Question, Rates, Verdict, bets, decided, most_draws

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ExactRates:
    """What a test of two-point values does, exactly.

    Attributes
    ----------
    probability : of each verdict, by (M,) true expectations
    draws : expected number of draws, (M,)
    most : after how many it stops undecided
    """

    probability: dict[Verdict, Array]
    draws: Array
    most: int


def exact_rates(
    question: Question, rates: Rates, mean: npt.ArrayLike, limit: int | None = None
) -> ExactRates:
    """Return the probability of each verdict for values that are ``low`` or ``high``.

    Parameters
    ----------
    question : of one number
    mean : (M,), true expectations
    limit : the most draws, if not those of the contract

    Raises
    ------
    ValueError
        If the question has more than one number, or an expectation is not in its range.
    """
    if len(question) != 1:
        raise ValueError(f"two-point values are counted for one number, not for {len(question)}")
    low, high = float(question.low[0]), float(question.high[0])
    chance = (np.atleast_1d(np.asarray(mean, dtype=np.float64)) - low) / (high - low)
    if not ((chance >= 0) & (chance <= 1)).all():
        raise ValueError(f"an expectation of values in [{low:g}, {high:g}] lies there, too")
    most = int(most_draws(question, rates)[0]) if limit is None else limit
    made = bets(question)
    at_low, at_high = (made.logs(np.array([end])) for end in (low, high))
    undecided = np.ones((1, len(chance)))
    failed, passed, draws = (np.zeros(len(chance)) for _ in range(3))
    for drawn in range(1, most + 1):
        draws += undecided.sum(axis=0)
        step = np.zeros((drawn + 1, len(chance)))
        step[:-1] += undecided * (1 - chance)
        step[1:] += undecided * chance
        heads = np.arange(drawn + 1.0)[None, :, None]
        # One number, so that its axis can hold the counts.
        wealth = made.log_wealth(heads * at_high + (drawn - heads) * at_low)
        fails, passes = decided(wealth, rates)
        failed += step[fails].sum(axis=0)
        passed += step[passes].sum(axis=0)
        step[fails | passes] = 0.0
        undecided = step
    left: Array = undecided.sum(axis=0)
    return ExactRates({"failed": failed, "passed": passed, "inconclusive": left}, draws, most)
