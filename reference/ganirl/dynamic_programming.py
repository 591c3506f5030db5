"""Soft values of a tabular MDP by dynamic programming, with the two backups that are often confused.

- trajectory entropy, p_θ(τ) ∝ h e^{−c} (Ziebart et al. 2008): V(s) = log Σ_a Σ_s' P e^{−c+V(s')}, and
  log Z_θ = log E_ρ0[e^V]; over s' this is the risk-seeking log E exp
- causal entropy, the soft Bellman backup (Ziebart et al. 2010): V(s) = log Σ_a exp E_s'[−c+V(s')], and
  V_soft = E_ρ0[V]

They agree if transitions are deterministic and the start is fixed. In general log Z_θ − V_soft ≥ 0 is the
least KL(q_π‖p_θ) of any policy, zero only if −c + V is constant wherever chance decides (claims H3, H12).
V = 0 after the absorbing end and after the horizon. All is done in the log domain: a linear recursion, even a
scaled one, fails where two parts of the space are disconnected and their costs differ by 400.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .logspace import log_sum_exp
from .mdp import TabularMDP

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SoftValues:
    """What a backward pass gives; entry t is the value of steps t … T − 1.

    Attributes
    ----------
    value : log Z_θ (trajectory entropy) or V_soft (causal entropy)
    state_values : (T + 1, S), V_t(s); the last row is 0
    action_values : (T, S, A), Q_t(s,a), with V = logsumexp_a Q
    """

    value: float
    state_values: Array
    action_values: Array

    @property
    def log_policy(self) -> Array:
        """(T, S, A), Q − V: the optimal policy of causal entropy, or the conditional p_θ(a_t|s_t)."""
        return np.asarray(self.action_values - self.state_values[:-1, :, None])


class ReachabilityGap(NamedTuple):
    """``log_z`` and ``v_soft``; their difference is min_π KL(q_π‖p_θ) ≥ 0 (claim H3)."""

    log_z: float
    v_soft: float

    @property
    def gap(self) -> float:
        """Return log Z_θ − V_soft."""
        return self.log_z - self.v_soft


def trajectory_entropy(mdp: TabularMDP, costs: Array) -> SoftValues:
    """Backward pass of trajectory maximum entropy; its value is log Z_θ = log Σ_τ h e^{−c}.

    Parameters
    ----------
    mdp : the process
    costs : (S, A, S + 1), c(s,a,s'), as from `TabularMDP.cost_table`; ignored where P = 0

    Raises
    ------
    ValueError
        If the shape does not fit, or the cost of a possible transition is not finite.
    """
    log_step = _log(mdp.transition) - _checked(mdp, costs)
    state_values, action_values = _backward(mdp, lambda onward: log_sum_exp(log_step + onward, axis=-1))
    value = log_sum_exp(_log(mdp.start) + state_values[0])
    return SoftValues(float(value), state_values, action_values)


def causal_entropy(mdp: TabularMDP, costs: Array) -> SoftValues:
    """Backward pass of maximum causal entropy; its value is V_soft. Arguments as for `trajectory_entropy`."""
    reward = -_checked(mdp, costs)
    state_values, action_values = _backward(
        mdp, lambda onward: np.asarray((mdp.transition * (reward + onward)).sum(axis=-1))
    )
    return SoftValues(float(mdp.start @ state_values[0]), state_values, action_values)


def reachability_gap(mdp: TabularMDP, costs: Array) -> ReachabilityGap:
    """How near a policy can come to p_θ: log Z_θ, V_soft, and their difference min_π KL(q_π‖p_θ)."""
    return ReachabilityGap(trajectory_entropy(mdp, costs).value, causal_entropy(mdp, costs).value)


def model_occupancy(mdp: TabularMDP, costs: Array) -> Array:
    """Probability under p_θ that step t is (s,a,s'); (T, S, A, S + 1), by a forward pass.

    p_θ tilts the start by e^V and the dynamics by e^{−c+V(s')}, which no policy can do; for the
    occupancy of a policy see `TabularMDP.occupancy`.
    """
    values = trajectory_entropy(mdp, costs)
    log_step = _log(mdp.transition) - _checked(mdp, costs)
    log_visits = _log(mdp.start) + values.state_values[0] - values.value
    occupied = []
    for time in range(mdp.horizon):
        onward = _with_end(values.state_values[time + 1])
        log_occupied = (log_visits - values.state_values[time])[:, None, None] + log_step + onward
        occupied.append(np.exp(log_occupied))
        log_visits = log_sum_exp(log_occupied[:, :, :-1].reshape(-1, mdp.states), axis=0)
    return np.stack(occupied)


def log_partition_gradient(mdp: TabularMDP, costs: Array, cost_gradients: Array) -> Array:
    """∂ log Z_θ/∂θ = −E_pθ[Σ_t ∂c_t/∂θ] (claim D1), shape (d,).

    Parameters
    ----------
    mdp, costs : as for `trajectory_entropy`
    cost_gradients : (S, A, S + 1, d), ∂c(s,a,s')/∂θ; for a linear cost, the features

    Raises
    ------
    ValueError
        If a shape does not fit, or the cost of a possible transition is not finite.
    """
    if cost_gradients.ndim != 4 or cost_gradients.shape[:3] != mdp.transition.shape:
        raise ValueError(f"cost_gradients must be {(*mdp.transition.shape, 'd')}, not {cost_gradients.shape}")
    expected = np.einsum("sax,saxd->d", model_occupancy(mdp, costs).sum(axis=0), cost_gradients)
    return np.asarray(-expected)


def _backward(mdp: TabularMDP, action_value: Callable[[Array], Array]) -> tuple[Array, Array]:
    """V (T + 1, S) and Q (T, S, A) from a backup that maps V_{t+1}, end included, (S + 1,), to Q_t."""
    state_values = np.zeros((mdp.horizon + 1, mdp.states))
    action_values = np.empty((mdp.horizon, mdp.states, mdp.actions))
    for time in reversed(range(mdp.horizon)):
        action_values[time] = action_value(_with_end(state_values[time + 1]))
        state_values[time] = log_sum_exp(action_values[time], axis=-1)
    return state_values, action_values


def _with_end(state_values: Array) -> Array:
    return np.append(state_values, 0.0)


def _log(probabilities: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(probabilities))


def _checked(mdp: TabularMDP, costs: Array) -> Array:
    """Return the costs with 0 where P = 0, so that an impossible transition may cost anything, even NaN."""
    if costs.shape != mdp.transition.shape:
        raise ValueError(f"costs must be (S, A, S + 1) = {mdp.transition.shape}, not of shape {costs.shape}")
    possible = np.where(mdp.transition > 0, costs, 0.0)
    if not np.isfinite(possible).all():
        raise ValueError(
            "the cost of a possible transition is not finite; forbid a transition by its probability"
        )
    return possible
