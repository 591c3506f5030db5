"""A saved case once more: whether what was wrong on it still is.

Everything is asked and computed anew: what the implementation gives, what it should give under the conventions that it
declares now, and what rounding allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ganirl import PRECISIONS, Case, Conventions, Implementation
from ganirl.framework import Framework, load_framework

from .cases import at_optimum
from .checks import CHECKS, Check, View
from .departing import apart, formula_of
from .errors import UsageError
from .narrative import component, indexed, what_it_is, what_it_should_be
from .observed import NotObservedError, ObservableError
from .replayed import OUTCOMES, Outcome, Replayed, Wrong
from .sampled import without_sampled
from .sampled.quantity import SampledCheck
from .sampled.replaying import draw_again, sampled_check
from .search import Judgement, Search, judged

__all__ = ["OUTCOMES", "Outcome", "Replayed", "Wrong", "replay"]


def replay(
    implementation: Implementation,
    case: Case,
    *,
    claim: str,
    check: str,
    declared: Mapping[str, Any] | None = None,
    device: str = "cpu",
    wrong: Wrong | None = None,
) -> Replayed:
    """Run the check of a claim on one case, and say what it finds now.

    Parameters
    ----------
    implementation : an object of the protocol `ganirl.Implementation`
    case : as `case_from_data` returns it
    claim, check : which check failed
    declared : the conventions under which the case was saved, `Conventions.declared()`; those of now by default
    device : where the implementation computes
    wrong : what is shown if nothing fails any more; by default what comes nearest to what is allowed. If draws
        contradicted it, draws decide again: others, with the error rates that it states

    Raises
    ------
    UsageError
        If there is no such check, or this implementation cannot be handed such a case, on this device or at all.
    """
    if wrong is not None and wrong.draws is not None:
        sampled = sampled_check(claim, check)
        framework, changed = _fitting(implementation, sampled, case, declared, device)
        asked = Search(implementation, framework, PRECISIONS[case.precision_name], device, 1, 0)
        with framework.arithmetic():
            return replace(draw_again(asked, case, sampled, wrong), changed=changed)
    chosen = _check(claim, check)
    framework, changed = _fitting(implementation, chosen, case, declared, device)
    conventions = implementation.conventions
    # What is drawn is judged by many calls, of which this is none.
    search = Search(without_sampled(implementation), framework, PRECISIONS[case.precision_name], device, 1, 0)
    missing = [name for name in chosen.observables if not search.implementation_has(name)]
    if missing:
        drawn = [name for name in missing if name in conventions.sampled]
        said = f"only draws {' and '.join(drawn)}" if drawn else f"has no {' and no '.join(missing)}"
        return Replayed("ERROR", f"{implementation.name} {said}", changed=changed)
    try:
        with framework.arithmetic(), np.errstate(all="ignore"):
            view = _view(search, chosen, case, changed)
            found = list(judged(chosen, view))
    except NotObservedError as why:
        return Replayed("ERROR", f"{implementation.name} does not show it any more: {why}", changed=changed)
    except ObservableError as why:
        return Replayed("ERROR", str(why), changed=changed)
    decided = [each for each in found if each is not None]
    if not decided:
        said = "no bound can be given on this case" if found else "it does not show this any more"
        return Replayed("ERROR", f"{implementation.name}: {said}", changed=changed)
    shown = max(decided, key=lambda each: each.ratio)
    setting = chosen.setting
    if shown.failed and setting is not None and apart(search, claim, view, setting) is False:
        return _departing(shown, claim, implementation.departures[claim], changed)
    if not shown.failed and wrong is not None:
        shown = _same_number(decided, wrong, view.safety) or shown
    return _told(shown, claim, implementation.name, conventions, changed)


def _same_number(decided: Sequence[Judgement], wrong: Wrong, safety: float) -> Judgement | None:
    """Return the judgement of the number that was wrong; None where it is not compared any more."""
    there = [
        at
        for each in decided
        if each.comparison.observable == wrong.observable
        and (at := _at(each, wrong.component, safety)) is not None
    ]
    # A check may compare an observable more than once, each time with other numbers.
    return min(there, key=lambda each: (abs(each.expected - wrong.expected), -each.ratio), default=None)


def _at(judgement: Judgement, where: tuple[int, ...], safety: float) -> Judgement | None:
    """Return what was judged of one component; None where there is no such component."""
    compared = judgement.comparison
    shape = () if compared.got.size == 1 else compared.got.shape
    if len(where) != len(shape) or any(not 0 <= each < size for each, size in zip(where, shape, strict=True)):
        return None
    index = int(np.ravel_multi_index(where, shape)) if where else 0
    error = float(np.ravel(compared.error)[index])
    bound = float(np.ravel(np.broadcast_to(compared.bound, compared.error.shape))[index])
    ratio = 0.0 if error == 0.0 else error / (safety * bound)
    return replace(judgement, index=index, ratio=ratio, error=error, bound=bound, allowed=safety * bound)


def _told(
    worst: Judgement, claim: str, name: str, conventions: Conventions, changed: tuple[str, ...]
) -> Replayed:
    if worst.failed:
        message = f"{what_it_should_be(claim, worst, conventions)} {what_it_is(name, worst)}"
    else:
        message = (
            f"{indexed(worst.comparison.observable, component(worst))} is {worst.got:.9g}, as it should be: off by "
            f"{worst.error:.3g}, where {worst.allowed:.3g} is allowed."
        )
    return Replayed(
        "FAILS" if worst.failed else "FIXED",
        message,
        worst.comparison.observable,
        component(worst),
        worst.got,
        worst.expected,
        worst.error,
        worst.allowed,
        worst.ratio,
        changed,
    )


def _departing(judgement: Judgement, claim: str, reason: str, changed: tuple[str, ...]) -> Replayed:
    """Say that what is other than the claim has it is as the departure declares it."""
    said = f"{claim} is declared to depart to {formula_of(reason)} ({reason}), and on this case its numbers are those"
    return replace(_told(judgement, claim, "", Conventions(), changed), outcome="FIXED", message=f"{said}.")


def _check(claim: str, name: str) -> Check:
    of_claim = [check for check in CHECKS if check.claim == claim]
    if not of_claim:
        raise UsageError(f"no check of this ganirl is about a claim {claim!r}")
    for check in of_claim:
        if check.name == name:
            return check
    known = ", ".join(check.name for check in of_claim)
    raise UsageError(f"there is no check {name!r} of claim {claim} in this ganirl; there are {known}")


def _framework(implementation: Implementation, case: Case, device: str) -> Framework:
    try:
        framework = load_framework(implementation.framework)
    except LookupError as missing:
        raise UsageError(str(missing)) from missing
    if device not in framework.devices():
        raise UsageError(
            f"device {device!r} cannot be had with {framework.name} here; there are {', '.join(framework.devices())}"
        )
    declared, dtype = implementation.conventions.precisions, case.precision_name
    possible = [name for name in framework.precisions() if declared is None or name in declared]
    if dtype not in possible:
        raise UsageError(f"{implementation.name} does not work in {dtype}; it does in {', '.join(possible)}")
    return framework


def _fitting(
    implementation: Implementation,
    check: Check | SampledCheck,
    case: Case,
    declared: Mapping[str, Any] | None,
    device: str,
) -> tuple[Framework, tuple[str, ...]]:
    """Return the framework, and which conventions have changed; refuse a case that does not suit."""
    framework = _framework(implementation, case, device)
    changed = _changed(declared, implementation.conventions)
    _refuse_unfit(implementation.name, check, case, implementation.conventions, changed)
    return framework, changed


def _changed(declared: Mapping[str, Any] | None, conventions: Conventions) -> tuple[str, ...]:
    if declared is None:
        return ()
    now = conventions.declared()
    return tuple(name for name in now if name in declared and _plain(declared[name]) != _plain(now[name]))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _refuse_unfit(
    name: str, check: Check | SampledCheck, case: Case, conventions: Conventions, changed: tuple[str, ...]
) -> None:
    """Raise for a case that this implementation would rightly compute something else on."""
    mend = "verify it again"
    if (case.unit == "process") != (conventions.unit == "process") or not check.suits(case.unit):
        raise UsageError(
            f'the case is one of unit "{case.unit}", and {name} declares "{conventions.unit}"; {mend}'
        )
    if conventions.unit == "transition" and case.expert.steps.mask.shape[1] > 1:
        raise UsageError(f'the rows of the case are trajectories, and {name} declares "transition"; {mend}')
    for rows in (case.expert, case.generator):
        if not conventions.weights and np.ptp(rows.weight) > 0.0:
            raise UsageError(f"the rows of the case are weighted, and {name} only averages; {mend}")
    if case.process is None:
        if conventions.equal_batches and len(case.expert) != len(case.generator):
            raise UsageError(f"the case has batches of two sizes, and {name} takes equal ones only; {mend}")
        if conventions.log_z == "absent" and float(case.b) != 0.0:
            raise UsageError(f"b of the case is not 0, and {name} has no log Z; {mend}")
    else:
        _refuse_unfit_process(name, changed, mend)


# What cases of tabular code were drawn for; the other conventions are about how its answers are read.
_ACCEPTED = ("horizon", "rewards_on", "discounts", "ends", "deterministic")


def _refuse_unfit_process(name: str, changed: tuple[str, ...], mend: str) -> None:
    accepted = [convention for convention in _ACCEPTED if convention in changed]
    if accepted:
        raise UsageError(
            f"{name} declares another {accepted[0]} than when the case was saved, which may not suit it; {mend}"
        )


def _view(search: Search, check: Check, case: Case, changed: tuple[str, ...]) -> View:
    view = search.view_of(case)
    # The case lies at b*, which moves with what the sides weigh and with what the logit is.
    if check.setting == "optimum" and set(changed) & {"loss_scale", "log_q", "log_q_constant", "log_z"}:
        conventions = search.implementation.conventions
        return view.at(at_optimum(case, view.truth.optimum.b, conventions))
    return view
