"""Problems from bytes, by each of the three doors, and whether a claim of the theory holds on all that are drawn.

>>> from ganirl_properties.drawn import examine_claim
>>> result = examine_claim("B1", cases=4)
>>> result.holds, result.problems
(True, 12)

As for cases, a byte is a choice and zero is the simplest one; but the simplest problem is generic, too: bytes are
added to numbers of which no two are alike, so that shrinking never ends where a wrong formula looks right.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from ganirl import (
    BoltzmannMachine,
    CallableCost,
    IsingChain,
    IsingGrid,
    LinearCost,
    Problem,
    SequenceSpace,
    TabularMDP,
    TanhNetwork,
    finite_space,
)
from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.enumeration import ENUMERATIONS, Enumeration, Residual
from ganirl.enumeration.registry import residual
from ganirl.enumeration.space import build_space
from ganirl.instance import Instance, normalised
from ganirl.instances import broken_rules, curved_step_cost
from ganirl.logspace import log_normalise
from ganirl.step_cost import StepFunction
from ganirl.unrolled import discounted, unrolled

from .choices import Choices

Array = npt.NDArray[np.float64]

BYTES_PER_PROBLEM = 320


@dataclass(frozen=True)
class DrawnFailure:
    """A drawn problem on which a claim does not hold; its door and bytes make it again."""

    door: str
    data: bytes
    residual: Residual


@dataclass(frozen=True)
class DoorResult:
    """A claim on the problems drawn by one door.

    Attributes
    ----------
    door : ``"GAN"``, ``"IRL"`` or ``"EBM"``
    problems : on how many it was asked
    unsuited : of how many it says nothing
    worst_ratio : largest error over tolerance; 0 if it was asked of none
    twin_told : on how many the broken twin was told from it
    """

    door: str
    problems: int
    unsuited: int
    worst_ratio: float
    twin_told: int


@dataclass(frozen=True)
class DrawnResult:
    """A claim on drawn problems of all doors.

    Attributes
    ----------
    claim : its id
    doors : door by door
    failure : the first problem on which it does not hold, or None
    """

    claim: str
    doors: tuple[DoorResult, ...]
    failure: DrawnFailure | None

    @property
    def holds(self) -> bool:
        """Whether it holds on all, and was asked of one at least."""
        return self.failure is None and self.problems > 0

    @property
    def problems(self) -> int:
        """On how many it was asked."""
        return sum(door.problems for door in self.doors)

    @property
    def worst_ratio(self) -> float:
        """Largest error over tolerance; above 1, or NaN, it does not hold."""
        return float(np.max([door.worst_ratio for door in self.doors]))

    @property
    def twin_told(self) -> int:
        """On how many the broken twin was told from it."""
        return sum(door.twin_told for door in self.doors)


def finite_problem(data: bytes) -> Instance:
    """Decode a plain space of five to eight points, curved in θ; p or q may miss a point."""
    choices = Choices(data)
    count = 5 + choices.below(4)
    unit = _width(choices)
    index = np.arange(count)
    log_p = choices.signed(count, unit) + 0.3 * index
    log_q = choices.signed(count, unit) - 0.2 * index**1.5
    for logs, missed in ((log_p, choices.below(4 * count)), (log_q, choices.below(4 * count))):
        if 0 < missed < count:
            logs[missed] = -np.inf
    features = choices.signed(count * 2, 1 / 32).reshape(count, 2) + np.cos(1.0 + np.outer(index, [1.0, 2.3]))
    scale = (1.0, 1.0, 2.0, 8.0)[choices.below(4)]

    def cost(theta: Array) -> Array:
        curved = features[:, 0] * np.sin(theta[0]) + np.cos(features[:, 1] + theta[1])
        return np.asarray(scale * curved + theta[2])

    problem = finite_space(
        np.exp(log_normalise(log_p)), np.exp(log_normalise(log_q)), features=features, cost=CallableCost(cost)
    )
    return _instance("finite", problem, *_point(choices, 3))


def mdp_problem(data: bytes) -> Instance:
    """Decode a process of two or three states: chance everywhere, three or four lengths.

    Its trajectories, with or without a discount, or its transitions.
    """
    choices = Choices(data)
    kind, unit = choices.below(4), _width(choices)
    states, horizon = 2 + choices.below(2), 3 + choices.below(2)
    mdp = _process(choices, states, horizon)
    theta, b = _point(choices, 3)
    step_cost: StepFunction = curved_step_cost
    if kind == 3:
        mdp, step_cost = unrolled(mdp, (choices.below(7) + 1) / 8), discounted(curved_step_cost)
    logits = choices.signed(mdp.states * 2, unit).reshape(mdp.states, 2)
    logits += 0.7 * np.cos(1.0 + np.arange(logits.size)).reshape(logits.shape)
    count = sum(mdp.trajectory_counts)
    # the bytes of 32 trajectories, over and over, on numbers that are all different
    log_weight = np.resize(choices.signed(32, unit), count) + 1.5 * np.cos(
        1.0 + 0.7 * np.arange(count) ** 1.1
    )
    weight = np.exp(log_normalise(log_weight))
    if kind == 2:
        occupied = mdp.data_occupancy(weight)
        problem = mdp.transition_problem(logits, expert_occupancy=occupied, step_cost=step_cost)
    else:
        problem = mdp.problem(logits, data_weight=normalised(weight), step_cost=step_cost)
    return _instance("process", problem, theta, b, mdp)


def sequence_problem(data: bytes) -> Instance:
    """Decode a model over V^T: an Ising chain or grid, a Boltzmann machine or a network; contexts of any length.

    An Ising model whose contexts are prefixes is an MDP, too.
    """
    choices = Choices(data)
    kind, unit = choices.below(4), _width(choices)
    symbols = 3 if kind == 3 and choices.below(2) else 2
    length = (3 + choices.below(2), 4, 3, 3)[kind]
    memories = (None, None, None, 1) if kind < 2 else (None, 1, 2, None)
    memory = memories[choices.below(4)]
    space = SequenceSpace(symbols, length, memory)
    spins = space.coded([-1.0, 1.0, 0.3][:symbols])
    energy = (
        IsingChain(length, closed=bool(choices.below(2)), tied=bool(choices.below(2))),
        IsingGrid(2, 2),
        BoltzmannMachine(length, 1),
        TanhNetwork(length, 1),
    )[kind]
    cost = energy.cost((1.0 + spins) / 2 if kind == 2 else spins)
    theta, b = _point(choices, energy.parameters)
    logits = choices.signed(space.contexts * symbols, unit).reshape(space.contexts, symbols)
    logits += 0.7 * np.cos(1.0 + np.arange(logits.size)).reshape(logits.shape)
    log_p = log_normalise(choices.signed(len(space), unit) + 1.5 * np.cos(2.0 + 0.9 * np.arange(len(space))))
    problem = space.problem(cost, logits, log_p=log_p)
    process = space.process(cost) if isinstance(cost, LinearCost) and memory is None else None
    return _instance("sequences", problem, theta, b, process)


DRAWN_DOORS: Mapping[str, Callable[[bytes], Instance]] = MappingProxyType(
    {"GAN": finite_problem, "IRL": mdp_problem, "EBM": sequence_problem}
)

# Sequences have no chance, one start and one length; these are small, and an Ising model is linear in θ.
_OF_THE_DOOR = {
    "GAN": frozenset[str](),
    "IRL": frozenset({"horizon below 4"}),
    "EBM": frozenset(
        {
            "transitions are deterministic",
            "fewer than 2 start states",
            "fewer than 3 lengths",
            "horizon below 4",
            "c is linear in θ",
        }
    ),
}


def is_generic(door: str, instance: Instance) -> bool:
    """Whether a drawn problem breaks no rule of a generic one but those that all of its door break."""
    broken = broken_rules(instance.problem, instance.theta, instance.b, curved=True)
    return set(broken) <= _OF_THE_DOOR[door]


def drawn_bytes(door: str, seed: int) -> Iterator[bytes]:
    """Yield bytes of generic problems of a door, for ever; the same for a seed, and all kinds in turn."""
    rng = np.random.Generator(np.random.PCG64([seed, *door.encode()]))
    for kind in itertools.count():
        data = bytes([kind % 256]) + rng.bytes(BYTES_PER_PROBLEM - 1)
        if is_generic(door, DRAWN_DOORS[door](data)):
            yield data


def examine_claim(
    claim: str, *, cases: int = 20, seed: int = 0, doors: Iterable[str] = tuple(DRAWN_DOORS)
) -> DrawnResult:
    """Enumerate a claim of the catalogue on drawn problems; see `examine`.

    Raises
    ------
    KeyError
        If there is no enumeration of that claim, or no such door.
    """
    if claim not in ENUMERATIONS:
        raise KeyError(f"no enumeration of claim {claim!r}; there is one of {', '.join(ENUMERATIONS)}")
    return examine(ENUMERATIONS[claim], cases=cases, seed=seed, doors=doors)


def examine(
    enumeration: Enumeration,
    *,
    cases: int = 20,
    seed: int = 0,
    doors: Iterable[str] = tuple(DRAWN_DOORS),
) -> DrawnResult:
    """Compute both sides of a claim, in float64, on drawn generic problems of each door.

    Parameters
    ----------
    enumeration : of the claim, and of its broken twin
    cases : problems drawn by each door; the same ones for every claim
    seed : of the draws
    doors : names in `DRAWN_DOORS`
    """
    results, failure = [], None
    for door in doors:
        ratios, told = [], 0
        for data in itertools.islice(drawn_bytes(door, seed), cases):
            found = residual_on(enumeration, DRAWN_DOORS[door](data))
            if found is None:
                continue
            ratios.append(_ratio(found))
            told += bool(found.twin_differs)
            if failure is None and not found.agrees:
                failure = DrawnFailure(door, data, found)
        worst = float(np.max(ratios)) if ratios else 0.0
        results.append(DoorResult(door, len(ratios), cases - len(ratios), worst, told))
    return DrawnResult(enumeration.claim, tuple(results), failure)


def residual_on(enumeration: Enumeration, instance: Instance) -> Residual | None:
    """Return how far the two sides are apart on an instance; None if the claim says nothing of it."""
    problem, mdp = instance.problem, instance.mdp
    if enumeration.unsuited(problem, mdp) is not None:
        return None
    return residual(enumeration, build_space(problem, instance.theta, instance.b, FLOAT64_ARITHMETIC, mdp))


def _ratio(found: Residual) -> float:
    if found.error == 0.0:
        return 0.0
    return found.error / found.tolerance if found.tolerance > 0.0 else np.inf


def _width(choices: Choices) -> float:
    """Unit of logits drawn in −128 … 127 of it: standard deviations 1.2, 2.3, 4.6, 9.2."""
    return 2.0 ** (choices.below(4) - 6)


def _point(choices: Choices, dimension: int) -> tuple[Array, float]:
    theta = choices.signed(dimension, 1 / 64) + 0.8 * np.cos(1.0 + 1.3 * np.arange(dimension))
    return theta, float(choices.signed(1, 1 / 16)[0] + 0.8)


def _process(choices: Choices, states: int, horizon: int) -> TabularMDP:
    """From each state, each action leads to the end or to one state by chance, and here and there to another."""
    likely = 1.0 + choices.indices(states * 2 * (states + 1), 8).reshape(states, 2, states + 1)
    likely += np.cos(np.arange(likely.size)).reshape(likely.shape) / 2
    possible = choices.indices(states * 2 * states, 8).reshape(states, 2, states) == 7
    for state in range(states):
        for action in range(2):
            possible[state, action, (state + action + 1) % states] = True
    likely[:, :, :states][~possible] = 0.0
    start = 1.0 + choices.indices(states, 8) + np.arange(states) / 3
    features = choices.signed(states * 2 * (states + 1) * 3, 1 / 64).reshape(states, 2, states + 1, 3)
    features += np.cos(1.0 + 1.7 * np.arange(features.size)).reshape(features.shape)
    transition = likely / likely.sum(axis=2, keepdims=True)
    return TabularMDP(start / start.sum(), transition, horizon, features)


def _instance(name: str, problem: Problem, theta: Array, b: float, mdp: TabularMDP | None = None) -> Instance:
    """Batch weights, for what is said of any batch, that have nothing to do with p and q."""
    expert = normalised(2.0 + np.cos(3.0 * np.arange(len(problem))))
    generator = normalised(2.0 + np.sin(5.0 * np.arange(len(problem))))
    return Instance(name, problem, theta, b, expert, generator, mdp)
