"""A4 where the policy hardly ever acts: what guards a logarithm is caught whatever the seed, and sound forms pass."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

pytest.importorskip(
    "torch", reason="the planted libraries are written in PyTorch: pip install 'ganirl[torch]'"
)

import torch
from planted.library import Library, implementation
from planted.ratios import worst
from torch import Tensor
from torch.distributions import Categorical
from torch.nn import functional as F

from ganirl import PRECISIONS, Conventions, Implementation
from ganirl.bounds import FloatModel
from ganirl.logspace import log_normalise
from ganirl.truth import Truth
from ganirl_properties import verify
from ganirl_properties.checks import CHECKS, Check
from ganirl_properties.checks.rare import long_case, rare_case
from ganirl_properties.right_variants import right_variants

RARE = [check for check in CHECKS if check.claim == "A4" and check.name.startswith("rare")]
ECHOES = [check for check in CHECKS if check.claim != "A4" and check.name.startswith("rare")]
LONG = [check for check in CHECKS if check.name.startswith("long")]
FORMATS = ("float64", "float32", "bfloat16")


class LogOfSoftmax(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        return (self.policy(case, rows).log() * rows.steps.mask).sum(dim=1)

    def policy(self, case: Any, rows: Any) -> Tensor:
        steps = rows.steps
        return F.softmax(case.policy_logits, dim=1)[steps.state, steps.action]


class LogOfAProduct(LogOfSoftmax):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        return torch.where(rows.steps.mask, self.policy(case, rows), 1.0).prod(dim=1).log()


class ByLogaddexp(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        steps, total = rows.steps, case.policy_logits[:, 0]
        for action in range(1, case.policy_logits.shape[1]):
            total = torch.logaddexp(total, case.policy_logits[:, action])
        log_pi = (case.policy_logits - total[:, None])[steps.state, steps.action]
        return (log_pi * steps.mask).sum(dim=1)


class NormalisedTwice(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        policy = Categorical(logits=F.log_softmax(case.policy_logits, dim=1)[rows.steps.state])
        return (policy.log_prob(rows.steps.action) * rows.steps.mask).sum(dim=1)


class WithEpsilon(LogOfSoftmax):
    epsilon: ClassVar[float] = 1e-10

    def policy(self, case: Any, rows: Any) -> Tensor:
        return super().policy(case, rows) + self.epsilon


class WithSmallEpsilon(WithEpsilon):
    epsilon = 1e-12


class ClampedByTorch(Library):
    """In float32 `Categorical` clamps the probabilities that it is given to 1.2e-7."""

    def log_q(self, case: Any, rows: Any) -> Tensor:
        policy = Categorical(probs=F.softmax(case.policy_logits, dim=1)[rows.steps.state])
        return (policy.log_prob(rows.steps.action) * rows.steps.mask).sum(dim=1)


SOUND: dict[str, Implementation] = {
    author.__name__: implementation(author)
    for author in (Library, LogOfSoftmax, LogOfAProduct, ByLogaddexp, NormalisedTwice)
} | {
    variant.id: variant.implementation()
    for variant in right_variants()
    if variant.declared and variant.conventions.unit != "process"
}
FORMATS_OF = {variant.id: variant.formats for variant in right_variants()}


@pytest.mark.parametrize("name", SOUND)
def test_sound_forms_pass_with_room_to_spare(name: str) -> None:
    for dtype in FORMATS_OF.get(name, FORMATS):
        assert max(worst(SOUND[name], dtype, RARE).values(), default=0.0) < 0.1


@pytest.mark.parametrize("name", SOUND)
def test_sound_forms_pass_wherever_log_q_goes(name: str) -> None:
    for dtype in FORMATS_OF.get(name, FORMATS):
        assert max(worst(SOUND[name], dtype, ECHOES).values(), default=0.0) < 0.1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("check", ECHOES, ids=lambda check: f"{check.claim} {check.name}")
def test_a_constant_in_the_logarithm_shows_wherever_log_q_goes(check: Check, dtype: str) -> None:
    found = worst(implementation(WithEpsilon), dtype, [check])
    # A difference quotient is asked where there is no autodiff; a loss of the generator, where there is one.
    asked = check.kind != "difference" and check.observables != ("generator_loss",)
    assert (found.get(check.name, 0.0) > 500.0) == asked


@pytest.mark.parametrize("name", sorted(SOUND.keys() - {"LogOfAProduct"}))
def test_sound_forms_pass_where_a_density_is_zero(name: str) -> None:
    for dtype in FORMATS_OF.get(name, FORMATS):
        assert max(worst(SOUND[name], dtype, LONG).values(), default=0.0) < 0.1


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_log_of_a_product_is_lost_there(dtype: str) -> None:
    of_density = [check for check in LONG if check.claim == "A4"]
    assert min(worst(SOUND["LogOfAProduct"], dtype, of_density).values()) > 1.0
    case = long_case(PRECISIONS[dtype], Conventions(log_q="computed"))
    assert np.exp(case.expert.log_q.min()) == 0.0
    assert np.abs(-(case.expert.features @ case.theta) - case.b - case.expert.log_q).max() < 60.0


def test_sound_forms_that_compute_log_q_are_asked() -> None:
    for name in ("Library", "torch-categorical", "torch-transitions", "scipy-log-softmax"):
        assert worst(SOUND[name], "float64", RARE).keys() == {"rare logit", "rare probability", "rare log q"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("author", [WithEpsilon, WithSmallEpsilon])
def test_a_constant_in_the_logarithm_is_far_beyond_rounding(author: type[Library], dtype: str) -> None:
    found = worst(implementation(author), dtype, RARE)
    assert found.keys() == {"rare logit", "rare probability", "rare log q"}
    assert min(found.values()) > 1e3


@pytest.mark.parametrize("seed", range(5))
def test_it_is_caught_and_named_whatever_the_seed(seed: int) -> None:
    target = implementation(WithEpsilon)
    report = verify(target, claims=["A4"], profile="smoke", dtypes=["float64", "float32"], seed=seed)
    assert [row.verdict for row in report.verdicts] == ["violated"] * 2
    assert {row.diagnosis.formula for row in report.verdicts if row.diagnosis} == {"log-pi-with-epsilon"}
    assert all(row.diagnosis for row in report.verdicts)
    assert all(row.counterexample and row.counterexample.rows == (1, 1) for row in report.verdicts)


def test_what_a_library_clamps_unasked_shows_in_its_format_and_in_no_finer_one() -> None:
    target = implementation(ClampedByTorch)
    assert max(worst(target, "float64", RARE).values()) < 0.1
    assert min(worst(target, "float32", RARE).values()) > 1e3


def test_code_that_is_handed_log_q_is_asked_about_a_policy_of_its_own_alone() -> None:
    assert worst(SOUND["torch-log-q-handed-over"], "float64", RARE).keys() == {"rare log q"}


@pytest.mark.parametrize("unit", ["trajectory", "transition"])
@pytest.mark.parametrize("dtype", FORMATS)
def test_every_action_is_taken_and_neither_d_nor_one_minus_d_is_small(unit: Any, dtype: str) -> None:
    precision, conventions = PRECISIONS[dtype], Conventions(unit=unit, log_q="computed")
    case = rare_case(precision, conventions)
    policy = np.exp(log_normalise(case.policy_logits))
    for rows in (case.expert, case.generator):
        steps = rows.steps
        taken = {
            (int(s), int(a)) for s, a in zip(steps.state[steps.mask], steps.action[steps.mask], strict=True)
        }
        assert taken == set(np.ndindex(policy.shape))
        assert rows.features == pytest.approx(np.asarray(precision.round(rows.features)), abs=0)
    # One of each decade that matters: 1e-3, 1e-6, 1e-9 and 1e-12, within one of them.
    for size in (1e-3, 1e-6, 1e-9, 1e-12):
        assert ((policy > size / 10) & (policy < size * 10)).any(axis=1).all()
    assert np.abs(Truth(case, conventions, FloatModel(precision, 3.0)).logit.value).max() < 6.0
