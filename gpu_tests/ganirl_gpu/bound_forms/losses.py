"""Averages over rows: L_D, L_G, and the difference of L_D at two b."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ganirl import bounds, logspace
from ganirl.bounds import FloatModel
from ganirl_gpu.bound_problems import ORDERS, Array, Extended, Rows, floats, sigmoid, softplus

from .experiment import KAPPA, Computed, Experiment, host, per_problem
from .sums import logit_error, logits


def mean(values: Tensor, counts: Tensor, order: str) -> Tensor:
    """Σ w y, by rounded weights or by a quotient of sums."""
    add = ORDERS[order]
    if order in ("library", "rising"):
        return add(values * (counts / counts.sum(dim=-1, keepdim=True)))
    return add(values * counts) / counts.sum(dim=-1)


def side_means(rows: Rows, terms: Callable[[Tensor], Tensor], order: str, logit: Tensor) -> Tensor:
    """E_p and E_q of a function of −ℓ and of ℓ, (2, B)."""
    counts = rows.tensor("counts")
    return torch.stack(
        [mean(terms(sign * logit[:, side]), counts[:, side], order) for side, sign in rows.sides]
    )


def loss_forms(rows: Rows) -> Computed:
    """L_D, two means of −logsigmoid."""
    for association, logit in logits(rows):
        for order in ORDERS:
            means = side_means(rows, lambda x: -logsigmoid(-x), order, logit)
            yield "torch", f"{association}, {order}", host(means.sum(dim=0))


def loss_error(arithmetic: FloatModel, rows: Rows) -> Array:
    """B of L_D, (B,) (T3, T5)."""
    inherited, logit, weight = logit_error(arithmetic, rows), floats(rows.logit), floats(rows.weight)
    value = floats(_loss(rows))

    def error(problem: int) -> float:
        total = 2 * arithmetic.u * float(value[problem])
        for side, sign in rows.sides:
            x = sign * logit[problem, side]
            term = bounds.log_likelihood_ratio_term(arithmetic, x, inherited[problem, side], "log_sigmoid")
            total += float(bounds.weighted_sum(arithmetic, weight[problem, side], logspace.softplus(x), term))
        return total

    return per_problem(rows, error)


def _loss(rows: Rows) -> Extended:
    """L_D."""
    parts = [
        (rows.weight[:, side] * softplus(sign * rows.logit[:, side])).sum(axis=1) for side, sign in rows.sides
    ]
    return np.asarray(parts[0] + parts[1])


def _generator_loss_forms(rows: Rows) -> Computed:
    side, _ = rows.sides[1]
    counts = rows.tensor("counts")[:, side]
    for association, logit in logits(rows):
        for order in ORDERS:
            yield "torch", f"{association}, {order}", host(mean(-logit[:, side], counts, order))


def _generator_loss_error(arithmetic: FloatModel, rows: Rows) -> Array:
    side, _ = rows.sides[1]
    inherited, logit, weight = logit_error(arithmetic, rows), floats(rows.logit), floats(rows.weight)
    return per_problem(
        rows,
        lambda problem: float(
            bounds.weighted_sum(
                arithmetic, weight[problem, side], logit[problem, side], inherited[problem, side]
            )
        ),
    )


def _generator_loss(rows: Rows) -> Extended:
    side, _ = rows.sides[1]
    return np.asarray(-(rows.weight[:, side] * rows.logit[:, side]).sum(axis=1))


def _moved(rows: Rows, arithmetic: FloatModel) -> tuple[Rows, Rows]:
    """The problems at b − h and b + h, with the h that balances curvature and rounding, rounded to the format."""
    error = loss_error(arithmetic, rows)
    best = np.clip([bounds.best_difference_step(each, _THIRD) for each in error], 1e-6, 1.0)
    step = np.maximum(best, 4.0 * arithmetic.u * np.abs(rows.b))  # or b + h would be b
    low, high = (arithmetic.precision.round(rows.b + sign * step) for sign in (-1.0, 1.0))
    return replace(rows, b=low), replace(rows, b=high)


_SECOND, _THIRD = 0.5, 1.0 / (3.0 * np.sqrt(3.0))


def _slope_in_b(rows: Rows) -> Extended:
    """∂L_D/∂b = E_p[1 − D] − E_q[D]."""
    parts = [
        sign * (rows.weight[:, side] * sigmoid(sign * rows.logit[:, side])).sum(axis=1)
        for side, sign in rows.sides
    ]
    return np.asarray(-(parts[0] + parts[1]))


def _difference_forms(rows: Rows) -> Computed:
    # The quotient is taken in float64, as a reader of two losses would.
    low, high = _moved(rows, FloatModel(rows.precision, KAPPA["torch"](rows.precision.name)))
    for (_, form, below), (_, _, above) in zip(loss_forms(low), loss_forms(high), strict=True):
        yield "torch", form, (above - below) / (high.b - low.b)


def _difference_error(arithmetic: FloatModel, rows: Rows) -> Array:
    low, high = _moved(rows, arithmetic)
    errors = loss_error(arithmetic, low), loss_error(arithmetic, high)
    return per_problem(
        rows,
        lambda i: bounds.central_difference(
            arithmetic,
            (float(low.b[i]), float(rows.b[i]), float(high.b[i])),
            (float(errors[0][i]), float(errors[1][i])),
            slope=1.0,
            second=_SECOND,
            third=_THIRD,
        ),
    )


EXPERIMENTS = (
    Experiment("T5", r"L_D", _loss, loss_error, loss_forms),
    Experiment("T9", r"L_G = -E_q[\ell]", _generator_loss, _generator_loss_error, _generator_loss_forms),
    Experiment(
        "T12", r"[L_D(b_+) - L_D(b_-)]/(b_+ - b_-)", _slope_in_b, _difference_error, _difference_forms
    ),
)
