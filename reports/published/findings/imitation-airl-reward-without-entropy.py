"""imitation's AIRL hands its policy f, not f − log π: exits 1 while the expert's policy is no fixed point of it."""

import sys

import gymnasium
import numpy as np
import torch
from imitation.algorithms.adversarial.airl import AIRL
from imitation.rewards.reward_nets import BasicRewardNet
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

states, actions = gymnasium.spaces.Box(0, 1, (1,)), gymnasium.spaces.Discrete(2)
# One state, two actions; it is reset once, and never stepped.
never_stepped = {"reset": lambda self, **_: (np.zeros(1, np.float32), {}), "action_space": actions}
venv = DummyVecEnv([type("OneState", (gymnasium.Env,), never_stepped | {"observation_space": states})])
ppo = PPO("MlpPolicy", venv, n_steps=2, batch_size=2, policy_kwargs={"net_arch": []})
net = BasicRewardNet(states, actions, use_state=False, hid_sizes=())
airl = AIRL(demonstrations=None, demo_batch_size=2, venv=venv, gen_algo=ppo, reward_net=net)
expert = torch.tensor([0.8, 0.2])
ppo.policy.action_net.bias.data = expert.log()  # π is the expert's policy, as the state's features are 0
net.mlp.dense_final.weight.data[0] = expert.log()  # and f = log p, the optimum: D = ½
net.mlp.dense_final.bias.data.zero_()
state, action, done = np.zeros((2, 1), np.float32), np.arange(2), np.zeros(2, bool)
tensors = net.preprocess(state, action, state, done)
d = torch.sigmoid(airl.logits_expert_is_high(*tensors, log_policy_act_prob=expert.log())).tolist()
reward = airl.venv_train.reward_fn(state, action, state, done)
print(f"D = {d} for both actions; the policy is fed {reward}, 0 is due to both; ent_coef = {ppo.ent_coef}")
sys.exit(int(np.ptp(reward) > 1e-3 and ppo.ent_coef == 0.0))
