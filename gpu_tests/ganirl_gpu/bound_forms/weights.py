"""Log importance weights log(μ e^{−c}/μ̃): through the mixture, and through log D."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from ganirl import bounds
from ganirl.bounds import FloatModel
from ganirl_gpu.bound_problems import Array, Extended, Rows, extended, floats, softplus

from .experiment import Computed, Experiment, host
from .sums import costs, logit_error


def _log_importance(rows: Rows) -> Extended:
    """log(½w e^{−c}/μ̃), which is log w + b + log D."""
    return np.asarray(np.log(rows.weight) + extended(rows.b)[:, None] - softplus(-rows.logit))


def _log_importance_error(arithmetic: FloatModel, rows: Rows) -> Array:
    cost, b, logit = floats(rows.cost), rows.b, floats(rows.logit)
    inherited = logit_error(arithmetic, rows)
    again = bounds.linear(arithmetic, rows.magnitude, rows.terms)
    log_mixture = np.logaddexp(-(cost + b[:, None]), rows.log_q) - np.log(2.0)
    share = np.log(0.5 * floats(rows.weight))
    return np.stack(
        [
            bounds.log_importance(
                arithmetic,
                logit[i],
                cost[i],
                log_mixture[i],
                share[i],
                float(b[i]),
                cost_error=again[i],
                logit_error=inherited[i],
            )
            for i in range(rows.problems)
        ]
    )


def _log_importance_forms(rows: Rows) -> Computed:
    b, log_q, counts = rows.tensor("b")[:, None], rows.tensor("log_q"), rows.tensor("counts")
    weight = torch.cat([counts[:, s] / counts[:, s].sum(dim=1, keepdim=True) for s, _ in rows.sides], dim=1)
    share, two = torch.log(0.5 * weight), np.log(2.0)
    for name, c in costs(rows):
        if name in ("library", "forwards"):
            mixture = torch.logaddexp(-(c + b), log_q) - two
            yield "torch", f"share − c − log μ̃, {name}", host(share - c - mixture)
            yield "torch", f"share + (−c − log μ̃), {name}", host(share + (-c - mixture))
            by_logit = share + (logsigmoid(-((c + b) + log_q)) + two + b)
            yield "torch", f"share + log D + b + log 2, {name}", host(by_logit)


EXPERIMENTS = (
    Experiment(
        "T7 weights",
        r"\log(\mu e^{-c}/\tilde\mu)",
        _log_importance,
        _log_importance_error,
        _log_importance_forms,
    ),
)
