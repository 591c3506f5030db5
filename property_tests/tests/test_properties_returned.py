"""What an observable returned in place of numbers is said, and what is wanted in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Conventions, Rows, wrap
from ganirl.logspace import softplus
from ganirl_properties import verify
from ganirl_properties.report import Verdict


def logit(case: Case, rows: Rows) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def loss(case: Case) -> Any:
    return softplus(-logit(case, case.expert)).mean() + softplus(logit(case, case.generator)).mean()


def judged(claim: str, framework: str = "numpy", **observables: Callable[..., Any]) -> Verdict:
    target = wrap(framework=framework, conventions=Conventions(precisions=("float64",)), **observables)
    (row,) = verify(target, claims=[claim], profile="smoke").verdicts
    return row


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda case: (loss(case), {}), "returned a tuple of 2 (float64, dict); expected one number alone"),
        (lambda case: [loss(case), 0.5], "returned a list of 2 (float64, float); expected one number alone"),
        (
            lambda case: {"loss": loss(case), "accuracy": 1.0},
            "returned a dict of 'loss', 'accuracy'; expected one number alone",
        ),
        (lambda case: {}, "returned a dict that is empty; expected one number alone"),
        (lambda case: None, "returned None; expected one number"),
        (
            lambda case: np.array(None),
            "returned an ndarray that holds None in 1 of 1 places; expected one number",
        ),
    ],
)
def test_a_loss_that_is_no_number_says_what_it_is(returned: Any, said: str) -> None:
    row = judged("B1", discriminator_loss=returned)
    assert row.verdict == "error"
    assert row.message == f"discriminator_loss {said}"


@pytest.mark.parametrize("claim", ["B1", "C1"])
@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (lambda value: (value, {}), "a tuple of 2 (Tensor, dict)"),
        (lambda value: (value,), "a tuple of 1 (Tensor)"),
        (lambda value: {"loss": value}, "a dict of 'loss'"),
    ],
)
def test_a_loss_beside_other_things_is_told_where_it_is_differentiated_too(
    claim: str, bundle: Any, said: str
) -> None:
    torch = pytest.importorskip("torch")

    def beside(case: Any) -> Any:
        logits = [logit(case, side) for side in (case.expert, case.generator)]
        softplus_of = torch.nn.functional.softplus
        return bundle(softplus_of(-logits[0]).mean() + softplus_of(logits[1]).mean())

    row = judged(claim, "torch", discriminator_loss=beside)
    assert row.verdict == "error"
    assert row.message == f"discriminator_loss returned {said}; expected one number alone"


@pytest.mark.parametrize("make", [lambda n: np.array([None] * n), lambda n: [None] * n])
def test_none_in_an_array_is_told_and_is_not_nan(make: Any) -> None:
    row = judged("E1", generator_reward=lambda case, rows: make(len(rows)))
    assert row.verdict == "error"
    assert "that holds None in " in row.message
    assert "NaN" not in row.message


def test_some_none_is_told_as_some() -> None:
    def forgetful(case: Case, rows: Rows) -> Any:
        found = np.array([None] * len(rows))
        found[1:] = logit(case, rows)[1:]
        return found

    row = judged("E1", generator_reward=forgetful)
    assert "generator_reward returned an ndarray that holds None in 1 of " in row.message


def test_rows_beside_other_things_are_told() -> None:
    row = judged("A4", discriminator_logit=lambda case, rows: (logit(case, rows), logit(case, rows)))
    assert "discriminator_logit returned a tuple of 2 (ndarray, ndarray); expected an array of" in row.message


def test_numbers_in_lists_stay_numbers() -> None:
    as_list = judged("A4", discriminator_logit=lambda case, rows: list(logit(case, rows)))
    of_columns = judged("A4", discriminator_logit=lambda case, rows: list(logit(case, rows)[:, None]))
    of_objects = judged("A4", discriminator_logit=lambda case, rows: logit(case, rows).astype(object))
    in_a_list = judged("B1", discriminator_loss=lambda case: [loss(case)])
    assert {as_list.verdict, of_columns.verdict, of_objects.verdict, in_a_list.verdict} == {"satisfied"}
