"""Which failures are only echoes: reproduced in full by a failed claim that they build on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ganirl.claims import claim as claim_of

from .checks import View
from .observed import NotObservedError, ObservableError
from .search import Failure, Finding, Search, judged

# Cases on which an explanation has to hold.
_ASKED = 12

# (claim, check) that reads the very observable of another claim, which stands against a truth of its own there: if
# that claim fails, this one fails by the same number and says nothing new.
_SAME_OBSERVABLE = {
    ("B3", "gradient"): "B2",
    ("B3", "loss"): "B1",
    ("B5", "probability"): "A4",
    ("B5", "logit"): "A4",
    ("A9", "balance"): "A4",
    ("C2", "GAN side"): "C1",
    ("C2", "both sides"): "C1",
    ("C2", "IRL side"): "C3",
    ("C5", "half"): "C1",
    ("E3", "reward"): "E1",
}


def ancestors(claim: str) -> tuple[str, ...]:
    """Claims that a claim builds on, the nearest first."""
    found: list[str] = []
    queue = list(claim_of(claim).requires)
    while queue:
        nearest = queue.pop(0)
        if nearest not in found:
            found.append(nearest)
            queue.extend(claim_of(nearest).requires)
    return tuple(found)


def blocked_by(search: Search, finding: Finding, violated: set[str]) -> str | None:
    """Return the failed claim that explains this one's failure in full, if there is one."""
    explanations: list[Callable[[Failure], str | None]] = [
        lambda failure: _same_observable(failure, violated),
        lambda failure: _given_own_logits(search, failure, violated),
        lambda failure: _given_own_reward(search, failure, violated),
    ]
    by_check: dict[str, list[Failure]] = {}
    for failure in finding.failures:
        by_check.setdefault(failure.check.name, []).append(failure)
    causes = []
    for failures in by_check.values():
        cause = next((found for explain in explanations if (found := _all(explain, failures[:_ASKED]))), None)
        if cause is None or cause == finding.claim:
            return None
        causes.append(cause)
    return causes[0] if causes else None


def _all(explain: Callable[[Failure], str | None], failures: list[Failure]) -> str | None:
    causes = {explain(failure) for failure in failures}
    return causes.pop() if len(causes) == 1 else None


def _same_observable(failure: Failure, violated: set[str]) -> str | None:
    cause = _SAME_OBSERVABLE.get((failure.check.claim, failure.check.name))
    return cause if cause in violated else None


def _given_own_logits(search: Search, failure: Failure, violated: set[str]) -> str | None:
    if "A4" not in violated or not search.implementation_has("discriminator_logit"):
        return None
    try:
        view = search.view_of(failure.case).given_own_logits()
        return "A4" if _passes(failure, view) else None
    except (NotObservedError, ObservableError):
        return None


def _given_own_reward(search: Search, failure: Failure, violated: set[str]) -> str | None:
    if (
        "E1" not in violated
        or failure.check.claim != "E3"
        or not search.implementation_has("generator_reward")
    ):
        return None
    try:
        view = search.view_of(failure.case)
        rewards = view.truth.all_logits.copy()
        rewards[view.truth.generator] = view.observed.reward()
        given = View(view.observed, view.truth.given(rewards))
        return "E1" if _passes(failure, given) else None
    except (NotObservedError, ObservableError):
        return None


def _passes(failure: Failure, view: View) -> bool:
    results: Iterator[bool] = (
        judgement is not None and not judgement.failed for judgement in judged(failure.check, view)
    )
    return all(results)
