"""The built-in target ``numpy-process``: a tabular solver as a library would write it, in the format that it is handed.

It follows the declared entropy and horizon with plain loops: backward passes for a fixed horizon, backups until
nothing changes for the others. None of the reference's own code is in it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Process, ProcessConventions

Array = npt.NDArray[Any]


class NumpyProcess:
    """Maximum-entropy IRL of a tabular process, with either entropy and any horizon."""

    framework = "numpy"
    departures = MappingProxyType[str, str]({})

    def __init__(self, name: str, process: ProcessConventions) -> None:
        self.name = name
        self.conventions = Conventions(unit="process", process=process, weights=True)

    def log_partition(self, case: Case) -> Any:
        """Log E_ρ0[e^V] or E_ρ0[V]."""
        first = self._solve(case)[0][0]
        of = self.conventions.of_process
        if of.entropy == "trajectory" and of.start == "modelled":
            return _log_sum_exp(first + _log(case.mdp.start))
        return case.mdp.start @ first

    def soft_values(self, case: Case) -> Array:
        """V, (T, S) or (S,)."""
        values, _ = self._solve(case)
        return np.asarray(values[:-1] if self._fixed else values[0])

    def policy(self, case: Case) -> Array:
        """exp(Q − V), (T, S, A) or (S, A)."""
        values, action_values = self._solve(case)
        policy = np.exp(action_values - values[: len(action_values), :, None])
        return np.asarray(policy if self._fixed else policy[0])

    def occupancy(self, case: Case) -> Array:
        """Visits of the model, as the conventions count them."""
        of = self.conventions.of_process
        visits = self._visits(case)
        if of.occupancy_scale.startswith("discounted"):
            visits = visits * _powers(case, len(visits))
        if of.occupancy_scale.endswith("normalised"):
            visits = visits / visits.sum()
        away = tuple(place for place, axis in enumerate("tsa") if axis not in of.occupancy_axes)
        return np.asarray(visits.sum(axis=(*away, 3)))

    def demonstration_gradient(self, case: Case) -> Array:
        """E_p[Σ γ^t φ] − E_model[Σ γ^t φ]."""
        expert, visits = case.expert, self._visits(case)
        seen = expert.steps.features * _powers(case, expert.steps.mask.shape[1])[:, :, 0, 0]
        data = np.tensordot(expert.weight, (seen * expert.steps.mask[:, :, None]).sum(axis=1), axes=1)
        expected = np.tensordot((visits * _powers(case, len(visits))).sum(axis=0), case.mdp.features, axes=3)
        return np.asarray(data - expected)

    # --- backward and forward --------------------------------------------------------------------------------

    @property
    def _fixed(self) -> bool:
        return self.conventions.of_process.horizon == "fixed"

    def _backup(self, process: Process, cost: Array, following: Array) -> Array:
        """Q, (S, A), from V of the next state, (S,)."""
        onward = np.append(following, following.dtype.type(0)) * following.dtype.type(process.discount)
        if self.conventions.of_process.entropy == "causal":
            return np.asarray((process.transition * (onward - cost)).sum(axis=2))
        return _log_sum_exp(_log(process.transition) - cost + onward)

    def _solve(self, case: Case) -> tuple[Array, Array]:
        """V, (T + 1, S), and Q, (T, S, A); where there is no limit, one of each."""
        process = case.mdp
        cost = process.costs(case.theta)
        value = np.zeros(process.states, dtype=cost.dtype)
        values, action_values = [value], []
        if self._fixed:
            for _ in range(process.horizon):
                action_values.append(self._backup(process, cost, values[-1]))
                values.append(_log_sum_exp(action_values[-1]))
            return np.stack(values[::-1]), np.stack(action_values[::-1])
        while True:
            action_value = self._backup(process, cost, value)
            before, value = value, _log_sum_exp(action_value)
            if np.abs(value - before).max() <= 4 * np.finfo(cost.dtype).eps * (1 + np.abs(value).max()):
                return value[None], action_value[None]

    def _visits(self, case: Case) -> Array:
        """Probability that step t is (s,a,s'), (T, S, A, S + 1); where there is no limit, Σ_t γ^t of it, (1, …)."""
        process = case.mdp
        values, action_values = self._solve(case)
        policy = np.exp(action_values - values[: len(action_values), :, None])
        there = process.start
        if self.conventions.of_process.entropy == "trajectory":
            if self.conventions.of_process.start == "modelled":
                there = np.exp(_log(there) + values[0] - self.log_partition(case))
            cost = process.costs(case.theta)
            end = np.zeros((len(values), 1), dtype=cost.dtype)
            # The model tilts what follows, too.
            onward = np.concatenate([values, end], axis=1)[:, None, None, :]
            onward = onward[1:] if self._fixed else onward
            kernel = np.exp(_log(process.transition) - cost + onward - action_values[..., None])
        else:
            kernel = np.broadcast_to(process.transition, (len(policy), *process.transition.shape))
        steps = policy[..., None] * kernel
        if not self._fixed:
            moves = steps[0, :, :, :-1].sum(axis=1) * there.dtype.type(process.discount)
            there = np.linalg.solve(np.eye(process.states, dtype=there.dtype) - moves.T, there)
            return np.asarray(there[:, None, None] * steps[0])[None]
        found = []
        for step in steps:
            found.append(there[:, None, None] * step)
            there = found[-1][:, :, :-1].sum(axis=(0, 1))
        return np.stack(found)


def _powers(case: Case, length: int) -> Array:
    """γ^t, (length, 1, 1, 1)."""
    gamma = case.theta.dtype.type(case.mdp.discount)
    return np.asarray(gamma ** np.arange(length, dtype=case.theta.dtype)).reshape(-1, 1, 1, 1)


def _log(probabilities: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(probabilities))


def _log_sum_exp(values: Array) -> Array:
    """Log Σ e^x over the last axis, of which not all may be −∞."""
    peak = values.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(values - peak).sum(axis=-1)) + peak[..., 0])


target = NumpyProcess("numpy-process", ProcessConventions(discounts=True))
