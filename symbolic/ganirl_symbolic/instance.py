"""Concrete instances: rational rows on which a broken identity is seen to fail.

A summand that does not vanish refutes nothing by itself: Σ h(p − q) is zero although p − q is not. So a twin
is refuted on an instance that meets every condition of its claim (weights that sum to one, a generator that
stays normalised, the optimal b where that is presupposed), where the residual has a non-zero value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from .symbols import D, E_mu, Expr, d_density, h, i, m, mass_p, mass_q, p, q, q_old, sp, total, w_p, w_q

ROWS = 3
DRAWS = 40

policy = sp.IndexedBase(r"\pi", positive=True)
transition = sp.IndexedBase("P", positive=True)

Rows: TypeAlias = dict[Expr, list[Expr]]
Plain: TypeAlias = dict[Expr, Expr]


@dataclass(frozen=True)
class Condition:
    """A linear relation Σ … = value that a claim presupposes, and how an instance is made to meet it."""

    text: str
    total: Expr
    value: Expr
    impose: Callable[[Rows, Random], None]


def _nothing(rows: Rows, rng: Random) -> None:
    """Every instance is normalised as it is drawn."""


def _normalise_model(rows: Rows, rng: Random) -> None:
    """Scale m so that Σ h m = 1, which is b = log Z."""
    mass = _dot(rows[h], rows[m])
    rows[m] = [value / mass for value in rows[m]]


def _balance(rows: Rows, rng: Random) -> None:
    """Move the expert's mass until E_μ[D] = ½, which is b = b*."""
    for _ in range(100):
        chances = [x / (x + y) for x, y in zip(rows[m], rows[q], strict=True)]
        target = 1 - _dot(rows[w_q], chances)
        mean = _dot(rows[w_p], chances)
        pole = max(chances) if mean < target else min(chances)
        if min(chances) < target < max(chances):
            share = (target - mean) / (pole - mean)
            rows[w_p] = [
                (1 - share) * weight + (share if chance == pole else 0)
                for weight, chance in zip(rows[w_p], chances, strict=True)
            ]
            return
        rows[m] = [_draw(rng, positive=True) for _ in rows[m]]
    raise ArithmeticError("no balanced instance was found")


UNIT_EXPERT = Condition("the expert's weights sum to one", mass_p, sp.Integer(1), _nothing)
UNIT_GENERATOR_ROWS = Condition("the generator's weights sum to one", mass_q, sp.Integer(1), _nothing)
UNIT_DATA = Condition("the data density is normalised", total(h[i] * p[i]), sp.Integer(1), _nothing)
UNIT_GENERATOR = Condition(
    "the generator stays normalised", total(h[i] * d_density[i]), sp.Integer(0), _nothing
)
UNIT_TRANSITION = Condition(
    "the transition probabilities sum to one", total(transition[i]), sp.Integer(1), _nothing
)
UNIT_MODEL = Condition(r"b is the true log Z", total(h[i] * m[i]), sp.Integer(1), _normalise_model)
BALANCED = Condition("b is optimal, so that E_μ[D] = ½", E_mu(D), sp.Rational(1, 2), _balance)


def instances(
    symbols: Iterable[Expr], conditions: tuple[Condition, ...] = (), seed: int = 2016
) -> Iterator[tuple[Rows, Plain]]:
    """Draw instances without end: values of every indexed symbol on each row, and of every plain symbol."""
    rng = Random(seed)
    wanted = sorted(symbols, key=str)
    bases = {w_p, w_q, h, p, q, q_old, m, d_density} | {s.base for s in wanted if isinstance(s, sp.Indexed)}
    while True:
        rows = {
            base: [_draw(rng, positive=bool(base.is_positive)) for _ in range(ROWS)]
            for base in sorted(bases, key=str)
        }
        _normalise(rows)
        for condition in conditions:
            condition.impose(rows, rng)
        plain = {s: _draw(rng, positive=bool(s.is_positive)) for s in wanted if not isinstance(s, sp.Indexed)}
        yield rows, plain


def _normalise(rows: Rows) -> None:
    """Make weights and distributions sum to one, densities too under h, derivatives of a density to zero."""
    for weight in {w_p, w_q, policy, transition} & rows.keys():
        mass = sum(rows[weight])
        rows[weight] = [value / mass for value in rows[weight]]
    for each in (p, q, q_old):
        mass = _dot(rows[h], rows[each])
        rows[each] = [value / mass for value in rows[each]]
    drift = _dot(rows[h], rows[d_density]) / sum(rows[h])
    rows[d_density] = [value - drift for value in rows[d_density]]


def on_row(summand: Expr, index: Expr, rows: Rows, row: int) -> Expr:
    """Value of a summand on one row."""
    return summand.xreplace({base[index]: values[row] for base, values in rows.items()})


def over_rows(summand: Expr, index: Expr, rows: Rows) -> Expr:
    """Value of the sum on the instance."""
    return sp.Add(*(on_row(summand, index, rows, row) for row in range(ROWS)))


def certainly_not_zero(value: Expr) -> bool:
    """Exact for rationals; 40 digits against 1e-20 where logarithms or exponentials are left."""
    if value.is_Rational:
        return bool(value != 0)
    return bool(abs(sp.N(value, 40)) > sp.Rational(1, 10**20))


def _draw(rng: Random, *, positive: bool) -> Expr:
    value = sp.Rational(rng.randint(1, 12), rng.randint(1, 12))
    return value if positive or rng.random() < 0.5 else -value


def _dot(left: list[Expr], right: list[Expr]) -> Expr:
    return sum(x * y for x, y in zip(left, right, strict=True))
