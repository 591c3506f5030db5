"""irl_maxent's backward pass walks on through terminal states: exits 1 while its policy and visits are not p(τ)'s."""

import sys

import numpy as np
from irl_maxent.gridworld import GridWorld
from irl_maxent.maxent import compute_expected_svf, local_action_probabilities

world, terminal = GridWorld(2), 3  # cells 0 1 / 2 3; the trajectories end in cell 3
reward = np.array([-3.0, -3.0, -3.0, 0.0])


def partition(reward):
    """Z(s) = Σ e^{Σ r} over the trajectories from s that end in the terminal state; Z = e^r Σ_a P Z, and 1 there."""
    steps = np.exp(reward)[:, None] * world.p_transition.sum(axis=2)
    steps[terminal] = 0.0
    return np.linalg.solve(np.eye(4) - steps, np.eye(4)[terminal])


z = partition(reward)
policy = np.exp(reward)[:3, None] * np.einsum("sxa,x->sa", world.p_transition[:3], z) / z[:3, None]
found = local_action_probabilities(world.p_transition, [terminal], reward)[:3]
print("policy in cell 1, beside the end:", found[1].round(4), "expected", policy[1].round(4))
slope = [np.log(partition(reward + h)[0] / partition(reward - h)[0]) / 2e-4 for h in 1e-4 * np.eye(4)[:3]]
visits = compute_expected_svf(world.p_transition, np.eye(4)[0], [terminal], reward, eps=1e-12)[:3]
print("visits of cells 0 to 2:", visits.round(4), "expected ∂ log Z(0)/∂r =", np.round(slope, 4))
sys.exit(int(np.abs(found - policy).max() > 1e-3 or np.abs(visits - slope).max() > 1e-3))
