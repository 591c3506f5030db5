"""Guided cost learning by simulation alone, as one writes it who has a simulator and no table of probabilities.

It knows nothing of ganirl. There is no dynamic programming here and no enumeration: every number is a mean over
rollouts of a random policy, and another one each time.
"""

import numpy as np


class Simulator:
    """A process that can be stepped, many episodes at once."""

    def __init__(self, start, transition, costs, horizon, rng):
        self.start, self.costs, self.horizon, self.rng = start, costs, horizon, rng
        self.cumulative = np.cumsum(transition, axis=-1)
        self.states, self.actions = transition.shape[:2]

    def reset(self, episodes):
        return np.searchsorted(np.cumsum(self.start)[:-1], self.rng.random(episodes), side="right")

    def step(self, state, action):
        """Return the next states, the costs of the step, and whether the episode is over."""
        below = self.cumulative[state, action, :-1] <= self.rng.random(len(state))[:, None]
        following = below.sum(axis=1)
        return following, self.costs[state, action, following], following == self.states


class ImportanceSampler:
    """Z = Σ P e^{−c} over trajectories, by episodes whose actions are drawn uniformly."""

    def __init__(self, simulator, episodes=16):
        self.simulator, self.episodes = simulator, episodes

    def log_weights(self):
        """−Σ c − Σ log π of each episode; the dynamics are in both, and drop out."""
        env = self.simulator
        state, alive = env.reset(self.episodes), np.ones(self.episodes, dtype=bool)
        found = np.zeros(self.episodes)
        for _ in range(env.horizon):
            (here,) = np.nonzero(alive)
            action = env.rng.integers(env.actions, size=len(here))
            following, cost, over = env.step(state[here], action)
            found[here] += np.log(env.actions) - cost
            alive[here] = ~over
            state[here] = np.where(over, 0, following)
        return found

    def partition(self):
        """An estimate of Z, unbiased for any number of episodes."""
        return np.exp(self.log_weights()).mean()

    def log_partition(self):
        """Its logarithm, which is what the loss has; of that, the expectation is too low."""
        return np.log(self.partition())
