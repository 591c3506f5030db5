"""Cases for tabular code from bytes: a small process that its conventions accept, and demonstrations in it.

Probabilities are multiples of 1/16, so that they are exact in every format and sum to one; γ, θ and features are
rounded. Zero bytes are the simplest process of two states and two actions. Where episodes have no limit, every step
costs at least log A + ¼: Z and V are finite, with room to spare.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Precision, Process, ProcessConventions, Rows, Steps

from .choices import Choices, texture_of, textured

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

# Usually at most, and rarely at most.
_HORIZON, _DEMONSTRATIONS = (4, 8), (4, 10)
_DISCOUNTS = (0.5, 0.75, 0.875, 0.9)
_SIXTEENTHS = 16
_LEAST_END = 4  # sixteenths, where every episode has to end by chance


@dataclass(frozen=True)
class _Size:
    states: int
    actions: int
    horizon: int
    dimension: int


def process_case(choices: Choices, precision: Precision, conventions: Conventions) -> Case:
    """Decode a case."""
    of = conventions.of_process
    size = _Size(
        states=2 + choices.below(3) % 2 + (choices.below(4) == 3),
        actions=2 + choices.below(8) // 6,
        horizon=choices.size(*_HORIZON),
        dimension=1 + choices.below(3),
    )
    transition = _transition(choices, size, of)
    discount = _discount(choices, of, precision)
    texture = texture_of(choices)
    theta, table = _costs(choices, size, of, precision, texture)
    process = Process(_start(choices, size.states), transition, size.horizon, discount, table)
    return demonstrated(choices, process, theta, precision, conventions)


def demonstrated(
    choices: Choices, process: Process, theta: Array, precision: Precision, conventions: Conventions
) -> Case:
    """Return the case of a process, θ (d,) and demonstrations in it, as the bytes choose."""
    of = conventions.of_process
    rows, horizon = _demonstrations(choices, process, of, precision, weighted=conventions.weights)
    logits = np.zeros((process.states, process.actions))
    process = replace(process, horizon=horizon)
    return Case(theta, np.zeros(()), logits, rows, rows, precision.name, "process", process)


def broken_rules_of_process(case: Case, conventions: ProcessConventions) -> tuple[str, ...]:
    """Return the rules of a generic process that a case breaks; the search draws none of those."""
    process, found = case.mdp, []
    possible = process.transition > 0
    costs = process.costs(case.theta)
    if np.ptp(costs[possible]) == 0.0:
        found.append("the cost is constant")
    if np.ptp(process.start) == 0.0:
        found.append("the start is uniform")
    if not conventions.deterministic and possible.sum(axis=2).max() < 2:
        found.append("nothing is left to chance")
    if np.ptp(process.transition, axis=1).max() == 0.0:
        found.append("actions do nothing")
    return tuple(found)


def _discount(choices: Choices, of: ProcessConventions, precision: Precision) -> float:
    chosen = choices.below(4)
    if of.horizon == "discounted":
        return float(precision.round(_DISCOUNTS[chosen]))
    if of.discounts:
        return float(precision.round((1.0, *_DISCOUNTS[1:])[chosen]))
    return 1.0


def _start(choices: Choices, states: int) -> Array:
    """ρ0 in sixteenths; zero bytes start in state 0."""
    share = _shares(choices, 1, states, _SIXTEENTHS)[0]
    return np.asarray(share / _SIXTEENTHS)


def _shares(choices: Choices, rows: int, outcomes: int, total: int) -> Whole:
    """Whole numbers that sum to a total, at most three of them positive, (rows, outcomes)."""
    places = choices.indices(rows * 3, outcomes).reshape(rows, 3)
    cuts = np.sort(choices.take(rows * 2).reshape(rows, 2) % (total + 1), axis=1)
    shares = np.diff(cuts, axis=1, prepend=0, append=total)
    found = np.zeros((rows, outcomes), dtype=np.int64)
    np.add.at(found, (np.arange(rows)[:, None], places), shares)
    return found


def _transition(choices: Choices, size: _Size, of: ProcessConventions) -> Array:
    states, rows = size.states, size.states * size.actions
    outcomes = states + of.ends
    if of.deterministic:
        then = choices.indices(rows, outcomes).reshape(states, size.actions)
        if of.horizon == "first_exit":
            then[:, 0] = np.arange(1, states + 1)  # the first action leads on, and at last to the end
        found = np.zeros((states, size.actions, states + 1))
        np.put_along_axis(found, then[..., None], 1.0, axis=2)
        return found
    kept = _LEAST_END if of.horizon == "first_exit" else 0
    shares = np.zeros((rows, states + 1), dtype=np.int64)
    shares[:, :outcomes] = _shares(choices, rows, outcomes, _SIXTEENTHS - kept)
    shares[:, -1] += kept
    return np.asarray(shares.reshape(states, size.actions, states + 1) / _SIXTEENTHS)


def _costs(
    choices: Choices, size: _Size, of: ProcessConventions, precision: Precision, texture: float
) -> tuple[Array, Array]:
    """θ and φ(s,a,s'), constant along what rewards do not depend on."""
    shape = {
        "state": (size.states, 1, 1),
        "state_action": (size.states, size.actions, 1),
        "transition": (size.states, size.actions, size.states + 1),
    }[of.rewards_on]
    scale = 2.0 ** (-choices.below(4))
    theta = textured(choices.signed(size.dimension, scale / 32), texture, precision)
    count = int(np.prod(shape))
    table = textured(choices.signed(count * size.dimension, 1 / 64), texture, precision)
    table = table.reshape(*shape, size.dimension)
    if of.horizon == "first_exit":
        least = np.log(size.actions) + 0.25 + np.abs(table @ theta).max()
        theta = np.append(np.ceil(8.0 * least) / 8.0, theta)
        more = 1.0 + textured(choices.take(count) / 256.0, texture, precision)
        table = np.concatenate([precision.round(more).reshape(*shape, 1), table], axis=-1)
    return theta, np.array(np.broadcast_to(table, (*_full(size), table.shape[-1])))


def _full(size: _Size) -> tuple[int, int, int]:
    return size.states, size.actions, size.states + 1


def _demonstrations(
    choices: Choices, process: Process, of: ProcessConventions, precision: Precision, *, weighted: bool
) -> tuple[Rows, int]:
    """Possible trajectories, and the horizon: that of the longest where episodes run until the end."""
    count = choices.size(*_DEMONSTRATIONS)
    found = [_walk(choices, process, of) for _ in range(count)]
    longest = max(len(actions) for _, actions in found)
    horizon = longest if of.horizon == "first_exit" else process.horizon
    state, action, next_state = (np.zeros((count, horizon), dtype=np.int64) for _ in range(3))
    mask = np.zeros((count, horizon), dtype=bool)
    for row, (visited, actions) in enumerate(found):
        length = len(actions)
        state[row, :length], next_state[row, :length] = visited[:-1], visited[1:]
        action[row, :length], mask[row, :length] = actions, True
    features = np.where(mask[..., None], process.features[state, action, next_state], 0.0)
    done = mask & (next_state == process.states)
    steps = Steps(state, action, next_state, done, mask, features)
    weight = np.full(count, 1.0 / count)
    multiples = 1 + choices.indices(count, 8)
    if weighted:
        weight = precision.round(multiples / multiples.sum())
    return Rows(precision.round(features.sum(axis=1)), np.zeros(count), weight, steps), horizon


def _walk(choices: Choices, process: Process, of: ProcessConventions) -> tuple[list[int], list[int]]:
    """States and actions of one possible trajectory, as the bytes choose."""
    starts = np.flatnonzero(process.start)
    visited, actions = [int(starts[choices.below(len(starts))])], list[int]()
    endless = of.horizon == "first_exit"
    while visited[-1] < process.states and (endless or len(actions) < process.horizon):
        action, onward = choices.below(process.actions), choices.below(256)
        late = endless and len(actions) + 1 >= process.horizon
        action = 0 if late else action
        following = np.flatnonzero(process.transition[visited[-1], action])
        actions.append(action)
        # The end is the last of what is possible, and the way on where nothing is left to chance.
        visited.append(int(following[-1] if late else following[onward % len(following)]))
    return visited, actions
