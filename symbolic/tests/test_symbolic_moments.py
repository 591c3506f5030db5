"""Moments of sample means, derived for every n, against samples counted and against tuples written out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import sympy as sp

from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.resampling import resamples
from ganirl_symbolic import derivation
from ganirl_symbolic import symbols as s
from ganirl_symbolic.moments import UNIT_SAMPLER, MomentIdentity, Sample, covariance, moment, tilted_moment

WEIGHTS = (sp.Rational(1, 10), sp.Rational(2, 10), sp.Rational(3, 10), sp.Rational(4, 10))
VALUES = (sp.Rational(-3, 2), sp.Rational(1, 3), sp.Rational(2), sp.Rational(5, 7))
OTHERS = (sp.Rational(1, 2), sp.Rational(-4, 3), sp.Rational(1, 5), sp.Rational(3))
value, other = sp.IndexedBase("f", real=True), sp.IndexedBase("g", real=True)


def exactly(expr: sp.Expr) -> sp.Expr:
    """Sums over the four rows, as rationals."""
    rows = {s.w_q: WEIGHTS, s.w_p: WEIGHTS[::-1], value: VALUES, other: OTHERS}

    def summed(each: sp.Sum) -> sp.Expr:
        return sp.Add(
            *(
                each.function.xreplace({base[s.i]: numbers[row] for base, numbers in rows.items()})
                for row in range(4)
            )
        )

    return sp.nsimplify(expr.xreplace({each: summed(each) for each in expr.atoms(sp.Sum)}))


def sample(draws: int, of: sp.Expr = value[s.i], weight: sp.Expr = s.w_q[s.i]) -> Sample:
    return Sample(weight, of, sp.Integer(draws))


@pytest.mark.parametrize("order", range(7))
@pytest.mark.parametrize("draws", [1, 2, 3])
def test_moments_are_those_of_every_tuple(order: int, draws: int) -> None:
    stated = exactly(moment(order, [sample(draws)]))
    found = sum(
        math.prod(WEIGHTS[row] for row in rows) * (sum(VALUES[row] for row in rows) / draws) ** order
        for rows in itertools.product(range(4), repeat=draws)
    )
    assert sp.simplify(stated - found) == 0


@pytest.mark.parametrize("order", range(5))
def test_tilted_moments_are_those_of_every_tuple(order: int) -> None:
    draws = 3
    stated = exactly(tilted_moment(order, sample(draws), other[s.i]))
    found = sum(
        math.prod(WEIGHTS[row] for row in rows)
        * (sum(OTHERS[row] for row in rows) / sp.Integer(draws))
        * (sum(VALUES[row] for row in rows) / draws) ** order
        for rows in itertools.product(range(4), repeat=draws)
    )
    assert sp.simplify(stated - found) == 0


def test_sums_of_independent_means_and_their_covariance() -> None:
    draws = 2
    first = [sample(draws), sample(draws, value[s.i], s.w_p[s.i])]
    second = [sample(draws, other[s.i]), sample(draws, other[s.i] ** 2, s.w_p[s.i])]
    third = mixed = left = right = sp.Integer(0)
    for mine, yours in itertools.product(itertools.product(range(4), repeat=draws), repeat=2):
        chance = math.prod(WEIGHTS[row] for row in mine) * math.prod(WEIGHTS[3 - row] for row in yours)
        x = sum(VALUES[row] for row in (*mine, *yours)) / draws
        y = (sum(OTHERS[row] for row in mine) + sum(OTHERS[row] ** 2 for row in yours)) / draws
        third, mixed, left, right = (
            third + chance * x**3,
            mixed + chance * x * y,
            left + chance * x,
            right + chance * y,
        )
    assert sp.simplify(exactly(moment(3, first)) - third) == 0
    assert sp.simplify(exactly(covariance(first, second)) - (mixed - left * right)) == 0


@pytest.mark.parametrize("draws", [7, 40])
def test_sixth_moment_is_that_of_samples_counted(draws: int) -> None:
    weights, values = (np.array([float(each) for each in numbers]) for numbers in (WEIGHTS, VALUES))
    drawn = resamples(FLOAT64_ARITHMETIC, weights, draws)
    counted = drawn.expectation(drawn.mean(values) ** 6)
    assert float(exactly(moment(6, [sample(draws)]))) == pytest.approx(float(counted), rel=1e-12)


def test_a_reader_sees_letters_and_the_algebra_sees_sums() -> None:
    (first, *_) = derivation("F4").statements
    assert isinstance(first, MomentIdentity)
    claim, here, difference = first.steps()
    assert r"\kappa_{2}" in claim.latex
    assert r"\sum" not in claim.latex
    assert here.latex.count(r"\sum") == 3
    assert difference.latex == "0"
    assert UNIT_SAMPLER.text in difference.text
    # letters are for the eye alone: they decide nothing
    unlettered = first.twin("letters", "", letters=()).statement
    assert unlettered.judge().holds
    wrong = first.twin("letters", "", letters=((first.lhs, first.rhs),), rhs=sp.Integer(0)).statement
    assert not wrong.judge().holds
