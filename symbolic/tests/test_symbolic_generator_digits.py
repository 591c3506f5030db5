"""Families E and G in sixty digits, where the instances for all claims have no data on some point or no process."""

from __future__ import annotations

import numpy as np
import pytest

from ganirl import CallableCost, finite_space
from ganirl.enumeration import enumerate_claim
from ganirl.mdp import TabularMDP
from ganirl_symbolic.digits import SIXTY_DIGITS

THETA = np.array([0.7, -0.9])
CLAIMS = ("E5", "E6", "E7", "E8", "E9", "G1", "G2", "G3", "G4")


def curved(features: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return np.asarray(features[..., 0] * np.sin(theta[0]) + 0.3 * (features[..., 1] * theta[1]) ** 2 + 0.2)


def table():
    """Six points, all with data, and a curved cost."""
    rng = np.random.default_rng(6)
    features, p, q = rng.normal(size=(6, 2)), rng.random(6) ** 3, rng.random(6)
    cost = CallableCost(lambda theta: curved(features, theta))
    return finite_space(p / p.sum(), q / q.sum(), features=features, cost=cost), None


def sequences():
    """Two states and an end, two steps, chance in the moves and in the start: twenty trajectories."""
    rng = np.random.default_rng(7)
    transition = rng.random((2, 2, 3)) ** 2
    transition[0, :, 0] = transition[1, :, 1] = 0.0
    transition /= transition.sum(axis=2, keepdims=True)
    mdp = TabularMDP(np.array([0.7, 0.3]), transition, 2, rng.normal(size=(2, 2, 3, 2)))
    data = rng.random(sum(mdp.trajectory_counts)) ** 2
    problem = mdp.problem(
        np.array([[0.3, -0.8], [1.2, 0.1]]), data_weight=data / data.sum(), step_cost=curved
    )
    return problem, mdp


# Those that ask for data everywhere are left out by the table of all claims; the others are on it.
PAIRS = [(claim, sequences) for claim in CLAIMS] + [(claim, table) for claim in ("E8", "G1", "G3", "G4")]


@pytest.mark.parametrize(("claim", "door"), PAIRS)
def test_claim(claim: str, door) -> None:
    problem, mdp = door()
    found = enumerate_claim(claim, problem, THETA, 0.8, arithmetic=SIXTY_DIGITS, mdp=mdp)
    assert found.agrees, found
    assert found.error < 1e-55
    assert found.twin_differs
    assert found.twin_error > 1e-4
