"""The framework of a process: cases go over as they are, numbers come back, and it differentiates for itself."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import Case

Array = npt.NDArray[np.float64]


class ExternalFramework:
    """Whatever the process computes with."""

    name = "external"

    def kappa(self, precision_name: str, device: str) -> float:
        """κ, what the worst of the libraries measured here needs: 4 in float64 and 8 in float32.

        A sound mathematical library is right to one unit in the last place (2u) or better; 4 and 8 are CUDA's and
        vectorised single precision's. A bfloat16 result is a float32 one, rounded.
        """
        del device
        return {"float64": 4.0, "float32": 8.0, "bfloat16": 2.0}[precision_name]

    def precisions(self) -> tuple[str, ...]:
        """Return all formats; a process declares those that it computes in."""
        return ("float64", "float32", "bfloat16")

    def devices(self) -> tuple[str, ...]:
        """Return the CPU: where else a process computes is its own affair."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return nothing: the process says its own."""
        return {}

    def case(self, case: Case, device: str) -> Case:
        """Return the very case, as which it is recognised when it has been sent before."""
        del device
        return case

    def numpy(self, value: Any) -> Array:
        """Return a decoded answer as a float64 array.

        Raises
        ------
        TypeError
            If it is a mapping: some observables return one, this one does not.
        """
        if isinstance(value, dict):
            raise TypeError(f"an object with {', '.join(value) or 'nothing'} instead of numbers")
        return np.asarray(value, dtype=np.float64)

    def gradients(self, value: Any, case: Case, wrt: tuple[str, ...]) -> None:
        """No graph comes through a pipe: the process gives gradients."""
        del value, case, wrt

    def arithmetic(self) -> AbstractContextManager[None]:
        """Nothing of it is computed here."""
        return nullcontext()


framework = ExternalFramework()
