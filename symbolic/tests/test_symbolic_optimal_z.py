"""What was derived of the best discriminator and the optimal Z, against losses written by hand in mpmath."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import pytest
import sympy as sp
from mpmath import mpf

from ganirl_symbolic import derivation, prove
from ganirl_symbolic import symbols as s
from ganirl_symbolic.instance import BALANCED
from ganirl_symbolic.statements import NamedSumIdentity, SumIdentity

Vector = list[Any]
ROWS = range(1, 5)


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    with mpmath.workdps(50):
        yield


def number(value: Any) -> Any:
    return mpf(str(sp.N(value, 50)))


def close(left: Any, right: Any, digits: int = 18) -> bool:
    return abs(number(left) - number(right)) < mpf(10) ** -digits


class Batch:
    """A concrete world's rows, and the loss as anyone would write it: a function of costs and of Z."""

    def __init__(self, world: Any) -> None:
        self.w_p, self.w_q, self.q = (
            [number(world.row(base, k)) for k in ROWS] for base in (s.w_p, s.w_q, s.q)
        )
        self.c = [number(world.evaluate(s.c.xreplace({s.i: sp.Integer(k)}))) for k in ROWS]
        self.b = number(world.b)

    def chances(self, z: Any, c: Vector | None = None) -> Vector:
        return [mpmath.exp(-x) / (mpmath.exp(-x) + z * y) for x, y in zip(c or self.c, self.q, strict=True)]

    def loss(self, z: Any, c: Vector | None = None) -> Any:
        rows = zip(self.w_p, self.w_q, self.chances(z, c), strict=True)
        return -mpmath.fsum(x * mpmath.log(d) + y * mpmath.log(1 - d) for x, y, d in rows)

    def estimate(self, z: Any) -> Any:
        """F(Z) = E_μ[e^−c/μ̃]."""
        rows = zip(self.w_p, self.w_q, self.c, self.q, strict=True)
        return mpmath.fsum(
            (x + y) / 2 * mpmath.exp(-cost) / ((mpmath.exp(-cost) / z + q) / 2) for x, y, cost, q in rows
        )

    def log_optimum(self, c: Vector) -> Any:
        """b* of other costs: the zero of E_p[1−D] − E_q[D]."""

        def slope(b: Any) -> Any:
            rows = zip(self.w_p, self.w_q, self.chances(mpmath.exp(b), c), strict=True)
            return mpmath.fsum(x * (1 - d) - y * d for x, y, d in rows)

        return mpmath.findroot(slope, self.b)


def sides(claim: str, phrase: str, world: Any) -> tuple[Any, Any]:
    """Both sides of the one statement of a claim whose name begins so, on a concrete world."""
    (found,) = [each for each in derivation(claim).statements if each.name.startswith(phrase)]
    assert isinstance(found, SumIdentity | NamedSumIdentity)
    world.meet(getattr(found, "given", ()))
    return world.evaluate(found.lhs), world.evaluate(found.rhs)


@pytest.fixture
def concrete(world: Callable[[int], Any]) -> Any:
    return world(5)


def test_b4_is_about_the_derivatives_of_the_loss_and_of_the_estimate(concrete: Any) -> None:
    batch = Batch(concrete)
    z = mpmath.exp(batch.b)
    for phrase, function, order in (
        ("∂L_D/∂Z", batch.loss, 1),
        ("F'(Z)", batch.estimate, 1),
        ("F''(Z)", batch.estimate, 2),
    ):
        truth = mpmath.diff(function, z, order)
        assert all(close(side, truth) for side in sides("B4", phrase, concrete))


def test_b4_rate_is_that_of_the_iteration(concrete: Any) -> None:
    left, right = sides("B4", "at Z* the slope of log F", concrete)
    batch = Batch(concrete)
    z = mpmath.exp(batch.b)
    assert close(batch.estimate(z), z)
    assert close(left, mpmath.diff(batch.estimate, z))
    assert close(right, left)
    start = z * (1 + mpf(10) ** -20)
    assert close((batch.estimate(start) - z) / (start - z), left, 15)
    assert mpf("0.5") <= number(left) < 1


def test_b7_is_the_second_derivative_in_z(concrete: Any) -> None:
    batch = Batch(concrete)
    truth = mpmath.diff(batch.loss, mpmath.exp(batch.b), 2)
    assert all(close(side, truth) for side in sides("B7", "∂²L_D/∂Z²", concrete))
    far = mpf(10) ** 6
    assert close(mpmath.diff(lambda ratio: batch.loss(far * ratio), 1, 2), -1, 4)


