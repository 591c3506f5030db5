"""Populations: every row of q as often, or as heavily, as its density says, so that a mean is an expectation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Precision, Rows, Steps
from ganirl.logspace import log_sum_exp

from .case_rows import Array, filled_rows, parameters, row_weights
from .choices import Choices, textured
from .paths import all_paths, taken


def population_case(
    choices: Choices, precision: Precision, conventions: Conventions, *, converged: bool
) -> Case:
    """Every action of every state, as often (or as heavily) as q and the state's own mass say: 2^k rows or weights.

    One step, so that the same rows are a plain finite space, the transitions of an MDP and its trajectories of
    length one; or, where rows are trajectories, all paths of a few steps (`_tree`). Multiplicities are whole numbers
    over a power of two: the mean over rows is the expectation.
    """
    dimension = 1 + choices.below(3)
    horizon = 1 if converged or conventions.unit == "transition" else _HORIZONS[choices.below(4)]
    if horizon > 1:
        return _tree(choices, precision, conventions, dimension, horizon)
    states = 1 if converged else 1 + choices.below(2)
    texture, b, theta = parameters(choices, dimension, precision)
    spread = _dyadic_shares(choices)
    actions = len(spread)
    # The smallest batch that holds whole multiples; heavier batches would only repeat it.
    state, action = np.repeat(np.arange(states), actions), np.tile(np.arange(actions), states)
    multiplicity = np.tile(spread, states)
    logits = np.tile(precision.round(np.log(spread / spread.sum())), (states, 1))
    offsets = textured(choices.signed(states, 1 / 16), texture, precision)
    logits = precision.round(logits + offsets[:, None])
    features = textured(choices.signed(states * actions * dimension, 1 / 32), texture, precision)
    table = np.repeat(features.reshape(states, actions, 1, dimension), 2, axis=2)
    if converged:
        # c = −log of the policy's unnormalised mass, exactly: the first feature carries it, with θ₀ = 1.
        theta = np.concatenate([[1.0], np.zeros(dimension)])
        table = np.concatenate([-logits[..., None, None].repeat(2, axis=2), table], axis=-1)
        # A hair beside log Z: where ℓ is exactly 0, relu(ℓ) + log1p(e^−|ℓ|) is softplus, too, but autograd takes 0 for
        # the slope of each part in its kink.
        beside = 2.0 * np.sqrt(precision.unit_roundoff)
        b = precision.round(log_sum_exp(logits[0]) - conventions.log_q_constant + beside)
    if conventions.weights:
        heavy = precision.round(multiplicity / multiplicity.sum())
        generator = _one_step_rows(state, action, table, logits, heavy, precision, states)
    else:
        state, action = np.repeat(state, multiplicity), np.repeat(action, multiplicity)
        generator = _one_step_rows(
            state, action, table, logits, np.full(len(state), 1 / len(state)), precision, states
        )
    expert_rows = len(generator) if conventions.equal_batches else 1 + choices.below(6)
    expert_state = choices.indices(expert_rows, states)
    expert_action = choices.indices(expert_rows, actions)
    weight = row_weights(1 + choices.indices(expert_rows, 8), precision, conventions)
    expert = _one_step_rows(expert_state, expert_action, table, logits, weight, precision, states)
    return Case(theta, b, logits, expert, generator, precision.name, conventions.unit)


# Of populations; several steps, early ends among them, tell rewards to come from rewards that were.
_HORIZONS = (1, 2, 3, 2)
# (state, action) shares: nowhere uniform in all states, and of small powers of two, whose products are few rows.
_POLICIES = (
    ((1, 3), (1, 1), (3, 1)),
    ((1, 3), (3, 1), (1, 1)),
    ((1, 1, 2), (2, 1, 1), (1, 2, 1)),
    ((5, 3), (1, 1), (3, 1)),
    ((1, 2, 5), (1, 1, 2), (2, 1, 1)),
)
MOST_ROWS_OF_A_TREE = 64


def _tree(
    choices: Choices, precision: Precision, conventions: Conventions, dimension: int, horizon: int
) -> Case:
    """Every path from the first state on, as often (or as heavily) as Π π says; some paths end early.

    The next state is a function of state and action, so that a path's density is that of its actions. Where rows
    cannot be weighted, the horizon is cut until they are few.
    """
    texture, b, theta = parameters(choices, dimension, precision)
    shares = np.array(_POLICIES[choices.below(len(_POLICIES))])
    states, actions = shares.shape
    offsets = textured(choices.signed(states, 1 / 16), texture, precision)
    logits = precision.round(np.log(shares / shares.sum(axis=1, keepdims=True)) + offsets[:, None])
    table = textured(choices.signed(states * actions * 2 * dimension, 1 / 32), texture, precision)
    table = table.reshape(states, actions, 2, dimension)
    # The number of states is the end.
    following = choices.indices(states * actions, states + 1).reshape(states, actions)
    paths = all_paths(shares, following, horizon)
    while not conventions.weights and paths[1].sum() > MOST_ROWS_OF_A_TREE:
        horizon -= 1
        paths = all_paths(shares, following, horizon)
    steps, multiplicity = paths

    def of(chosen: npt.NDArray[np.int64], weight: Array) -> Rows:
        return filled_rows(taken(steps, chosen), table, logits, weight, precision)

    every = np.arange(len(multiplicity))
    if conventions.weights:
        generator = of(every, precision.round(multiplicity / multiplicity.sum()))
    else:
        chosen = np.repeat(every, multiplicity)
        generator = of(chosen, np.full(len(chosen), 1 / len(chosen)))
    expert_rows = len(generator) if conventions.equal_batches else 1 + choices.below(6)
    weight = row_weights(1 + choices.indices(expert_rows, 8), precision, conventions)
    expert = of(choices.indices(expert_rows, len(every)), weight)
    return Case(theta, b, logits, expert, generator, precision.name, conventions.unit)


# Of a chain: in each state one action goes on, with a share of its own, and the other ends.
_GOING_ON = ((1, 1), (3, 1), (1, 1))
_LONGEST_CHAIN, _LONGEST_UNWEIGHTED_CHAIN = 6, 5


def chain_case(precision: Precision, conventions: Conventions) -> Case:
    """All paths of up to six steps, most of which end early: few, where all paths of a tree would be thousands."""
    shares = np.array(_GOING_ON)
    states = len(shares)
    following = np.stack([(np.arange(states) + 1) % states, np.full(states, states)], axis=1)
    steps, multiplicity = all_paths(
        shares, following, _LONGEST_CHAIN if conventions.weights else _LONGEST_UNWEIGHTED_CHAIN
    )
    theta, b = precision.round((0.75, -0.5)), precision.round(0.25)
    logits = precision.round(np.log(shares / shares.sum(axis=1, keepdims=True)))
    # Rewards of more than ±10, where those are that are clipped.
    table = 8.0 * np.cos(1.0 + 1.7 * np.arange(states * shares.shape[1] * 2 * len(theta)))
    table = precision.round(table.reshape(states, shares.shape[1], 2, len(theta)))
    every = np.arange(len(multiplicity))
    chosen = every if conventions.weights else np.repeat(every, multiplicity)
    weight = (
        precision.round(multiplicity / multiplicity.sum())
        if conventions.weights
        else np.full(len(chosen), 1 / len(chosen))
    )
    rows = filled_rows(taken(steps, chosen), table, logits, weight, precision)
    return Case(theta, b, logits, rows, rows, precision.name, conventions.unit)


def matched_case(choices: Choices, precision: Precision, conventions: Conventions) -> Case:
    """Every point on both sides, as often (or as heavily) as p and q say; the first feature carries −log p."""
    dimension = 1 + choices.below(3)
    texture, _, _ = parameters(choices, dimension, precision)
    spread = np.array(_TURNED[choices.below(len(_TURNED))])
    points = np.arange(len(spread))
    # Another arrangement of the same shares: as many rows on either side, and nowhere uniform or equal.
    of_data = np.roll(spread, 1 + choices.below(len(spread) - 1))
    offset = textured(choices.signed(1, 1 / 16), texture, precision)
    logits = precision.round(np.log(spread / spread.sum()) + offset)[None, :]
    carried = precision.round(-np.log(of_data / of_data.sum()) + 0.3125)
    features = textured(choices.signed(len(spread) * dimension, 1 / 32), texture, precision)
    table = np.concatenate([carried[:, None], features.reshape(len(spread), dimension)], axis=1)
    table = np.repeat(table[None, :, None, :], 2, axis=2)
    theta = np.concatenate([[1.0], np.zeros(dimension)])
    b = precision.round(log_sum_exp(-carried) - conventions.log_q_constant)
    sides = []
    for shares in (of_data, spread):
        chosen, weight = points, precision.round(shares / shares.sum())
        if not conventions.weights:
            chosen = np.repeat(points, shares)
            weight = np.full(len(chosen), 1 / len(chosen))
        state = np.zeros_like(chosen)
        sides.append(_one_step_rows(state, chosen, table, logits, weight, precision, 1))
    return Case(theta, b, logits, sides[0], sides[1], precision.name, conventions.unit)


# Shares of a power of two, none uniform, the smallest first.
_SHARES = (
    (1, 3),
    (1, 1, 2),
    (5, 3),
    (1, 2, 5),
    (1, 3, 4),
    (7, 1),
    (1, 2, 2, 3),
    (1, 1, 6),
    (5, 2, 1),
    (1, 15),
)
# Of those, such that turned round they are no reflection of themselves: else what treats both sides alike, as a product
# of their losses does, is stationary for one pair of them as for the other.
_TURNED = ((1, 2, 5), (1, 3, 4), (5, 2, 1), (1, 2, 13))


def _dyadic_shares(choices: Choices) -> npt.NDArray[np.int64]:
    return np.array(_SHARES[choices.below(len(_SHARES))])


def _one_step_rows(
    state: npt.NDArray[np.int64],
    action: npt.NDArray[np.int64],
    table: Array,
    logits: Array,
    weight: Array,
    precision: Precision,
    states: int,
) -> Rows:
    column = state[:, None]
    done = np.ones_like(column, dtype=bool)
    steps = Steps(
        column, action[:, None], np.full_like(column, states), done, done, np.zeros((*column.shape, 0))
    )
    return filled_rows(steps, table, logits, weight, precision)
