"""What is proved is what is computed: derived expressions, made into NumPy functions, against the objectives.

`evaluate` turns an expression of the derivations, sums over the rows included, into float64 by SymPy's
``lambdify``; `COMPUTED` pairs the expressions that the proofs are about with the function of `ganirl.objectives`
that every comparison is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ganirl import objectives

from .algebra import derivative
from .gradients import surrogate_gradient
from .symbols import (
    DERIVATIVES,
    FUNCTIONS,
    D,
    E_mu,
    E_p,
    E_q,
    Expr,
    b,
    c,
    cost_row,
    d_density,
    discriminator_loss,
    first,
    generator_loss,
    h,
    i,
    logit,
    m,
    mixture,
    phi,
    q,
    q_phi,
    sp,
    theta,
    total,
    w_p,
    w_q,
)

Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Numbers for every symbol of the derivations, over N rows; ``score`` is ∂ log q/∂φ and ``b`` log Z.

    All arrays are (N,): weights that sum to one on either side, base measure, cost, its first derivative along a
    direction, log density of the generator and its score.
    """

    w_p: Array
    w_q: Array
    h: Array
    c: Array
    dc: Array
    log_q: Array
    score: Array
    b: float

    def table(self) -> dict[Expr, Array | float]:
        """Indexed symbol of the row, or plain symbol → its numbers."""
        density = np.exp(self.log_q)
        return {
            w_p[i]: self.w_p,
            w_q[i]: self.w_q,
            h[i]: self.h,
            cost_row: self.c,
            m[i]: np.exp(-self.c - self.b),
            first[i]: self.dc,
            q[i]: density,
            d_density[i]: density * self.score,
            b: self.b,
        }


def evaluate(expr: Expr, rows: Rows) -> Array:
    """Compute an expression with NumPy: () if the sums bind every row, (N,) if a row is left free.

    Raises
    ------
    KeyError
        If it holds a symbol that `Rows` has no numbers for.
    """
    sums = {each: np.asarray(np.sum(_rowwise(each.function, rows))) for each in expr.atoms(sp.Sum)}
    stand_ins = {each: sp.Dummy() for each in sums}
    outer = expr.xreplace(stand_ins)
    known = {stand_ins[each]: value for each, value in sums.items()}
    return np.asarray(_rowwise(outer, rows, known))


def _rowwise(expr: Expr, rows: Rows, known: Mapping[Expr, Array] | None = None) -> Array:
    named, symbols = _named(expr)
    table = {**rows.table(), **(known or {})}
    compiled = _compiled(named, symbols)
    return np.asarray(compiled(*(table[symbol] for symbol in symbols)))


def _named(expr: Expr) -> tuple[Expr, tuple[Expr, ...]]:
    # The cost stays a cost here: written as −b − log m it would be computed by another route than its own.
    named = expr.xreplace(DERIVATIVES).xreplace({**FUNCTIONS, c: cost_row})
    indexed = named.atoms(sp.Indexed)
    parts: set[Expr] = set().union(*(each.free_symbols for each in indexed)) if indexed else set()
    return named, tuple(sorted(indexed | (named.free_symbols - parts - {i}), key=str))


@cache
def _compiled(named: Expr, symbols: tuple[Expr, ...]) -> Callable[..., Array]:
    stand_ins = [sp.Dummy() for _ in symbols]
    expression = named.xreplace(dict(zip(symbols, stand_ins, strict=True)))
    function: Callable[..., Array] = sp.lambdify(stand_ins, expression, "numpy", cse=True)
    return function


@dataclass(frozen=True)
class Computed:
    """A derived expression and the objective that computes it.

    Attributes
    ----------
    claim : the claim whose derivation is about it
    objective : name of the function in `ganirl.objectives`
    derive : the expression
    compute : the objective, on rows
    """

    claim: str
    objective: str
    derive: Callable[[], Expr]
    compute: Callable[[Rows], Array | float]


def _of_rows(function: Callable[..., float]) -> Callable[[Rows], float]:
    return lambda rows: function(rows.w_p, rows.w_q, rows.c, rows.log_q, rows.b)


def _along(function: Callable[..., Array]) -> Callable[[Rows], Array]:
    return lambda rows: function(rows.w_p, rows.w_q, rows.c, rows.log_q, rows.b, dc=rows.dc[:, None])


def _mixture(rows: Rows) -> Array:
    return objectives.log_mixture(rows.c, rows.log_q, rows.b)


def _likelihood() -> Expr:
    return E_p(c) + sp.log(total(h[i] * sp.exp(-c)))


