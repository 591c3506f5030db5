"""What a departure by design does not excuse: no number at all, and the numbers of another formula than was named."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ganirl import Departure

from .diagnosis import FRESH_CASES, agrees
from .narrative import number
from .report import Diagnosis
from .search import Failure, Finding, Search
from .wrong_formulas import WRONG_FORMULAS, WrongFormula

_FORMULAS: Mapping[str, WrongFormula] = {formula.id: formula for formula in WRONG_FORMULAS}


def formula_of(reason: str) -> str:
    """Return the id of the formula that a departure is held to; empty for a reason alone."""
    return reason.formula if isinstance(reason, Departure) else ""


def misnamed(reason: str, claim: str, unit: str) -> str | None:
    """Return what is wrong with the formula that a departure names; None if nothing is."""
    name = formula_of(reason)
    if not name:
        return None
    if unit == "process":
        return f"names a formula for {claim}, which tabular code cannot be held to; give the reason alone"
    if name not in _FORMULAS:
        return f"names the formula {name!r} for {claim}, which there is not; `ganirl power --list` shows them"
    if claim not in _FORMULAS[name].expected:
        able = ", ".join(_FORMULAS[name].expected)
        return (
            f"names the formula {name!r} for {claim}, which speaks of {able}; declare the departure of those"
        )
    return None


def strayed(search: Search, claim: str, diagnosis: Diagnosis | None) -> Diagnosis | None:
    """Return what a declared departure is if it is not the formula that it names; None if it is, or names none."""
    reason = search.implementation.departures.get(claim, "")
    formula = _FORMULAS.get(formula_of(reason))
    if formula is None or agrees(search, claim, formula):
        return None
    known = f"; they are those of {diagnosis.formula}: {diagnosis.title}" if diagnosis is not None else ""
    title = f"it is declared to depart to {formula.id} ({formula.title}), but its numbers are others{known}"
    return Diagnosis("departure-to-another-formula", title, f"{claim} is declared: {reason}", FRESH_CASES)


def lost(finding: Finding) -> list[Failure]:
    """Return the failures whose number is not finite where it should be."""
    return [
        failure
        for failure in finding.failures
        if np.isfinite(failure.judgement.expected) and not np.isfinite(failure.judgement.got)
    ]


def inexcusable(
    search: Search, departure: str, shown: Failure, count: int, diagnosis: Diagnosis | None
) -> Diagnosis:
    """Say that a departure excuses another number, not inf or NaN."""
    judgement = shown.judgement
    known = f"; where it is finite: {diagnosis.title}" if diagnosis is not None else ""
    title = (
        f"a departure excuses another number, not inf or NaN: {judgement.comparison.observable} is "
        f"{number(judgement.got)} where it should be finite{known}"
    )
    reason = search.implementation.departures[departure]
    return Diagnosis("departure-not-finite", title, f"{departure} is declared to depart: {reason}", count)
