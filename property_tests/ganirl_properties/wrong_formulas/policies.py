"""More wrong rewards, generator losses and policy gradients."""

from __future__ import annotations

import numpy as np

from .pipeline import Array, WrongFormula, c_sigmoid, c_softplus


def _standardised(x: Array, side: object, c: Array, lq: Array) -> Array:
    del side, c, lq
    centred = x - x.mean()
    return np.asarray(centred / (np.sqrt((centred**2).mean()) + 1e-8))


def _gradient(weight: Array, advantage: Array, score: Array) -> Array:
    return -np.tensordot(weight * advantage, score, axes=1)


FORMULAS = (
    WrongFormula(
        "reward-minus-log-one-minus-d-with-epsilon",
        "the reward is −log(1 − D + 1e-8), the form of GAIL with a constant inside the logarithm",
        "the reward of many single-file implementations of GAIL",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -np.log(c_sigmoid(-x) + 1e-8)},
    ),
    WrongFormula(
        "reward-log-one-minus-d-with-epsilon",
        "the reward is log(1 − D + 1e-8)",
        "GAIL's reward with its sign lost, and a constant inside the logarithm",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: np.log(c_sigmoid(-x) + 1e-8)},
    ),
    WrongFormula(
        "reward-log-d-with-epsilon",
        "the reward is log(D + 1e-8)",
        "the non-saturating generator loss with a constant inside the logarithm",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: np.log(c_sigmoid(x) + 1e-8)},
    ),
    WrongFormula(
        "reward-minus-log-d",
        "the reward is −log D",
        "the sign of log D turned over",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: c_softplus(-x)},
    ),
    WrongFormula(
        "reward-one-minus-d",
        "the reward is 1 − D",
        "the label of the generator taken for the expert's",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: c_sigmoid(-x)},
    ),
    WrongFormula(
        "reward-sum-of-logs",
        "the reward is log D + log(1 − D)",
        "a sign lost in log D − log(1 − D)",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c_softplus(-x) - c_softplus(x)},
    ),
    WrongFormula(
        "reward-odds",
        "the reward is D/(1 − D)",
        "the logarithm forgotten",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: np.exp(x)},
    ),
    WrongFormula(
        "reward-forward-kl",
        "the reward is −ℓ e^ℓ, that of the forward KL divergence",
        "FAIRL's reward in AIRL's place",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -x * np.exp(x)},
    ),
    WrongFormula(
        "reward-least-squares",
        "the reward is max(0, 1 − ¼(D − 1)²)",
        "the reward of adversarial motion priors",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: np.maximum(0.0, 1.0 - 0.25 * (c_sigmoid(x) - 1.0) ** 2)},
    ),
    WrongFormula(
        "reward-positive-part",
        "negative rewards are cut off",
        "max(r, 0): every episode should be long",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: np.maximum(x, 0.0)},
    ),
    WrongFormula(
        "reward-thresholded",
        "the reward is the sign of ℓ",
        "accuracy's prediction reused",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: np.sign(x)},
    ),
    WrongFormula(
        "reward-squashed",
        "the reward is tanh ℓ",
        "squashing for stability",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: np.tanh(x)},
    ),
    WrongFormula(
        "reward-halved",
        "the reward is ½ ℓ",
        "a reward scale left in: the entropy's weight is that of the policy optimiser's reward",
        ("E1",),
        {"reward": lambda x, side, c, lq: 0.5 * x},
    ),
    WrongFormula(
        "reward-standardised",
        "rewards are standardised within the batch",
        "reward normalisation of the RL library left on",
        ("E1",),
        {"reward": _standardised},
    ),
    WrongFormula(
        "reward-over-the-length",
        "the reward is divided by the number of steps",
        "mean() over time",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: x / side.length},
    ),
    WrongFormula(
        "reward-small-entropy",
        "the entropy enters the reward with a weight of 0.01",
        "the default entropy coefficient of a policy optimiser",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -c - side.b - 0.01 * lq},
    ),
    WrongFormula(
        "reward-entropy-alone",
        "the reward is −log q alone",
        "the cost network's output detached to zero",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: -lq},
    ),
    WrongFormula(
        "reward-cost-sign",
        "the cost enters the reward with the wrong sign",
        "cost taken for reward",
        ("E1", "E3"),
        {"reward": lambda x, side, c, lq: c - side.b - lq},
    ),
    WrongFormula(
        "generator-loss-sign",
        "the generator's loss has the wrong sign",
        "E_q[ℓ] minimised",
        ("E1",),
        {"generator_loss": lambda weight, rewards: weight @ rewards},
    ),
    WrongFormula(
        "generator-loss-log-d",
        "the generator's loss is −E_q[log D] while the reward is ℓ",
        "the non-saturating loss of Goodfellow et al.",
        ("E1",),
        {"generator_loss": lambda weight, rewards: weight @ c_softplus(-rewards)},
    ),
    WrongFormula(
        "generator-loss-minimax",
        "the generator's loss is E_q[log(1 − D)] while the reward is ℓ",
        "the minimax loss of Goodfellow et al.",
        ("E1",),
        {"generator_loss": lambda weight, rewards: -(weight @ c_softplus(rewards))},
    ),
    WrongFormula(
        "generator-loss-summed",
        "the generator's loss is a sum over rows",
        "sum() for mean()",
        ("E1",),
        {"generator_loss": lambda weight, rewards: -rewards.sum()},
    ),
    WrongFormula(
        "reward-not-detached",
        "the reward's −log q is differentiated in the policy's loss: the entropy counts twice",
        "detach() forgotten on the reward",
        ("E3",),
        {"policy_reward": lambda x, side, c, lq: x - lq},
    ),
    WrongFormula(
        "policy-reward-without-log-q",
        "the policy is trained without −log q, which its reward has",
        "the entropy subtracted again by the policy optimiser",
        ("E3",),
        {"policy_reward": lambda x, side, c, lq: x + lq},
    ),
    WrongFormula(
        "log-pi-over-the-length",
        "log π is averaged over the steps of a trajectory in the policy's loss",
        "mean() over (batch, time)",
        ("E3",),
        {"policy_reward": lambda x, side, c, lq: x / side.length},
    ),
    WrongFormula(
        "policy-reward-log-z-per-step",
        "b enters the reward of every step that the policy is trained with: an episode that lasts is charged more",
        "a per-step network's bias in the returns",
        ("E3",),
        {"policy_reward": lambda x, side, c, lq: -c - side.b * side.length - lq},
    ),
    WrongFormula(
        "policy-gradient-summed",
        "the policy gradient is a sum over rows, not their mean",
        "sum() for mean()",
        ("E3",),
        {"policy_gradient": lambda weight, rewards, score: _gradient(np.ones_like(weight), rewards, score)},
    ),
    WrongFormula(
        "policy-gradient-of-positive-rewards",
        "rows with a negative reward are left out of the policy gradient",
        "self-imitation's max(advantage, 0)",
        ("E3",),
        {"policy_gradient": lambda weight, rewards, score: _gradient(weight, np.maximum(rewards, 0), score)},
    ),
    WrongFormula(
        "policy-gradient-of-signs",
        "the policy gradient sees the sign of the reward alone",
        "sign() for stability",
        ("E3",),
        {"policy_gradient": lambda weight, rewards, score: _gradient(weight, np.sign(rewards), score)},
    ),
    WrongFormula(
        "policy-gradient-best-row",
        "the policy gradient is that of the row with the largest reward",
        "a cross-entropy method with an elite of one",
        ("E3",),
        {
            "policy_gradient": lambda weight, rewards, score: _gradient(
                (np.arange(len(weight)) == np.argmax(rewards)).astype(float), rewards, score
            )
        },
    ),
    WrongFormula(
        "policy-gradient-clipped",
        "rewards are clipped to ±0.1 in the policy gradient",
        "reward clipping left on",
        ("E3",),
        {
            "policy_gradient": lambda weight, rewards, score: _gradient(
                weight, np.clip(rewards, -0.1, 0.1), score
            )
        },
    ),
    WrongFormula(
        "policy-gradient-reward-squared",
        "the policy gradient weighs by the square of the reward",
        "a mean squared error on the reward",
        ("E3",),
        {"policy_gradient": lambda weight, rewards, score: _gradient(weight, rewards**2, score)},
    ),
)
