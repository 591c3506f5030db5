"""Which convention, had it been declared, would make a failing implementation right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np

from ganirl import Conventions

from .checks import compare
from .checks.generator import own_reward
from .checks.numerics import mild_views, opposite_tails
from .mend import Mend
from .observed import NotObservedError, ObservableError
from .process_mending import process_candidates
from .search import Finding, Search, judge

_OF_THE_LOGIT = frozenset({"A4", "A5", "A6", "A9", "B5"})
_OF_THE_LOSS = frozenset({"A6", "A7", "I1", "B1", "B2", "B3", "C1", "C2", "C5", "S2", "N1", "N1b", "N2"})
# These see the loss, too, but a scale that is right may leave them to the mend of another convention, the loss's form.
_OF_THE_TAILS = frozenset({"N1", "N1b", "N2"})
# A6 sees every observable: what is wrong with one of them says nothing of a convention of another.
_LEFT_TO_OTHERS = _OF_THE_TAILS | {"A6"}
_OF_LOG_Q = (
    frozenset(
        {"A4", "A6", "A7", "A9", "B1", "B2", "B3", "B4", "B5", "C1", "C2", "C3", "C5", "D4", "E1", "I1"}
    )
    | _OF_THE_TAILS
)

_SCALES: dict[Literal["sum_of_means", "mean_of_all", "sum"], str] = {
    "sum_of_means": "the sum of both means",
    "mean_of_all": "½ for equal batches: it averages the concatenation of both",
    "sum": "the number of rows: it adds all of them",
}
# Factors that losses are given: the mean of both means, logarithms to base 2, and sums or means taken twice over.
_FACTORS: dict[float, str] = {
    0.5: "½: it is the mean of both means",
    2.0: "2",
    0.25: "¼",
    4.0: "4",
    1 / np.log(2.0): "1/log 2: its logarithms are to base 2",
}
_FORMS: dict[Literal["bce", "softplus"], str] = {
    "bce": "binary cross-entropy with logits, whose tails are right absolutely and not relatively",
    "softplus": "torch's softplus, which is the identity above 20 and leaves out up to 2e-9",
}

# Few cases tell whether a convention mends; the full number confirms it.
_SCREENED = 6


def mends(search: Search, findings: dict[str, Finding]) -> dict[str, tuple[str, Finding]]:
    """Return, for each violated claim that a convention mends, the sentence and what is found under it.

    A convention is accepted only if every claim that sees it holds under it: one convention has to mend every
    observable. Several conventions (the label, the loss's scale, then its form) may be mended one after another.
    """
    mended: dict[str, tuple[str, Finding]] = {}
    current = search
    progress = True
    while progress:
        progress = False
        violated = {claim for claim, finding in findings.items() if finding.violated} - set(mended)
        for candidate in _candidates(current):
            if not violated & candidate.touches:
                continue
            seen = candidate.touches & {claim for claim, finding in findings.items() if finding.judged}
            firm = seen - _LEFT_TO_OTHERS or seen
            if _under(current.redeclared(candidate.conventions, _SCREENED), firm, firm) is None:
                continue
            trial = current.redeclared(candidate.conventions)
            under = _under(trial, seen, firm)
            if under is None or not violated & set(under):
                continue
            for claim in violated & set(under):
                mended[claim] = (candidate.sentence, under[claim])
            current, progress = trial, True
            break
    return mended | _value_of_irl(current, {claim: findings[claim] for claim in set(findings) - set(mended)})


# Checks that read the value of the IRL loss, which nothing is trained by where its gradient is taken.
_VALUES_OF_IRL = {"C3": "value", "A6": "IRL loss"}


def _value_of_irl(search: Search, findings: dict[str, Finding]) -> dict[str, tuple[str, Finding]]:
    """Return the claims that fail by the value of an IRL loss alone, whose gradient is judged and right."""
    failing = [
        claim
        for claim, check in _VALUES_OF_IRL.items()
        if claim in findings and {each.check.kind for each in findings[claim].failures} == {check}
    ]
    if not failing:
        return {}
    gradient = search.examine("C3", without=(_VALUES_OF_IRL["C3"],))
    if not gradient.judged or gradient.violated or gradient.error:
        return {}
    sentence = (
        "correct up to the value of irl_loss: its gradient in θ is that of eq. (4), E_p[c] + log E_μ[e^{−c}/μ̃], but "
        "its value is another, as a surrogate's is; give irl_gradient alone where the value is not meant"
    )
    return {claim: (sentence, search.examine(claim, without=(_VALUES_OF_IRL[claim],))) for claim in failing}


def _under(search: Search, seen: frozenset[str], firm: frozenset[str]) -> dict[str, Finding] | None:
    """Return what holds of the claims that see a convention; None if one of the firm ones does not."""
    holding: dict[str, Finding] = {}
    for claim in sorted(seen, key=lambda claim: (claim not in firm, claim)):
        finding = search.examine(claim)
        if finding.judged and not finding.violated and not finding.error:
            holding[claim] = finding
        elif claim in firm:
            return None
    return holding


def _candidates(search: Search) -> Iterator[Mend]:
    declared = search.implementation.conventions
    if declared.unit == "process":
        yield from process_candidates(declared)
        return
    label: Literal[0, 1] = 1 if declared.expert_label == 0 else 0
    if not _loss_reads_logits_as_declared(search):
        yield Mend(
            replace(declared, expert_label=label),
            _OF_THE_LOGIT,
            f"correct up to the label: its D is the probability of the {'expert' if label else 'generator'}; "
            f"declare Conventions(expert_label={label})",
        )
    constant = _constant_of_log_q(search)
    if constant is not None:
        digits = (
            int(np.ceil(-np.log10(search.precision.unit_roundoff))) + 2
        )  # fewer would not be that constant
        yield Mend(
            replace(declared, log_q_constant=constant),
            _OF_LOG_Q,
            f"correct up to a constant {constant - declared.log_q_constant:.6g} in log q, which b absorbs; "
            f"declare Conventions(log_q_constant={constant:.{digits}g})",
        )
    for scale, words in _SCALES.items():
        if scale != declared.loss_scale:
            yield Mend(
                replace(declared, loss_scale=scale),
                _OF_THE_LOSS,
                f'correct up to {words}; declare Conventions(loss_scale="{scale}")',
            )
    for factor, of_factor in _FACTORS.items():
        for scale, words in _SCALES.items():
            if factor == declared.loss_factor:
                continue
            other = scale != declared.loss_scale
            also = (
                f' and {words}; declare Conventions(loss_scale="{scale}", '
                if other
                else "; declare Conventions("
            )
            yield Mend(
                replace(declared, loss_scale=scale, loss_factor=factor),
                _OF_THE_LOSS,
                f"correct up to the factor {of_factor}{also}loss_factor={factor:.17g})",
            )
    for form, words in _FORMS.items():
        if declared.loss_form == "any":
            yield Mend(
                replace(declared, loss_form=form),
                frozenset({"N1", "N1b"}),
                f'correct up to the form of the loss: {words}; declare Conventions(loss_form="{form}")',
            )
    yield from _of_the_generator(search, declared)


def _of_the_generator(search: Search, declared: Conventions) -> Iterator[Mend]:
    # That of the loss may have been mended already.
    if declared.loss_form in ("any", "softplus"):
        yield Mend(
            replace(declared, loss_form="softplus"),
            frozenset({"E1", "E3"}),
            f"correct up to the form of the reward: {_FORMS['softplus']}; "
            'declare Conventions(loss_form="softplus")',
        )
    if not declared.reward_baseline and not declared.weights and _baseline_leaves_one_out(search):
        yield Mend(
            replace(declared, reward_baseline="leave_one_out"),
            frozenset({"E3"}),
            "correct up to n/(n − 1): the baseline of each row is the mean reward of the others, which is unbiased "
            'where rows are sampled; declare Conventions(reward_baseline="leave_one_out")',
        )
    several = not declared.reward_baseline and not _reward_reads_own_logits(search)
    if several and (_differs_on_several_rows(search) or _one_constant(search)):
        yield Mend(
            replace(declared, reward_baseline=True),
            frozenset({"A6", "E1"}),
            "correct up to one constant a batch (b, say), a baseline that no policy gradient sees where episodes "
            "have one length; declare Conventions(reward_baseline=True)",
        )


def _loss_reads_logits_as_declared(search: Search) -> bool:
    """Whether its loss is right for its own logits with the declared label: then another label would mend nothing."""
    if not (
        search.implementation_has("discriminator_logit") and search.implementation_has("discriminator_loss")
    ):
        return False
    try:
        for _, view in search.views("batch")[:_SCREENED]:
            given = view.given_own_logits()
            judgement = judge(
                compare("discriminator_loss", given.observed.loss(), given.truth.loss), view.safety
            )
            if judgement is None or judgement.failed:
                return False
    except (NotObservedError, ObservableError):
        return False
    return True


def _reward_reads_own_logits(search: Search) -> bool:
    """Whether its reward is right given its own logits, which are not: then it is off by what they are off by."""
    if not (
        search.implementation_has("discriminator_logit") and search.implementation_has("generator_reward")
    ):
        return False
    off = False
    try:
        for _, view in search.views("batch"):
            own = judge(compare("discriminator_logit", view.logits(), view.truth.logit), view.safety)
            given = view.given_own_logits()
            reward = judge(compare("generator_reward", own_reward(view), given.truth.reward), view.safety)
            if reward is None or reward.failed:
                return False
            off |= own is not None and own.failed
    except (NotObservedError, ObservableError):
        return False
    return off


def _differs_on_several_rows(search: Search) -> bool:
    """Whether its reward is wrong on a batch of several rows: of one row alone, any number is a constant."""
    try:
        for _, view in search.views("batch"):
            compared = compare("generator_reward", own_reward(view), view.truth.reward)
            judgement = judge(compared, view.safety)
            if len(compared.got) > 1 and judgement is not None and judgement.failed:
                return True
    except (NotObservedError, ObservableError):
        return False
    return False


def _one_constant(search: Search) -> bool:
    """Whether its reward is off by one and the same number for single rows that have a b in common, from 0 to ±200."""
    low, high = -np.inf, np.inf
    try:
        for view in opposite_tails(search.views("batch")[0][1]):
            compared = compare("generator_reward", own_reward(view), view.truth.reward)
            off, allowed = (
                float((compared.got - compared.expected)[0]),
                view.safety * float(compared.bound[0]),
            )
            low, high = max(low, off - allowed), min(high, off + allowed)
    except (NotObservedError, ObservableError):
        return False
    return low <= high


def _baseline_leaves_one_out(search: Search) -> bool:
    """Whether its policy gradient is n/(n − 1) times what it should be on batches of several sizes n."""
    sizes: set[int] = set()
    try:
        for _, view in search.views("population"):
            expected = view.truth.policy_gradient(view.truth.reward)
            rows = len(view.case.generator)
            off = np.abs(view.observed.generator_gradient() * (rows - 1) / rows - expected.value)
            if not (
                off <= np.sqrt(search.precision.unit_roundoff) * (1.0 + np.abs(expected.value).max())
            ).all():
                return False
            sizes.add(rows)
    except (NotObservedError, ObservableError):
        return False
    return len(sizes) > 1


def _constant_of_log_q(search: Search) -> float | None:
    """Return the constant in log q, other than the declared one, that leaves every logit within its bound."""
    if not search.implementation_has("discriminator_logit"):
        return None
    conventions = search.implementation.conventions
    views = [view for _, view in search.views("batch")]
    views.extend(mild_views(views[0]))  # small numbers tell a constant best
    try:
        left = [view.truth.all_logits - view.logits() for view in views]
    except (NotObservedError, ObservableError):
        return None
    rough = conventions.log_q_constant + float(np.median(np.concatenate(left)))
    if not np.isfinite(rough):
        return None
    low, high = -np.inf, np.inf
    for view, rest in zip(views, left, strict=True):
        # A constant is one more number that rounds: its bound is that of the logits with it.
        truth = replace(view.truth, conventions=replace(conventions, log_q_constant=rough))
        allowed = view.safety * truth.logit.bound
        low, high = max(low, float(np.max(rest - allowed))), min(high, float(np.min(rest + allowed)))
    if not low <= high or low <= 0.0 <= high:
        return None
    return conventions.log_q_constant + 0.5 * (low + high)
