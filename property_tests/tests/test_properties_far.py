"""B and C where D rounds to 0 or 1: what saturates is caught there whatever the seed, and sound forms pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip(
    "torch", reason="the planted libraries are written in PyTorch: pip install 'ganirl[torch]'"
)

import torch
from planted.library import Library, LossOfLogits, implementation
from planted.ratios import worst
from torch import Tensor

from ganirl import PRECISIONS, Conventions
from ganirl.bounds import FloatModel
from ganirl.truth import Truth
from ganirl_properties import verify
from ganirl_properties.checks import CHECKS
from ganirl_properties.checks.far import far_case
from ganirl_properties.checks.sure import SIZES, sure_case
from ganirl_properties.right_variants import right_variants

FAR = [check for check in CHECKS if check.name.startswith("far")]
ONE_SIDED = [check for check in CHECKS if check.name.startswith("one-sided")]
SURE = [check for check in CHECKS if check.name.startswith("sure")]
FORMATS = ("float64", "float32", "bfloat16")
SOUND = {
    variant.id: variant
    for variant in right_variants()
    if variant.declared and variant.conventions.unit != "process"
}


class OfProbabilities(LossOfLogits):
    """−log(1 − D + tiny) of a D that has rounded to 1 stays where it is, and has no slope."""

    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        tiny = torch.finfo(expert.dtype).tiny
        right, wrong = torch.sigmoid(expert), 1.0 - torch.sigmoid(generator)
        return -right.clamp_min(tiny).log().mean() - wrong.clamp_min(tiny).log().mean()


def test_claims_about_the_loss_and_its_slopes_look_there() -> None:
    assert {check.claim for check in FAR} == {"B1", "B2", "B3", "C1", "C2", "E1"}


@pytest.mark.parametrize("name", SOUND)
def test_sound_forms_pass(name: str) -> None:
    variant = SOUND[name]
    for dtype in variant.formats:
        assert (
            max(worst(variant.implementation(), dtype, [*FAR, *ONE_SIDED, *SURE]).values(), default=0.0) < 0.5
        )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_saturates_is_far_beyond_rounding(dtype: str) -> None:
    found = worst(implementation(OfProbabilities), dtype, FAR)
    assert min(found[name] for name in ("far value", "far gradient", "far loss", "far GAN side")) > 1e3


def test_it_shows_in_a_coarse_format_where_its_loss_and_slope_are_looked_at() -> None:
    found = worst(implementation(OfProbabilities), "bfloat16", FAR)
    assert min(found["far value"], found["far gradient"]) > 1.0


class WeightsByExponentials(Library):
    """E_w[φ] with weights that are exponentiated as they are: none of them is left where all costs are large."""

    def log_weights(self, case: Any) -> Any:
        log_weights, features = super().log_weights(case)
        return log_weights.exp().log(), features


@pytest.mark.parametrize("dtype", FORMATS)
def test_exponentials_without_a_shift_are_lost_where_every_row_is_far_out(dtype: str) -> None:
    found = worst(implementation(WeightsByExponentials), dtype, ONE_SIDED)
    assert {check.claim for check in ONE_SIDED} == {
        *("A6", "B1", "B3", "B4", "C1", "C3", "D4", "E1", "S1", "S2")
    }
    assert max(found.values()) == float("inf")


class LogOfTheMean(LossOfLogits):
    """−log of the mean of D: a function of ℓ alone, and no number where every D of a side is 0."""

    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return -torch.sigmoid(expert).mean().log() - torch.sigmoid(-generator).mean().log()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_what_is_no_number_there_violates_what_holds_of_any_function_of_logits(dtype: str) -> None:
    found = worst(implementation(LogOfTheMean), dtype, ONE_SIDED)
    assert found["one-sided gradient"] == found["one-sided symmetry"] == float("inf")


class ATemperature(Library):
    """Logits that are off by some per cent: near 0 by less than strict convexity sees."""

    def discriminator_logit(self, case: Any, rows: Any) -> Tensor:
        return super().discriminator_logit(case, rows) / 1.05


class DiscountedCosts(Library):
    def cost(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        discount = 0.99 ** torch.arange(steps.mask.shape[1], dtype=case.theta.dtype)
        return ((steps.features @ case.theta) * steps.mask * discount).sum(dim=1)


@pytest.mark.parametrize("wrong", [ATemperature, DiscountedCosts])
def test_the_curvature_shows_logits_that_are_off_where_rows_are_sure(wrong: type[Library]) -> None:
    assert {check.claim for check in SURE} == {"B3"}
    assert worst(implementation(wrong), "float64", SURE)["sure gradient"] > 10.0


@pytest.mark.parametrize("log_q", ["input", "absent"])
@pytest.mark.parametrize("unit", ["trajectory", "transition"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_its_rows_are_as_sure_as_it_says(sign: float, unit: Any, log_q: Any) -> None:
    precision, conventions = PRECISIONS["float64"], Conventions(log_q=log_q, unit=unit)
    case = sure_case(sign, precision, conventions)
    logit = Truth(case, conventions, FloatModel(precision, 3.0)).logit.value
    np.testing.assert_allclose(logit, np.tile(sign * np.array(SIZES), 2), rtol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_its_verdicts_are_not_the_seeds(seed: int) -> None:
    report = verify(
        implementation(OfProbabilities),
        claims=["B1", "B2", "B3", "C1", "C2", "N1", "N2"],
        profile="smoke",
        dtypes=["float32"],
        seed=seed,
    )
    verdicts = {row.claim: row.verdict for row in report.verdicts}
    assert verdicts.pop("N1") == "violated"
    assert set(verdicts.values()) <= {"violated", "blocked"}


@pytest.mark.parametrize("log_q", ["input", "absent"])
@pytest.mark.parametrize("dtype", FORMATS)
def test_its_rows_stand_on_both_sides_of_where_one_minus_d_becomes_zero(dtype: str, log_q: Any) -> None:
    precision, conventions = PRECISIONS[dtype], Conventions(log_q=log_q)
    case = far_case(precision, conventions)
    logit = Truth(case, conventions, FloatModel(precision, 3.0)).logit.value
    for side in (logit[: len(case.expert)], logit[len(case.expert) :]):
        one_minus_d = 1.0 / (1.0 + np.exp(side))
        near = np.abs(np.abs(side) - np.log(2.0 / precision.unit_roundoff)) < 0.5
        # Beside 1, half of the distance to the next smaller number is u/2.
        lost = one_minus_d[near & (side > 0)] < precision.unit_roundoff / 2.0
        assert sorted(lost) == [False, True]
        assert (side[~near & (side > 0)] > 8.0).all()
        assert sorted(np.sign(side)) == [-1.0] * 4 + [1.0] * 4
