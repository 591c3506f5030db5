"""Error bounds by hand: what drops out, what must not, and the named costs of matrix units and differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganirl import BFLOAT16, FLOAT32, FLOAT64, bounds
from ganirl.bounds import FloatModel
from ganirl.logspace import log_sum_exp, sigmoid

SINGLE = FloatModel(FLOAT32, 8.0)
DOUBLE = FloatModel(FLOAT64, 3.0)


class TestMeanUnderSoftmax:
    X = np.array([0.0, -1.0, 2.0, 0.5])
    G = np.array([[1.0], [3.0], [-2.0], [0.25]])

    def error(self, x_error: np.ndarray, g: np.ndarray) -> float:
        return float(bounds.softmax_mean_error(SINGLE, self.X, x_error, g)[0])

    def test_inherited_errors_weigh_deviations_from_the_mean(self) -> None:
        # A constant g is its own mean, whatever the weights: what is left is rounding.
        constant = np.full((4, 1), 7.0)
        assert self.error(np.full(4, 0.1), constant) == self.error(np.zeros(4), constant)
        assert self.error(np.full(4, 0.1), self.G + 100.0) - self.error(
            np.zeros(4), self.G + 100.0
        ) == pytest.approx(self.error(np.full(4, 0.1), self.G) - self.error(np.zeros(4), self.G))

    def test_it_covers_every_corner_of_the_errors(self) -> None:
        size = np.array([0.02, 0.1, 0.05, 0.01])
        share = np.exp(self.X - log_sum_exp(self.X))
        worst = 0.0
        for corner in range(16):
            signs = np.array([1.0 if corner >> k & 1 else -1.0 for k in range(4)])
            moved = np.exp(self.X + signs * size)
            worst = max(worst, abs(float(moved @ self.G[:, 0] / moved.sum() - share @ self.G[:, 0])))
        allowed = self.error(size, self.G)
        assert worst <= allowed <= 1.5 * worst

    def test_an_error_of_the_normaliser_costs_by_the_size_of_the_mean(self) -> None:
        # e^(x − L) with a large common offset: L is rounded, by u·|L|, for all rows alike.
        far = bounds.softmax_mean_error(SINGLE, self.X + 1e4, np.zeros(4), self.G)
        share = np.exp(self.X - log_sum_exp(self.X))
        offset = 1e4 * SINGLE.u * abs(float(share @ self.G[:, 0]))
        assert float(far[0]) - self.error(np.zeros(4), self.G) == pytest.approx(offset, rel=1e-3)
        x = (self.X + 1e4).astype(np.float32)
        total = x.max() + np.log(np.exp(x - x.max()).sum(dtype=np.float32))
        got = float(np.exp(x - total) @ self.G[:, 0].astype(np.float32))
        exact = np.exp(x.astype(np.float64) - log_sum_exp(x.astype(np.float64)))
        assert self.error(np.zeros(4), self.G) < abs(got - float(exact @ self.G[:, 0])) <= float(far[0])


class TestSigmoidGradient:
    def test_a_large_error_of_the_logit_may_multiply_a_small_slope(self) -> None:
        # σ(−3) = 0.047; with ℓ wrong by 2 the slope is 0.27, almost six times as much.
        error = bounds.sigmoid_gradient_terms(DOUBLE, np.array([-3.0]), np.array([2.0]), "log_sigmoid")
        assert float(sigmoid(np.array([-1.0]))[0] - sigmoid(np.array([-3.0]))[0]) <= float(error[0]) <= 1.0

    def test_it_covers_either_direction(self) -> None:
        for x in np.linspace(-9.0, 9.0, 37):
            for size in (1e-3, 0.1, 1.0, 4.0):
                error = float(
                    bounds.sigmoid_gradient_terms(DOUBLE, np.array([x]), np.array([size]), "log_sigmoid")[0]
                )
                for moved in (x - size, x + size):
                    assert abs(float(sigmoid(moved) - sigmoid(x))) <= error


class TestMatrixProduct:
    def test_one_product_of_numbers_half_a_step_off(self) -> None:
        # 1 + 2^−11 is halfway between two TF32 numbers and goes to the even one, 1: both inputs lose 2^−11.
        exact = (1.0 + 2.0**-11) ** 2
        allowed = float(bounds.matrix_product(np.array(exact), np.array(exact), 1, "tf32"))
        assert 0.99 * allowed < exact - 1.0 <= allowed

    def test_cutting_off_costs_twice_as_much(self) -> None:
        almost = 1.0 + 2.0**-10 - 2.0**-23  # all but the last bit that TF32 keeps, and cut to 1
        lost = almost**2 - 1.0
        rounded, cut = (
            float(bounds.matrix_product(np.array(almost**2), np.array(almost**2), 1, "tf32", truncated=each))
            for each in (False, True)
        )
        assert rounded < lost <= cut
        assert cut == pytest.approx(2 * rounded, rel=1e-3)

    def test_formats(self) -> None:
        magnitude, value = np.array(4.0), np.array(-1.0)
        tf32 = float(bounds.matrix_product(magnitude, value, 16, "tf32"))
        half = float(bounds.matrix_product(magnitude, value, 16, "bfloat16"))
        stored = float(bounds.matrix_product(magnitude, value, 16, "bfloat16", output="bfloat16"))
        assert tf32 == pytest.approx(4.0 * (2 * 2.0**-11 + 2.0**-22 + 16 * 2.0**-24), rel=1e-3)
        assert half == pytest.approx(4.0 * (2 * 2.0**-8 + 2.0**-16), rel=1e-3)
        assert stored - half == pytest.approx(2.0**-8, rel=0.1)


class TestCentralDifference:
    THIRD = 1.0 / (3.0 * math.sqrt(3.0))

    def test_curvature_alone_at_its_worst_point(self) -> None:
        # σ'' is largest, 1/(6√3), where σ = ½(1 ± 1/√3); L_D of two rows there has twice that.
        b = math.log((1.0 - 1.0 / math.sqrt(3.0)) / (1.0 + 1.0 / math.sqrt(3.0)))
        h = 2.0**-10

        def loss(at: float) -> float:
            return 2.0 * math.log1p(math.exp(at))

        got = (loss(b + h) - loss(b - h)) / (2.0 * h)
        allowed = bounds.central_difference(
            DOUBLE, (b - h, b, b + h), (1e-15, 1e-15), slope=2.0, second=0.5, third=self.THIRD
        )
        error = abs(got - 2.0 / (1.0 + math.exp(-b)))
        assert 0.95 * allowed < error <= allowed

    def test_points_that_rounding_moves_apart(self) -> None:
        # bfloat16 is twice as fine below 1 as above: the centre is off, which costs ½M₂|h₊ − h₋|.
        low, high = (float(BFLOAT16.round(1.0 + s * 0.0105)) for s in (-1, 1))
        assert (high - 1.0) != (1.0 - low)
        got = (0.25 * high**2 - 0.25 * low**2) / (high - low)  # f″ = ½
        allowed = bounds.central_difference(
            DOUBLE, (low, 1.0, high), (0.0, 0.0), slope=0.5, second=0.5, third=0.0
        )
        assert 0.99 * allowed < abs(got - 0.5) <= allowed

    def test_the_best_step_is_best(self) -> None:
        error = 1e-12

        def total(h: float) -> float:
            return h**2 * self.THIRD / 6.0 + error / h

        best = bounds.best_difference_step(error, self.THIRD)
        assert total(best) < min(total(0.9 * best), total(1.1 * best))
        # About 8e-11 in float64, as E is about 1e-16.
        assert total(bounds.best_difference_step(1e-16, self.THIRD)) < 1e-7


def test_a_log_weight_inherits_what_log_d_does() -> None:
    """Log(e^{−c}/μ̃) = b + log 2D: as D → 1 an error of ℓ no longer moves it, but for a cost computed once more."""
    nothing = np.zeros(1)
    for logit, fraction in ((-30.0, 1.0), (0.0, 0.5), (30.0, 0.0)):
        cost = np.array([-logit])
        arguments = (DOUBLE, np.array([logit]), cost, np.zeros(1), np.zeros(1), 0.0)
        with_error = bounds.log_importance(*arguments, cost_error=nothing, logit_error=np.array([1e-6]))
        without = bounds.log_importance(*arguments, cost_error=nothing, logit_error=nothing)
        again = bounds.log_importance(*arguments, cost_error=np.array([1e-6]), logit_error=nothing)
        assert float((with_error - without)[0]) == pytest.approx(fraction * 1e-6, rel=1e-5, abs=1e-15)
        assert float((again - without)[0]) == pytest.approx(1e-6, rel=1e-5)


def test_a_row_without_weight_has_no_log_weight_to_get_wrong() -> None:
    found = bounds.log_importance(
        DOUBLE,
        np.zeros(2),
        np.ones(2),
        np.ones(2),
        np.array([-np.inf, -1.0]),
        0.5,
        cost_error=np.ones(2),
        logit_error=np.ones(2),
    )
    assert found[0] == 0.0
    assert found[1] > 1.0
