"""Reduce an identity between sums to a rational one, and decide that in milliseconds.

Two sums over the same rows agree for every N, every weighting and, read as an integrand, for integrals, if their
summands agree. So `merge` joins a linear combination of sums into one summand; `canonical` names derivatives,
writes the cost as c = −b − log m and leaves rational functions of m, q, the weights and a few logarithms, which
``cancel(together(…))`` decides. Where sums are divided by sums, `name_sums` gives each its own name first.
"""

from __future__ import annotations

from .symbols import DERIVATIVES, FUNCTIONS, Expr, i, m, q, sp


class AlgebraError(ValueError):
    """The expression is not of the form that the method can decide, so that a zero would prove nothing."""


class LeftoverDerivativeError(AlgebraError):
    """A derivative has no name; substituting the cost would turn it into 0 in silence."""


class LeftoverFunctionError(AlgebraError):
    """A function of the rows was not replaced, so that it would be taken for a constant."""


class BareConstantError(AlgebraError):
    """A constant stands beside sums; write it as constant · Σ weight, or the summand would be wrong."""


class NotLinearError(AlgebraError):
    """Sums are multiplied or divided; such an identity has to name its sums."""


def canonical(expr: Expr) -> Expr:
    """Rational normal form of an expression in row ``i``; zero if and only if it cancels.

    Raises
    ------
    LeftoverDerivativeError, LeftoverFunctionError
        If a derivative or a function is left, either of which could make the result zero for no good reason.
    """
    named = expr.xreplace(DERIVATIVES)
    left = named.atoms(sp.Derivative, sp.Subs)
    if left:
        raise LeftoverDerivativeError(f"derivatives without a name: {sorted(map(str, left))}")
    named = named.xreplace(FUNCTIONS)
    unknown = named.atoms(sp.core.function.AppliedUndef)
    if unknown:
        raise LeftoverFunctionError(f"functions that were not replaced: {sorted(map(str, unknown))}")
    flat = sp.expand_power_exp(named).replace(sp.log, _split_logarithm)
    return sp.cancel(sp.together(flat))


def _split_logarithm(argument: Expr) -> Expr:
    """Write log of a product of positive factors as a sum, so that equal logarithms look equal."""
    factors = sp.factor(sp.together(argument))
    return sp.expand_log(sp.log(factors))


def merge(expr: Expr) -> tuple[Expr, tuple[Expr, Expr, Expr]]:
    """Join a linear combination of sums into one: its summand, and the range (dummy, lower, upper).

    Raises
    ------
    BareConstantError
        If a term has no sum.
    NotLinearError
        If a term multiplies or divides sums, or the sums have different ranges.
    """
    shields = {each: sp.Dummy() for each in expr.atoms(sp.Sum)}
    sums = {shield: each for each, shield in shields.items()}
    summand, frame = sp.Integer(0), None
    for term in sp.Add.make_args(sp.expand_mul(expr.xreplace(shields))):
        if term == 0:
            continue
        inside = [shield for shield in sums if term.has(shield)]
        if not inside:
            raise BareConstantError(f"a bare constant in a sum identity: {term}")
        coefficient = sp.cancel(term / inside[0])
        if coefficient.has(*sums):
            raise NotLinearError(f"not linear in the sums: {term.xreplace(sums)}")
        (dummy, lower, upper), *nested = sums[inside[0]].limits
        frame = frame or (dummy, lower, upper)
        if nested or sums[inside[0]].function.has(sp.Sum) or (lower, upper) != frame[1:]:
            raise NotLinearError(f"sums over different or nested ranges: {term.xreplace(sums)}")
        if coefficient.has(frame[0], dummy):
            raise NotLinearError(f"the index of a sum stands outside it: {term.xreplace(sums)}")
        summand += coefficient * sums[inside[0]].function.xreplace({dummy: frame[0]})
    return summand, frame or (i, sp.Integer(1), sp.Integer(1))


# In these variables, m = r D and q = r (1 − D), all of D, 1 − D, D(1 − D) … are polynomials, so that sums of them
# have one expansion in monomials and linear relations between sums are seen.
_probability = sp.IndexedBase("D", positive=True)
_scale = sp.IndexedBase("r", positive=True)


class SumNames:
    """Names for sums: each sum becomes a linear combination of symbols, one a monomial of the summand."""

    def __init__(self) -> None:
        self.symbols: dict[Expr, Expr] = {}

    def name(self, expr: Expr) -> Expr:
        """Replace every sum in `expr` by its names."""
        return expr.xreplace({each: self._name_sum(each) for each in expr.atoms(sp.Sum)})

    def summands(self) -> dict[Expr, Expr]:
        """What each name stands for: symbol → summand in row ``i`` in terms of m and q."""
        back = {_probability[i]: m[i] / (m[i] + q[i]), _scale[i]: m[i] + q[i]}
        return {symbol: monomial.xreplace(back) for monomial, symbol in self.symbols.items()}

    def _name_sum(self, each: Expr) -> Expr:
        summand, (dummy, _, _) = merge(each)
        forward = {m[i]: _scale[i] * _probability[i], q[i]: _scale[i] * (1 - _probability[i])}
        flat = canonical(canonical(summand.xreplace({dummy: i})).xreplace(forward))
        top, bottom = sp.fraction(flat)
        result = sp.Integer(0)
        for term in sp.Add.make_args(sp.expand(top)):
            constant, monomial = sp.Integer(1), sp.Integer(1)
            for factor in (*sp.Mul.make_args(term), *(1 / x for x in sp.Mul.make_args(bottom))):
                if factor.has(i):
                    monomial *= factor
                else:
                    constant *= factor
            result += constant * self._symbol(monomial)
        return result

    def _symbol(self, monomial: Expr) -> Expr:
        if monomial not in self.symbols:
            shown = monomial.xreplace({_scale[i]: m[i] / _probability[i]})
            label = sp.latex(shown, mul_symbol=r" \, ").replace("_{i}", "")
            self.symbols[monomial] = sp.Dummy(rf"\left\langle {label} \right\rangle", real=True)
        return self.symbols[monomial]


def eliminate(expr: Expr, relations: list[Expr]) -> Expr:
    """Use linear relations between named sums (each an expression equal to 0) to remove names from `expr`."""
    remaining = list(relations)
    while remaining:
        relation = sp.expand(remaining.pop(0))
        names = sorted(relation.atoms(sp.Dummy), key=lambda symbol: (symbol not in expr.free_symbols, str(symbol)))
        if not names:
            continue
        pivot = names[0]
        solution = -relation.coeff(pivot, 0) / relation.coeff(pivot, 1)
        expr = expr.xreplace({pivot: solution})
        remaining = [other.xreplace({pivot: solution}) for other in remaining]
    return sp.cancel(sp.together(expr))


def partial(loss: Expr, entry: Expr) -> Expr:
    """Partial derivative of a sum in the entry of row j, for 1 ≤ j ≤ N, written in row ``i``.

    SymPy returns a Piecewise through Kronecker's delta: the derivative where j is in range, and 0 elsewhere.
    """
    summand, (dummy, lower, upper) = merge(loss)
    j = sp.Symbol("j", integer=True, positive=True)
    whole = sp.diff(sp.Sum(summand, (dummy, lower, upper)), entry.base[j]).doit()
    if not isinstance(whole, sp.Piecewise) or whole.args[0][1] != (upper >= j):
        raise AlgebraError(f"no branch with j in range: {whole}")
    return whole.args[0][0].xreplace({j: i})
