"""A reward that is another's by design does not lend its name to a loss that fails for a reason of its own."""

from __future__ import annotations

from typing import Any

import pytest

from ganirl import Case, Conventions, Rows, wrap
from ganirl_properties import verify

torch = pytest.importorskip("torch", reason="planted code in PyTorch")


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def loss_of_rounded_sigmoids(case: Case) -> Any:
    sides = logit(case, case.expert), -logit(case, case.generator)
    return -sum(torch.log(torch.sigmoid(side)).mean() for side in sides)


def test_a_loss_beside_a_reward_that_departs_is_named_for_itself() -> None:
    target = wrap(
        framework="torch",
        conventions=Conventions(reward="−log(1 − D)"),
        departures={"E1": "GAIL's reward, by design", "E3": "GAIL's reward, by design"},
        discriminator_logit=logit,
        discriminator_loss=loss_of_rounded_sigmoids,
        generator_reward=lambda case, rows: -torch.nn.functional.logsigmoid(-logit(case, rows)),
    )
    report = verify(target, claims=["N1", "N2", "E1"], profile="smoke", dtypes=["float32"])
    rows = {row.claim: row for row in report.verdicts}
    assert rows["E1"].verdict == "waived"
    for claim in ("N1", "N2"):
        assert rows[claim].verdict == "violated"
        # Two names of the same numbers: σ(−x) = 1/(1 + e^x).
        assert rows[claim].diagnosis is not None
        assert rows[claim].diagnosis.formula in {"log-of-both-sigmoids", "log-one-plus-exp"}
