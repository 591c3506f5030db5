"""Certified verdicts: what float64 numbers decided is decided again by rigorous intervals of the truth.

Two things are shown. On every case that a claim was judged by, each reference value lies within its own error bound
of the interval. And the comparison that decides the verdict, the worst of a claim that holds or the counterexample
of one that does not, falls on the same side of what is allowed for every point of the interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from ganirl.certified import (
    Backend,
    Ball,
    CertifiedTruth,
    Certifier,
    UndecidedError,
    breaches,
    reference_values,
)
from ganirl.certified.truth import OBSERVED

from .checks import Check, Comparison, View
from .observed import NotObservedError, ObservableError
from .report import Verdict
from .search import Failure, Finding, Search, judge

# "float": the check's own arithmetic is of floats, so that no interval of the truth reached the comparison
Outcome = Literal["within", "beyond", "undecided", "float"]

# What the checks that make their own cases, of one row a side, look at.
_OF_SINGLE_ROWS = ("logit", "probability", "loss", "gradient_theta", "reward")


@dataclass
class Certification:
    """The certificates of one search; a reference value is certified once, however many claims use its case.

    Attributes
    ----------
    search : its certifier makes the intervals
    """

    search: Search
    _seen: set[tuple[object, int]] = field(default_factory=set, repr=False)
    _breach: str | None = None

    @property
    def certifier(self) -> Certifier:
        """Where intervals come from."""
        if self.search.certifier is None:
            raise ValueError("this search was not asked to certify")
        return self.search.certifier

    def breach(self, claim: str) -> str | None:
        """Return what is wrong with the reference on the cases of a claim; None if it is as near as it says."""
        for check in self.search.checks(claim):
            source: object = check.setting or check.instances
            try:
                for index, (_, view) in enumerate(self.search.suited(check)):
                    if (source, index) not in self._seen:
                        self._seen.add((source, index))
                        names = OBSERVED if check.setting is not None else _OF_SINGLE_ROWS
                        self._breach = self._breach or self._breach_of(view, names)
            except (NotObservedError, ObservableError):
                continue
        return self._breach

    def _breach_of(self, view: View, names: Iterable[str]) -> str | None:
        found, values = None, reference_values(view.truth, names)
        for backend in self.certifier.precisions():
            certified = CertifiedTruth.of(view.truth, backend)
            found = next(breaches(values, certified), None)
            if found is None or found.certain:
                break
        return None if found is None else str(found)

    def certified(self, row: Verdict, finding: Finding, failure: Failure | None = None) -> Verdict:
        """Return the row with certified evidence, or as inconclusive where the intervals do not bear it out.

        Parameters
        ----------
        row : what float64 numbers said
        finding : what it rests on
        failure : the counterexample of a row that tells one
        """
        if not finding.judged or row.verdict in ("error", "inconclusive", "not_addressed"):
            return row
        if self.search.implementation.conventions.unit == "process":
            return row  # there are no intervals of a dynamic programme: the evidence stays that of its cases
        breach = self.breach(row.claim)
        if breach is not None:
            return _inconclusive(row, breach)
        outcome = self.of_finding(finding) if failure is None else self.of_failure(failure)
        if outcome == ("within" if failure is None else "beyond"):
            return replace(row, evidence=f"certified interval, {row.cases} cases")
        if outcome == "float":
            return replace(row, evidence=f"{row.cases} cases, certified reference")
        bits = self.certifier.most_bits
        return _inconclusive(
            row,
            f"the interval of the truth does not decide it with {bits} bits"
            if outcome == "undecided"
            else f"{row.verdict} by float64 numbers, not by the interval of the truth: they differ in the last digit",
        )

    def of_finding(self, finding: Finding) -> Outcome:
        """Decide again the worst comparison of a claim that holds."""
        if finding.worst_at is None:
            return "float"
        check, view = finding.worst_at
        return self._decided(check, view, failing=False)

    def of_failure(self, failure: Failure) -> Outcome:
        """Decide again a failure."""
        return self._decided(failure.check, self.search.view_of(failure.case), failing=True)

    def _decided(self, check: Check, view: View, *, failing: bool) -> Outcome:
        outcome: Outcome = "undecided"
        for backend in self.certifier.precisions():
            try:
                with backend.working():
                    outcome = decided(check, view, backend, failing=failing)
            except UndecidedError:  # the check itself compared two numbers
                outcome = "undecided"
            except TypeError:  # it computes with a function that there is for floats alone
                outcome = "float"
            if outcome != "undecided":
                break
        return outcome


def _inconclusive(row: Verdict, message: str) -> Verdict:
    return replace(row, verdict="inconclusive", message=message, counterexample=None, blocked_by=None)


def decided(check: Check, view: View, backend: Backend, *, failing: bool) -> Outcome:
    """Run a check against certified truth and decide its worst comparison, or its worst failure."""
    plain = [judge(comparison, view.safety) for comparison in check.run(view)]
    certified = View(view.observed, CertifiedTruth.of(view.truth, backend))
    outcomes: list[tuple[float, Outcome]] = []
    for judgement, comparison in zip(plain, check.run(certified), strict=True):
        if judgement is not None and judgement.failed == failing:
            outcomes.append((judgement.ratio, decide(comparison, view.safety)))
    return max(outcomes, key=lambda each: each[0])[1] if outcomes else "undecided"


def decide(comparison: Comparison, safety: float) -> Outcome:
    """Whether every component is certainly within what is allowed, or one certainly beyond; NaN is beyond."""
    error = np.ravel(comparison.error)
    allowed = safety * np.ravel(np.broadcast_to(comparison.bound, np.shape(comparison.error)))
    if not any(isinstance(each, Ball) for each in (*error, *allowed)):
        return "float"
    got = np.ravel(comparison.got)
    outcomes = set(_components(got, error, allowed))
    for outcome in ("beyond", "undecided"):
        if outcome in outcomes:
            return outcome
    return "within"


def _components(got: np.ndarray, error: np.ndarray, allowed: np.ndarray) -> Iterator[Outcome]:
    for value, distance, limit in zip(got, error, allowed, strict=True):
        if isinstance(value, float) and np.isnan(value):
            yield "beyond"
            continue
        try:
            yield "within" if distance <= limit else "beyond"
        except UndecidedError:
            yield "undecided"
