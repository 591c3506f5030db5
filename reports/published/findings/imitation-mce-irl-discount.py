"""MCEIRL with a discount trains another policy than it returns: exits 1 while the gradient is not 0 at the truth."""

import sys

import numpy as np
import torch
from imitation.algorithms.mce_irl import MCEIRL, mce_occupancy_measures, mce_partition_fh
from imitation.rewards.reward_nets import BasicRewardNet
from seals.base_envs import TabularModelPOMDP

# Two steps; action a leads to state a, which pays its reward at the step that leaves it.
env = TabularModelPOMDP(
    transition_matrix=np.broadcast_to(np.eye(2), (2, 2, 2)), observation_matrix=np.eye(2), reward_matrix=np.zeros(2),
    horizon=2, initial_state_dist=np.array([1.0, 0.0]),
)  # fmt: skip
reward, discount = np.array([0.0, 2.0]), 0.5
# The expert is the library's own soft-optimal policy for the true reward and this discount, its visits exact.
_, _, expert = mce_partition_fh(env, reward=reward, discount=discount)
_, visits = mce_occupancy_measures(env, reward=reward, pi=expert, discount=discount)

net = BasicRewardNet(env.observation_space, env.action_space, use_action=False, hid_sizes=()).double()
net.mlp.dense_final.weight.data[0] = torch.tensor(reward)
net.mlp.dense_final.bias.data.zero_()
in_place = torch.optim.SGD, {"lr": 0.0}
algorithm = MCEIRL(visits, env, net, np.random.default_rng(0), *in_place, discount=discount)
algorithm._train_step(torch.eye(2, dtype=torch.float64))
gradient = net.mlp.dense_final.weight.grad[0].numpy()
print(f"expert π(1|s_0) = {expert[0, 0, 1]:.4f}; gradient at the expert's own reward: {gradient}, expected 0")
sys.exit(int(np.abs(gradient).max() > 1e-6))
