"""Functions and derivatives, of real and of complex numbers, one formula for every `Arithmetic`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ganirl.arithmetic import Arithmetic

# Derivatives are taken on a circle whose radius is at most a fifth of the distance to the next singularity.
SEPARATION = 5.0


def positive(arithmetic: Arithmetic, x: Any) -> Any:
    """Re x > 0, as booleans."""
    return np.asarray(arithmetic.real(x) > 0, dtype=bool)


def softplus(arithmetic: Arithmetic, x: Any) -> Any:
    """Return log(1 + e^x), analytic for |Im x| < π; the branch follows Re x, so that nothing overflows."""
    right = positive(arithmetic, x)
    tail = arithmetic.log(1 + arithmetic.exp(np.where(right, -x, x)))
    return np.where(right, x, 0) + tail


def sigmoid(arithmetic: Arithmetic, x: Any) -> Any:
    """1/(1 + e^−x), analytic for |Im x| < π."""
    right = positive(arithmetic, x)
    small = arithmetic.exp(np.where(right, -x, x))
    return np.where(right, 1, small) / (1 + small)


def log_sum_exp(arithmetic: Arithmetic, x: Any) -> Any:
    """Return log Σ e^x over the first axis, where the sum is not near the negative axis."""
    peak = max(arithmetic.real(x).ravel().tolist())
    return peak + arithmetic.log(np.sum(arithmetic.exp(x - peak), axis=0))


def total(weight: Any, values: Any) -> Any:
    """Σ w f over the first axis, without the rows of weight zero."""
    present = np.asarray(weight != 0, dtype=bool)
    columns = weight[present].reshape(-1, *(1 for _ in range(np.ndim(values) - 1)))
    return np.sum(columns * values[present], axis=0)


def derivative(arithmetic: Arithmetic, function: Callable[[Any], Any], radius: Any, order: int = 1) -> Any:
    """Return f^(k)(0) of an analytic f that is real on the real line, from values of f alone.

    Cauchy's integral over a circle by the trapezoidal rule, whose error falls as `SEPARATION` to the power of
    the points (Trefethen and Weideman 2014); rounding enters as u·|f|·k!/r^k. No difference is taken, so that
    derivatives in float64 are good to rounding too.
    """
    points = arithmetic.half_circle(
        math.ceil(-math.log(arithmetic.unit_roundoff) / math.log(SEPARATION) / 2) + 4
    )
    terms = [function(radius * point) / point**order for point in points]
    return arithmetic.real(sum(terms[1:], terms[0])) * math.factorial(order) / (len(points) * radius**order)


def bisect(arithmetic: Arithmetic, rises: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Root of an increasing function, element by element, in [low, high]; to u of its width."""
    for _ in range(math.ceil(-math.log2(arithmetic.unit_roundoff)) + 2):
        middle = (low + high) / 2
        above = positive(arithmetic, rises(middle))
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return (low + high) / 2
