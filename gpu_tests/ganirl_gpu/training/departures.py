"""Runs that must part from the right one, and the claim that says so."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ganirl_gpu.averages import log_mean_exp, mixture_weight
from ganirl_gpu.objectives import discriminator_loss

from .doors import GuidedCost, gradient, leaf_of
from .ground import Batch, Ground


def leaking_mixture(expert_cost: Tensor, generator_cost: Tensor, b: Tensor, batch: Batch) -> Tensor:
    """The surrogate with μ̃ = ½e^{−c−b} + ½q differentiated too, Z constant (claim C3)."""
    cost = torch.cat([expert_cost, generator_cost])
    log_q = torch.cat([side.log_q for side in batch.sides])
    log_mixture = torch.logaddexp(-cost - b, log_q) - math.log(2)
    weight = mixture_weight(expert_cost, generator_cost, batch.expert.weight, batch.generator.weight)
    return batch.expert.weight @ expert_cost + log_mean_exp(-cost - log_mixture, weight)


def leaking_partition(expert_cost: Tensor, generator_cost: Tensor, b: Tensor, batch: Batch) -> Tensor:
    """E_p[c] + log Z*(θ), the surrogate differentiated through its own solution (claim C3).

    The derivative of b* in θ is that of one Newton step from b*, by the implicit function theorem.
    """
    moving = b.detach().clone().requires_grad_()
    sides = zip((expert_cost, generator_cost), batch.sides, strict=True)
    expert, generator = (-cost - moving - side.log_q for cost, side in sides)
    loss = discriminator_loss(expert, generator, batch.expert.weight, batch.generator.weight)
    (slope,) = torch.autograd.grad(loss, moving, create_graph=True)
    (curvature,) = torch.autograd.grad(slope, moving, retain_graph=True)
    solution = b.detach() - (slope - slope.detach()) / curvature.detach()
    return batch.expert.weight @ expert_cost + solution


@dataclass(frozen=True)
class ExactLikelihood:
    """Maximum likelihood, Z by enumeration: what the three doors do not do (claims C5, C6).

    Attributes
    ----------
    ground : whose every trajectory enters Z, whatever the rows are
    """

    ground: Ground

    def cost_gradient(self, theta: Tensor, batch: Batch, before: Tensor) -> tuple[Tensor, Tensor]:
        """∂_θ(E_p[c] + log Z_θ), and log Z_θ."""
        del before
        leaf = leaf_of(theta)
        log_z = torch.logsumexp(self.ground.rows.log_h - self.ground.rows.cost.value(leaf), 0)
        loss = batch.expert.weight @ batch.expert.cost.value(leaf) + log_z
        return gradient(loss, leaf), log_z.detach()

    def policy_gradient(self, theta: Tensor, b: Tensor, policy_logits: Tensor, batch: Batch) -> Tensor:
        """As guided cost learning's: the sampler's objective is the same."""
        return GuidedCost().policy_gradient(theta, b, policy_logits, batch)
