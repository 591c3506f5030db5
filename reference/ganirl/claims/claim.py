"""A claim: one statement of the theorem, with what it needs and what can be observed of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ganirl.case import Unit

Tier = Literal[1, 2, 3]


@dataclass(frozen=True)
class Claim:
    """One statement that can be proved, enumerated and, for most, tested.

    Attributes
    ----------
    id : stable, ``"C2"``
    title : a few words
    statement : LaTeX
    citation : where it is in Finn, Christiano, Abbeel and Levine (2016), or its own source
    preconditions : what has to hold; empty if nothing
    tier : 1 any minibatch, pure algebra; 2 full population; 3 expectation over resampling
    requires : claims that it builds on; they explain a failure, they never hide one
    observables : what a check can read of an implementation, alternatives separated by `` | ``; empty for theory
    dtypes : formats in which it is asked; all by default
    units : what kind of code can show it: code that is handed rows, or tabular code (``"process"``)
    """

    id: str
    title: str
    statement: str
    citation: str
    tier: Tier
    preconditions: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    observables: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float64", "float32", "bfloat16")
    units: tuple[Unit, ...] = ("trajectory", "transition")

    @property
    def theory(self) -> bool:
        """Whether it is about the mathematics alone: proved and enumerated, not planned in a verification."""
        return not self.observables

    def shows_in(self, unit: Unit) -> bool:
        """Whether code of a unit can show it, so that it is planned in a verification."""
        return not self.theory and unit in self.units
