"""Statements that the algebra decides: identities of rows, of sums and of named sums, and positivity.

A twin is made from its claim by `twin`, which mutates fields of the statement and nothing else, so that a
broken formula takes the very route of the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from .algebra import TOTALS, AlgebraError, SumNames, canonical, eliminate, merge, written
from .instance import DRAWS, Condition, Plain, Rows, certainly_not_zero, instances, on_row, over_rows
from .proof import Judgement, Step, Twin
from .symbols import Expr, i, sp


@dataclass(frozen=True)
class _Mutable:
    """A named statement that can be broken on purpose."""

    name: str

    def twin(self, name: str, broken: str, **changes: Any) -> Twin:
        """Mutate fields of the statement, and leave its route as it is."""
        return Twin(name, broken, replace(self, **changes))  # type: ignore[arg-type]

    def stated(self, latex: str) -> Step:
        """Open the explanation of the statement with what it says."""
        return Step(f"Claim: {self.name}.", latex)


@dataclass(frozen=True)
class RowIdentity(_Mutable):
    """An identity for one trajectory: left and right side agree as functions of its numbers."""

    lhs: Expr
    rhs: Expr

    def judge(self) -> Judgement:
        """Reduce left minus right to a rational function of m, q and logarithms."""
        residual = self._residual()
        if residual == 0:
            return Judgement(True, "0")
        return Judgement(
            False,
            sp.latex(sp.factor(residual)),
            _witness(_symbols(residual), lambda rows, plain: on_row(residual, i, rows, 0).xreplace(plain)),
        )

    def steps(self) -> tuple[Step, ...]:
        """Write the identity, and what both sides reduce to."""
        sides = written(self.lhs), written(self.rhs)
        if sides[0] == sides[1]:  # the work was done in deriving one side; to repeat it says nothing
            return (self.stated(sp.latex(sides[0])),)
        return (self.stated(_equation(*sides)), _reduced("Both sides reduce to:", canonical(self.lhs)))

    def _residual(self) -> Expr:
        if self.lhs.has(*TOTALS) or self.rhs.has(*TOTALS):
            raise AlgebraError("a sum in an identity of rows")
        return canonical(self.lhs - self.rhs)


@dataclass(frozen=True)
class SumIdentity(_Mutable):
    """An identity, linear in sums over the same rows: proved if the merged summand vanishes."""

    lhs: Expr
    rhs: Expr

    def judge(self) -> Judgement:
        """Merge left minus right onto one summand and reduce that."""
        residual, (index, lower, upper) = self._residual()
        if residual == 0:
            return Judgement(True, "0")
        return Judgement(
            False,
            sp.latex(sp.Sum(sp.factor(residual), (index, lower, upper))),
            _witness(
                _symbols(residual) - {index},
                lambda rows, plain: over_rows(residual, index, rows).xreplace(plain),
            ),
        )

    def steps(self) -> tuple[Step, ...]:
        """Write the identity, and the one summand that both sides have."""
        sides = written(self.lhs), written(self.rhs)
        if sides[0] == sides[1]:
            return (self.stated(sp.latex(sides[0])),)
        summand, (_, _, upper) = merge(self.lhs)
        return (
            self.stated(_equation(*sides)),
            _reduced(
                f"For every {upper} both sides are the sum of one and the same summand:", canonical(summand)
            ),
        )

    def _residual(self) -> tuple[Expr, tuple[Expr, Expr, Expr]]:
        summand, frame = merge(self.lhs - self.rhs)
        return canonical(summand), frame


@dataclass(frozen=True)
class NamedSumIdentity(_Mutable):
    """An identity with products and quotients of sums: each sum is named, conditions relate the names."""

    lhs: Expr
    rhs: Expr
    given: tuple[Condition, ...] = ()

    def judge(self) -> Judgement:
        """Name the sums, use the conditions, and reduce what is left to a rational function of the names."""
        names = SumNames()
        residual = self._residual(names)
        if residual == 0:
            return Judgement(True, "0")
        left = residual.free_symbols
        summands = {symbol: f for symbol, f in names.summands().items() if symbol in left}
        inside: set[Expr] = set().union(*map(_symbols, summands.values()))

        def value(rows: Rows, plain: Plain) -> Expr:
            sums = {symbol: over_rows(f, i, rows).xreplace(plain) for symbol, f in summands.items()}
            return residual.xreplace(sums).xreplace(plain)

        symbols = (inside | (left - summands.keys())) - {i}
        return Judgement(False, sp.latex(residual), _witness(symbols, value, given=self.given))

    def steps(self) -> tuple[Step, ...]:
        """Write the identity, and the quotient of named sums that both sides reduce to."""
        names = SumNames()
        relations = self._relations(names)
        given = "".join(f", {condition.text}" for condition in self.given)
        return (
            self.stated(_equation(written(self.lhs), written(self.rhs))),
            Step("Name the sums, ⟨f⟩ for Σ f:", _equation(names.name(self.lhs), names.name(self.rhs))),
            _reduced(
                f"Given{given[1:]}, both sides reduce to:" if given else "Both sides reduce to:",
                eliminate(names.name(self.lhs), relations),
            ),
        )

    def _residual(self, names: SumNames) -> Expr:
        difference = names.name(self.lhs - self.rhs)
        return eliminate(difference, self._relations(names))

    def _relations(self, names: SumNames) -> list[Expr]:
        return [names.name(condition.total) - condition.value for condition in self.given]


@dataclass(frozen=True)
class Positivity(_Mutable):
    """A function of a row is positive wherever weights and densities are, by its coefficients alone."""

    expr: Expr

    def judge(self) -> Judgement:
        """Expand to a quotient of polynomials in positive symbols, all of whose terms are positive."""
        reduced = canonical(self.expr)
        top, bottom = sp.fraction(reduced)
        terms = (*sp.Add.make_args(sp.expand(top)), *sp.Add.make_args(sp.expand(bottom)))
        if all(term.is_positive for term in terms):
            return Judgement(True, "0")
        return Judgement(
            False,
            sp.latex(sp.factor(reduced)),
            _witness(
                _symbols(reduced),
                lambda rows, plain: on_row(reduced, i, rows, 0).xreplace(plain),
                refutes=lambda value: bool(value.is_Rational and value < 0),
            ),
        )

    def steps(self) -> tuple[Step, ...]:
        """Write the function in factors, which show its sign."""
        return (self.stated(f"{sp.latex(sp.factor(canonical(self.expr)))} > 0"),)


def _witness(
    symbols: Iterable[Expr],
    value: Callable[[Rows, Plain], Expr],
    refutes: Callable[[Expr], bool] = certainly_not_zero,
    given: tuple[Condition, ...] = (),
) -> str | None:
    """Value on the first instance that refutes; ``None`` if there is none among those drawn."""
    values = (value(rows, plain) for rows, plain in islice(instances(symbols, given), DRAWS))
    return next((str(sp.N(each, 12)) for each in values if refutes(each)), None)


def _symbols(expr: Expr) -> set[Expr]:
    """Indexed symbols, and the plain symbols that are no part of one."""
    indexed: set[Expr] = expr.atoms(sp.Indexed)
    parts: set[Expr] = set().union(*(each.free_symbols for each in indexed))
    plain: set[Expr] = expr.free_symbols - parts
    return indexed | plain


def _equation(left: Expr, right: Expr) -> str:
    return f"{sp.latex(left)} = {sp.latex(right)}"


def _reduced(text: str, form: Expr) -> Step:
    return Step(text, sp.latex(sp.factor(form)))
