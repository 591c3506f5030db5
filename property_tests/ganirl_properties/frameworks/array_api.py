"""Any namespace of the array API standard, as a framework: how a case becomes its arrays, and how numbers come back.

A plug-in is one object: ``ArrayApiFramework(name="mine", namespace=xp, …)``, registered as an entry point of the group
``ganirl.frameworks``. Of the namespace it needs ``asarray(values, dtype=…)`` and the dtypes by their names; see
https://data-apis.org/array-api.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import Case, Rows, Steps

Array = npt.NDArray[np.float64]


def _on_the_host(value: Any) -> Any:
    return np.asarray(value)


@dataclass(frozen=True)
class ArrayApiFramework:
    """A namespace of the array API, with what the standard leaves open.

    Attributes
    ----------
    name : the name that adapters declare
    namespace : the namespace, ``jax.numpy``
    kappas : format → κ, the error of its elementary functions in units of u, measured; its formats are those
    library : name → version, for reports
    places : device → what its ``asarray`` takes as ``device=``
    context : what its arithmetic is done in
    host : makes a NumPy array of one of its arrays
    """

    name: str
    namespace: Any
    kappas: Mapping[str, float]
    library: Mapping[str, str]
    places: Mapping[str, Any] = field(default_factory=lambda: {"cpu": None})
    context: Callable[[], AbstractContextManager[Any]] = nullcontext
    host: Callable[[Any], Any] = _on_the_host

    def kappa(self, precision_name: str, device: str) -> float:
        """κ, as measured for this library."""
        del device
        return self.kappas[precision_name]

    def precisions(self) -> tuple[str, ...]:
        """Return the formats that κ is known for."""
        return tuple(self.kappas)

    def devices(self) -> tuple[str, ...]:
        """Return the devices of this machine."""
        return tuple(self.places)

    def versions(self) -> dict[str, str]:
        """Return the versions of the library."""
        return dict(self.library)

    def case(self, case: Case, device: str) -> Case:
        """Return the case as arrays of its own format on a device.

        Raises
        ------
        ValueError
            If the device cannot be had, or κ is not known for the format.
        """
        if device not in self.places:
            raise ValueError(f"device {device!r} cannot be had here; there are {', '.join(self.places)}")
        if case.precision_name not in self.kappas:
            raise ValueError(
                f"{self.name} is not tested in {case.precision_name}; choose one of {', '.join(self.kappas)}"
            )
        place = {} if self.places[device] is None else {"device": self.places[device]}
        dtype = getattr(self.namespace, case.precision_name)

        def array(values: npt.NDArray[Any], of: Any) -> Any:
            # A copy: what the code under test does to its input must not reach the truth.
            return self.namespace.asarray(values.copy(), dtype=of, **place)

        def number(values: Any) -> Any:
            return array(np.asarray(values, dtype=np.float64), dtype)

        def whole(values: Any) -> Any:
            return array(np.asarray(values, dtype=np.int64), self.namespace.int64)

        def flag(values: Any) -> Any:
            return array(np.asarray(values, dtype=np.bool_), self.namespace.bool)

        def rows(side: Rows) -> Rows:
            steps = Steps(
                state=whole(side.steps.state),
                action=whole(side.steps.action),
                next_state=whole(side.steps.next_state),
                done=flag(side.steps.done),
                mask=flag(side.steps.mask),
                features=number(side.steps.features),
            )
            return Rows(number(side.features), number(side.log_q), number(side.weight), steps)

        with self.context():
            return replace(
                case,
                theta=number(case.theta),
                b=number(case.b),
                policy_logits=number(case.policy_logits),
                expert=rows(case.expert),
                generator=rows(case.generator),
                process=None if case.process is None else case.process.converted(number),
            )

    def numpy(self, value: Any) -> Array:
        """Return an array of any kind, or numbers, as a float64 NumPy array of its own.

        Raises
        ------
        TypeError
            If it holds no real numbers.
        """
        found = value
        if not isinstance(value, (bool, int, float, np.ndarray, np.generic)):
            found = (
                [self.host(each) for each in value] if isinstance(value, list | tuple) else self.host(value)
            )
        array = np.asarray(found)
        if array.dtype.kind in "cOSUmM":
            raise TypeError(f"{type(value).__name__} of dtype {array.dtype}; real numbers are needed")
        return np.array(array, dtype=np.float64)

    def gradients(self, value: Any, case: Case, wrt: tuple[str, ...]) -> None:
        """No value carries a graph: the adapter gives gradients."""
        del value, case, wrt

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Compute in full precision, and silence what overflows: it is judged, not printed."""
        with self.context(), np.errstate(all="ignore"):
            yield
