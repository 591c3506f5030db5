"""C8 in PyTorch: the Hessian of L_D by autograd, twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison

from .gradients import discriminator, loss_size
from .registry import TorchCheck
from .space import TorchSpace, hessian


def covariance(weight: Tensor, values: Tensor) -> Tensor:
    """Cov(f) (d, d) under weights that sum to one."""
    centred = values - weight @ values
    return torch.einsum("n,ni,nj->ij", weight, centred, centred)


def second_derivatives(space: TorchSpace) -> Iterator[Comparison]:
    """C8: E_p[(1−D)c''] − E_q[Dc''] + 2E_μ[D(1−D)c'c'ᵀ]; with b eliminated, ½Cov(c') at q = p = p_θ."""
    b = space.log_z_parameter
    d, rest = discriminator(space, b)
    found = hessian(lambda delta: space.loss(space.cost(delta), b), space.here())
    squares = torch.einsum("n,ni,nj->ij", (space.w_p + space.w_q) * d * rest, space.dc, space.dc)
    bend = torch.einsum("n,nij->ij", space.w_p * rest - space.w_q * d, space.d2c)
    size = loss_size(space) ** 2 + float(space.d2c.abs().max())
    yield Comparison(squares + bend, found, squares, size, name="∂²L_D/∂θ²")

    truth = replace(space, log_p=space.log_model, log_q=space.log_model)
    both = torch.cat([space.here().detach(), space.log_z.reshape(1)])
    joint = hessian(lambda at: truth.loss(truth.cost(at[:-1]), at[-1]), both)
    across = joint[:-1, -1]
    profile = joint[:-1, :-1] - torch.outer(across, across) / joint[-1, -1]
    fisher = covariance(space.w_model, space.dc)
    yield Comparison(fisher / 2, profile, fisher, size, 4.0, name="∂²(min_b L_D)/∂θ² at q = p = p_θ")


CHECKS = (
    TorchCheck(
        "C8",
        "Hessian of discriminator_loss in θ by autograd, against the closed form with c''; with b eliminated, at "
        "q = p = p_θ, against ½Cov(c')",
        "no c''; no ½",
        second_derivatives,
    ),
)
