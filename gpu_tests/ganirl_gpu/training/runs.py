"""A training run: plain gradient descent in θ and in the policy, every step recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .doors import Door
from .ground import Batch, Ground, Sampler

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rates:
    """Step sizes of plain gradient descent."""

    theta: float
    policy: float


@dataclass(frozen=True, eq=False)
class State:
    """θ (d,), policy logits (S, A), and the b of the last step."""

    theta: Tensor
    policy_logits: Tensor
    b: Tensor

    @property
    def parameters(self) -> Array:
        """θ and the policy's logits, (d + SA,)."""
        return np.asarray(torch.cat([self.theta, self.policy_logits.reshape(-1)]).numpy())


@dataclass(frozen=True, eq=False)
class Update:
    """Both gradients at a state, and the b that they were taken at."""

    theta: Tensor
    policy: Tensor
    b: Tensor


@dataclass(frozen=True, eq=False)
class Run:
    """What training did.

    Attributes
    ----------
    theta : (K + 1, d), the start and K steps
    policy_logits : (K + 1, S, A)
    b : (K,), at which the gradients of each step were taken
    """

    theta: Array = field(repr=False)
    policy_logits: Array = field(repr=False)
    b: Array = field(repr=False)

    @property
    def parameters(self) -> Array:
        """θ and the policy's logits, (K + 1, d + SA)."""
        return np.concatenate([self.theta, self.policy_logits.reshape(len(self.theta), -1)], axis=1)


def start(ground: Ground) -> State:
    """Where every run on a ground begins."""
    return State(ground.theta, ground.policy_logits, torch.tensor(ground.b, dtype=torch.float64))


def update(door: Door, state: State, batch: Batch) -> Update:
    """Return a door's gradients: the cost's first, then the policy's, both at the same θ and policy."""
    theta, b = door.cost_gradient(state.theta, batch, state.b)
    return Update(theta, door.policy_gradient(state.theta, b, state.policy_logits, batch), b)


def descend(state: State, change: Update, rates: Rates) -> State:
    """Return the state after a step."""
    return State(
        state.theta - rates.theta * change.theta,
        state.policy_logits - rates.policy * change.policy,
        change.b,
    )


@dataclass(frozen=True, eq=False)
class Step:
    """One step of training: its number, its rows, and the states before and after it."""

    index: int
    before: State
    batch: Batch
    change: Update
    after: State


def journey(door: Door, ground: Ground, sampler: Sampler, rates: Rates, steps: int) -> Iterator[Step]:
    """Train from the ground's start, yielding each step; the rows depend on the run's own policy."""
    state = start(ground)
    for index in range(steps):
        batch = sampler(ground, state.policy_logits, index)
        change = update(door, state, batch)
        after = descend(state, change, rates)
        yield Step(index, state, batch, change, after)
        state = after


def record(ground: Ground, steps: Iterable[Step]) -> Run:
    """Return a journey's parameters as arrays."""
    taken = list(steps)
    states = [start(ground), *(step.after for step in taken)]
    return Run(
        np.stack([each.theta.numpy() for each in states]),
        np.stack([each.policy_logits.numpy() for each in states]),
        np.array([float(step.change.b) for step in taken]),
    )


def train(door: Door, ground: Ground, sampler: Sampler, rates: Rates, steps: int) -> Run:
    """Train for a number of steps from the ground's start."""
    return record(ground, journey(door, ground, sampler, rates, steps))


def train_cost(
    door: Door,
    ground: Ground,
    rows: Callable[[Tensor], Batch],
    rate: float,
    steps: int,
    *,
    tolerance: float = 0.0,
) -> Array:
    """Train θ alone, against a generator that is held or follows θ; return θ of every step, (K + 1, d).

    Parameters
    ----------
    rows : from θ to the rows of a step
    tolerance : stop where no component of the gradient is larger
    """
    theta, b = ground.theta, torch.tensor(ground.b, dtype=torch.float64)
    path = [theta.numpy()]
    for _ in range(steps):
        found, b = door.cost_gradient(theta, rows(theta), b)
        theta = theta - rate * found
        path.append(theta.numpy())
        if float(found.abs().max()) <= tolerance:
            break
    return np.stack(path)
