"""The same question where nothing bounds the draws: a sequential t-test, which is right for normal draws only.

No test of an expectation is right for every distribution without a range (Bahadur and Savage 1956), so that this one
is an approximation and is to be called that. It takes means of `BLOCK` draws, which are nearer to normal than draws
are, and mixes the likelihood ratios of all effects in units of their unknown standard deviation (Lai 1976; Wang and
Ramdas 2025). For normal draws Ville's inequality gives α and the rate of wrong passes, whenever one stops. For others
`approximation_error` says how far the mean of all draws may be from normal, by Berry and Esseen's inequality with
the draws' own third moment.
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
        self._off: list[Array] = []  # draws − expected
        self._sum = np.zeros(len(expected))
        self._block = np.zeros(len(expected))
        self._blocks = np.zeros((2, len(expected)))
        self.not_finite = False

    def draw(self, values: npt.ArrayLike) -> None:
        """Take one draw, (k,); one that is not finite has no expectation, and fails."""
        off = np.asarray(values, dtype=np.float64) - self.expected
        self.draws += 1
        if not np.isfinite(off).all():
            self.not_finite = True
            self.failed |= ~np.isfinite(off)
            return
        self._off.append(off)
        self._sum += off
        self._block += off / BLOCK
        if self.draws % BLOCK == 0:
            self._blocks += np.stack([self._block, self._block**2])
            self._block = np.zeros_like(self._block)
            self._decide(self.draws // BLOCK)

    def _decide(self, blocks: int) -> None:
        if blocks < FEWEST_BLOCKS:
            return
        mean = self._blocks[0] / blocks
        deviation = np.sqrt(np.maximum(self._blocks[1] / blocks - mean**2, 0.0))
        open_ = ~(self.passed | self.failed)
        wide, narrow = (radius(blocks, deviation, rate) for rate in (self.rates.alpha, self.rates.beta / 2))
        failed = np.abs(mean) - wide > self.tolerance
        self.failed |= open_ & failed
        self.passed |= open_ & ~failed & (np.abs(mean) + narrow < self.effect)

    @property
    def mean(self) -> Array:
        """(k,) of the draws."""
        return np.asarray(self.expected + self._sum / max(len(self._off), 1))

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
        """The number whose mean is furthest away, in its standard errors."""
        if self.failed.any():
            return int(np.argmax(self.failed))
        off = np.array(self._off)
        size = np.abs(off.mean(axis=0)) - self.tolerance
        return int(np.argmax(size / np.maximum(off.std(axis=0), np.finfo(np.float64).tiny)))

    @property
    def approximation_error(self) -> float:
        """Berry and Esseen's bound for the mean of all draws, with their own moments: largest of k; at most 1."""
        if not self._off:
            return 1.0
        off = np.array(self._off)
        off = off - off.mean(axis=0)
        deviation = np.sqrt((off**2).mean(axis=0))
        with np.errstate(divide="ignore", invalid="ignore"):
            skew = np.where(deviation > 0, (np.abs(off) ** 3).mean(axis=0) / deviation**3, 0.0)
        return float(min(1.0, _BERRY_ESSEEN * skew.max() / math.sqrt(len(off))))
