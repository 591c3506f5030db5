"""The same identities on concrete instances of four rows, by another route.

No summand is compared here: costs and generator densities are concrete functions of θ and φ, which SymPy
differentiates row by row; sums are added up; b is solved for where a claim presupposes it; everything is
evaluated to 50 digits and left is compared with right. What the summand argument proved must agree, and each
broken twin must disagree.
"""

from typing import Any

import pytest
import sympy as sp

from ganirl_symbolic import derivations
from ganirl_symbolic import symbols as s
from ganirl_symbolic.instance import BALANCED
from ganirl_symbolic.statements import Positivity

CLOSE = sp.Rational(1, 10**40)
ROWS = range(1, 5)


def sides(statement: Any, world: Any) -> list[tuple[Any, Any]]:
    """Left and right side of a statement on an instance; one pair a row for an identity of rows."""
    given = getattr(statement, "given", ())
    world.meet(given)
    exprs = (statement.lhs, statement.rhs)
    if any(sp.sympify(expr).has(sp.Sum) for expr in exprs):
        return [tuple(world.evaluate(sp.sympify(expr)) for expr in exprs)]
    return [
        tuple(world.evaluate(sp.sympify(expr).xreplace({s.i: sp.Integer(k)})) for expr in exprs) for k in ROWS
    ]


IDENTITIES = [
    pytest.param(statement, id=f"{each.claim}: {statement.name}")
    for each in derivations()
    for statement in each.statements
    if not isinstance(statement, Positivity)
]
POSITIVE = [
    pytest.param(statement, id=f"{each.claim}: {statement.name}")
    for each in derivations()
    for statement in each.statements
    if isinstance(statement, Positivity)
]
TWINS = [
    pytest.param(twin.statement, id=f"{each.claim}: {twin.name}")
    for each in derivations()
    for twin in each.twins
    if not isinstance(twin.statement, Positivity)
]


@pytest.mark.parametrize("statement", IDENTITIES)
def test_both_sides_agree(statement, world):
    for left, right in sides(statement, world(1)):
        assert abs(left - right) < CLOSE


@pytest.mark.parametrize("statement", POSITIVE)
def test_positive_summands_are_positive(statement, world):
    concrete = world(3)
    for k in ROWS:
        assert concrete.evaluate(statement.expr.xreplace({s.i: sp.Integer(k)})) > 0


@pytest.mark.parametrize("statement", TWINS)
def test_twins_disagree(statement, world):
    assert any(abs(left - right) > sp.Rational(1, 10**6) for left, right in sides(statement, world(2)))


def test_the_instance_is_generic(world):
    concrete = world(1)
    densities = (s.p[s.i], s.q[s.i], s.q_phi, s.q_old[s.i])
    masses = [concrete.evaluate(s.total(s.h[s.i] * each)) for each in densities]
    assert all(abs(mass - 1) < CLOSE for mass in masses)
    log_partition = concrete.evaluate(sp.log(s.total(s.h[s.i] * sp.exp(-s.c))))
    concrete.meet((BALANCED,))
    assert abs(concrete.evaluate(s.E_mu(s.D)) - sp.Rational(1, 2)) < CLOSE
    assert abs(concrete.b - log_partition) > 0.01
