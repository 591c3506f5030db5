"""AIRL in one file, as people write it: a trainer with a policy, g and h. It knows nothing of ganirl."""

import itertools

import torch
import torch.nn.functional as F
from torch import nn


def mlp(sizes, activation=nn.ReLU):
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers[:-1])


class DiscretePolicy(nn.Module):
    def __init__(self, obs_dim, n_actions, units=(64, 64)):
        super().__init__()
        self.net = mlp([obs_dim, *units, n_actions], nn.Tanh)

    def sample(self, states):
        dist = torch.distributions.Categorical(logits=self.net(states))
        actions = dist.sample()
        return actions, dist.log_prob(actions)

    def evaluate_log_pi(self, states, actions):
        return F.log_softmax(self.net(states), dim=-1).gather(-1, actions.unsqueeze(-1)).squeeze(-1)


class AIRLDiscrim(nn.Module):
    """f(s, s') = g(s) + γ (1 − done) h(s') − h(s)."""

    def __init__(self, obs_dim, gamma, units_r=(64, 64), units_v=(64, 64)):
        super().__init__()
        self.g = mlp([obs_dim, *units_r, 1])
        self.h = mlp([obs_dim, *units_v, 1])
        self.gamma = gamma

    def f(self, states, dones, next_states):
        rs = self.g(states).squeeze(-1)
        vs = self.h(states).squeeze(-1)
        next_vs = self.h(next_states).squeeze(-1)
        return rs + self.gamma * (1 - dones) * next_vs - vs

    def forward(self, states, dones, log_pis, next_states):
        # Discriminator's output is sigmoid(f - log_pi).
        return self.f(states, dones, next_states) - log_pis

    def calculate_reward(self, states, dones, log_pis, next_states):
        with torch.no_grad():
            logits = self.forward(states, dones, log_pis, next_states)
            return -F.logsigmoid(-logits)


class AIRL:
    def __init__(
        self, obs_dim, n_actions, demos=None, gamma=0.995, lr_disc=3e-4, lr_policy=3e-4, batch_size=64
    ):
        self.policy = DiscretePolicy(obs_dim, n_actions)
        self.disc = AIRLDiscrim(obs_dim, gamma)
        self.optim_policy = torch.optim.Adam(self.policy.parameters(), lr=lr_policy)
        self.optim_disc = torch.optim.Adam(self.disc.parameters(), lr=lr_disc)
        self.demos, self.gamma, self.batch_size = demos, gamma, batch_size

    def update_disc(self, agent, expert):
        """One step on (states, actions, dones, next_states) of both; returns the loss."""
        states, actions, dones, next_states = agent
        states_exp, actions_exp, dones_exp, next_states_exp = expert
        with torch.no_grad():
            log_pis = self.policy.evaluate_log_pi(states, actions)
            log_pis_exp = self.policy.evaluate_log_pi(states_exp, actions_exp)
        logits_pi = self.disc(states, dones, log_pis, next_states)
        logits_exp = self.disc(states_exp, dones_exp, log_pis_exp, next_states_exp)
        loss_pi = -F.logsigmoid(-logits_pi).mean()
        loss_exp = -F.logsigmoid(logits_exp).mean()
        loss_disc = loss_pi + loss_exp
        self.optim_disc.zero_grad()
        loss_disc.backward()
        self.optim_disc.step()
        return loss_disc.item()

    def rewards(self, states, actions, dones, next_states):
        """What the policy is trained to maximise."""
        with torch.no_grad():
            log_pis = self.policy.evaluate_log_pi(states, actions)
        return self.disc.calculate_reward(states, dones, log_pis, next_states)

    def update_policy(self, states, actions, dones, next_states):
        rewards, returns, acc = self.rewards(states, actions, dones, next_states), [], 0.0
        for r, done in zip(rewards.flip(0), dones.flip(0), strict=True):
            acc = r + self.gamma * (1 - done) * acc
            returns.append(acc)
        returns = torch.stack(returns[::-1])
        returns = (returns - returns.mean()) / (returns.std() + 1e-8)
        loss = -(self.policy.evaluate_log_pi(states, actions) * returns).mean()
        self.optim_policy.zero_grad()
        loss.backward()
        self.optim_policy.step()

    def collect(self, env, steps):
        state, out = torch.as_tensor(env.reset()[0], dtype=torch.float32), []
        for _ in range(steps):
            with torch.no_grad():
                action, _ = self.policy.sample(state)
            obs, _, terminated, truncated, _ = env.step(int(action))
            next_state = torch.as_tensor(obs, dtype=torch.float32)
            out.append((state, action, torch.tensor(float(terminated)), next_state))
            state = next_state
            if terminated or truncated:
                state = torch.as_tensor(env.reset()[0], dtype=torch.float32)
        return [torch.stack(x) for x in zip(*out, strict=True)]

    def train(self, env, iterations=500, steps=2048, epochs_disc=10):
        for it in range(iterations):
            agent = self.collect(env, steps)
            for _ in range(epochs_disc):
                i = torch.randint(steps, (self.batch_size,))
                j = torch.randint(len(self.demos[0]), (self.batch_size,))
                loss = self.update_disc([x[i] for x in agent], [x[j] for x in self.demos])
            self.update_policy(*agent)
            print(f"{it:4d}  disc {loss:.3f}")
