"""Sums over time and over actions, for every horizon and every number of actions."""

from __future__ import annotations

from .statements import RowIdentity
from .symbols import Expr, sp

t, T, A = (sp.Symbol(name, integer=True, positive=True) for name in ("t", "T", "A"))
a = sp.Symbol("a", integer=True, positive=True)
gamma = sp.Symbol("gamma", positive=True)
log_transition = sp.IndexedBase(r"\log{P}", real=True)
log_pi = sp.IndexedBase(r"\log{\pi}", real=True)
step_cost = sp.IndexedBase("c", real=True)
value = sp.IndexedBase("V", real=True)
next_value = sp.IndexedBase("W", real=True)


def over_time(f: Expr) -> Expr:
    """Sum over the steps of a trajectory."""
    return sp.Sum(f, (t, 1, T))


def over_actions(f: Expr) -> Expr:
    """Sum over the actions in a state."""
    return sp.Sum(f, (a, 1, A))


def summed(increment: Expr, first: Expr, last: Expr) -> Expr:
    """Sum increments of V that telescope, by SymPy's own summation; V_1 and V_{T+1} are named."""
    return over_time(increment).doit().xreplace({value[1]: first, value[T + 1]: last})


def telescope(letter: str = "V") -> tuple[RowIdentity, Expr]:
    """Σ_t (V_{t+1} − V_t) = V_{T+1} − V_1, and its left side with the sign turned, for a twin."""
    first, last = sp.symbols(f"{letter}_1 {letter}_{{T+1}}", real=True)
    statement = RowIdentity(
        f"Σ_t ({letter}_{{t+1}} − {letter}_t) telescopes to {letter}_{{T+1}} − {letter}_1",
        summed(value[t + 1] - value[t], first, last),
        last - first,
    )
    return statement, summed(value[t] - value[t + 1], first, last)
