"""What is trained on: an enumerated problem, and the rows that a step of training is handed.

A row has a weight. Population rows are all trajectories with weights h·p and h·q, so that a step is deterministic;
a minibatch is drawn from p and from the current q. Whichever it is, all doors are handed the same rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ganirl.instances import Instance
from ganirl_gpu.policy import trajectory_log_prob

from .costs import BasisCost, trainable_cost


@dataclass(frozen=True, eq=False)
class Side:
    """The rows of the expert, or of the generator.

    Attributes
    ----------
    cost : of the rows
    log_h, log_q, weight : (n,); log q is a number here, without a gradient; weights sum to one
    state, action, mask : (n, T)
    visits : (n, S, A), how often a row takes action a in state s
    """

    cost: BasisCost
    log_h: Tensor
    log_q: Tensor
    weight: Tensor
    state: Tensor
    action: Tensor
    mask: Tensor
    visits: Tensor

    def log_prob(self, policy_logits: Tensor) -> Tensor:
        """Log q of the rows, (n,), differentiable in the policy."""
        return trajectory_log_prob(policy_logits, self.state, self.action, self.mask)

    def score(self, policy_logits: Tensor) -> Tensor:
        """∂ log q/∂ policy logits in closed form, (n, S, A)."""
        return self.visits - self.visits.sum(-1, keepdim=True) * torch.softmax(policy_logits, -1)

    def take(self, rows: Tensor, weight: Tensor | None = None) -> Side:
        """Return some of the rows, in the order given, with their own weights unless others are given."""
        return Side(
            self.cost.take(rows),
            self.log_h[rows],
            self.log_q[rows],
            self.weight[rows] if weight is None else weight,
            self.state[rows],
            self.action[rows],
            self.mask[rows],
            self.visits[rows],
        )


@dataclass(frozen=True, eq=False)
class Batch:
    """What a step is handed; ``population`` says that the generator's weights are h·q of the current policy."""

    expert: Side
    generator: Side
    population: bool = False

    @property
    def sides(self) -> tuple[Side, Side]:
        """Expert, generator."""
        return self.expert, self.generator


@dataclass(frozen=True, eq=False)
class Ground:
    """An enumerated problem, and where training starts.

    Attributes
    ----------
    name : of the instance
    rows : all N trajectories, with the weights h·p of the data
    theta, policy_logits : (d,), (S, A), the start
    b : a value of log Z that is not b*
    """

    name: str
    rows: Side
    theta: Tensor
    policy_logits: Tensor
    b: float

    def __len__(self) -> int:
        return len(self.rows.log_h)

    def with_density(self, log_q: Tensor) -> Batch:
        """Population rows for a generator with the density log q (N,) with respect to h."""
        weight = torch.exp(self.rows.log_h + log_q)
        return Batch(
            replace(self.rows, log_q=log_q), replace(self.rows, log_q=log_q, weight=weight), population=True
        )

    def population(self, policy_logits: Tensor) -> Batch:
        """Every trajectory on both sides: expectations are exact."""
        return self.with_density(self.rows.log_prob(policy_logits.detach()))

    def converged(self, theta: Tensor) -> Batch:
        """Population rows for the generator q = p_θ, which no policy need be able to reach."""
        energy = self.rows.cost.value(theta.detach())
        return self.with_density(-energy - torch.logsumexp(self.rows.log_h - energy, 0))

    def minibatch(self, policy_logits: Tensor, expert: Tensor, generator: Tensor) -> Batch:
        """Rows drawn from p and from the current q, at uniform numbers (n_p,) and (n_q,) in [0, 1)."""
        everything = self.population(policy_logits)
        sides = []
        for side, uniform in zip(everything.sides, (expert, generator), strict=True):
            rows = torch.searchsorted(torch.cumsum(side.weight, 0), uniform, right=True)
            share = torch.full_like(uniform, 1.0 / len(uniform))
            sides.append(side.take(rows.clamp(max=len(self) - 1), share))
        return Batch(sides[0], sides[1])


Sampler = Callable[[Ground, Tensor, int], Batch]
"""From a ground, the policy's logits and the number of the step to the rows of that step."""


def population(ground: Ground, policy_logits: Tensor, step: int) -> Batch:
    """Hand over every trajectory at every step."""
    del step
    return ground.population(policy_logits)


@dataclass(frozen=True)
class Minibatches:
    """Draw rows anew at every step, by one stream of uniform numbers that does not depend on who asks."""

    seed: int = 0
    expert_rows: int = 48
    generator_rows: int = 64

    def __call__(self, ground: Ground, policy_logits: Tensor, step: int) -> Batch:
        """Return the rows of a step."""
        rng = np.random.Generator(np.random.PCG64([self.seed, step]))
        expert, generator = (torch.tensor(rng.random(n)) for n in (self.expert_rows, self.generator_rows))
        return ground.minibatch(policy_logits, expert, generator)


@dataclass(frozen=True)
class Reordered:
    """The same rows in another order: the same mathematics, and another rounding of every sum."""

    sampler: Sampler

    def __call__(self, ground: Ground, policy_logits: Tensor, step: int) -> Batch:
        """Return the rows of a step, shuffled."""
        batch = self.sampler(ground, policy_logits, step)
        rng = np.random.Generator(np.random.PCG64([2016, step]))
        expert, generator = (
            side.take(torch.tensor(rng.permutation(len(side.weight)))) for side in batch.sides
        )
        return replace(batch, expert=expert, generator=generator)


def ground(instance: Instance) -> Ground:
    """Move an instance to PyTorch, float64 on the CPU: its parameters are where training starts.

    Raises
    ------
    TypeError
        If its cost cannot be trained.
    """
    problem = instance.problem
    steps = problem.steps
    state, action, mask = (torch.tensor(np.asarray(part)) for part in (steps.state, steps.action, steps.mask))
    visits = torch.zeros((len(problem), *problem.policy_logits.shape), dtype=torch.float64)
    row, time = torch.nonzero(mask, as_tuple=True)
    ones = torch.ones(len(row), dtype=torch.float64)
    visits.index_put_((row, state[row, time], action[row, time]), ones, accumulate=True)
    rows = Side(
        cost=trainable_cost(problem),
        log_h=torch.tensor(problem.log_h),
        log_q=torch.tensor(problem.log_q),
        weight=torch.tensor(problem.data_weight),
        state=state,
        action=action,
        mask=mask,
        visits=visits,
    )
    return Ground(
        instance.name, rows, torch.tensor(instance.theta), torch.tensor(problem.policy_logits), instance.b
    )
