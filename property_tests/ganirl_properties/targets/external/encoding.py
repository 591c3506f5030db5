"""Cases as JSON, and JSON as numbers; both exact: a float64 is written in the fewest digits that give it back."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np

from ganirl import Case

from .errors import ExternalError


def encoded(case: Case) -> str:
    """Return a case as one line of JSON: dataclasses as objects, arrays as nested lists."""
    return json.dumps(_plain(case), allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"a case holds {type(value).__name__}, which has no place in the protocol")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return _named(array.tolist())
    return array.tolist()


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(each) for each in value]
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


NON_FINITE = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}


def decoded(value: Any) -> Any:
    """Return what an answer's value means: a float, a float64 array, None, or a mapping of these.

    Raises
    ------
    ExternalError
        If it holds something else than numbers, or is ragged.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {name: decoded(each) for name, each in value.items()}
    numbers = _numbers(value)
    try:
        array = np.array(numbers, dtype=np.float64)
    except ValueError as ragged:
        raise ExternalError("its answer is ragged: rows of one array must be of one length") from ragged
    return array if array.ndim else float(array)


def _numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return np.copysign(np.inf, value > 0 or -1)
    if isinstance(value, str) and value in NON_FINITE:
        return NON_FINITE[value]
    shown = json.dumps(value)
    if value is None:  # JSON.stringify makes null of NaN and of infinities
        raise ExternalError('its answer holds null, which is no number; NaN is written "NaN"')
    raise ExternalError(
        f'its answer holds {shown[:60]}, which is no number; there are numbers, "NaN", "Infinity" and "-Infinity"'
    )
