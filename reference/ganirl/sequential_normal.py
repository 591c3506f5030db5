"""The same question where nothing bounds the draws: a sequential t-test, which is right for normal draws only.

No test of an expectation is right for every distribution without a range (Bahadur and Savage 1956), so that this one
is an approximation and is to be called that. It takes means of `BLOCK` draws, which are nearer to normal than draws
are, and mixes the likelihood ratios of all effects in units of their unknown standard deviation (Lai 1976; Wang and
Ramdas 2025). For normal draws Ville's inequality gives α and the rate of wrong passes, whenever one stops. For others
`approximation_error` says how far the mean of all draws may be from normal, by Berry and Esseen's inequality with
the draws' own third moment.

Draws that are rarely far off look certain until one of those has been seen: neither their variance nor their third
moment is known before. So the approximation decides a number only where

* its draws vary, and Berry and Esseen's error of it is at most `MOST_ERROR`
* to fail it: `FEWEST_TO_FAIL` draws or the last are reached, and the mean has been off since at most half of the draws
* to fail it: no rare value explains it. One that n draws have not shown has a probability of up to log(1/α)/n, so that
  it moves the mean by d only if it lies d·n/log(1/α) away: more than `FURTHER` times as far as every draw

What never varies passes after `FEWEST_TO_FAIL` draws (or the last) where it is what is claimed, within rounding, and
fails never. A value rarer than that which is further away is beyond every test: the approximation has no α against it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .sequential import Rates, Verdict

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BLOCK = 16
# Nothing is decided before so many blocks: of fewer, t is all tail.
FEWEST_BLOCKS = 16
# Of effects in standard deviations of a block: normal, of this standard deviation.
SPREAD_OF_EFFECTS = 0.5
# Before so many, or the last, nothing fails: a value that is drawn once in 500 is not seen with probability 3e-4.
FEWEST_TO_FAIL = 4096
# Berry and Esseen's, for a number to be decided.
MOST_ERROR = 0.05
# How far away a value is that was never seen, in the largest distance of a draw from the mean: no further.
FURTHER = 4.0
# Shevtsova 2011.
_BERRY_ESSEEN = 0.4748


def radius(blocks: int, deviation: Array, rate: float) -> Array:
    """Half width (k,) of a confidence sequence for the mean of normal values, from their standard deviation.

    Parameters
    ----------
    blocks : n ≥ 2
    deviation : (k,), root mean square distance from their mean
    rate : the probability that it ever misses the mean
    """
    prior = SPREAD_OF_EFFECTS**2
    # Ratio of likelihoods at a distance d: (1 + nc²)^(−½) · (1 − A d²/(s² + d²))^(−n/2), with A = nc²/(1 + nc²).
    weight = blocks * prior / (1 + blocks * prior)
    spent = -math.expm1(2 / blocks * (math.log(rate) - 0.5 * math.log1p(blocks * prior)))
    if spent >= weight:
        return np.full_like(deviation, math.inf)
    return np.asarray(deviation * math.sqrt(spent / (weight - spent)))


class NormalTest:
    """One question under way, judged by a normal approximation; used like `ganirl.sequential.SequentialTest`.

    Parameters
    ----------
    expected, tolerance, effect : (k,), as in `ganirl.sequential.Question`
    rates : α and β of each number, for normal draws
    limit : the most draws; an effect of δ may still be undecided then
    """

    def __init__(self, expected: Array, tolerance: Array, effect: Array, rates: Rates, limit: int) -> None:
        self.expected, self.tolerance, self.effect = expected, tolerance, effect
        self.rates, self.most = rates, limit
        self.draws = 0
        self.passed: Flags = np.zeros(len(expected), dtype=np.bool_)
        self.failed: Flags = np.zeros(len(expected), dtype=np.bool_)
        self._values = np.empty((BLOCK, len(expected)))  # of them, the first `draws` are drawn
        self._total = np.zeros(len(expected))
        self._block = np.zeros(len(expected))
        self._blocks = np.zeros((2, len(expected)))
        self._off_since = np.full(len(expected), np.inf)  # draws
        self._lowest, self._highest = np.full((2, len(expected)), [[np.inf], [-np.inf]])
        self.not_finite = False

    def draw(self, values: npt.ArrayLike) -> None:
        """Take one draw, (k,); one that is not finite has no expectation, and fails."""
        x = np.asarray(values, dtype=np.float64)
        if not np.isfinite(x).all():
            self.not_finite = True
            self.failed |= ~np.isfinite(x)
            return
        if self.draws == len(self._values):
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._values[self.draws] = x
        self.draws += 1
        self._total += x
        self._lowest, self._highest = np.minimum(self._lowest, x), np.maximum(self._highest, x)
        self._block += (x - self.expected) / BLOCK
        if self.draws % BLOCK == 0:
            self._blocks += np.stack([self._block, self._block**2])
            self._block = np.zeros_like(self._block)
            self._decide(self.draws // BLOCK)

    def _decide(self, blocks: int) -> None:
        if blocks < FEWEST_BLOCKS:
            return
        mean = self._blocks[0] / blocks
        deviation = np.sqrt(np.maximum(self._blocks[1] / blocks - mean**2, 0.0))
        open_, varies = ~(self.passed | self.failed), self.varies
        wide, narrow = (radius(blocks, deviation, rate) for rate in (self.rates.alpha, self.rates.beta / 2))
        off = varies & (np.abs(mean) - wide > self.tolerance)
        self._off_since = np.where(off, np.minimum(self._off_since, self.draws), np.inf)
        last = self.draws + BLOCK > self.most
        many = last or self.draws >= FEWEST_TO_FAIL
        lasting = off & many & (last | (self.draws >= 2 * self._off_since)) & self._unexplained
        near = varies & ~off & (np.abs(mean) + narrow < self.effect)
        normal = np.zeros_like(open_)
        wanted = open_ & (lasting | near)
        normal[wanted] = self._errors(wanted) <= MOST_ERROR
        self.failed |= open_ & lasting & normal
        self.passed |= open_ & near & normal
        if many:
            self.passed |= open_ & ~varies & (np.abs(self._lowest - self.expected) <= self.tolerance)

    @property
    def varies(self) -> Flags:
        """(k,), whether not all draws have been the same."""
        return np.asarray(self._lowest < self._highest)

    @property
    def _unexplained(self) -> Flags:
        """(k,), whether a value that was not seen had to be too far away to make the mean right."""
        off = np.abs(self.mean - self.expected) - self.tolerance
        furthest = np.maximum(self._highest - self.mean, self.mean - self._lowest)
        return np.asarray(off * self.draws / -math.log(self.rates.alpha) > FURTHER * furthest)

    @property
    def mean(self) -> Array:
        """(k,) of the draws."""
        return np.asarray(self._total / max(self.draws, 1))

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
        """The number that fails, or of those that do not pass the one whose mean is furthest away in its errors."""
        if self.failed.any():
            return int(np.argmax(self.failed))
        size = np.abs(self.mean - self.expected) - self.tolerance
        errors = size / np.maximum(self._values[: self.draws].std(axis=0), np.finfo(np.float64).tiny)
        return int(np.argmax(errors if self.passed.all() else np.where(self.passed, -np.inf, errors)))

    @property
    def approximation_error(self) -> float:
        """Berry and Esseen's bound for the mean of all draws, with their own moments: largest of k; at most 1."""
        return float(self.errors.max()) if self.draws else 1.0

    @property
    def errors(self) -> Array:
        """(k,), the same of each number; 0 of what does not vary."""
        return self._errors(np.ones(len(self.expected), dtype=np.bool_))

    def _errors(self, of: Flags) -> Array:
        if not of.any():
            return np.zeros(0)
        off = self._values[: self.draws, of]
        off = off - off.mean(axis=0)
        square = off**2
        deviation = np.sqrt(square.mean(axis=0))
        with np.errstate(divide="ignore", invalid="ignore"):
            third = (np.abs(off) * square).mean(axis=0) / deviation**3
        skew = np.where(self.varies[of] & (deviation > 0), third, 0.0)
        return np.asarray(np.minimum(1.0, _BERRY_ESSEEN * skew / math.sqrt(self.draws)))
