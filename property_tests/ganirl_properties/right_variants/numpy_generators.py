"""Right variants in NumPy: rewards, policy gradients, and guided cost learning."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .numpy_library import COMPUTED, Array, Library, log_sum_exp, softplus
from .variant import Shelf

SHELF = Shelf("numpy", ("float64", "float32"))


# --- rewards ----------------------------------------------------------------------------------------------------


@SHELF.right("reward-as-two-logs", "The reward is log D − log(1 − D)", "It is log(D/(1 − D)) = ℓ.")
class _TwoLogs(Library):
    def generator_reward(self, case: Any, rows: Any) -> Any:
        logit = self.discriminator_logit(case, rows)
        return -softplus(-logit) + softplus(logit)


class _WithoutB(Library):
    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - self.log_q(case, rows)

    def generator_loss(self, case: Any) -> Any:
        rows = case.generator
        return case.b + (self.cost(case, rows) + self.log_q(case, rows)).mean()


_BASELINE = "E_q[s k] = k E_q[s] = 0: a constant in the reward moves no policy gradient."


@SHELF.right("reward-without-b", "b is left out of the reward", _BASELINE)
class _WithoutBDeclared(_WithoutB):
    conventions = replace(COMPUTED, reward_baseline=True)


@SHELF.right(
    "reward-without-b-undeclared", "b is left out of the reward, undeclared", _BASELINE, declared=False
)
class _WithoutBUndeclared(_WithoutB):
    pass


@SHELF.right("reward-centred", "The batch's mean reward is taken off", _BASELINE)
class _Centred(Library):
    conventions = replace(COMPUTED, reward_baseline=True)
    hidden = ("generator_loss",)

    def generator_reward(self, case: Any, rows: Any) -> Any:
        reward = super().generator_reward(case, rows)
        return reward - reward.mean()


@SHELF.right(
    "entropy-by-the-optimiser",
    "The reward is f = −c − b alone, the policy optimiser is a soft one",
    "A soft optimiser maximises E_q[f − log q] = E_q[ℓ].",
)
class _SoftOptimiser(Library):
    conventions = replace(COMPUTED, entropy_coefficient=1.0, entropy_in="values")
    hidden = ("generator_gradient", "generator_loss")

    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - case.b


@SHELF.right(
    "half-of-the-entropy-by-the-optimiser",
    "The reward carries half of −log q, a soft optimiser the other half",
    "(−c − b − ½ log q) − ½ log q = ℓ.",
)
class _HalfSoft(Library):
    conventions = replace(COMPUTED, entropy_coefficient=0.5, entropy_in="values")
    hidden = ("generator_gradient", "generator_loss")

    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - case.b - self.log_q(case, rows) / 2


@SHELF.right(
    "generator-loss-as-a-divergence",
    "L_G is KL(q‖e^{−c}) + b",
    "E_q[log q − log e^{−c}] + b = E_q[log q + c + b] = −E_q[ℓ].",
)
class _Divergence(Library):
    def generator_loss(self, case: Any) -> Any:
        rows = case.generator
        return (self.log_q(case, rows) - -self.cost(case, rows)).mean() + case.b


# --- policy gradients -------------------------------------------------------------------------------------------


@SHELF.right("mean-reward-as-a-baseline", "Advantages are rewards less their mean", _BASELINE)
class _MeanBaseline(Library):
    def generator_gradient(self, case: Any) -> Any:
        rows = case.generator
        reward = self.generator_reward(case, rows)
        score = self.score(case, rows).sum(axis=1)
        return -np.tensordot((reward - reward.mean()) / len(reward), score, axes=1)


class _Credit(Library):
    """Each step's score with credit of its own; b is a baseline and left out."""

    def generator_gradient(self, case: Any) -> Any:
        rows = case.generator
        steps = rows.steps
        log_pi = self.log_policy(case)[steps.state, steps.action]
        rewards = np.where(steps.mask, -(steps.features @ case.theta) - log_pi, 0)
        weighted = self.credit(rewards, steps.mask) * self.weight(rows)[:, None]
        return -np.tensordot(weighted, self.score(case, rows), axes=2)

    def credit(self, rewards: Array, mask: Array) -> Any:
        """(n, T)."""
        raise NotImplementedError


