"""Balls of python-flint's Arb: rigorous midpoint–radius arithmetic, imported only when it is asked for."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Any


class FlintBalls:
    """Arb with a number of bits.

    Raises
    ------
    ImportError
        If python-flint is not installed.
    """

    def __init__(self, bits: int) -> None:
        import flint  # noqa: PLC0415  an extra: the rest of this floor does without

        self.name = f"python-flint {flint.__version__}"
        self.bits = bits
        self._arb = flint.arb
        self._context = flint.ctx

    def exact(self, number: float | int) -> Any:
        """Return a number as it is."""
        return self._arb(number)

    def exp(self, x: Any) -> Any:
        """e^x."""
        return x.exp()

    def log(self, x: Any) -> Any:
        """Return log x of a positive x."""
        return x.log()

    def log1p(self, x: Any) -> Any:
        """Return log(1 + x), right relatively near 0."""
        return x.log1p()

    def ends(self, x: Any) -> tuple[float, float]:
        """Return float64 numbers (low, high), rounded outwards."""
        if not x.is_finite():
            return -math.inf, math.inf
        low, high = float(x.lower()), float(x.upper())  # to nearest: at most half a step off
        if not self._arb(low) <= x.lower():
            low = math.nextafter(low, -math.inf)
        if not self._arb(high) >= x.upper():
            high = math.nextafter(high, math.inf)
        return low, high

    def less(self, x: Any, y: Any) -> bool:
        """Whether every point of x is less than every point of y."""
        return bool(x < y)

    def at_most(self, x: Any, y: Any) -> bool:
        """Whether no point of x is more than a point of y."""
        return bool(x <= y)

    def working(self) -> AbstractContextManager[object]:
        """Compute with ``bits`` bits while in this context."""
        context: AbstractContextManager[object] = self._context.workprec(self.bits)
        return context
