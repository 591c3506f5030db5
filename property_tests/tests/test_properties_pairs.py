"""Two errors at different nodes of GAN code: both are named where they give all the numbers, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ganirl import Case, Conventions, Implementation, Rows, wrap
from ganirl.logspace import log_normalise, softplus
from ganirl_properties import Report, judging, verify
from ganirl_properties.pairs import pairs_named, together
from ganirl_properties.search import Failure, Search
from ganirl_properties.wrong_formulas import WRONG_FORMULAS

Array = np.ndarray
OF_ID = {formula.id: formula for formula in WRONG_FORMULAS}
CONVENTIONS = Conventions(log_q="computed")


@pytest.fixture(autouse=True)
def _unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_it_is(search: Search, failure: Failure, *, echo: bool = False) -> Failure:
        del search, echo
        return failure

    monkeypatch.setattr(judging, "smallest", as_it_is)


def log_pi(case: Case, rows: Rows) -> Array:
    """(n, T) log π of the actions taken, 0 where there is no step."""
    table = log_normalise(case.policy_logits)
    return np.where(rows.steps.mask, table[rows.steps.state, rows.steps.action], 0.0)


def library(
    logit: Callable[[Case, Rows], Array], reward: Callable[[Array], Array] | None = None
) -> Implementation:
    """Write a library by hand whose loss and reward follow from its logit."""

    def loss(case: Case) -> float:
        return float(
            softplus(-logit(case, case.expert)).mean() + softplus(logit(case, case.generator)).mean()
        )

    return wrap(
        framework="numpy",
        conventions=CONVENTIONS,
        discriminator_logit=logit,
        discriminator_loss=loss,
        generator_reward=lambda case, rows: (reward or (lambda x: x))(logit(case, rows)),
    )


def mean_over_time_and_z_turned(case: Case, rows: Rows) -> Array:
    log_q = log_pi(case, rows).sum(axis=1) / rows.steps.mask.sum(axis=1)
    return -(rows.features @ case.theta) + case.b - log_q


def squashed_and_without_the_last_step(case: Case, rows: Rows) -> Array:
    density = log_pi(case, rows)
    last = rows.steps.mask.sum(axis=1) - 1
    density[np.arange(len(density)), last] = 0.0
    return -np.tanh(rows.features @ case.theta) - case.b - density.sum(axis=1)


def like_a_pair(case: Case, rows: Rows) -> Array:
    """Two factors that nobody would write: near to several known formulas, and none."""
    return -1.07 * (rows.features @ case.theta) - case.b - 0.93 * log_pi(case, rows).sum(axis=1)


def names(target: Implementation, *, dtypes: tuple[str, ...] = ("float64",)) -> dict[str, str | None]:
    report: Report = verify(target, claims=["A4", "B1", "E1"], profile="smoke", dtypes=dtypes)
    failed = [row for row in report.verdicts if row.verdict in ("violated", "blocked")]
    assert {row.claim for row in failed} == {"A4", "B1", "E1"}
    return {row.claim: row.diagnosis and row.diagnosis.formula for row in failed}


@pytest.mark.parametrize(
    ("logit", "expected"),
    [
        (mean_over_time_and_z_turned, {"log-q-mean-over-time", "log-z-sign"}),
        (squashed_and_without_the_last_step, {"cost-tanh", "log-q-last-step-dropped"}),
    ],
)
def test_two_errors_in_one_number_are_both_named(
    logit: Callable[[Case, Rows], Array], expected: set[str]
) -> None:
    for found in names(library(logit)).values():
        assert found is not None
        assert set(found.split(" + ")) == expected


def test_both_titles_are_told() -> None:
    report = verify(library(mean_over_time_and_z_turned), claims=["A4"], profile="smoke", dtypes=["float64"])
    (row,) = report.verdicts
    assert row.diagnosis is not None
    for formula in ("log-q-mean-over-time", "log-z-sign"):
        assert OF_ID[formula].title in row.message
    assert "of both formulas together" in row.diagnosis.sentence


def test_what_is_like_a_pair_and_none_stays_unnamed() -> None:
    assert names(library(like_a_pair)) == {"A4": None, "B1": None, "E1": None}


def test_a_pair_that_leaves_one_observable_open_is_no_name_of_the_others() -> None:
    # The logit is that of a pair; the reward beside it is of no known formula, and a pair has to give all.
    found = names(library(mean_over_time_and_z_turned, reward=lambda x: 1.7 * x - 0.3))
    assert found["A4"] is None
    assert found["E1"] is None


def test_formulas_of_one_node_are_no_pair() -> None:
    assert together(OF_ID["cost-tanh"], OF_ID["cost-sign"]) is None or not (
        OF_ID["cost-tanh"].nodes.keys() & OF_ID["cost-sign"].nodes.keys()
    )
    of_cost = [formula for formula in WRONG_FORMULAS if "cost" in formula.nodes]
    assert len(of_cost) > 1
    assert together(*of_cost[:2]) is None
    named = pairs_named(["cost-tanh + log-q-tempered", "no-log-q", "cost-tanh + no such one"], CONVENTIONS)
    assert {pipeline.formula.id for pipeline in named} == {"cost-tanh + log-q-tempered"}
