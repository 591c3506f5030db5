"""Where an expectation lies, by the draws that there are: at any number of them, but with a stated probability.

It is what the sequential tests bet by, solved for the claim: the expectations against which the wealth of the draws is
below 2/α on either side. So draws may be added until it is as narrow as one wants, and it holds all the same.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ganirl.logspace import log_sum_exp
from ganirl.sequential import LARGEST_STAKE
from ganirl.sequential_normal import BLOCK, radius

Array = npt.NDArray[np.float64]

# Halvings of the range.
_STEPS = 50


def log_wealth(values: Array, null: float, end: float, stakes: int) -> float:
    """Log of what bets against E x ≤ null have become, or against E x ≥ null where ``end`` is the upper end.

    Parameters
    ----------
    values : (n,), draws
    null, end : what is bet against, and the end of the range on its side
    stakes : of how many the wealth is the mean
    """
    if null == end:
        return 0.0
    shares = LARGEST_STAKE * 2.0 ** -np.arange(float(stakes))
    gains = np.log1p(np.outer(values - null, shares) / (null - end)).sum(axis=0)
    return float(log_sum_exp(gains)) - math.log(stakes)


def bounded_interval(
    values: Array, low: float, high: float, alpha: float, stakes: int
) -> tuple[float, float]:
    """Return the interval of draws (n,) between low and high, with probability 1 − α at every n alike."""
    inside = np.clip(values, low, high)
    mean, enough = float(inside.mean()), math.log(2 / alpha)

    def edge(end: float) -> float:
        # The wealth against a null falls from the end of the range to the mean, at which nothing is won.
        lost, kept = end, mean
        for _ in range(_STEPS):
            null = (lost + kept) / 2
            lost, kept = (null, kept) if log_wealth(inside, null, end, stakes) >= enough else (lost, null)
        return lost

    return edge(low), edge(high)


def normal_interval(values: Array, alpha: float) -> tuple[float, float]:
    """Return the interval of draws (n,) that nothing bounds, by a normal approximation for means of 16 of them."""
    blocks = len(values) // BLOCK
    if blocks < 2:
        return -math.inf, math.inf
    means = values[: blocks * BLOCK].reshape(blocks, BLOCK).mean(axis=1)
    half = float(radius(blocks, means[None].std(axis=1), alpha)[0])
    return float(means.mean()) - half, float(means.mean()) + half
