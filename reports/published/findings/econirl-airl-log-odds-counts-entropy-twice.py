"""econirl's AIRL with generator_reward="log_odds" leaves the expert's policy: exits 1 while that is so."""

import sys

import jax.numpy as jnp
import numpy as np
from econirl.core.bellman import SoftBellmanOperator
from econirl.core.types import DDCProblem
from econirl.estimation.adversarial.airl import AIRLConfig, AIRLEstimator

# One state, the expert's policy, and the discriminator that is optimal against it: f = log p, D = ½ everywhere.
expert = jnp.array([[0.8, 0.2]])
f, transitions, problem = jnp.log(expert), jnp.ones((2, 1, 1)), DDCProblem(1, 2, discount_factor=0.5)
found = {}
for generator_reward in ("f", "log_odds"):
    estimator = AIRLEstimator(AIRLConfig(generator_reward=generator_reward, reward_arg="state_action"))
    reward = estimator._compute_generator_reward(f, jnp.zeros(1), expert, transitions, 0.5)
    policy, _ = estimator._compute_policy(reward, SoftBellmanOperator(problem, transitions))
    found[generator_reward] = np.asarray(policy)[0]
    print(
        f"{generator_reward}: the expert's policy (0.8, 0.2) is updated to {found[generator_reward].round(4)}"
    )
sys.exit(int(np.abs(found["log_odds"] - np.asarray(expert)[0]).max() > 1e-3))
