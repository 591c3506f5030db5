"""Numbers and limits of families A and B: the best discriminator, and the optimal Z from every side."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import expit, logsumexp

from ganirl import finite_space
from ganirl.enumeration import ENUMERATIONS, enumerate_claim
from ganirl.instances import generic, s1, s4
from ganirl.objectives import discriminator_curvature, discriminator_loss
from ganirl.optimum import optimal_b, problem_optimum

Array = npt.NDArray[np.float64]


def b_star(w_p: Array, w_q: Array, c: Array, log_q: Array) -> float:
    return optimal_b(w_p, w_q, c, log_q).b


def draw(rng: np.random.Generator, scale: float = 3.0) -> tuple[Array, Array, Array]:
    """Weights of both sides and a = c + log q, on two to nine rows."""
    rows = int(rng.integers(2, 10))
    return rng.dirichlet(np.ones(rows)), rng.dirichlet(np.ones(rows)), scale * rng.normal(size=rows)


# --- A2, A3: what a discriminator is worth ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "q", "value"),
    [
        ((0.5, 0.5), (0.5, 0.5), 2 * math.log(2)),  # nothing to tell apart
        ((1.0, 0.0), (0.0, 1.0), 0.0),  # nothing in common
        # half of either side is told for sure, and nothing of the rest: JSD = ½ log 2
        ((0.5, 0.5, 0.0), (0.5, 0.0, 0.5), math.log(2)),
    ],
)
def test_the_best_loss_at_both_ends_and_between(
    p: tuple[float, ...], q: tuple[float, ...], value: float
) -> None:
    w_p, w_q = np.array(p), np.array(q)
    with np.errstate(divide="ignore"):
        best = discriminator_loss(w_p, w_q, -np.log(w_p), np.log(w_q), 0.0)
    assert best == pytest.approx(value, abs=1e-15)


def test_a_small_loss_gap_does_not_bound_the_cost() -> None:
    """A trajectory of mass 1e-6 on both sides, its cost wrong by ten nats: the loss moves by 8.6e-6."""
    p = np.array([1e-6, 0.7, 0.3 - 1e-6])
    q = np.array([1e-6, 0.4, 0.6 - 1e-6])
    right = -np.log(p)
    wrong = right + np.array([10.0, 0.0, 0.0])
    gap = discriminator_loss(p, q, wrong, np.log(q), 0.0) - discriminator_loss(p, q, right, np.log(q), 0.0)
    assert gap == pytest.approx(8.614e-6, abs=5e-10)
    divergence = 2e-6 * (-math.log(2) - 0.5 * math.log(expit(10.0) * expit(-10.0)))
    assert gap == pytest.approx(divergence, rel=1e-9)


# --- B4: the fixed point ---------------------------------------------------------------------------------


def log_estimate(w_p: Array, w_q: Array, a: Array, b: float) -> float:
    """Return log F(e^b) = log E_μ[e^−c/μ̃] = b + log 2E_μ[D], with D from a = c + log q."""
    return b + float(logsumexp(-np.logaddexp(0.0, a + b), b=w_p + w_q))


def rate_at(w_p: Array, w_q: Array, a: Array, b: float) -> float:
    return 1.0 - discriminator_curvature(w_p, w_q, a, np.zeros_like(a), b)


def test_the_rate_of_s1_is_observed() -> None:
    problem, costs = s1().problem, s1().theta
    w_p, w_q, a = problem.data_weight, problem.generator_weight, costs + problem.log_q
    best = problem_optimum(problem, costs).b
    assert rate_at(w_p, w_q, a, best) == pytest.approx(0.635658, abs=5e-7)
    for start in (best - 5.0, best + 5.0):
        path = [start]
        for _ in range(45):
            path.append(log_estimate(w_p, w_q, a, path[-1]))
        errors = np.abs(np.array(path) - best)
        # monotone: always on the same side, always nearer
        assert np.all(np.diff(path) * np.sign(best - start) > 0)
        assert np.all(np.diff(errors) < 0)
        assert errors[45] / errors[44] == pytest.approx(0.635658, abs=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_the_iteration_reaches_the_optimum_from_anywhere(seed: int) -> None:
    w_p, w_q, a = draw(np.random.default_rng(seed))
    best = b_star(w_p, w_q, a, np.zeros_like(a))
    rate = rate_at(w_p, w_q, a, best)
    assert 0.5 <= rate < 1.0
    for start in (-40.0, 40.0):
        b, steps = start, 0
        while abs(b - best) > 1e-9:
            following = log_estimate(w_p, w_q, a, b)
            assert (following - b) * (best - start) > 0
            b, steps = following, steps + 1
            assert steps < 40.0 / (1.0 - rate) + 100.0


def test_the_rate_is_close_to_one_where_the_sides_are_far_apart() -> None:
    """At m = p the rate is 1 − Σ pq/(p+q)."""
    rates = []
    for rare in (1e-1, 1e-2, 1e-3):
        p, q = np.array([1 - rare, rare]), np.array([rare, 1 - rare])
        a = np.log(q) - np.log(p)
        rates.append(rate_at(p, q, a, b_star(p, q, a, np.zeros(2))))
        assert rates[-1] == pytest.approx(1 - 2 * rare * (1 - rare), abs=1e-12)
    assert rates[-1] > 0.998


# --- B6: the true Z, by accident -------------------------------------------------------------------------


def test_equality_by_accident_is_exact() -> None:
    """p, q and p_θ all different, and yet Z* = Z_θ: one equation, and a whole surface of solutions."""
    model, p, q = ([Fraction(x, 10) for x in row] for row in ((3, 3, 4), (4, 2, 4), (1, 1, 8)))
    rests = [y / (x + y) for x, y in zip(model, q, strict=True)]
    assert sum((x - y) * rest for x, y, rest in zip(p, model, rests, strict=True)) == 0
    problem = finite_space([0.4, 0.2, 0.4], [0.1, 0.1, 0.8])
    costs = 1.7 - np.log([0.3, 0.3, 0.4])
    assert problem_optimum(problem, costs).b == pytest.approx(problem.log_partition(costs), abs=1e-14)
    assert problem.log_partition(costs) == pytest.approx(-1.7, abs=1e-14)
    moved = finite_space([0.4, 0.2, 0.4], [0.1, 0.2, 0.7])
    assert abs(problem_optimum(moved, costs).b + 1.7) > 1e-3


def test_s4() -> None:
    problem, costs = s4().problem, s4().theta
    ratio = math.exp(problem_optimum(problem, costs).b - problem.log_partition(costs))
    assert ratio == pytest.approx(3.2767694395 / 2.7617676583, abs=1e-9)
    bounds = np.exp(problem.log_model(costs) - problem.log_p)
    assert bounds.min() < ratio < bounds.max()


# --- B7: not convex in Z ---------------------------------------------------------------------------------


def test_s1_is_concave_in_z_at_ten_and_has_one_minimum() -> None:
    problem, costs = s1().problem, s1().theta
    w_p, w_q, log_q = problem.data_weight, problem.generator_weight, problem.log_q

    def loss(z: float) -> float:
        return discriminator_loss(w_p, w_q, costs, log_q, math.log(z))

    step = 0.05
    second = (loss(10 + step) - 2 * loss(10.0) + loss(10 - step)) / step**2
    assert second == pytest.approx(-4.5e-3, abs=5e-5)
    grid = np.exp(np.linspace(-8.0, 8.0, 400))
    falls = np.diff([loss(float(z)) for z in grid]) < 0
    assert falls.tolist() == sorted(falls.tolist(), reverse=True)  # down, then up
    assert falls[0]
    assert not falls[-1]


# --- B8: the acceptance ratio ----------------------------------------------------------------------------


def bridged(w_p: Array, w_q: Array, a: Array, b: float) -> float:
    """One step of Meng and Wong's iteration for log Z, with as many data as noise."""
    accepted = logsumexp(-np.logaddexp(0.0, a + b), b=w_q)
    missed = logsumexp(-np.logaddexp(0.0, -a - b), b=w_p)
    return b + float(accepted - missed)


