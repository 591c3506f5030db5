"""What a formula needs of numbers, so that it can be evaluated in float64 and in sixty digits alike."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .precision import FLOAT64


class Arithmetic(Protocol):
    """Real and complex numbers in NumPy arrays; +, −, ·, / and comparison are the arrays' own."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def unit_roundoff(self) -> float:
        """u, the largest relative error of one rounding."""
        ...

    def array(self, values: npt.ArrayLike) -> Any:
        """Convert float64 numbers, exactly."""
        ...

    def floats(self, x: Any) -> npt.NDArray[np.float64]:
        """Round real numbers to float64."""
        ...

    def exp(self, x: Any) -> Any:
        """e^x, of complex x too; 0 at −∞."""
        ...

    def log(self, x: Any) -> Any:
        """Return the principal log, of complex x too; −∞ at 0."""
        ...

    def real(self, x: Any) -> Any:
        """Return the real part."""
        ...

    def half_circle(self, count: int) -> Any:
        """e^{iπ(2j+1)/(2 count)} for j < count: the upper half of 2·count points of the unit circle."""
        ...


class Float64Arithmetic:
    """The machine's numbers."""

    name = "float64"
    unit_roundoff = FLOAT64.unit_roundoff

    def array(self, values: npt.ArrayLike) -> Any:
        """Convert to float64."""
        return np.asarray(values, dtype=np.float64)

    def floats(self, x: Any) -> npt.NDArray[np.float64]:
        """Return x."""
        return np.asarray(x, dtype=np.float64)

    def exp(self, x: Any) -> Any:
        """e^x."""
        return np.exp(x)

    def log(self, x: Any) -> Any:
        """Return the principal log."""
        with np.errstate(divide="ignore"):
            return np.log(x)

    def real(self, x: Any) -> Any:
        """Return the real part."""
        return np.real(x)

    def half_circle(self, count: int) -> Any:
        """Return points of the unit circle."""
        return np.exp(1j * np.pi * (2 * np.arange(count) + 1) / (2 * count))


FLOAT64_ARITHMETIC: Arithmetic = Float64Arithmetic()
