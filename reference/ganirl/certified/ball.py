"""A ball: a real number known to lie in an interval. NumPy's object arrays of balls compute like arrays of floats.

Floats that meet a ball are taken as the exact numbers that they are. A comparison answers only if every pair of
points of both intervals answers alike; else it raises `UndecidedError`, and the caller computes again with more bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Balls = npt.NDArray[Any]  # of dtype object, each element a Ball


class UndecidedError(ArithmeticError):
    """Two intervals overlap: a comparison of their numbers has no certain answer at this precision."""


class Backend(Protocol):
    """Interval arithmetic on elements of a library's own type, which have +, −, ·, / and abs.

    Attributes
    ----------
    name : for reports, with the library's version: ``"python-flint 0.9.0"``
    bits : working precision
    """

    name: str
    bits: int

    def exact(self, number: float | int) -> Any:
        """Return a number as it is."""
        ...

    def exp(self, x: Any) -> Any:
        """e^x."""
        ...

    def log(self, x: Any) -> Any:
        """Return log x of a positive x."""
        ...

    def log1p(self, x: Any) -> Any:
        """Return log(1 + x), right relatively near 0."""
        ...

    def ends(self, x: Any) -> tuple[float, float]:
        """Return float64 numbers (low, high), rounded outwards: no point of x is outside of them."""
        ...

    def less(self, x: Any, y: Any) -> bool:
        """Whether every point of x is less than every point of y."""
        ...

    def at_most(self, x: Any, y: Any) -> bool:
        """Whether no point of x is more than a point of y."""
        ...

    def working(self) -> AbstractContextManager[object]:
        """Compute with ``bits`` bits while in this context."""
        ...


# bits → a backend that works with so many
MakeBackend = Callable[[int], Backend]


class Ball:
    """One number in an interval of a backend."""

    __slots__ = ("backend", "value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any, backend: Backend) -> None:
        self.value = value
        self.backend = backend

    def _other(self, other: Any) -> Any:
        """Return an operand as an element of this backend; None where NumPy has to spread an array first."""
        if isinstance(other, Ball):
            return other.value
        if isinstance(other, bool | int | float | np.integer | np.floating):
            number = int(other) if isinstance(other, bool | int | np.integer) else float(other)
            return self.backend.exact(number)
        return None

    def _with(self, other: Any, operation: Callable[[Any, Any], Any]) -> Any:
        operand = self._other(other)
        return NotImplemented if operand is None else Ball(operation(self.value, operand), self.backend)

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: x + y)

    def __radd__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: y + x)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: x - y)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: y - x)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: x * y)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: y * x)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: x / y)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, lambda x, y: y / x)

    def __neg__(self) -> Ball:
        return Ball(-self.value, self.backend)

    def __abs__(self) -> Ball:
        return Ball(abs(self.value), self.backend)

    def exp(self) -> Ball:
        """e^x; this is what ``np.exp`` calls."""
        return Ball(self.backend.exp(self.value), self.backend)

    def log(self) -> Ball:
        """Return log x; this is what ``np.log`` calls."""
        return Ball(self.backend.log(self.value), self.backend)

    def log1p(self) -> Ball:
        """Return log(1 + x); this is what ``np.log1p`` calls."""
        return Ball(self.backend.log1p(self.value), self.backend)

    def _decide(self, other: Any, true: Callable[[Any, Any], bool], false: Callable[[Any, Any], bool]) -> Any:
        operand = self._other(other)
        if operand is None:
            return NotImplemented
        if true(self.value, operand):
            return True
        if false(self.value, operand):
            return False
        raise UndecidedError(f"{self!r} is too wide to be compared with {other!r}")

    def __lt__(self, other: Any) -> Any:
        return self._decide(other, self.backend.less, lambda x, y: self.backend.at_most(y, x))

    def __le__(self, other: Any) -> Any:
        return self._decide(other, self.backend.at_most, lambda x, y: self.backend.less(y, x))

    def __gt__(self, other: Any) -> Any:
        return self._decide(other, lambda x, y: self.backend.less(y, x), self.backend.at_most)

    def __ge__(self, other: Any) -> Any:
        return self._decide(other, lambda x, y: self.backend.at_most(y, x), self.backend.less)

    def __eq__(self, other: object) -> Any:
        less, at_most = self.backend.less, self.backend.at_most
        return self._decide(
            other,
            lambda x, y: at_most(x, y) and at_most(y, x),
            lambda x, y: less(x, y) or less(y, x),
        )

    @property
    def ends(self) -> tuple[float, float]:
        """(low, high) in float64, rounded outwards."""
        return self.backend.ends(self.value)

    def __float__(self) -> float:
        """Return the middle, rounded: for tolerances and messages, never where a certain answer is wanted."""
        low, high = self.ends
        return 0.5 * low + 0.5 * high if np.isfinite(high - low) else high

    def __repr__(self) -> str:
        low, high = self.ends
        return f"[{low!r}, {high!r}]"


def balls(backend: Backend, numbers: npt.ArrayLike) -> Any:
    """Return exact balls of float64 numbers, in an object array of the same shape."""
    floats = np.asarray(numbers, dtype=np.float64)
    held: Balls = np.empty(floats.shape, dtype=object)
    for place, number in np.ndenumerate(floats):
        held[place] = exact(backend, float(number))
    return held


def exact(backend: Backend, number: float | int) -> Ball:
    """Return one exact ball."""
    return Ball(backend.exact(number), backend)


def is_certified(values: npt.NDArray[Any]) -> bool:
    """Whether an array consists of balls."""
    return values.dtype == object and values.size > 0 and all(isinstance(each, Ball) for each in values.flat)


def ends(values: Any) -> tuple[Array, Array]:
    """Return arrays (low, high) of an array of balls, rounded outwards."""
    held = np.asarray(values, dtype=object)
    pairs = [each.ends for each in held.flat]
    low, high = (np.array([pair[side] for pair in pairs]).reshape(held.shape) for side in (0, 1))
    return low, high


def middles(values: Any) -> Array:
    """Return the middle of each ball, rounded."""
    held = np.asarray(values, dtype=object)
    return np.array([float(each) for each in held.flat], dtype=np.float64).reshape(held.shape)


def total(terms: Iterable[Any], backend: Backend) -> Any:
    """Σ of balls; the exact 0 of none."""
    result: Any = exact(backend, 0)
    for term in terms:
        result = result + term
    return result


@dataclass(frozen=True)
class Certifier:
    """Where balls come from, and how many bits are tried before a comparison is given up as undecided."""

    backend: MakeBackend
    first_bits: int = 128
    most_bits: int = 2048

    @property
    def name(self) -> str:
        """The library behind it, with its version."""
        return self.backend(self.first_bits).name

    def precisions(self) -> Iterable[Backend]:
        """Backends of doubling precision."""
        bits = self.first_bits
        while bits <= self.most_bits:
            yield self.backend(bits)
            bits *= 2
