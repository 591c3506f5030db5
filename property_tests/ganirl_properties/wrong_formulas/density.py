"""Wrong logits and densities."""

from __future__ import annotations

import numpy as np

from ganirl.logspace import log_normalise

from .pipeline import Array, Side, WrongFormula, clip, cost, log_q, of_actions, over_steps

CORE = ("A4", "B1", "C1", "C2")


def _steps_mean_log_q(side: Side) -> Array:
    return over_steps(side.log_pi) / side.length


def _unmasked_log_q(side: Side) -> Array:
    steps = side.rows.steps
    return over_steps(log_normalise(side.case.policy_logits)[steps.state, steps.action])


def _mask_inverted(side: Side) -> Array:
    steps = side.rows.steps
    table = log_normalise(side.case.policy_logits)
    return over_steps(np.where(steps.mask, 0.0, table[steps.state, steps.action]))


def _without_last_step(side: Side) -> Array:
    log_pi = side.log_pi.copy()
    log_pi[np.arange(len(log_pi)), side.length - 1] = 0.0
    return over_steps(log_pi)


def _first_step_only(side: Side) -> Array:
    return np.asarray(side.log_pi[:, 0])


def _greedy_log_q(side: Side) -> Array:
    steps = side.rows.steps
    best = log_normalise(side.case.policy_logits).max(axis=1)
    return over_steps(np.where(steps.mask, best[steps.state], 0.0))


def _unnormalised(side: Side) -> Array:
    return of_actions(side, side.case.policy_logits)


def _wrong_axis(side: Side) -> Array:
    return of_actions(side, log_normalise(side.case.policy_logits, axis=0))


def _tempered(side: Side) -> Array:
    return of_actions(side, log_normalise(0.9 * side.case.policy_logits))


def _clamped_pi(side: Side) -> Array:
    return over_steps(np.maximum(side.log_pi, -2.0))


def _floored_pi(side: Side) -> Array:
    return over_steps(np.where(side.rows.steps.mask, np.log(np.exp(side.log_pi) + 1e-3), 0.0))


def _pi_with_epsilon(side: Side) -> Array:
    return over_steps(np.where(side.rows.steps.mask, np.log(np.exp(side.log_pi) + 1e-10), 0.0))


def _of_first_state(side: Side) -> Array:
    steps = side.rows.steps
    table = log_normalise(side.case.policy_logits)
    return over_steps(np.where(steps.mask, table[steps.state[:, :1], steps.action], 0.0))


def _of_next_state(side: Side) -> Array:
    steps = side.rows.steps
    table = log_normalise(side.case.policy_logits)
    return over_steps(np.where(steps.mask, table[steps.next_state % len(table), steps.action], 0.0))


def _with_exploration(side: Side) -> Array:
    actions = side.case.policy_logits.shape[1]
    mixed = np.log(0.99 * np.exp(log_normalise(side.case.policy_logits)) + 0.01 / actions)
    return of_actions(side, mixed)


def _floored_log_pi(side: Side) -> Array:
    return over_steps(np.where(np.real(side.log_pi) < -20.0, -20.0, side.log_pi))


def _log_of_a_product(side: Side) -> Array:
    return np.asarray(np.log(np.exp(side.log_pi).prod(axis=1) + 1e-300))


def _clamped_as_by_torch(side: Side) -> Array:
    least = np.log(2.0**-23)
    density = np.where(np.real(side.log_pi) < least, least, side.log_pi)
    return over_steps(np.where(side.rows.steps.mask, density, 0.0))


def _entropy_of_policy(side: Side) -> Array:
    table = log_normalise(side.case.policy_logits)
    negative_entropy = (np.exp(table) * table).sum(axis=1)
    steps = side.rows.steps
    return over_steps(np.where(steps.mask, negative_entropy[steps.state], 0.0))


def _mean_cost(side: Side) -> Array:
    return np.asarray(cost(side) / side.length)


def _cost_without_last_step(side: Side) -> Array:
    steps = side.rows.steps
    last = np.arange(steps.mask.shape[1])[None, :] == side.length[:, None] - 1
    kept = np.where((steps.mask & ~last)[..., None], steps.features, 0.0)
    return np.asarray(kept.sum(axis=1) @ side.theta)


