"""Sequences of symbols, V^T, and autoregressive generators over them: the energy-based model's door.

log q(x) = Σ_t log q(x_t | x_{<t}), with a row of logits for each context, so that a sequence is a trajectory:
its states are contexts, its actions symbols. Where a context is the whole prefix, any density on V^T is such a
generator; where it is the last k symbols, it is a Markov chain of order k.

>>> import numpy as np
>>> from ganirl.energies import IsingChain
>>> from ganirl.sequences import SequenceSpace
>>> space = SequenceSpace(symbols=2, length=3)
>>> cost = IsingChain(length=3).cost(space.coded([-1.0, 1.0]))
>>> problem = space.problem(cost, np.zeros((space.contexts, 2)), log_p=space.log_density(np.eye(7, 2)))
>>> len(problem), problem.policy_logits.shape
(8, (7, 2))
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .case import Steps
from .cost import Cost, LinearCost
from .logspace import log_normalise
from .mdp import TabularMDP
from .problem import Problem
from .trajectories import ENUMERATION_LIMIT

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SequenceSpace:
    """All sequences of T symbols out of V, in lexicographic order, counting measure.

    Contexts are numbered by length, then in order: number 0 is the empty one.

    Attributes
    ----------
    symbols : V
    length : T
    memory : a context is the last so many symbols (the whole prefix, where that is shorter); all by default

    Raises
    ------
    ValueError
        If a size is not positive, or there are more than `ENUMERATION_LIMIT` sequences.
    """

    symbols: int
    length: int
    memory: int | None = None

    def __post_init__(self) -> None:
        if self.symbols < 1 or self.length < 1 or self.order < 0:
            raise ValueError(
                "a sequence space needs at least one symbol, a length of at least 1 and a memory of at least 0, "
                f"not {self.symbols}, {self.length} and {self.memory}"
            )
        if self.symbols**self.length > ENUMERATION_LIMIT:
            raise ValueError(
                f"there are {self.symbols}^{self.length} sequences and at most {ENUMERATION_LIMIT} are "
                "enumerated: shorten them, or use ganirl.transfer_matrix"
            )

    def __len__(self) -> int:
        return int(self.symbols**self.length)

    @property
    def order(self) -> int:
        """Length of the longest context."""
        return self.length - 1 if self.memory is None else min(self.memory, self.length - 1)

    @property
    def contexts(self) -> int:
        """Number of contexts, Σ_{k ≤ order} V^k."""
        return self._first_of_length(self.order + 1)

    @cached_property
    def words(self) -> Integers:
        """(N, T) the symbols, 0 … V − 1."""
        places = self.symbols ** np.arange(self.length - 1, -1, -1)
        return np.asarray((np.arange(len(self))[:, None] // places) % self.symbols)

    def coded(self, values: npt.ArrayLike) -> Array:
        """(N, T) the numbers that stand for the symbols: ``coded([-1, 1])`` are spins."""
        return np.asarray(np.asarray(values, dtype=np.float64)[self.words])

    @cached_property
    def context(self) -> Integers:
        """(N, T) the context in which each symbol is drawn."""
        numbers = np.zeros((len(self), self.length), dtype=np.int64)
        for time in range(self.length):
            seen = min(time, self.order)
            word = self.words[:, time - seen : time]
            numbers[:, time] = self._first_of_length(seen) + word @ self.symbols ** np.arange(seen)[::-1]
        return numbers

    def log_density(self, logits: npt.ArrayLike) -> Array:
        """Σ_t log q(x_t|context), (N,), of logits (contexts, V); −inf logits never draw that symbol."""
        values = self._logits(logits)
        return np.asarray(log_normalise(values)[self.context, self.words].sum(axis=1))

    def fitted_logits(self, log_p: npt.ArrayLike) -> Array:
        """Logits (contexts, V) of the generator q that minimises KL(p‖q), by the chain rule.

        Where contexts are whole prefixes, q = p: any density is autoregressive. A context that p never reaches
        is drawn from uniformly.

        Parameters
        ----------
        log_p : (N,) log density, of any total
        """
        values = np.asarray(log_p, dtype=np.float64)
        if values.shape != (len(self),):
            raise ValueError(f"log_p has shape {values.shape} for {len(self)} sequences")
        logits = np.full((self.contexts, self.symbols), -np.inf)
        np.logaddexp.at(logits, (self.context, self.words), values[:, None])
        logits[np.all(logits == -np.inf, axis=1)] = 0.0
        return log_normalise(logits)

    def problem(
        self,
        energy: Cost,
        policy_logits: npt.ArrayLike,
        *,
        log_p: npt.ArrayLike | None = None,
        data_weight: npt.ArrayLike | None = None,
    ) -> Problem:
        """Return the problem of an energy and an autoregressive generator.

        Parameters
        ----------
        energy : the family E_θ on the sequences, in their order
        policy_logits : (contexts, V), the generator
        log_p, data_weight : the data, exactly one of them: a log density or probabilities, (N,)

        Raises
        ------
        ValueError
            If a shape does not fit, or the data are not a density.
        """
        if (log_p is None) == (data_weight is None):
            raise ValueError("the data are given by exactly one of log_p and data_weight")
        given = np.asarray(log_p if data_weight is None else data_weight, dtype=np.float64)
        if given.shape != (len(self),):
            raise ValueError(f"the data have shape {given.shape} for {len(self)} sequences")
        if data_weight is not None:
            if (given < 0).any():
                raise ValueError("data_weight must not be negative")
            with np.errstate(divide="ignore"):
                given = np.log(given)
        logits = self._logits(policy_logits)
        return Problem(
            log_h=np.zeros(len(self)),
            log_p=given,
            log_q=self.log_density(logits),
            cost=energy,
            policy_logits=logits,
            steps=self._steps(energy),
        )

    def process(self, energy: LinearCost) -> TabularMDP:
        """Return the same model as an MDP: states are prefixes, actions symbols, the cost is charged at the end.

        Its problem has the same rows in the same order. There is no chance in it, and one start, so that p_θ is
        reachable (H3): the generator that reaches it is ``fitted_logits(log p_θ)``.

        Raises
        ------
        ValueError
            If contexts are shorter than prefixes: the end would not be a matter of the state.
        """
        if self.order < self.length - 1:
            raise ValueError("only whole prefixes know where the sequence ends: leave memory out")
        states, steps = self.contexts, self._steps(energy)
        transition = np.zeros((states, self.symbols, states + 1))
        transition[steps.state, steps.action, steps.next_state] = 1.0
        features = np.zeros((*transition.shape, energy.features.shape[1]))
        features[steps.state[:, -1], steps.action[:, -1], states] = energy.features
        return TabularMDP(np.eye(states)[0], transition, self.length, features)

    def _steps(self, energy: Cost) -> Steps:
        shape = (len(self), self.length)
        end = np.full((len(self), 1), self.contexts)
        if isinstance(energy, LinearCost):
            features = np.zeros((*shape, energy.features.shape[1]))
            features[:, -1] = energy.features
        else:
            features = np.eye(self.symbols)[self.words]
        done = np.zeros(shape, dtype=bool)
        done[:, -1] = True
        return Steps(
            state=self.context,
            action=self.words,
            next_state=np.concatenate([self.context[:, 1:], end], axis=1),
            done=done,
            mask=np.ones(shape, dtype=bool),
            features=features,
        )

    def _first_of_length(self, count: int) -> int:
        """Number of contexts that are shorter."""
        return int(sum(self.symbols**shorter for shorter in range(count)))

    def _logits(self, logits: npt.ArrayLike) -> Array:
        values = np.array(logits, dtype=np.float64)
        if values.shape != (self.contexts, self.symbols):
            raise ValueError(
                f"logits must be (contexts, V) = {(self.contexts, self.symbols)}, not {values.shape}"
            )
        if np.isnan(values).any() or not np.isfinite(values.max(axis=1)).all():
            raise ValueError("logits must be below infinity, with a finite one in each context")
        return values
