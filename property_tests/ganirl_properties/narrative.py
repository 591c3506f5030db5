"""A counterexample in words: Let … Then … However …, and the case as plain data."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl import Case, Conventions, Implementation, Process, Rows
from ganirl.claims import claim as claim_of

from .case_data import case_data
from .report import Counterexample
from .search import Failure, Judgement


def counterexample(claim: str, failure: Failure, implementation: Implementation) -> Counterexample:
    """Tell a failure of an implementation as a contradiction."""
    judgement, name = failure.judgement, implementation.name
    with_log_q = reads_log_q(implementation.conventions, judgement.comparison.observable)
    return Counterexample(
        claim=claim,
        check=failure.check.name,
        observable=judgement.comparison.observable,
        let=let(failure.case, with_log_q=with_log_q),
        then=what_it_should_be(claim, judgement, implementation.conventions),
        however=what_it_is(name, judgement),
        got=judgement.got,
        expected=judgement.expected,
        bound=judgement.bound,
        allowed=judgement.allowed,
        case=case_data(failure.case),
        setting=failure.check.setting or "single rows",
        rows=(len(failure.case.expert), len(failure.case.generator)),
        component=component(judgement),
    )


def what_it_should_be(claim: str, judgement: Judgement, conventions: Conventions) -> str:
    """Say, in a sentence that begins with Then, what a claim implies."""
    what = indexed(judgement.comparison.observable, component(judgement))
    by = f"Then, {by_claim(claim)}, {what} is"
    if not np.isfinite(judgement.expected):
        return f"{by} what it was before, {number(judgement.expected)}, which is {_no_number(judgement.expected)}."
    allowed = f"{_what_allows(judgement, conventions)} {number(judgement.allowed)} either way"
    return f"{by} {number(judgement.expected)}; {allowed}."


# What torch's softplus leaves out is most of what is allowed in float64, and next to nothing of it in other formats.
_FORM_SHOWS = (1e-9, 5e-8)
_OF_LOSS = ("discriminator_loss", "∂L_D", "[∂L_D", "[L_D", "second difference of L_D")


def _what_allows(judgement: Judgement, conventions: Conventions) -> str:
    of_loss = judgement.comparison.observable.startswith(_OF_LOSS) and conventions.unit != "process"
    open_form = conventions.loss_form in ("any", "softplus")
    if of_loss and open_form and _FORM_SHOWS[0] < judgement.allowed < _FORM_SHOWS[1]:
        form = (
            "the declared form of the loss" if conventions.loss_form == "softplus" else "any form of the loss"
        )
        return f"rounding and {form} allow"
    return "rounding allows"


def what_it_is(name: str, judgement: Judgement) -> str:
    """Say, in a sentence that begins with However, what an implementation gives instead."""
    if not np.isfinite(judgement.got):
        return f"However, {name} gives {number(judgement.got)}, which is {_no_number(judgement.got)}."
    return (
        f"However, {name} gives {number(judgement.got)}, off by {number(judgement.error)}: "
        f"{_times(judgement.ratio)} what is allowed."
    )


def by_claim(claim: str) -> str:
    """Say which claim implies something, and what it is about: ``by A4 (the discriminator's logit)``."""
    return f"by {claim} ({_in_a_sentence(claim_of(claim).title)})"


def _in_a_sentence(title: str) -> str:
    """Return a title without its capital; a symbol such as Z or D keeps its own."""
    first, _, rest = title.partition(" ")
    return title if len(first) == 1 and first != "A" else f"{first[0].lower()}{first[1:]} {rest}".rstrip()


def indexed(observable: str, where: tuple[int, ...]) -> str:
    """Return what a component is called, ``generator_reward[0]``; the observable alone where it is one number."""
    return f"{observable}[{', '.join(map(str, where))}]" if where else observable


def component(judgement: Judgement) -> tuple[int, ...]:
    """Return the index of the worst component; empty where there is one number alone."""
    got = judgement.comparison.got
    if got.size == 1:
        return ()
    return tuple(int(part) for part in np.unravel_index(judgement.index, got.shape))


def _no_number(value: float) -> str:
    return "not a number" if np.isnan(value) else "not finite"


# What weighs rows by their density, whatever the discriminator does.
_WEIGHED = ("log_q", "irl_loss", "log_partition", "∂L_IRL")


def reads_log_q(conventions: Conventions, observable: str) -> bool:
    """Whether log q of a row is part of what the observable should be."""
    absent = conventions.log_q == "absent" and conventions.entropy_coefficient == 0.0
    return not absent or observable.startswith(_WEIGHED)


def let(case: Case, *, with_log_q: bool) -> str:
    """Tell a case in a sentence that begins with Let."""
    theta = ", ".join(number(value) for value in case.theta)
    if case.process is not None:
        return (
            f"Let {told_process(case.process)}, and θ = ({theta}) in {case.precision_name}; "
            f"{_demonstrations(case.expert, case.process)}."
        )
    return (
        f"Let θ = ({theta}) and b = {number(float(case.b))} in {case.precision_name}; "
        f"{_side(case.expert, 'expert', case, with_log_q=with_log_q)}; "
        f"{_side(case.generator, 'generator', case, with_log_q=with_log_q)}."
    )


_ROWS_TOLD = 3


def _side(rows: Rows, name: str, case: Case, *, with_log_q: bool) -> str:
    count = len(rows)
    word = case.unit if count == 1 else {"trajectory": "trajectories", "transition": "transitions"}[case.unit]
    told = []
    for index in range(min(count, _ROWS_TOLD)):
        features = ", ".join(number(value) for value in rows.features[index])
        density = f", log q = {number(float(rows.log_q[index]))}" if with_log_q else ""
        told.append(f"φ = ({features}){density}")
    rest = "" if count <= _ROWS_TOLD else f" and {count - _ROWS_TOLD} more"
    return f"{count} {name} {word} with {'; '.join(told)}{rest}"


def told_process(process: Process) -> str:
    """Tell a process: sizes, ρ0, and P and φ of every state and action, the end written as ∎."""
    size = (
        f"S = {process.states}, A = {process.actions}, T = {process.horizon}, γ = {number(process.discount)}"
    )
    start = ", ".join(number(value) for value in process.start)
    names = [*map(str, range(process.states)), "∎"]
    told = []
    for state in range(process.states):
        for action in range(process.actions):
            onward = process.transition[state, action]
            to = " + ".join(
                names[x] if onward[x] == 1.0 else f"{number(onward[x])} {names[x]}"
                for x in np.flatnonzero(onward)
            )
            told.append(f"({state},{action}) → {to}{_features(process, state, action, names)}")
    return f"{size}, ρ0 = ({start}), P and φ: {'; '.join(told)}"


def _features(process: Process, state: int, action: int, names: list[str]) -> str:
    possible = np.flatnonzero(process.transition[state, action])
    table = process.features[state, action]
    if (table[possible] == table[possible[0]]).all():
        return f", φ = {_vector(table[possible[0]])}"
    return "".join(f", φ[{names[x]}] = {_vector(table[x])}" for x in possible)


def _vector(values: Any) -> str:
    return f"({', '.join(number(value) for value in values)})"


def _demonstrations(rows: Rows, process: Process) -> str:
    told = []
    for index in range(min(len(rows), _ROWS_TOLD)):
        mask = rows.steps.mask[index]
        visited = zip(rows.steps.state[index][mask], rows.steps.action[index][mask], strict=True)
        last = rows.steps.next_state[index][mask][-1]
        path = " ".join(f"{state} –{action}→" for state, action in visited)
        end = "∎" if last == process.states else str(last)
        told.append(f"{path} {end} with weight {number(float(rows.weight[index]))}")
    rest = "" if len(rows) <= _ROWS_TOLD else f" and {len(rows) - _ROWS_TOLD} more"
    word = "demonstration" if len(rows) == 1 else "demonstrations"
    return f"{len(rows)} {word}: {'; '.join(told)}{rest}"


def number(value: float) -> str:
    """Return a number to nine digits, as reports tell it."""
    if np.isnan(value):
        return "NaN"
    return f"{value + 0.0:.9g}"  # no "-0"


def _times(ratio: float) -> str:
    if not np.isfinite(ratio):
        return "beyond any multiple of"
    return f"{ratio:.3g} times"
