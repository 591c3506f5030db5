"""Divergences between densities on a space, and the optimal discriminator of two of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.problem import Problem

from .calculus import bisect, total
from .space import Space


def covered(problem: Problem, mdp: TabularMDP | None) -> str | None:
    """Premise of what needs p > 0 wherever q > 0."""
    del mdp
    if ((problem.data_weight == 0) & (problem.generator_weight > 0)).any():
        return "the generator goes where the data have no mass: D* is 0 there, KL(q‖p) and the best cost are infinite"
    return None


def kullback_leibler(space: Space, first: Any, second: Any) -> Any:
    """KL(r‖s) = Σ h s f(r/s), f(x) = x log x − x + 1 ≥ 0; of densities (N,), over the rows where s > 0."""
    rows = np.asarray(second > 0, dtype=bool)
    ratio = first[rows] / second[rows]
    present = np.asarray(ratio > 0, dtype=bool)
    logs = space.arithmetic.log(np.where(present, ratio, 1))
    return np.sum((space.h * second)[rows] * (ratio * logs - ratio + 1))


def jensen_shannon(space: Space) -> Any:
    """JSD(p, q) = ½KL(p‖μ) + ½KL(q‖μ)."""
    mixture = (space.p + space.q) / 2
    return (kullback_leibler(space, space.p, mixture) + kullback_leibler(space, space.q, mixture)) / 2


def best_logit(space: Space) -> Any:
    """Return the logit that minimises L_D, (rows with q > 0,), by bisection of its slope in the logit of a row.

    Needs p > 0 wherever q > 0. Both parts of the slope, q σ(x) and p σ(−x), are positive, so that its sign is
    lost only within a few roundings of the root.
    """
    seen = space.reached
    p, q = space.p[seen], space.q[seen]
    reach = 1 + np.abs(space.arithmetic.log(p)) + np.abs(space.arithmetic.log(q))

    def slope(x: Any) -> Any:
        return q * space.sigmoid(x) - p * space.sigmoid(-x)

    return bisect(space.arithmetic, slope, -reach, reach)


def generator_loss_at_best(space: Space) -> Any:
    """L_G = −E_q[ℓ] at the unrestricted optimum of L_D."""
    return -total(space.w_q[space.reached], best_logit(space))


def logs_of_densities(space: Space) -> float:
    """1 + max|log p| + max|log q|, the size of what divergences sum."""
    floats = space.arithmetic.floats
    logs = (np.log(values[values > 0]) for values in (floats(space.p), floats(space.q)))
    return 1 + sum(float(np.abs(each).max()) for each in logs)
