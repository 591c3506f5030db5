"""Family B in PyTorch: how the optimal log Z moves with the costs, and how flat the loss is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import discriminator_loss

from .loss import derivatives_in_b
from .registry import TorchCheck
from .space import TorchSpace, gradient


def velocity(space: TorchSpace) -> Iterator[Comparison]:
    """B9: ∂b*/∂c by autograd through one Newton step from the solver's b*; steps of b*; the mirror image."""
    b = space.b_star
    slope, curvature = derivatives_in_b(space, space.c, b, 2)

    def newton(c: Tensor) -> Tensor:
        leaf = b.detach().clone().requires_grad_()
        (in_b,) = torch.autograd.grad(space.loss(c, leaf), leaf, create_graph=True)
        return b - in_b / curvature

    logit = space.logit(space.c, b)
    d, rest = torch.sigmoid(logit), torch.sigmoid(-logit)
    both = space.w_p + space.w_q
    weights, missing = (each / each.sum() for each in (both * d * rest, both * d))
    moved = gradient(newton, space.c)
    size, gain = float(both.max()), 4 / float(curvature)
    yield Comparison(-weights, moved, -missing, size, gain, name="∂b*/∂c(τ)")
    yield Comparison(moved.sum(), torch.full_like(b, -1.0), None, 1.0, gain, name="Σ ∂b*/∂c")
    yield Comparison(slope, torch.zeros_like(slope), None, 1.0, 2.0)

    index = torch.arange(len(space.c), dtype=space.c.dtype, device=space.c.device)
    for rate, scale in ((1.1, 0.5), (2.3, 2.0)):
        change = scale * torch.cos(rate * index)
        step = replace(space, c=space.c + change).b_star - b
        beyond = torch.stack([step + change.min(), -change.max() - step]).clamp(min=0)
        yield Comparison(beyond, torch.zeros_like(beyond), None, 2.0, gain)
    if bool(torch.isfinite(space.log_q).all()):
        mirrored = replace(space, c=-space.c - 2 * space.log_q).b_star
        yield Comparison(mirrored, -b, None, 2.0, gain, name="b* of −c − 2 log q")


def flatness(space: TorchSpace) -> Iterator[Comparison]:
    """B10: ∂²L_D/∂b² = Σ h pq/(p+q) at m = p, below ½Σ h √(pq)."""
    odds = space.log_p - space.log_q  # the logit at m = p: ±∞ where D is sure, whatever b is
    odds = torch.where(torch.isnan(odds), torch.zeros_like(odds), odds)
    leaf = torch.zeros_like(space.log_z_parameter).requires_grad_()
    loss = discriminator_loss(odds - leaf, odds - leaf, space.w_p, space.w_q)
    (slope,) = torch.autograd.grad(loss, leaf, create_graph=True)
    (second,) = torch.autograd.grad(slope, leaf)
    live = torch.isfinite(odds)
    w_p, w_q = space.w_p[live], space.w_q[live]
    shared = (w_p * w_q / (w_p + w_q)).sum()
    bound = torch.sqrt(w_p * w_q).sum() / 2
    yield Comparison(shared, second, bound, 1.0, name="∂²L_D/∂b² at m = p")
    yield Comparison(slope.detach(), torch.zeros_like(shared), None, 1.0)
    square = torch.sqrt(w_p * w_q) * (torch.sqrt(w_p) - torch.sqrt(w_q)) ** 2 / (2 * (w_p + w_q))
    yield Comparison(bound - shared, square.sum(), None, 1.0)


CHECKS = (
    TorchCheck(
        "B9",
        "−(p+q)D(1−D) over its sum, against autograd through one Newton step from the solver's b*; steps of b* "
        "against the largest and least change of the cost; the mirror image",
        "weights ∝ (p+q)D, without 1−D",
        velocity,
    ),
    TorchCheck(
        "B10",
        "Σ h pq/(p+q), against autograd of autograd of the package's loss in b at m = p; its gap to ½Σ h √(pq)",
        "its bound taken for it",
        flatness,
    ),
)
