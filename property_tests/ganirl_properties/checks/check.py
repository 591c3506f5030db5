"""A check: one way to see a claim in an implementation. It returns comparisons, as data; judging happens elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ganirl import Case
from ganirl.bounds import FloatModel
from ganirl.case import Unit
from ganirl.process_truth import ProcessTruth
from ganirl.truth import SAFETY, SAFETY_ACCELERATOR, Expected, Truth
from ganirl_properties.cases import Setting
from ganirl_properties.observed import Observed

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Numbers side by side: ``error`` is how far ``got`` is from what is allowed to be there.

    Attributes
    ----------
    observable : what was compared, in words
    got, expected : arrays of one shape
    error : |got − expected|, or the distance to an interval for an inequality
    bound : B of the implementation and of the reference
    """

    observable: str
    got: Array
    expected: Array
    error: Array
    bound: Array


def compare(
    observable: str, got: npt.ArrayLike, expected: Expected, slack: npt.ArrayLike = 0.0
) -> Comparison:
    """Compare with a truth; ``slack`` is what a premise that holds only nearly (b ≈ b*) adds to the bound."""
    values = np.asarray(got)
    if values.dtype != object:  # what a certified truth entered into stays an interval
        values = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.abs(values - expected.value)
    return Comparison(observable, values, expected.value, error, expected.bound + np.asarray(slack))


@dataclass(frozen=True)
class View:
    """An implementation on a case, beside the truth about it.

    Or on lanes, many cases of one shape at once, for checks of the setting ``"batch"``: comparisons then have them in
    front.
    """

    observed: Observed
    truth: Truth
    given_process: ProcessTruth | None = None
    _beside: dict[str, tuple[View, ...]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def process(self) -> ProcessTruth:
        """The truth about a case for tabular code, or what was put in its place."""
        return self.given_process or ProcessTruth(self.case, self.observed.conventions, self.model)

    def beside(self, name: str, make: Callable[[View], tuple[View, ...]]) -> tuple[View, ...]:
        """Return views of other cases made from this one, the same ones whenever they are asked for by name."""
        if name not in self._beside:
            self._beside[name] = make(self)
        return self._beside[name]

    @property
    def case(self) -> Case:
        """The case, in NumPy."""
        return self.observed.case

    @property
    def model(self) -> FloatModel:
        """The arithmetic under test."""
        return self.truth.arithmetic

    @property
    def safety(self) -> float:
        """S, what a bound is multiplied with."""
        return SAFETY if self.observed.device == "cpu" else SAFETY_ACCELERATOR

    def at(self, case: Case) -> View:
        """The same implementation on another case."""
        observed = Observed(self.observed.implementation, self.observed.framework, case, self.observed.device)
        return View(observed, replace(self.truth, case=case, given_logit=None))

    def logits(self) -> Array:
        """Its ℓ of all rows, expert first."""
        return np.concatenate([self.observed.logit("expert"), self.observed.logit("generator")], axis=-1)

    def probabilities(self) -> Array:
        """Its D of all rows, expert first."""
        sides = self.observed.probability("expert"), self.observed.probability("generator")
        return np.concatenate(sides, axis=-1)

    def given_own_logits(self) -> View:
        """The truth of everything else, given its own logits."""
        return View(self.observed, self.truth.given(self.logits()))


@dataclass(frozen=True)
class Check:
    """One way to see a claim.

    Attributes
    ----------
    claim : id
    name : unique within the claim, ``"both sides"``
    description : one line for the catalogue
    observables : what it needs of the implementation, all of them
    setting : how cases are arranged; None if it makes its own
    run : from a view to comparisons
    instances : for a check that makes its own cases, from any view to the views to look at
    like : the name of the check that looks at the same number on cases that are drawn
    """

    claim: str
    name: str
    description: str
    observables: tuple[str, ...]
    setting: Setting | None
    run: Callable[[View], Iterable[Comparison]]
    instances: Callable[[View], Iterable[View]] | None = None
    like: str = ""

    @property
    def kind(self) -> str:
        """The name under which what its number is made of is known, whatever the cases."""
        return self.like or self.name

    def suits(self, unit: Unit) -> bool:
        """Whether code of a unit could show it: tabular code is handed a process, any other is not."""
        return (self.setting == "process") == (unit == "process")
