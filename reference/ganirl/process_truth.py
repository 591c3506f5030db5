"""The truth about a case for tabular code: value and bound of log Z, soft values, policy, visits and gradients.

The demonstration gradient is that of the dual, ∂/∂θ of E_p[c] + log Z for trajectory entropy and of E_p[c] + V_soft
for causal entropy: data less model. It is not that of −E_p[Σ log π] where chance decides: −log π(a|s) = c̄ + γE V − V
has an expectation over the next state, of which the demonstrations have a sample (claim H4). Code that descends the
latter declares ``objective="likelihood"``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .bounds import FloatModel
from .case import Case
from .conventions import Conventions
from .process import Process
from .process_bounds import ErrorAnalysis, Errors, gamma
from .process_conventions import ProcessConventions
from .process_solution import Solution, first_states, occupied, solve
from .truth import REFERENCE, Expected

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ProcessTruth:
    """Reference values of one case under the declared conventions, each with its bound.

    Attributes
    ----------
    case : with a process; NumPy arrays, exact in the format under test
    declared : conventions of the implementation
    arithmetic : of the implementation
    given : a solution in place of the truth, made of the implementation's own values or policy, to ask whether the
        rest of it is right given those
    """

    case: Case
    declared: Conventions
    arithmetic: FloatModel
    given: Solution | None = None

    @property
    def conventions(self) -> ProcessConventions:
        """Those of the process."""
        return self.declared.of_process

    @property
    def process(self) -> Process:
        """The process."""
        return self.case.mdp

    @cached_property
    def solution(self) -> Solution:
        """The process, solved."""
        return self.given or solve(self.process, self.case.theta, self.conventions)

    @cached_property
    def _errors(self) -> tuple[Errors, Errors]:
        return self._errors_of(self.arithmetic), self._errors_of(REFERENCE)

    def _errors_of(self, arithmetic: FloatModel) -> Errors:
        return ErrorAnalysis(
            arithmetic, self.process, self.case.theta, self.conventions, self.solution
        ).errors()

    def given_values(self, values: Array) -> ProcessTruth:
        """Return the truth of log Z given own values, (T, S) or (1, S)."""
        full = np.concatenate([values, self.solution.state_values[len(values) :]])
        value, start = first_states(self.process.start, full[0], self.conventions)
        return replace(self, given=replace(self.solution, value=value, start=start, state_values=full))

    def given_policy(self, policy: Array) -> ProcessTruth:
        """Return the truth of visits given an own policy, (T, S, A) or (1, S, A)."""
        solution = self.solution
        visits, last = occupied(self.process, solution.start, policy, solution.kernel, self.conventions)
        return replace(self, given=replace(solution, policy=policy, visits=visits, last=last))

    # --- what is observed ------------------------------------------------------------------------------------

    @cached_property
    def log_partition(self) -> Expected:
        """Log Z, or V_soft (H2)."""
        errors = [each.value for each in self._errors]
        return Expected(np.asarray(self.solution.value), np.asarray(sum(errors)), errors[1])

    @cached_property
    def soft_values(self) -> Expected:
        """V, (T + 1, S) or (1, S) (H12)."""
        errors = [each.state_values for each in self._errors]
        return Expected(self.solution.state_values, errors[0] + errors[1], errors[1])

    @cached_property
    def policy(self) -> Expected:
        """π, (T, S, A) or (1, S, A) (H12)."""
        policy = self.solution.policy
        errors = [policy * np.expm1(np.minimum(each.policy, 50.0)) for each in self._errors]
        tiny = self.arithmetic.eta
        return Expected(policy, errors[0] + errors[1] + tiny, errors[1] + tiny)

    @cached_property
    def occupancy(self) -> Expected:
        """Visits along the declared axes at the declared scale (D1: −∂ log Z/∂c)."""
        value = self.counted(*self.visits)
        errors = []
        for arithmetic, each in zip((self.arithmetic, REFERENCE), self._errors, strict=True):
            error = self.counted(each.visits, each.last, normalised=False)
            raw = self.counted(*self.visits, normalised=False)
            error = error + (self._power_error(arithmetic) + gamma(arithmetic, raw.size + self._terms)) * raw
            if self.conventions.occupancy_scale.endswith("normalised"):
                total = raw.sum()
                error = error / total + value * (error.sum() / total + gamma(arithmetic, raw.size + 2))
            errors.append(error + arithmetic.eta)
        return Expected(value, errors[0] + errors[1], errors[1])

    @property
    def visits(self) -> tuple[Array, Array]:
        """Of the model: (T, S, A, S + 1) or (1, …), and (S,) after the last step."""
        return self.solution.visits, self.solution.last

    @property
    def _terms(self) -> int:
        """Most numbers that are added to one of an occupancy."""
        return int(self.solution.visits[:, 0].size)

    @property
    def powers(self) -> Array:
        """γ^t for t = 0 … T; (1,) of 1 where there is no limit, as visits are discounted already."""
        if self.conventions.horizon != "fixed":
            return np.ones(1)
        return np.asarray(self.process.discount ** np.arange(self.process.horizon + 1.0))

    def _power_error(self, arithmetic: FloatModel) -> float:
        return (self.process.horizon + arithmetic.kappa) * arithmetic.u

    def counted(self, visits: Array, last: Array, *, normalised: bool = True) -> Array:
        """Visits, (T, S, A, S + 1) and those after the last step, as the conventions count them."""
        of = self.conventions
        powers = self.powers if of.occupancy_scale.startswith("discounted") else np.ones(len(self.powers))
        found = visits.sum(axis=3) * powers[: len(visits), None, None]
        if of.visits == "states":
            found = np.concatenate([found.sum(axis=2), (last * powers[-1])[None]])[:, :, None]
        axes = tuple(place for place, axis in enumerate("tsa") if axis not in of.occupancy_axes)
        found = found.sum(axis=axes)
        scaled = normalised and of.occupancy_scale.endswith("normalised")
        return np.asarray(found / found.sum() if scaled else found)

    @cached_property
    def demonstration_gradient(self) -> Expected:
        """∂/∂θ of the declared objective over the demonstrations (D3)."""
        if self.conventions.objective == "likelihood":
            value, errors = self._likelihood_gradient()
        else:
            data, model = self.data_features, self.model_features(*self.visits)
            value = data - model
            errors = [
                self._dual_error(*each)
                for each in zip((self.arithmetic, REFERENCE), self._errors, strict=True)
            ]
        scale = self.scale
        errors = [scale * each for each in errors]
        return Expected(scale * value, errors[0] + errors[1], errors[1])

    @cached_property
    def objective_error(self) -> float:
        """B of the objective whose gradient that is, for differences of it."""
        steps, found = self.case.expert.steps, 0.0
        size = float(self._of_data(np.abs(self.process.features)) @ np.abs(self.case.theta))
        length = float(self.weight @ steps.mask.sum(axis=1))
        for arithmetic, errors in zip((self.arithmetic, REFERENCE), self._errors, strict=True):
            terms = steps.mask.size * len(self.case.theta) + 4
            of_data = (gamma(arithmetic, terms) + self._power_error(arithmetic)) * size
            of_model = errors.value + 2 * arithmetic.u * abs(self.solution.value)
            if self.conventions.objective == "likelihood":
                largest = float(np.abs(self.solution.action_values).max())
                of_model = length * (
                    float(errors.policy.max()) + (arithmetic.kappa + terms) * arithmetic.u * largest
                )
            found += of_data + of_model
        return self.scale * found

    @cached_property
    def scale(self) -> float:
        """The factor of the objective: 1 for the mean over demonstrations."""
        if self.conventions.demonstrations == "sum":
            return float(len(self.case.expert))
        if self.conventions.demonstrations == "steps":
            return 1.0 / float(self.weight @ self.case.expert.steps.mask.sum(axis=1))
        return 1.0

    @cached_property
    def weight(self) -> Array:
        """(n,) of the demonstrations, summing to one."""
        return np.asarray(self.case.expert.weight / self.case.expert.weight.sum())

    @cached_property
    def data_features(self) -> Array:
        """E_p[Σ_t γ^t φ_t], (d,)."""
        return self._of_data(self.process.features)

    @property
    def data_cost(self) -> float:
        """E_p[Σ_t γ^t c_t]."""
        return float(self.data_features @ self.case.theta)

    def _of_data(self, features: Array) -> Array:
        """Σ w γ^t φ over the steps of the demonstrations, and over the state after the T-th where that counts."""
        steps = self.case.expert.steps
        discount = self.process.discount ** np.arange(steps.mask.shape[1])
        share = self.weight[:, None] * np.where(steps.mask, discount, 0.0)
        seen = features[steps.state, steps.action, steps.next_state]
        total = np.einsum("nt,ntd->d", share, seen)
        if self.conventions.last_state:
            lasting = steps.mask[:, -1] & ~steps.done[:, -1]
            state = np.where(lasting, steps.next_state[:, -1], 0)
            power = self.process.discount**self.process.horizon
            total = total + np.einsum("n,nd->d", self.weight * lasting * power, features[state, 0, 0])
        return np.asarray(total)

    def model_features(self, visits: Array, last: Array, features: Array | None = None) -> Array:
        """Σ visits γ^t φ, (d,)."""
        table = self.process.features if features is None else features
        powers = self.powers
        total = np.einsum("tsax,saxd,t->d", visits, table, powers[: len(visits)])
        if self.conventions.last_state:
            total = total + powers[-1] * (last @ table[:, 0, 0])
        return np.asarray(total)

    def _dual_error(self, arithmetic: FloatModel, errors: Errors) -> Array:
        size = np.abs(self.process.features)
        data, model = self._of_data(size), self.model_features(*self.visits, size)
        steps = self.case.expert.steps.mask.size + 4
        of_data = (gamma(arithmetic, steps) + self._power_error(arithmetic)) * data
        of_model = gamma(arithmetic, self.solution.visits.size + 4) + self._power_error(arithmetic)
        inherited = self.model_features(errors.visits, errors.last, size)
        return np.asarray(of_data + inherited + of_model * model + 3 * arithmetic.u * (data + model))

    def _likelihood_gradient(self) -> tuple[Array, list[Array]]:
        """−E_p[Σ_t ∂ log π(a_t|s_t)/∂θ], with ∂Q = −φ̄ + γ E ∂V and ∂V = E_π ∂Q; for causal entropy."""
        process, policy = self.process, self.solution.policy
        features = np.einsum("sax,saxd->sad", process.transition, process.features)
        of_q, of_v = self._slopes(-features, policy)
        size = np.einsum("sax,saxd->sad", process.transition, np.abs(process.features))
        # What goes into a slope, all of one sign.
        size_q, size_v = self._slopes(size, policy)
        steps = self.case.expert.steps
        time = np.arange(steps.mask.shape[1]) if len(policy) > 1 else np.zeros(steps.mask.shape[1], int)
        share = self.weight[:, None] * steps.mask

        def over_data(of_action: Array, of_state: Array) -> Array:
            chosen = of_action[time, steps.state, steps.action] + of_state[time, steps.state]
            return np.asarray(np.einsum("nt,ntd->d", share, chosen))

        value = -over_data(of_q, -of_v)
        rounding_terms = process.actions * (process.states + 1) + 8
        found = []
        for arithmetic, errors in zip((self.arithmetic, REFERENCE), self._errors, strict=True):
            # Every backup of a slope rounds, and inherits the policy's relative error; their number is that of steps.
            each = float(errors.policy.max()) + gamma(arithmetic, rounding_terms + 12 * process.states)
            length = float(self._expected_length())
            relative = (length + 1.0) * each * (1.0 + length * each)
            relative += gamma(arithmetic, steps.mask.size + 4)
            found.append(relative * over_data(size_q, size_v))
        return value, found

    def _slopes(self, reward: Array, policy: Array) -> tuple[Array, Array]:
        """∂Q, (T, S, A, d), and ∂V, (T, S, d), of a reward (S, A, d) under a policy; T is 1 without a limit."""
        process = self.process
        moves = process.discount * process.live
        if self.conventions.horizon != "fixed":
            average = np.einsum("sa,sad->sd", policy[0], reward)
            kernel = np.einsum("sa,sax->sx", policy[0], moves)
            of_v = np.linalg.solve(np.eye(process.states) - kernel, average)
            return (reward + moves @ of_v)[None], of_v[None]
        beyond = np.zeros((process.states, reward.shape[-1]))
        if self.conventions.last_state:
            beyond = reward[:, 0]
        of_q: list[Array] = []
        of_state: list[Array] = [beyond]
        for at_time in policy[::-1]:
            of_q.append(reward + moves @ of_state[-1])
            of_state.append(np.einsum("sa,sad->sd", at_time, of_q[-1]))
        return np.stack(of_q[::-1]), np.stack(of_state[:0:-1])

    def _expected_length(self) -> float:
        if self.conventions.horizon == "fixed":
            return float(self.process.horizon)
        kernel = self.process.discount * np.einsum("sa,sax->sx", self.solution.policy[0], self.process.live)
        return float(np.linalg.inv(np.eye(self.process.states) - kernel).sum(axis=1).max())
