"""MCEIRL documents one-hot demonstrations: floats raise, integers are miscounted. Exits 1 while either is so."""

import sys

import numpy as np
from imitation.algorithms.mce_irl import MCEIRL
from imitation.data.types import Trajectory
from imitation.rewards.reward_nets import BasicRewardNet
from seals.base_envs import TabularModelPOMDP

env = TabularModelPOMDP(
    transition_matrix=np.full((3, 1, 3), 1 / 3),
    observation_matrix=np.eye(3),
    reward_matrix=np.zeros(3),
    horizon=1,
)
wrong = 0
for kind in (float, int):
    one_hot = np.eye(3, dtype=kind)[[1, 2]]  # one step, from state 1 to state 2
    demonstration = Trajectory(obs=one_hot, acts=np.array([0]), infos=None, terminal=True)
    net = BasicRewardNet(env.observation_space, env.action_space, use_action=False, hid_sizes=())
    try:
        found = MCEIRL([demonstration], env, net, np.random.default_rng(0)).demo_state_om
    except IndexError as error:
        found = f"IndexError: {error}"
    print(f"one-hot observations of {kind.__name__}: {found}, expected [0. 1. 1.]")
    wrong += isinstance(found, str) or not np.array_equal(found, [0, 1, 1])
sys.exit(int(wrong > 0))