@pytest.mark.parametrize("seed", range(20))
def test_the_bridge_of_a_batch_ends_at_its_optimum(seed: int) -> None:
    w_p, w_q, a = draw(np.random.default_rng(100 + seed), scale=1.5)
    b, step = 0.0, 1.0
    while abs(step) > 1e-14:
        step = bridged(w_p, w_q, a, b) - b
        b += step
    assert b == pytest.approx(b_star(w_p, w_q, a, np.zeros_like(a)), abs=1e-11)


@pytest.mark.parametrize("start", [-6.0, 0.5, 3.0])
def test_where_the_data_are_the_models_one_step_of_the_bridge_is_exact(start: float) -> None:
    """There Z_θ E_p[q α] = E_q[e^−c α] for every function α, while Z ← F(Z) has to go on."""
    p, q = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])
    a = np.log(q) - np.log(p) - 0.7  # e^−c = e^0.7 p
    assert bridged(p, q, a, start) == pytest.approx(0.7, abs=1e-14)
    assert abs(log_estimate(p, q, a, start) - 0.7) > 0.05


# --- B9: a function of the costs -------------------------------------------------------------------------


def test_two_rows_of_equal_mass_are_the_linear_case() -> None:
    rng = np.random.default_rng(9)
    for _ in range(20):
        share, a = rng.random(), 4 * rng.normal(size=2)
        w_p, w_q = np.array([share, 1 - share]), np.array([1 - share, share])
        assert b_star(w_p, w_q, a, np.zeros(2)) == pytest.approx(-a.mean(), abs=1e-12)


