"""Is an expectation what it should be, asked after every draw? Tests whose error rates hold whenever one stops.

Values in a known range are bet on (Waudby-Smith and Ramdas 2024). Against the null E x ≤ a, with x ≥ low, a stake of
λ ≤ 1/(a − low) makes a wealth of Π(1 + λ(x − a)): never negative, and under the null not expected to grow. Ville's
inequality: that it *ever* reaches 1/rate has a probability of at most that rate. So does a mixture of stakes, which
finds effects of every size; it depends on how many draws had which value and not on their order, so that
`ganirl.sequential_exact` can count the error rates of this very test exactly.

Four wealths a number decide a `Question`: two against what is claimed, |E x − expected| ≤ tolerance, and one against
each of E x ≥ expected + δ and E x ≤ expected − δ.

* α: where the claim is right, the test fails with probability at most α
* β: where E x is δ or more away, the test does not fail with probability at most β: half of it for passing, half for
  still being undecided after `most_draws`, which follows from the range, δ and both rates

>>> weights = Question.of(expected=1.0, tolerance=0.0, effect=0.1, low=0.0, high=2.0)
>>> int(most_draws(weights, Rates(alpha=1e-6, beta=0.01))[0])
8020
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .logspace import log_sum_exp

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Verdict = Literal["passed", "failed", "inconclusive"]

# The largest stake, as a share of what would risk everything; the others are halves of it, quarters, …
LARGEST_STAKE = 0.97
_MOST_STAKES = 24
# Of the width: where a null says that every draw is the end of the range, a stake has no other limit.
_LEAST_RISK = 1e-12
# Beyond this many no contract is worth its draws.
MOST_DRAWS = 2**26


@dataclass(frozen=True)
class Rates:
    """What a test promises.

    Attributes
    ----------
    alpha : false-alarm rate, of each number that is asked about
    beta : miss rate

    Raises
    ------
    ValueError
        If a rate is not between 0 and 1.
    """

    alpha: float
    beta: float

    def __post_init__(self) -> None:
        if not (0 < self.alpha < 1 and 0 < self.beta < 1):
            raise ValueError(f"rates lie between 0 and 1, not α = {self.alpha} and β = {self.beta}")


@dataclass(frozen=True, eq=False)
class Question:
    """Whether k numbers that are drawn together have the expectations that they should have.

    Attributes
    ----------
    expected : (k,)
    tolerance : (k,), how far rounding may move an expectation: no fault
    effect : (k,), δ, how far off it is to be found
    low, high : (k,), between which every draw lies

    Raises
    ------
    ValueError
        If a range is empty or does not hold what is expected, or δ is not beyond the tolerance.
    """

    expected: Array
    tolerance: Array
    effect: Array
    low: Array
    high: Array

    def __post_init__(self) -> None:
        if not (self.low < self.high).all():
            raise ValueError("a range goes from low to a higher high")
        inside = (self.low <= self.expected + self.tolerance) & (self.expected - self.tolerance <= self.high)
        if not inside.all():
            raise ValueError("what is expected lies outside of the range of what is drawn")
        if not ((self.tolerance >= 0) & (self.tolerance < self.effect)).all():
            raise ValueError("an effect to be found is larger than the tolerance, which is not negative")

    @classmethod
    def of(
        cls,
        *,
        expected: npt.ArrayLike,
        tolerance: npt.ArrayLike,
        effect: npt.ArrayLike,
        low: npt.ArrayLike,
        high: npt.ArrayLike,
    ) -> Question:
        """Return a question from numbers or arrays that broadcast to (k,)."""
        parts = np.broadcast_arrays(
            *(np.atleast_1d(np.asarray(x, np.float64)) for x in (expected, tolerance, effect, low, high))
        )
        return cls(*(np.array(part) for part in parts))

    def __len__(self) -> int:
        return len(self.expected)


# Of the four wealths, in this order.
TOO_HIGH, TOO_LOW, NOT_ABOVE, NOT_BELOW = range(4)


@dataclass(frozen=True, eq=False)
class Bets:
    """The nulls E[s·x] ≤ a that a question is decided by, and the stakes on each; the axes are (4, k, stakes).

    Attributes
    ----------
    sign : (4, 1), s
    null : (4, k), a; the first two are the claim's own edges, the others those of the effect
    risk : (4, k), a − low of s·x, of which 1/risk is the largest stake
    share : (stakes,), of that largest stake
    excluded : (4, k), nulls that the range itself excludes
    """

    sign: Array
    null: Array
    risk: Array
    share: Array
    excluded: Flags

    def logs(self, values: Array) -> Array:
        """Log(1 + λ(s·x − a)) of one draw (k,), (4, k, stakes)."""
        gain = (self.sign * values - self.null) / self.risk
        return np.log1p(self.share * gain[..., None])

    def log_wealth(self, total: Array) -> Array:
        """(4, k) of the mixture, from summed logs; inf for what is excluded without a draw."""
        mixed = log_sum_exp(total, axis=-1) - math.log(len(self.share))
        return np.where(self.excluded, np.inf, mixed)


def bets(question: Question) -> Bets:
    """Return the four nulls of a question, with stakes down to those that the smallest effect needs."""
    q, width = question, question.high - question.low
    sign = np.array([[1.0], [-1.0], [-1.0], [1.0]])
    edge = np.stack(
        [
            q.expected + q.tolerance,
            q.expected - q.tolerance,
            q.expected + q.effect,
            q.expected - q.effect,
        ]
    )
    null = sign * edge
    least = np.where(sign > 0, q.low, -q.high)
    risk = null - least
    # E x ≥ a for a beyond everything that can be drawn is no hypothesis; nor is E x ≤ a below it.
    excluded = risk < 0
    # The best stake is about Δ/Var, and Var is at most width²/4.
    risk, wanted = np.maximum(risk, _LEAST_RISK * width), 4 * (q.effect - q.tolerance) / width**2
    smallest = np.where(excluded, 1.0, np.minimum(1.0, wanted * risk))
    halvings = math.ceil(-math.log2(float(smallest.min()))) + 1
    stakes = max(4, min(_MOST_STAKES, halvings + 1))
    share = LARGEST_STAKE * 2.0 ** -np.arange(float(stakes))
    return Bets(sign, null, risk, share, excluded)


def decided(log_wealth: Array, rates: Rates) -> tuple[Flags, Flags]:
    """Return which of k numbers fail and which pass, from (4, k, …) wealths; a number that does both fails."""
    alarm, enough = -math.log(rates.alpha / 2), -math.log(rates.beta / 2)
    failed = log_wealth[: TOO_LOW + 1].max(axis=0) >= alarm
    return failed, ~failed & (log_wealth[NOT_ABOVE:].min(axis=0) >= enough)


def most_draws(question: Question, rates: Rates) -> npt.NDArray[np.int64]:
    """Return for each number the draws after which an effect of δ has failed with probability at least 1 − β/2.

    Whatever the distribution: log(1 + λ(x − a)) is concave in x, so that for draws of one mean nothing gains less
    than values at both ends of the range; and Chernoff's bound says how low the mean of n draws may be.
    Infinite ones are `MOST_DRAWS`.
    """
    made = bets(question)
    width = question.high - question.low
    found = np.ones(len(question), dtype=np.int64)
    known: dict[bytes, int] = {}  # many numbers may ask the same
    for side, offset in ((TOO_HIGH, question.low), (TOO_LOW, -question.high)):
        sign = float(made.sign[side, 0])
        mean = (sign * question.expected + question.effect - offset) / width
        for index in np.flatnonzero(mean < 1.0):
            risk = made.risk[side, index]
            # Log gain at the lower and at the upper end of the range, for every stake.
            gains = np.array([offset[index], offset[index] + width[index]]) - made.null[side, index]
            ends = np.log1p(made.share[:, None] * gains / risk)
            key = mean[index].tobytes() + ends.tobytes()
            if key not in known:
                known[key] = _draws_of(float(mean[index]), ends, rates)
            found[index] = max(found[index], known[key])
    return found


def _draws_of(mean: float, ends: Array, rates: Rates) -> int:
    def suffices(draws: int) -> bool:
        lowest = _chernoff(mean, -math.log(rates.beta / 2) / draws)
        gain = draws * ((1 - lowest) * ends[:, 0] + lowest * ends[:, 1])
        return bool(log_sum_exp(gain) - math.log(len(gain)) >= -math.log(rates.alpha / 2))

    high = 1
    while not suffices(high):
        high *= 2
        if high >= MOST_DRAWS:
            return MOST_DRAWS
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def _chernoff(mean: float, nats: float) -> float:
    """Return the least y ≤ mean with kl(y‖mean) ≤ nats."""
    low, high = 0.0, mean
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _divergence(middle, mean) > nats else (low, middle)
    return low


def _divergence(y: float, mean: float) -> float:
    above = y * math.log(y / mean) if y > 0 else 0.0
    return above + ((1 - y) * math.log((1 - y) / (1 - mean)) if y < 1 else 0.0)


class OutOfRangeError(ValueError):
    """A draw that the range excludes: nothing that was derived from it holds."""


class SequentialTest:
    """One question under way: hand it draw after draw until `verdict` is there.

    The first of both events decides a number: it fails, or it passes. The whole fails with its first number, and
    passes with its last.

    Parameters
    ----------
    question : what is asked
    rates : α and β of each number
    limit : the most draws, where fewer are to be made than the contract needs: β then says nothing of what is left
        inconclusive
    """

    def __init__(self, question: Question, rates: Rates, limit: int | None = None) -> None:
        self.question, self.rates = question, rates
        self.most = min(int(most_draws(question, rates).max()), limit or MOST_DRAWS)
        self.draws = 0
        self.total = np.zeros(len(question))
        self.passed: Flags = np.zeros(len(question), dtype=np.bool_)
        self.failed: Flags = np.zeros(len(question), dtype=np.bool_)
        self._bets = bets(question)
        self._logs = np.zeros((4, len(question), len(self._bets.share)))
        self.log_wealth = self._bets.log_wealth(self._logs)

    def draw(self, values: npt.ArrayLike) -> None:
        """Take one draw, (k,). What rounding puts beside the range is taken as its end.

        Raises
        ------
        OutOfRangeError
            If a value is further outside than the tolerance, or is not finite.
        """
        q, x = self.question, np.atleast_1d(np.asarray(values, dtype=np.float64))
        if not ((q.low - q.tolerance <= x) & (x <= q.high + q.tolerance)).all():
            worst = int(np.argmax(np.maximum(q.low - x, x - q.high)))
            raise OutOfRangeError(
                f"a draw of {x[worst]:.6g} lies outside [{q.low[worst]:.6g}, {q.high[worst]:.6g}]"
            )
        self.draws += 1
        self.total += x
        self._logs += self._bets.logs(np.clip(x, q.low, q.high))
        self.log_wealth = self._bets.log_wealth(self._logs)
        failed, passed = decided(self.log_wealth, self.rates)
        open_ = ~(self.passed | self.failed)
        self.failed |= open_ & failed
        self.passed |= open_ & passed

    @property
    def mean(self) -> Array:
        """(k,) of the draws."""
        return self.total / max(self.draws, 1)

    @property
    def verdict(self) -> Verdict | None:
        """What the draws say, or None while they go on."""
        if self.failed.any():
            return "failed"
        if self.passed.all():
            return "passed"
        return "inconclusive" if self.draws >= self.most else None

    @property
    def worst(self) -> int:
        """The number with most evidence against it."""
        return int(np.argmax(self.log_wealth[: TOO_LOW + 1].max(axis=0)))
