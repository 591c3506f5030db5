"""Soft values, policies and visits of a process, for either entropy and every horizon that code may declare.

Fixed horizons are solved backward in time. Without a limit, V is the solution of its own backup: for trajectory
entropy z = e^V solves the linear system z = Mz + m with M(s,s') = Σ_a P e^{−c}; for causal entropy soft policy
iteration, which is Newton's method, finds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .logspace import log_sum_exp
from .process import Process
from .process_conventions import ProcessConventions

Array = npt.NDArray[np.float64]

# Newton's method doubles its digits; what has not settled by then does not settle.
_NEWTON_STEPS = 100


@dataclass(frozen=True, eq=False)
class Solution:
    """A solved process. The axis of time has one entry where episodes have no limit: all times are alike.

    Attributes
    ----------
    value : log Z or V_soft
    start : (S,), the model's first states: ρ0, or ρ0 tilted by e^V
    state_values : (T + 1, S), V_t(s); or (1, S)
    action_values : (T, S, A), Q_t(s,a), with V = log Σ_a e^Q
    policy : (T, S, A), e^{Q − V}
    kernel : (T, S, A, S + 1), the model's next states: P, or P tilted by e^{−c + V(s') − Q}
    visits : (T, S, A, S + 1), probability that step t is (s,a,s'); without a limit, Σ_t γ^t of it
    last : (S,), probability of the state after the T-th step; zeros without a limit
    """

    value: float
    start: Array
    state_values: Array
    action_values: Array
    policy: Array
    kernel: Array
    visits: Array
    last: Array

    @property
    def onward(self) -> Array:
        """(T, S + 1), the value of what comes next, the end's included; without a limit (1, S + 1)."""
        return with_end(self.state_values[1:] if len(self.state_values) > 1 else self.state_values)


def solve(process: Process, theta: Array, conventions: ProcessConventions) -> Solution:
    """Solve a process at θ under the declared entropy, horizon and discount.

    Raises
    ------
    ValueError
        If it has no solution: episodes that cost too little never end.
    """
    costs = np.where(process.transition > 0, process.costs(theta), 0.0)
    if conventions.horizon == "fixed" or conventions.sweeps is not None:
        values, action_values = _backward(process, costs, conventions)
        onward = with_end(values[1:])
    else:
        values, action_values = _without_limit(process, costs, conventions)
        onward = with_end(values)
    if conventions.sweeps is not None:  # the last backup's policy is used for all times
        values, action_values, onward = values[:1], action_values[:1], onward[:1]
    policy = np.exp(action_values - values[: len(action_values), :, None])
    kernel = _kernel(process, costs, onward, action_values, conventions)
    value, start = first_states(process.start, values[0], conventions)
    visits, last = occupied(process, start, policy, kernel, conventions)
    return Solution(value, start, values, action_values, policy, kernel, visits, last)


def with_end(values: Array) -> Array:
    """(…, S + 1): V of the states and 0 of the end."""
    return np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)


def log_of(probabilities: Array) -> Array:
    """Log p, −inf at zero."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(probabilities))


def first_states(start: Array, values: Array, conventions: ProcessConventions) -> tuple[float, Array]:
    """Log Z or V_soft from the first values (S,), and the model's own first states."""
    if conventions.entropy == "trajectory" and conventions.start == "modelled":
        value = float(log_sum_exp(log_of(start) + values))
        return value, np.exp(log_of(start) + values - value)
    return float(np.where(start > 0, start * values, 0.0).sum()), np.asarray(start)


def backup(process: Process, costs: Array, following: Array, conventions: ProcessConventions) -> Array:
    """Q(s,a) from V of the next state, (S,)."""
    onward = with_end(following)
    if conventions.entropy == "trajectory":
        return log_sum_exp(log_of(process.transition) - costs + onward, axis=-1)
    possible = process.transition > 0
    ahead = np.where(possible, process.discount * onward, 0.0)
    return np.asarray((process.transition * (ahead - costs)).sum(axis=-1))


