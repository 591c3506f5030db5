"""Sums of exponentials, softplus and the sigmoid, stable for |x| up to the end of the range."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def log_sum_exp(values: Array, axis: int | None = None) -> Array:
    """Return log Σ e^x; −inf where every x is −inf."""
    total = _log_sum_exp(values, axis)
    return np.asarray(total.squeeze() if axis is None else np.squeeze(total, axis=axis))


def log_normalise(logits: Array, axis: int = -1) -> Array:
    """Return x − log Σ e^x along an axis: log-softmax."""
    normalised: Array = logits - _log_sum_exp(logits, axis)
    return normalised


def _log_sum_exp(values: Array, axis: int | None) -> Array:
    """With the axis kept. Ufuncs themselves: most of what is summed is small, and asked for again and again."""
    peak = np.maximum.reduce(values, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(peak), peak, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.add.reduce(np.exp(values - shift), axis=axis, keepdims=True)) + shift)


def softplus(x: npt.ArrayLike) -> Array:
    """Return log(1 + e^x), right to a few ulp in both tails."""
    values = np.asarray(x, dtype=np.float64)
    return np.maximum(values, 0.0) + np.log1p(np.exp(-np.abs(values)))


def sigmoid(x: npt.ArrayLike) -> Array:
    """Return 1/(1 + e^−x), right to a few ulp in the left tail and, as 1 − σ(−x), in the right one."""
    values = np.asarray(x, dtype=np.float64)
    small = np.exp(-np.abs(values))
    return np.where(values >= 0, 1.0, small) / (1.0 + small)
