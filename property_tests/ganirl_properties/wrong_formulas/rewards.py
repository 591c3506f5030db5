"""Wrong rewards and policy gradients."""

from __future__ import annotations

import numpy as np

from .pipeline import Array, WrongFormula, c_sigmoid, c_softplus


def _normalised(weight: Array, rewards: Array, score: Array) -> Array:
    centred = rewards - weight @ rewards
    spread = np.sqrt(weight @ centred**2) + 1e-8
    return -np.tensordot(weight * centred / spread, score, axes=1)


FORMULAS = (
    WrongFormula(
        "reward-minus-log-one-minus-d",
        "the reward is −log(1 − D), the form of GAIL",
        "imitation #138, #275, #451; gail-airl-ppo.pytorch #11, #14",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: c_softplus(x)},
    ),
    WrongFormula(
        "reward-log-d",
        "the reward is log D alone",
        "the non-saturating GAN's generator loss",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c_softplus(-x)},
    ),
    WrongFormula(
        "reward-log-one-minus-d",
        "the reward is log(1 − D)",
        "the saturating GAN's generator loss with its sign lost",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c_softplus(x)},
    ),
    WrongFormula(
        "reward-d",
        "the reward is D itself",
        "the logarithm forgotten",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: c_sigmoid(x)},
    ),
    WrongFormula(
        "reward-sign",
        "the reward has the wrong sign: log(1 − D) − log D",
        "AIRL's paper, section 3, against its own algorithm 1",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -x},
    ),
    WrongFormula(
        "reward-without-log-q",
        "the reward is f = −c − b alone: −log q, the entropy, is missing from the generator's objective",
        "imitation #451",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c - side.b},
    ),
    WrongFormula(
        "reward-negative-cost",
        "the reward is −c alone: the entropy is missing from the generator's objective, and log Z with it",
        "imitation #451",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c},
    ),
    WrongFormula(
        "reward-entropy-sign",
        "log q enters the reward with the wrong sign",
        "−log π turned over",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c - side.b + lq},
    ),
    WrongFormula(
        "reward-entropy-twice",
        "the entropy is counted twice: an entropy bonus beside a reward that holds −log q",
        "f − log π handed to a maximum-entropy RL algorithm",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: x - lq},
    ),
    WrongFormula(
        "reward-q-for-log-q",
        "q enters the reward in place of log q",
        "f − π for f − log π",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c - side.b - np.exp(lq)},
    ),
    WrongFormula(
        "reward-with-epsilon",
        "1e-8 is added inside the logarithms of the reward",
        "log(D + ε) − log(1 − D + ε)",
        ("E1",),
        {"reward": lambda x, side, c, lq: np.log(c_sigmoid(x) + 1e-8) - np.log(c_sigmoid(-x) + 1e-8)},
    ),
    WrongFormula(
        "reward-clipped",
        "the reward is clipped to ±10",
        "clipping for stability",
        ("E1",),
        {"reward": lambda x, side, c, lq: np.clip(x, -10.0, 10.0)},
    ),
    # Of three that vanish in expectation the first is told where no batch tells which of them it is.
    WrongFormula(
        "policy-gradient-without-rewards",
        "the policy gradient is zero in expectation: no row's score meets that row's reward",
        "log π detached, or rewards that stand in another order",
        ("E3",),
        {"policy_gradient": lambda weight, rewards, score: np.zeros_like(score[0])},
    ),
    WrongFormula(
        "policy-loss-broadcast",
        "(n, 1) rewards meet (n,) log π: each row's score is weighted by the mean reward, zero in expectation",
        "the output of a network keeps its last axis",
        ("E3",),
        {
            "policy_gradient": lambda weight, rewards, score: (
                -(weight @ rewards) * np.tensordot(weight, score, axes=1)
            )
        },
    ),
    WrongFormula(
        "pathwise-gradient",
        "the policy gradient goes through log q only, without the score function: zero in expectation",
        "loss.backward() on −mean(ℓ)",
        ("E3",),
        {"policy_gradient": lambda weight, rewards, score: np.tensordot(weight, score, axes=1)},
    ),
    WrongFormula(
        "policy-ascent",
        "the policy gradient has the wrong sign",
        "ascent for descent",
        ("E3",),
        {"policy_gradient": lambda weight, rewards, score: np.tensordot(weight * rewards, score, axes=1)},
    ),
    WrongFormula(
        "advantage-normalised",
        "rewards are normalised within the batch before the policy gradient",
        "the default of many PPO implementations",
        ("E3",),
        {"policy_gradient": _normalised},
    ),
)
