"""GAIL in one file, as people write it: a discriminator that owns its network and its optimiser.

It knows nothing of ganirl. The agent's label is 1 and the expert's is 0, as in the paper (Ho and Ermon, 2016).
"""

import torch
import torch.nn.functional as F
from torch import nn


class Actor(nn.Module):
    def __init__(self, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.pi = nn.Sequential(nn.Linear(obs_dim, hidden), nn.Tanh(), nn.Linear(hidden, n_actions))
        self.v = nn.Sequential(nn.Linear(obs_dim, hidden), nn.Tanh(), nn.Linear(hidden, 1))

    def dist(self, obs):
        return torch.distributions.Categorical(logits=self.pi(obs))

    def value(self, obs):
        return self.v(obs).squeeze(-1)


class Discriminator(nn.Module):
    def __init__(self, obs_dim, act_dim, hidden=100, lr=3e-4):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(obs_dim + act_dim, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, 1),
        )
        self.opt = torch.optim.Adam(self.parameters(), lr=lr)
        self.bce = nn.BCELoss()

    def forward(self, obs, act):
        return torch.sigmoid(self.net(torch.cat([obs, act], dim=1)))

    def update(self, agent, expert):
        """One step; returns the loss."""
        d_agent, d_expert = self(*agent), self(*expert)
        loss = self.bce(d_agent, torch.ones_like(d_agent)) + self.bce(d_expert, torch.zeros_like(d_expert))
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    @torch.no_grad()
    def reward(self, obs, act):
        """What the policy is trained to maximise."""
        return torch.log(self(obs, act)).squeeze(-1)


class GAIL:
    def __init__(self, env, demos, horizon=2048, gamma=0.99, lam=0.95, clip=0.2):
        self.env, self.demos = env, demos
        self.horizon, self.gamma, self.lam, self.clip = horizon, gamma, lam, clip
        obs_dim, self.n_actions = env.observation_space.shape[0], int(env.action_space.n)
        self.actor = Actor(obs_dim, self.n_actions)
        self.actor_opt = torch.optim.Adam(self.actor.parameters(), lr=3e-4)
        self.disc = Discriminator(obs_dim, self.n_actions)

    def collect(self):
        obs, done = self.env.reset()[0], False
        keep = {"obs": [], "act": [], "done": []}
        for _ in range(self.horizon):
            o = torch.as_tensor(obs, dtype=torch.float32)
            with torch.no_grad():
                a = self.actor.dist(o).sample()
            obs, _, terminated, truncated, _ = self.env.step(int(a))
            done = terminated or truncated
            for key, value in zip(keep, (o, a, torch.tensor(float(done))), strict=True):
                keep[key].append(value)
            if done:
                obs = self.env.reset()[0]
        return {key: torch.stack(value) for key, value in keep.items()}

    def advantages(self, rewards, values, done):
        adv, last = torch.zeros_like(rewards), 0.0
        for t in reversed(range(len(rewards) - 1)):
            delta = rewards[t] + self.gamma * values[t + 1] * (1 - done[t]) - values[t]
            last = adv[t] = delta + self.gamma * self.lam * (1 - done[t]) * last
        return adv

    def train(self, iterations=500, batch=256, epochs=5):
        for it in range(iterations):
            data = self.collect()
            act = F.one_hot(data["act"], self.n_actions).float()
            for _ in range(epochs):
                i = torch.randint(self.horizon, (batch,))
                j = torch.randint(len(self.demos[0]), (batch,))
                loss = self.disc.update((data["obs"][i], act[i]), (self.demos[0][j], self.demos[1][j]))
            rewards = self.disc.reward(data["obs"], act)
            with torch.no_grad():
                values = self.actor.value(data["obs"])
                old = self.actor.dist(data["obs"]).log_prob(data["act"])
            adv = self.advantages(rewards, values, data["done"])
            for _ in range(epochs):
                ratio = (self.actor.dist(data["obs"]).log_prob(data["act"]) - old).exp()
                clipped = ratio.clamp(1 - self.clip, 1 + self.clip)
                fit = F.mse_loss(self.actor.value(data["obs"]), adv + values)
                self.actor_opt.zero_grad()
                (-torch.min(ratio * adv, clipped * adv).mean() + 0.5 * fit).backward()
                self.actor_opt.step()
            print(f"{it:4d}  disc {loss:.3f}  reward {rewards.mean().item():.3f}")
