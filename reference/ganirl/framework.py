"""The seam to array frameworks: how a case is handed over and how numbers and gradients come back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from .case import Case, Rows, Steps

Array = npt.NDArray[np.float64]


class Framework(Protocol):
    """An array framework that implementations are written in."""

    @property
    def name(self) -> str:
        """The name that adapters declare."""
        ...

    def kappa(self, precision_name: str, device: str) -> float:
        """κ: its elementary functions are right to a relative error of κu."""
        ...

    def precisions(self) -> tuple[str, ...]:
        """Return the formats that it computes in."""
        ...

    def devices(self) -> tuple[str, ...]:
        """Return the devices that can be had on this machine."""
        ...

    def versions(self) -> dict[str, str]:
        """Return what a report should record: versions, and the accelerator's name."""
        ...

    def case(self, case: Case, device: str) -> Case:
        """Return the case with this framework's arrays, θ, b and policy logits ready for differentiation."""
        ...

    def numpy(self, value: Any) -> Array:
        """Return a value as a float64 NumPy array."""
        ...

    def gradients(self, value: Any, case: Case, wrt: tuple[str, ...]) -> tuple[Array | None, ...] | None:
        """Differentiate a scalar in fields of the case.

        An entry is None where the value does not depend on that field; the result is None where the framework
        cannot differentiate this value.
        """
        ...

    def arithmetic(self) -> AbstractContextManager[None]:
        """Compute as cases are to be computed (full precision, one thread) while in this context."""
        ...


@runtime_checkable
class Differentiating(Protocol):
    """What a framework can do besides, if its values carry no graph: differentiate a function, as JAX does."""

    def differentiated(
        self, function: Callable[[Case], Any], case: Case, wrt: tuple[str, ...]
    ) -> tuple[Any, tuple[Array, ...] | None]:
        """Return the scalar that a function has at a case, and its gradients in fields of the case.

        These are None where the function cannot be differentiated.
        """
        ...


@runtime_checkable
class Vectorising(Protocol):
    """What a framework can do besides: ask a function of one problem about many at once, as ``vmap`` does."""

    def over_lanes(self, function: Callable[[Case], Any], case: Case) -> Any:
        """Return what a function gives for each lane of a case, with the lanes in front.

        Its arrays have one axis in front, a problem a lane; the function is written for one problem.
        """
        ...


class NumpyFramework:
    """Plain NumPy: no autodiff, so that gradients come from the adapter."""

    name = "numpy"

    def kappa(self, precision_name: str, device: str) -> float:
        """κ = 3 in float64; NumPy's vectorised float32 functions are allowed 8."""
        del device
        return {"float64": 3.0, "float32": 8.0}[precision_name]

    def precisions(self) -> tuple[str, ...]:
        """Return two formats: NumPy has no bfloat16."""
        return ("float64", "float32")

    def devices(self) -> tuple[str, ...]:
        """Return the CPU alone."""
        return ("cpu",)

    def versions(self) -> dict[str, str]:
        """Return NumPy's version."""
        return {"numpy": np.__version__}

    def case(self, case: Case, device: str) -> Case:
        """Return the case with arrays of its own format."""
        del device
        dtype = np.dtype(case.precision_name)

        # Copies: code that writes into its input must not write into the truth.
        def cast(values: Any) -> Any:
            return np.array(values, dtype=dtype)

        def rows(side: Rows) -> Rows:
            names = ("state", "action", "next_state", "done", "mask")
            steps = Steps(
                **{name: np.array(getattr(side.steps, name)) for name in names},
                features=cast(side.steps.features),
            )
            return Rows(cast(side.features), cast(side.log_q), cast(side.weight), steps)

        return replace(
            case,
            theta=cast(case.theta),
            b=dtype.type(case.b) if np.ndim(case.b) == 0 else cast(case.b),
            policy_logits=cast(case.policy_logits),
            expert=rows(case.expert),
            generator=rows(case.generator),
            process=None if case.process is None else case.process.converted(cast),
        )

    def over_lanes(self, function: Callable[[Case], Any], case: Case) -> Any:
        """Return what a function gives that takes the lanes as they are: NumPy maps nothing by itself."""
        return function(case)

    def numpy(self, value: Any) -> Array:
        """Return a value as a float64 array of its own: code may write into the one that it returned.

        Raises
        ------
        TypeError
            If it holds complex numbers.
        """
        if np.iscomplexobj(value):
            raise TypeError("complex numbers; real ones are needed")
        return np.array(value, dtype=np.float64)

    def arithmetic(self) -> AbstractContextManager[None]:
        """Silence overflow and its like: what comes of them is judged, not printed."""
        return np.errstate(all="ignore")

    def gradients(self, value: Any, case: Case, wrt: tuple[str, ...]) -> None:
        """NumPy cannot differentiate: the adapter gives gradients."""
        del value, case, wrt


NUMPY: Framework = NumpyFramework()


def load_framework(name: str) -> Framework:
    """Return a framework by name: ``"numpy"``, or an entry point of the group ``ganirl.frameworks``.

    Raises
    ------
    LookupError
        If there is none of that name, or it cannot be imported; the sentence says what to install.
    """
    if name == NUMPY.name:
        return NUMPY
    found = entry_points(group="ganirl.frameworks", name=name)
    if not found:
        known = sorted({NUMPY.name, *(point.name for point in entry_points(group="ganirl.frameworks"))})
        raise LookupError(f"there is no framework {name!r}; there are {', '.join(known)}")
    load: Callable[[], Framework] = next(iter(found)).load
    try:
        return load()
    except ImportError as missing:
        raise LookupError(
            f"the framework {name!r} cannot be imported ({missing}); install it first"
        ) from missing
