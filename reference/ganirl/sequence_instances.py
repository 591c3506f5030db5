"""Named problems of the energy-based model's door: four energies over sequences, none of them uniform anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from .energies import BoltzmannMachine, IsingChain, IsingGrid, TanhNetwork
from .instance import Instance, normalised, stream, with_batch
from .sequences import SequenceSpace

Array = npt.NDArray[np.float64]

B = 0.8


@lru_cache
def ising_chain() -> Instance:
    """A ring of five spins, every coupling and field its own; contexts are prefixes, and it is an MDP, too."""
    energy, space = IsingChain(5, closed=True, tied=False), SequenceSpace(2, 5)
    cost, theta = energy.cost(space.coded([-1.0, 1.0])), _drawn("Ising chain", energy.parameters)
    problem = space.problem(cost, _logits("Ising chain", space), data_weight=_data("Ising chain", space))
    return with_batch("Ising chain", problem, theta, B, space.process(cost))


@lru_cache
def three_spins() -> Instance:
    """An open chain of three: eight words, small enough for all tuples of samples."""
    energy, space = IsingChain(3, tied=False), SequenceSpace(2, 3)
    cost, theta = energy.cost(space.coded([-1.0, 1.0])), _drawn("three spins", energy.parameters)
    problem = space.problem(cost, _logits("three spins", space), data_weight=_data("three spins", space))
    return with_batch("three spins", problem, theta, B, space.process(cost))


@lru_cache
def ising_grid() -> Instance:
    """Three rows of three spins, cold: logits beyond ±40; a generator that sees three spins back; p = 0 in places.

    A neighbour above is three spins back, but the generator does not know in which column it is: p_θ is beyond it.
    """
    energy, space = IsingGrid(3, 3), SequenceSpace(2, 9, memory=3)
    weight = stream("Ising grid data").random(len(space)) ** 3
    weight[weight < 1e-3] = 0.0
    problem = space.problem(
        energy.cost(space.coded([-1.0, 1.0])),
        _logits("Ising grid", space, scale=2.5),
        data_weight=normalised(weight),
    )
    return with_batch("Ising grid", problem, np.array([5.0, -6.0, 0.7]), B)


@lru_cache
def boltzmann_machine() -> Instance:
    """Four visible bits and two hidden ones, curved in θ; the generator sees two bits back."""
    energy, space = BoltzmannMachine(4, 2), SequenceSpace(2, 4, memory=2)
    problem = space.problem(
        energy.cost(space.coded([0.0, 1.0])), _logits("RBM", space), data_weight=_data("RBM", space)
    )
    return with_batch("RBM", problem, _drawn("RBM", energy.parameters), B)


@lru_cache
def network() -> Instance:
    """Words of four symbols under a network with a constant; one symbol is never drawn after one prefix.

    Where the generator never goes, D = 1.
    """
    energy, space = TanhNetwork(4, 2), SequenceSpace(3, 4)
    logits = _logits("network", space)
    logits[2, 0] = -np.inf  # a word that begins with 1 does not go on with 0
    problem = space.problem(
        energy.cost(space.coded([-1.0, 0.4, 1.7])), logits, data_weight=_data("network", space)
    )
    return with_batch("network", problem, _drawn("network", energy.parameters, scale=1.2), B)


SEQUENCE_INSTANCES: Mapping[str, Callable[[], Instance]] = MappingProxyType(
    {
        "Ising chain": ising_chain,
        "three spins": three_spins,
        "Ising grid": ising_grid,
        "RBM": boltzmann_machine,
        "network": network,
    }
)


def _drawn(name: str, parameters: int, scale: float = 0.8) -> Array:
    return np.asarray(stream(f"{name} parameters").standard_normal(parameters) * scale)


def _logits(name: str, space: SequenceSpace, scale: float = 1.0) -> Array:
    return np.asarray(stream(f"{name} logits").standard_normal((space.contexts, space.symbols)) * scale)


def _data(name: str, space: SequenceSpace) -> Array:
    return normalised(stream(f"{name} data").random(len(space)) ** 3)
