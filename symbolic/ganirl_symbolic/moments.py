"""Moments of sample means, for every number of samples: derivatives of the n-th power of a generating function.

E e^{tX̄} = φ(t)^n for the mean X̄ of n independent draws, with φ(t) = E e^{tX/n}, whose derivatives at 0 are sums
over the rows. Those of a power are Faà di Bruno's. So moments of X̄ are exact expressions in n and in sums; no
expansion is cut off, and nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .algebra import TOTALS, SumNames, written
from .instance import Condition, Rows
from .proof import Step
from .statements import NamedSumIdentity
from .symbols import Expr, h, i, mass_q, q, sp, total

n = sp.Symbol("n", positive=True)


def _as_drawn(rows: Rows, rng: object) -> None:
    """Every instance is normalised as it is drawn."""


UNIT_SAMPLER = Condition(
    "the generator's density is normalised", total(h[i] * q[i]), sp.Integer(1), _as_drawn
)
UNIT_GENERATOR_WEIGHTS = Condition("the generator's weights sum to one", mass_q, sp.Integer(1), _as_drawn)


@dataclass(frozen=True)
class Sample:
    """A mean of ``count`` independent draws of ``value``, both written in row ``i``.

    Attributes
    ----------
    weight : what a row is drawn with; the weights sum to one
    value : what is averaged
    count : how many draws
    """

    weight: Expr
    value: Expr
    count: Expr = n

    def single(self, order: int, factor: Expr = 1) -> Expr:
        """E[factor · (value/count)^order] of a single draw: φ^(order)(0), if the factor is 1."""
        return total(self.weight * factor * self.value**order) / self.count**order

    def power(self, order: int, draws: Expr) -> Expr:
        """(φ^draws)^(order)(0) = Σ_m draws(draws − 1)…(draws − m + 1) φ^{draws − m} B_{order, m}(φ', φ'', …)."""
        inner = [self.single(j) for j in range(1, order + 1)]
        names = sp.symbols(f"phi1:{order + 1}")
        terms = (
            sp.ff(draws, m)
            * self.single(0) ** (draws - m)
            * sp.bell(order, m, names[: order - m + 1]).xreplace(dict(zip(names, inner, strict=True)))
            for m in range(min(order, 1), order + 1)
        )
        return sp.Add(*terms) if order else self.single(0) ** draws


def moment(order: int, samples: Sequence[Sample]) -> Expr:
    """E[(X̄ + Ȳ + …)^order] of a sum of means of independent samples."""
    first, *others = samples
    if not others:
        return first.power(order, first.count)
    return sp.Add(
        *(
            sp.binomial(order, j) * first.power(j, first.count) * moment(order - j, others)
            for j in range(order + 1)
        )
    )


def tilted_moment(order: int, sample: Sample, factor: Expr) -> Expr:
    """E[Ā X̄^order], where Ā is the mean of ``factor`` over the same draws: one of n factors φ is tilted by it."""
    return sp.Add(
        *(
            sp.binomial(order, j) * sample.single(j, factor) * sample.power(order - j, sample.count - 1)
            for j in range(order + 1)
        )
    )


def covariance(first: Sequence[Sample], second: Sequence[Sample]) -> Expr:
    """Cov of two sums of means over the same draws; the samples agree but in their values.

    Samples are independent, so that each covaries with itself alone.
    """
    return sp.Add(
        *(
            tilted_moment(1, right, left.value) - moment(1, [left]) * moment(1, [right])
            for left, right in zip(first, second, strict=True)
        )
    )


@dataclass(frozen=True)
class MomentIdentity(NamedSumIdentity):
    """An identity of moments, decided as any identity of named sums; a reader sees moments by their letters.

    Attributes
    ----------
    letters : pairs of a sum, as it stands in the identity, and what is written for it
    """

    letters: tuple[tuple[Expr, Expr], ...] = ()

    def steps(self) -> tuple[Step, ...]:
        """Write the identity in letters, what they are, and what is left of it when every sum is named."""
        used = [(each, letter) for each, letter in self.letters if self.lhs.has(each) or self.rhs.has(each)]
        short = dict(used)
        left, right = (_in_letters(side.xreplace(short)) for side in (self.lhs, self.rhs))
        meaning = r", \quad ".join(
            f"{sp.latex(letter)} = {sp.latex(written(each))}" for each, letter in used if not letter.is_number
        )
        given = ", ".join(condition.text for condition in self.given)
        return (
            self.stated(f"{left} = {right}"),
            *([Step("Here", meaning)] if meaning else []),
            Step(
                f"Given {given}, the difference of both sides is, every sum expanded and named:",
                sp.latex(self._residual(SumNames())),
            ),
        )


def _in_letters(expr: Expr) -> str:
    """LaTeX of a polynomial in letters and sums, multiplied out without looking into the sums."""
    sums = {each: sp.Symbol(sp.latex(written(each))) for each in expr.atoms(*TOTALS)}
    return str(sp.latex(sp.expand(expr.xreplace(sums))))
