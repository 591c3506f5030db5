"""Identities with ==: where e^{−c}, e^b, p and q are rational, nothing is rounded and no tolerance is needed."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

flint = pytest.importorskip("flint", reason="exact rationals are those of python-flint, an extra")
fmpq = flint.fmpq


class Exact:
    """Seven points: p and q rational, m = e^{−c−b} too, c' integers; nothing is uniform, one point has no data."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        p, q, m = (rng.integers(1, 40, size=7) for _ in range(3))
        p[2] = 0
        self.p = self._rational(p, int(p.sum()))
        self.q = self._rational(q, int(q.sum()))
        self.boltzmann = self._rational(m, 11)  # e^{−c}
        self.scale = fmpq(13, 7)  # e^{−b}
        self.m = self.boltzmann * self.scale
        self.g = self._rational(rng.integers(-9, 10, size=7), 4)  # c'

    @staticmethod
    def _rational(numbers: np.ndarray, divisor: int) -> np.ndarray:
        return np.array([fmpq(int(each), divisor) for each in numbers], dtype=object)

    @property
    def d(self) -> np.ndarray:
        return self.m / (self.m + self.q)

    @property
    def z(self) -> object:
        return self.boltzmann.sum()


@pytest.fixture(params=range(5))
def space(request: pytest.FixtureRequest) -> Exact:
    return Exact(request.param)


def mean_mixture(space: Exact, values: np.ndarray) -> object:
    return (space.p @ values + space.q @ values) / 2


def test_nothing_is_rounded(space: Exact) -> None:
    assert space.p.sum() == space.q.sum() == 1
    assert isinstance(space.z, fmpq)
    assert Fraction(str(space.d[0])) == Fraction(str(space.m[0])) / (
        Fraction(str(space.m[0])) + Fraction(str(space.q[0]))
    )


def test_a9_detailed_balance(space: Exact) -> None:
    assert list(space.q * space.d) == list(space.m * (1 - space.d))
    assert list(space.q * space.d) != list(space.m * space.d)


def test_b2_slope_in_b(space: Exact) -> None:
    slope = space.p @ (1 - space.d) - space.q @ space.d
    assert slope == 1 - 2 * mean_mixture(space, space.d)
    assert slope != 1 - mean_mixture(space, space.d)


def gradient(space: Exact) -> object:
    return (space.p * (1 - space.d)) @ space.g - (space.q * space.d) @ space.g


def test_c1c_population_form(space: Exact) -> None:
    assert gradient(space) == ((space.p - space.m) * (1 - space.d)) @ space.g
    assert gradient(space) != ((space.p - space.m) * space.d) @ space.g


def test_c2_gradient_equality_cross_multiplied(space: Exact) -> None:
    mass, tilted = mean_mixture(space, space.d), mean_mixture(space, space.d * space.g)
    surrogate_times_mass = (space.p @ space.g) * mass - tilted
    assert gradient(space) * mass - surrogate_times_mass == tilted * (1 - 2 * mass)
    # The surrogate's weights e^{−c}/μ̃ are 2D·e^b, exactly.
    mixture = (space.m + space.q) / 2
    assert list(space.boltzmann / mixture) == list(2 * space.d / space.scale)


def test_c5_half_the_likelihood_at_a_converged_generator(space: Exact) -> None:
    model = space.boltzmann / space.z
    space.q, space.scale = model, 1 / space.z
    space.m = space.boltzmann * space.scale
    assert set(map(str, space.d)) == {"1/2"}
    assert gradient(space) == (space.p @ space.g - model @ space.g) / 2
    assert gradient(space) != space.p @ space.g - model @ space.g


def test_f1_and_f3_importance_sampling(space: Exact) -> None:
    assert space.q @ (space.boltzmann / space.q) == space.z
    model = space.boltzmann / space.z
    from_model = mean_mixture(space, space.boltzmann / ((model + space.q) / 2))
    bias = (space.boltzmann * (space.p - model) / (model + space.q)).sum()
    assert from_model - space.z == bias
    assert bias != 0


def test_b4_the_map_of_z_is_two_mean_d(space: Exact) -> None:
    def fixed_point_map(z: object) -> object:
        return mean_mixture(space, space.boltzmann / ((space.boltzmann / z + space.q) / 2))

    for z in (fmpq(1, 3), fmpq(2), space.z):
        d = (space.boltzmann / z) / (space.boltzmann / z + space.q)
        assert fixed_point_map(z) == 2 * z * mean_mixture(space, d)


def test_h7_products_over_steps() -> None:
    """q of a path is the product of its steps', so that ℓ adds; D does not multiply."""
    first, second = (
        np.array([fmpq(1, 3), fmpq(2, 3)], dtype=object),
        np.array([fmpq(1, 4), fmpq(3, 4)], dtype=object),
    )
    odds = [(m / first[0], n / second[1]) for m, n in product((fmpq(2, 5), fmpq(1)), (fmpq(3), fmpq(1, 7)))]
    for one, other in odds:
        whole = one * other
        assert whole / (1 + whole) != (one / (1 + one)) * (other / (1 + other))
        assert whole == (fmpq(1) * one * first[0] * other * second[1]) / (first[0] * second[1])
