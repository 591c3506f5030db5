"""MCEIRL's gradient counts T + 1 states, its policy is optimal for T: exits 1 while it is not that of its own value."""

import sys

import numpy as np
import torch
from imitation.algorithms.mce_irl import MCEIRL, mce_partition_fh
from imitation.data.types import Trajectory
from imitation.rewards.reward_nets import BasicRewardNet
from seals.base_envs import TabularModelPOMDP

# One step; action a leads to state a. The demonstration starts in state 0 and chooses state 1.
env = TabularModelPOMDP(
    transition_matrix=np.broadcast_to(np.eye(2), (2, 2, 2)), observation_matrix=np.eye(2), reward_matrix=np.zeros(2),
    horizon=1, initial_state_dist=np.array([1.0, 0.0]),
)  # fmt: skip
demonstration = Trajectory(obs=np.array([0, 1]), acts=np.array([1]), infos=None, terminal=True)
for reward in np.array([0.0, 0.0]), np.array([0.0, 100.0]):
    net = BasicRewardNet(env.observation_space, env.action_space, use_action=False, hid_sizes=()).double()
    net.mlp.dense_final.weight.data[0] = torch.tensor(reward)
    net.mlp.dense_final.bias.data.zero_()
    algorithm = MCEIRL([demonstration], env, net, np.random.default_rng(0), torch.optim.SGD, {"lr": 0.0})
    algorithm._train_step(torch.eye(2, dtype=torch.float64))
    gradient = net.mlp.dense_final.weight.grad[0].numpy()
    own = [(mce_partition_fh(env, reward=reward + h)[0] - mce_partition_fh(env, reward=reward - h)[0])[0, 0] / 2e-3
           for h in 1e-3 * np.eye(2)] - np.array([1.0, 0.0])  # fmt: skip  # V_0 less the demonstration's r(s_0)
    policy = mce_partition_fh(env, reward=reward)[2][0, 0]
    print(f"r = {reward}: policy {policy}, gradient {gradient}, of V_0 − E_D[Σ_t<T r(s_t)] {own.round(6)}")
sys.exit(int(np.abs(gradient - own).max() > 1e-6 and np.abs(policy[1] - 0.5) < 1e-6))