def _discounted_cost(side: Side) -> Array:
    steps = side.rows.steps
    discount = 0.99 ** np.arange(steps.mask.shape[1])
    return np.asarray((steps.features * discount[None, :, None]).sum(axis=1) @ side.theta)


FORMULAS = (
    WrongFormula(
        "no-log-q",
        "log q is missing from the logit",
        "GAIL's discriminator used as AIRL's",
        (*CORE, "E1"),
        {"logit": lambda side, c, lq: -c - side.b},
    ),
    WrongFormula(
        "no-log-z",
        "log Z is missing from the logit",
        "the bias was left out with the network's last layer",
        ("A4", "B2", "A6"),
        {"logit": lambda side, c, lq: -c - lq},
    ),
    WrongFormula(
        "log-z-detached",
        "no gradient reaches log Z",
        "log Z kept as a buffer, or detached",
        ("B2",),
        {"loss_b": np.real},
    ),
    WrongFormula(
        "log-z-sign",
        "log Z enters the logit with the wrong sign",
        "'log Z as the bias of the sigmoid', Finn et al. section 3.1: the bias is −log Z",
        (*CORE, "B2"),
        {"logit": lambda side, c, lq: -c + side.b - lq},
    ),
    WrongFormula(
        "cost-sign",
        "the cost enters the logit with the wrong sign",
        "reward and cost confused",
        CORE,
        {"logit": lambda side, c, lq: c - side.b - lq},
    ),
    WrongFormula(
        "log-q-sign",
        "log q enters the logit with the wrong sign",
        "the ratio turned over in one of its two parts",
        CORE,
        {"logit": lambda side, c, lq: -c - side.b + lq},
    ),
    WrongFormula(
        "energy-sign",
        "the logit is E − log q, as printed in section 4 of Finn et al.; it must be −E − log Z − log q",
        "Finn et al. 2016, section 4, taken literally",
        CORE,
        {"logit": lambda side, c, lq: c - lq},
    ),
    WrongFormula(
        "logit-flipped",
        "the logit is turned over while the loss keeps the expert's label at 1",
        "columns swapped (guided-cost-learning #1)",
        ("A4", "C1"),
        {"logit": lambda side, c, lq: c + side.b + lq},
    ),
    WrongFormula(
        "q-for-log-q",
        "q enters the logit in place of log q",
        "prob() called for log_prob()",
        CORE,
        {"logit": lambda side, c, lq: -c - side.b - np.exp(lq)},
    ),
    WrongFormula(
        "log-q-mean-over-time",
        "log q is the mean over steps, not the sum",
        "mean() over (batch, time)",
        ("A4",),
        {"log_q": _steps_mean_log_q},
    ),
    WrongFormula(
        "log-q-unmasked",
        "log q counts the padding after a trajectory's end",
        "mask forgotten for log π",
        ("A4",),
        {"log_q": _unmasked_log_q},
    ),
    WrongFormula(
        "log-q-mask-inverted",
        "log q counts the padding after a trajectory's end, and nothing before it",
        "done taken for its complement",
        ("A4",),
        {"log_q": _mask_inverted},
    ),
    WrongFormula(
        "log-q-last-step-dropped",
        "log q leaves out the last step",
        "off by one at the end of an episode",
        ("A4",),
        {"log_q": _without_last_step},
    ),
    WrongFormula(
        "log-q-first-step",
        "log q is that of the first step alone",
        "steps taken for trajectories (DI-engine #627)",
        ("A4",),
        {"log_q": _first_step_only},
    ),
    WrongFormula(
        "log-q-greedy",
        "log q is that of the most likely action, not of the action taken",
        "deterministic policy in evaluation mode",
        ("A4",),
        {"log_q": _greedy_log_q},
    ),
    WrongFormula(
        "log-q-unnormalised",
        "policy logits are used as log q without normalisation",
        "log_softmax forgotten",
        ("A4",),
        {"log_q": _unnormalised},
    ),
    WrongFormula(
        "log-q-wrong-axis",
        "the policy's softmax runs over states, not over actions",
        "dim=0",
        ("A4",),
        {"log_q": _wrong_axis},
    ),
    WrongFormula(
        "log-q-tempered",
        "log q is that of a policy at another temperature (0.9)",
        "exploration temperature left in",
        ("A4",),
        {"log_q": _tempered},
    ),
    WrongFormula(
        "log-pi-clamped",
        "log π is clamped from below (at −2)",
        "guard against −∞",
        ("A4",),
        {"log_q": _clamped_pi},
    ),
    WrongFormula(
        "log-pi-floored",
        "a constant (1e-3) is added to π inside the logarithm",
        "log(π + ε)",
        ("A4",),
        {"log_q": _floored_pi},
    ),
    WrongFormula(
        "log-pi-with-epsilon",
        "1e-10 is added to π inside the logarithm: log π is never below −23.03, and off by 1e-10/π",
        "guard against log 0 where log_softmax is at hand",
        ("A4",),
        {"log_q": _pi_with_epsilon},
    ),
    WrongFormula(
        "log-q-of-the-first-state",
        "every step's log π is that of the first state",
        "a policy evaluated once a trajectory, and its output broadcast over time",
        ("A4",),
        {"log_q": _of_first_state},
    ),
    WrongFormula(
        "log-q-of-the-next-state",
        "log π(a|s′) stands for log π(a|s)",
        "observations shifted by one against actions in a replay buffer",
        ("A4",),
        {"log_q": _of_next_state},
    ),
    WrongFormula(
        "log-q-with-exploration",
        "log q is that of a policy that explores with 1 % uniform noise, where the samples are the policy's own",
        "an ε-greedy wrapper left around the policy that is evaluated",
        ("A4",),
        {"log_q": _with_exploration},
    ),
    WrongFormula(
        "log-pi-floored-at-minus-20",
        "log π is never below −20",
        "clamp() against −∞, as of a Gaussian's log standard deviation",
        ("A4",),
        {"log_q": _floored_log_pi},
    ),
    WrongFormula(
        "log-q-of-a-product",
        "log q is the logarithm of a product of probabilities, which underflows: it is never below −690",
        "prod() of probabilities and a constant of 1e-300 inside the logarithm",
        ("A4",),
        {"log_q": _log_of_a_product},
    ),
    WrongFormula(
        "log-pi-of-clamped-probabilities",
        "probabilities are clamped to 1.2e-7 before their logarithm is taken",
        "torch's Categorical(probs=…) in float32, where logits are at hand",
        ("A4",),
        {"log_q": _clamped_as_by_torch},
    ),
    WrongFormula(
        "log-q-entropy",
        "log q is replaced by minus the policy's entropy",
        "entropy computed analytically where −log π of the sample is meant",
        ("A4",),
        {"log_q": _entropy_of_policy},
    ),
    WrongFormula(
        "cost-mean-over-time",
        "the cost is the mean over steps, not the sum",
        "mean() over (batch, time)",
        ("A4",),
        {"cost": _mean_cost},
    ),
    WrongFormula(
        "cost-last-step-dropped",
        "the cost leaves out the last step",
        "off by one at the end of an episode",
        ("A4",),
        {"cost": _cost_without_last_step},
    ),
    WrongFormula(
        "cost-discounted",
        "the cost is discounted (γ = 0.99) while log q is not",
        "the RL algorithm's γ applied to the reward network",
        ("A4",),
        {"cost": _discounted_cost},
    ),
    WrongFormula(
        "cost-tanh",
        "the cost is squashed by tanh",
        "output activation of the reward network",
        ("A4",),
        {"cost": lambda side: np.tanh(cost(side))},
    ),
    WrongFormula(
        "log-z-per-step",
        "log Z is subtracted once a step, not once a trajectory",
        "bias of a per-step network",
        ("A4", "A6"),
        {"logit": lambda side, c, lq: -c - side.b * side.length - lq},
    ),
    WrongFormula(
        "logit-clamped",
        "logits are clamped to ±3",
        "clipping for stability",
        ("A4", "C1"),
        {"logit": lambda side, c, lq: clip(-c - side.b - lq, -3.0, 3.0)},
    ),
    WrongFormula(
        "logit-tempered",
        "logits are divided by a temperature (1.05)",
        "calibration left in",
        ("A4",),
        {"logit": lambda side, c, lq: (-c - side.b - lq) / 1.05},
    ),
    WrongFormula(
        "log-q-doubled",
        "log q is subtracted twice",
        "subtracted by the caller and by the callee",
        ("A4",),
        {"log_q": lambda side: 2.0 * log_q(side)},
    ),
)
