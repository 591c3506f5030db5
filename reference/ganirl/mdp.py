"""A tabular Markov decision process with an absorbing end, and the problems that it becomes.

Dynamics may be stochastic, the start random and the length variable: an episode ends on entering the
absorbing end, and is truncated at the horizon. Its trajectories become a `Problem`; so do its transitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .case import Steps
from .cost import CallableCost, Cost, LinearCost
from .logspace import log_normalise
from .problem import Problem
from .step_cost import StepCost, StepFunction
from .trajectories import ENUMERATION_LIMIT, Trajectories, count_trajectories, enumerate_trajectories

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TabularMDP:
    """S live states, A actions, an absorbing end (number S) and a horizon T.

    Attributes
    ----------
    start : (S,), ρ0, the distribution of the first state
    transition : (S, A, S + 1), P(s'|s,a); the last column enters the absorbing end
    horizon : T, the largest number of steps
    features : (S, A, S + 1, d), φ(s,a,s')

    Raises
    ------
    ValueError
        If a shape does not fit, a distribution does not sum to one, or a number is not finite.
    """

    start: Array
    transition: Array
    horizon: int
    features: Array

    def __post_init__(self) -> None:
        for name in ("start", "transition", "features"):
            # A private, read-only copy: the enumeration below is computed once.
            values = np.array(getattr(self, name), dtype=np.float64)
            if not np.isfinite(values).all():
                raise ValueError(f"{name} has a number that is not finite")
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        states = self.start.size
        if self.start.shape != (states,) or states == 0:
            raise ValueError(f"start must be (S,) with S at least 1, not of shape {self.start.shape}")
        shape = self.transition.shape
        if len(shape) != 3 or shape[0] != states or shape[1] == 0 or shape[2] != states + 1:
            raise ValueError(f"transition must be (S, A, S + 1) with S = {states}, not of shape {shape}")
        if self.features.ndim != 4 or self.features.shape[:3] != shape:
            raise ValueError(f"features must be {(*shape, 'd')}, not of shape {self.features.shape}")
        if not isinstance(self.horizon, int | np.integer) or self.horizon < 1:
            raise ValueError(f"horizon must be an integer of at least 1, not {self.horizon!r}")
        _check_distribution("start", self.start)
        _check_distribution("transition", self.transition)

    @property
    def states(self) -> int:
        """S, without the absorbing end."""
        return int(self.transition.shape[0])

    @property
    def actions(self) -> int:
        """A."""
        return int(self.transition.shape[1])

    @cached_property
    def trajectory_counts(self) -> tuple[int, ...]:
        """Number of possible trajectories of each length 1 … T, exact at any size."""
        return count_trajectories(self.start, self.transition, self.horizon)

    @cached_property
    def trajectories(self) -> Trajectories:
        """Every possible trajectory: shorter first, then by s0, a0, s1, a1 and so on.

        Raises
        ------
        ValueError
            If there are more than `ENUMERATION_LIMIT` of them.
        """
        total = sum(self.trajectory_counts)
        if total > ENUMERATION_LIMIT:
            raise ValueError(
                f"this MDP has {total} trajectories and at most {ENUMERATION_LIMIT} are enumerated: "
                "shorten the horizon, or use dynamic programming"
            )
        return enumerate_trajectories(self.start, self.transition, self.horizon, self.features)

    def log_policy(self, logits: npt.ArrayLike) -> Array:
        """Log π(a|s) of a stationary (S, A) or a time-indexed (T, S, A) policy, always (T, S, A)."""
        values = np.asarray(logits, dtype=np.float64)
        per_time = (self.states, self.actions)
        if values.shape not in (per_time, (self.horizon, *per_time)):
            raise ValueError(
                f"policy logits must be {per_time} or {(self.horizon, *per_time)}, not {values.shape}"
            )
        if np.isnan(values).any() or not np.isfinite(values.max(axis=-1)).all():
            raise ValueError("policy logits must be below infinity, with a finite one in each state")
        return np.broadcast_to(log_normalise(values), (self.horizon, *per_time))

    def log_density(self, logits: npt.ArrayLike) -> Array:
        """Log density Σ_t log π(a_t|s_t) of every trajectory with respect to h, shape (N,) (claim H1)."""
        steps = self.trajectories.steps
        log_step = self.log_policy(logits)[np.arange(self.horizon), steps.state, steps.action]
        return np.asarray(np.where(steps.mask, log_step, 0.0).sum(axis=1))

    def occupancy(self, logits: npt.ArrayLike) -> Array:
        """Probability d_t(s,a) that step t exists, is in s and takes a; (T, S, A), by forward recursion."""
        policy = np.exp(self.log_policy(logits))
        visits, occupied = self.start, []
        for at_time in policy:
            occupied.append(visits[:, None] * at_time)
            visits = np.einsum("sa,sax->x", occupied[-1], self.transition[:, :, :-1])
        return np.stack(occupied)

    def data_occupancy(self, weight: Array) -> Array:
        """Return the same d_t(s,a), (T, S, A), of trajectories with weights (N,) that sum to one."""
        steps = self.trajectories.steps
        occupied = np.zeros((self.horizon, self.states, self.actions))
        row, time = np.nonzero(steps.mask)
        np.add.at(occupied, (time, steps.state[row, time], steps.action[row, time]), weight[row])
        return occupied

    def cost_table(self, theta: Array, step_cost: StepFunction | None = None) -> Array:
        """c_θ(s,a,s'), shape (S, A, S + 1); φ·θ unless a step cost is given."""
        return self._table_cost(step_cost).value(theta).reshape(self.transition.shape)

    def cost_gradient_table(self, theta: Array, step_cost: StepFunction | None = None) -> Array:
        """∂c/∂θ of every transition, shape (S, A, S + 1, d)."""
        return self._table_cost(step_cost).gradient(theta).reshape(*self.transition.shape, -1)

    def _table_cost(self, step_cost: StepFunction | None) -> Cost:
        flat = self.features.reshape(-1, self.features.shape[-1])
        return LinearCost(flat) if step_cost is None else CallableCost(lambda theta: step_cost(flat, theta))

    def problem(
        self,
        policy_logits: npt.ArrayLike,
        *,
        expert_logits: npt.ArrayLike | None = None,
        log_p: Array | None = None,
        data_weight: Array | None = None,
        step_cost: StepFunction | None = None,
    ) -> Problem:
        """Return the problem of whole trajectories: h = dynamics, q = Π π.

        Parameters
        ----------
        policy_logits : (S, A), the generator
        expert_logits, log_p, data_weight : the data, exactly one of them: an expert policy, (S, A) or
            (T, S, A), with p = Π π_E; a log density (N,) with respect to h; or the weights h·p, (N,)
        step_cost : ``f(features (…, d), theta) -> (…)``, summed over steps; c = Σ_t φ_t·θ by default

        Raises
        ------
        ValueError
            If a shape does not fit, or the data are not a density.
        """
        log_h, steps = self.trajectories
        if sum(data is not None for data in (expert_logits, log_p, data_weight)) != 1:
            raise ValueError("the data are given by exactly one of expert_logits, log_p and data_weight")
        if expert_logits is not None:
            log_p = self.log_density(expert_logits)
        elif data_weight is not None:
            weight = _of_length(data_weight, len(log_h), "data_weight")
            if (weight < 0).any():
                raise ValueError("data_weight must not be negative")
            with np.errstate(divide="ignore"):
                log_p = np.log(weight) - log_h
        else:
            log_p = _of_length(log_p, len(log_h), "log_p")
        return Problem(
            log_h=log_h,
            log_p=log_p,
            log_q=self.log_density(self._stationary(policy_logits)),
            cost=_cost_of(steps, step_cost),
            policy_logits=self._stationary(policy_logits),
            steps=steps,
        )

    def transition_problem(
        self,
        policy_logits: npt.ArrayLike,
        *,
        expert_logits: npt.ArrayLike | None = None,
        expert_occupancy: Array | None = None,
        step_cost: StepFunction | None = None,
    ) -> Problem:
        """Return the problem of single transitions: h = d_π(s) P(s'|s,a), q = π(a|s), p = d_E(s,a) / d_π(s).

        d is pooled over time and normalised. The optimum is p, which depends on the generator (claim H5).

        Parameters
        ----------
        policy_logits : (S, A), the generator
        expert_logits, expert_occupancy : the data, exactly one of them: an expert policy, or d_E, (S, A) or
            (T, S, A), of any total
        step_cost : as for `problem`

        Raises
        ------
        ValueError
            If a shape does not fit, or the expert visits a state that the generator never visits.
        """
        if (expert_logits is None) == (expert_occupancy is None):
            raise ValueError("the data are given by exactly one of expert_logits and expert_occupancy")
        logits = self._stationary(policy_logits)
        pooled = self.occupancy(logits).sum(axis=0)
        visits = pooled.sum(axis=1) / pooled.sum()
        expert = self._pooled_expert(expert_logits, expert_occupancy)
        unmatched = np.flatnonzero((expert.sum(axis=1) > 0) & (visits == 0))
        if len(unmatched):
            raise ValueError(
                f"the expert visits states {unmatched.tolist()}, which the generator never visits: "
                "p = d_E(s,a) / d_π(s) has no value there"
            )
        state, action, next_state = np.nonzero((self.transition > 0) & (visits > 0)[:, None, None])
        column = np.s_[:, None]
        steps = Steps(
            state=state[column],
            action=action[column],
            next_state=next_state[column],
            done=(next_state == self.states)[column],
            mask=np.ones((len(state), 1), dtype=bool),
            features=self.features[state, action, next_state][column],
        )
        log_visits = np.log(visits[state])
        with np.errstate(divide="ignore"):
            log_p = np.log(expert[state, action]) - log_visits
        return Problem(
            log_h=log_visits + np.log(self.transition[state, action, next_state]),
            log_p=log_p,
            log_q=log_normalise(logits)[state, action],
            cost=_cost_of(steps, step_cost),
            policy_logits=logits,
            steps=steps,
            unit="transition",
        )

    def _stationary(self, logits: npt.ArrayLike) -> Array:
        values = np.array(logits, dtype=np.float64)
        if values.shape != (self.states, self.actions):
            raise ValueError(
                f"a generator has logits (S, A) = {(self.states, self.actions)}, not {values.shape}"
            )
        self.log_policy(values)
        return values

    def _pooled_expert(self, logits: npt.ArrayLike | None, occupancy: Array | None) -> Array:
        given = self.occupancy(logits) if logits is not None else np.asarray(occupancy, dtype=np.float64)
        shape = (self.states, self.actions)
        if given.shape not in (shape, (self.horizon, *shape)):
            raise ValueError(
                f"expert_occupancy must be {shape} or {(self.horizon, *shape)}, not {given.shape}"
            )
        if not np.isfinite(given).all() or (given < 0).any() or not given.sum() > 0:
            raise ValueError("expert_occupancy must be finite and not negative, with a positive total")
        pooled = given.reshape(-1, *shape).sum(axis=0)
        return np.asarray(pooled / pooled.sum())


def _check_distribution(name: str, values: Array) -> None:
    if (values < 0).any():
        raise ValueError(f"{name} has a negative probability")
    off = float(np.abs(values.sum(axis=-1) - 1.0).max())
    if off > 1e-9:
        raise ValueError(f"{name} must sum to one over its last axis; it is off by {off:.3g}")


def _of_length(values: npt.ArrayLike | None, count: int, name: str) -> Array:
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (count,):
        raise ValueError(f"{name} has shape {vector.shape} for {count} trajectories")
    return vector


def _cost_of(steps: Steps, step_cost: StepFunction | None) -> Cost:
    return LinearCost(steps.features.sum(axis=1)) if step_cost is None else StepCost(step_cost, steps)
