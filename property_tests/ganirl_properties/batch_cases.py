"""Batches: rows and weights unrelated to q, of kinds that are dealt out in turn."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Precision, Steps
from ganirl.lanes import applied

from .case_rows import filled_rows, parameters, row_weights
from .choices import Choices, textured

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


def batch_case(choices: Choices, precision: Precision, conventions: Conventions, *, far: bool) -> Case:
    """Decode a batch; ``far`` lets some have |ℓ| of 1e2 to 1e4."""
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
    texture, b, theta = parameters(choices, dimension, precision)
    # By features, not by θ, so that gradients are large as well.
    scale = 2.0 ** (6 + choices.below(5)) if kind.level == "far" and far else 1.0
    sides = [_random_steps(choices, rows, horizon, states, actions) for rows in (expert_rows, generator_rows)]
    if kind.rows == "repeated":
        sides = [_repeating(side, sides[0]) for side in sides]
    weights = [1 + choices.indices(rows, 8) for rows in (expert_rows, generator_rows)]
    unit = 1 / 64 if kind.level == "near" else 1 / 16
    logits = textured(choices.signed((states, actions), unit), texture, precision, axes=2)
    table = choices.signed((states, actions, 2, dimension), 1 / 32)
    features = scale * textured(table, texture, precision, axes=4)
    rows = [
        filled_rows(steps, features, logits, row_weights(weight, precision, conventions), precision)
        for steps, weight in zip(sides, weights, strict=True)
    ]
    case = Case(theta, b, logits, rows[0], rows[1], precision.name, conventions.unit)
    return _near(choices, case, conventions) if kind.level == "near" else case


def _repeating(steps: Steps, others: Steps) -> Steps:
    """Return the steps with the first row of others as the first and the last one."""
    axis = steps.mask.ndim - 2

    def of(mine: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[Any]:
        made = mine.copy(order="K")
        np.moveaxis(made, axis, 0)[[0, -1]] = np.moveaxis(other, axis, 0)[0]
        return made

    return Steps(*(of(getattr(steps, each.name), getattr(others, each.name)) for each in fields(Steps)))


def _near(choices: Choices, case: Case, conventions: Conventions) -> Case:
    """Return the case with b where some row's ℓ is between 1e-3 and 1, of either sign."""
    sides = (case.expert, case.generator)
    cost = np.concatenate([applied(rows.features, case.theta) for rows in sides], axis=-1)
    log_q = 0.0 if conventions.log_q == "absent" else np.concatenate([rows.log_q for rows in sides], axis=-1)
    row, size = choices.below(cost.shape[-1]), choices.below(22)
    logit = (1 - 2 * (size % 2)) * 2.0 ** (-(size // 2))
    balanced = (-cost - log_q - conventions.log_q_constant)[..., row]
    return replace(case, b=case.precision.round(balanced - logit))


def _random_steps(choices: Choices, rows: int, horizon: int, states: int, actions: int) -> Steps:
    length = 1 + choices.indices(rows, horizon)
    mask = np.arange(horizon) < length[..., None]
    state = choices.indices((rows, horizon), states) * mask
    action = choices.indices((rows, horizon), actions) * mask
    last = np.arange(horizon) == length[..., None] - 1
    ends = (choices.indices(rows, 2) == 0)[..., None] & last
    following = np.roll(state, -1, axis=-1)
    next_state = np.where(ends, states, following) * mask
    return Steps(state, action, next_state, ends, mask, np.zeros((*mask.shape, 0)))
