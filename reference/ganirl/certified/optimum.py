"""b* between two floats, certainly: ∂_bL_D increases, and its sign at either is certain."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .ball import Backend, Ball, Balls, UndecidedError, exact, total


def slope(a_p: Balls, a_q: Balls, w_p: Balls, w_q: Balls, b: Any, backend: Backend) -> Ball:
    """Return ∂_bL_D = Σ w_p σ(−(a − b)) − Σ w_q σ(a − b), for ℓ = a − b; weights carry the sides' scales."""
    missed = total(w_p / (1 + np.exp(a_p - b)), backend)
    fooled = total(w_q / (1 + np.exp(b - a_q)), backend)
    difference: Ball = missed - fooled
    return difference


def enclose_optimum(
    a_p: Balls, a_q: Balls, w_p: Balls, w_q: Balls, backend: Backend, *, guess: float, radius: float
) -> tuple[float, float]:
    """Return floats (low, high) with low ≤ b* ≤ high, as near to each other as this precision tells signs apart.

    Parameters
    ----------
    a_p, a_q : −c − log q of the rows of either side
    w_p, w_q : their weights, times the sides' scales; both must have a row of positive weight
    guess, radius : where to look first; wrong ones cost time, never certainty

    Raises
    ------
    UndecidedError
        If the sign of the slope is not certain even far from the guess: compute with more bits.
    """
    with backend.working():

        def sign(b: float) -> int:
            """−1, 1, or 0 where it is not certain."""
            value = slope(a_p, a_q, w_p, w_q, exact(backend, b), backend)
            low, high = value.ends
            return -1 if high < 0 else 1 if low > 0 else 0

        step = radius if math.isfinite(radius) and radius > 0 else 1e-6
        step = max(step, math.ulp(guess))
        low, high = guess - step, guess + step
        reach = step
        while sign(low) >= 0:
            reach *= 4.0
            low = guess - reach
            if reach > 1e6:
                raise UndecidedError("the slope of L_D has no certain sign below the guess")
        reach = step
        while sign(high) <= 0:
            reach *= 4.0
            high = guess + reach
            if reach > 1e6:
                raise UndecidedError("the slope of L_D has no certain sign above the guess")
        while True:
            middle = 0.5 * low + 0.5 * high
            if not low < middle < high:
                return low, high
            here = sign(middle)
            if here == 0:
                return low, high
            low, high = (middle, high) if here < 0 else (low, middle)
