"""Where b comes from: each door finds the b at which L_D is least in its own way; three more ways do not find it.

All take the scores −c − log q of both sides (the logit at b = 0), the weights, and the b of the step before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ganirl.optimum import optimal_b
from ganirl_gpu.objectives import discriminator_loss
from ganirl_gpu.partition import optimal_log_partition, self_consistent_log_partition

Solver = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
"""(expert score, generator score, expert weight, generator weight, b before) → b, without a graph."""

ULP = torch.finfo(torch.float64).eps
MOST_STEPS = 2000


def settled(change: float, b: float) -> bool:
    """Whether a change of b is rounding: four units in the last place of 1 + |b|."""
    return not abs(change) > 4 * ULP * (1.0 + abs(b))


def bisected(expert: Tensor, generator: Tensor, w_p: Tensor, w_q: Tensor, before: Tensor) -> Tensor:
    """Solve E_p[1 − D] = E_q[D] anew at every step (claim B5)."""
    del before
    return optimal_log_partition(expert, generator, w_p, w_q)


def certified(expert: Tensor, generator: Tensor, w_p: Tensor, w_q: Tensor, before: Tensor) -> Tensor:
    """Solve the same by floor 1, in NumPy, with a certificate: another library's arithmetic and another root-finder."""
    del before
    score, nothing = torch.cat([expert, generator]).numpy(), np.zeros
    found = optimal_b(
        np.concatenate([w_p.numpy(), nothing(len(w_q))]),
        np.concatenate([nothing(len(w_p)), w_q.numpy()]),
        -score,
        nothing(len(score)),
    )
    return torch.tensor(found.b, dtype=expert.dtype)


def trained(expert: Tensor, generator: Tensor, w_p: Tensor, w_q: Tensor, before: Tensor) -> Tensor:
    """Minimise L_D in b by Newton's method from the b before, both derivatives by autograd (claim B3)."""
    b = before.detach().clone()
    for _ in range(MOST_STEPS):
        leaf = b.requires_grad_()
        loss = discriminator_loss(expert - leaf, generator - leaf, w_p, w_q)
        (slope,) = torch.autograd.grad(loss, leaf, create_graph=True)
        (curvature,) = torch.autograd.grad(slope, leaf)
        slope = slope.detach()
        # |∂³L_D| ≤ ∂²L_D: within half of the curvature Newton's error is at most half of its step squared. Farther
        # away a curvature of at most ½ makes the step of two slopes safe.
        near = float(slope.abs()) < 0.5 * float(curvature)
        step = -slope / curvature if near else -2.0 * slope
        b = b.detach() + step
        if near and abs(float(step)) < 1e-8:
            break
    return b.detach()


@dataclass(frozen=True)
class Descended:
    """Take one gradient step in b a step of training, as most code does; b lags behind b*."""

    rate: float = 1.0

    def __call__(self, expert: Tensor, generator: Tensor, w_p: Tensor, w_q: Tensor, before: Tensor) -> Tensor:
        """Return b − rate · ∂_bL_D."""
        leaf = before.detach().clone().requires_grad_()
        loss = discriminator_loss(expert - leaf, generator - leaf, w_p, w_q)
        (slope,) = torch.autograd.grad(loss, leaf)
        return before.detach() - self.rate * slope


@dataclass(frozen=True)
class Held:
    """Never train b."""

    b: float

    def __call__(self, expert: Tensor, generator: Tensor, w_p: Tensor, w_q: Tensor, before: Tensor) -> Tensor:
        """Return the constant."""
        del generator, w_p, w_q, before
        return torch.full((), self.b, dtype=expert.dtype)


def held_at_first(expert: Tensor, generator: Tensor, w_p: Tensor, w_q: Tensor, before: Tensor) -> Tensor:
    """Solve nothing: Z stays what it was estimated at first."""
    del expert, generator, w_p, w_q
    return before.detach()


@torch.no_grad()
def self_consistent(expert: Tensor, generator: Tensor, w_p: Tensor, w_q: Tensor, before: Tensor) -> Tensor:
    """Re-estimate Z = E_μ[e^{−c}/μ̃_Z] until it is itself (claim B4).

    The iteration converges from any Z > 0, at a rate between ½ and 1; after every second estimate the limit of the
    geometric series that they seem to follow is tried (Aitken).
    """
    b = before
    for _ in range(MOST_STEPS):
        first = self_consistent_log_partition(expert - b, generator - b, b, w_p, w_q)
        second = self_consistent_log_partition(expert - first, generator - first, first, w_p, w_q)
        change, before_that = float(second - first), float(first - b)
        if settled(change, float(second)):
            return second
        rate = change / before_that
        b = second + (change * rate / (1.0 - rate) if 0.0 < rate < 1.0 else 0.0)
    return b
