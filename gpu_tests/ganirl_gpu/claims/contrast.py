"""C6 in PyTorch: a discriminator trained to its optimum, with ν generator rows for each of the data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import log_discriminator, log_one_minus_discriminator

from .gradients import loss_size
from .registry import TorchCheck
from .space import TorchSpace, gradient, hessian


def contrast(space: TorchSpace, c: Tensor, b: Tensor, ratio: float) -> Tensor:
    """E_p[−log D] + ν E_q[−log(1−D)], D = m/(m + νq)."""
    logit = space.logit(c, b) - math.log(ratio)
    data, generator = -log_discriminator(logit), -log_one_minus_discriminator(logit)
    return space.mean_p(data) + ratio * space.mean_q(generator)


def residual(space: TorchSpace, c: Tensor, b: Tensor, ratio: float) -> tuple[Tensor, Tensor]:
    """Return h(p − m) νq/(m + νq), (N,), and h(p − m)."""
    plain = space.w_p - torch.exp(space.log_h - c - b)
    return plain * torch.sigmoid(math.log(ratio) - space.logit(c, b)), plain


def trained(space: TorchSpace, ratio: float) -> Tensor:
    """Return (t, b) that minimise the contrast of c + t φ, φ = ∂c/∂θ_1: damped Newton's method by autograd."""
    precise = replace(
        space,
        log_h=space.log_h.double(),
        log_p=space.log_p.double(),
        log_q=space.log_q.double(),
        c=space.c.double(),
        dc=space.dc.double(),
    )

    def loss(at: Tensor) -> Tensor:
        return contrast(precise, precise.c + at[0] * precise.dc[:, 0], at[1], ratio)

    at = torch.stack([torch.zeros_like(precise.c[0]), precise.log_z])
    for _ in range(60):
        step = torch.linalg.solve(hessian(loss, at), gradient(loss, at))
        size = 1.0
        while float(loss(at - size * step)) > float(loss(at)) and size > 1e-6:
            size /= 2
        at = at - size * step
        if float(step.abs().max()) < 1e-10:
            break
    return at.to(space.c.dtype)


def fixed_point(space: TorchSpace) -> Iterator[Comparison]:
    """C6: the optimum of L_D balances Σ h(p−m)(1−D)(φ, 1), not Σ h(p−m)(φ, 1); m = p is stationary for every q."""
    size, phi = loss_size(space), space.dc[:, 0]
    at = trained(space, 1.0)
    weighted, plain = residual(space, space.c + at[0] * phi, at[1], 1.0)
    sums = [torch.stack([each @ phi, each.sum()]) for each in (weighted, plain)]
    reach = size + float(at.abs().max() * (1 + phi.abs().max()) ** 2)
    yield Comparison(
        sums[0], torch.zeros_like(sums[0]), sums[1], reach, name="Σ h(p−m)(1−D)(φ, 1) at the optimum"
    )

    b, ratio = space.log_z_parameter, 3.0
    found = gradient(lambda delta: contrast(space, space.cost(delta), b, ratio), space.here())
    weighted, plain = residual(space, space.c, b, ratio)
    yield Comparison(weighted @ space.dc, found, plain @ space.dc, 4 * size, name="∂/∂θ, ν = 3")
    fitted = replace(space, log_p=space.log_model)
    level = gradient(lambda delta: contrast(fitted, fitted.cost(delta), space.log_z, ratio), space.here())
    yield Comparison(level, torch.zeros_like(level), None, 4 * size)


CHECKS = (
    TorchCheck(
        "C6",
        "Σ h(p−m)(1−D)(φ, 1) where a discriminator with one feature was trained to its optimum, against 0; autograd of "
        "the loss with ν = 3, against Σ h(p−m)νq/(m+νq)c', and against 0 at p = m",
        "the likelihood's residual: no 1−D",
        fixed_point,
    ),
)
