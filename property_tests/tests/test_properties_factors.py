"""A loss that is right but for a factor: the sentence names the factor that it has."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Conventions, Gradient, wrap
from ganirl_properties import verify
from ganirl_properties.mending import _FACTORS
from ganirl_properties.targets import load_target

NUMPY: Any = load_target("numpy")


def test_factors_are_called_what_they_are() -> None:
    for factor, words in _FACTORS.items():
        name = words.split(":")[0]
        said = 1 / np.log(2) if name == "1/log 2" else unicodedata.numeric(name)
        assert factor == pytest.approx(said, rel=1e-15)


@pytest.mark.parametrize(("factor", "name"), [(0.25, "¼"), (4.0, "4")])
def test_a_factor_of_four_either_way_is_a_convention(factor: float, name: str) -> None:
    def gradient(case: Case) -> Gradient:
        right = NUMPY.discriminator_gradient(case)
        return Gradient(factor * np.asarray(right.theta), factor * np.asarray(right.b))

    target = wrap(
        discriminator_loss=lambda case: factor * NUMPY.discriminator_loss(case),
        discriminator_gradient=gradient,
        conventions=Conventions(weights=True),
    )
    report = verify(target, claims=["B1", "B2", "C1"], profile="smoke", dtypes=["float64"])
    assert {row.verdict for row in report.verdicts} == {"conditional"}
    assert all(f" {name}" in row.message for row in report.verdicts)
