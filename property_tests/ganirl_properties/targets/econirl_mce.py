"""The built-in targets ``econirl-mce`` and ``econirl-mce-discounted``: maximum causal entropy IRL of econirl, in JAX.

What was read in the source of econirl 0.1.1 (estimation/mce_irl.py, core/bellman.py, core/solvers.py):

- rewards are φ(s,a)·w (``ActionDependentReward``), here with w = −θ; arrays are made float64 before anything is
  solved (``MCEIRLEstimator._optimize``);
- with ``num_periods`` values and policies are those of T steps (``_soft_value_iteration``), γ = 1 included, and an
  absorbing end is a state that is declared in ``terminal_states``. What is solved for is a zero of the feature
  residual: both sides of it are divided by Σ_t γ^t (``_compute_empirical_features_finite_horizon``,
  ``_compute_expected_features_finite_horizon``), which is taken back here;
- without, they are the fixed point for γ < 1, by ``hybrid_iteration`` to ``inner_tol`` = 1e-8. What is minimised is
  −Σ log π(a|s) over all steps of all demonstrations, with a gradient of its own (``neg_ll_and_grad``); it sees its
  parameters as float32. Visits are discounted and sum to one (``_compute_state_visitation``). ``terminal_states``
  are not used here: the solvers without a horizon do not all heed them, so that no case has an end.

Nothing is fitted: the optimiser is handed a stand-in that keeps the objective at its starting point.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast
from unittest import mock

import jax.numpy as jnp
import jaxopt
import numpy as np
from econirl.core.bellman import SoftBellmanOperator
from econirl.core.types import DDCProblem, Panel, Trajectory
from econirl.estimation.mce_irl import MCEIRLConfig, MCEIRLEstimator
from econirl.preferences.action_reward import ActionDependentReward

from ganirl import Case, Conventions, ProcessConventions

from .econirl_cases import Array, SeenEnough, once_a_case, versions

# JAX compiles every operation anew for every shape: of θ there is one.
_FEATURES = 8


class EconirlMCE:
    """Soft values, policy and gradient of T steps, with an absorbing end for a further state."""

    name = "econirl-mce"
    framework = "numpy"
    departures = MappingProxyType[str, str]({})
    conventions = Conventions(
        unit="process",
        precisions=("float64",),
        process=ProcessConventions(
            entropy="causal",
            horizon="fixed",
            start="given",
            rewards_on="state_action",
            discounts=True,
            occupancy_axes="sa",
            occupancy_scale="discounted",
        ),
    )

    def __init__(self) -> None:
        self.versions = versions()
        self.estimator = MCEIRLEstimator(MCEIRLConfig(compute_se=False))

    def soft_values(self, case: Case) -> Array:
        """(T, S)."""
        return np.asarray(self._solved(case)[0])[:, :-1]

    def policy(self, case: Case) -> Array:
        """(T, S, A)."""
        return np.asarray(self._solved(case)[1])[:, :-1]

    def occupancy(self, case: Case) -> Array:
        """(S, A) discounted visits: the expected features where every state and action is a feature of its own."""
        process = case.mdp
        each = np.eye(process.states * process.actions).reshape(process.states, process.actions, -1)
        return self._expected(case, each)[: each.shape[2]].reshape(each.shape[:2])

    def demonstration_gradient(self, case: Case) -> Array:
        """(d,) the feature residual, which is the gradient in −w."""
        process = case.mdp
        empirical = self.estimator._compute_empirical_features_finite_horizon(
            panel_of(case), rewards_of(_with_end(process.action_features)), process.horizon, process.discount
        )
        found = _steps(case) * np.asarray(empirical)[: len(case.theta)]
        return np.asarray(found - self._expected(case, process.action_features)[: len(case.theta)])

    def _expected(self, case: Case, features: Array) -> Array:
        process = case.mdp
        start = jnp.asarray(np.append(process.start, 0.0))
        found = self.estimator._compute_expected_features_finite_horizon(
            panel_of(case),
            self._solved(case)[1],
            rewards_of(_with_end(features)),
            process.horizon,
            transitions=_transitions(case),
            initial_dist=start,
            discount=process.discount,
        )
        return np.asarray(_steps(case) * np.asarray(found))

    @once_a_case
    def _solved(self, case: Case) -> tuple[Any, Any]:
        process = case.mdp
        problem = DDCProblem(
            process.states + 1, process.actions, discount_factor=process.discount, num_periods=process.horizon
        )
        end = np.arange(process.states + 1) == process.states
        operator = SoftBellmanOperator(problem, _transitions(case), terminal_states=end)
        reward = rewards_of(_with_end(process.action_features)).compute(weights_of(case))
        values, policy, _ = self.estimator._soft_value_iteration(
            operator, reward, num_periods=process.horizon
        )
        return values, policy


class EconirlDiscountedMCE:
    """Soft values, policy, visits and likelihood without a horizon."""

    name = "econirl-mce-discounted"
    framework = "numpy"
    departures = MappingProxyType[str, str]({})
    conventions = Conventions(
        unit="process",
        precisions=("float32",),
        process=ProcessConventions(
            entropy="causal",
            horizon="discounted",
            start="given",
            rewards_on="state_action",
            ends=False,
            tolerance=1e-8,
            occupancy_axes="s",
            occupancy_scale="discounted_normalised",
            objective="likelihood",
            demonstrations="sum",
        ),
    )

    def __init__(self) -> None:
        self.versions = versions()
        self.estimator = MCEIRLEstimator(MCEIRLConfig(compute_se=False))

    def soft_values(self, case: Case) -> Array:
        """(S,)."""
        return np.asarray(self._solved(case)[0])

    def policy(self, case: Case) -> Array:
        """(S, A)."""
        return np.asarray(self._solved(case)[1])

    def occupancy(self, case: Case) -> Array:
        """(S,) discounted visits, which sum to one."""
        start = jnp.asarray(np.asarray(case.mdp.start, dtype=np.float64))
        visits = self.estimator._compute_state_visitation
        return np.asarray(visits(self._solved(case)[1], _live(case), _endless(case), start))

    def demonstration_loss(self, case: Case) -> float:
        """−Σ log π(a|s), as it is minimised."""
        return float(self._objective(case)[0])

    def demonstration_gradient(self, case: Case) -> Array:
        """(d,) its gradient, as the optimiser is handed it, in −w."""
        return -np.asarray(self._objective(case)[1])[: len(case.theta)]

    @once_a_case
    def _solved(self, case: Case) -> tuple[Any, Any]:
        operator = SoftBellmanOperator(_endless(case), _live(case))
        reward = rewards_of(case.mdp.action_features).compute(weights_of(case))
        values, policy, _ = self.estimator._soft_value_iteration(operator, reward)
        return values, policy

    @once_a_case
    def _objective(self, case: Case) -> tuple[Any, Any]:
        with mock.patch.object(jaxopt, "LBFGS", _Evaluated), mock.patch.object(jaxopt, "LBFGSB", _Evaluated):
            try:
                self.estimator._optimize(
                    panel_of(case),
                    rewards_of(case.mdp.action_features),
                    _endless(case),
                    _live(case),
                    initial_params=weights_of(case),
                )
            except SeenEnough as seen:
                return cast(tuple[Any, Any], seen.value)
        raise RuntimeError("econirl no longer minimises by jaxopt.LBFGS")


class _Evaluated:
    """In place of an optimiser: evaluates the objective that it is handed, once."""

    def __init__(self, fun: Any, **_: Any) -> None:
        self.fun = fun

    def init_state(self, start: Any, *_: Any, **__: Any) -> Any:
        raise SeenEnough(self.fun(start))

    def run(self, start: Any, *_: Any, **__: Any) -> Any:
        raise SeenEnough(self.fun(start))


def panel_of(case: Case) -> Panel:
    """Return the demonstrations as the library's own."""
    steps, mask = case.expert.steps, np.asarray(case.expert.steps.mask)
    names = ("state", "action", "next_state")
    return Panel(
        [
            Trajectory(*(jnp.asarray(np.asarray(getattr(steps, name))[row][mask[row]]) for name in names))
            for row in range(len(mask))
        ]
    )


