"""D3 against a library's own objective: where that is no number, nothing is satisfied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ganirl_properties import verify
from ganirl_properties.right_variants import right_variants
from ganirl_properties.right_variants.variant import implementation_of

(LIKELIHOOD,) = (variant for variant in right_variants() if variant.id == "tabular-likelihood")


def verdict(loss: Any) -> tuple[str, str]:
    author = type("Author", (LIKELIHOOD.author,), {"demonstration_loss": loss})
    target = implementation_of(author, "likelihood", "numpy")
    (row,) = verify(target, claims=["D3"], profile="smoke", dtypes=["float64"]).verdicts
    return row.verdict, row.message


def right(self: Any, case: Any) -> float:
    return float(LIKELIHOOD.author.demonstration_loss(self, case))


@pytest.mark.parametrize("lost", [np.inf, -np.inf, np.nan])
def test_an_objective_that_is_no_number_is_an_error(lost: float) -> None:
    said = verdict(lambda self, case: lost)
    assert said == ("error", f"demonstration_loss gave {lost:g}, of which there is no gradient")


def test_one_that_is_lost_for_some_cases_alone_is_one_too() -> None:
    def of_masked(self: Any, case: Any) -> float:
        with np.errstate(divide="ignore"):
            return right(self, case) + float((0.0 * (1.0 / case.expert.steps.mask)).sum())

    assert verdict(of_masked)[0] == "error"


def test_a_number_is_held_against_the_gradient() -> None:
    assert verdict(right) == ("satisfied", "")
    assert verdict(lambda self, case: right(self, case) + 1.0)[0] == "satisfied"
    assert verdict(lambda self, case: 1.01 * right(self, case))[0] == "violated"