def test_midpoint_convexity_fails_as_often_as_it_holds() -> None:
    """b* is odd in c + log q, so that the mirror image of a pair fails where the pair does not."""
    rng, failures, worst = np.random.default_rng(2016), 0, 0.0
    for _ in range(300):
        w_p, w_q, a = draw(rng)
        other = 3.0 * rng.normal(size=len(a))
        zero = np.zeros_like(a)
        excess = b_star(w_p, w_q, (a + other) / 2, zero) - 0.5 * (
            b_star(w_p, w_q, a, zero) + b_star(w_p, w_q, other, zero)
        )
        mirrored = b_star(w_p, w_q, -(a + other) / 2, zero) - 0.5 * (
            b_star(w_p, w_q, -a, zero) + b_star(w_p, w_q, -other, zero)
        )
        assert mirrored == pytest.approx(-excess, abs=1e-10)
        failures += excess > 0
        worst = max(worst, excess)
        # log Z, of the same costs, is convex
        assert logsumexp(-(a + other) / 2) <= 0.5 * (logsumexp(-a) + logsumexp(-other)) + 1e-12
    assert 115 < failures < 185  # 300 fair coins leave this range with a chance of 6e-5
    assert worst > 0.5


@pytest.mark.parametrize("seed", range(10))
def test_steps_lie_between_the_least_and_the_largest_change(seed: int) -> None:
    rng = np.random.default_rng(300 + seed)
    w_p, w_q, a = draw(rng)
    change, zero = rng.normal(size=len(a)) * 4, np.zeros_like(a)
    step = b_star(w_p, w_q, a + change, zero) - b_star(w_p, w_q, a, zero)
    assert -change.max() - 1e-12 <= step <= -change.min() + 1e-12
    assert b_star(w_p, w_q, a, change) == pytest.approx(b_star(w_p, w_q, a + change, zero), abs=1e-12)
    assert b_star(w_p, w_q, a + 2.5, zero) == pytest.approx(b_star(w_p, w_q, a, zero) - 2.5, abs=1e-12)


# --- B10: the horizon ------------------------------------------------------------------------------------


def curvature_of_steps(steps: int) -> float:
    """Σ pq/(p+q) of T tosses, heads .7 under p and .4 under q: all 2^T, gathered by their number of heads."""
    heads = np.arange(steps + 1.0)
    count = np.array(
        [math.lgamma(steps + 1) - math.lgamma(k + 1) - math.lgamma(steps - k + 1) for k in heads]
    )
    log_p = heads * math.log(0.7) + (steps - heads) * math.log(0.3)
    log_q = heads * math.log(0.4) + (steps - heads) * math.log(0.6)
    return float(np.exp(count + log_p + log_q - np.logaddexp(log_p, log_q)).sum())


def test_the_gathered_sum_is_that_over_all_tosses() -> None:
    p, q = np.array([0.7, 0.3]), np.array([0.4, 0.6])
    all_p, all_q = p, q
    for _ in range(5):
        all_p, all_q = np.kron(all_p, p), np.kron(all_q, q)
    assert len(all_p) == 64
    assert curvature_of_steps(6) == pytest.approx(float((all_p * all_q / (all_p + all_q)).sum()), rel=1e-14)
    best = discriminator_curvature(all_p, all_q, -np.log(all_p), np.log(all_q), 0.0)
    assert curvature_of_steps(6) == pytest.approx(best, rel=1e-13)


def test_the_loss_flattens_with_the_horizon() -> None:
    found = [curvature_of_steps(steps) for steps in (1, 50, 200)]
    assert found == pytest.approx([5 / 11, 0.021747, 9.635e-6], rel=5e-5)
    overlap = math.sqrt(0.28) + math.sqrt(0.18)
    for steps, value in zip((1, 50, 200), found, strict=True):
        assert value < overlap**steps / 2


def test_the_rate_is_chernoffs() -> None:
    shares = np.linspace(0.0, 1.0, 2001)
    powers = 0.7**shares * 0.4 ** (1 - shares) + 0.3**shares * 0.6 ** (1 - shares)
    rate = float(powers.min())
    assert rate < math.sqrt(0.28) + math.sqrt(0.18)
    # T-th root of the ratio of neighbours, where the factor 1/√T has gone
    observed = [
        (curvature_of_steps(2 * steps) / curvature_of_steps(steps)) ** (1 / steps)
        for steps in (100, 400, 1600)
    ]
    gaps = [rate - each for each in observed]
    assert all(0 < later < earlier for earlier, later in pairwise(gaps))
    assert gaps[-1] < 5e-4


# --- in general ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", ["A2", "A3", "A7", "A8", "B4", "B6", "B7", "B8", "B9", "B10"])
def test_the_degenerate_instance_hides_no_twin_of_these(claim: str) -> None:
    assert not ENUMERATIONS[claim].hidden


@pytest.mark.parametrize("claim", ["B6", "B8"])
def test_a_true_model_hides_that_the_estimate_is_another(claim: str) -> None:
    problem = generic().problem
    costs = -np.log(np.array([0.5, 0.3, 0.2]))
    converged = finite_space([0.5, 0.3, 0.2], [0.2, 0.3, 0.5])
    found = enumerate_claim(claim, converged, costs, 0.8)
    assert found.agrees
    assert not found.twin_differs
    assert len(problem) > len(converged)
