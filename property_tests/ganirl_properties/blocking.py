"""Which failures are only echoes: reproduced in full by a failed claim that they build on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .checks import View, compare
from .checks.numerics import mild_views
from .observed import NotObservedError, ObservableError
from .process_blocking import cause_in_process
from .search import Failure, Finding, Search, judge, judged
from .tails import form_of, reproduced
from .wrong_formulas.numerics import NumericForm

# Cases on which an explanation has to hold.
_ASKED = 12

# (claim, check) that reads the very observable of another claim, which stands against a truth of its own there: if
# that claim fails, this one fails by the same number and says nothing new.
_SAME_OBSERVABLE = {
    ("B3", "gradient"): "B2",
    ("B3", "loss"): "B1",
    ("A7", "stationary"): "C1",
    ("B5", "estimate"): "B4",
    ("D4", "constant"): "C3",
    ("I1", "one side twice"): "B1",
    ("B5", "probability"): "A4",
    ("B5", "logit"): "A4",
    ("A9", "balance"): "A4",
    ("C2", "GAN side"): "C1",
    ("C2", "both sides"): "C1",
    ("C2", "IRL side"): "C3",
    ("C5", "half"): "C1",
    ("E3", "reward"): "E1",
    ("A6", "probability"): "A4",
    ("A6", "loss"): "B1",
    ("A6", "gradient"): "C1",
    ("A6", "reward"): "E1",
    ("A6", "generator loss"): "E1",
    ("A6", "IRL loss"): "C3",
    ("A6", "IRL gradient"): "C3",
}

# A claim about tails → the claim that sees the same number wherever ℓ is.
_EVERYWHERE = {"N1": "B1", "N1b": "B1", "N2": "C1"}
# Checks of the loss and its gradients that a loss computed in a bad way fails, too.
_OF_THE_LOSS = {
    *(
        ("A6", "loss"),
        ("A6", "gradient"),
        ("B1", "value"),
        ("B2", "gradient"),
        ("B2", "difference"),
        ("B3", "gradient"),
        ("B3", "loss"),
    ),
    *(("A7", "stationary"), ("I1", "one side twice")),
    *(("C1", "gradient"), ("C1", "difference"), ("C2", "GAN side"), ("C5", "half")),
}


def blocked_by(search: Search, finding: Finding, violated: Set[str]) -> str | None:
    """Return the failed claim that explains this one's failure in full, if there is one."""
    return Blocking(search, violated).cause_of(finding)


@dataclass
class Blocking:
    """What explains what, among the violated claims of one search; ask it for all of them."""

    search: Search
    violated: Set[str]

    def cause_of(self, finding: Finding) -> str | None:
        """Return the failed claim that explains a failure in full, if there is one."""
        by_check: dict[str, list[Failure]] = {}
        for failure in finding.failures:
            by_check.setdefault(failure.check.name, []).append(failure)
        causes = []
        for failures in by_check.values():
            found = (self._all(explain, failures[:_ASKED]) for explain in self._explanations)
            cause = next((cause for cause in found if cause is not None), None)
            if cause is None or cause == finding.claim:
                return None
            causes.append(cause)
        return causes[0] if causes else None

    @property
    def _explanations(self) -> tuple[Callable[[Failure], str | None], ...]:
        if self.search.implementation.conventions.unit == "process":
            return (self._in_process,)
        return (
            self._same_observable,
            self._of_no_number,
            self._given_own_logits,
            self._given_own_reward,
            self._by_tails,
        )

    @staticmethod
    def _all(explain: Callable[[Failure], str | None], failures: list[Failure]) -> str | None:
        causes = {explain(failure) for failure in failures}
        return causes.pop() if len(causes) == 1 else None

    def _same_observable(self, failure: Failure) -> str | None:
        cause = _SAME_OBSERVABLE.get((failure.check.claim, failure.check.kind))
        return cause if cause in self.violated else None

    def _of_no_number(self, failure: Failure) -> str | None:
        """S2 compares a loss with itself; where it is NaN or inf before any row is moved, B1 sees that number."""
        lost = failure.check.claim == "S2" and not np.isfinite(failure.judgement.expected)
        return "B1" if lost and "B1" in self.violated else None

    def _in_process(self, failure: Failure) -> str | None:
        return cause_in_process(self.search, failure, self.violated)

    def _given_own_logits(self, failure: Failure) -> str | None:
        if "A4" not in self.violated or not self.search.implementation_has("discriminator_logit"):
            return None
        try:
            view = self.search.view_of(failure.case).given_own_logits()
            return "A4" if _passes(failure, view) else None
        except (NotObservedError, ObservableError):
            return None

    def _given_own_reward(self, failure: Failure) -> str | None:
        has_reward = self.search.implementation_has("generator_reward")
        if "E1" not in self.violated or failure.check.claim != "E3" or not has_reward:
            return None
        try:
            view = self.search.view_of(failure.case)
            rewards = view.truth.all_logits.copy()
            rewards[view.truth.generator] = view.observed.reward()
            given = View(view.observed, view.truth.given(rewards))
            return "E1" if _passes(failure, given) else None
        except (NotObservedError, ObservableError):
            return None

    # --- a loss that is right but for its tails -------------------------------------------------------------

    def _by_tails(self, failure: Failure) -> str | None:
        """Tell tails from the rest: a loss that is wrong where |ℓ| is small has no special trouble in its tails."""
        claim = failure.check.claim
        if claim in _EVERYWHERE:
            cause = _EVERYWHERE[claim]
            return cause if cause in self.violated and self._wrong_where_mild else None
        tail = next((name for name in _EVERYWHERE if name in self.violated), None)
        # What no order of rows can do to a finite loss, it does to one that is infinite or NaN.
        lost = claim == "S2" and not np.isfinite(failure.judgement.error)
        if tail is None or not (lost or (claim, failure.check.kind) in _OF_THE_LOSS) or self._form is None:
            return None
        return tail if reproduced(self._form, self.search.view_of(failure.case)) else None

    @cached_property
    def _form(self) -> NumericForm | None:
        return None if self._wrong_where_mild else form_of(self.search)

    @cached_property
    def _wrong_where_mild(self) -> bool:
        for view in mild_views(self.search.views("batch")[0][1]):
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


def _passes(failure: Failure, view: View) -> bool:
    results: Iterator[bool] = (
        judgement is not None and not judgement.failed for judgement in judged(failure.check, view)
    )
    return all(results)
