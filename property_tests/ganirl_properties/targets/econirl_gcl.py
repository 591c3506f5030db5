"""The built-in target ``econirl-gcl``: guided cost learning of econirl, as released, in JAX.

What was read in the source of econirl 0.1.1 (contrib/gcl.py, preferences/neural_cost.py):

- log q of a trajectory is Σ_t log(π(a_t|s_t) + 1e-10) (``GCLEstimator._compute_trajectory_log_prob``);
- the weights are e^{−c}/q over the sampled trajectories alone, normalised and held constant
  (``_compute_importance_weights``); demonstrations are no part of them. That they are clipped at 10 times their
  mean is an option, for stability, and switched off here (``importance_clipping``);
- what is minimised is E_p[c] − Σ w c (``loss_fn`` of ``_optimize``), a surrogate with the gradient of the negative
  log-likelihood, whose value is another: no IRL loss is observed. Z is nowhere computed;
- c is a ``NeuralCostFunction``: embeddings of state and action, and a network. Here the embedding of a state is
  its features, and the network has no hidden layer and the weights θ.

The estimator begins its first round, with a sampler that returns the case's rows and with the case's policy for the
uniform one that every first round is played with. Where it would solve for the next policy, its gradient has been
seen, and it is left.
"""

from __future__ import annotations

import math
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import equinox
import jax.numpy as jnp
import numpy as np
from econirl.contrib.gcl import GCLConfig, GCLEstimator
from econirl.core.types import Panel
from econirl.preferences.neural_cost import NeuralCostFunction

from ganirl import Case, Conventions, Rows

from .econirl_cases import SeenEnough, Tables, recorded_gradients, side_of, tables, versions


class _OnCase(GCLEstimator):  # type: ignore[misc]  # the library has no stubs here, so that its class is Any
    """The estimator, with a case's rows for what it samples and a case's policy for the one that it begins with."""

    given: Tables

    def _create_cost_function(self, *_: Any) -> Any:
        return linear_cost(self.given)

    def _sample_trajectories(self, **_: Any) -> Any:
        return self.given.trajectories("generator")

    def _compute_importance_weights(self, cost: Any, _: Any, trajectories: Any) -> Any:
        return super()._compute_importance_weights(cost, self.given.policy, trajectories)

    def _update_policy(self, *_: Any) -> Any:
        raise SeenEnough


class EconirlGCL:
    """Guided cost learning on trajectories."""

    name = "econirl-gcl"
    framework = "numpy"
    departures = MappingProxyType[str, str]({})
    conventions = Conventions(unit="trajectory", log_q="computed", log_z="absent", precisions=("float64",))

    def __init__(self) -> None:
        self.versions = versions()

    def log_q(self, case: Case, rows: Rows) -> Any:
        """(n,) Σ_t log π(a_t|s_t)."""
        given = tables(case)
        log_prob = GCLEstimator()._compute_trajectory_log_prob
        return np.array([log_prob(given.policy, row) for row in given.trajectories(side_of(case, rows))])

    def irl_gradient(self, case: Case) -> Any:
        """(d,) what of E_p[c] − Σ w c reached the optimiser for the network's weights: nothing is 0."""
        given = tables(case)
        estimator = _OnCase(GCLConfig(importance_clipping=math.inf))
        estimator.given = given
        with recorded_gradients() as gradients, suppress(SeenEnough):
            estimator._optimize(Panel(given.trajectories("expert")), None, given.problem, given.still)
        (gradient,) = gradients
        if gradient is None:
            return np.zeros(len(case.theta))
        return np.asarray(gradient.mlp.layers[0].weight)[0, : len(case.theta)]


def linear_cost(given: Tables) -> NeuralCostFunction:
    """Return the library's cost network with c = φ·θ: states are embedded as their features, actions as nothing."""
    states, actions, size = given.features.shape
    cost = NeuralCostFunction(states, actions, embed_dim=size, hidden_dims=[])
    cost.state_embedding = given.features[:, 0]
    cost.action_embedding = jnp.zeros((actions, size), dtype=given.features.dtype)
    weight = np.zeros((1, 2 * size), dtype=given.features.dtype)
    weight[0, :size] = -np.asarray(given.weights)
    of_network = (jnp.asarray(weight), jnp.zeros(1, dtype=weight.dtype))
    cost.mlp = equinox.tree_at(
        lambda network: (network.layers[0].weight, network.layers[0].bias), cost.mlp, of_network
    )
    return cost


target = EconirlGCL()
