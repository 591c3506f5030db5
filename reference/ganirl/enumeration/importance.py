"""Importance weights of an enumerated space, over a sampling density that is known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.problem import Problem

from .space import Space


def covered(problem: Problem, mdp: TabularMDP | None) -> str | None:
    """Say that weights e^{−c}/q cannot see everything; None if they do."""
    del mdp
    if (problem.log_q > -np.inf).all():
        return None
    return "the generator never draws a point with e^{−c} > 0, and its weights do not know of it (F1)"


def weights_over_z(space: Space, log_density: Any) -> Any:
    """(N,) w/Z = p_θ/s of an exact sampling density s, given by its log where it is positive."""
    return space.arithmetic.exp(-space.c - space.log_z - log_density)


def log_of_mixture(space: Space) -> Any:
    """(N,) log ½(p + q), the exact one, with 0 where both are 0."""
    density = (space.p + space.q) / 2
    return space.arithmetic.log(np.where(positive(density), density, space.one))


def positive(density: Any) -> Any:
    """Density > 0, as booleans."""
    return np.asarray(density > 0, dtype=bool)
