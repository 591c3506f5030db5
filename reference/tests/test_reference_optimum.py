"""b* against sixty decimal digits, in cases where either textbook form of the equation fails."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt
import pytest

from ganirl import optimum
from ganirl.instances import generic, s1, s4
from ganirl.objectives import discriminator_gradient, discriminator_loss
from ganirl.optimum import NoFiniteOptimumError, distance_to_optimum, optimal_b, problem_optimum

Array = npt.NDArray[np.float64]


def decimal_error(b: float, w_p: Array, w_q: Array, c: Array, log_q: Array, digits: int = 60) -> float:
    """|b − b*| with b* of sixty digits: both sides shared out to sum to one, the sign of the slope bisected."""
    with localcontext() as context:
        context.prec = digits
        p, q, costs, densities = ([Decimal(float(x)) for x in side] for side in (w_p, w_q, c, log_q))
        thresholds = [-(cost + density) for cost, density in zip(costs, densities, strict=True)]

        def sigmoid(x: Decimal) -> Decimal:
            return 1 / (1 + (-x).exp())

        def slope(at: Decimal) -> Decimal:
            missed = sum(w * sigmoid(at - a) for w, a in zip(p, thresholds, strict=True)) / sum(p)
            fooled = sum(w * sigmoid(a - at) for w, a in zip(q, thresholds, strict=True)) / sum(q)
            return Decimal(missed - fooled)

        low, high = Decimal(b) - Decimal("1e-6"), Decimal(b) + Decimal("1e-6")
        assert slope(low) < 0 < slope(high)
        while high - low > Decimal("1e-18"):
            middle = (low + high) / 2
            low, high = (low, middle) if slope(middle) > 0 else (middle, high)
        return abs(float(low - Decimal(b)))


def draw(seed: int, scale: float) -> tuple[Array, Array, Array, Array]:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(2, 9))
    w_p, w_q = rng.dirichlet(np.full(rows, 0.5)), rng.dirichlet(np.full(rows, 0.5))
    return w_p, w_q, scale * rng.normal(size=rows), scale * rng.normal(size=rows)


DYADIC = np.array([0.125, 0.125, 0.25, 0.5])


def separated(seed: int, kind: str) -> tuple[Array, Array, Array, Array]:
    """Four rows a side, every |ℓ| between 20 and 60 nats, of either or both signs."""
    rng = np.random.default_rng(seed)
    w_p, w_q = np.zeros(8), np.zeros(8)
    w_p[:4], w_q[4:] = rng.permutation(DYADIC), rng.permutation(DYADIC)
    right = np.where(w_p > 0, 1.0, -1.0)
    sign = {"right": right, "wrong": -right, "mixed": rng.choice([-1.0, 1.0], size=8)}[kind]
    return w_p, w_q, -sign * rng.uniform(20, 60, size=8), np.zeros(8)


# --- numbers -------------------------------------------------------------------------------------------


def test_s4() -> None:
    instance = s4()
    best = problem_optimum(instance.problem, instance.theta)
    assert math.exp(best.b) == pytest.approx(3.2767694395, abs=1e-10)
    assert best.radius < 1e-13


def test_partial_overlap_is_enough() -> None:
    p, q, c = np.array([0.6, 0.4, 0.0]), np.array([0.0, 0.5, 0.5]), np.array([0.0, 0.3, 0.7])
    with np.errstate(divide="ignore"):
        best = optimal_b(p, q, c, np.log(q))
    assert math.log(np.exp(-c).sum()) == pytest.approx(0.8053, abs=5e-5)
    assert best.b == pytest.approx(1.1746, abs=5e-5)


@pytest.mark.parametrize(("rows", "shift"), [((1, 4), 1.386294), ((3, 1), -1.098612)])
def test_side_scales_shift_b(rows: tuple[int, int], shift: float) -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    best = optimal_b(p, q, -np.log(p), np.log(q), alpha_p=float(rows[0]), alpha_q=float(rows[1]))
    assert best.b == pytest.approx(shift, abs=1e-6)
    assert best.radius < 1e-13


def test_it_is_the_minimum_of_the_loss() -> None:
    instance = s1()
    p, q = instance.problem.data_weight, instance.problem.generator_weight
    arguments = p, q, instance.theta, instance.problem.log_q
    best = optimal_b(*arguments).b
    least = discriminator_loss(*arguments, best)
    assert all(least < discriminator_loss(*arguments, best + step) for step in (-0.1, -1e-3, 1e-3, 0.1))
    _, slope = discriminator_gradient(*arguments, best, dc=np.zeros((3, 1)))
    assert abs(slope) < 1e-15


# --- the certificate -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(16))
def test_radius_contains_sixty_digits(seed: int) -> None:
    case = draw(seed, scale=10.0 ** (seed % 4 - 1))
    best = optimal_b(*case)
    digits = 60 if seed % 4 < 3 else 300  # costs of 100 nats: tails of 1e-200 decide
    assert decimal_error(best.b, *case, digits=digits) <= best.radius < 1e-9


@pytest.mark.parametrize("kind", ["right", "wrong", "mixed"])
@pytest.mark.parametrize("seed", range(6))
def test_separated_sides_are_certified_too(seed: int, kind: str) -> None:
    case = separated(seed, kind)
    best = optimal_b(*case)
    assert decimal_error(best.b, *case, digits=120) <= best.radius < 1e-12


def test_inexact_weights_of_mixed_extremes_are_not_certified() -> None:
    # ℓ = ±50 at b = 0, which is b* by symmetry; but 0.1 + 0.9 is 1 + 2.8e-17, and the tails are 2e-22
    w_p, w_q, c = np.array([0.1, 0.9]), np.array([0.9, 0.1]), np.array([50.0, -50.0])
    assert distance_to_optimum(0.0, w_p, w_q, c, np.zeros(2)) == math.inf
    w_p, w_q = np.array([0.25, 0.75]), np.array([0.75, 0.25])
    assert distance_to_optimum(0.0, w_p, w_q, c, np.zeros(2)) < 1e-12


@pytest.mark.parametrize("side", ["data", "generator", "data where q = 0"])
def test_the_radius_covers_whatever_weights_are_within_their_error(side: str) -> None:
    rows = np.array([0.25, 0.75, 0.0]), np.array([0.75, 0.25, 0.0]), np.array([20.0, -20.0, 0.0])
    w_p, w_q, c = rows
    log_q = np.array([0.0, 0.0, -math.inf])
    if side == "data where q = 0":
        w_p = np.array([0.25, 0.0, 0.75])
    best = optimal_b(w_p, w_q, c, log_q, weight_error=2.0**-49)
    for move in (2.0**-51, -(2.0**-51)):
        p, q = (w_p, w_q + move * np.array([1, -1, 0])) if side == "generator" else (w_p.copy(), w_q)
        if side != "generator":
            p[p > 0] += move * np.array([1, -1])
        assert 1e-8 < decimal_error(best.b, p, q, c, log_q) <= best.radius


def test_somebody_elses_b() -> None:
    case = draw(5, scale=1.0)
    best = optimal_b(*case)
    for offset in (1e-9, -1e-3, 0.05):
        bound = distance_to_optimum(best.b + offset, *case)
        assert abs(offset) - best.radius <= bound < 2 * abs(offset) + 1e-12
    assert distance_to_optimum(best.b + 40, *case) == math.inf


def test_input_error_widens_the_radius() -> None:
    case = draw(6, scale=1.0)
    moved = optimal_b(case[0], case[1], case[2] + 1e-6, case[3]).b
    exact, uncertain = optimal_b(*case), optimal_b(*case, input_error=1e-6)
    assert exact.radius < 1e-12 < abs(moved - exact.b) <= uncertain.radius


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
def test_extreme_costs(scale: float) -> None:
    for seed in range(20):
        w_p, w_q, c, log_q = draw(seed, scale)
        assert optimal_b(w_p, w_q, c, log_q).radius < 1e-10 * scale


def test_many_rows_take_the_other_path(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    case = (
        rng.dirichlet(np.ones(200)),
        rng.dirichlet(np.ones(200)),
        rng.normal(size=200),
        rng.normal(size=200),
    )
    arrays = optimal_b(*case)
    monkeypatch.setattr(optimum, "_ROWS_FOR_ARRAYS", 10**9)
    lists = optimal_b(*case)
    assert abs(arrays.b - lists.b) <= arrays.radius + lists.radius < 1e-11


# --- how b* moves --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_b_falls_with_costs_and_no_faster(seed: int) -> None:
    w_p, w_q, c, log_q = draw(seed, 3.0)
    change = np.random.default_rng(seed + 100).normal(size=len(c))
    before, after = optimal_b(w_p, w_q, c, log_q), optimal_b(w_p, w_q, c + change, log_q)
    slack = before.radius + after.radius
    assert -change.max() - slack <= after.b - before.b <= -change.min() + slack


def test_well_specified_b_is_log_z() -> None:
    problem = generic().problem
    theta = generic().theta
    data = problem.with_data(problem.log_model(theta))
    best = problem_optimum(data, theta)
    assert abs(best.b - problem.log_partition(theta)) <= best.radius + 1e-12


# --- no optimum ----------------------------------------------------------------------------------------


def test_disjoint_supports_have_none() -> None:
    p, q = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, 1.0])
    with np.errstate(divide="ignore"), pytest.raises(NoFiniteOptimumError, match="no data lie where q > 0"):
        optimal_b(p, q, np.zeros(3), np.log(q))


def test_a_generator_where_the_model_has_no_mass_has_none() -> None:
    p, q = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    with pytest.raises(NoFiniteOptimumError, match="no mass where c < ∞"):
        optimal_b(p, q, np.array([0.0, np.inf]), np.zeros(2))


def test_infinite_losses_have_none() -> None:
    half = np.array([0.5, 0.5])
    with pytest.raises(NoFiniteOptimumError, match="infinite for every b"):
        optimal_b(half, half, np.array([0.0, np.inf]), np.zeros(2))
    with pytest.raises(NoFiniteOptimumError, match="infinite for every b"):
        optimal_b(half, half, np.zeros(2), np.array([0.0, -np.inf]))


def test_weights_must_be_weights() -> None:
    half, zero = np.array([0.5, 0.5]), np.zeros(2)
    with pytest.raises(ValueError, match=r"w_p must sum to one, not to 0\.9"):
        optimal_b(np.array([0.5, 0.4]), half, zero, zero)
    with pytest.raises(ValueError, match="w_q must not be negative"):
        optimal_b(half, np.array([1.5, -0.5]), zero, zero)
    with pytest.raises(ValueError, match="scale must be positive"):
        optimal_b(half, half, zero, zero, alpha_q=0.0)
