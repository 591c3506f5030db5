"""Family H in PyTorch: potentials, discount, length and the absorbing end."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganirl.enumeration.horizon import GAMMA, STEP_CONSTANTS
from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import log_discriminator, log_one_minus_discriminator, policy_loss

from .process import process, soft, with_end
from .registry import TorchCheck
from .sequential import divergence
from .space import TorchSpace, gradient


def potential_shaping(space: TorchSpace) -> Iterator[Comparison]:
    """H8: L_D has no gradient in a potential between start and end; with γ, only if steps are weighted by γ^t."""
    world = process(space)
    still = torch.zeros(world.horizon + 1, len(world.log_start), dtype=space.c.dtype, device=space.device)

    def loss(potential: Tensor, gamma: float, weighted: bool) -> Tensor:
        now, later = potential[:-1], torch.stack([with_end(each) for each in potential[1:]])
        decay = gamma ** torch.arange(world.horizon, dtype=space.c.dtype, device=space.device)
        shaping = gamma * later[:, None, None, :] - now[:, :, None, None]
        shaped = world.along(
            (decay if weighted else decay * 0 + 1)[:, None, None, None] * shaping + 0 * world.costs
        )
        return space.loss(space.c - shaped, space.log_z_parameter)

    def between(gamma: float, weighted: bool) -> Tensor:
        return gradient(lambda potential: loss(potential, gamma, weighted), still)[1:-1]

    none = torch.zeros_like(still[1:-1])
    unweighted = between(GAMMA, False)
    yield Comparison(between(1.0, True), none, unweighted, 2.0, name="∂L_D/∂Φ between start and end, γ = 1")
    yield Comparison(
        between(GAMMA, True), none, unweighted, 2.0, name="∂L_D/∂Φ between start and end, weights γ^t"
    )


def discounted_model(space: TorchSpace) -> Iterator[Comparison]:
    """H9: for c = Σγ^t c_t, KL(q_π‖p_θ) is stationary where entropy is undiscounted."""
    world = process(space)
    decay = GAMMA ** torch.arange(world.horizon, dtype=space.c.dtype, device=space.device)
    costs = decay[:, None, None, None] * world.costs
    path = world.along(costs)
    best, standard = soft(world, costs), soft(world, world.costs, discount=GAMMA)
    log_z = torch.logsumexp(space.log_h - path, 0)
    size = float(1 + path.abs().max() + log_z.abs())

    def slope(logits: Tensor) -> Tensor:
        return gradient(lambda x: divergence(space, world, path, x), logits)

    none = torch.zeros_like(best.policy)
    farther = divergence(space, world, path, standard.policy)
    nearest = divergence(space, world, path, best.policy)
    yield Comparison(nearest, log_z - best.value, farther, size, name="least KL(q_π‖p_θ), c = Σ γ^t c_t")
    yield Comparison(
        slope(best.policy), none, slope(standard.policy), size, name="its gradient in the logits"
    )


def variable_length(space: TorchSpace) -> Iterator[Comparison]:
    """H10: ∂ log Z_θ/∂k by autograd through the backward recursion is the mean length of p_θ ∝ e^{−c + kT}."""
    world = process(space)
    size = float(1 + space.c.abs().max()) * world.horizon
    unmoved = space.w_model @ world.lengths
    for constant in STEP_CONSTANTS:
        slope = gradient(
            lambda k: soft(world, world.costs - k, risk_seeking=True).value,
            torch.full_like(space.log_z, constant),
        )
        tilted = torch.softmax(space.log_h - space.c + constant * world.lengths, 0)
        mean = tilted @ world.lengths
        yield Comparison(slope, mean, unmoved, size, name=f"mean length at k = {constant:g}")


def absorbing_states(space: TorchSpace) -> Iterator[Comparison]:
    """H11: policy_loss at D ≡ ½: ±log 2·∇E[T] for −log(1−D) and log D cut at the end, 0 for the logit."""
    world = process(space)
    size = float(world.horizon**2)
    logit = torch.zeros_like(space.c)[:, None].expand(world.mask.shape)
    survival, termination = -log_one_minus_discriminator(logit), log_discriminator(logit)

    def pull(reward: Tensor) -> Tensor:
        """Gradient of the return in the logits."""
        returns = reward.sum(1)
        return gradient(lambda x: -policy_loss(world.log_prob(x), returns, space.w_q), world.logits)

    longer = gradient(lambda x: world.occupancy(world.always(x)).sum(), world.logits)
    none, two = torch.zeros_like(longer), torch.log(torch.full_like(space.log_z, 2.0))
    cut = [torch.where(world.mask, each, 0.0) for each in (survival, termination)]
    yield Comparison(pull(cut[0]), two * longer, none, size, name="∂/∂logits of E[Σ −log(1−D)]")
    yield Comparison(pull(cut[1]), -two * longer, none, size, name="∂/∂logits of E[Σ log D]")
    yield Comparison(pull(survival), none, None, size, name="absorbing transitions added")
    yield Comparison(pull(torch.where(world.mask, logit, 0.0)), none, None, size, name="∂/∂logits of E[Σ ℓ]")


CHECKS = (
    TorchCheck(
        "H8",
        "gradient of discriminator_loss in a potential of each time and state by autograd, between start and end, "
        "against 0",
        "γΦ' − Φ without the weights γ^t",
        potential_shaping,
    ),
    TorchCheck(
        "H9",
        f"KL(q_π‖p_θ) with c = Σ γ^t c_t, γ = {GAMMA}, and its gradient by autograd, at the policy of undiscounted "
        "entropy, against log Z_θ − V and 0",
        "the policy of discounted-entropy RL",
        discounted_model,
    ),
    TorchCheck(
        "H10",
        "∂ log Z_θ/∂k by autograd through the backward recursion, a constant k off each step's cost, against the "
        "mean length under p_θ ∝ e^{−c + kT}",
        "the mean length at k = 0, as if k were a gauge",
        variable_length,
    ),
    TorchCheck(
        "H11",
        "gradient of policy_loss for −log(1−D) and log D at q = p, D ≡ ½, against ±log 2·∂E[T] by autograd through "
        "a forward recursion",
        "no bias",
        absorbing_states,
    ),
)
