"""econirl's solvers without a horizon walk on through terminal states: exits 1 while they do."""

import sys

import jax.numpy as jnp
import numpy as np
from econirl.core.bellman import SoftBellmanOperator
from econirl.core.solvers import hybrid_iteration, policy_iteration, value_iteration
from econirl.core.types import DDCProblem

# State 0 goes to the terminal state 1 half of the time, whatever the action. V(1) = 0, V(0) = log Σ exp(r + 0.45 V(0)).
transitions = jnp.array([[[0.5, 0.5], [0.0, 1.0]]] * 2)
reward = jnp.array([[0.0, 1.0], [0.0, 0.0]])
operator = SoftBellmanOperator(DDCProblem(2, 2, 0.9), transitions, terminal_states=np.array([False, True]))
expected = np.log(1 + np.e) / (1 - 0.45)
wrong = False
for solver in (policy_iteration, value_iteration, hybrid_iteration):
    result = solver(operator, reward, tol=1e-10, max_iter=2000)
    print(
        f"{solver.__name__}: V(0) = {float(result.V[0]):.6g}, expected {expected:.6g}; converged {result.converged}"
    )
    wrong = wrong or abs(float(result.V[0]) - expected) > 1e-6
sys.exit(int(wrong))
