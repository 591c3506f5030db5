"""Gradients of L_D in θ and in b, by hand and by autograd."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import logsigmoid

from ganirl import bounds, logspace
from ganirl.bounds import FloatModel
from ganirl_gpu.bound_problems import ORDERS, Array, Extended, Rows, extended, floats, sigmoid

from .experiment import Computed, Experiment, host, per_problem
from .losses import mean, side_means
from .sums import logit_error, logits


def _slope(derivative: Callable[[Rows], Array]) -> Callable[[Rows], Extended]:
    def truth(rows: Rows) -> Extended:
        total: Extended = extended(0.0)
        for side, sign in rows.sides:
            mass = sign * rows.weight[:, side] * sigmoid(sign * rows.logit[:, side])
            total = total - (mass[..., None] * extended(derivative(rows))[:, side]).sum(axis=1)
        return total

    return truth


def _slope_error(derivative: Callable[[Rows], Array], form: str) -> Callable[[FloatModel, Rows], Array]:
    def bound(arithmetic: FloatModel, rows: Rows) -> Array:
        inherited, logit, weight = logit_error(arithmetic, rows), floats(rows.logit), floats(rows.weight)
        by = derivative(rows)

        def error(problem: int) -> Array:
            total = np.zeros(by.shape[2])
            for side, sign in rows.sides:
                x = sign * logit[problem, side]
                r = bounds.sigmoid_gradient_terms(arithmetic, x, inherited[problem, side], form)
                total += bounds.gradient_sum(
                    arithmetic, weight[problem, side], logspace.sigmoid(x), r, by[problem, side]
                )
            return total

        return per_problem(rows, error)

    return bound


def _by_hand(rows: Rows, derivative: Tensor, order: str, logit: Tensor) -> Tensor:
    counts = rows.tensor("counts")
    parts = []
    for side, sign in rows.sides:
        slope = torch.sigmoid(sign * logit[:, side])
        columns = [
            mean(slope * derivative[:, side, k], counts[:, side], order) for k in range(derivative.shape[2])
        ]
        parts.append(torch.stack(columns, dim=1))
    return parts[0] - parts[1]


def _gradient_forms(rows: Rows) -> Computed:
    for association, logit in logits(rows):
        for order in ORDERS:
            yield (
                "torch",
                f"by hand, {association}, {order}",
                host(_by_hand(rows, rows.tensor("g"), order, logit)),
            )
    yield "torch", "autograd of logsigmoid", _autograd(rows, lambda x: -logsigmoid(-x))


def _bce_gradient_forms(rows: Rows) -> Computed:
    yield (
        "torch",
        "autograd of binary cross-entropy",
        _autograd(rows, lambda x: bce(x, torch.zeros_like(x), reduction="none")),
    )


def _autograd(rows: Rows, term: Callable[[Tensor], Tensor]) -> Array:
    # c + g·δ at δ = 0: what autograd gives in δ is Σ w r g, whatever made the cost.
    delta = torch.zeros(rows.problems, 2, dtype=rows.tensor("x").dtype, requires_grad=True)
    _, logit = next(logits(rows))
    moved = logit - (rows.tensor("g") * delta[:, None, :]).sum(dim=2)
    loss = side_means(rows, term, "library", moved).sum()
    (gradient,) = torch.autograd.grad(loss, delta)
    return host(gradient)


def _of_g(rows: Rows) -> Array:
    return rows.g


def _of_one(rows: Rows) -> Array:
    return np.ones((*rows.x.shape, 1))


def _slope_forms(rows: Rows) -> Computed:
    ones = torch.ones_like(rows.tensor("x"))[..., None]
    for association, logit in logits(rows):
        for order in ORDERS:
            yield "torch", f"by hand, {association}, {order}", host(_by_hand(rows, ones, order, logit))


EXPERIMENTS = (
    Experiment(
        "T8", r"\partial_\theta L_D", _slope(_of_g), _slope_error(_of_g, "log_sigmoid"), _gradient_forms
    ),
    Experiment(
        "T8 cross-entropy",
        r"\partial_\theta L_D\text{ of cross-entropy}",
        _slope(_of_g),
        _slope_error(_of_g, "bce"),
        _bce_gradient_forms,
    ),
    Experiment("T11", r"\partial_b L_D", _slope(_of_one), _slope_error(_of_one, "log_sigmoid"), _slope_forms),
)
