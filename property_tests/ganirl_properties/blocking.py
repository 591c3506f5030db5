"""Which failures are only echoes: reproduced in full by a failed claim that they build on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ganirl.claims import claim as claim_of

from .checks import View, compare
from .checks.numerics import mild_views
from .observed import NotObservedError, ObservableError
from .search import Failure, Finding, Search, judge, judged
from .tails import form_of, reproduced

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

_OF_THE_TAILS = frozenset({"N1", "N1b", "N2"})
_OF_THE_LOSS = frozenset({"B1", "B2", "B3", "C1", "C2", "C5"}) | _OF_THE_TAILS
# The claim that sees the same number as a claim about tails, wherever |ℓ| is.
_WHERE_MILD = {"N1": "B1", "N1b": "B1", "N2": "C1"}


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
    if finding.claim in _OF_THE_LOSS and violated & _OF_THE_TAILS:
        explanations.append(_tails_explain(search, finding.claim, violated))
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


def _tails_explain(search: Search, claim: str, violated: set[str]) -> Callable[[Failure], str | None]:
    """Tell tails from the rest: what fails where |ℓ| is small has no cause in a tail, and the tails have one there."""
    tail = next((name for name in ("N1", "N1b", "N2") if name in violated), None)
    wrong_everywhere = _wrong_where_mild(search)
    if claim in _OF_THE_TAILS:
        cause = _WHERE_MILD[claim]
        return lambda failure: cause if wrong_everywhere and cause in violated else None
    form = None if wrong_everywhere else form_of(search)

    def explain(failure: Failure) -> str | None:
        return tail if form is not None and reproduced(form, search.view_of(failure.case)) else None

    return explain


def _wrong_where_mild(search: Search) -> bool:
    for view in mild_views(search.views("batch")[0][1]):
        for name, take, expected in (
            ("loss", view.observed.loss, view.truth.loss),
            ("gradient", view.observed.gradient_theta, view.truth.gradient_theta),
        ):
            try:
                judgement = judge(compare(name, take(), expected), view.safety)
            except (NotObservedError, ObservableError):
                continue
            if judgement is not None and judgement.failed:
                return True
    return False


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
