"""Rewards and advantages that are divided by their spread are told as that, whatever guards the division."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Conventions, Rows, wrap
from ganirl.logspace import log_normalise
from ganirl_properties import verify


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def standardised(less: int, guard: float, mean: float = 1.0) -> Callable[[Any], Any]:
    def of(r: Any) -> Any:
        with np.errstate(all="ignore"):  # of one row, 0/0, as torch.std has it without a word
            spread = np.sqrt(((r - r.mean()) ** 2).sum() / np.float64(len(r) - less))
            return (r - mean * r.mean()) / (spread + guard)

    return of


def message(claim: str, **observables: Callable[..., Any]) -> str:
    (row,) = verify(wrap(**observables), claims=[claim], profile="smoke", dtypes=["float64"]).verdicts
    assert row.verdict == "violated"
    return row.message


def policy_gradient(advantages: Callable[[Any], Any]) -> Callable[[Case], Any]:
    """Of rows that are averaged, as code does that knows no weights."""

    def gradient(case: Case) -> Any:
        rows = case.generator
        weight, steps, policy = rows.weight, rows.steps, np.exp(log_normalise(case.policy_logits))
        found = np.zeros(policy.shape)
        for row, advantage in enumerate(weight * advantages(logit(case, rows))):
            for state, action in zip(
                steps.state[row][steps.mask[row]], steps.action[row][steps.mask[row]], strict=True
            ):
                found[state] += advantage * policy[state]
                found[state, action] -= advantage
        return found

    return gradient


@pytest.mark.parametrize(
    ("less", "guard", "mean", "said"),
    [
        (1, 1e-8, 1.0, "is (r − mean r)/std(r, over n − 1) of each batch"),
        (1, 1e-5, 1.0, "is (r − mean r)/(std(r, over n − 1) + 1e-05) of each batch"),
        (0, 1e-3, 1.0, "is (r − mean r)/(std(r, over n) + 0.001) of each batch"),
        (1, 0.0, 0.0, "is r/std(r, over n − 1) of each batch"),
    ],
)
def test_a_reward_over_its_spread(less: int, guard: float, mean: float, said: str) -> None:
    of = standardised(less, guard, mean)
    found = message("E1", generator_reward=lambda case, rows: of(logit(case, rows)))
    assert f"its reward {said}, r being what it should be" in found
    assert ("of one row alone it is no number" in found) == (less == 1)


@pytest.mark.parametrize(
    ("less", "guard", "said"),
    [
        (1, 1e-8, "std(r, over n − 1) of"),
        (1, 1e-5, "(std(r, over n − 1) + 1e-05) of"),
        (0, 1e-3, "(std(r, over n) + 0.001) of"),
    ],
)
def test_advantages_over_their_spread(less: int, guard: float, said: str) -> None:
    found = message("E3", generator_gradient=policy_gradient(standardised(less, guard)))
    assert f"its policy gradient is what it should be, divided by {said} each batch's rewards r" in found


def test_another_length_for_each_batch_is_told_as_that_alone() -> None:
    found = message("E3", generator_gradient=policy_gradient(lambda r: r / np.abs(r).max()))
    assert "its policy gradient has the right direction and, batch by batch, " in found
    assert "std" not in found


@pytest.mark.parametrize("other", [lambda r: np.sqrt(np.abs(r)), lambda r: r - r.max() * r])
def test_what_is_no_multiple_is_not_told_so(other: Callable[[Any], Any]) -> None:
    found = message("E3", generator_gradient=policy_gradient(other))
    assert "std" not in found
    assert "right direction" not in found


def test_a_mere_factor_is_told_as_one() -> None:
    found = message("E1", generator_reward=lambda case, rows: 0.97 * logit(case, rows))
    assert "is 0.97 times what it should be" in found


def test_a_declared_convention_is_normalised_too() -> None:
    target = wrap(
        conventions=Conventions(log_q="absent"),
        generator_reward=lambda case, rows: standardised(1, 1e-8)(-(rows.features @ case.theta) - case.b),
    )
    (row,) = verify(target, claims=["E1"], profile="smoke", dtypes=["float32"]).verdicts
    assert "(r − mean r)/std(r, over n − 1)" in row.message
