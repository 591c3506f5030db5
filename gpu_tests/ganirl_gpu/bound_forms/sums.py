"""Costs and logits: sums of products in every order, ℓ in every association."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch import Tensor

from ganirl import bounds
from ganirl.bounds import FloatModel
from ganirl_gpu.bound_problems import ORDERS, Array, Rows, floats

from .experiment import Computed, Experiment, host, numpy_works


def costs(rows: Rows) -> Iterator[tuple[str, Tensor]]:
    """Σφθ in every order, (B, N), and its name."""
    products = rows.tensor("features") * rows.tensor("theta")[:, None, :]
    for name, add in ORDERS.items():
        yield name, add(products)
    yield "matmul", (rows.tensor("features") @ rows.tensor("theta")[:, :, None])[..., 0]


def _cost_forms(rows: Rows) -> Computed:
    for name, cost in costs(rows):
        yield "torch", name, host(cost)
    if numpy_works(rows):
        features, theta = rows.numpy("features"), rows.numpy("theta")
        yield "numpy", "sum", floats((features * theta[:, None, :]).sum(axis=2))
        yield "numpy", "einsum", floats(np.einsum("bnk,bk->bn", features, theta))
        yield "numpy", "matmul", floats((features @ theta[:, :, None])[..., 0])


def _logit_forms(rows: Rows) -> Computed:
    b, log_q = rows.tensor("b")[:, None], rows.tensor("log_q")
    for name, c in costs(rows):
        if name in ("library", "forwards", "matmul"):
            yield "torch", f"−((c+b)+log q), {name}", host(-((c + b) + log_q))
            yield "torch", f"−(c+(b+log q)), {name}", host(-(c + (b + log_q)))
            yield "torch", f"(−c−log q)−b, {name}", host((-c - log_q) - b)


def logit_error(arithmetic: FloatModel, rows: Rows) -> Array:
    """B of ℓ, (B, N) (T2any)."""
    return bounds.logit(
        arithmetic,
        rows.magnitude,
        rows.terms,
        0.0,
        np.abs(rows.log_q) + np.abs(rows.b)[:, None],
        np.zeros_like(rows.log_q),
    )


def logits(rows: Rows) -> Iterator[tuple[str, Tensor]]:
    """ℓ as sound code has it in two associations, from which losses are then computed, (B, N)."""
    b, log_q = rows.tensor("b")[:, None], rows.tensor("log_q")
    for name, c in costs(rows):
        if name == "library":
            yield "−((c+b)+log q)", -((c + b) + log_q)
        if name == "forwards":
            yield "−(c+(b+log q))", -(c + (b + log_q))


EXPERIMENTS = (
    Experiment(
        "T1",
        r"c = \sum_t \varphi_t\theta",
        lambda rows: rows.cost,
        lambda arithmetic, rows: bounds.linear(arithmetic, rows.magnitude, rows.terms),
        _cost_forms,
    ),
    Experiment("T2", r"\ell = -c - b - \log q", lambda rows: rows.logit, logit_error, _logit_forms),
)
