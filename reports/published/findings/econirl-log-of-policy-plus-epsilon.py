"""econirl's AIRL reads log(π + 1e-10) where log π is meant: exits 1 while that is so."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from econirl.estimation.adversarial.airl import AIRLConfig, AIRLEstimator

estimator = AIRLEstimator(AIRLConfig(reward_arg="state_action", use_shaping=False))
worst = 0.0
for difference in (1.0, 20.0, 25.0, 40.0):
    values = jnp.array([[0.0, -difference]])
    nought, one, zeros = jnp.array([0]), jnp.array([1]), jnp.zeros((1, 2))
    policy = jax.nn.softmax(values, axis=1)
    logit = float(estimator._compute_airl_logits(nought, one, nought, zeros, jnp.zeros(1), policy, 0.9)[0])
    expected = -float(jax.nn.log_softmax(values, axis=1)[0, 1])
    print(f"π = {float(policy[0, 1]):.3e}: −log π = {expected:.10f}, the logit of f = 0 is {logit:.10f}")
    worst = max(worst, abs(logit - expected))
sys.exit(int(worst > np.sqrt(np.finfo(float).eps)))
