"""Sixty digits: the same formulas as in float64, with mpmath numbers in NumPy object arrays."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from ganirl.arithmetic import Arithmetic


class DigitsArithmetic:
    """Decimal digits by the number, in an mpmath context of its own: the global precision is left alone."""

    def __init__(self, digits: int) -> None:
        context = mpmath.ctx_mp.MPContext()
        context.dps = digits
        self.name = f"{digits} digits"
        self.unit_roundoff = float(context.eps) / 2
        self._context = context
        self._convert = np.frompyfunc(lambda value: context.mpf(float(value)), 1, 1)
        self._exp = np.frompyfunc(context.exp, 1, 1)
        self._log = np.frompyfunc(context.log, 1, 1)
        self._real = np.frompyfunc(context.re, 1, 1)

    def array(self, values: npt.ArrayLike) -> Any:
        """Convert float64 numbers, exactly."""
        return self._convert(np.asarray(values, dtype=np.float64))

    def floats(self, x: Any) -> npt.NDArray[np.float64]:
        """Round real numbers to float64."""
        return np.asarray(x, dtype=np.float64)

    def exp(self, x: Any) -> Any:
        """e^x."""
        return self._exp(x)

    def log(self, x: Any) -> Any:
        """Return the principal log; −∞ at 0."""
        return self._log(x)

    def real(self, x: Any) -> Any:
        """Return the real part."""
        return self._real(x)

    def half_circle(self, count: int) -> Any:
        """Return points of the unit circle."""
        points = [self._context.expjpi(self._context.mpf(2 * j + 1) / (2 * count)) for j in range(count)]
        return np.array(points, dtype=object)


SIXTY_DIGITS: Arithmetic = DigitsArithmetic(60)
