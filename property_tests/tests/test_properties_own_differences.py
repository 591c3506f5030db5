"""Tabular code against differences of its own numbers: how little they miss, and what they put down to what."""

from __future__ import annotations

from typing import Any

import pytest

from ganirl import PRECISIONS, Case, Conventions, ProcessConventions, wrap
from ganirl.framework import NUMPY
from ganirl_properties import verify
from ganirl_properties.checks import CHECKS
from ganirl_properties.search import Search, judged
from ganirl_properties.targets.numpy_process import NumpyProcess

RIGHT = NumpyProcess("right", ProcessConventions())


class Off(NumpyProcess):
    """Visits and gradient that are too large by a millionth part, and by as much."""

    def occupancy(self, case: Case) -> Any:
        return super().occupancy(case) * (1 + 1e-6) + 1e-6

    def demonstration_gradient(self, case: Case) -> Any:
        return super().demonstration_gradient(case) * (1 + 1e-6) + 1e-6


@pytest.mark.parametrize("name", ["own value", "own objective"])
def test_a_millionth_part_is_seen_without_any_truth(name: str) -> None:
    check = next(check for check in CHECKS if check.name == name)
    for target, fails in ((RIGHT, False), (Off("off", ProcessConventions()), True)):
        search = Search(target, NUMPY, PRECISIONS["float64"], "cpu", 4, seed=0)
        for _, view in search.views("process"):
            found = [judgement for judgement in judged(check, view) if judgement is not None]
            assert found
            assert any(judgement.failed for judgement in found) == fails


def model_side(case: Case) -> Any:
    """E_model[φ], from the right gradient, E_p[φ] − E_model[φ]."""
    return case.expert.weight @ case.expert.features - RIGHT.demonstration_gradient(case)


@pytest.mark.parametrize(("follows", "verdict"), [(True, "blocked"), (False, "violated")])
def test_a_gradient_follows_from_wrong_visits_only_if_it_is_made_of_them(follows: bool, verdict: str) -> None:
    def gradient(case: Case) -> Any:
        right = RIGHT.demonstration_gradient(case)
        return right - 0.25 * model_side(case) if follows else right + 0.125

    target = wrap(
        occupancy=lambda case: 1.25 * RIGHT.occupancy(case),
        demonstration_gradient=gradient,
        conventions=Conventions(unit="process", weights=True),
    )
    report = verify(target, claims=["D1", "D3"], profile="smoke")
    found = {row.claim: row for row in report.verdicts}
    assert (found["D1"].verdict, found["D3"].verdict) == ("violated", verdict)
    assert found["D3"].blocked_by == ("D1" if follows else None)
