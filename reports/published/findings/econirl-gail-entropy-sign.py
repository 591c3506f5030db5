"""econirl's GAIL adds entropy_coef·log π to its reward, which is minus the bonus: exits 1 while that is so."""

import sys

import jax.numpy as jnp
import numpy as np
from econirl.contrib.gail import GAILConfig, GAILEstimator
from econirl.core.types import DDCProblem, Panel, Trajectory

# One state; of ten demonstrated actions eight are action 0. Seed and samples are the same in every run.
expert = Panel([Trajectory(jnp.zeros(10, int), jnp.array([0] * 8 + [1] * 2), jnp.zeros(10, int))])
entropies, rewards = [], []
for coefficient in (0.0, 0.5, 0.9):
    config = GAILConfig(max_rounds=2, discriminator_lr=0.05, entropy_coef=coefficient, compute_se=False)
    result = GAILEstimator(config)._optimize(expert, None, DDCProblem(1, 2, 0.5), jnp.ones((2, 1, 1)))
    policy = np.asarray(result.policy)[0]
    entropies.append(-(policy * np.log(policy)).sum())
    rewards.append(np.array(result.metadata["reward_matrix"])[0])
    print(f"entropy_coef {coefficient}: policy {policy.round(4)}, its entropy {entropies[-1]:.4f}")
print("what the coefficient 0.9 added to the reward of each action:", (rewards[2] - rewards[0]).round(4))
sys.exit(int(entropies[0] > entropies[1] > entropies[2]))
