"""Family H in PyTorch, step by step: the optimum of transitions, their reward, trajectories of steps."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import (
    discriminator_loss,
    log_discriminator,
    log_one_minus_discriminator,
    policy_loss,
)

from .process import Process, process, soft, value_of
from .registry import TorchCheck
from .space import TorchSpace, gradient


def transition_optimum(space: TorchSpace) -> Iterator[Comparison]:
    """H5: the loss of transitions is stationary at log π_E + log d_E/d_π of each time."""
    world = process(space)
    expert = soft(world, world.costs).policy
    own = world.always(torch.log_softmax(world.logits, -1))
    data = world.marginals((space.log_h + world.log_prob(expert)).exp())
    samples = world.marginals(space.w_q)

    def loss(f: Tensor) -> Tensor:
        logit = f - own
        return -(data * log_discriminator(logit)).sum() - (samples * log_one_minus_discriminator(logit)).sum()

    visits_expert, visits = (world.occupancy(each).sum(-1, keepdim=True) for each in (expert, own))
    met = (visits_expert > 0) & (visits > 0)
    ratio = torch.where(met, visits_expert, 1.0).log() - torch.where(met, visits, 1.0).log()
    none = torch.zeros_like(own)
    at_best, without = (torch.where(met, gradient(loss, each), none) for each in (expert + ratio, expert))
    yield Comparison(at_best, none, without, 2.0 * world.horizon, name="∂L_D/∂f")


def step_reward(space: TorchSpace) -> Iterator[Comparison]:
    """H6: the gradient of E_π[Σ(f − log π)] is that of `policy_loss` fed with the sum of the steps' logits."""
    world = process(space)
    size = float(1 + space.c.abs().max() + space.log_q.abs().max()) * world.horizon
    expected_f = -world.expected(world.costs)

    def with_entropy(logits: Tensor) -> Tensor:
        """E_π[Σ f] and every entropy on the way, by backward recursion."""
        log_pi = torch.log_softmax(logits, -1)
        entropy = -(log_pi.exp() * log_pi).sum(-1, keepdim=True)
        table = world.always(log_pi)
        return value_of(world, table, world.always(expected_f + entropy))

    def paid(logits: Tensor, reward: Tensor) -> Tensor:
        """Minus the policy's loss, for a reward a trajectory."""
        return -policy_loss(world.log_prob(logits), reward, space.w_q)

    step_logit = -world.costs - torch.log_softmax(world.logits, -1)[:, :, None]
    reward = world.along(log_discriminator(step_logit) - log_one_minus_discriminator(step_logit))
    visits = world.occupancy(world.always(world.logits)).sum((0, 2))

    def bonus(logits: Tensor) -> Tensor:
        """The entropy of each step, visits held."""
        log_pi = torch.log_softmax(logits, -1)
        return -(visits[:, None] * log_pi.exp() * log_pi).sum()

    whole = gradient(with_entropy, world.logits)
    of_f = gradient(lambda x: paid(x, -space.c), world.logits)
    of_bonus = of_f + gradient(bonus, world.logits)
    yield Comparison(
        gradient(lambda x: paid(x, reward), world.logits),
        whole,
        of_bonus,
        size,
        name="∂/∂logits of the return",
    )
    later = of_bonus + gradient(lambda x: _later_entropies(space, world, x), world.logits)
    yield Comparison(later, whole, of_bonus, size, name="bonus and later entropies")


def _later_entropies(space: TorchSpace, world: Process, logits: Tensor) -> Tensor:
    """E[Σ_t log π(a_t|s_t) Σ_{u>t} H_u], whose gradient in log π alone is what a bonus a step leaves out."""
    log_pi = torch.log_softmax(logits, -1)
    entropy = -(log_pi.exp() * log_pi).sum(-1).detach()
    by_step = torch.where(world.mask, entropy[world.state], 0.0)
    to_come = by_step.sum(1, keepdim=True) - by_step.cumsum(1)
    taken = torch.where(world.mask, log_pi[world.state, world.action], 0.0)
    return space.w_q @ (taken * to_come).sum(1)


def trajectory_level(space: TorchSpace) -> Iterator[Comparison]:
    """H7: odds multiply; L_D of trajectories is not the sum of the steps'; KL of trajectories is that of steps."""
    world = process(space)
    log_pi = torch.log_softmax(world.logits, -1)
    step_logit = world.by_step(-world.costs - log_pi[:, :, None])
    found, missed = (torch.where(world.mask, logsigmoid(sign * step_logit), 0.0).sum(1) for sign in (1, -1))
    either = torch.logaddexp(found, missed)
    whole = step_logit.sum(1)
    size = float(1 + space.c.abs().max() + space.log_q.abs().max())
    yield Comparison(
        (found - either).exp(), torch.sigmoid(whole), found.exp(), size, name="D of a trajectory, b = 0"
    )
    loss = discriminator_loss(whole, whole, space.w_p, space.w_q)
    products = -space.mean_p(found - either) - space.mean_q(missed - either)
    yield Comparison(
        products, loss, -space.mean_p(found) - space.mean_q(missed), size, name="L_D of trajectories"
    )

    expert, own = soft(world, world.costs).policy, world.always(log_pi)
    by_step = value_of(world, own, own - expert)
    divergence = space.mean_q(space.log_q - world.log_prob(expert))
    yield Comparison(by_step, divergence, None, size, name="KL(q‖p) of trajectories")


CHECKS = (
    TorchCheck(
        "H5",
        "gradient of the loss of transitions in f by autograd, at log π_E + log d_E/d_π of each time, against 0",
        "f = log π_E, as if state marginals matched",
        transition_optimum,
    ),
    TorchCheck(
        "H6",
        "gradient of policy_loss fed with Σ(log D − log(1−D)), against autograd through a backward recursion with step "
        "entropies",
        "f alone with an entropy bonus a step, the entropy of later steps left out",
        step_reward,
    ),
    TorchCheck(
        "H7",
        "discriminator_loss at Σℓ_t against products of the steps' chances; KL(q‖p) of trajectories against a backward "
        "recursion",
        "steps taken as independent: Π D_t, and the sum of their losses",
        trajectory_level,
    ),
)