def occupied(
    process: Process, start: Array, policy: Array, kernel: Array, conventions: ProcessConventions
) -> tuple[Array, Array]:
    """Visits (T, S, A, S + 1) and the states after the last step (S,), of any policy and dynamics."""
    steps = policy[..., None] * kernel
    if conventions.horizon != "fixed":
        moves = process.discount * steps[0, :, :, :-1].sum(axis=1)
        there = np.linalg.solve(np.eye(len(start)) - moves.T, start)
        return (there[:, None, None] * steps[0])[None], np.zeros_like(start)
    found, there = [], start
    for step in steps:
        found.append(there[:, None, None] * step)
        there = found[-1][:, :, :-1].sum(axis=(0, 1))
    return np.stack(found), there


def _backward(process: Process, costs: Array, conventions: ProcessConventions) -> tuple[Array, Array]:
    horizon, beyond = process.horizon, np.zeros(process.states)
    if conventions.last_state:
        beyond = -costs_of_states(process, costs)
    if conventions.sweeps is not None:
        horizon, beyond = backups(process, conventions), np.full(process.states, -np.inf)
    values, action_values = [beyond], []
    for _ in range(horizon):
        action_values.append(backup(process, costs, values[-1], conventions))
        values.append(log_sum_exp(action_values[-1], axis=-1))
        if conventions.sweeps is not None and np.array_equal(values[-2], values[-1]):
            break  # every further backup gives the very same
    return np.stack(values[::-1]), np.stack(action_values[::-1])


def backups(process: Process, conventions: ProcessConventions) -> int:
    """How many backups code makes that declares `sweeps`; the end is one of its states."""
    return int((conventions.sweeps or 0.0) * (process.states + 1))


def costs_of_states(process: Process, costs: Array) -> Array:
    """(S,) c(s), for rewards on states: whatever action and next state are possible, it is the same."""
    first = np.argmax((process.transition > 0).any(axis=1), axis=1)
    action = np.argmax(process.transition[np.arange(process.states), :, first] > 0, axis=1)
    return np.asarray(costs[np.arange(process.states), action, first])


def _without_limit(process: Process, costs: Array, conventions: ProcessConventions) -> tuple[Array, Array]:
    if conventions.entropy == "trajectory":
        mass = (process.transition * np.exp(-costs)).sum(axis=1)
        moves, ends = mass[:, :-1], mass[:, -1]
        if np.abs(np.linalg.eigvals(moves)).max() >= 1.0:
            raise ValueError("Z is infinite: episodes that cost too little never end")
        values = np.log(np.linalg.solve(np.eye(process.states) - moves, ends))
    else:
        values = _soft_policy_iteration(process, costs, conventions)
    action_values = backup(process, costs, values, conventions)
    return log_sum_exp(action_values, axis=-1)[None], action_values[None]


def _soft_policy_iteration(process: Process, costs: Array, conventions: ProcessConventions) -> Array:
    policy = np.full((process.states, process.actions), 1.0 / process.actions)
    before = values = np.zeros(process.states)
    for _ in range(_NEWTON_STEPS):
        reward = -(process.transition * costs).sum(axis=-1) - log_of(policy)
        reward = np.where(policy > 0, policy * reward, 0.0).sum(axis=-1)
        moves = process.discount * np.einsum("sa,sax->sx", policy, process.live)
        try:
            before, values = values, np.linalg.solve(np.eye(process.states) - moves, reward)
        except np.linalg.LinAlgError:  # the policy stays in a loop for ever
            values = np.full_like(values, np.inf)
            break
        action_values = backup(process, costs, values, conventions)
        policy = np.exp(action_values - log_sum_exp(action_values, axis=-1)[:, None])
        if np.abs(values - before).max() <= 1e-15 * (1.0 + np.abs(values).max()):
            break
    settled = np.isfinite(values).all() and np.abs(values - before).max() <= 1e-9 * (
        1.0 + np.abs(values).max()
    )
    if not settled:
        raise ValueError("V is infinite: episodes that cost too little never end")
    return values


def _kernel(
    process: Process, costs: Array, onward: Array, action_values: Array, conventions: ProcessConventions
) -> Array:
    if conventions.entropy == "causal":
        return np.broadcast_to(process.transition, (len(action_values), *process.transition.shape))
    reached = np.where(np.isfinite(action_values), action_values, 0.0)[..., None]
    return np.exp(log_of(process.transition) - costs + onward[:, None, None, :] - reached)
