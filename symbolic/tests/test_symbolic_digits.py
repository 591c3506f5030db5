"""The enumerations once more, in sixty digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from ganirl import CallableCost, finite_space
from ganirl.enumeration import ENUMERATIONS, enumerate_claim
from ganirl.enumeration.partition_resampling import batch_optima
from ganirl.enumeration.space import build_space
from ganirl.instances import s4
from ganirl.mdp import TabularMDP
from ganirl.optimum import optimal_b, problem_optimum
from ganirl.resampling import resamples
from ganirl_symbolic.digits import SIXTY_DIGITS

THETA = np.array([0.7, -0.9])


def curved(features: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return np.asarray(features[..., 0] * np.sin(theta[0]) + 0.3 * (features[..., 1] * theta[1]) ** 2 + 0.2)


def table_problem():
    """Six points with a curved cost, one of them without data."""
    rng = np.random.default_rng(3)
    features = rng.normal(size=(6, 2))
    p, q = rng.random(6) ** 3, rng.random(6)
    p[2] = 0.0
    cost = CallableCost(lambda theta: curved(features, theta))
    return finite_space(p / p.sum(), q / q.sum(), features=features, cost=cost)


def small_mdp() -> TabularMDP:
    """Two states and an end, two actions, two steps: twenty trajectories of two lengths."""
    rng = np.random.default_rng(4)
    transition = rng.random((2, 2, 3)) ** 2
    transition[0, :, 0] = transition[1, :, 1] = 0.0
    transition /= transition.sum(axis=2, keepdims=True)
    return TabularMDP(np.array([0.7, 0.3]), transition, 2, rng.normal(size=(2, 2, 3, 2)))


def sequence_problem():
    mdp = small_mdp()
    rng = np.random.default_rng(5)
    logits = np.array([[0.3, -0.8], [1.2, 0.1]])
    data = rng.random(sum(mdp.trajectory_counts)) ** 2
    return mdp.problem(logits, data_weight=data / data.sum(), step_cost=curved), mdp


@pytest.mark.parametrize(
    "claim", [c for c, each in ENUMERATIONS.items() if not each.unsuited(table_problem())]
)
def test_every_claim_on_a_table(claim: str) -> None:
    found = enumerate_claim(claim, table_problem(), THETA, 0.8, arithmetic=SIXTY_DIGITS)
    assert found.agrees, found
    assert found.error < 1e-56
    assert found.tolerance < 1e-50
    if claim != "H1":
        assert found.twin_differs
        assert found.twin_error > 1e-4


@pytest.mark.parametrize("claim", ["A1", "A10", "B1", "B3", "C1", "D1", "E3", "H1", "H3"])
def test_sequences(claim: str) -> None:
    problem, mdp = sequence_problem()
    found = enumerate_claim(claim, problem, THETA, 0.8, arithmetic=SIXTY_DIGITS, mdp=mdp)
    assert found.agrees, found
    assert found.error < 1e-56
    assert found.twin_differs
    assert found.twin_error > 1e-4


def test_supports_that_overlap_in_part() -> None:
    problem = finite_space([0.6, 0.4, 0.0], [0.0, 0.5, 0.5], features=[[0.0], [0.3], [0.7]])
    space = build_space(problem, np.array([1.0]), 0.4, SIXTY_DIGITS)
    assert float(space.b_star) == pytest.approx(1.1746, abs=5e-5)
    for claim in ("A1", "B1", "B3", "B5", "C2"):
        assert enumerate_claim(claim, problem, [1.0], 0.4, arithmetic=SIXTY_DIGITS).agrees


def test_the_certificate_contains_the_optimum_of_the_loss() -> None:
    """Here b* minimises values of the loss; the certificate speaks of the root of a slope."""
    for problem, theta in ((table_problem(), THETA), (s4().problem, s4().theta)):
        space = build_space(problem, theta, 0.8, SIXTY_DIGITS)
        best = problem_optimum(problem, theta)
        exact = SIXTY_DIGITS.array(best.b) - space.b_star
        assert abs(float(exact)) <= best.radius < 1e-13


def test_minibatches_have_their_own_optimum_to_all_digits() -> None:
    """As the root of ∂_bL_D of the batch's own weights, by D = 1/(1 + e^{b + c + log q})."""
    space = build_space(table_problem(), THETA, 0.8, SIXTY_DIGITS)
    expert, generator = (resamples(SIXTY_DIGITS, weight, 2) for weight in (space.w_p, space.w_q))
    b = batch_optima(space, expert, generator)
    assert b.shape == (len(expert.counts), len(generator.counts))
    d = 1 / (1 + SIXTY_DIGITS.exp(b[:, :, None] + space.c + space.log_q))
    missed = np.sum(expert.counts[:, None, :] * (1 - d), axis=2)
    fooled = np.sum(generator.counts[None, :, :] * d, axis=2)
    assert np.max(np.abs(missed - fooled)) < 1e-50


def test_both_separations_are_contained() -> None:
    weights = np.array([0.125, 0.125, 0.25, 0.5])
    w_p, w_q = np.append(weights, np.zeros(4)), np.append(np.zeros(4), weights)
    distance = np.array([41.0, 43.5, 48.0, 52.0, 40.5, 44.0, 47.0, 55.0])
    for sign in (1.0, -1.0):
        a = sign * np.where(w_p > 0, distance, -distance)
        best = optimal_b(w_p, w_q, -a, np.zeros(8))
        context = mpmath.ctx_mp.MPContext()
        context.dps = 80
        logits = [context.mpf(float(x)) - context.mpf(best.b) for x in a]
        weight = [context.mpf(float(x)) for x in w_p + w_q]
        # both forms of the equation: the tails of either side, which balance at b*
        tails = [w / (1 + context.exp(abs(x))) for w, x in zip(weight, logits, strict=True)]
        rising = sum(t for t, x in zip(tails, logits, strict=True) if x >= 0)
        falling = sum(tails) - rising
        assert abs(float((rising - falling) / (rising + falling))) <= best.radius < 1e-12


def test_conversion_is_exact_and_local() -> None:
    before = mpmath.mp.dps
    tenth = SIXTY_DIGITS.array(0.1)
    assert float(tenth) == 0.1
    assert float(tenth * 10 - 1) == 5.551115123125783e-17  # what float64 means by 0.1
    assert SIXTY_DIGITS.unit_roundoff < 1e-60
    assert mpmath.mp.dps == before
    limits = (
        SIXTY_DIGITS.exp(SIXTY_DIGITS.array([-np.inf, 0.0])),
        SIXTY_DIGITS.log(SIXTY_DIGITS.array([0.0, 1.0])),
    )
    assert [SIXTY_DIGITS.floats(x).tolist() for x in limits] == [[0.0, 1.0], [-np.inf, 0.0]]
