"""The built-in targets ``econirl-airl`` and ``econirl-airl-log-odds``: AIRL of econirl, as released, in JAX.

What was read in the source of econirl 0.1.1 (estimation/adversarial/airl.py):

- the logit is f − log(π(a|s) + 1e-10), f = r(s,a) + γh(s') − h(s) (``AIRLEstimator._compute_airl_logits``, and
  again in ``disc_loss_fn`` of ``_optimize``, the one that is trained). h starts at 0 and stays there;
- the reward is linear, φ·w (``ActionDependentReward``), here with w = −θ and a constant feature with −b;
  starting parameters become float32 (``initial_params`` in ``_optimize``);
- the expert's label is 1; the loss is the sum of both means of softplus (``disc_loss_fn``), and a ridge penalty
  of 1e-8 beside it, which is an option and switched off here (``shaping_l2_penalty``);
- the policy is fed r (``generator_reward="recovered"``, the default) or f − log π (``"log_odds"``) by
  ``_compute_generator_reward``, and is the *soft* optimum of that (``core.solvers.hybrid_iteration``, with the
  logit scale σ = 1): the optimiser adds the entropy of this step and of all later ones.

The estimator runs for two rounds, with a sampler that returns the case's rows and a solver that returns the
case's policy. Its first round is always played with a uniform policy: there the discriminator takes no step.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
from econirl.core.types import Panel, Trajectory
from econirl.estimation.adversarial.airl import AIRLConfig, AIRLEstimator
from econirl.preferences.action_reward import ActionDependentReward

from ganirl import Case, Conventions, Gradient, Rows

from .econirl_cases import Tables, once_a_case, recorded_gradients, side_of, tables, versions


class _OnCase(AIRLEstimator):  # type: ignore[misc]  # the library has no stubs here, so that its class is Any
    """The estimator, with a case's rows for what its policy samples and a case's policy for what it solves."""

    given: Tables

    def _sample_transitions_from_policy(self, *_: Any) -> tuple[Any, Any, Any]:
        states, actions = self.given.batch("generator")
        return states, actions, states

    def _compute_policy(self, *_: Any) -> tuple[Any, Any]:
        self.config.discriminator_steps = 1  # from now on the policy is the case's
        return self.given.policy, self.given.nothing


class EconirlAIRL:
    """AIRL on transitions."""

    framework = "numpy"
    departures = MappingProxyType[str, str]({})
    conventions = Conventions(
        unit="transition",
        expert_label=1,
        loss_scale="sum_of_means",
        loss_form="softplus",
        log_q="computed",
        log_z="bias",
        entropy_coefficient=1.0,
        entropy_in="values",
        precisions=("float32",),
    )

    def __init__(self, name: str, generator_reward: str) -> None:
        self.name = name
        self.fed = generator_reward
        self.versions = versions()

    def discriminator_logit(self, case: Case, rows: Rows) -> Any:
        """(n,) f − log π."""
        given = tables(case)
        states, actions = given.every
        rewards = _utility(given).compute(given.weights)
        logits = self._estimator(given)._compute_airl_logits(
            states, actions, states, rewards, given.nothing, given.policy, given.problem.discount_factor
        )
        return given.of_rows(logits, side_of(case, rows))

    def discriminator_loss(self, case: Case) -> float:
        """Return the loss that the second round reports."""
        return self._trained(case)[0]

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L/∂θ and ∂L/∂b: minus what reached the optimiser for the reward's parameters."""
        gradient, size = -np.asarray(self._trained(case)[1]["reward"]), len(case.theta)
        return Gradient(gradient[:size], gradient[size])

    def generator_reward(self, case: Case, rows: Rows) -> Any:
        """(n,) what soft value iteration is fed for these states and actions."""
        given = tables(case)
        rewards = self._estimator(given)._compute_generator_reward(
            _utility(given).compute(given.weights),
            given.nothing,
            given.policy,
            given.still,
            given.problem.discount_factor,
        )
        return given.of_rows(rewards, side_of(case, rows))

    @once_a_case
    def _trained(self, case: Case) -> tuple[float, Any]:
        given = tables(case)
        states, actions = given.batch("expert")
        with recorded_gradients() as gradients:
            result = self._estimator(given)._optimize(
                Panel([Trajectory(states, actions, states)]),
                _utility(given),
                given.problem,
                given.still,
                initial_params=given.weights,
            )
        (gradient,) = gradients
        return result.metadata["disc_losses"][1], gradient

    def _estimator(self, given: Tables) -> _OnCase:
        estimator = _OnCase(
            AIRLConfig(
                reward_type="linear",
                reward_arg="state_action",
                discriminator_steps=0,
                max_rounds=2,
                shaping_l2_penalty=0.0,
                generator_reward=self.fed,
            )
        )
        estimator.given = given
        return estimator


def _utility(given: Tables) -> Any:
    return ActionDependentReward(given.features, [f"w{k}" for k in range(len(given.weights))])


target = EconirlAIRL("econirl-airl", "recovered")
log_odds = EconirlAIRL("econirl-airl-log-odds", "log_odds")
