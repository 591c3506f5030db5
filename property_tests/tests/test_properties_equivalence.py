"""The headline tells causes apart: claims that fail for one reason stand together, others have their own."""

from __future__ import annotations

from dataclasses import replace

from ganirl import Conventions
from ganirl_properties.equivalence import equivalence
from ganirl_properties.report import Verdict


def row(claim: str, verdict: str, message: str) -> Verdict:
    return Verdict(claim, "float64", "cpu", verdict, "6 cases", 6, message)  # type: ignore[arg-type]


def test_each_cause_is_told_with_its_claims() -> None:
    rows = [
        row("A4", "violated", "log q is missing"),
        row("B1", "violated", "log q is missing"),
        row("C2", "satisfied", ""),
        row("E1", "violated", "the reward is D"),
        row("S2", "error", "it raised"),
    ]
    found = equivalence(("discriminator_logit", "generator_reward"), Conventions(), rows)
    assert found.verdict == "not equivalent"
    assert found.because == (
        "A4, B1 violated: log q is missing; E1 violated: the reward is D; 1 more claims could not be judged"
    )


def test_what_is_one_side_only_says_which() -> None:
    found = equivalence(("soft_values", "log_partition"), Conventions(), [row("H12", "satisfied", "")])
    assert found.verdict == "one side only"
    assert found.because == "it shows IRL and EBM; nothing of the GAN side"


def test_a_departure_is_told_with_its_reason_and_what_holds_all_the_same() -> None:
    numbers = "; its numbers: the reward is −log(1 − D); to hold it to that: Departure(…, formula='x')"
    echo = replace(
        row("A6", "waived", "follows from E1, which departs by design: it is GAIL"), blocked_by="E1"
    )
    rows = [
        row("A4", "conditional", "holds if"),
        echo,
        row("B1", "satisfied", ""),
        row("C1", "satisfied", ""),
        row("E1", "waived", f"it is GAIL{numbers}"),
        row("E3", "waived", f"it is GAIL{numbers}"),
        replace(row("E3", "satisfied", ""), dtype="bfloat16"),
        row("N1", "waived", "its loss is another"),
        row("S1", "not_addressed", "it has no loss"),
    ]
    found = equivalence(("discriminator_loss", "generator_reward"), Conventions(), rows)
    assert found.verdict == "not equivalent"
    assert found.because == (
        "by design, A6, E1, E3: it is GAIL; N1: its loss is another. What else it shows was verified: "
        "2 claims hold (B1, C1), 1 claim holds under a condition (A4)"
    )


def test_code_without_log_q_is_told_as_declared() -> None:
    found = equivalence(
        ("discriminator_loss", "generator_reward"), Conventions(log_q="absent"), [row("B1", "satisfied", "")]
    )
    assert found.verdict == "not equivalent"
    assert found.because == (
        "log q is no part of its discriminator, as declared: its logit is not a cost (GAIL, not AIRL). "
        "What else it shows was verified: 1 claim holds (B1)"
    )
