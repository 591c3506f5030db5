"""Family H in PyTorch, densities and entropies: dynamics in D and in Z, what a policy reaches, two backups."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import discriminator_logit
from ganirl_gpu.partition import importance_log_partition

from .process import Process, process, soft, with_end, with_expert
from .registry import TorchCheck
from .space import TorchSpace, gradient


def dynamics_cancel(space: TorchSpace) -> Iterator[Comparison]:
    """H1: the logit of this package is the log-odds of full densities."""
    model, generator = space.log_h - space.c - space.log_z_parameter, space.log_h + space.log_q
    size = float(model.abs().max() + generator.abs().max())
    logit = discriminator_logit(space.c, space.log_z_parameter, space.log_q)
    one_sided = discriminator_logit(space.c, space.log_z_parameter, generator)
    yield Comparison(logit, model - generator, one_sided, size, name="log-odds of D")


def partition_of_a_measure(space: TorchSpace) -> Iterator[Comparison]:
    """H2: importance sampling with the policy's density gives log Σ h e^{−c}; with the full one, log Σ e^{−c}."""
    world = process(space)
    full = space.log_h + space.log_q
    by_dynamics = soft(world, world.costs, risk_seeking=True).value
    policy_only, mixed = (importance_log_partition(space.c, each, space.w_q) for each in (space.log_q, full))
    size = float(space.c.abs().max() + full.abs().max())
    yield Comparison(policy_only, by_dynamics, mixed, size, name="log Z_θ")
    yield Comparison(mixed, torch.logsumexp(-space.c, 0), policy_only, size, name="log Σ e^{−c}")
    carried = importance_log_partition(space.c - space.log_h, full, space.w_q)
    yield Comparison(carried, by_dynamics, mixed, size)


def divergence(space: TorchSpace, world: Process, cost: Tensor, logits: Tensor) -> Tensor:
    """KL(q_π‖p_θ) by enumeration, differentiable in logits (T, S, A)."""
    log_q = world.log_prob(logits)
    return ((space.log_h + log_q).exp() * (log_q + cost + torch.logsumexp(space.log_h - cost, 0))).sum()


def reachable_gap(space: TorchSpace) -> Iterator[Comparison]:
    """H3: KL(q_π‖p_θ) is stationary at the soft-optimal policy, where it is log Z_θ − V_soft."""
    world = process(space)
    best, seeking = (soft(world, world.costs, risk_seeking=risky) for risky in (False, True))
    size = float(1 + space.c.abs().max() + space.log_z.abs())

    def slope(logits: Tensor) -> Tensor:
        return gradient(lambda x: divergence(space, world, space.c, x), logits)

    yield Comparison(
        divergence(space, world, space.c, best.policy),
        space.log_z - best.value,
        divergence(space, world, space.c, seeking.policy),
        size,
        name="least KL(q_π‖p_θ)",
    )
    none = torch.zeros_like(best.policy)
    yield Comparison(slope(best.policy), none, slope(seeking.policy), size, name="its gradient in the logits")


def causal_expert(space: TorchSpace) -> Iterator[Comparison]:
    """H4: L_D is stationary in every trajectory's cost at −Σ log π_E, not at the expert's own cost and best b."""
    world = process(space)
    best = soft(world, world.costs)
    log_expert = world.log_prob(best.policy)
    data = with_expert(space, log_expert)
    b = data.b_star

    def slope(cost: Tensor, log_z: Tensor) -> Tensor:
        return gradient(lambda c: data.loss(c, log_z), cost)

    none = torch.zeros_like(space.c)
    yield Comparison(
        slope(-log_expert, torch.zeros_like(b)),
        none,
        slope(space.c, b),
        1.0,
        name="∂L_D/∂c, trajectory by trajectory",
    )
    onward = torch.stack([with_end(later) for later in best.states[1:]])[:, None, None, :] - world.costs
    surprise = world.along(onward - world.expected(onward)[..., None])
    first = best.states[0][world.state[:, 0]]
    size = float(1 + space.c.abs().max() + surprise.abs().max() + first.abs().max())
    yield Comparison(-space.c - first - surprise, log_expert, -space.c - first, size, name="Σ log π_E")


def two_backups(space: TorchSpace) -> Iterator[Comparison]:
    """H12: −∂ log Z_θ/∂c(s,a) of log E e^V is the visits of p_θ; −∂V_soft/∂c(s,a) those of the soft-optimal policy."""
    world = process(space)

    def visits(risk_seeking: bool) -> Tensor:
        more = torch.zeros_like(world.always(world.costs[..., :1]))
        costs = world.always(world.costs)
        return -gradient(lambda x: soft(world, costs + x, risk_seeking=risk_seeking).value, more)[..., 0]

    seeking, causal = visits(True), visits(False)
    best = soft(world, world.costs)
    size = float(1 + space.c.abs().max())
    yield Comparison(seeking, world.marginals(space.w_model), causal, size, name="visits under p_θ")
    yield Comparison(causal, world.occupancy(best.policy), seeking, size, name="visits under π*")
    log_q = world.log_prob(best.policy)
    achieved = ((space.log_h + log_q).exp() * (-space.c - log_q)).sum()
    risky = soft(world, world.costs, risk_seeking=True).value
    yield Comparison(best.value, achieved, risky, size, name="V_soft")
    yield Comparison(risky, space.log_z, best.value, size, name="log Z_θ")


CHECKS = (
    TorchCheck(
        "H1",
        "discriminator_logit, against log-odds of the full densities",
        "dynamics in log q alone",
        dynamics_cancel,
    ),
    TorchCheck(
        "H2",
        "importance_log_partition with the policy's and with the full density, against a backward recursion by "
        "logsumexp and log Σ e^{−c}",
        "the other density",
        partition_of_a_measure,
    ),
    TorchCheck(
        "H3",
        "KL(q_π‖p_θ) and its gradient by autograd through every log π, at the soft-optimal policy, against "
        "log Z_θ − V_soft and 0",
        "the policy of the risk-seeking backup",
        reachable_gap,
    ),
    TorchCheck(
        "H4",
        "gradient of discriminator_loss in the cost of each trajectory by autograd, at −Σ log π_E, against 0; "
        "Σ log π_E against −c − V(s0) less the surprises of chance",
        "the expert's own cost, at its best b",
        causal_expert,
    ),
    TorchCheck(
        "H12",
        "gradients of both backups in the costs of each time by autograd, against visits under p_θ, enumerated, "
        "and under the soft-optimal policy",
        "the two backups exchanged",
        two_backups,
    ),
)
