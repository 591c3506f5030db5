"""Every sample of n points by its counts, so that an expectation over resampling is a finite sum.

An estimator that does not look at the order of its samples is a function of how often each point was drawn.
There are C(n + N − 1, N − 1) such count vectors, not N^n tuples, each with its multinomial probability: four
points are drawn 64 times in 47 905 ways.

>>> import numpy as np
>>> from ganirl.arithmetic import FLOAT64_ARITHMETIC
>>> drawn = resamples(FLOAT64_ARITHMETIC, np.array([0.5, 0.5]), 2)
>>> drawn.counts.tolist(), drawn.probability.round(12).tolist()
([[0, 2], [1, 1], [2, 0]], [0.25, 0.5, 0.25])
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from .arithmetic import Arithmetic

LIMIT = 4_000_000  # count vectors


@dataclass(frozen=True, eq=False)
class Resamples:
    """All outcomes of n independent draws.

    Attributes
    ----------
    draws : n
    counts : (M, N), how often each point was drawn; rows sum to n
    log_probability : (M,), log n!/Πk! + Σ k log w
    probability : (M,), sums to one
    """

    draws: int
    counts: npt.NDArray[np.int64]
    log_probability: Any
    probability: Any

    def mean(self, values: Any) -> Any:
        """(M, …) the sample mean of values (N, …) in every outcome."""
        return np.tensordot(self.counts.astype(values.dtype), values, axes=1) / self.draws

    def expectation(self, statistic: Any) -> Any:
        """E[T] of a statistic (M, …) that is given for every outcome."""
        columns = self.probability.reshape(-1, *(1 for _ in range(np.ndim(statistic) - 1)))
        return np.sum(columns * statistic, axis=0)


def number_of_outcomes(points: int, draws: int) -> int:
    """C(n + N − 1, N − 1)."""
    return math.comb(draws + points - 1, points - 1)


def most_draws(points: int, outcomes: int, at_most: int) -> int:
    """Return the largest n up to a limit that has no more than so many outcomes; at least 1."""
    suited = [n for n in range(1, at_most + 1) if number_of_outcomes(points, n) <= outcomes]
    return max(suited, default=1)


def count_vectors(points: int, draws: int) -> npt.NDArray[np.int64]:
    """Return all (M, N) vectors of non-negative integers that sum to n, in lexicographic order.

    Raises
    ------
    ValueError
        If there are more than `LIMIT`, or no point, or no draw.
    """
    if points < 1 or draws < 1:
        raise ValueError(f"{draws} draws from {points} points are not an experiment")
    total = number_of_outcomes(points, draws)
    if total > LIMIT:
        raise ValueError(
            f"{draws} draws from {points} points have {total} outcomes and at most {LIMIT} are enumerated"
        )
    # stars and bars: the gaps between N − 1 bars among n + N − 1 places
    width = points - 1
    bars = np.fromiter(
        chain.from_iterable(combinations(range(draws + width), width)), np.int64, count=total * width
    ).reshape(total, width)
    edges = np.full((total, 1), -1, dtype=np.int64)
    return np.diff(np.concatenate([edges, bars, edges + draws + points], axis=1)) - 1


def resamples(arithmetic: Arithmetic, weight: Any, draws: int) -> Resamples:
    """Enumerate n independent draws from weights (N,) that sum to one; points of weight zero are never drawn.

    Raises
    ------
    ValueError
        If there are too many outcomes; see `count_vectors`.
    """
    drawn = np.flatnonzero(np.asarray(weight > 0, dtype=bool))
    some = count_vectors(len(drawn), draws)
    counts = np.zeros((len(some), len(weight)), dtype=np.int64)
    counts[:, drawn] = some
    integers = arithmetic.array(np.arange(1.0, draws + 1.0))
    log_factorial = np.concatenate([arithmetic.array([0.0]), np.cumsum(arithmetic.log(integers))])
    log_weight = arithmetic.log(weight[drawn])
    log_probability = (
        log_factorial[draws]
        - np.sum(log_factorial[some], axis=1)
        + np.sum(some.astype(log_weight.dtype) * log_weight, axis=1)
    )
    return Resamples(draws, counts, log_probability, arithmetic.exp(log_probability))
