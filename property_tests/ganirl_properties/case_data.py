"""A case as plain JSON data and back, exact in its format, so that it can be handed over again by any version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from ganirl import PRECISIONS, Case, Process, Rows, Steps
from ganirl.case import Unit

from .errors import UsageError

Array = npt.NDArray[Any]

_INDICES, _FLAGS = ("state", "action", "next_state"), ("done", "mask")
# Each weight is rounded to the case's format, the coarsest of which keeps eight bits.
_MOST_ROUNDED_AWAY = 2.0**-8
_NON_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


class CaseDataError(UsageError):
    """Data that is no case; one sentence says what is missing or wrong."""


def case_data(case: Case) -> dict[str, Any]:
    """Return a case as plain JSON data; its numbers are exact in its format."""
    if case.process is not None:
        return {
            "precision": case.precision_name,
            "unit": case.unit,
            "theta": np.asarray(case.theta).tolist(),
            "process": _process_data(case.process),
            "expert": _rows_data(case.expert),
        }
    return {
        "precision": case.precision_name,
        "unit": case.unit,
        "theta": np.asarray(case.theta).tolist(),
        "b": float(case.b),
        "policy_logits": np.asarray(case.policy_logits).tolist(),
        "expert": _rows_data(case.expert),
        "generator": _rows_data(case.generator),
    }


def _process_data(process: Process) -> dict[str, Any]:
    return {
        "start": process.start.tolist(),
        "transition": process.transition.tolist(),
        "horizon": process.horizon,
        "discount": process.discount,
        "features": process.features.tolist(),
    }


def _rows_data(rows: Rows) -> dict[str, Any]:
    steps = rows.steps
    return {
        "features": rows.features.tolist(),
        "log_q": rows.log_q.tolist(),
        "weight": rows.weight.tolist(),
        "steps": {
            "state": steps.state.tolist(),
            "action": steps.action.tolist(),
            "next_state": steps.next_state.tolist(),
            "done": steps.done.tolist(),
            "mask": steps.mask.tolist(),
            "features": steps.features.tolist(),
        },
    }


def case_from_data(data: Mapping[str, Any]) -> Case:
    """Return the very case that `case_data` wrote.

    Raises
    ------
    CaseDataError
        If a field is missing, is no array of the shape that the others imply, names a state or an action that there
        is not, has weights that are those of no mean, or holds a number that the case's format lacks: rounding it would
        be taken for an error of the code.
    """
    precision, unit = _text(data, "precision", PRECISIONS), _text(data, "unit", get_args(Unit))
    theta = _numbers(data, "theta", (None,), precision)
    if unit == "process":
        process = _process(_part(data, "process"), len(theta), precision)
        expert = _rows(data, "expert", len(theta), (process.states, process.actions), precision)
        logits = np.zeros((process.states, process.actions))
        return Case(theta, np.zeros(()), logits, expert, expert, precision, "process", process)
    logits = _numbers(data, "policy_logits", (None, None), precision)
    sizes = logits.shape[0], logits.shape[1]
    b = _numbers(data, "b", (), precision)
    expert, generator = (_rows(data, side, len(theta), sizes, precision) for side in ("expert", "generator"))
    return Case(
        theta, b, logits, expert, generator, precision, "transition" if unit == "transition" else "trajectory"
    )


def _process(data: Mapping[str, Any], dimension: int, precision: str) -> Process:
    transition = _numbers(data, "transition", (None, None, None), precision, "process.")
    states, actions, onward = transition.shape
    if onward != states + 1:
        raise CaseDataError(f"process.transition has shape {transition.shape}; expected (S, A, S + 1)")
    horizon = _field(data, "horizon", "process.")
    if not isinstance(horizon, int) or isinstance(horizon, bool) or horizon < 1:
        raise CaseDataError(f"process.horizon must be a whole number of at least 1, not {horizon!r}")
    return Process(
        start=_numbers(data, "start", (states,), precision, "process."),
        transition=transition,
        horizon=horizon,
        discount=float(_numbers(data, "discount", (), precision, "process.")),
        features=_numbers(data, "features", (states, actions, onward, dimension), precision, "process."),
    )


def _rows(data: Mapping[str, Any], side: str, dimension: int, sizes: tuple[int, int], precision: str) -> Rows:
    rows, at = _part(data, side), f"{side}."
    steps, at_steps = _part(rows, "steps", at), f"{side}.steps."
    mask = _array(steps, "mask", (None, None), at_steps)
    count, horizon = mask.shape
    whole = {name: _array(steps, name, mask.shape, at_steps) for name in (*_INDICES, *_FLAGS)}
    states, actions = sizes
    # The end is a state that is entered, not one that is left.
    for name, below in zip(_INDICES, (states, actions, states + 1), strict=True):
        if not np.isin(whole[name], np.arange(below)).all():
            raise CaseDataError(f"{at_steps}{name} names one that there is not; there are 0 … {below - 1}")
        whole[name] = whole[name].astype(np.int64)
    for name in _FLAGS:
        if not np.isin(whole[name], (0.0, 1.0)).all():
            raise CaseDataError(f"{at_steps}{name} must hold true and false alone")
        whole[name] = whole[name].astype(np.bool_)
    weight = _array(rows, "weight", (count,), at)  # 1/n is meant as a mean, in whatever format
    if not (weight > 0.0).all() or abs(weight.sum() - 1.0) > _MOST_ROUNDED_AWAY:
        raise CaseDataError(f"{at}weight must be positive and sum to 1, as a mean's weights do")
    return Rows(
        features=_numbers(rows, "features", (count, dimension), precision, at),
        log_q=_numbers(rows, "log_q", (count,), precision, at),
        weight=weight,
        steps=Steps(
            **whole, features=_numbers(steps, "features", (count, horizon, dimension), precision, at_steps)
        ),
    )


def _numbers(
    data: Mapping[str, Any], name: str, shape: tuple[int | None, ...], precision: str, at: str = ""
) -> Array:
    values = _array(data, name, shape, at)
    rounded = np.asarray(PRECISIONS[precision].round(values))
    wrong = np.ravel(values[(rounded != values) & ~np.isnan(values)])
    if wrong.size:
        raise CaseDataError(
            f"{at}{name} holds {wrong[0]!r}, which {precision} cannot hold; the nearest that it can is "
            f"{float(PRECISIONS[precision].round(wrong[0]))!r}"
        )
    return values


def _array(data: Mapping[str, Any], name: str, shape: tuple[int | None, ...], at: str) -> Array:
    try:
        values = np.array(_finite(_field(data, name, at)), dtype=np.float64)
    except (TypeError, ValueError):
        raise CaseDataError(f"{at}{name} is no array of numbers") from None
    fits = values.ndim == len(shape) and all(
        wanted in (None, size) for wanted, size in zip(shape, values.shape, strict=True)
    )
    if not fits or (values.size == 0 and name != "features"):
        wanted = (
            "a number"
            if not shape
            else "shape (" + ", ".join("…" if n is None else str(n) for n in shape) + ")"
        )
        raise CaseDataError(f"{at}{name} has shape {values.shape}; expected {wanted}")
    return values


def _finite(value: Any) -> Any:
    """Return numbers for what JSON has no numbers for."""
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value


def _text(data: Mapping[str, Any], name: str, known: Any) -> str:
    value = _field(data, name, "")
    if value not in tuple(known):
        raise CaseDataError(f"there is no {name} {value!r}; there are {', '.join(known)}")
    return str(value)


def _part(data: Mapping[str, Any], name: str, at: str = "") -> Mapping[str, Any]:
    value = _field(data, name, at)
    if not isinstance(value, Mapping):
        raise CaseDataError(f"{at}{name} must be an object")
    return value


def _field(data: Mapping[str, Any], name: str, at: str) -> Any:
    if name not in data:
        raise CaseDataError(f"the case has no {at}{name}")
    return data[name]
