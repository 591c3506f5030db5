"""Which failures of tabular code are echoes of another: what follows from its own values, policy or visits."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from ganirl.process_truth import ProcessTruth
from ganirl.truth import Expected

from .checks import CHECKS, View, compare
from .checks.process import own_features
from .observed import NotObservedError, ObservableError
from .search import Failure, Search, judge, judged

# The values that an own value or an own objective is made of.
_OF_VALUES = ("H12", "H2")
# A check of the library against itself → the check of the same number against the truth.
_PLAIN = {"own value": "visits", "own objective": "gradient"}


def cause_in_process(search: Search, failure: Failure, violated: Set[str]) -> str | None:
    """Return the failed claim that explains a failure in full, if there is one."""
    try:
        return _cause(search.view_of(failure.case), failure.check.claim, failure.check.kind, violated)
    except (NotObservedError, ObservableError):
        return None


def _cause(view: View, claim: str, check: str, violated: Set[str]) -> str | None:
    plain = _PLAIN.get(check)
    if plain is not None:
        if _passes(view, claim, plain):
            return next((cause for cause in _OF_VALUES if cause in violated and cause != claim), None)
        return _cause(view, claim, plain, violated)
    explanations = {"log Z": _given_values, "visits": _given_policy, "gradient": _given_visits_or_policy}
    if check not in explanations:
        return None
    return next((cause for cause in explanations[check](view, claim, check) if cause in violated), None)


def _given_values(view: View, claim: str, check: str) -> Iterator[str]:
    if view.observed.has("soft_values"):
        values = view.observed.soft_values()
        if _passes(_beside(view, view.process.given_values(values)), claim, check):
            yield "H12"


def _given_policy(view: View, claim: str, check: str) -> Iterator[str]:
    if view.observed.has("policy"):
        given = view.process.given_policy(view.observed.policy())
        if _passes(_beside(view, given), claim, check):
            yield "H12"


def _given_visits_or_policy(view: View, claim: str, check: str) -> Iterator[str]:
    truth = view.process
    try:
        left = truth.scale * (truth.data_features - own_features(view))
    except (NotObservedError, ObservableError):
        pass
    else:
        expected = Expected(left, truth.demonstration_gradient.bound)
        judgement = judge(compare(check, view.observed.demonstration_gradient(), expected), view.safety)
        if judgement is not None and not judgement.failed:
            yield "D1"
    yield from _given_policy(view, claim, check)


def _beside(view: View, truth: ProcessTruth) -> View:
    return replace(view, given_process=truth, _beside={})


def _passes(view: View, claim: str, name: str) -> bool:
    check = next(check for check in CHECKS if check.claim == claim and check.name == name)
    return all(judgement is not None and not judgement.failed for judgement in judged(check, view))
