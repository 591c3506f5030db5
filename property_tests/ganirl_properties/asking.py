"""How an implementation is asked about one case, or many at once: calls, shapes, gradients, and what may go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Implementation
from ganirl.framework import Differentiating, Framework, Vectorising
from ganirl.lanes import number

from .returned import bundle, unfit

Array = npt.NDArray[np.float64]
T = TypeVar("T")
Side = Literal["expert", "generator"]


class NotObservedError(Exception):
    """The implementation does not show this; the message says why."""


class ObservableError(Exception):
    """An observable raised, or returned something that is not what it promises; one clear sentence."""


def _words_of(raised: BaseException) -> str:
    """Return the first line of what an exception says; nothing where it cannot even say that."""
    try:
        return next(iter(str(raised).strip().splitlines()), "")
    except Exception:  # what a library raises may fail to be written, too
        return ""


@dataclass
class Asking:
    """One implementation, asked about one case. Values are memoised; shapes (n, 1) are accepted for (n,).

    Of lanes, many cases of one shape at once, every shape has their number in front.

    Raises
    ------
    NotObservedError
        If the implementation lacks an observable, or a gradient cannot be taken.
    ObservableError
        If the adapter raised, or returned a wrong shape.
    """

    implementation: Implementation
    framework: Framework
    case: Case
    device: str
    _values: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    def has(self, *observables: str) -> bool:
        """Whether every one of these is there."""
        return all(callable(getattr(self.implementation, name, None)) for name in observables)

    @property
    def lanes(self) -> tuple[int, ...]:
        """(L,) of L cases at once, () of one."""
        return np.shape(self.case.b)

    @property
    def conventions(self) -> Conventions:
        """The declared conventions."""
        return self.implementation.conventions

    def _memo(self, name: str, side: str, take: Callable[[], T]) -> T:
        key = (name, side)
        if key not in self._values:
            self._values[key] = take()
        return cast(T, self._values[key])

    def _handed(self) -> Case:
        """A fresh conversion for every call, so that code that writes into its input cannot spoil the next."""
        return self.framework.case(self.case, self.device)

    def _call(self, name: str, case: Case | None = None, side: Side | None = None) -> Any:
        if not self.has(name):
            raise NotObservedError(f"it has no {name}")
        case = case or self._handed()
        try:
            return self._asked(partial(self._ask, name, side), case)
        except (NotObservedError, ObservableError, KeyboardInterrupt):
            raise
        except BaseException as raised:  # an adapter that exits must not take the verdict with it
            message = _words_of(raised)
            said = f": {message}" if message else ""
            raise ObservableError(
                f"{name} raised {type(raised).__name__}{said}{self._hint(said)}"
            ) from raised

    def _ask(self, name: str, side: Side | None, case: Case) -> Any:
        arguments = (case,) if side is None else (case, getattr(case, side))
        return getattr(self.implementation, name)(*arguments)

    def _asked(self, ask: Callable[[Case], Any], case: Case) -> Any:
        if not self.lanes:
            return ask(case)
        if not isinstance(self.framework, Vectorising):
            raise NotObservedError(f"{self.framework.name} asks for one problem at a time")
        return self.framework.over_lanes(ask, case)

    def _hint(self, said: str) -> str:
        """Return the mend of what code in one format, or for one problem at a time, meets first."""
        if getattr(self.implementation, "lanes", False) and self.framework.name == "numpy":
            return (
                "; with lanes = True an array may have an axis more in front, or none: x[..., None], x.mean(-1) and "
                'einsum("...nd,...d->...n") serve both; take `lanes` out if it is for one problem at a time'
            )
        if self.lanes:
            return "; it was asked about many problems at once: take `lanes` out if it is for one at a time"
        if self.case.precision_name == "float32" or not re.search(
            r"dtype|double|bfloat16", said, re.IGNORECASE
        ):
            return ""
        return '; if the code is float32 alone, declare Conventions(precisions=("float32",))'

    def _rows(self, name: str, side: Side) -> Array:
        def take() -> Array:
            rows = np.shape(getattr(self.case, side).log_q)
            return self._shaped(name, self._call(name, side=side), rows, column=True)

        return self._memo(name, side, take)

    def _array(self, name: str, shape: tuple[int, ...], other: tuple[int, ...] | None = None) -> Array:
        return self._memo(name, "", lambda: self._shaped(name, self._call(name), shape, other=other))

    def _scalar(self, name: str) -> float:
        return number(
            self._memo(name, "", lambda: self._shaped(name, self._call(name), self.lanes, column=True))
        )

    def _shaped(
        self,
        name: str,
        value: Any,
        shape: tuple[int, ...],
        *,
        column: bool = False,
        other: tuple[int, ...] | None = None,
    ) -> Array:
        said = unfit(value, shape)
        if said is not None:
            raise ObservableError(f"{name} {said}")
        try:
            array = self.framework.numpy(value)
        except Exception as refusal:  # a meta tensor, say, has its own way to say that it holds no numbers
            said = f"returned {type(value).__name__}, which is no array: {refusal}"
            if isinstance(value, list | tuple):
                said = bundle(value, shape)
            raise ObservableError(f"{name} {said}") from refusal
        if array.shape in (shape, other):
            return array
        if column and shape and array.shape == (*shape, 1):
            return array[..., 0]
        if shape == () and array.size == 1:
            return array.reshape(())
        other = (*shape, 1) if column else other
        wanted = f"{shape or 'one number'}" if other is None else f"{shape} or {other}"
        hint = self._hint("") if self.lanes else ""
        raise ObservableError(f"{name} returned shape {array.shape}; expected {wanted}{hint}")

    def _differentiate(self, name: str, wrt: tuple[str, ...]) -> tuple[Array | None, ...]:
        case = self._handed()
        if self.lanes:
            return self._differentiate_lanes(name, wrt, case)
        taken: tuple[Array | None, ...] | None
        if isinstance(self.framework, Differentiating):
            value, taken = self.framework.differentiated(partial(self._call, name), case, wrt)
            self._values.setdefault((name, ""), self._shaped(name, value, ()))
        else:
            value = self._call(name, case)
            # The value has been computed with its graph: it need not be asked for again.
            self._values.setdefault((name, ""), self._shaped(name, value, ()))
            try:
                taken = self.framework.gradients(value, case, wrt)
            except Exception as raised:
                raise ObservableError(
                    f"differentiating {name} raised {type(raised).__name__}: {_words_of(raised)}"
                ) from raised
        if taken is None and not hasattr(
            value, "requires_grad"
        ):  # a number, or an array that carries no graph
            raise NotObservedError(f"{name} cannot be differentiated here, and the adapter gives no gradient")
        if taken is None or all(part is None for part in taken):
            fields = " or ".join(f"case.{field}" for field in wrt)
            raise ObservableError(
                f"no gradient of {name} reaches {fields}: its graph is cut by detach(), no_grad(), or by wrapping the "
                f"case's tensor anew, as nn.Parameter({fields.split()[0]}) does; "
                "return float(…) if only its value is meant"
            )
        return taken

    def _differentiate_lanes(self, name: str, wrt: tuple[str, ...], case: Case) -> tuple[Array | None, ...]:
        """Differentiate the sum over lanes: as no lane knows of another, that is, lane by lane, the slope of each."""
        taken: tuple[Array | None, ...] | None
        try:
            if isinstance(self.framework, Differentiating):

                def total(of: Case) -> Any:
                    values = self._call(name, of)
                    return values.sum() if hasattr(values, "sum") else values

                _, taken = self.framework.differentiated(total, case, wrt)
            else:
                values = self._call(name, case)
                self._values.setdefault((name, ""), self._shaped(name, values, self.lanes, column=True))
                taken = self.framework.gradients(values.sum(), case, wrt) if hasattr(values, "sum") else None
        except (NotObservedError, ObservableError):
            raise
        except Exception as raised:
            raise ObservableError(
                f"differentiating {name} raised {type(raised).__name__}: {_words_of(raised)}{self._hint('')}"
            ) from raised
        if taken is None or all(part is None for part in taken):
            raise NotObservedError(f"{name} cannot be differentiated many problems at a time")
        return taken
