"""The fixed points of training in sixty digits, and what the derivations say of them in numbers."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from ganirl.enumeration import enumerate_claim
from ganirl.enumeration.contrast import contrast_optimum
from ganirl.enumeration.maxent import likelihood_optimum
from ganirl.enumeration.space import build_space
from ganirl.instances import S6_GENERATORS, s1, s6
from ganirl_symbolic import derivation
from ganirl_symbolic import symbols as s
from ganirl_symbolic.digits import SIXTY_DIGITS

SIXTY = 1e-55


def space_of(generator: str, well_specified: bool = False):
    instance = s6(generator, well_specified, theta=0.0)
    return build_space(instance.problem, instance.theta, instance.b, SIXTY_DIGITS)


@pytest.mark.parametrize("generator", S6_GENERATORS)
def test_the_optimum_of_residuals_is_the_optimum_of_values(generator: str) -> None:
    space = space_of(generator)
    by_residuals, by_values = contrast_optimum(space), contrast_optimum(space, by_values=True)
    assert by_residuals is not None
    assert by_values is not None
    assert abs(float(by_residuals[0] - by_values[0])) < SIXTY
    assert abs(float(by_residuals[0] - likelihood_optimum(space))) > 0.02


@pytest.mark.parametrize("generator", S6_GENERATORS)
@pytest.mark.parametrize("ratio", [1.0, 9.0])
def test_the_data_are_found_to_sixty_digits_where_the_cost_can_be_them(generator: str, ratio: float) -> None:
    """p is made of the model here, in this arithmetic; that of the instance is rounded to float64."""
    space = space_of(generator)
    truth = space.with_costs(space.c + SIXTY_DIGITS.array(0.4) * space.dc[:, 0])
    fitted = build_space(s6(generator, theta=0.0).problem, np.array([0.0]), 0.8, SIXTY_DIGITS)
    object.__setattr__(fitted, "p", truth.model)
    found = contrast_optimum(fitted, ratio)
    assert found is not None
    assert abs(float(found[0] - SIXTY_DIGITS.array(0.4))) < SIXTY


@pytest.mark.parametrize("generator", S6_GENERATORS)
def test_noise_contrast_on_its_own_instance(generator: str) -> None:
    instance = s6(generator)
    found = enumerate_claim("C6", instance.problem, instance.theta, instance.b, arithmetic=SIXTY_DIGITS)
    assert found.agrees
    assert found.error < SIXTY
    assert found.twin_differs


def test_smoothing_in_sixty_digits() -> None:
    found = enumerate_claim("I3", s1().problem, s1().theta, 0.8, arithmetic=SIXTY_DIGITS)
    assert found.agrees
    assert found.error < SIXTY
    assert found.twin_error > 0.04


def test_many_generator_rows_is_a_limit_and_not_a_value() -> None:
    """The summand at ν = 1 is the limit's times (1 − D): they differ on every row where m ≠ p."""
    claim = derivation("C6")
    limit = next(each for each in claim.statements if "ν → ∞" in each.name)
    at_one = next(twin for twin in claim.twins if twin.name == "ν = 1").statement
    share = sp.simplify(at_one.lhs / limit.rhs)
    assert sp.simplify(share - s.q[s.i] / (s.m[s.i] + s.q[s.i])) == 0


def test_smoothing_without_smoothing_is_the_data() -> None:
    short = next(each for each in derivation("I3").statements if "falls short" in each.name)
    (epsilon,) = (each for each in short.rhs.free_symbols if str(each) == "epsilon")
    assert short.rhs.subs(epsilon, 0) == 0
    row = {s.p[s.i]: sp.Rational(1, 2), s.q[s.i]: sp.Rational(1, 5), epsilon: sp.Rational(1, 10)}
    assert sp.Rational(1, 2) - short.rhs.subs(row) == sp.Rational(9, 25)
