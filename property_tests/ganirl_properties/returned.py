"""What an observable returned in place of numbers, and what is wanted, in a sentence for its author."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# Beyond it the elements of a long list are of the kinds that were seen.
_TOLD = 4


def unfit(value: Any, shape: tuple[int, ...]) -> str | None:
    """Say what a value is that no array of a shape can be made of as it stands; None if it may be one."""
    wanted = wanted_shape(shape)
    if value is None:
        return f"returned None; expected {wanted}"
    if isinstance(value, Mapping):
        keys = ", ".join(repr(key) for key in list(value)[:_TOLD])
        return f"returned {_a(value)} {f'of {keys}' if keys else 'that is empty'}; expected {wanted} alone"
    if isinstance(value, list | tuple) and _is_bundle(value, shape):
        return bundle(value, shape)
    nothing, of = _nothing(value)
    if nothing:
        return f"returned {_a(value)} that holds None in {nothing} of {of} places; expected {wanted}"
    return None


def bundle(values: Sequence[Any], shape: tuple[int, ...]) -> str:
    """Say of which kinds several things are that were returned together."""
    named = [type(value).__name__ for value in values[:_TOLD]]
    more = ", …" if len(values) > _TOLD else ""
    kinds = f"{_a(values)} of {len(values)} ({', '.join(named)}{more})"
    return f"returned {kinds}; expected {wanted_shape(shape)} alone"


def wanted_shape(shape: tuple[int, ...]) -> str:
    """Return a shape in words."""
    return f"an array of shape {shape}" if shape else "one number"


def _is_bundle(values: Sequence[Any], shape: tuple[int, ...]) -> bool:
    """Whether a list or a tuple is results beside each other, ``(loss, {})``, and not a list of numbers."""
    if shape == () and len(values) != 1:
        return True
    return any(isinstance(each, Mapping | str) or _is_whole(each, shape) for each in values)


def _is_whole(element: Any, shape: tuple[int, ...]) -> bool:
    """Whether an element is as much as was asked for; a list of (1,), one a row, is a list of numbers."""
    of = tuple(getattr(element, "shape", ()))
    return 0 < len(shape) <= len(of) and math.prod(of) > 1


def _a(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiou" or isinstance(value, np.ndarray) else f"a {name}"


def _nothing(value: Any) -> tuple[int, int]:
    """Return in how many places there is None, and of how many: NumPy would make NaN of it."""
    if isinstance(value, np.ndarray):
        places = value.ravel().tolist() if value.dtype == object else []
    else:
        places = list(_leaves(value)) if isinstance(value, list | tuple) else []
    return sum(place is None for place in places), len(places)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]
