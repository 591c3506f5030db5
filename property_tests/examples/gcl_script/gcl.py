"""Guided cost learning in one file, as people write it: a script of functions. It knows nothing of ganirl."""

import argparse
import math

import torch
from torch import nn

HORIZON, GAMMA = 50, 0.99


class CostNet(nn.Module):
    def __init__(self, obs_dim, act_dim, hidden=64):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(obs_dim + act_dim, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, obs, act):
        return self.net(torch.cat([obs, act], dim=-1)).squeeze(-1)


class Policy(nn.Module):
    def __init__(self, obs_dim, n_actions, hidden=64):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(obs_dim, hidden), nn.Tanh(), nn.Linear(hidden, n_actions))

    def dist(self, obs):
        return torch.distributions.Categorical(logits=self.net(obs))


def trajectory_costs(cost_net, obs, act, mask):
    """Sum the costs of padded trajectories, (n, T, …) -> (n,)."""
    return (cost_net(obs, act) * mask).sum(-1)


def log_partition(costs, log_q, log_z):
    """Estimate log Z by importance sampling from half demonstrations, half samples (Finn et al., 2016)."""
    log_mixture = torch.logaddexp(-costs - log_z, log_q) - math.log(2)
    return torch.logsumexp(-costs - log_mixture, dim=0) - math.log(len(costs))


def ioc_loss(demo_costs, samp_costs, demo_log_q, samp_log_q, log_z):
    """The negative log likelihood of the demonstrations under p(τ) ∝ exp(-cost)."""
    assert len(demo_costs) == len(samp_costs)
    costs = torch.cat([demo_costs, samp_costs])
    log_q = torch.cat([demo_log_q, samp_log_q])
    return demo_costs.mean() + log_partition(costs, log_q, log_z)


def rollout(env, policy, n_actions):
    obs, log_q, acts, seen = env.reset()[0], 0.0, [], []
    for _ in range(HORIZON):
        o = torch.as_tensor(obs, dtype=torch.float32)
        d = policy.dist(o)
        a = d.sample()
        seen.append(o)
        acts.append(nn.functional.one_hot(a, n_actions).float())
        log_q = log_q + d.log_prob(a)
        obs, _, terminated, truncated, _ = env.step(int(a))
        if terminated or truncated:
            break
    pad = HORIZON - len(acts)
    mask = torch.cat([torch.ones(len(acts)), torch.zeros(pad)])
    obs = torch.cat([torch.stack(seen), torch.zeros(pad, len(seen[0]))])
    return obs, torch.cat([torch.stack(acts), torch.zeros(pad, n_actions)]), mask, log_q


def collect(env, policy, n, n_actions):
    return [torch.stack(x) for x in zip(*(rollout(env, policy, n_actions) for _ in range(n)), strict=True)]


def discounted(costs, mask):
    weights = GAMMA ** torch.arange(costs.shape[-1])
    return (costs * mask * weights).sum(-1)


def train(env, demos, iterations=200, batch=16):
    obs_dim, n_actions = env.observation_space.shape[0], int(env.action_space.n)
    cost_net, policy = CostNet(obs_dim, n_actions), Policy(obs_dim, n_actions)
    cost_opt = torch.optim.Adam(cost_net.parameters(), lr=1e-3)
    policy_opt = torch.optim.Adam(policy.parameters(), lr=1e-3)
    log_z = torch.zeros(())
    for it in range(iterations):
        obs, act, mask, log_q = collect(env, policy, batch, n_actions)
        pick = torch.randint(len(demos[0]), (batch,))
        d_obs, d_act, d_mask = (x[pick] for x in demos[:3])
        d_log_q = (policy.dist(d_obs).log_prob(d_act.argmax(-1)) * d_mask).sum(-1)
        demo_costs = trajectory_costs(cost_net, d_obs, d_act, d_mask)
        samp_costs = trajectory_costs(cost_net, obs, act, mask)
        loss = ioc_loss(demo_costs, samp_costs, d_log_q.detach(), log_q.detach(), log_z)
        cost_opt.zero_grad()
        loss.backward()
        cost_opt.step()
        with torch.no_grad():
            costs, logs = torch.cat([demo_costs, samp_costs]), torch.cat([d_log_q, log_q])
            log_z = log_partition(costs, logs, log_z)
        advantage = -(samp_costs.detach() + log_q.detach())
        policy_loss = -(log_q * (advantage - advantage.mean())).mean()
        policy_opt.zero_grad()
        policy_loss.backward()
        policy_opt.step()
        if it % 10 == 0:
            print(f"{it:4d}  loss {loss.item():.3f}  log Z {log_z.item():.3f}")
    return cost_net, policy


if __name__ == "__main__":
    import gymnasium

    parser = argparse.ArgumentParser()
    parser.add_argument("--env", default="CartPole-v1")
    parser.add_argument("--demos", default="demos.pt")
    args = parser.parse_args()
    train(gymnasium.make(args.env), torch.load(args.demos))
