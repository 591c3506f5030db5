"""What is asked of one case by sampling: numbers whose expectations a claim knows, and their range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganirl import Implementation
from ganirl.bounds import FloatModel
from ganirl.case import Unit
from ganirl.truth import REFERENCE
from ganirl_properties.cases import Setting
from ganirl_properties.checks import View
from ganirl_properties.observed import Observed

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Quantity:
    """K numbers of one draw, on one case.

    Attributes
    ----------
    view : the case, and the truth about it
    label : what they are, in words
    observe : one draw, (k,)
    expected, tolerance : (k,), the claim's expectation and how far rounding may move it
    low, high : (k,), the range of a draw that averages rows; where nothing bounds it, a range of the case's own scale
    bounded : whether that range holds
    by_meaning : whether it holds of every draw, also of a free one, by what the observable is
    remark : what is known of code that fails
    unit : what ranges of this kind are compared with, to choose cases; None for the largest of what is expected
    telling : how far the likeliest fault moves an expectation, as a share of the range; cases of more are chosen
    places : k indices, of each number in what the observable gives; none where numbers are in a row, or there is one
    """

    view: View
    label: str
    observe: Callable[[Observed], Array]
    expected: Array
    tolerance: Array
    low: Array
    high: Array
    bounded: bool = True
    by_meaning: bool = False
    remark: str = ""
    unit: float | None = None
    telling: float = 0.0
    places: tuple[tuple[int, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.expected)

    def place(self, index: int) -> tuple[int, ...]:
        """Return where a number is in what the observable gives; empty for one that is alone there."""
        if self.places:
            return self.places[index]
        return (index,) if len(self) > 1 else ()

    @property
    def width(self) -> Array:
        """(k,) of the range."""
        return self.high - self.low

    @property
    def spread(self) -> float:
        """How wide the widest range is, in its unit."""
        unit = max(float(np.abs(self.expected).max()), 1e-300) if self.unit is None else self.unit
        return float(self.width.max() / unit)

    def only(self, kept: npt.NDArray[np.bool_]) -> Quantity:
        """Return the same with some of its numbers."""
        return replace(
            self,
            observe=lambda observed: self.observe(observed)[kept],
            expected=self.expected[kept],
            tolerance=self.tolerance[kept],
            low=self.low[kept],
            high=self.high[kept],
            places=tuple(self.place(int(index)) for index in np.flatnonzero(kept)),
        )


@dataclass(frozen=True)
class SampledCheck:
    """One way to see a claim in draws.

    Attributes
    ----------
    claim, name : as of a `Check`
    observable : what is drawn
    differentiated : what it is the gradient of, where the adapter leaves that to autodiff
    setting : how cases are arranged
    quantity : from a view to what is asked of it; None where the case shows nothing of it
    """

    claim: str
    name: str
    observable: str
    setting: Setting
    quantity: Callable[[View], Quantity | None]
    differentiated: str | None = None

    def suits(self, unit: Unit) -> bool:
        """Whether code of a unit could show it: tabular code is handed a process, any other is not."""
        return (self.setting == "process") == (unit == "process")

    def drawn_by(self, implementation: Implementation) -> str | None:
        """Return which of its observables an implementation draws this by, or None if it draws nothing of it."""
        sampled = implementation.conventions.sampled
        if self.observable in sampled:
            return self.observable
        own = callable(getattr(implementation, self.observable, None))
        return self.differentiated if self.differentiated in sampled and not own else None


def rounding(view: View, error: Callable[[FloatModel], Array]) -> Array:
    """S·(B of the implementation + B of the reference)."""
    return np.asarray(view.safety * (error(view.model) + error(REFERENCE)))
