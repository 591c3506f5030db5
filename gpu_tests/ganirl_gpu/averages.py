"""Averages over a batch. Shapes are checked, never broadcast: (n, 1) minus (n,) is (n, n).

A row of weight zero counts for nothing even where its value is infinite (0·∞ := 0), in every gradient too.
"""

from __future__ import annotations

import torch
from torch import Tensor


def require_vector(name: str, value: Tensor, length: int | None = None) -> None:
    """Raise ValueError unless ``value`` has shape (n,), with n > 0 and n = ``length`` where that is given."""
    if value.ndim != 1:
        raise ValueError(f"{name} must have shape (n,), not {tuple(value.shape)}: nothing is broadcast")
    if length is not None and value.shape[0] != length:
        raise ValueError(f"{name} has {value.shape[0]} rows where {length} are expected")
    if value.shape[0] == 0:
        raise ValueError(f"{name} has no rows, so that its mean does not exist")


def require_scalar(name: str, value: Tensor) -> None:
    """Raise ValueError unless ``value`` has shape ()."""
    if value.ndim != 0:
        raise ValueError(f"{name} must be a scalar of shape (), not {tuple(value.shape)}")


def weighted_mean(name: str, values: Tensor, weight: Tensor | None) -> Tensor:
    """Return Σ w x / Σ w over one side of a batch, or the plain mean where there are no weights.

    Raises
    ------
    ValueError
        If values or weight is not a vector, or their lengths differ.
    """
    require_vector(name, values)
    if weight is None:
        return values.mean()
    require_vector(f"the weight of {name}", weight, len(values))
    return (weight * counted(values, weight)).sum() / weight.sum()


def counted(values: Tensor, weight: Tensor) -> Tensor:
    """Return the values with those of weight zero replaced by 0."""
    return torch.where(weight > 0, values, torch.zeros_like(values))


def normalised_weight(name: str, values: Tensor, weight: Tensor | None) -> Tensor:
    """Return weights (n,) that sum to one: w / Σ w, or 1/n."""
    require_vector(name, values)
    if weight is None:
        return torch.full_like(values, 1.0 / len(values), requires_grad=False)
    require_vector(f"the weight of {name}", weight, len(values))
    return weight / weight.sum()


def mixture_weight(
    expert: Tensor, generator: Tensor, expert_weight: Tensor | None, generator_weight: Tensor | None
) -> Tensor:
    """Return the weights of μ = ½p + ½q on the joined rows: half for each side, however many rows it has."""
    sides = (
        normalised_weight("the expert side", expert, expert_weight),
        normalised_weight("the generator side", generator, generator_weight),
    )
    return torch.cat(sides) / 2


def log_mean_exp(values: Tensor, weight: Tensor) -> Tensor:
    """Return log Σ w e^x for weights that sum to one.

    The weights stay outside the exponential: in bfloat16 log w would cost more than all the rest.
    """
    kept = torch.where(weight > 0, values, torch.full_like(values, -torch.inf))
    peak = kept.detach().max()
    shift = torch.where(torch.isfinite(peak), peak, torch.zeros_like(peak))
    return torch.log((weight * torch.exp(kept - shift)).sum()) + shift
