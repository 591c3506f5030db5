"""Cases from bytes: the same decoder serves the fast seeded search and hypothesis, which shrinks the bytes.

A byte is a choice: zero is the simplest one, and what lies beyond the end of the bytes is zero, so that fewer and
smaller bytes are a smaller case. Values are dyadic, exact in every format, unless the case's *texture* byte gives
them full mantissas; the search always does (MATH section 9: dyadic numbers would hide a lost digit).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Precision, Rows, Steps
from ganirl.batch import log_likelihood
from ganirl.logspace import log_sum_exp

from .choices import Choices, texture_of, textured
from .paths import all_paths, taken
from .process_cases import broken_rules_of_process, process_case

Array = npt.NDArray[np.float64]

Setting = Literal["batch", "optimum", "population", "converged", "matched", "process"]
SETTINGS: tuple[Setting, ...] = ("batch", "optimum", "population", "converged", "matched", "process")

# What the largest case reads; a byte costs next to nothing, and one that is not read costs nothing more.
BYTES_PER_CASE = 1536


def case_from_bytes(data: bytes, setting: Setting, precision: Precision, conventions: Conventions) -> Case:
    """Decode bytes into a case arranged for a setting, rounded at its leaves to a format.

    Parameters
    ----------
    data : any bytes, any length
    setting : ``"batch"``: rows and weights unrelated to q (tier 1); ``"optimum"`` is decoded alike, and its b is set
        to b* by `at_optimum`; ``"population"``: the generator's rows are all of q, by weights or by multiplicity
        (tier 2); ``"converged"``: a population with q = p_θ and b = log Z_θ + 2√u (claim C5); ``"matched"``:
        populations on both sides, with e^{−c−b} the data's density and another one the generator's (claim A7);
        ``"process"``: for tabular code
    """
    return _decoded(Choices(data), setting, precision, conventions)


def bytes_read(data: bytes, setting: Setting, precision: Precision, conventions: Conventions) -> bytes:
    """Return the bytes without the rest that nothing of their case depends on."""
    choices = Choices(data)
    _decoded(choices, setting, precision, conventions)
    return data[: choices.position]


def _decoded(choices: Choices, setting: Setting, precision: Precision, conventions: Conventions) -> Case:
    if setting == "process":
        return process_case(choices, precision, conventions)
    if setting == "matched":
        case = _matched(choices, precision, conventions)
    elif setting in ("population", "converged"):
        case = _population(choices, precision, conventions, converged=setting == "converged")
    else:
        case = _batch(choices, precision, conventions, far=setting == "batch")
    return absorb_b(case) if conventions.log_z == "absent" else case


def at_optimum(case: Case, b: float, conventions: Conventions) -> Case:
    """Return the case with log Z replaced by b*, rounded to its format."""
    if conventions.log_z == "absent":
        return replace(case, theta=np.append(case.theta[:-1], case.precision.round(case.theta[-1] + b)))
    return replace(case, b=case.precision.round(b))


def with_constant_feature(case: Case, value: npt.ArrayLike) -> Case:
    """Return the case with one more feature, 1 on every row, whose parameter is ``value``."""

    def side(rows: Rows) -> Rows:
        first = np.zeros((*rows.steps.mask.shape, 1))
        first[:, 0] = 1.0
        steps = replace(rows.steps, features=np.concatenate([rows.steps.features, first], axis=-1))
        return replace(
            rows, features=np.concatenate([rows.features, np.ones((len(rows), 1))], axis=1), steps=steps
        )

    return replace(
        case, theta=np.append(case.theta, value), expert=side(case.expert), generator=side(case.generator)
    )


def absorb_b(case: Case) -> Case:
    """Return the case for code that has no log Z: b = 0, and a constant feature with b as its parameter."""
    return replace(with_constant_feature(case, case.b), b=np.zeros(()))


def _parameters(choices: Choices, dimension: int, precision: Precision) -> tuple[float, Array, Array]:
    texture = texture_of(choices)
    scale = 2.0 ** (-choices.below(5))
    b = textured(choices.signed(1, 1 / 16), texture, precision)
    theta = textured(choices.signed(dimension, scale / 16), texture, precision)
    return texture, b[0], theta


# Usually at most, and rarely at most. In bfloat16 n roundings have an error bound for n < 256.
_ROWS, _STEPS, _FURTHER_ACTIONS = (6, 24), (4, 10), (3, 5)


@dataclass(frozen=True)
class _Kind:
    """What a batch is drawn for; see `_kind`."""

    rows: Literal["any", "one expert row", "one generator row", "repeated"]
    level: Literal["plain", "near", "far"]


# Six kinds after one another hold each of them, and the next six other pairs.
_ROW_KINDS: tuple[Literal["any", "one expert row", "one generator row", "repeated"], ...] = (
    *("any", "any", "any"),
    *("one expert row", "one generator row", "repeated"),
)
_LEVELS: tuple[Literal["plain", "near", "far"], ...] = ("plain", "near", "far", "near", "plain", "plain")
KINDS = len(_ROW_KINDS) * len(_LEVELS)


def _kind(choices: Choices) -> _Kind:
    """Read a kind, which the search deals out in turn: what few cases would hold by chance, some of any six do.

    ``near``: a policy that is not sure, and b where one row has |ℓ| between 1e-3 and 1; ``far``: |ℓ| of 1e2 to 1e4;
    ``repeated``: the expert's first row begins and ends either side.
    """
    turn, place = divmod(choices.below(KINDS), len(_ROW_KINDS))
    return _Kind(_ROW_KINDS[place], _LEVELS[(place + turn) % len(_LEVELS)])


def _batch(choices: Choices, precision: Precision, conventions: Conventions, *, far: bool) -> Case:
    kind = _kind(choices)
    expert_rows, generator_rows = choices.size(*_ROWS), choices.size(*_ROWS)
    if conventions.equal_batches:
        generator_rows = expert_rows
    else:
        expert_rows = 1 if kind.rows == "one expert row" else expert_rows
        generator_rows = 1 if kind.rows == "one generator row" else generator_rows
    dimension, states, actions = (
        1 + choices.below(3),
        1 + choices.below(3),
        1 + choices.size(*_FURTHER_ACTIONS),
    )
    horizon = 1 if conventions.unit == "transition" else choices.size(*_STEPS)
    texture, b, theta = _parameters(choices, dimension, precision)
    # By features, not by θ, so that gradients are large as well.
    scale = 2.0 ** (6 + choices.below(5)) if kind.level == "far" and far else 1.0
    sides = [_random_steps(choices, rows, horizon, states, actions) for rows in (expert_rows, generator_rows)]
    if kind.rows == "repeated":
        sides = [_repeating(side, sides[0]) for side in sides]
    weights = [1 + choices.indices(rows, 8) for rows in (expert_rows, generator_rows)]
    unit = 1 / 64 if kind.level == "near" else 1 / 16
    logits = textured(choices.signed(states * actions, unit), texture, precision).reshape(states, actions)
    table = choices.signed(states * actions * 2 * dimension, 1 / 32)
    features = scale * textured(table, texture, precision).reshape(states, actions, 2, dimension)
    rows = [
        filled_rows(steps, features, logits, row_weights(weight, precision, conventions), precision)
        for steps, weight in zip(sides, weights, strict=True)
    ]
    case = Case(theta, b, logits, rows[0], rows[1], precision.name, conventions.unit)
    return _near(choices, case, conventions) if kind.level == "near" else case


def _repeating(steps: Steps, others: Steps) -> Steps:
    """Return the steps with the first row of others as the first and the last one."""
    rows = len(steps.mask)

    def of(mine: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([other[:1], mine[1:-1], other[:1]])[-rows:]

    return Steps(*(of(getattr(steps, each.name), getattr(others, each.name)) for each in fields(Steps)))


def _near(choices: Choices, case: Case, conventions: Conventions) -> Case:
    """Return the case with b where some row's ℓ is between 1e-3 and 1, of either sign."""
    sides = (case.expert, case.generator)
    cost = np.concatenate([rows.features @ case.theta for rows in sides])
    log_q = 0.0 if conventions.log_q == "absent" else np.concatenate([rows.log_q for rows in sides])
    row, size = choices.below(len(cost)), choices.below(22)
    logit = (1 - 2 * (size % 2)) * 2.0 ** (-(size // 2))
    return replace(case, b=case.precision.round((-cost - log_q - conventions.log_q_constant)[row] - logit))


def row_weights(counts: npt.NDArray[np.int64], precision: Precision, conventions: Conventions) -> Array:
    """Return weights in proportion to counts, (n,); all alike for code that takes no weights."""
    if not conventions.weights:
        return np.full(len(counts), 1.0 / len(counts))
    return precision.round(counts / counts.sum())


def _random_steps(choices: Choices, rows: int, horizon: int, states: int, actions: int) -> Steps:
    length = 1 + choices.indices(rows, horizon)
    mask = np.arange(horizon)[None, :] < length[:, None]
    state = choices.indices(rows * horizon, states).reshape(rows, horizon) * mask
    action = choices.indices(rows * horizon, actions).reshape(rows, horizon) * mask
    last = np.arange(horizon)[None, :] == length[:, None] - 1
    ends = (choices.indices(rows, 2) == 0)[:, None] & last
    following = np.concatenate([state[:, 1:], state[:, :1]], axis=1)
    next_state = np.where(ends, states, following) * mask
    return Steps(state, action, next_state, ends, mask, np.zeros((rows, horizon, 0)))


def filled_rows(steps: Steps, table: Array, logits: Array, weight: Array, precision: Precision) -> Rows:
    """Fill in features and log q of steps; ``table`` is (S, A, 2, d): over state, action and whether the step ends."""
    chosen = table[steps.state, steps.action, steps.done.astype(np.int64)]
    step_features = np.where(steps.mask[..., None], chosen, 0.0)
    rows = Rows(
        features=precision.round(step_features.sum(axis=1)),
        log_q=np.zeros(len(steps.mask)),
        weight=weight,
        steps=replace(steps, features=step_features),
    )
    return replace(rows, log_q=precision.round(log_likelihood(logits, rows)))


def _population(choices: Choices, precision: Precision, conventions: Conventions, *, converged: bool) -> Case:
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
    texture, b, theta = _parameters(choices, dimension, precision)
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
    texture, b, theta = _parameters(choices, dimension, precision)
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


def _matched(choices: Choices, precision: Precision, conventions: Conventions) -> Case:
    """Every point on both sides, as often (or as heavily) as p and q say; the first feature carries −log p."""
    dimension = 1 + choices.below(3)
    texture, _, _ = _parameters(choices, dimension, precision)
    spread = _dyadic_shares(choices)
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


def broken_rules(case: Case) -> tuple[str, ...]:
    """Return the rules of a generic instance (MATH section 9) that a case breaks; the search draws none of those."""
    found = []
    if float(case.b) == 0.0 and float(case.theta[-1]) == 0.0:
        found.append("b is zero")
    if not np.any(case.theta):
        found.append("θ is zero")
    if np.ptp(case.generator.log_q) == 0.0 and len(case.generator) > 1:
        found.append("log q is constant")
    if np.ptp(case.generator.features @ case.theta) == 0.0 and len(case.generator) > 1:
        found.append("the cost is constant")
    if len(case.expert) + len(case.generator) < 3:
        found.append("one row a side")
    if np.ptp(case.policy_logits, axis=1).max() == 0.0:
        found.append("the policy is uniform")
    return tuple(found)


def generic_bytes(
    rng: np.random.Generator, setting: Setting, precision: Precision, conventions: Conventions
) -> Iterator[bytes]:
    """Yield random bytes whose cases break no rule of section 9, for ever; the kinds of batches in turn."""
    found = 0
    while True:
        data = rng.bytes(BYTES_PER_CASE)
        if setting in ("batch", "optimum"):
            data = bytes([found % KINDS]) + data[1:]
        case = case_from_bytes(data, setting, precision, conventions)
        if setting == "process":
            if not broken_rules_of_process(case, conventions.of_process):
                yield data
            continue
        one_size = conventions.equal_batches or setting == "matched"  # there, pooled means must not move b*
        if (one_size or len(case.expert) != len(case.generator)) and not broken_rules(case):
            yield data
            found += 1
