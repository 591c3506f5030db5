"""One truth for many implementations: cases are drawn once, and whatever a check asks of a case beside one is, too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ganirl import Case, Implementation
from ganirl.process_truth import ProcessTruth
from ganirl.truth import Truth
from ganirl_properties.checks import View
from ganirl_properties.observed import Observed


@dataclass
class Truths:
    """What is true of the cases that came up, by their contents."""

    of_case: dict[bytes, tuple[Truth, ProcessTruth | None]] = field(default_factory=dict)

    def about(self, case: Case, like: Truth) -> tuple[Truth, ProcessTruth | None]:
        """Return the truth about a case under the conventions and in the arithmetic of another truth."""
        key = contents(case)
        if key not in self.of_case:
            truth = replace(like, case=case, given_logit=None)
            process = None if case.process is None else ProcessTruth(case, like.conventions, like.arithmetic)
            self.of_case[key] = truth, process
        return self.of_case[key]


def contents(case: Case) -> bytes:
    """Return all numbers of a case, and their shapes."""
    arrays = [case.theta, case.b, case.policy_logits]
    for rows in (case.expert, case.generator):
        steps = rows.steps
        arrays += [rows.features, rows.log_q, rows.weight, steps.features, steps.mask, steps.done]
        arrays += [steps.state, steps.action, steps.next_state]
    if case.process is not None:
        process = case.process
        arrays += [process.start, process.transition, process.features, process.discount, process.horizon]
    found = [np.asarray(array) for array in arrays]
    return b"".join([repr([array.shape for array in found]).encode(), *(array.tobytes() for array in found)])


@dataclass(frozen=True)
class SharedView(View):
    """A view whose truth, and those of the cases beside it, are shared by all that is judged on them."""

    truths: Truths = field(default_factory=Truths, repr=False, compare=False)

    def at(self, case: Case) -> View:
        """The same implementation on another case."""
        of = self.observed
        observed = Observed(of.implementation, of.framework, case, of.device)
        truth, process = self.truths.about(case, self.truth)
        return SharedView(observed, truth, process, truths=self.truths)

    def of(self, implementation: Implementation) -> SharedView:
        """Another implementation on the same case."""
        observed = Observed(implementation, self.observed.framework, self.case, self.observed.device)
        return SharedView(observed, self.truth, self.given_process, truths=self.truths)


def shared(view: View) -> SharedView:
    """Make a view's truth one that others may share."""
    truths = Truths()
    process = view.process if view.case.process is not None else None
    truths.of_case[contents(view.case)] = view.truth, process
    return SharedView(view.observed, view.truth, process, truths=truths)
