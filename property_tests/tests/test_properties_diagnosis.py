"""What names an error, and what must not: nothing is called by a name that its own numbers contradict."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from ganirl import Case, Conventions, Gradient, Rows, wrap
from ganirl_properties import verify
from ganirl_properties.report import Report


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def loss(case: Case, expert: Any, generator: Any) -> Any:
    return case.expert.weight @ softplus(-expert) + case.generator.weight @ softplus(generator)


def b_learns(expert: float, generator: float) -> Callable[[Case], Any]:
    def of(case: Case) -> Any:
        still = case.b - case.b.detach()
        sides = logit(case, case.expert), logit(case, case.generator)
        return loss(case, sides[0] + (1.0 - expert) * still, sides[1] + (1.0 - generator) * still)

    return of


def names(report: Report, claim: str) -> set[str | None]:
    rows = [row for row in report.verdicts if row.claim == claim and row.dtype != "bfloat16"]
    assert {row.verdict for row in rows} == {"violated"}
    return {None if row.diagnosis is None else row.diagnosis.formula for row in rows}


@pytest.mark.parametrize(
    ("expert", "generator", "formula"),
    [
        # The slope in b of a loss that lacks a term; but the loss is right, and so is its slope in θ.
        (0.0, 1.0, "log-z-learns-from-the-generator-alone"),
        (1.0, 0.0, "log-z-learns-from-the-expert-alone"),
        (-1.0, -1.0, "log-z-gradient-reversed"),
        # The slope in b that a doubled expert's term gives: nothing that is known gives it beside a right loss.
        (2.0, 1.0, None),
    ],
)
def test_a_slope_is_not_called_after_a_loss_that_is_seen_to_be_another(
    expert: float, generator: float, formula: str | None
) -> None:
    target = wrap(framework="torch", discriminator_loss=b_learns(expert, generator))
    report = verify(target, profile="smoke", claims=("B1", "B2"), dtypes=("float64", "float32"))
    assert {row.verdict for row in report.verdicts if row.claim == "B1"} == {"satisfied"}
    assert names(report, "B2") == {formula}


def test_a_gradient_that_is_handed_over_may_be_that_of_another_loss() -> None:
    def gradient(case: Case) -> Gradient:
        found = torch.autograd.grad(
            case.expert.weight @ softplus(-logit(case, case.expert)), (case.theta, case.b)
        )
        return Gradient(*found)

    target = wrap(
        framework="torch",
        discriminator_loss=b_learns(1.0, 1.0),
        discriminator_gradient=gradient,
    )
    report = verify(target, profile="smoke", claims=("C1", "B2"), dtypes=("float64",))
    assert {name for claim in ("C1", "B2") for name in names(report, claim)} <= {
        "expert-term-only",
        "gradient-of-the-expert-alone",
    }


@cache
def trained_by(weigh: str) -> Report:
    def policy_loss(case: Case) -> Any:
        rows = case.generator
        table = torch.log_softmax(case.policy_logits, dim=1)
        score = (table[rows.steps.state, rows.steps.action] * rows.steps.mask).sum(dim=1)
        reward = logit(case, rows).detach()
        if weigh == "broadcast":
            return -(rows.weight[:, None] * reward[:, None] * score * rows.weight).sum()
        if weigh == "pathwise":
            return rows.weight @ score
        return -(rows.weight @ (reward - rows.weight @ reward)) * (rows.weight @ score)

    target = wrap(
        framework="torch", discriminator_logit=logit, generator_reward=logit, policy_loss=policy_loss
    )
    return verify(target, profile="smoke", claims=("E1", "E3"), dtypes=("float64",))


@pytest.mark.parametrize(
    ("weigh", "formula"),
    [
        ("broadcast", "policy-loss-broadcast"),
        ("pathwise", "pathwise-gradient"),
        ("broadcast less its mean", "policy-gradient-without-rewards"),
    ],
)
def test_what_vanishes_in_expectation_is_told_apart_on_batches(weigh: str, formula: str) -> None:
    assert names(trained_by(weigh), "E3") == {formula}


# --- names that their own numbers contradict --------------------------------------------------------------------------


def right_loss(case: Case) -> Any:
    return loss(case, logit(case, case.expert), logit(case, case.generator))


def judged(**observables: Any) -> Report:
    target = wrap(
        framework="torch",
        conventions=Conventions(weights=True, precisions=("float64",)),
        **{"discriminator_logit": logit, **observables},
    )
    return verify(target, profile="smoke")


def named(report: Report) -> dict[str, str | None]:
    """Every claim that fails → its name."""
    return {
        row.claim: row.diagnosis.formula if row.diagnosis else None
        for row in report.verdicts
        if row.verdict in ("violated", "blocked")
    }


def test_a_loss_without_its_constant_names_no_reward() -> None:
    report = judged(
        discriminator_loss=lambda case: right_loss(case) - 2.0 * np.log(2.0),
        # Off by less than the square root of rounding, for a reason of its own.
        generator_reward=lambda case, rows: logit(case, rows) * (1.0 + 1e-9),
    )
    names = named(report)
    assert names.pop("B1") == "two-log-two-dropped"
    assert names["E1"] is None


@pytest.mark.parametrize(
    "observables",
    [
        # The reward is right; the loss beside it is not.
        {"generator_reward": logit, "generator_loss": lambda case: -logit(case, case.generator).median()},
        # Wrong by a last digit everywhere, and nowhere lost.
        {"generator_reward": lambda case, rows: logit(case, rows) * (1.0 + 1e-9)},
        {"generator_reward": lambda case, rows: logit(case, rows).float().to(case.theta.dtype)},
    ],
)
def test_a_reward_that_is_not_lost_far_out_is_not_called_so(observables: Any) -> None:
    assert named(judged(**observables))["E1"] is None


def test_a_reward_that_is_lost_far_out_is_called_so_with_where() -> None:
    report = judged(generator_reward=lambda case, rows: logit(case, rows).clamp(-50.0, 50.0))
    assert named(report)["E1"] == "reward-lost-in-its-tails"


def test_a_form_of_the_loss_explains_no_error_beside_it() -> None:
    def of(case: Case) -> Any:
        sides = logit(case, case.expert), logit(case, case.generator)
        if len(sides[0]) == len(sides[1]) > 1:
            return softplus(-sides[0]).max() + case.generator.weight @ softplus(sides[1])
        return loss(case, *sides)

    names = named(judged(discriminator_loss=of))
    assert {names[claim] for claim in ("B1", "C1", "B2")} == {None}


def test_what_is_an_echo_in_one_format_and_wrong_by_itself_in_another_is_told_as_wrong() -> None:
    def guarded(case: Case) -> Any:
        right, wrong = torch.sigmoid(logit(case, case.expert)), torch.sigmoid(-logit(case, case.generator))
        return (
            -case.expert.weight @ (right + 1e-10).log()
            - case.generator.weight @ (1.0 - (1.0 - wrong) + 1e-10).log()
        )

    target = wrap(framework="torch", discriminator_logit=logit, discriminator_loss=guarded)
    report = verify(target, profile="smoke", claims=("B1", "N1"), dtypes=("float64", "float32"))
    found = {(row.claim, row.verdict) for row in report.verdicts}
    mixed = {claim for claim, name in found if name == "violated"} & {
        claim for claim, name in found if name == "blocked"
    }
    assert mixed
    blocked = report.equivalence.because.partition(" blocked")
    assert not blocked[1] or not mixed & set(blocked[0].split("; ")[-1].split(", "))


def test_one_number_of_one_logit_is_not_called_after_a_formula_that_gives_it() -> None:
    """Of a logit that is 1 everywhere, |D − label| adds up to the loss that is 1 everywhere; it is not that formula."""

    def loss_of_one(case: Case) -> Any:
        return torch.ones_like(case.b)

    def ones(case: Case, rows: Rows) -> Any:
        return torch.ones_like(rows.log_q)

    report = judged(discriminator_logit=ones, discriminator_loss=loss_of_one)
    rows = {row.claim: row for row in report.verdicts if row.dtype == "float64"}
    assert rows["B1"].verdict == "violated"
    assert rows["B1"].diagnosis is None
    assert "its loss is always 1" in rows["B1"].message


def test_a_formula_is_told_by_own_logits_that_are_one_number_where_the_loss_is_not() -> None:
    """A loss that follows how many rows there are is more than one number, whatever the logit is."""

    def ones(case: Case, rows: Rows) -> Any:
        return torch.ones_like(rows.log_q)

    def summed(case: Case) -> Any:
        return loss(case, ones(case, case.expert), ones(case, case.generator)) + (
            len(case.generator) - 1
        ) * softplus(ones(case, case.generator)[0])

    report = judged(discriminator_logit=ones, discriminator_loss=summed)
    assert named(report)["B1"] == "generator-summed"
