"""Wrong estimates of log Z and wrong gradients of guided cost learning."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl import objectives
from ganirl.logspace import log_sum_exp

from .pipeline import Array, WrongFormula, surrogate_gradient


def _weights(c: Array, lq: Array, b: float) -> Array:
    """w/Z = 2D of every row."""
    return np.asarray(np.exp(-c - b - objectives.log_mixture(c, lq, b)))


def _tilted(w_p: Array, w_q: Array, weight: Array, dc: Array) -> Array:
    """E_p[c'] − E_μ[w c']/E_μ[w]."""
    mu = 0.5 * (w_p + w_q) * weight
    found: Array = w_p @ dc - mu @ dc / mu.sum()
    return found


def _unnormalised(w_p: Array, w_q: Array, c: Array, lq: Array, b: float, dc: Array) -> Array:
    found: Array = w_p @ dc - (0.5 * (w_p + w_q) * _weights(c, lq, b) * np.exp(b)) @ dc
    return found


def _hard_max(w_p: Array, w_q: Array, c: Array, lq: Array, b: float, dc: Array) -> Array:
    found: Array = w_p @ dc - dc[np.argmax(_weights(c, lq, b))]
    return found


def _clipped(w_p: Array, w_q: Array, c: Array, lq: Array, b: float, dc: Array) -> Array:
    return _tilted(w_p, w_q, np.minimum(_weights(c, lq, b), 1.0), dc)


def _tempered(power: float) -> Any:
    return lambda w_p, w_q, c, lq, b, dc: _tilted(w_p, w_q, _weights(c, lq, b) ** power, dc)


def _expert_density_one(w_p: Array, w_q: Array, c: Array, lq: Array, b: float, dc: Array) -> Array:
    return _tilted(w_p, w_q, np.exp(-c - np.logaddexp(0.0, lq)), dc)


def _model_only(w_p: Array, w_q: Array, c: Array, lq: Array, b: float, dc: Array) -> Array:
    del c, lq, b
    return _tilted(w_p, w_q, np.ones(len(dc)), dc)


def _partition_half(w_p: Array, w_q: Array, c: Array, lq: Array, b: float, dc: Array) -> Array:
    data: Array = w_p @ dc
    return data - 0.5 * (data - surrogate_gradient(w_p, w_q, c, lq, b, dc))


def _data_dropped(w_p: Array, w_q: Array, c: Array, lq: Array, b: float, dc: Array) -> Array:
    return np.asarray(surrogate_gradient(w_p, w_q, c, lq, b, dc) - w_p @ dc)


def _log_weight(c: Array, lq: Array, b: float) -> Array:
    return np.asarray(-c - objectives.log_mixture(c, lq, b))


def _log_mean(weight: Array, log_values: Array) -> float:
    kept = weight > 0
    return float(log_sum_exp(np.log(weight[kept]) + log_values[kept]))


def _partition(w_p: Array, w_q: Array, c: Array, lq: Array, b: float) -> float:
    return _log_mean(0.5 * (w_p + w_q), _log_weight(c, lq, b))


FORMULAS = (
    WrongFormula(
        "irl-weights-unnormalised",
        "the IRL gradient uses Z in place of log Z: weights are not divided by their sum",
        "∂Z for ∂ log Z",
        ("C2", "C3"),
        {"irl_gradient": _unnormalised},
    ),
    WrongFormula(
        "irl-hard-max",
        "log Z is replaced by the largest weight",
        "max for logsumexp (Inverse-Reinforcement-Learning #4)",
        ("C2", "C3"),
        {"irl_gradient": _hard_max},
    ),
    WrongFormula(
        "irl-weights-clipped",
        "importance weights are clipped at 1",
        "truncated importance sampling",
        ("C2", "C3"),
        {"irl_gradient": _clipped},
    ),
    WrongFormula(
        "irl-weights-squared",
        "importance weights are squared",
        "the weight multiplied in by the sampler and by the loss",
        ("C2", "C3"),
        {"irl_gradient": _tempered(2.0)},
    ),
    WrongFormula(
        "irl-weights-flattened",
        "importance weights are flattened to their square root",
        "a variance trick that moves the optimum",
        ("C2", "C3"),
        {"irl_gradient": _tempered(0.5)},
    ),
    WrongFormula(
        "irl-expert-density-one",
        "the mixture takes 1 for the density of the data: ½(1 + q)",
        "the expert's density is unknown, and a default fills in",
        ("C2", "C3"),
        {"irl_gradient": _expert_density_one},
    ),
    WrongFormula(
        "irl-mixture-is-the-model",
        "the mixture is the model alone: all weights are equal",
        "q forgotten in the denominator",
        ("C2", "C3"),
        {"irl_gradient": _model_only},
    ),
    WrongFormula(
        "irl-half-the-partition",
        "the gradient of log Z counts half",
        "the ½ of the mixture applied a second time",
        ("C2", "C3"),
        {"irl_gradient": _partition_half},
    ),
    WrongFormula(
        "irl-without-the-data",
        "the IRL gradient lacks the data's term",
        "first term lost in a refactoring",
        ("C2", "C3"),
        {"irl_gradient": _data_dropped},
    ),
    WrongFormula(
        "irl-gradient-halved",
        "the IRL gradient is half what it should be",
        "the mean over both batches for the mean over one",
        ("C2", "C3"),
        {"irl_gradient": lambda w_p, w_q, c, lq, b, dc: 0.5 * surrogate_gradient(w_p, w_q, c, lq, b, dc)},
    ),
    WrongFormula(
        "irl-loss-sign",
        "the data's term enters the IRL loss with the wrong sign",
        "reward for cost",
        ("C3",),
        {"irl_loss": lambda w_p, c, log_z: log_z - w_p @ c},
    ),
    WrongFormula(
        "irl-loss-with-z",
        "the IRL loss has Z in place of log Z",
        "the logarithm forgotten",
        ("C3",),
        {"irl_loss": lambda w_p, c, log_z: w_p @ c + np.exp(log_z)},
    ),
    WrongFormula(
        "irl-loss-minus-log-z",
        "log Z is subtracted in the IRL loss",
        "a sign lost between log-likelihood and its negative",
        ("C3",),
        {"irl_loss": lambda w_p, c, log_z: w_p @ c - log_z},
    ),
    WrongFormula(
        "partition-mixture-not-halved",
        "the mixture lacks its ½: m + q for ½(m + q)",
        "a mixture that does not integrate to one",
        ("B4", "C3"),
        {"log_partition": lambda w_p, w_q, c, lq, b: _partition(w_p, w_q, c, lq, b) - np.log(2.0)},
    ),
    WrongFormula(
        "partition-largest-weight",
        "log Z is estimated by the largest weight",
        "max for logsumexp (Inverse-Reinforcement-Learning #4)",
        ("B4",),
        {"log_partition": lambda w_p, w_q, c, lq, b: float(_log_weight(c, lq, b).max())},
    ),
    WrongFormula(
        "partition-not-its-logarithm",
        "Z is returned for log Z",
        "the logarithm forgotten",
        ("B4",),
        {"log_partition": lambda w_p, w_q, c, lq, b: np.exp(_partition(w_p, w_q, c, lq, b))},
    ),
    WrongFormula(
        "partition-sign",
        "−log Z is returned",
        "the bias of the sigmoid for log Z",
        ("B4",),
        {"log_partition": lambda w_p, w_q, c, lq, b: -_partition(w_p, w_q, c, lq, b)},
    ),
    WrongFormula(
        "partition-of-the-expert-only",
        "Z is estimated from the data alone",
        "the generator's samples lost on the way",
        ("B4",),
        {"log_partition": lambda w_p, w_q, c, lq, b: _log_mean(w_p, _log_weight(c, lq, b))},
    ),
    WrongFormula(
        "partition-mean-over-rows",
        "Z is averaged over all rows alike, whatever the sizes of the two batches",
        "mean() of the concatenation",
        ("B4",),
        {
            "log_partition": lambda w_p, w_q, c, lq, b: (
                float(log_sum_exp(_log_weight(c, lq, b))) - np.log(len(c))
            )
        },
    ),
    WrongFormula(
        "partition-without-log-q",
        "Z is the mean of e^−c over samples, without their density",
        "importance weights forgotten",
        ("B4",),
        {"log_partition": lambda w_p, w_q, c, lq, b: _log_mean(w_q, -c)},
    ),
)
