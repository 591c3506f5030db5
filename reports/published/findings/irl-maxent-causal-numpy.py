"""irl_maxent's causal functions need numpy.float, removed in NumPy 1.24: exits 1 while they raise."""

import sys

import numpy as np
from irl_maxent.gridworld import GridWorld
from irl_maxent.maxent import local_causal_action_probabilities

world = GridWorld(2)
try:
    policy = local_causal_action_probabilities(world.p_transition, [3], np.full(4, -2.0), 0.9)
except AttributeError as error:
    print(f"NumPy {np.__version__}: {str(error).splitlines()[0]}")
    sys.exit(1)
print("policy in cell 1:", policy[1])
