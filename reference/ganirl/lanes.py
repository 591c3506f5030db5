"""Many problems of one shape at once: every array of a case has one axis more in front, a problem a *lane*.

One formula serves one problem and many: what is written here is what indexing and ``@`` do for one problem, and the
same lane by lane for many. A case whose ``b`` is (L,) holds L lanes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .case import Case, Rows, Steps

Array = npt.NDArray[Any]


def dot(weight: Array, values: Array) -> Array:
    """Σ_n w_n x_n over the last axis of both, (…,)."""
    if weight.ndim == values.ndim == 1:
        return np.asarray(weight @ values)
    return np.asarray(np.einsum("...n,...n->...", weight, values))


def contracted(weight: Array, rows: Array) -> Array:
    """Σ_n w_n x_nk, (…, k) of (…, n) and (…, n, k)."""
    if weight.ndim == 1 and rows.ndim == 2:
        return np.asarray(weight @ rows)
    return np.asarray(np.einsum("...n,...nk->...k", weight, rows))


def applied(rows: Array, vector: Array) -> Array:
    """Σ_k x_nk v_k, (…, n) of (…, n, k) and (…, k); rows may have further axes before the last."""
    if vector.ndim == 1:
        return np.asarray(rows @ vector)
    further = rows.ndim - vector.ndim
    return np.asarray(np.sum(rows * vector.reshape(*vector.shape[:-1], *(1,) * further, -1), axis=-1))


def picked(table: Array, *places: Array) -> Array:
    """Return ``table[places]``, each lane's table at its own places; places are (n, T), or (L, n, T) in lanes."""
    if places[0].ndim < 3:
        return np.asarray(table[places])
    lanes = np.arange(len(table)).reshape(-1, *(1,) * (places[0].ndim - 1))
    return np.asarray(table[(lanes, *places)])


def number(values: Any) -> float:
    """Return a float; of lanes an array (L,), which those alone see who handed lanes over."""
    return float(values) if np.ndim(values) == 0 else cast(float, values)


def mapped(case: Case, change: Callable[[Any], Any]) -> Case:
    """Return a case with every array of it changed."""

    def side(rows: Rows) -> Rows:
        steps = Steps(*(change(getattr(rows.steps, each.name)) for each in fields(Steps)))
        return Rows(change(rows.features), change(rows.log_q), change(rows.weight), steps)

    return replace(
        case,
        theta=change(case.theta),
        b=change(case.b),
        policy_logits=change(case.policy_logits),
        expert=side(case.expert),
        generator=side(case.generator),
    )


def of_arrays(function: Callable[[Case], Any], case: Case) -> tuple[Callable[..., Any], list[Any]]:
    """Return a function of a case as one of the case's arrays, and those: what a framework's ``vmap`` takes."""
    arrays: list[Any] = []
    mapped(case, arrays.append)

    def of_these(*given: Any) -> Any:
        each = iter(given)
        return function(mapped(case, lambda _: next(each)))

    return of_these, arrays


def side_by_side(case: Case) -> Case:
    """Return lanes that lie side by side in memory, so that NumPy goes along them and not along a few rows."""
    return mapped(case, np.asfortranarray)
