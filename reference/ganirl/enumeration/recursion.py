"""The process behind a space: step costs, sums along trajectories, and the recursions over time.

Enumeration and dynamic programming meet here: what is summed over all trajectories can also be had state by
state. Tables of a step are (S, A, S + 1), or (T, S, A, S + 1) where they change with time; the last next state
is the absorbing end, whose value is 0. Every function runs in any `Arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.problem import Problem
from ganirl.step_cost import StepCost

from .calculus import derivative, log_sum_exp
from .policy import log_density, log_policy, own_logits
from .space import RADIUS, Space, concatenated, start_and_transition


@dataclass(frozen=True)
class Soft:
    """A backward pass.

    Attributes
    ----------
    value : E[V_0(s0)], or log E[e^{V_0(s0)}] of the risk-seeking backup
    states : (T + 1, S), V_t(s), 0 at the horizon
    policy : (T, S, A), log π*
    """

    value: Any
    states: Any
    policy: Any


def full_support(problem: Problem, mdp: TabularMDP | None) -> str | None:
    """Say so where the generator never takes a trajectory that the process allows."""
    del mdp
    if np.isneginf(problem.log_q).any():
        return (
            "the generator leaves out trajectories that the process allows, so that a ratio to q is infinite"
        )
    return None


def step_costs(space: Space) -> Any:
    """(S, A, S + 1) c(s, a, s')."""
    cost = space.problem.cost
    function = cost.function if isinstance(cost, StepCost) else None
    return space.arithmetic.array(space.process.cost_table(space.theta, function))


def step_values(space: Space, table: Any) -> Any:
    """(N, T) of a table of steps, 0 beyond a trajectory's end."""
    steps = space.problem.steps
    times = () if table.ndim == 3 else (np.arange(steps.mask.shape[1]),)
    return np.where(steps.mask, table[(*times, steps.state, steps.action, steps.next_state)], 0)


def along(space: Space, table: Any) -> Any:
    """(N,) Σ_t f(s_t, a_t, s_{t+1}) of a table of steps."""
    return np.sum(step_values(space, table), axis=1)


def exact(space: Space) -> Space:
    """Return the space with q = Π π and c = Σ c_t to all digits of its arithmetic, not as float64 added them up."""
    q = space.arithmetic.exp(own_density(space, own_logits(space)))
    return replace(space, q=q, c=along(space, step_costs(space)))


def lengths(space: Space) -> Any:
    """(N,) T(τ), how many steps exist."""
    return space.arithmetic.array(space.problem.steps.mask.sum(axis=1))


def powers(space: Space, factor: Any) -> Any:
    """(T,) 1, γ, γ² … by multiplication."""
    found = [space.one]
    for _ in range(space.process.horizon - 1):
        found.append(found[-1] * factor)
    return concatenated(found)


def with_end(space: Space, states: Any) -> Any:
    """(S + 1,) values of the next state; the end has none."""
    return concatenated([states, space.arithmetic.array([0.0])])


def soft(space: Space, costs: Any, *, risk_seeking: bool = False, discount: Any = 1) -> Soft:
    """V = log Σ_a exp E_s'[−c + γV'] (the soft Bellman backup), or log Σ_a E_s'[e^{−c+V'}] (risk-seeking).

    Parameters
    ----------
    costs : (S, A, S + 1) or (T, S, A, S + 1), real or complex
    discount : γ, of the soft backup
    """
    exp, log = space.arithmetic.exp, space.arithmetic.log
    start, transition = start_and_transition(space.arithmetic, space.process)
    states: list[Any] = [space.arithmetic.array(np.zeros(space.process.states))]
    policy: list[Any] = []
    for time in reversed(range(space.process.horizon)):
        onward = discount * with_end(space, states[0]) - (costs if costs.ndim == 3 else costs[time])
        mean = np.sum(transition * (exp(onward) if risk_seeking else onward), axis=2)
        actions = log(mean) if risk_seeking else mean
        states.insert(0, log_sum_exp(space.arithmetic, np.moveaxis(actions, 1, 0)))
        policy.insert(0, actions - states[0][:, None])
    mean = np.sum(start * (exp(states[0]) if risk_seeking else states[0]))
    return Soft(log(mean) if risk_seeking else mean, np.stack(states), np.stack(policy))


def chances(space: Space, log_table: Any) -> Any:
    """Return π of a table log π, (S, A) or (T, S, A), 0 where the generator cannot take the action; (T, S, A)."""
    possible = space.problem.policy_logits > -np.inf
    table = log_table if log_table.ndim == 3 else np.stack([log_table] * space.process.horizon)
    return np.where(possible, space.arithmetic.exp(table), 0)


def occupancy(space: Space, policy: Any) -> Any:
    """(T, S, A) chance that step t exists, is in s and takes a, by forward recursion; π is (T, S, A)."""
    visits, transition = start_and_transition(space.arithmetic, space.process)
    occupied = []
    for at_time in policy:
        occupied.append(visits[:, None] * at_time)
        visits = np.sum(occupied[-1][:, :, None] * transition[:, :, :-1], axis=(0, 1))
    return np.stack(occupied)


def marginals(space: Space, weight: Any) -> Any:
    """(T, S, A) the same, by adding up the weights (N,) of the trajectories that pass there."""
    steps, mdp = space.problem.steps, space.process
    found = space.arithmetic.array(np.zeros((mdp.horizon, mdp.states, mdp.actions)))
    for time, state, action in np.ndindex(found.shape):
        here = steps.mask[:, time] & (steps.state[:, time] == state) & (steps.action[:, time] == action)
        found[time, state, action] = np.sum(weight[here]) if here.any() else 0 * space.one
    return found


def evaluate(space: Space, log_table: Any, gain: Any) -> Any:
    """E_π[Σ_t g(s_t, a_t)] by backward recursion; log π is (T, S, A) and g (T, S, A)."""
    start, transition = start_and_transition(space.arithmetic, space.process)
    policy, states = chances(space, log_table), space.arithmetic.array(np.zeros(space.process.states))
    for at_time, now in zip(reversed(policy), reversed(gain), strict=True):
        onward = np.sum(transition * with_end(space, states), axis=2)
        states = np.sum(at_time * (now + onward), axis=1)
    return np.sum(start * states)


def step_scores(space: Space, weight: Any, signal: Any) -> Any:
    """(S, A) Σ w Σ_t x_t ∂log π(a_t|s_t)/∂logits of weights (N,) and signals x, (N, T)."""
    policy = chances(space, log_policy(space, own_logits(space)))[0]
    steps = space.problem.steps
    found = space.arithmetic.array(np.zeros(policy.shape))
    for state, action in np.ndindex(policy.shape):
        here = steps.mask & (steps.state == state)
        taken = np.where(here & (steps.action == action), signal, 0)
        visited = np.where(here, signal, 0)
        found[state, action] = np.sum(weight[:, None] * (taken - policy[state, action] * visited))
    return found


def in_logits(space: Space, function: Callable[[Any], Any]) -> tuple[Any, Any]:
    """(K,) derivatives of a function of logits (S, A), from its values, and where the K entries are."""
    logits, possible = own_logits(space), space.problem.policy_logits > -np.inf
    radius = space.arithmetic.array(RADIUS)
    found = []
    for entry in np.flatnonzero(possible):
        unit = np.zeros(possible.size)
        unit[entry] = 1.0
        direction = space.arithmetic.array(unit.reshape(possible.shape))
        found.append(derivative(space.arithmetic, _line(function, logits, direction), radius))
    return np.array(found), possible


def _line(function: Callable[[Any], Any], start: Any, direction: Any) -> Callable[[Any], Any]:
    return lambda delta: function(start + direction * delta)


def own_density(space: Space, logits: Any) -> Any:
    """(N,) log q of logits (S, A), real or complex."""
    return log_density(space, log_policy(space, logits))


def magnitude(space: Space, *values: Any) -> float:
    """1 + the largest of each, for error bounds."""
    return 1.0 + sum(float(np.max(np.abs(space.arithmetic.floats(each)))) for each in values)
