"""What every case is made of: parameters, and rows of steps with their features, weights and log q."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ganirl import Conventions, Precision, Rows, Steps
from ganirl.batch import log_likelihood
from ganirl.lanes import picked

from .choices import Choices, texture_of, textured

Array = npt.NDArray[np.float64]


def parameters(choices: Choices, dimension: int, precision: Precision) -> tuple[float, Array, Array]:
    """Read the texture of a case, b (), and θ (d,)."""
    texture = texture_of(choices)
    scale = 2.0 ** (-choices.below(5))
    b = textured(choices.signed(1, 1 / 16), texture, precision)
    theta = textured(choices.signed(dimension, scale / 16), texture, precision)
    return texture, b[..., 0], theta


def row_weights(counts: npt.NDArray[np.int64], precision: Precision, conventions: Conventions) -> Array:
    """Return weights in proportion to counts, (n,); all alike for code that takes no weights."""
    if not conventions.weights:
        return np.full(counts.shape, 1.0 / counts.shape[-1])
    return precision.round(counts / counts.sum(axis=-1, keepdims=True))


def filled_rows(steps: Steps, table: Array, logits: Array, weight: Array, precision: Precision) -> Rows:
    """Fill in features and log q of steps; ``table`` is (S, A, 2, d): over state, action and whether the step ends."""
    chosen = picked(table, steps.state, steps.action, steps.done.astype(np.int64))
    step_features = np.where(steps.mask[..., None], chosen, 0.0)
    rows = Rows(
        features=precision.round(step_features.sum(axis=-2)),
        log_q=np.zeros(steps.mask.shape[:-1]),
        weight=weight,
        steps=replace(steps, features=step_features),
    )
    return replace(rows, log_q=precision.round(log_likelihood(logits, rows)))