def _curvature() -> Expr:
    return derivative(discriminator_loss(), b, b)


COMPUTED: tuple[Computed, ...] = (
    Computed(
        "A4",
        "discriminator_logit",
        logit,
        lambda rows: objectives.discriminator_logit(rows.c, rows.log_q, rows.b),
    ),
    Computed("B1", "discriminator_loss", discriminator_loss, _of_rows(objectives.discriminator_loss)),
    Computed(
        "B1",
        "discriminator_loss_by_mixture",
        discriminator_loss,
        _of_rows(objectives.discriminator_loss_by_mixture),
    ),
    Computed("B1", "log_mixture", lambda: sp.log(mixture), _mixture),
    Computed(
        "B2",
        "discriminator_gradient",
        lambda: derivative(discriminator_loss(), b),
        lambda rows: objectives.discriminator_gradient(
            rows.w_p, rows.w_q, rows.c, rows.log_q, rows.b, dc=rows.dc[:, None]
        )[1],
    ),
    Computed("B3", "discriminator_curvature", _curvature, _of_rows(objectives.discriminator_curvature)),
    Computed(
        "B4",
        "log_partition_estimate",
        lambda: sp.log(E_mu(sp.exp(-c) / mixture)),
        lambda rows: objectives.log_partition_estimate(rows.w_p, rows.w_q, rows.c, _mixture(rows)),
    ),
    Computed(
        "C1",
        "discriminator_gradient",
        lambda: derivative(discriminator_loss(), theta),
        lambda rows: objectives.discriminator_gradient(
            rows.w_p, rows.w_q, rows.c, rows.log_q, rows.b, dc=rows.dc[:, None]
        )[0],
    ),
    Computed(
        "C2",
        "surrogate_loss",
        lambda: E_p(c) + sp.log(E_mu(sp.exp(-c) / mixture)),
        lambda rows: objectives.surrogate_loss(rows.w_p, rows.w_q, rows.c, _mixture(rows)),
    ),
    Computed(
        "C2",
        "surrogate_gradient",
        surrogate_gradient,
        lambda rows: objectives.surrogate_gradient(
            rows.w_p, rows.w_q, rows.c, _mixture(rows), rows.dc[:, None]
        ),
    ),
    Computed(
        "C3",
        "mixture_leak_gradient",
        lambda: surrogate_gradient(mixture),
        _along(objectives.mixture_leak_gradient),
    ),
    Computed(
        "C3",
        "implicit_leak_gradient",
        lambda: (
            E_p(sp.Derivative(c, theta)) - E_mu(D * (1 - D) * sp.Derivative(c, theta)) / E_mu(D * (1 - D))
        ),
        _along(objectives.implicit_leak_gradient),
    ),
    Computed(
        "D1",
        "demonstration_gradient",
        lambda: sp.diff(_likelihood(), theta),
        lambda rows: objectives.demonstration_gradient(rows.w_p, rows.c, np.log(rows.h), rows.dc[:, None]),
    ),
    Computed(
        "D2",
        "demonstration_loss",
        _likelihood,
        lambda rows: objectives.demonstration_loss(rows.w_p, rows.c, np.log(rows.h)),
    ),
    Computed(
        "E1",
        "generator_loss",
        generator_loss,
        lambda rows: objectives.generator_loss(rows.w_q, rows.c, rows.log_q, rows.b),
    ),
    Computed(
        "E1",
        "sampler_loss",
        lambda: E_q(c) + E_q(sp.log(q[i])),
        lambda rows: objectives.sampler_loss(rows.w_q, rows.c, rows.log_q),
    ),
    Computed(
        "E3",
        "generator_gradient",
        lambda: E_q(sp.Derivative(q_phi, phi) / q_phi * -logit(q_phi)),
        lambda rows: objectives.generator_gradient(rows.w_q, rows.c, rows.log_q, rows.b, rows.score[:, None]),
    ),
)


def computed_by(claim: str) -> tuple[str, ...]:
    """Names of the functions of `ganirl.objectives` that compute what a claim's derivation is about."""
    return tuple(
        dict.fromkeys(f"ganirl.objectives.{each.objective}" for each in COMPUTED if each.claim == claim)
    )


def differences(rows: Rows) -> Iterator[tuple[Computed, float, float]]:
    """Yield each pair with the largest |derived − computed|, and the size of what was computed."""
    for each in COMPUTED:
        derived = np.ravel(evaluate(each.derive(), rows))
        computed = np.ravel(np.asarray(each.compute(rows)))
        yield each, float(np.abs(derived - computed).max()), float(np.abs(computed).max())
