"""What is proved for sums holds for integrals: on Gaussians, by quadrature, without any argument about summands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.optimize import brentq

from ganirl_symbolic import CLAIMS, derivation
from ganirl_symbolic import symbols as s
from ganirl_symbolic.continuous import carried, carried_over, integral, x
from ganirl_symbolic.instance import BALANCED, UNIT_MODEL, transition
from ganirl_symbolic.proof import Statement

Function = Callable[[float], float]
THETA, K = 0.7, 1.3


def gaussian(mean: float, deviation: float) -> Function:
    return lambda at: float(np.exp(-0.5 * ((at - mean) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi)))


class Line:
    """Gaussian data and generator on the real line, Lebesgue measure, and a cost that is curved in θ."""

    def __init__(self, given: tuple[Any, ...] = ()) -> None:
        self.p, self.q = gaussian(0.4, 0.8), gaussian(-0.3, 1.2)
        self.b = 0.8
        premises = {condition.text for condition in given}
        if BALANCED.text in premises:
            self.b = brentq(self.unbalanced, -20.0, 20.0, xtol=1e-14)
        if UNIT_MODEL.text in premises:
            self.b = float(np.log(quad(lambda at: np.exp(-self.cost(at)), -np.inf, np.inf)[0]))

    @staticmethod
    def cost(at: float) -> float:
        return float(np.sin(THETA) * at + 0.5 * np.exp(THETA) * at**2)

    def unbalanced(self, b: float) -> float:
        def excess(at: float) -> float:
            m = np.exp(-self.cost(at) - b)
            return float((self.p(at) + self.q(at)) * m / (m + self.q(at)))

        return quad(excess, -12, 12, epsabs=1e-13, limit=200)[0] - 1.0

    def value(self, base: Any, at: float) -> float:
        """Return what an indexed symbol is at a point."""
        known: dict[Any, Function] = {
            s.w_p: self.p, s.w_q: self.q, s.p: self.p, s.q: self.q, s.h: lambda _: 1.0,
            s.q_old: gaussian(0.2, 1.0),
            s.q_hat: gaussian(0.1, 0.9),
            transition: gaussian(0.5, 0.7),
            s.m: lambda at: float(np.exp(-self.cost(at) - self.b)),
            s.first: lambda at: float(np.cos(THETA) * at + 0.5 * np.exp(THETA) * at**2),
            s.second: lambda at: float(-np.sin(THETA) * at + 0.5 * np.exp(THETA) * at**2),
            s.first_j: lambda at: float(np.cos(THETA) * at), s.first_k: lambda at: at**2 / 3,
            s.mixed_jk: lambda at: at / 5,
            # a derivative of the generator's density in a shift of its mean: it stays normalised
            s.d_density: lambda at: self.q(at) * (at + 0.3) / 1.44,
        }  # fmt: skip
        if base in known:
            return known[base](at)
        # Any other function will do, if it is positive and falls off.
        seed = sum(map(ord, str(base)))
        return float(np.exp(-0.1 * (at - np.sin(seed)) ** 2) * (1.5 + np.cos(seed)))

    def evaluate(self, expr: Any) -> float:
        totals = {each: sp.Float(self.integrate(each)) for each in expr.atoms(sp.Integral)}
        rest = sp.sympify(expr).xreplace(totals)
        return float(sp.N(rest.xreplace({symbol: self.constant(symbol) for symbol in rest.free_symbols})))

    def constant(self, symbol: Any) -> float:
        return {s.b: self.b, s.k: K, s.theta: THETA}.get(symbol, 0.3 + 0.1 * (sum(map(ord, str(symbol))) % 7))

    def integrate(self, each: Any) -> float:
        named = each.function.xreplace({x: s.i}).xreplace(s.DERIVATIVES).xreplace(s.FUNCTIONS)
        rows = sorted(named.atoms(sp.Indexed), key=str)
        plain = sorted(named.free_symbols - {part for row in rows for part in row.free_symbols}, key=str)
        stand_ins = [sp.Dummy() for _ in rows]
        function = sp.lambdify([*stand_ins, *plain], named.xreplace(dict(zip(rows, stand_ins, strict=True))))
        constants = [self.constant(symbol) for symbol in plain]

        def integrand(at: float) -> float:
            return float(function(*(self.value(row.base, at) for row in rows), *constants))

        return quad(integrand, -9, 9, epsabs=1e-12, epsrel=1e-12, limit=400)[0]


def sides(statement: Any, line: Line) -> tuple[float, float]:
    return line.evaluate(statement.lhs), line.evaluate(statement.rhs)


# Densities of two steps, and the like, do not live on this line; their names say so.
CARRIED = [
    pytest.param(statement, id=f"{claim}: {statement.name}")
    for claim in CLAIMS
    for statement in carried_over(derivation(claim))
]
TWINS = [
    pytest.param(found, id=f"{claim}: {twin.name}")
    for claim in CLAIMS
    for twin in derivation(claim).twins
    if (found := carried(twin.statement)) is not None
]


@pytest.mark.parametrize("statement", CARRIED)
def test_statement_about_integrals_is_proved(statement: Statement) -> None:
    assert statement.judge().holds


@pytest.mark.parametrize("statement", CARRIED)
def test_statement_about_integrals_holds_for_gaussians(statement: Any) -> None:
    left, right = sides(statement, Line(getattr(statement, "given", ())))
    assert left == pytest.approx(right, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("statement", TWINS)
def test_broken_statement_about_integrals_does_not_hold(statement: Any) -> None:
    assert not statement.judge().holds


def test_broken_statements_fail_for_gaussians_too() -> None:
    told = []
    for each in TWINS:
        (statement,) = each.values
        left, right = sides(statement, Line(getattr(statement, "given", ())))
        told.append(abs(left - right) > 1e-6)
    # A broken statement may be right on one instance by symmetry; hardly any is.
    assert sum(told) >= 0.9 * len(told)


def test_most_claims_carry_over() -> None:
    over = {claim for claim in CLAIMS if carried_over(derivation(claim))}
    assert {"A6", "B1", "B2", "B3", "C1", "C2", "C3", "C5", "D1", "E1", "E2", "E3"} <= over


def test_the_derivative_may_be_taken_under_the_integral_or_outside() -> None:
    loss = integral(s.discriminator_loss())
    under = sp.diff(loss, s.theta)
    assert under.has(sp.Integral)
    assert not under.has(sp.Sum)
    line = Line()
    slope = line.evaluate(integral(s.E_p((1 - s.D) * s.dc) - s.E_q(s.D * s.dc)))
    assert line.evaluate(under) == pytest.approx(slope, abs=1e-9)


def test_a_statement_that_counts_its_points_does_not_carry_over() -> None:
    from ganirl_symbolic.statements import SumIdentity

    counting = SumIdentity("Σ 1/N = 1", s.total(1 / s.N), s.total(1 / s.N))
    assert carried(counting) is None
