"""The same on continuous spaces: where the argument is about summands, every sum may be read as an integral.

A sum identity is proved by one summand that vanishes, whatever the row is. So it holds for integrals against
any measure, provided that they exist and that the derivative may be taken under them. Here each sum over the N
trajectories is replaced by an integral over the real line, and the statement is judged once more, on integrals.
A broken twin is refuted by the same witness: three rows are a density that is constant on three unit intervals.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from .instance import Condition
from .proof import Derivation, Statement, Step
from .statements import NamedSumIdentity, SumIdentity
from .symbols import Expr, N, i, sp

x = sp.Symbol("x", real=True)


def integral(expr: Expr) -> Expr:
    """Replace every sum over the trajectories by an integral; sums over time or actions stay."""
    sums = {each: _integral(each) for each in expr.atoms(sp.Sum) if each.limits[-1][1:] == (1, N)}
    found: Expr = expr.xreplace(sums)
    return found


def _integral(each: Expr) -> Expr:
    (dummy, _, _), *nested = reversed(each.limits)
    inner = sp.Sum(each.function, *reversed(nested)) if nested else each.function
    return sp.Integral(integral(inner).xreplace({dummy: x}), (x, -sp.oo, sp.oo))


def carried(statement: Statement) -> Statement | None:
    """Return the statement about integrals; None if it is not about sums over trajectories, or counts them."""
    if not isinstance(statement, SumIdentity | NamedSumIdentity):
        return None
    changes = {each.name: _carried_value(getattr(statement, each.name)) for each in fields(statement)}
    if all(changes[each.name] == getattr(statement, each.name) for each in fields(statement)):
        return None
    if any(_counts(value) for value in changes.values()):
        return None
    # Every field of a statement has been given its own value again.
    found: Statement = replace(statement, **changes)
    return found


def carried_over(derivation: Derivation) -> tuple[Statement, ...]:
    """Return the statements of a derivation that hold for integrals, as statements about integrals."""
    found = (carried(statement) for statement in derivation.statements)
    return tuple(statement for statement in found if statement is not None)


def continuous_steps(derivation: Derivation) -> tuple[Step, ...]:
    """Say for a reader what carries over, in one formula a statement."""
    return tuple(
        Step(f"On a continuous space: {statement.name}.", statement.steps()[0].latex)
        for statement in carried_over(derivation)
    )


def _carried_value(value: Any) -> Any:
    if isinstance(value, sp.Expr):
        return integral(value)
    if isinstance(value, tuple):
        return tuple(_carried_value(each) for each in value)
    if isinstance(value, Condition):
        return replace(value, total=integral(value.total))
    return value


def _counts(value: Any) -> bool:
    if isinstance(value, sp.Expr):
        return bool(value.has(N) or any(each.has(i) for each in value.atoms(sp.Integral)))
    return isinstance(value, tuple) and any(_counts(each) for each in value)
