"""The calibration: what is known of imitation 1.0.1 is what the verifier says of it."""

from __future__ import annotations

import pytest

pytest.importorskip("imitation", reason="imitation 1.0.1 is not installed here; CI has an environment for it")

from ganirl_properties import Report, verify
from ganirl_properties.targets import load_target

SATISFIED_BY_AIRL = {"A4", "A6", "A7", "B1", "B2", "B3", "B5", "C1", "C2", "C5", "N1", "N2", "S1", "S2"}
SATISFIED_BY_GAIL = {"A6", "B1", "B2", "B3", "B5", "C1", "C2", "N1", "N2", "S1", "S2"}


def by_verdict(report: Report, name: str) -> set[str]:
    return {row.claim for row in report.verdicts if row.verdict == name}


@pytest.fixture(scope="module", params=[0, 1, 2], ids=lambda seed: f"seed{seed}")
def airl(request: pytest.FixtureRequest) -> Report:
    return verify(load_target("imitation-airl"), profile="smoke", seed=request.param)


@pytest.fixture(scope="module", params=[0, 1, 2], ids=lambda seed: f"seed{seed}")
def gail(request: pytest.FixtureRequest) -> Report:
    return verify(load_target("imitation-gail"), profile="smoke", seed=request.param)


class TestImitationAirl:
    def test_the_discriminator_is_that_of_the_paper(self, airl: Report) -> None:
        assert by_verdict(airl, "satisfied") == SATISFIED_BY_AIRL
        assert airl.run.dtypes == ("float32",)

    def test_the_reward_lacks_log_q(self, airl: Report) -> None:
        assert by_verdict(airl, "violated") == {"E1"}
        row = next(row for row in airl.verdicts if row.claim == "E1")
        assert row.diagnosis is not None
        assert row.diagnosis.formula == "reward-without-log-q"
        assert row.counterexample is not None
        # What is missing is log q, to the digit.
        case = row.counterexample.case
        log_q = case["generator"]["log_q"]
        missing = row.counterexample.expected - row.counterexample.got
        assert min(abs(missing + each) for each in log_q) < 1e-4
        assert airl.equivalence.verdict == "not equivalent"

    def test_the_policy_gradient_is_wrong_because_the_reward_is(self, airl: Report) -> None:
        assert by_verdict(airl, "blocked") == {"E3"}
        assert next(row for row in airl.verdicts if row.claim == "E3").blocked_by == "E1"

    def test_nothing_else_is_said(self, airl: Report) -> None:
        assert by_verdict(airl, "not_addressed") == {"A5", "A9", "B4", "C3", "D4", "I1"}
        assert airl.summary["planned"] == sum(
            airl.summary[name] for name in airl.summary if name != "planned"
        )

    def test_the_smallest_counterexample_is_one_transition_a_side(self, airl: Report) -> None:
        shown = next(row.counterexample for row in airl.verdicts if row.claim == "E1")
        assert shown is not None
        assert shown.rows == (1, 1)


class TestImitationGail:
    def test_the_loss_is_right_given_its_own_logit(self, gail: Report) -> None:
        assert by_verdict(gail, "satisfied") == SATISFIED_BY_GAIL

    def test_the_logit_is_a_cost_only_with_log_q_taken_off(self, gail: Report) -> None:
        assert by_verdict(gail, "conditional") == {"A4"}
        row = next(row for row in gail.verdicts if row.claim == "A4")
        assert "−ℓ − log q" in row.message

    def test_the_reward_departs_by_design(self, gail: Report) -> None:
        assert by_verdict(gail, "waived") == {"E1", "E3"}
        assert all("by design" in row.message for row in gail.verdicts if row.verdict == "waived")

    def test_it_is_not_failed(self, gail: Report) -> None:
        assert not gail.failed
        assert gail.equivalence.verdict == "not equivalent"
