"""Family B in PyTorch: the loss through the mixture, its slope and its curvature in log Z."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison

from .registry import TorchCheck
from .space import TorchSpace


def derivatives_in_b(space: TorchSpace, c: Tensor, b: Tensor, orders: int) -> list[Tensor]:
    """Return ∂^k L_D/∂b^k for k = 1 … by autograd, of the loss that one trains with."""
    leaf = b.detach().clone().requires_grad_()
    found, value = [], space.loss(c, leaf)
    for _ in range(orders):
        (value,) = torch.autograd.grad(value, leaf, create_graph=True)
        found.append(value.detach())
    return found


def mixture_form(space: TorchSpace) -> Iterator[Comparison]:
    """B1: L_D = b + E_p c − E_q log q + 2E_μ log μ̃ + 2 log 2."""
    b = space.log_z_parameter
    log_mixture = torch.logaddexp(-space.c - b, space.log_q) - math.log(2)
    parts = [b, space.mean_p(space.c), -space.mean_q(space.log_q), 2 * space.mean_mixture(log_mixture)]
    printed = parts[0] + parts[1] + parts[2] + parts[3]
    size = float(sum(part.abs() for part in parts)) + 2
    yield Comparison(printed + 2 * math.log(2), space.loss(space.c, b), printed, size, name="L_D")


def slope_in_b(space: TorchSpace) -> Iterator[Comparison]:
    """B2: ∂L_D/∂b = 1 − 2E_μ[D] = E_p[1−D] − E_q[D]."""
    b = space.log_z_parameter
    (slope,) = derivatives_in_b(space, space.c, b, 1)
    logit = space.logit(space.c, b)
    mean = space.mean_mixture(torch.sigmoid(logit))
    yield Comparison(1 - 2 * mean, slope, 1 - mean, 2.0, name="∂L_D/∂b")
    errors = space.mean_p(torch.sigmoid(-logit)) - space.mean_q(torch.sigmoid(logit))
    yield Comparison(errors, slope, None, 2.0)


def curvature_in_b(space: TorchSpace) -> Iterator[Comparison]:
    """B3: ∂²L_D/∂b² = 2E_μ[D(1−D)] ∈ (0, ½]; ∂³ = −2E_μ[D(1−D)(1−2D)], at most 1/(3√3)."""
    b = space.log_z_parameter
    _, second, third = derivatives_in_b(space, space.c, b, 3)
    logit = space.logit(space.c, b)
    d, rest = torch.sigmoid(logit), torch.sigmoid(-logit)
    spread = 2 * space.mean_mixture(d * rest)
    yield Comparison(spread, second, 2 * space.mean_mixture(d * d), 1.0, name="∂²L_D/∂b²")
    yield Comparison(-2 * space.mean_mixture(d * rest * (rest - d)), third, None, 1.0, name="∂³L_D/∂b³")
    beyond = torch.stack([-second, second - 0.5, third.abs() - 1 / (3 * math.sqrt(3.0))])
    yield Comparison(beyond.clamp(min=0), torch.zeros_like(beyond), None, 1.0)


CHECKS = (
    TorchCheck(
        "B1",
        "b + E_p c − E_q log q + 2E_μ log μ̃ + 2 log 2 by logaddexp, against the package's loss",
        "the 2 log 2 dropped, as in the paper's equation (8)",
        mixture_form,
    ),
    TorchCheck(
        "B2",
        "1 − 2E_μ[D] and E_p[1−D] − E_q[D], against the loss's gradient in b by autograd",
        "no factor 2: 1 − E_μ[D]",
        slope_in_b,
    ),
    TorchCheck(
        "B3",
        "2E_μ[D(1−D)] and −2E_μ[D(1−D)(1−2D)], against autograd of autograd in b; their bounds",
        "D² for D(1−D)",
        curvature_in_b,
    ),
)
