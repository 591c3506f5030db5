"""How far sound code may be from a solved process: forward errors of backups, policies and visits.

log Σ exp is 1-Lipschitz and an expectation no more, so that what a backup inherits is at most the error of what
comes next, and the rounding of every backup adds up. Policies, kernels and visits are products of positive numbers:
their relative errors add up. Without a limit an error ε a backup becomes (I − γK)^{-1} ε, the expected number of
backups times ε, where K is how the model itself moves; code that stops when nothing changes by more than δ leaves
(I − γK)^{-1} γK δ. Linear systems of this kind (I − K, an M-matrix) are solved with errors of the same form.
All covers the log domain, the linear one, scaled or not, and any order of summation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .bounds import FloatModel
from .process import Process
from .process_conventions import ProcessConventions
from .process_solution import Solution, backups, log_of

Array = npt.NDArray[np.float64]


def gamma(arithmetic: FloatModel, terms: float) -> float:
    """γ_n, infinite where the format cannot promise anything about so many roundings."""
    return arithmetic.gamma(terms) if terms * arithmetic.u < 1.0 else float("inf")


@dataclass(frozen=True, eq=False)
class Errors:
    """Of one arithmetic on one process; shapes are those of `Solution`.

    Attributes
    ----------
    value : of log Z or V_soft, absolute
    state_values, action_values : absolute
    policy, kernel : relative
    visits, last : absolute
    """

    value: float
    state_values: Array
    action_values: Array
    policy: Array
    kernel: Array
    visits: Array
    last: Array


@dataclass(frozen=True)
class ErrorAnalysis:
    """Errors of one arithmetic, worked out from the numbers of one solved process."""

    arithmetic: FloatModel
    process: Process
    theta: Array
    conventions: ProcessConventions
    solution: Solution

    def errors(self) -> Errors:
        """Return all of them."""
        state_values, action_values = self._values()
        solution, u = self.solution, self.arithmetic.u
        count = len(solution.action_values)
        elementary = (self.arithmetic.kappa + 2) * u + gamma(self.arithmetic, self.process.actions + 2)
        size = _finite(solution.state_values[:count])[:, :, None] + _finite(solution.action_values)
        policy = action_values + state_values[:count, :, None] + 2 * u * size + elementary
        kernel = np.zeros_like(solution.kernel)
        start = np.zeros(self.process.states)
        value = self._value(state_values[0])
        if self.conventions.entropy == "trajectory":
            onward = _with_end(state_values[1:] if len(state_values) > 1 else state_values)[:, None, None, :]
            sizes = self._step_size(solution.onward) + _finite(solution.action_values)[..., None]
            kernel = self._cost_error + onward + action_values[..., None]
            kernel = kernel + gamma(self.arithmetic, 6) * sizes + elementary
            if self.conventions.start == "modelled":
                start = state_values[0] + value + elementary
                start = start + 4 * u * (
                    _finite(log_of(self.process.start)) + _finite(solution.state_values[0])
                )
        visits, last = self._visits(start, policy, kernel)
        return Errors(value, state_values, action_values, policy, kernel, visits, last)

    # --- values ----------------------------------------------------------------------------------------------

    @property
    def _magnitude(self) -> Array:
        return np.asarray(np.abs(self.process.features) @ np.abs(self.theta))

    @property
    def _cost_error(self) -> Array:
        return gamma(self.arithmetic, len(self.theta) + 1) * self._magnitude

    def _step_size(self, onward: Array) -> Array:
        """|log P| + Σ|φθ| + |V(s')|, (T, S, A, S + 1), zero where P is."""
        size = _finite(log_of(self.process.transition)) + self._magnitude + _finite(onward)[:, None, None, :]
        return np.where(self.process.transition > 0, size, 0.0)

    def _values(self) -> tuple[Array, Array]:
        solution = self.solution
        if len(solution.state_values) == len(solution.action_values):
            if self.conventions.sweeps is None:
                return self._without_limit()
            one = self._backup(np.zeros(self.process.states), solution.onward[0], 0)
            # Every backup adds at most what the last one does, whose values are the largest.
            times = 2 * backups(self.process, self.conventions)
            return times * one[0][None], times * one[1][None]
        beyond = np.zeros(self.process.states)
        if self.conventions.last_state:
            beyond = np.max(self._cost_error + self.arithmetic.u * self._magnitude, axis=(1, 2))
        state, action = [beyond], []
        for time in reversed(range(len(solution.action_values))):
            one = self._backup(state[-1], solution.onward[time], time)
            state.append(one[0])
            action.append(one[1])
        return np.stack(state[::-1]), np.stack(action[::-1])

    def _backup(self, inherited: Array, onward: Array, time: int) -> tuple[Array, Array]:
        """Error of V and Q after one backup, from the error of V of what comes next."""
        u, kappa, process = self.arithmetic.u, self.arithmetic.kappa, self.process
        error = np.append(inherited, 0.0)
        q, v = _finite(self.solution.action_values[time]), _finite(self.solution.state_values[time])
        if self.conventions.entropy == "causal":
            rounding = gamma(self.arithmetic, process.states + len(self.theta) + 7)
            size = self._magnitude + process.discount * _finite(onward)
            each = (self._cost_error + process.discount * error) * (1 + rounding) + rounding * size
            of_action = (process.transition * each).sum(axis=-1)
        else:
            each = self._cost_error + error + (kappa + 4) * u * self._step_size(onward[None])[0]
            each = np.where(process.transition > 0, each, 0.0)
            of_action = each.max(axis=-1) + u * (_of_log_sum_exp(kappa, process.states + 1) + (kappa + 2) * q)
        of_state = of_action.max(axis=-1) + u * (_of_log_sum_exp(kappa, process.actions) + (kappa + 2) * v)
        return of_state, of_action

    def _without_limit(self) -> tuple[Array, Array]:
        u, solution = self.arithmetic.u, self.solution
        largest = 1.0 + float(np.abs(solution.state_values).max())
        each = self._backup(np.zeros(self.process.states), solution.onward[0], 0)[0]
        each = each + gamma(self.arithmetic, 12 * self.process.states) * largest  # a linear solver's own
        longer = np.linalg.inv(np.eye(self.process.states) - self._moves)
        # Code that waits until nothing changes stops a few digits short of that.
        stopped = self._moves.sum(axis=1) * max(self.conventions.tolerance, 8 * u * largest)
        first_order = longer @ (each + stopped)
        error = longer @ (each + stopped + 0.5 * first_order.max() ** 2)
        _, of_action = self._backup(error, solution.onward[0], 0)
        return error[None], of_action[None]

    @property
    def _moves(self) -> Array:
        """γK, (S, S)."""
        steps = self.solution.policy[0][..., None] * self.solution.kernel[0]
        return np.asarray(self.process.discount * steps[:, :, :-1].sum(axis=1))

    def _value(self, of_first: Array) -> float:
        u, kappa, start = self.arithmetic.u, self.arithmetic.kappa, self.process.start
        first = _finite(self.solution.state_values[0])
        if self.conventions.entropy == "trajectory" and self.conventions.start == "modelled":
            size = (kappa + 2) * _finite(log_of(start)) + first
            inherited = np.where(start > 0, of_first + 2 * u * size, 0.0).max()
            total = _of_log_sum_exp(kappa, len(start)) + (kappa + 2) * abs(self.solution.value)
            return float(inherited + u * total)
        return float(start @ of_first + gamma(self.arithmetic, len(start) + 2) * (start @ first))

    # --- visits ----------------------------------------------------------------------------------------------

    def _visits(self, start: Array, policy: Array, kernel: Array) -> tuple[Array, Array]:
        solution, process = self.solution, self.process
        each = policy[..., None] + kernel
        summed = gamma(self.arithmetic, process.states * process.actions + 4)
        occupied = solution.visits > 0
        worst = np.where(occupied, each, 0.0).max(axis=(1, 2, 3)) + summed
        first = float(np.where(solution.start > 0, start, 0.0).max())
        if self.conventions.horizon == "fixed":
            before = np.concatenate([[0.0], np.cumsum(worst)])
            relative = first + before[:-1, None, None, None] + each + summed
            return solution.visits * relative, solution.last * (first + before[-1])
        moves, there = self._moves, solution.visits[0].sum(axis=(1, 2))
        longer = np.linalg.inv(np.eye(process.states) - moves.T)
        # A solver with pivots is right normwise, not in every small component.
        solved = gamma(self.arithmetic, 12 * process.states)
        stopped = max(self.conventions.tolerance, 8 * self.arithmetic.u * (1.0 + there.max()))
        each_step = worst[0] * (moves.T @ there) + first * solution.start + solved * (there + there.max())
        error = longer @ (each_step + moves.T.sum(axis=1) * stopped)
        error = error * (1.0 + float(np.max(longer.sum(axis=0)) * worst[0]))  # of second order
        steps = solution.policy[0][..., None] * solution.kernel[0]
        return (error[:, None, None] * steps + solution.visits[0] * (each[0] + summed))[None], np.zeros_like(
            there
        )


def _of_log_sum_exp(kappa: float, count: int) -> float:
    """Roundings of log Σ e^x, its own size left out (T6)."""
    return (count - 1) + (3 + kappa) * float(np.log(count)) + 2 * kappa + 2


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), np.abs(values), 0.0)


def _with_end(errors: Array) -> Array:
    return np.concatenate([errors, np.zeros((*errors.shape[:-1], 1))], axis=-1)
