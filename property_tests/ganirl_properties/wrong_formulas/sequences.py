"""Wrong sequence structure: masks, horizons, off by one, discount, potentials, absorbing states."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ganirl.logspace import log_normalise

from .pipeline import Array, Side, WrongFormula, cost, log_q, over_steps, uniform_log_q

Mask = npt.NDArray[np.bool_]


def _log_pi_at(side: Side, state: npt.NDArray[np.int64], action: npt.NDArray[np.int64], kept: Mask) -> Array:
    table = log_normalise(side.case.policy_logits)
    return over_steps(np.where(kept, table[np.minimum(state, len(table) - 1), action], 0.0))


def _last(side: Side) -> Mask:
    steps: Mask = np.arange(side.rows.steps.mask.shape[1])[None, :] == side.length[:, None] - 1
    return steps


def _step_costs(side: Side) -> Array:
    """(n, T) c_t, zero where there is no step."""
    return np.asarray(side.rows.steps.features @ side.theta)


def _weighted_log_pi(weights: Callable[[Side], Array]) -> Callable[[Side], Array]:
    return lambda side: over_steps(side.log_pi * weights(side))


def _weighted_cost(weights: Callable[[Side], Array]) -> Callable[[Side], Array]:
    return lambda side: over_steps(_step_costs(side) * weights(side))


def _powers(discount: float) -> Callable[[Side], Array]:
    return lambda side: (discount ** np.arange(side.rows.steps.mask.shape[1]))[None, :]


def _powers_to_the_end(side: Side) -> Array:
    time = np.arange(side.rows.steps.mask.shape[1])[None, :]
    return np.asarray(0.9 ** np.maximum(side.length[:, None] - 1 - time, 0))


def _next_state(side: Side) -> Array:
    steps = side.rows.steps
    return _log_pi_at(side, steps.next_state, steps.action, steps.mask)


def _next_action(side: Side) -> Array:
    steps = side.rows.steps
    following = np.concatenate([steps.action[:, 1:], steps.action[:, -1:]], axis=1)
    return _log_pi_at(side, steps.state, following, steps.mask)


def _with_padding(side: Side) -> Array:
    padded = side.rows.steps.mask.shape[1] - side.length
    return np.asarray(log_q(side) - padded * np.log(side.case.policy_logits.shape[1]))


def _with_dynamics(side: Side) -> Array:
    # As of dynamics that draw the next of S states, or the end, uniformly.
    return np.asarray(log_q(side) - side.length * np.log(len(side.case.policy_logits) + 1.0))


def _with_start(side: Side) -> Array:
    # As of a start drawn with probability 1/2, 1/4 … of the states in their order.
    return np.asarray(log_q(side) - np.log(2.0) * (1.0 + side.rows.steps.state[:, 0]))


def _shaping_left_in(side: Side) -> Array:
    """+ Σ Φ(s') − Φ(s) with Φ(s) = s/8: telescopes to the ends, of which the last is not zero."""
    steps = side.rows.steps
    return cost(side) + over_steps(np.where(steps.mask, steps.next_state - steps.state, 0)) / 8.0


def _shaping_discounted(side: Side) -> Array:
    """The same with γΦ(s') − Φ(s) and Φ of the end zero: with γ < 1 an undiscounted sum does not telescope."""
    steps = side.rows.steps
    following = np.where(steps.done, 0, steps.next_state)
    return cost(side) + over_steps(np.where(steps.mask, 0.9 * following - steps.state, 0)) / 8.0


FORMULAS = (
    WrongFormula(
        "log-q-next-state",
        "π is evaluated at the next state, not at the one in which the action was taken",
        "rows shifted by one when transitions are cut from trajectories",
        ("A4",),
        {"log_q": _next_state},
    ),
    WrongFormula(
        "log-q-next-action",
        "π is evaluated at the next action",
        "off by one between observations and actions: there is one observation more",
        ("A4",),
        {"log_q": _next_action},
    ),
    WrongFormula(
        "log-q-last-step-only",
        "log q is log π of the last step alone",
        "overwritten in a loop over steps instead of added up",
        ("A4",),
        {"log_q": _weighted_log_pi(lambda side: _last(side).astype(float))},
    ),
    WrongFormula(
        "log-q-last-step-twice",
        "the last step's log π is counted twice",
        "H + 1 steps: an absorbing transition repeats the last action",
        ("A4",),
        {"log_q": _weighted_log_pi(lambda side: 1.0 + _last(side))},
    ),
    WrongFormula(
        "log-q-masked-where-done",
        "log π is multiplied by 1 − done: the step that ends an episode is left out",
        "the mask that bootstrapping needs, used for log π",
        ("A4",),
        {"log_q": _weighted_log_pi(lambda side: 1.0 - side.rows.steps.done)},
    ),
    WrongFormula(
        "log-q-discounted",
        "log q is discounted (γ = 0.9)",
        "soft values discount the entropy; the density of a trajectory does not",
        ("A4",),
        {"log_q": _weighted_log_pi(_powers(0.9))},
    ),
    WrongFormula(
        "log-q-over-the-horizon",
        "log q is divided by the padded length",
        "mean(dim=1) over padding and all",
        ("A4",),
        {"log_q": lambda side: log_q(side) / side.rows.steps.mask.shape[1]},
    ),
    WrongFormula(
        "log-q-padding-uniform",
        "padded steps count as actions of a uniform policy",
        "the policy is evaluated at zero observations, its logits there are equal",
        ("A4",),
        {"log_q": _with_padding},
    ),
    WrongFormula(
        "log-q-with-dynamics",
        "the dynamics' log P(s'|s,a) are in log q and not in the cost",
        "the full density of a trajectory; dynamics cancel only if both sides have them (H1)",
        ("A4",),
        {"log_q": _with_dynamics},
    ),
    WrongFormula(
        "log-q-with-start",
        "the start distribution's log ρ(s₀) is in log q and not in the cost",
        "the full density of a trajectory; it cancels only if both sides have it (H1)",
        ("A4",),
        {"log_q": _with_start},
    ),
    WrongFormula(
        "log-q-uniform",
        "log q is that of a uniform policy",
        "rows scored before the first update, or a default of log(1/|A|)",
        ("A4",),
        {"log_q": uniform_log_q},
    ),
    WrongFormula(
        "log-pi-summed-as-probabilities",
        "probabilities of steps are added up before the logarithm",
        "log of a sum for a sum of logs",
        ("A4",),
        {"log_q": lambda side: np.log(over_steps(np.where(side.rows.steps.mask, np.exp(side.log_pi), 0.0)))},
    ),
    WrongFormula(
        "cost-first-step",
        "the cost is that of the first step",
        "[0] after a refactoring from transitions to trajectories",
        ("A4",),
        {"cost": lambda side: _step_costs(side)[:, 0]},
    ),
    WrongFormula(
        "cost-last-step-only",
        "the cost is that of the last step",
        "the reward of the terminal state for the return",
        ("A4",),
        {"cost": _weighted_cost(lambda side: _last(side).astype(float))},
    ),
    WrongFormula(
        "cost-last-step-twice",
        "the last step's cost is counted twice",
        "H + 1 states for H actions",
        ("A4",),
        {"cost": _weighted_cost(lambda side: 1.0 + _last(side))},
    ),
    WrongFormula(
        "cost-masked-where-done",
        "the cost is multiplied by 1 − done: the step that ends an episode is free",
        "the mask that bootstrapping needs, used for the reward (imitation #323)",
        ("A4",),
        {"cost": _weighted_cost(lambda side: 1.0 - side.rows.steps.done)},
    ),
    WrongFormula(
        "cost-only-where-done",
        "the cost is multiplied by done",
        "the mask turned over",
        ("A4",),
        {"cost": _weighted_cost(lambda side: side.rows.steps.done.astype(float))},
    ),
    WrongFormula(
        "cost-discounted-from-the-end",
        "the cost is discounted (γ = 0.9) from the end of the episode",
        "a recursion for returns run in the other direction",
        ("A4",),
        {"cost": _weighted_cost(_powers_to_the_end)},
    ),
    WrongFormula(
        "cost-over-the-horizon",
        "the cost is divided by the padded length",
        "mean(dim=1) over padding and all",
        ("A4",),
        {"cost": lambda side: cost(side) / side.rows.steps.mask.shape[1]},
    ),
    WrongFormula(
        "cost-per-step-constant",
        "a constant is added to every step's cost",
        "a survival bonus; where lengths vary it is no gauge (H10)",
        ("A4",),
        {"cost": lambda side: cost(side) + 0.25 * side.length},
    ),
    WrongFormula(
        "shaping-left-in",
        "the potential Φ(s') − Φ(s) is left in the cost, and is not zero at the end",
        "AIRL's g and h: the potential of a terminal state (imitation #323, #324)",
        ("A4",),
        {"cost": _shaping_left_in},
    ),
    WrongFormula(
        "shaping-discounted",
        "γΦ(s') − Φ(s) with γ < 1 is added to an undiscounted sum",
        "AIRL's h with the RL algorithm's γ (H8)",
        ("A4",),
        {"cost": _shaping_discounted},
    ),
)
