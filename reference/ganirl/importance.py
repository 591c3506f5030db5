"""Importance weights of trajectories too many to enumerate: their moments by dynamic programming, and draws.

A weight that is a product over steps, w = Π e^{ω_t(s,a,s')}, has E_q[w^k] = Σ h q e^{kΣω}, which a backward pass
with k ω in place of −c gives exactly. For w = e^{−c}/q, ω = −c − log π: the first moment is Z_θ, and the second
that of a process with cost 2c + log π. So it is known before anything is drawn whether a sample can tell anything:
a policy far from p_θ has weights of relative variance 10⁵⁰, whose sample mean says nothing, and a test of it
passes in silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .dynamic_programming import trajectory_entropy
from .logspace import log_sum_exp
from .mdp import TabularMDP

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WeightMoments:
    """Exact moments of a weight under the distribution that it is drawn from, in logs.

    Attributes
    ----------
    log_mean : log E[w]; log Z_θ for w = e^{−c}/q
    log_second : log E[w²]
    log_largest : log of the largest weight that can be drawn
    """

    log_mean: float
    log_second: float
    log_largest: float

    @property
    def relative_variance(self) -> float:
        """Var(w)/E[w]², which is χ²(p_θ‖q) for w = e^{−c}/q [F6]; inf beyond float64."""
        nats = self.log_second - 2 * self.log_mean
        return math.expm1(nats) if nats < 709 else math.inf

    @property
    def sample_share(self) -> float:
        """ESS/n = E[w]²/E[w²] = 1/(1 + χ²) [F6]."""
        return math.exp(2 * self.log_mean - self.log_second)

    def largest_over(self, log_scale: float) -> float:
        """Return the largest weight over e^scale; inf beyond float64."""
        nats = self.log_largest - log_scale
        return math.exp(nats) if nats < 709 else math.inf


@dataclass(frozen=True, eq=False)
class Rollouts:
    """N trajectories drawn step by step.

    Attributes
    ----------
    state, action, next_state : (n, T) integers; an end is number S, and steps after it are not there
    mask : (n, T), whether the step exists
    """

    state: npt.NDArray[np.int64]
    action: npt.NDArray[np.int64]
    next_state: npt.NDArray[np.int64]
    mask: npt.NDArray[np.bool_]

    def total(self, table: Array) -> Array:
        """Σ_t f_t(s,a,s'), (n,), of a table (S, A, S + 1) or (T, S, A, S + 1)."""
        time = () if table.ndim == 3 else (np.arange(self.mask.shape[1]),)
        values = table[(*time, np.where(self.mask, self.state, 0), self.action, self.next_state)]
        return np.asarray(np.where(self.mask, values, 0.0).sum(axis=1))


def log_policy_table(mdp: TabularMDP, policy_logits: npt.ArrayLike) -> Array:
    """Log π_t(a|s) as a table (T, S, A, S + 1) of steps."""
    log_policy = mdp.log_policy(policy_logits)
    return np.broadcast_to(log_policy[..., None], (*log_policy.shape, mdp.states + 1))


def log_dynamics_table(mdp: TabularMDP) -> Array:
    """Log P(s'|s,a), (S, A, S + 1)."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(mdp.transition))


def weight_moments(mdp: TabularMDP, policy_logits: npt.ArrayLike, log_weights: Array) -> WeightMoments:
    """Moments of w = Π e^{ω_t} over trajectories of a policy, by dynamic programming.

    Parameters
    ----------
    mdp : the process
    policy_logits : (S, A) or (T, S, A), what the trajectories are drawn with
    log_weights : ω, (S, A, S + 1) or (T, S, A, S + 1); ignored where the transition is impossible

    Raises
    ------
    ValueError
        If a shape does not fit, or a possible step has an ω that is not finite.
    """
    log_chance = log_policy_table(mdp, policy_logits) + log_dynamics_table(mdp)
    if log_weights.shape not in (log_chance.shape, log_chance.shape[1:]):
        raise ValueError(f"log_weights must be {log_chance.shape[1:]} or {log_chance.shape}")
    omega = np.where(log_chance > -np.inf, log_weights, 0.0)
    if not np.isfinite(omega).all():
        raise ValueError("the weight of a possible step is not finite")
    with np.errstate(divide="ignore"):
        log_start = np.log(mdp.start)
    first, second = (
        _backward(log_start, log_chance + order * omega, lambda x: log_sum_exp(x, axis=-1))
        for order in (1, 2)
    )
    possible = np.where(log_chance > -np.inf, omega, -np.inf)
    reached = np.where(mdp.start > 0, 0.0, -np.inf)
    return WeightMoments(first, second, _backward(reached, possible, lambda x: np.asarray(x.max(axis=-1))))


def _backward(log_start: Array, log_steps: Array, join: Callable[[Array], Array]) -> float:
    value = np.zeros(len(log_start))
    for at_time in log_steps[::-1]:
        scores = at_time + np.append(value, 0.0)
        value = join(scores.reshape(len(value), -1))
    return float(join(log_start + value))


def draw(mdp: TabularMDP, policy_logits: npt.ArrayLike, number: int, rng: np.random.Generator) -> Rollouts:
    """Draw trajectories of a policy."""
    chance = np.exp(log_policy_table(mdp, policy_logits) + log_dynamics_table(mdp))
    return _draw(mdp.start, chance, number, rng)


def draw_model(mdp: TabularMDP, costs: Array, number: int, rng: np.random.Generator) -> Rollouts:
    """Draw trajectories of p_θ ∝ h e^{−c} itself, by its tilted dynamics; no policy has them where there is chance.

    Parameters
    ----------
    costs : (S, A, S + 1), as for `trajectory_entropy`
    """
    values = trajectory_entropy(mdp, costs)
    steps = log_dynamics_table(mdp) - np.where(mdp.transition > 0, costs, 0.0)
    onward = np.concatenate([values.state_values[1:], np.zeros((mdp.horizon, 1))], axis=1)
    chance = np.exp(steps + onward[:, None, None, :] - values.state_values[:-1, :, None, None])
    return _draw(mdp.start * np.exp(values.state_values[0] - values.value), chance, number, rng)


def _draw(start: Array, chance: Array, number: int, rng: np.random.Generator) -> Rollouts:
    horizon, states = chance.shape[:2]
    flat = np.cumsum(chance.reshape(horizon, states, -1), axis=2)
    here = _pick(np.cumsum(start)[None, :], np.zeros(number, dtype=np.int64), rng)
    columns = []
    for at_time in flat:
        alive = here < states
        move = _pick(at_time, np.where(alive, here, 0), rng)
        action, there = np.divmod(move, states + 1)
        columns.append((here, action, np.where(alive, there, states), alive))
        here = np.where(alive, there, states)
    state, action, there, mask = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
    return Rollouts(state, action, there, mask)


def _pick(cumulative: Array, row: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw a column of each row, by its cumulative probabilities."""
    at = rng.random(len(row)) * cumulative[row, -1]
    return np.asarray((cumulative[row] <= at[:, None]).sum(axis=1), dtype=np.int64)
