"""Sums of exponentials: log Σ e^x, softmax, means under it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ganirl import bounds, logspace
from ganirl.bounds import FloatModel
from ganirl_gpu.bound_problems import ORDERS, Array, Extended, Rows, extended, floats, log_sum_exp

from .experiment import Computed, Experiment, host, numpy_works, per_problem


def _shifted(x: Tensor, order: str) -> Tensor:
    peak = x.max(dim=-1, keepdim=True).values
    return ORDERS[order](torch.exp(x - peak)).log() + peak[..., 0]


def _log_sum_exp_forms(rows: Rows) -> Computed:
    x = rows.tensor("x")
    yield "torch", "logsumexp", host(torch.logsumexp(x, dim=-1))
    for order in ORDERS:
        yield "torch", f"shifted, {order}", host(_shifted(x, order))
    if numpy_works(rows):
        yield "numpy", "shifted", floats(logspace.log_sum_exp(rows.numpy("x"), axis=-1))


def _softmax_mean(rows: Rows) -> Extended:
    x = extended(rows.x)
    share = np.exp(x - log_sum_exp(x)[:, None])
    share /= share.sum(axis=1, keepdims=True)
    return np.asarray((share[..., None] * extended(rows.g)).sum(axis=1))


def _softmax_mean_forms(rows: Rows) -> Computed:
    x, g = rows.tensor("x"), rows.tensor("g").movedim(2, 1)  # (B, 2, N): the last axis is added up
    weight = torch.exp(x - x.max(dim=-1, keepdim=True).values)[:, None]
    for order, add in ORDERS.items():
        yield "torch", f"softmax, {order}", host(add(torch.softmax(x, dim=-1)[:, None] * g))
        from_log = torch.exp(x - torch.logsumexp(x, dim=-1, keepdim=True))[:, None]
        yield "torch", f"e^(x − logsumexp), {order}", host(add(from_log * g))
        yield "torch", f"quotient of sums, {order}", host(add(weight * g) / add(weight))
    if numpy_works(rows):
        share = np.exp(logspace.log_normalise(rows.numpy("x")))
        yield "numpy", "e^(log softmax)", floats(np.einsum("bn,bnk->bk", share, rows.numpy("g")))


def _softmax_mean_error(arithmetic: FloatModel, rows: Rows) -> Array:
    nothing = np.zeros(rows.x.shape[1])
    return per_problem(rows, lambda i: bounds.softmax_mean_error(arithmetic, rows.x[i], nothing, rows.g[i]))


def _log_policy_forms(rows: Rows) -> Computed:
    x = rows.tensor("x")
    peak = x.max(dim=-1, keepdim=True).values
    yield "torch", "log_softmax", host(torch.log_softmax(x, dim=-1))
    yield "torch", "x − logsumexp(x)", host(x - torch.logsumexp(x, dim=-1, keepdim=True))
    for order, add in ORDERS.items():
        yield (
            "torch",
            f"(x − max) − log Σ, {order}",
            host((x - peak) - add(torch.exp(x - peak)).log()[:, None]),
        )
    if numpy_works(rows):
        yield "numpy", "x − logsumexp(x)", floats(logspace.log_normalise(rows.numpy("x")))


def _log_policy_error(arithmetic: FloatModel, rows: Rows) -> Array:
    return bounds.log_softmax(arithmetic, rows.x[:, None, :], rows.x)


EXPERIMENTS = (
    Experiment(
        "T2'",
        r"\log\pi_a = x_a - \log\sum e^x",
        lambda rows: extended(rows.x) - log_sum_exp(extended(rows.x))[:, None],
        _log_policy_error,
        _log_policy_forms,
    ),
    Experiment(
        "T6",
        r"\log\sum e^x",
        lambda rows: log_sum_exp(extended(rows.x)),
        lambda arithmetic, rows: per_problem(
            rows, lambda i: float(bounds.log_sum_exp_error(arithmetic, rows.x[i], np.zeros(rows.x.shape[1])))
        ),
        _log_sum_exp_forms,
    ),
    Experiment(
        "T7",
        r"\sum s g,\ s = \operatorname{softmax} x",
        _softmax_mean,
        _softmax_mean_error,
        _softmax_mean_forms,
    ),
)