def test_b9_is_the_derivative_of_b_star_solved_again(concrete: Any) -> None:
    concrete.meet((BALANCED,))
    batch = Batch(concrete)
    (entry, *_) = derivation("B9").statements
    weights = [
        concrete.evaluate(
            entry.rhs.xreplace({s.i: sp.Integer(k), s.m[s.i]: s.model.xreplace({s.i: sp.Integer(k)})})
        )
        for k in ROWS
    ]
    total = sum(number(each) for each in weights)
    for k in ROWS:

        def moved(cost: Any, k: int = k) -> Any:
            return batch.log_optimum([cost if row == k else x for row, x in enumerate(batch.c, 1)])

        assert close(mpmath.diff(moved, batch.c[k - 1]), -number(weights[k - 1]) / total, 12)


def test_b9_second_derivative_has_either_sign(concrete: Any) -> None:
    concrete.meet((BALANCED,))
    batch = Batch(concrete)
    densities = [mpmath.log(q) for q in batch.q]
    along = [mpf(1), mpf("-0.4"), mpf("0.3"), mpf("0.9")]
    mirrored = [-x - 2 * y for x, y in zip(batch.c, densities, strict=True)]
    bends = []
    for c in (batch.c, mirrored):
        batch.b = batch.log_optimum(c)

        def moved(t: Any, c: Vector = c) -> Any:
            return batch.log_optimum([x + t * g for x, g in zip(c, along, strict=True)])

        bends.append(mpmath.diff(moved, 0, 2))
    assert close(bends[0], -bends[1], 10)
    assert abs(bends[0]) > 1e-3


def test_a7_is_the_derivative_in_the_cost_of_one_trajectory(concrete: Any) -> None:
    h, p, q = ([number(concrete.row(base, k)) for k in ROWS] for base in (s.h, s.p, s.q))
    batch = Batch(concrete)
    batch.w_p, batch.w_q = ([x * y for x, y in zip(h, side, strict=True)] for side in (p, q))
    z = mpmath.exp(batch.b)
    stationary = derivation("A7").statements[0]
    for k in ROWS:

        def moved(cost: Any, k: int = k) -> Any:
            return batch.loss(z, [cost if row == k else x for row, x in enumerate(batch.c, 1)])

        concrete.values[s.m[k]] = sp.Float(str(mpmath.exp(-batch.c[k - 1]) / z), 50)
        for side in (stationary.lhs, stationary.rhs):
            assert close(
                concrete.evaluate(side.xreplace({s.i: sp.Integer(k)})), mpmath.diff(moved, batch.c[k - 1]), 15
            )


def test_a2_and_a3_are_values_of_the_loss(concrete: Any) -> None:
    h, p, q = ([number(concrete.row(base, k)) for k in ROWS] for base in (s.h, s.p, s.q))

    def loss(chances: Vector) -> Any:
        rows = zip(h, p, q, chances, strict=True)
        return -mpmath.fsum(w * (x * mpmath.log(d) + y * mpmath.log(1 - d)) for w, x, y, d in rows)

    best = [x / (x + y) for x, y in zip(p, q, strict=True)]
    left, right = sides("A2", "L_D(D*) = 2 log 2", concrete)
    assert close(left, loss(best))
    # log 2 · Σ h(p + q) is 2 log 2, because both densities are normalised
    assert close(right, loss(best))
    assert 0 < loss(best) < 2 * mpmath.log(2)

    # the symbols x and y of A3 stand for any D; the world gives them numbers
    gap, _ = sides("A3", "L_D(D) − L_D(D*)", concrete)
    x, y = (sp.IndexedBase(name, positive=True) for name in "xy")
    other = [
        number(concrete.row(x, k)) / (number(concrete.row(x, k)) + number(concrete.row(y, k))) for k in ROWS
    ]
    assert close(gap, loss(other) - loss(best))
    assert number(gap) > 0


def test_b6_ratio_holds_at_b_star_alone(concrete: Any) -> None:
    left, right = sides("B6", "E_p[1 − D]", concrete)
    assert close(left, right)
    assert abs(number(left)) > 1e-3  # b is not b*


@pytest.mark.parametrize("claim", ["A2", "A3", "A7", "A8", "B4", "B6", "B7", "B8", "B9", "B10"])
def test_continuous_spaces_are_covered(claim: str) -> None:
    """Every sum over trajectories carries over to an integral, and rows need not."""
    (found,) = prove([claim])
    assert found.ok
    assert found.carried == sum(
        isinstance(each, SumIdentity | NamedSumIdentity) for each in derivation(claim).statements
    )
