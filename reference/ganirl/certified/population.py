"""Z_θ of a whole problem, log Z_θ and its gradient, as rigorous intervals: by enumeration and by matrix products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.problem import Problem

from .ball import Array, Backend, Ball, balls, exact, total


@dataclass(frozen=True)
class CertifiedPartition:
    """Intervals of Z_θ, of log Z_θ and of ∂_θ log Z_θ = −E_{p_θ}[c'], (d,)."""

    z: Ball
    log_z: Ball
    gradient: Any


def certified_partition(problem: Problem, theta: Array, backend: Backend) -> CertifiedPartition:
    """Enumerate: Σ h e^{−c} over the problem's own numbers log h, c and c' in float64, taken as exact [D1]."""
    with backend.working():
        terms = np.exp(balls(backend, problem.log_h) - balls(backend, problem.cost.value(theta)))
        z = total(terms, backend)
        gradient = -(terms @ balls(backend, problem.cost.gradient(theta))) / z
        return CertifiedPartition(z, z.log(), gradient)


def partition_by_enumeration(mdp: TabularMDP, theta: Array, backend: Backend) -> Ball:
    """Z_θ = Σ_τ ρ0 Π P(s'|s,a) e^{−φ·θ} of a linear cost, path by path, from the process's own numbers."""
    with backend.working():
        start, chances = balls(backend, mdp.start), balls(backend, mdp.transition)
        weight = chances * np.exp(-(balls(backend, mdp.features) @ balls(backend, theta)))
        steps = mdp.trajectories.steps
        z: Ball = exact(backend, 0)
        for state, action, next_state, mask in zip(
            steps.state, steps.action, steps.next_state, steps.mask, strict=True
        ):
            path = start[state[0]]
            for here, does, there in zip(state[mask], action[mask], next_state[mask], strict=True):
                path = path * weight[here, does, there]
            z = z + path
        return z


def partition_by_products(mdp: TabularMDP, theta: Array, backend: Backend) -> Ball:
    """Z_θ = Σ ρ0 Π P(s'|s,a) e^{−φ·θ} of a linear cost, by T products of an (S, S) matrix: no path is listed.

    Row s of M holds Σ_a P(s'|s,a) e^{−c(s,a,s')} for the states s' in which the process goes on. With M's ends
    e = Σ_a P(end|s,a) e^{−c} and everything that leaves s, Z = ρ0·(e + M e + … + M^{T−2} e + M^{T−1} 1').
    """
    with backend.working():
        chances, features = balls(backend, mdp.transition), balls(backend, mdp.features)
        weight = np.sum(chances * np.exp(-(features @ balls(backend, theta))), axis=1)
        going_on, leaving = weight[:, :-1], np.sum(weight, axis=1)
        value = leaving  # with one step left, every way out counts
        for _ in range(mdp.horizon - 1):
            value = weight[:, -1] + going_on @ value
        z: Ball = exact(backend, 0) + balls(backend, mdp.start) @ value
        return z
