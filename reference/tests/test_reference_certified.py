"""Balls: what they hold, what they refuse to answer, and Z of an MDP by two routes that must meet."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

from ganirl import LinearCost, TabularMDP, finite_space
from ganirl.certified import (
    Ball,
    FlintBalls,
    UndecidedError,
    balls,
    certified_partition,
    enclose_optimum,
    ends,
    is_certified,
    middles,
    partition_by_enumeration,
    partition_by_products,
)
from ganirl.optimum import optimal_b

pytest.importorskip("flint", reason="balls are those of python-flint, an extra")

BITS = 128


@pytest.fixture
def backend() -> FlintBalls:
    return FlintBalls(BITS)


def holds(ball: Ball, number: Fraction) -> bool:
    low, high = ball.ends
    return Fraction(low) <= number <= Fraction(high)


class TestBall:
    def test_arithmetic_holds_the_rational_result(self, backend: FlintBalls) -> None:
        rng = np.random.default_rng(0)
        with backend.working():
            for x, y in rng.normal(size=(200, 2)) * 10.0 ** rng.integers(-8, 9, size=(200, 2)):
                one, other = balls(backend, [x, y])
                exact = Fraction(x), Fraction(y)
                assert holds(one + other, exact[0] + exact[1])
                assert holds(one - y, exact[0] - exact[1])
                assert holds(x * other, exact[0] * exact[1])
                assert holds(one / other, exact[0] / exact[1])
                assert holds(1 / other, 1 / exact[1])
                assert holds(abs(-one), abs(exact[0]))

    def test_ends_are_next_to_each_other(self, backend: FlintBalls) -> None:
        with backend.working():
            third = 1 / balls(backend, 3.0)[()]
            low, high = third.ends
        assert low < high == math.nextafter(low, 1.0)

    def test_ends_are_outside_even_beyond_the_range_of_floats(self, backend: FlintBalls) -> None:
        with backend.working():
            large, small = np.exp(balls(backend, [800.0, -800.0]))
            assert large.ends == (sys.float_info.max, math.inf)
            assert small.ends == (0.0, 5e-324)
            assert (large * small).ends[0] <= 1.0 <= (large * small).ends[1]

    def test_numpy_spreads_and_sums_balls(self, backend: FlintBalls) -> None:
        with backend.working():
            held = balls(backend, np.arange(6.0).reshape(2, 3))
            product = held @ np.array([1.0, 0.5, 0.25])
            assert is_certified(product)
            assert middles(product).tolist() == [1.0, 6.25]
            assert middles(np.array([1.0, 2.0, 3.0]) - held[0]).tolist() == [1.0, 1.0, 1.0]
            low, high = ends(np.log(np.sum(np.exp(held), axis=1)))
        expected = np.log(np.exp(np.arange(6.0)).reshape(2, 3).sum(axis=1))
        assert (low <= expected + 1e-15).all()
        assert (expected - 1e-15 <= high).all()
        assert (high - low < 1e-15).all()

    def test_small_terms_keep_their_digits(self, backend: FlintBalls) -> None:
        with backend.working():
            low, high = np.log1p(np.exp(balls(backend, [-700.0])))[0].ends
        assert low > 0
        assert (high - low) / low < 1e-15

    def test_overlapping_numbers_are_not_compared(self, backend: FlintBalls) -> None:
        with backend.working():
            third = 1 / balls(backend, [3.0])[0]
            again = third * 3
            with pytest.raises(UndecidedError):
                _ = again <= 1
            with pytest.raises(UndecidedError):
                _ = again == 1
            assert third < again
            assert not third > again
            exact, same = balls(backend, [0.5, 0.5])
            assert exact == 0.5
            assert exact <= same
            assert not exact < same

    def test_only_numbers_enter(self, backend: FlintBalls) -> None:
        with pytest.raises(TypeError):
            _ = balls(backend, [1.0])[0] + "1"

    def test_working_precision_is_given_back(self, backend: FlintBalls) -> None:
        import flint

        before = flint.ctx.prec
        with backend.working():
            assert flint.ctx.prec == BITS
        assert flint.ctx.prec == before


def test_the_floor_does_without_python_flint() -> None:
    code = (
        "import sys; sys.modules['flint'] = None\n"
        "import ganirl, ganirl.truth, ganirl.certified\n"
        "try: ganirl.certified.FlintBalls(64)\n"
        "except ImportError: print('absent')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "absent\n"


class TestOptimum:
    def enclosed(self, backend: FlintBalls, c: np.ndarray, log_q: np.ndarray, guess: float, radius: float):
        with backend.working():
            a = -(balls(backend, c) + balls(backend, log_q))
            half = len(c) // 2
            weight = balls(backend, np.full(half, 1.0)) / half
            return enclose_optimum(a[:half], a[half:], weight, weight, backend, guess=guess, radius=radius)

    def test_float64_lies_within_its_radius_on_hundreds_of_batches(self, backend: FlintBalls) -> None:
        rng = np.random.default_rng(1)
        for _ in range(300):
            c, log_q = rng.normal(size=8) * 3, -np.abs(rng.normal(size=8)) * 4
            w = np.repeat([0.25, 0.0], 4)
            found = optimal_b(w, w[::-1].copy(), c, log_q)
            low, high = self.enclosed(backend, c, log_q, found.b, found.radius)
            assert high <= math.nextafter(math.nextafter(low, math.inf), math.inf)
            assert abs(found.b - low) <= found.radius
            assert abs(found.b - high) <= found.radius

    def test_a_bad_guess_costs_time_not_truth(self, backend: FlintBalls) -> None:
        c, log_q = np.array([0.0, 1.0, 2.0, -1.0]), np.array([-1.0, -0.5, -2.0, -0.25])
        good = self.enclosed(backend, c, log_q, 0.0, 1e-8)
        assert self.enclosed(backend, c, log_q, 500.0, 1e-12) == good
        assert self.enclosed(backend, c, log_q, -3.0, math.inf) == good

    def test_one_row_a_side_has_a_closed_form(self, backend: FlintBalls) -> None:
        # E_p[D] + E_q[D] = 1 with a_p and a_q: b* = ½(a_p + a_q).
        low, high = self.enclosed(backend, np.array([0.5, -1.25]), np.array([-2.0, -0.5]), 0.0, 1.0)
        assert low <= 0.5 * (1.5 + 1.75) <= high

    def test_too_few_bits_say_so(self) -> None:
        # Logits apart by 400: the slope near b* is ±e^{−200}, less than what 64 bits leave beside ones.
        with pytest.raises(UndecidedError):
            self.enclosed(FlintBalls(64), np.array([-1e7, 1e7]), np.array([-1.0, -1.0]), 0.0, 1.0)


def small_mdp(horizon: int = 3) -> TabularMDP:
    rng = np.random.default_rng(4)
    transition = rng.random((2, 2, 3)) ** 2
    transition[0, 1, 0] = 0.0
    transition /= transition.sum(axis=2, keepdims=True)
    return TabularMDP(np.array([0.7, 0.3]), transition, horizon, rng.normal(size=(2, 2, 3, 2)))


class TestPartition:
    THETA = np.array([0.7, -0.9])

    def test_enumeration_and_products_meet(self, backend: FlintBalls) -> None:
        for horizon in (1, 2, 3, 5):
            mdp = small_mdp(horizon)
            low, high = partition_by_enumeration(mdp, self.THETA, backend).ends
            other_low, other_high = partition_by_products(mdp, self.THETA, backend).ends
            assert max(low, other_low) <= min(high, other_high)
            assert (high - low) / low < 1e-15

    def test_products_see_a_wrong_horizon(self, backend: FlintBalls) -> None:
        low, high = partition_by_products(small_mdp(4), self.THETA, backend).ends
        other_low, other_high = partition_by_enumeration(small_mdp(3), self.THETA, backend).ends
        assert high < other_low or other_high < low

    def test_a_problem_in_float64_lies_in_the_interval(self, backend: FlintBalls) -> None:
        rng = np.random.default_rng(5)
        p, q, features = rng.random(9), rng.random(9), rng.normal(size=(9, 2))
        problem = finite_space(p / p.sum(), q / q.sum(), features=features, cost=LinearCost(features))
        found = certified_partition(problem, self.THETA, backend)
        low, high = found.log_z.ends
        assert high - low < 1e-15
        assert abs(problem.log_partition(self.THETA) - low) < 4e-15
        model = np.exp(problem.log_model(self.THETA))
        np.testing.assert_allclose(middles(found.gradient), -model @ features, rtol=0, atol=4e-15)

    def test_gradient_is_the_slope_of_log_z(self, backend: FlintBalls) -> None:
        rng = np.random.default_rng(6)
        features = rng.normal(size=(5, 2))
        problem = finite_space(np.full(5, 0.2), np.full(5, 0.2), features=features, cost=LinearCost(features))
        step = 2.0**-20
        at = [
            certified_partition(problem, self.THETA + np.array([s * step, 0.0]), backend) for s in (-1, 0, 1)
        ]
        with backend.working():
            quotient = float((at[2].log_z - at[0].log_z) / (2 * step))
        # |third derivative of log Z| ≤ (range of c')³
        assert abs(quotient - float(at[1].gradient[0])) < step**2 * np.ptp(features[:, 0]) ** 3
