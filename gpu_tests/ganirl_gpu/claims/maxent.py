"""Family D in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ganirl.enumeration.space import Comparison

from .registry import TorchCheck
from .space import TorchSpace, gradient, hessian


def derivatives_of_log_z(space: TorchSpace) -> Iterator[Comparison]:
    """D1: ∂_θ log Z = −E_pθ[c'], ∂²_θ log Z = Cov_pθ(c') − E_pθ[c'']."""

    def log_z(delta: torch.Tensor) -> torch.Tensor:
        return space.log_partition(space.cost(delta))

    mean = space.w_model @ space.dc
    size = float(space.c.abs().max() + space.dc.abs().max() ** 2)
    yield Comparison(gradient(log_z, space.here()), -mean, None, size, name="∂ log Z/∂θ")
    centred = space.dc - mean
    covariance = torch.einsum("n,ni,nj->ij", space.w_model, centred, centred)
    bend = torch.einsum("n,nij->ij", space.w_model, space.d2c)
    yield Comparison(covariance - bend, hessian(log_z, space.here()), covariance, size, name="∂² log Z/∂θ²")


CHECKS = (
    TorchCheck(
        "D1",
        "gradient and Hessian of logsumexp(log h − c) by autograd, against −E[c'] and Cov(c') − E[c'']",
        "the covariance alone",
        derivatives_of_log_z,
    ),
)
