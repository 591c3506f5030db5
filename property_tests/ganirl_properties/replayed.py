"""What became of a saved counterexample, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .report import Draws

Outcome = Literal["FIXED", "FAILS", "ERROR"]
OUTCOMES: tuple[Outcome, ...] = ("FIXED", "FAILS", "ERROR")


@dataclass(frozen=True)
class Wrong:
    """The number that was wrong when a case was saved: of which observable, where in it, and what it should be.

    Attributes
    ----------
    draws : what contradicted it, where it is an expectation; None where one call decides
    """

    observable: str
    component: tuple[int, ...]
    expected: float
    draws: Draws | None = None


@dataclass(frozen=True)
class Replayed:
    """What became of a counterexample.

    Attributes
    ----------
    outcome : FIXED: every comparison of the check is within what is allowed, or every expectation was found to be
        less than δ away; FAILS: one is not; ERROR: it cannot be compared any more, or draws do not tell
    message : the sentences of a report for FAILS; the numbers in words for FIXED; what is in the way for ERROR
    observable, component : what was compared: the worst for FAILS, what was wrong when it was saved for FIXED
    got, expected, error, allowed, ratio : its numbers; NaN for ERROR
    changed : conventions that the implementation declares otherwise than when the case was saved
    draws : what was drawn anew, and with which error rates; None where one call decides
    """

    outcome: Outcome
    message: str
    observable: str = ""
    component: tuple[int, ...] = ()
    got: float = np.nan
    expected: float = np.nan
    error: float = np.nan
    allowed: float = np.nan
    ratio: float = np.nan
    changed: tuple[str, ...] = ()
    draws: Draws | None = None
