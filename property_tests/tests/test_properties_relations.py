"""Where no known formula gives the numbers, what they have in common is said, and nothing that is not so."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Conventions, Gradient, Rows, wrap
from ganirl.logspace import sigmoid, softplus
from ganirl_properties import relations, verify
from ganirl_properties.report import Verdict


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def loss(case: Case) -> Any:
    return case.expert.weight @ softplus(-logit(case, case.expert)) + case.generator.weight @ softplus(
        logit(case, case.generator)
    )


def gradient(case: Case, learns: float = 1.0) -> Gradient:
    """Of the loss; ``learns`` is how much of the expert's rows is in it."""
    at = [
        learns * case.expert.weight * sigmoid(-logit(case, case.expert)),
        -case.generator.weight * sigmoid(logit(case, case.generator)),
    ]
    return Gradient(at[0] @ case.expert.features + at[1] @ case.generator.features, at[0].sum() + at[1].sum())


def verdict(claim: str, dtype: str = "float64", **observables: Callable[..., Any]) -> Verdict:
    target = wrap(
        conventions=Conventions(precisions=(dtype,), weights=True, loss_form="log_sigmoid"), **observables
    )
    (row,) = verify(target, claims=[claim], profile="smoke").verdicts
    return row


def reward(of: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    return lambda case, rows: of(logit(case, rows), case, rows)


@pytest.mark.parametrize(
    ("claim", "observables", "said"),
    [
        (
            "E1",
            {"generator_reward": reward(lambda x, case, rows: x - 0.1 * rows.log_q)},
            "is − 1 c − 1 b − 1.1 log q",
        ),
        (
            "E1",
            {"generator_reward": reward(lambda x, case, rows: x + 0.25 * (rows.features @ case.theta))},
            "is − 0.75 c − 1 b − 1 log q",
        ),
        (
            "E1",
            {"generator_reward": reward(lambda x, case, rows: 0.97 * x)},
            "is 0.97 times what it should be",
        ),
        ("E1", {"generator_reward": reward(lambda x, case, rows: 0.0 * x)}, "its reward is zero"),
        (
            "E1",
            {"generator_reward": reward(lambda x, case, rows: np.clip(x, -1.5, 2.25))},
            "is clipped to -1.5 … 2.25, and right between",
        ),
        (
            "A4",
            {"discriminator_logit": reward(lambda x, case, rows: np.minimum(x, 1.25))},
            "is never above 1.25",
        ),
        (
            "A4",
            {"discriminator_logit": reward(lambda x, case, rows: np.maximum(x, -0.5))},
            "is never below -0.5",
        ),
        (
            "A4",
            {"discriminator_logit": reward(lambda x, case, rows: 0.0 * x + 1.5)},
            "its logit is always 1.5",
        ),
        ("B1", {"discriminator_loss": lambda case: 1.0}, "its loss is always 1"),
        ("B1", {"discriminator_loss": lambda case: 1.0003 * loss(case)}, "its loss is 1.0003 times"),
        ("B1", {"discriminator_loss": lambda case: loss(case) - 0.125}, "is what it should be minus 0.125"),
        (
            "C1",
            {"discriminator_loss": loss, "discriminator_gradient": lambda case: gradient(case, 0.75)},
            "its loss is right, and its gradient in θ is not the slope of it",
        ),
    ],
)
def test_what_is_simple_is_told(claim: str, observables: Any, said: str) -> None:
    row = verdict(claim, **observables)
    assert row.verdict == "violated"
    assert said in row.message


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, case, rows: x + 0.3 * np.sin(3.0 * x),
        lambda x, case, rows: x - 0.01 * rows.log_q**2,
        lambda x, case, rows: np.where(x > 0.0, x, 0.9 * x),
    ],
)
def test_what_is_not_simple_is_not_called_so(wrong: Any) -> None:
    row = verdict("A4", discriminator_logit=reward(wrong))
    assert row.verdict == "violated"
    assert row.message == "no known wrong formula gives these numbers"


def numbers(got: Any, right: Any) -> relations._Numbers:
    """A number a case."""
    got = np.array(got)
    return relations._Numbers("loss", got, np.array(right), np.full(len(got), 1e-8), np.arange(len(got)))


@pytest.mark.parametrize(
    ("got", "right", "said"),
    [
        ([1, 2, 3, 9, 9, 9], [1, 2, 3, 10, 11, 12], "is never above 9, and right below"),
        ([1, 2, 3, 9], [1, 2, 3, 12], None),
        ([1, 2, 3, 9, 9], [1, 2, 3, 12, 13], None),
        ([1, 2, 3, 9, 9, 8.5], [1, 2, 3, 10, 11, 12], None),
        ([1, 9, 9, 9], [1, 10, 11, 12], None),
        ([5, 5, 5, 6, 7, 8], [2, 3, 4, 6, 7, 8], "is never below 5, and right above"),
        ([5, 5, 6, 7, 8], [3, 4, 6, 7, 8], None),
        (
            [5, 5, 5, 6, 7, 8, 9, 9, 9],
            [2, 3, 4, 6, 7, 8, 10, 11, 12],
            "is clipped to 5 … 9, and right between",
        ),
        ([5, 6, 7, 8, 9, 9, 9], [2, 6, 7, 8, 10, 11, 12], None),
    ],
)
def test_a_cap_is_told_of_several_numbers_at_it_and_several_beside(
    got: list[float], right: list[float], said: str | None
) -> None:
    assert relations._capped(numbers(got, right)) == said


def test_rows_of_one_case_are_one() -> None:
    """One case has one clamped cost, which all rows that are alike share."""
    of_rows = numbers([1.0, 2.0, 3.0, 9.0, 9.0, 9.0], [1.0, 2.0, 3.0, 10.0, 11.0, 12.0])
    alike = dataclasses.replace(of_rows, case=np.array([0, 1, 2, 3, 3, 3]))
    assert relations._capped(alike) is None


def test_one_number_is_not_always_so() -> None:
    assert relations._constant(numbers([1.0, 1.0, 1.0], [2.0, 3.0, 5.0])) == "is always 1"
    assert relations._constant(numbers([1.0, 1.0], [2.0, 3.0])) is None
    assert relations._constant(numbers([1.0, 1.0, 1.1], [2.0, 3.0, 5.0])) is None


def test_where_rounding_is_some_per_cent_nothing_is_told() -> None:
    torch = pytest.importorskip("torch", reason="bfloat16 needs PyTorch")
    target = wrap(
        framework="torch",
        conventions=Conventions(precisions=("bfloat16",)),
        generator_reward=lambda case, rows: 0.5 * torch.as_tensor(logit(case, rows)) ** 2,
    )
    (row,) = verify(target, claims=["E1"], profile="smoke").verdicts
    assert row.message == "no known wrong formula gives these numbers"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("any", "rounding and any form of the loss allow"),
        ("softplus", "rounding and the declared form of the loss allow"),
        ("log_sigmoid", "rounding allows"),
    ],
)
def test_what_is_allowed_beside_rounding_is_said(form: Any, said: str) -> None:
    target = wrap(conventions=Conventions(loss_form=form), discriminator_loss=lambda case: 1.5 * loss(case))
    for dtype, words in (("float64", said), ("float32", "rounding allows")):
        (row,) = verify(target, claims=["B1"], profile="smoke", dtypes=[dtype]).verdicts
        assert row.counterexample is not None
        assert words in row.counterexample.then