def _to_go(rewards: Array) -> Any:
    return rewards[:, ::-1].cumsum(axis=1)[:, ::-1]


@SHELF.right(
    "rewards-to-go",
    "A step is credited with what comes from there on",
    "E[s_t | past] = 0: what came before a step drops out of its part.",
)
class _RewardsToGo(_Credit):
    def credit(self, rewards: Array, mask: Array) -> Any:
        return _to_go(rewards)


@SHELF.right(
    "baseline-of-time",
    "Rewards to go, less their mean at each time",
    "A baseline that knows the time alone is a constant of each step, and E[s_t | past] = 0.",
)
class _BaselineOfTime(_Credit):
    def credit(self, rewards: Array, mask: Array) -> Any:
        to_go = _to_go(rewards)
        return to_go - (to_go * mask).sum(axis=0) / np.maximum(mask.sum(axis=0), 1)


@SHELF.right(
    "twice-the-past-as-a-baseline",
    "All rewards, less twice those of the past",
    "Whatever the past holds may be taken off: E[s_t | past] = 0.",
)
class _PastBaseline(_Credit):
    def credit(self, rewards: Array, mask: Array) -> Any:
        return rewards.sum(axis=1, keepdims=True) - 2 * (rewards.cumsum(axis=1) - rewards)


# --- guided cost learning ---------------------------------------------------------------------------------------


@SHELF.right(
    "weights-by-discriminator",
    "Importance weights are D itself",
    "e^{−c}/μ̃ = 2 e^b D: normalised, the factor drops out, and log w = log μ + log D.",
)
class _ByDiscriminator(Library):
    def log_weights(self, case: Any) -> Any:
        found = []
        for rows in (case.expert, case.generator):
            log_d = -softplus(-self.discriminator_logit(case, rows))
            found.append(np.log(self.weight(rows) / 2) + log_d + np.log(log_d.dtype.type(2)) + case.b)
        return np.concatenate(found)


@SHELF.right(
    "costs-side-by-side",
    "E_w[φ] is added up side by side, over one sum of weights",
    "Σ w φ/Σ w over both batches, whichever is added first.",
)
class _SideBySide(Library):
    def irl_gradient(self, case: Any) -> Any:
        log_weights = self.log_weights(case)
        weights = np.exp(log_weights - log_weights.max())
        count = len(case.expert.features)
        weighted = weights[:count] @ case.expert.features + weights[count:] @ case.generator.features
        return case.expert.features.mean(axis=0) - weighted / weights.sum()


@SHELF.right(
    "shifted-costs",
    "Costs are centred before they are exponentiated",
    "log E[e^{−(c − k)}/μ̃] − k = log E[e^{−c}/μ̃]: a shift comes out of the logarithm.",
)
class _Shifted(Library):
    def log_partition(self, case: Any) -> Any:
        shift = self.log_weights(case).mean()
        return log_sum_exp(self.log_weights(case) - shift)[0] + shift


class _Surrogate(Library):
    def irl_loss(self, case: Any) -> Any:
        log_weights = self.log_weights(case)
        share = np.exp(log_weights - log_sum_exp(log_weights))
        cost = np.concatenate([self.cost(case, rows) for rows in (case.expert, case.generator)])
        return self.cost(case, case.expert).mean() - share @ cost


@SHELF.right(
    "surrogate-of-the-irl-loss",
    "L_IRL is E_p[c] − E_w[c], with weights held constant",
    "Its value is another, its gradient E_p[c′] − E_w[c′] is that of eq. (4).",
    declared=False,
)
class _SurrogateValue(_Surrogate):
    pass


VARIANTS = tuple(SHELF.variants)