def rewards_of(features: Array) -> Any:
    """Return rewards that are linear in (S, A, d) features, of which further ones are 0."""
    room = max(0, _FEATURES - features.shape[2])
    wide = np.pad(np.asarray(features, dtype=np.float64), ((0, 0), (0, 0), (0, room)))
    return ActionDependentReward(jnp.asarray(wide), [f"w{k}" for k in range(wide.shape[2])])


def weights_of(case: Case) -> Any:
    """(8,), −θ and zeros."""
    return jnp.asarray(np.pad(-np.asarray(case.theta, dtype=np.float64), (0, _FEATURES - len(case.theta))))


def _with_end(features: Array) -> Array:
    return np.pad(features, ((0, 1), (0, 0), (0, 0)))


def _transitions(case: Case) -> Any:
    """(A, S + 1, S + 1), the end being a state that is never left."""
    process = case.mdp
    found = np.zeros((process.actions, process.states + 1, process.states + 1))
    found[:, :-1] = np.asarray(process.transition).transpose(1, 0, 2)
    found[:, -1, -1] = 1.0
    return jnp.asarray(found)


def _steps(case: Case) -> float:
    """Σ_t γ^t, by which the library divides both sides of its residual."""
    return float(sum(case.mdp.discount**step for step in range(case.mdp.horizon)))


def _live(case: Case) -> Any:
    """(A, S, S)."""
    return jnp.asarray(np.asarray(case.mdp.live, dtype=np.float64).transpose(1, 0, 2))


def _endless(case: Case) -> DDCProblem:
    return DDCProblem(case.mdp.states, case.mdp.actions, discount_factor=float(case.mdp.discount))


target = EconirlMCE()
discounted = EconirlDiscountedMCE()
