"""Rigorous intervals where python-flint is absent: mpmath's, slower by a factor of about ten, equally certain."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mpmath import __version__ as mpmath_version
from mpmath.ctx_iv import MPIntervalContext
from mpmath.libmp import fzero, round_ceiling, round_floor, to_float

from ganirl.certified import Backend, Certifier, FlintBalls

_OUTWARDS = round_floor, round_ceiling
_LEAST = 2.0**-1021


class MpmathIntervals:
    """Intervals [a, b] of mpmath with a number of bits, in a context of their own."""

    def __init__(self, bits: int) -> None:
        self.name = f"mpmath {mpmath_version}"
        self.bits = bits
        self._context = _context(bits)

    def exact(self, number: float | int) -> Any:
        """Return a number as it is."""
        return self._context.mpf(number)

    def exp(self, x: Any) -> Any:
        """e^x."""
        return self._context.exp(x)

    def log(self, x: Any) -> Any:
        """Return log x of a positive x."""
        return self._context.log(x)

    def log1p(self, x: Any) -> Any:
        """Return log(1 + x), with as many bits more as 1 + x would lose."""
        low, high = self.ends(abs(x))
        size = low if low > 0.0 else high
        if not 0.0 < size < 1.0:
            return self._context.log(1 + x) if size else x
        finer = _context(2 * self.bits + math.ceil(-math.log2(size)))
        return self._context.mpf(finer.log(1 + finer.mpf(x)))

    def ends(self, x: Any) -> tuple[float, float]:
        """Return float64 numbers (low, high), rounded outwards."""
        low, high = (to_float(end, rnd=way) for end, way in zip(x._mpi_, _OUTWARDS, strict=True))
        # A step more where mpmath does not round as told: beyond the range of float64, and below its normal numbers.
        if math.isinf(low) or (abs(low) < _LEAST and x._mpi_[0] != fzero):
            low = math.nextafter(low, -math.inf)
        if math.isinf(high) or (abs(high) < _LEAST and x._mpi_[1] != fzero):
            high = math.nextafter(high, math.inf)
        return low, high

    def less(self, x: Any, y: Any) -> bool:
        """Whether every point of x is less than every point of y."""
        return bool(x < y)

    def at_most(self, x: Any, y: Any) -> bool:
        """Whether no point of x is more than a point of y."""
        return bool(x <= y)

    def working(self) -> AbstractContextManager[object]:
        """Nothing to set: the context is this object's own."""
        return nullcontext()


def _context(bits: int) -> Any:
    context: Any = MPIntervalContext()
    context.prec = bits
    return context


def certifier() -> Certifier:
    """Return python-flint's balls, or mpmath's intervals where it is not installed."""

    def backend(bits: int) -> Backend:
        try:
            return FlintBalls(bits)
        except ImportError:
            return MpmathIntervals(bits)

    return Certifier(backend)
