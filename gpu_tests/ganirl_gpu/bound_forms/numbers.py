"""Functions of one number: softplus, as −log D, and the sigmoid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import logsigmoid

from ganirl import bounds
from ganirl.bounds import FloatModel
from ganirl_gpu.bound_problems import Array, Rows, extended, floats, sigmoid, softplus

from .experiment import Computed, Experiment, host, numpy_works


def _softplus_forms(rows: Rows) -> Computed:
    x = rows.tensor("x")
    yield "torch", "−logsigmoid(−x)", host(-logsigmoid(-x))
    yield "torch", "logaddexp(x, 0)", host(torch.logaddexp(x, torch.zeros_like(x)))
    yield "torch", "max(x, 0) + log1p(e^−|x|)", host(x.clamp(min=0) + torch.log1p(torch.exp(-x.abs())))
    if numpy_works(rows):
        held = rows.numpy("x")
        yield "numpy", "logaddexp(x, 0)", floats(np.logaddexp(held, np.zeros_like(held)))
        plain = np.maximum(held, 0) + np.log1p(np.exp(-np.abs(held)))
        yield "numpy", "max(x, 0) + log1p(e^−|x|)", floats(plain)


def _bce_forms(rows: Rows) -> Computed:
    x = rows.tensor("x")
    yield "torch", "binary_cross_entropy_with_logits", host(bce(x, torch.zeros_like(x), reduction="none"))
    yield "torch", "x − logsigmoid(x)", host(x - logsigmoid(x))


def _thresholded_forms(rows: Rows) -> Computed:
    yield "torch", "softplus", host(torch.nn.functional.softplus(rows.tensor("x")))


def _softplus_error(form: str) -> Callable[[FloatModel, Rows], Array]:
    return lambda arithmetic, rows: bounds.log_likelihood_ratio_term(
        arithmetic, rows.x, np.zeros_like(rows.x), form
    )


def _sigmoid_forms(rows: Rows) -> Computed:
    x = rows.tensor("x")
    yield "torch", "sigmoid", host(torch.sigmoid(x))
    yield "torch", "1 − sigmoid(−x)", host(1 - torch.sigmoid(-x))
    if numpy_works(rows):
        held = rows.numpy("x")
        small = np.exp(-np.abs(held))
        yield "numpy", "from e^−|x|", floats(np.where(held >= 0, 1, small) / (1 + small))


EXPERIMENTS = (
    Experiment(
        "T3",
        r"-\log D = \log(1 + e^x)",
        lambda rows: softplus(extended(rows.x)),
        _softplus_error("log_sigmoid"),
        _softplus_forms,
    ),
    Experiment(
        "T3 threshold",
        r"\log(1 + e^x)\text{, the identity above 20}",
        lambda rows: softplus(extended(rows.x)),
        _softplus_error("softplus"),
        _thresholded_forms,
    ),
    Experiment(
        "T3 sigmoid",
        r"D = \sigma(x)",
        lambda rows: sigmoid(extended(rows.x)),
        lambda arithmetic, rows: bounds.sigmoid_error(arithmetic, rows.x, np.zeros_like(rows.x)),
        _sigmoid_forms,
    ),
    Experiment(
        "T4",
        r"\log(1 + e^x)\text{ as } x - \log\sigma(x)",
        lambda rows: softplus(extended(rows.x)),
        _softplus_error("bce"),
        _bce_forms,
    ),
)
