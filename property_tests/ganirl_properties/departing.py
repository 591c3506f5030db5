"""What a departure by design does not excuse: no number at all, and the numbers of another formula than was named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ganirl import Departure

from .cases import Setting
from .checks import View
from .diagnosis import FRESH_CASES, agrees
from .fitting import distance_of
from .narrative import number
from .readings import is_moderate, judged_by, readings_on
from .report import Diagnosis
from .search import Failure, Finding, Search, judged
from .wrong_formulas import WRONG_FORMULAS, Pipeline, WrongFormula

TO_ANOTHER = "departure-to-another-formula"

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
    return Diagnosis(TO_ANOTHER, title, f"{claim} is declared: {reason}", FRESH_CASES)


def apart(search: Search, claim: str, view: View, setting: Setting) -> bool | None:
    """Whether numbers are not those of the formula that a departure names, on one case; None where that is not seen.

    Of its logits or of the right ones, as `strayed` asks; far out in a tail digits are lost, and nothing is said.
    """
    formula = _FORMULAS.get(formula_of(search.implementation.departures.get(claim, "")))
    conventions = search.implementation.conventions
    if formula is None or conventions.entropy_coefficient or not is_moderate(view):
        return None
    tolerance, seen_any = float(np.sqrt(search.precision.unit_roundoff)), False
    pipelines = [Pipeline(formula, conventions, own_score) for own_score in (False, True)]
    for given_own_logits in (False, True):
        pool = judged_by(readings_on(view, setting, given_own_logits=given_own_logits), claim)
        if pool and min(distance_of(each, pool, tolerance) for each in pipelines) <= tolerance:
            return False
        seen_any |= bool(pool)
    return True if seen_any else None


def shows_it(search: Search, claim: str, failures: Sequence[Failure]) -> list[Failure]:
    """Return the failures whose numbers are not those that a departure names; else such ones of fresh cases.

    The others fail as well, and as was declared: of what is wrong they show nothing.
    """
    stray = [each for each in failures if is_astray(search, claim, each)]
    if stray:
        return stray
    found = []
    for data, view in search.fresh(2 * FRESH_CASES).views("batch"):
        if not apart(search, claim, view, "batch"):
            continue
        for check in search.checks(claim):
            if check.setting == "batch" and all(map(search.implementation_has, check.observables)):
                failed = [each for each in judged(check, view) if each is not None and each.failed]
                found += [Failure(check, view.case, data, each) for each in failed]
    return found


def is_astray(search: Search, claim: str, failure: Failure) -> bool:
    """Whether a failure shows other numbers than those that the claim's departure names."""
    setting = failure.check.setting
    return setting is not None and bool(apart(search, claim, search.view_of(failure.case), setting))


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
