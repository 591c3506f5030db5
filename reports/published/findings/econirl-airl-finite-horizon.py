"""econirl's AIRL cannot be fitted with a finite horizon: exits 1 while that is so."""

import sys

import jax.numpy as jnp
import numpy as np
from econirl.core.bellman import SoftBellmanOperator
from econirl.core.types import DDCProblem
from econirl.estimation.adversarial.airl import AIRLConfig, AIRLEstimator

# Two steps from either of two states; rewards on states and actions. The last step's policy is softmax(r).
reward = jnp.array([[1.0, 0.0], [0.0, 3.0]])
stay_or_go = jnp.stack([jnp.eye(2), jnp.eye(2)[::-1]])
problem = DDCProblem(2, 2, discount_factor=0.9, num_periods=2)
last = np.log(np.exp(reward).sum(axis=1))
first = np.asarray(reward) + 0.9 * np.stack([last, last[::-1]], axis=1)
expected = np.exp(first) / np.exp(first).sum(axis=1, keepdims=True)
operator = SoftBellmanOperator(problem, stay_or_go)
try:
    policy, _ = AIRLEstimator(AIRLConfig())._compute_policy(reward, operator, problem.num_periods)
except Exception as failure:
    print(f"{type(failure).__name__}: {failure}")
    sys.exit(1)
print("policy of the first step:", np.asarray(policy), "expected", expected)
sys.exit(int(np.shape(policy) != (2, 2) or np.abs(np.asarray(policy) - expected).max() > 1e-6))
