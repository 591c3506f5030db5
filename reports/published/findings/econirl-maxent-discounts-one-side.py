"""econirl's MaxEntIRLEstimator discounts the model's features and not the data's: exits 1 while that is so."""

import sys

import jax.numpy as jnp
import numpy as np
from econirl.contrib.maxent_irl import MaxEntIRLEstimator
from econirl.core.types import DDCProblem, Panel, Trajectory
from econirl.preferences.reward import LinearReward

# State 0 leads to state 1, and that to itself, whatever the action: the demonstrated states are the only possible ones.
onward, steps = jnp.array([[[0.0, 1.0], [0.0, 1.0]]] * 2), 100
states = jnp.array([0] + [1] * (steps - 1))
panel = Panel([Trajectory(states, jnp.zeros(steps, int), jnp.ones(steps, int))])
reward = LinearReward(jnp.array([[1.0], [0.0]]), ["in state 0"])
empirical, expected = MaxEntIRLEstimator().compute_feature_expectations(
    jnp.array([0.0]), reward, DDCProblem(2, 2, discount_factor=0.9), onward, panel
)
print(f"share of state 0: {float(empirical[0]):.4f} of the data, {float(expected[0]):.4f} of the model")
print(
    "so the gradient in its reward is",
    np.asarray(expected - empirical).round(4),
    "at every θ; it should be 0",
)
sys.exit(int(abs(float(empirical[0] - expected[0])) > 1e-3))
