"""A concrete world of four rows, evaluated to 50 digits without any argument about summands."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import mpmath
import pytest
import sympy as sp

from ganirl_symbolic import symbols as s
from ganirl_symbolic.instance import BALANCED, UNIT_MODEL, policy, transition

ROWS = 4
DIGITS = 50
POINT = {
    s.theta: sp.Rational(7, 10),
    s.theta_j: sp.Rational(7, 10),
    s.theta_k: sp.Rational(-2, 5),
    s.phi: sp.Rational(-3, 5),
}


@dataclass
class World:
    """Concrete rows: functions of θ and φ, and numbers."""

    seed: int

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.values: dict[Any, Any] = {}
        self.b: Any = sp.Rational(4, 5)
        self.coefficients = [[self.number() for _ in range(4)] for _ in range(ROWS)]
        self.tilts = [[self.number(), self.number()] for _ in range(ROWS)]
        for base in (s.w_p, s.w_q, policy, transition):
            self.weigh(base, [sp.Integer(1)] * ROWS)
        measure = [self.row(s.h, k) for k in range(1, ROWS + 1)]
        for base in (s.p, s.q_old):
            self.weigh(base, measure)
        for k in range(1, ROWS + 1):
            self.values[s.q[k]] = sp.N(self.density(k).subs(POINT), DIGITS + 10)

    def number(self) -> Any:
        return sp.Rational(self.rng.randint(-3000, 3000), 1999)

    def weigh(self, base: Any, measure: list[Any]) -> None:
        raw = [sp.Rational(self.rng.randint(100, 4000), 1999) for _ in range(ROWS)]
        mass = sum(x * y for x, y in zip(raw, measure, strict=True))
        self.values |= {base[k]: value / mass for k, value in enumerate(raw, 1)}

    def row(self, base: Any, index: int) -> Any:
        key = base[index]
        if key not in self.values:
            value = self.number()
            self.values[key] = abs(value) + sp.Rational(1, 20) if base.is_positive else value
        return self.values[key]

    def cost(self, k: int, theta: Any) -> Any:
        a0, a1, a2, _ = self.coefficients[k - 1]
        return a0 + a1 * sp.sin(theta) + a2 * theta**2 / 3

    def cost_jk(self, k: int, x: Any, y: Any) -> Any:
        a0, a1, a2, a3 = self.coefficients[k - 1]
        return a0 + a1 * sp.sin(x) * y + a2 * sp.exp(y / 3) * x + a3 * x * y**2

    def density(self, k: int) -> Any:
        def weight(row: int) -> Any:
            x, y = self.tilts[row - 1]
            return sp.exp(x * s.phi + y * s.phi**2)

        mass = sum(self.row(s.h, row) * weight(row) for row in range(1, ROWS + 1))
        return weight(k) / mass

    def explicit(self, expr: Any) -> Any:
        """Write sums out and put numbers in for costs, densities, their derivatives and rows; b stays."""
        rows = expr.replace(sp.Sum, self.add)
        for kind in (sp.Derivative, sp.core.function.AppliedUndef, sp.Indexed):
            rows = rows.xreplace({each: self.number_for(each) for each in rows.atoms(kind)})
        return rows

    def number_for(self, atom: Any) -> Any:
        """Differentiate the concrete function of a row, and evaluate it at the point."""
        if isinstance(atom, sp.Indexed):
            return self.row(atom.base, int(atom.indices[0]))
        if atom not in self.values:
            function = atom.expr if isinstance(atom, sp.Derivative) else atom
            k, *variables = function.args
            if isinstance(function, s.density):
                concrete = self.density(int(k))
            else:
                concrete = (self.cost, self.cost_jk)[len(variables) - 1](int(k), *variables)
            if isinstance(atom, sp.Derivative):
                concrete = sp.diff(concrete, *atom.variables)
            self.values[atom] = sp.N(concrete.subs(POINT), DIGITS + 10)
        return self.values[atom]

    @staticmethod
    def add(summand: Any, frame: Any) -> Any:
        return sp.Add(*(summand.xreplace({frame[0]: sp.Integer(k)}) for k in range(1, ROWS + 1)))

    def evaluate(self, expr: Any) -> Any:
        filled = self.explicit(expr).xreplace({s.b: self.b})
        for symbol in sorted(filled.free_symbols, key=str):
            self.values.setdefault(symbol, abs(self.number()) + sp.Rational(1, 20))
        return sp.N(filled.xreplace(self.values), DIGITS)

    def meet(self, given: tuple[Any, ...]) -> None:
        """Choose b as the claim presupposes it."""
        if BALANCED in given:
            slope = sp.lambdify(s.b, self.explicit(s.E_mu(s.D) - sp.Rational(1, 2)), "mpmath")
            with mpmath.workdps(DIGITS + 10):
                self.b = sp.Float(mpmath.findroot(slope, 0), DIGITS)
        if UNIT_MODEL in given:
            self.b = sp.log(self.explicit(s.total(s.h[s.i] * sp.exp(-s.c))))


@pytest.fixture
def world() -> Callable[[int], World]:
    return World
