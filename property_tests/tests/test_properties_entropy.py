"""Rewards under an optimiser that adds the entropy itself: f alone is right for it, and −log π is once too many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest

from ganirl import Case, Conventions, Rows, wrap
from ganirl_properties import Report, verify

Reward = Callable[[Case, Rows], Any]


def log_pi(case: Case, rows: Rows) -> Any:
    logits = case.policy_logits
    table = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return table[rows.state, rows.action]


def score(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b


def log_odds(case: Case, rows: Rows) -> Any:
    return score(case, rows) - log_pi(case, rows)


def judged(reward: Reward, coefficient: float, entropy_in: Literal["rewards", "values"], seed: int) -> Report:
    conventions = Conventions(
        unit="transition",
        log_q="computed",
        log_z="bias",
        entropy_coefficient=coefficient,
        entropy_in=entropy_in,
    )
    target = wrap(conventions=conventions, discriminator_logit=log_odds, generator_reward=reward)
    return verify(target, claims=("A4", "E1", "E3"), profile="smoke", seed=seed)


def said(report: Report, claim: str) -> set[tuple[str, str | None]]:
    return {
        (row.verdict, None if row.diagnosis is None else row.diagnosis.formula)
        for row in report.verdicts
        if row.claim == claim
    }


@pytest.mark.parametrize("seed", range(3))
class TestSoftOptimalPolicies:
    def test_the_score_alone_is_right(self, seed: int) -> None:
        report = judged(score, 1.0, "values", seed)
        assert said(report, "E1") == said(report, "E3") == {("satisfied", None)}

    def test_log_odds_count_the_entropy_twice(self, seed: int) -> None:
        report = judged(log_odds, 1.0, "values", seed)
        assert said(report, "E1") == {("violated", "reward-entropy-twice")}
        assert said(report, "E3") == {("blocked", "reward-entropy-twice")}

    def test_another_temperature_is_wrong(self, seed: int) -> None:
        assert "violated" in {verdict for verdict, _ in said(judged(score, 0.5, "values", seed), "E1")}


def test_a_reward_lends_its_name_to_no_logit_that_is_off_for_another_reason() -> None:
    # Where the policy hardly ever acts, float32 shows what 1e-10 inside the logarithm does; elsewhere ℓ is right.
    def off(case: Case, rows: Rows) -> Any:
        policy = np.exp(log_pi(case, rows))
        return score(case, rows) - np.log(policy + policy.dtype.type(1e-10))

    conventions = Conventions(
        unit="transition",
        log_q="computed",
        log_z="bias",
        entropy_coefficient=1.0,
        entropy_in="values",
        precisions=("float32",),
    )
    target = wrap(conventions=conventions, discriminator_logit=off, generator_reward=off)
    report = verify(target, claims=("A4", "E1"), profile="default", seed=0)
    assert said(report, "A4") == {("violated", "log-pi-with-epsilon")}
    assert said(report, "E1") == {("violated", "reward-entropy-twice")}


def test_a_bonus_of_each_step_alone_holds_for_one_step() -> None:
    report = judged(score, 1.0, "rewards", 0)
    assert {verdict for verdict, _ in said(report, "E1")} == {"conditional"}


def test_where_the_entropy_enters_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="entropy_in='policy'"):
        Conventions(entropy_in="policy")  # type: ignore[arg-type]
