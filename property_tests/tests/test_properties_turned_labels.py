"""A loss that loses its digits is named whichever side's probability D is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import binary_cross_entropy

from ganirl import Conventions, wrap
from ganirl_properties import verify


def library(expert_label: int) -> Any:
    def loss(case: Any) -> torch.Tensor:
        sign = 1 if expert_label else -1
        d = [
            torch.sigmoid(sign * (-(rows.features @ case.theta) - case.b - rows.log_q))
            for rows in (case.expert, case.generator)
        ]
        targets = [torch.full_like(d[0], expert_label), torch.full_like(d[1], 1 - expert_label)]
        return binary_cross_entropy(d[0], targets[0]) + binary_cross_entropy(d[1], targets[1])

    conventions = Conventions(expert_label=expert_label)  # type: ignore[arg-type]
    return wrap(framework="torch", conventions=conventions, discriminator_loss=loss)


@pytest.mark.parametrize("expert_label", [0, 1])
def test_cross_entropy_of_probabilities_is_named(expert_label: int) -> None:
    report = verify(library(expert_label), claims=["N*"], profile="smoke", dtypes=["float32"])
    named = {row.diagnosis.formula for row in report.verdicts if row.diagnosis is not None}
    assert "violated" in {row.verdict for row in report.verdicts}
    assert named == {"bce-on-probabilities"}
