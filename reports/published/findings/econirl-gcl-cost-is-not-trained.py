"""econirl's guided cost learning leaves its cost network as it was made: exits 1 while that is so."""

import sys

import jax.numpy as jnp
import numpy as np
from econirl.contrib.gcl import GCLConfig, GCLEstimator
from econirl.core.types import DDCProblem, Panel, Trajectory

# Two states, two actions, chance decides where one goes. The demonstrator always takes action 1.
chance = jnp.full((2, 2, 2), 0.5)
trajectory = Trajectory(jnp.array([0, 1, 0]), jnp.array([1, 1, 1]), jnp.array([1, 0, 1]))
settings = {"n_sample_trajectories": 4, "trajectory_length": 2, "cost_lr": 0.1, "convergence_tol": 0.0}
costs = []
for iterations in (1, 5):
    estimator = GCLEstimator(GCLConfig(max_iterations=iterations, **settings), seed=0)
    result = estimator.estimate(Panel([trajectory] * 4), None, DDCProblem(2, 2, discount_factor=0.9), chance)
    costs.append(np.asarray(estimator.cost_function_.compute()))
    print(f"after {iterations} iterations: cost {costs[-1].round(6).tolist()}")
print("policy, with demonstrations of action 1 alone:", np.asarray(result.policy).round(4).tolist())
sys.exit(int(np.array_equal(costs[0], costs[1])))
