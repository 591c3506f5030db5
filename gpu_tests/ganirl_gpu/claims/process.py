"""The process behind a space as tensors: recursions over time that autograd can differentiate.

Tables of a step are (S, A, S + 1) or, where they change with time, (T, S, A, S + 1); the last next state is the
absorbing end, whose value is 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ganirl.step_cost import StepCost
from ganirl_gpu.policy import trajectory_log_prob

from .space import TorchSpace


@dataclass(frozen=True, eq=False)
class Process:
    """A tabular MDP on a device, in a format, with its enumerated trajectories.

    Attributes
    ----------
    log_start, log_transition : (S,), (S, A, S + 1), −∞ where there is no chance
    costs : (S, A, S + 1), c_θ(s, a, s')
    logits : (S, A), the generator's
    state, action, next_state, mask : (N, T) of the trajectories
    """

    log_start: Tensor
    log_transition: Tensor
    costs: Tensor
    logits: Tensor
    state: Tensor
    action: Tensor
    next_state: Tensor
    mask: Tensor

    @property
    def horizon(self) -> int:
        """T."""
        return int(self.mask.shape[1])

    @property
    def lengths(self) -> Tensor:
        """(N,) how many steps exist."""
        return self.mask.sum(1).to(self.costs.dtype)

    @property
    def last(self) -> Tensor:
        """(N,) index of the last step."""
        return self.mask.sum(1) - 1

    def always(self, table: Tensor) -> Tensor:
        """Repeat a stationary table T times, on a new first axis."""
        return table.expand(self.horizon, *table.shape)

    def log_prob(self, logits: Tensor) -> Tensor:
        """(N,) Σ log π of logits (S, A) or (T, S, A), by `trajectory_log_prob`; time is a part of the state."""
        if logits.ndim == 2:
            return trajectory_log_prob(logits, self.state, self.action, self.mask)
        clock = torch.arange(self.horizon, device=logits.device) * logits.shape[1]
        return trajectory_log_prob(logits.flatten(0, 1), self.state + clock, self.action, self.mask)

    def by_step(self, table: Tensor) -> Tensor:
        """(N, T) of a table of steps, 0 beyond a trajectory's end."""
        timed = table if table.ndim == 4 else self.always(table)
        times = torch.arange(self.horizon, device=table.device)
        return torch.where(self.mask, timed[times, self.state, self.action, self.next_state], 0.0)

    def along(self, table: Tensor) -> Tensor:
        """(N,) Σ_t f(s_t, a_t, s_{t+1})."""
        return self.by_step(table).sum(1)

    def expected(self, table: Tensor) -> Tensor:
        """E_s'[f] over the last axis; an impossible next state counts as nothing."""
        return (self.log_transition.exp() * table).sum(-1)

    def marginals(self, weight: Tensor) -> Tensor:
        """(T, S, A) weights (N,) of the trajectories that pass each state and action at each time."""
        states, actions = self.logits.shape
        clock = torch.arange(self.horizon, device=weight.device) * states
        index = ((self.state + clock) * actions + self.action)[self.mask]
        spread = weight[:, None].expand(self.mask.shape)[self.mask]
        empty = torch.zeros(self.horizon * states * actions, dtype=weight.dtype, device=weight.device)
        return empty.index_add(0, index, spread).reshape(self.horizon, states, actions)

    def occupancy(self, logits: Tensor) -> Tensor:
        """(T, S, A) the same of a policy, (T, S, A) logits, by forward recursion."""
        visits, occupied = self.log_start.exp(), []
        for policy in torch.softmax(logits, -1):
            occupied.append(visits[:, None] * policy)
            visits = torch.einsum("sa,sax->x", occupied[-1], self.log_transition.exp()[:, :, :-1])
        return torch.stack(occupied)


@dataclass(frozen=True, eq=False)
class Soft:
    """``value``; ``states`` (T + 1, S), V_t(s); ``policy`` (T, S, A), log π*."""

    value: Tensor
    states: Tensor
    policy: Tensor


def process(space: TorchSpace) -> Process:
    """Move the MDP of a space beside it.

    Raises
    ------
    ValueError
        If the space was not made of one.
    """
    mdp, steps, cost = space.mdp, space.problem.steps, space.problem.cost
    if mdp is None:
        raise ValueError("this space was not made of an MDP")

    def tensor(values: object) -> Tensor:
        return torch.tensor(np.asarray(values), dtype=space.c.dtype, device=space.device)

    def integers(values: object) -> Tensor:
        return torch.tensor(np.asarray(values), device=space.device)

    return Process(
        log_start=tensor(mdp.start).log(),
        log_transition=tensor(mdp.transition).log(),
        costs=tensor(mdp.cost_table(space.theta, cost.function if isinstance(cost, StepCost) else None)),
        logits=tensor(space.problem.policy_logits),
        state=integers(steps.state),
        action=integers(steps.action),
        next_state=integers(steps.next_state),
        mask=integers(steps.mask),
    )


def with_end(states: Tensor) -> Tensor:
    """(S + 1,) values of the next state; the end has none."""
    return torch.cat([states, states.new_zeros(1)])


def soft(world: Process, costs: Tensor, *, risk_seeking: bool = False, discount: float = 1.0) -> Soft:
    """V = logsumexp_a E_s'[−c + γV'] (soft Bellman), or logsumexp over a and s' of log P − c + V' (risk-seeking)."""
    states: list[Tensor] = [torch.zeros_like(world.log_start)]
    policy: list[Tensor] = []
    for cost in reversed(costs if costs.ndim == 4 else world.always(costs)):
        onward = discount * with_end(states[0]) - cost
        seeking = torch.logsumexp(world.log_transition + onward, -1)
        actions = seeking if risk_seeking else world.expected(onward)
        states.insert(0, torch.logsumexp(actions, -1))
        policy.insert(0, actions - states[0][:, None])
    first = states[0]
    value = torch.logsumexp(world.log_start + first, 0) if risk_seeking else world.log_start.exp() @ first
    return Soft(value, torch.stack(states), torch.stack(policy))


def value_of(world: Process, logits: Tensor, gain: Tensor) -> Tensor:
    """E_π[Σ_t g(s_t, a_t)] of logits and gains (T, S, A), by backward recursion."""
    states = torch.zeros_like(world.log_start)
    for policy, now in zip(torch.softmax(logits, -1).flip(0), gain.flip(0), strict=True):
        states = (policy * (now + world.expected(with_end(states)))).sum(1)
    return world.log_start.exp() @ states


def with_expert(space: TorchSpace, log_p: Tensor) -> TorchSpace:
    """Return the space with other data."""
    return replace(space, log_p=log_p)
