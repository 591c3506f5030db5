"""E1 and E3 of code as people write it: long paths, baselines of every kind, clipped and softplus rewards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest

pytest.importorskip("torch", reason="policy losses are differentiated: pip install 'ganirl[torch]'")

import torch

from ganirl import PRECISIONS, Case, Conventions, Rows, wrap
from ganirl.batch import log_likelihood
from ganirl.logspace import log_normalise
from ganirl_properties import verify
from ganirl_properties.population_cases import chain_case
from ganirl_properties.power.alarms import false_alarms


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def log_pi(case: Case) -> Any:
    """(n, T), zero where there is no step."""
    steps = case.generator.steps
    return torch.log_softmax(case.policy_logits, 1)[steps.state, steps.action] * steps.mask


def verdicts(conventions: Conventions | None = None, **observables: Callable[..., Any]) -> dict[str, str]:
    target = wrap(framework="torch", conventions=conventions or Conventions(), **observables)
    report = verify(target, claims=["E1", "E3"], profile="smoke", dtypes=["float64"])
    return {row.claim: row.verdict for row in report.verdicts}


def reinforce(case: Case, steps: int | None = None, factor: float = 1.0) -> Any:
    reward = logit(case, case.generator).detach()
    return -factor * (log_pi(case)[:, :steps].sum(1) * reward).mean()


def leave_one_out(case: Case) -> Any:
    reward = logit(case, case.generator).detach()
    others = (reward.sum() - reward) / (len(reward) - 1)
    return -(log_pi(case).sum(1) * (reward - others)).mean()


@pytest.mark.parametrize("steps", [3, 4])
def test_steps_beyond_the_third_are_looked_at(steps: int) -> None:
    assert verdicts(policy_loss=reinforce)["E3"] == "satisfied"
    assert verdicts(policy_loss=lambda case: reinforce(case, steps))["E3"] == "violated"


@pytest.mark.parametrize("unit", ["trajectory", "transition"])
def test_a_baseline_of_the_other_rows_is_told_from_a_factor(
    unit: Literal["trajectory", "transition"],
) -> None:
    conventions = Conventions(unit=unit)
    assert verdicts(conventions, policy_loss=leave_one_out)["E3"] == "conditional"
    declared = Conventions(unit=unit, reward_baseline="leave_one_out")
    assert verdicts(declared, policy_loss=leave_one_out)["E3"] == "satisfied"
    # Four thirds of everything is n/(n − 1) of four rows alone.
    for factor in (4.0 / 3.0, 1.01):
        assert (
            verdicts(conventions, policy_loss=lambda case, by=factor: reinforce(case, factor=by))["E3"]
            == "violated"
        )
        assert (
            verdicts(declared, policy_loss=lambda case, by=factor: by * leave_one_out(case))["E3"]
            == "violated"
        )


def test_a_constant_of_a_batch_is_a_baseline_and_a_function_of_its_rows_is_none() -> None:
    assert verdicts(generator_reward=lambda case, rows: logit(case, rows) + case.b)["E1"] == "conditional"
    for declared in (False, True):
        conventions = Conventions(reward_baseline=declared)
        clipped = verdicts(conventions, generator_reward=lambda case, rows: logit(case, rows).clamp(-50, 50))
        assert clipped["E1"] == "violated"
    twice_alone = verdicts(generator_reward=lambda case, rows: logit(case, rows) * (1.0 + (len(rows) == 1)))
    assert twice_alone["E1"] == "violated"


def test_a_constant_that_shows_on_single_rows_alone_is_one_too() -> None:
    # In bfloat16 b is less than rounding on batches of several rows, and more than it where nothing else is added.
    found = false_alarms(cases=8, seeds=[2], only=["torch-reward-without-b"])
    assert found.alarms == ()
    assert {variant.dtype for variant in found.variants} == {"bfloat16"}


def test_a_reward_of_two_softplus_is_a_matter_of_form() -> None:
    def reward(case: Case, rows: Rows, factor: float = 1.0) -> Any:
        softplus = torch.nn.functional.softplus
        return factor * (softplus(logit(case, rows)) - softplus(-logit(case, rows)))

    assert verdicts(generator_reward=reward)["E1"] == "conditional"
    declared = Conventions(loss_form="softplus")
    assert verdicts(declared, generator_reward=reward)["E1"] == "satisfied"
    for conventions in (declared, Conventions(), Conventions(loss_form="log_sigmoid")):
        found = verdicts(conventions, generator_reward=lambda case, rows: reward(case, rows, 1.0 + 1e-6))
        assert found["E1"] == "violated"
    assert verdicts(Conventions(loss_form="log_sigmoid"), generator_reward=reward)["E1"] == "violated"


@pytest.mark.parametrize("weights", [True, False])
def test_the_long_paths_are_all_paths(weights: bool) -> None:
    case = chain_case(PRECISIONS["float64"], Conventions(weights=weights))
    length = case.generator.steps.mask.sum(axis=1)
    assert length.max() == (6 if weights else 5)
    density = np.exp(log_likelihood(case.policy_logits, case.generator))
    if weights:
        np.testing.assert_allclose(case.generator.weight, density, rtol=1e-14)
    else:
        paths = [
            tuple(row)
            for row in case.generator.steps.action * case.generator.steps.mask
            + 2 * ~case.generator.steps.mask
        ]
        for path in set(paths):
            share = paths.count(path) / len(paths)
            np.testing.assert_allclose(share, density[paths.index(path)], rtol=1e-14)
    assert np.ptp(log_normalise(case.policy_logits)) > 0.5
