"""Three doors to one training run: a GAN, guided cost learning, and an energy-based model.

Each gives two gradients from the rows of a step: of the cost's parameters θ, and of the policy. The doors share the
cost's values and the rows; losses, log Z, derivatives and the generator's objective are each door's own code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ganirl_gpu.objectives import (
    discriminator_logit,
    discriminator_loss,
    guided_cost_loss,
    log_discriminator,
    log_one_minus_discriminator,
    policy_loss,
)

from .ground import Batch
from .solvers import MOST_STEPS, Solver, self_consistent, settled, trained


class Door(Protocol):
    """One way to train."""

    def cost_gradient(self, theta: Tensor, batch: Batch, before: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradient in θ, (d,), and the b that it was taken at; ``before`` is the b of the last step."""
        ...

    def policy_gradient(self, theta: Tensor, b: Tensor, policy_logits: Tensor, batch: Batch) -> Tensor:
        """Return the gradient of the generator's objective in the policy's logits, (S, A)."""
        ...


def scores(theta: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """−c − log q of both sides, without a graph."""
    expert, generator = (-side.cost.value(theta.detach()) - side.log_q for side in batch.sides)
    return expert, generator


def gradient(loss: Tensor, leaf: Tensor) -> Tensor:
    """∂ loss/∂ leaf."""
    (found,) = torch.autograd.grad(loss, leaf)
    return found


def leaf_of(value: Tensor) -> Tensor:
    """Return a copy that requires gradients."""
    return value.detach().clone().requires_grad_()


@dataclass(frozen=True)
class Adversarial:
    """A GAN: L_D by autograd in θ, with b at its minimum; the policy is fed log D − log(1 − D).

    Attributes
    ----------
    solve : where b comes from
    baseline : whether the mean reward of the rows is subtracted; over all of q it drops out by itself (claim E3)
    """

    solve: Solver = trained
    baseline: bool = True

    def cost_gradient(self, theta: Tensor, batch: Batch, before: Tensor) -> tuple[Tensor, Tensor]:
        """∂_θL_D at b, b constant: at the minimum in b the envelope theorem says that this is all (claim C4)."""
        b = self.solve(*scores(theta, batch), batch.expert.weight, batch.generator.weight, before)
        leaf = leaf_of(theta)
        expert, generator = (
            discriminator_logit(side.cost.value(leaf), b, side.log_q) for side in batch.sides
        )
        loss = discriminator_loss(expert, generator, batch.expert.weight, batch.generator.weight)
        return gradient(loss, leaf), b

    def policy_gradient(self, theta: Tensor, b: Tensor, policy_logits: Tensor, batch: Batch) -> Tensor:
        """∇L_G by `policy_loss`, from the reward log D − log(1 − D) (claims A5, E3)."""
        leaf, side = leaf_of(policy_logits), batch.generator
        log_prob = side.log_prob(leaf)
        logit = discriminator_logit(side.cost.value(theta), b, log_prob.detach())
        reward = log_discriminator(logit) - log_one_minus_discriminator(logit)
        if self.baseline:
            reward = reward - side.weight @ reward
        return gradient(policy_loss(log_prob, reward, side.weight), leaf)


Surrogate = Callable[[Tensor, Tensor, Tensor, Batch], Tensor]
"""(expert costs, generator costs, b, rows) → a loss, differentiable in the costs."""


def frozen(expert_cost: Tensor, generator_cost: Tensor, b: Tensor, batch: Batch) -> Tensor:
    """L_cost^μ̃ with μ̃ held constant (eq. 4; claim C2)."""
    return guided_cost_loss(
        expert_cost,
        generator_cost,
        batch.expert.log_q,
        batch.generator.log_q,
        b,
        expert_weight=batch.expert.weight,
        generator_weight=batch.generator.weight,
    )


@dataclass(frozen=True)
class GuidedCost:
    """Guided cost learning: the surrogate by autograd, Z re-estimated; the policy minimises E_q[c + log q].

    Attributes
    ----------
    solve : where log Z comes from
    surrogate : the loss; others than `frozen` leak
    """

    solve: Solver = self_consistent
    surrogate: Surrogate = frozen

    def cost_gradient(self, theta: Tensor, batch: Batch, before: Tensor) -> tuple[Tensor, Tensor]:
        """∂_θL_cost^μ̃ at b."""
        b = self.solve(*scores(theta, batch), batch.expert.weight, batch.generator.weight, before)
        leaf = leaf_of(theta)
        expert, generator = (side.cost.value(leaf) for side in batch.sides)
        return gradient(self.surrogate(expert, generator, b, batch), leaf), b

    def policy_gradient(self, theta: Tensor, b: Tensor, policy_logits: Tensor, batch: Batch) -> Tensor:
        """∇E_q[c + log q] by score function, the mean as baseline (eq. 2); b plays no part."""
        del b
        leaf, side = leaf_of(policy_logits), batch.generator
        log_prob = side.log_prob(leaf)
        price = side.cost.value(theta) + log_prob.detach()
        advantage = price - side.weight @ price
        return gradient((side.weight * advantage * log_prob).sum(), leaf)


@dataclass(frozen=True)
class EnergyBased:
    """An energy-based model whose sampler is the generator; no loss, no autograd, no discriminator.

    θ descends the contrast of mean energies: of the data, less of the model. The model's mean is taken over
    samples of the data and of the sampler, whose density is ½e^{−E}/Z + ½q, by self-normalised importance weights.
    """

    def cost_gradient(self, theta: Tensor, batch: Batch, before: Tensor) -> tuple[Tensor, Tensor]:
        """E_p[E'] − Σ w E'/Σ w, with w = e^{−E}/(½e^{−E}/Z + ½q) and E' in closed form."""
        energy = torch.cat([side.cost.value(theta) for side in batch.sides])
        log_q = torch.cat([side.log_q for side in batch.sides])
        share = torch.cat([side.weight for side in batch.sides]) / 2
        log_z = _fusion_log_partition(energy, log_q, share, before)
        weight = share * torch.exp(_log_importance(energy, log_q, log_z) - log_z)
        slopes = [side.cost.derivative(theta) for side in batch.sides]
        positive = batch.expert.weight @ slopes[0]
        negative = (weight @ torch.cat(slopes)) / weight.sum()
        return positive - negative, log_z

    def policy_gradient(self, theta: Tensor, b: Tensor, policy_logits: Tensor, batch: Batch) -> Tensor:
        """∇KL(q‖p_θ): the covariance of the score ∇log q with log q + E, in closed form."""
        del b
        side = batch.generator
        ratio = side.log_prob(policy_logits) + side.cost.value(theta)
        score = side.score(policy_logits)
        means = (torch.einsum("n,nsa->sa", weight, score) for weight in (side.weight * ratio, side.weight))
        together, alone = means
        return together - (side.weight @ ratio) * alone


def _log_importance(energy: Tensor, log_q: Tensor, log_z: Tensor) -> Tensor:
    """Log e^{−E}/(½e^{−E}/Z + ½q), (n,)."""
    return -energy - torch.logaddexp(-energy - log_z, log_q) + math.log(2)


def _fusion_log_partition(energy: Tensor, log_q: Tensor, share: Tensor, before: Tensor) -> Tensor:
    """Log Z at which the importance-sampled estimate of Z is Z itself, by the secant method.

    The estimate grows with Z, on the scale of logs with a slope between 0 and 1, so that estimate − Z falls.
    """

    def excess(log_z: Tensor) -> Tensor:
        estimate = torch.logsumexp(torch.log(share) + _log_importance(energy, log_q, log_z), 0)
        return estimate - log_z

    old, above = before, excess(before)
    new = old + above
    for _ in range(MOST_STEPS):
        if settled(float(new - old), float(new)):
            break
        now = excess(new)
        slope = (now - above) / (new - old)
        # Rounding may make the slope anything once both values are rounding; then the plain iteration will do.
        step = -now / slope if -1.0 <= float(slope) < 0.0 else now
        old, above, new = new, now, new + step
        if float(now.abs()) <= 0.5 * torch.finfo(torch.float64).eps:
            break
    return new
