"""The headline tells causes apart: claims that fail for one reason stand together, others have their own."""

from __future__ import annotations

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
