"""A problem at a point, with a name, and how the numbers of the named ones are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .mdp import TabularMDP
from .problem import Problem

Array = npt.NDArray[np.float64]

SEED = 2016


@dataclass(frozen=True, eq=False)
class Instance:
    """A problem at a point.

    Attributes
    ----------
    name : how tests and reports call it
    problem : the finite space
    theta, b : where it is looked at
    batch_expert_weight, batch_generator_weight : (N,), sum to one, and have no relation to p and q: tier 1
    mdp : the process that the problem was made of, if any
    """

    name: str
    problem: Problem
    theta: Array
    b: float
    batch_expert_weight: Array
    batch_generator_weight: Array
    mdp: TabularMDP | None = None


def with_batch(
    name: str, problem: Problem, theta: Array, b: float, mdp: TabularMDP | None = None
) -> Instance:
    """Return an instance whose batch weights are drawn in its name."""
    rng = stream(f"{name} batch")
    expert, generator = normalised(rng.random(len(problem))), normalised(rng.random(len(problem)))
    return Instance(name, problem, theta, b, expert, generator, mdp)


def stream(purpose: str) -> np.random.Generator:
    """One stream of random numbers a purpose, so that a draw added to one instance moves no other."""
    return np.random.Generator(np.random.PCG64([SEED, *purpose.encode()]))


def normalised(weights: Array) -> Array:
    """Return weights / their sum."""
    return np.asarray(weights / weights.sum())
