"""Family D in PyTorch, continued: an energy with and without its base measure; a learned normaliser."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.partition import importance_log_partition

from .gradients import loss_gradient, loss_size
from .maxent import likelihood
from .registry import TorchCheck
from .space import TorchSpace, gradient


def base_measure(space: TorchSpace) -> Iterator[Comparison]:
    """D5: an energy-based model on the trajectories themselves, energy c − log h, has MaxEnt IRL's gradient."""

    def ebm(energy: Tensor) -> Tensor:
        return space.mean_p(energy) + torch.logsumexp(-energy, 0)

    exact = (space.w_p - space.w_model) @ space.dc
    size = loss_size(space) + float(space.log_h.abs().max())
    named = gradient(lambda delta: ebm(space.cost(delta) - space.log_h), space.here())
    bare = gradient(lambda delta: ebm(space.cost(delta)), space.here())
    yield Comparison(named, exact, bare, size, name="∂L/∂θ")
    apart = ebm(space.c - space.log_h) - likelihood(space, space.c)
    yield Comparison(apart, -space.mean_p(space.log_h), None, size)


def learned_normaliser(space: TorchSpace) -> Iterator[Comparison]:
    """D6: E_p[c] + b + e^{−b}E_q[e^{−c}/q] − 1 is L_cost + e^x − 1 − x; at b = log Z it has L_cost's gradient."""

    def loss(c: Tensor, b: Tensor) -> Tensor:
        drawn = importance_log_partition(c, space.log_q, space.w_q)
        return space.mean_p(c) + b + torch.exp(drawn - b) - 1

    b, log_z = space.log_z_parameter, space.log_z
    x, size = log_z - b, loss_size(space)
    value = likelihood(space, space.c) + torch.expm1(x) - x
    yield Comparison(
        loss(space.c, b),
        value,
        space.loss(space.c, b),
        size + 4 * float(torch.exp(x.abs())),
        name="value at b",
    )
    exact = (space.w_p - space.w_model) @ space.dc
    found = gradient(lambda delta: loss(space.cost(delta), log_z), space.here())
    yield Comparison(found, exact, loss_gradient(space, log_z), size, name="∂/∂θ at b = log Z")
    slope = gradient(lambda at: loss(space.c, at), log_z)
    yield Comparison(slope, torch.zeros_like(slope), None, size)


CHECKS = (
    TorchCheck(
        "D5",
        "autograd of an energy-based likelihood with energy c − log h and no base measure, against (E_p − E_pθ)c'",
        "energy c: counting measure in place of h",
        base_measure,
    ),
    TorchCheck(
        "D6",
        "E_p c + b + exp(importance_log_partition − b) − 1, against L_cost + e^x − 1 − x; its gradients at b = log Z "
        "by autograd, against (E_p − E_pθ)c' and 0",
        "L_D in its place",
        learned_normaliser,
    ),
)
