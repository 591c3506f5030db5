"""Tabular code that the verifier does not know: wrong code is caught and named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from planted.tabular import Tabular, implementation
from planted.wrong_tabular import WRONG

from ganirl import Conventions, ProcessConventions, wrap
from ganirl_properties import Report, judging, verify
from ganirl_properties.right_variants import right_variants
from ganirl_properties.search import Failure, Search

RIGHT = {variant.id: variant.author for variant in right_variants()}


@pytest.fixture
def _unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts and names do not depend on how small a counterexample is made, which takes most of the time."""

    def as_it_is(search: Search, failure: Failure, *, echo: bool = False) -> Failure:
        del search, echo
        return failure

    monkeypatch.setattr(judging, "smallest", as_it_is)


def said(report: Report) -> dict[str, str]:
    return {
        row.claim: row.verdict + (f": {row.diagnosis.formula}" if row.diagnosis else "")
        for row in report.verdicts
    }


@pytest.mark.usefixtures("_unshrunk")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_code_is_caught_at_its_root_and_named(name: str) -> None:
    planted = WRONG[name]
    report = verify(planted.make(), profile="smoke", dtypes=["float64"])
    rows = {row.claim: row for row in report.verdicts}
    assert report.failed
    assert report.equivalence.verdict == "not equivalent"
    assert {rows[root].verdict for root in planted.roots} == {"violated"}, said(report)
    diagnosis = rows[planted.roots[0]].diagnosis
    assert (diagnosis.formula if diagnosis else None) == planted.diagnosis, said(report)


# --- conventions that were declared wrongly ----------------------------------------------------------------


class SummedOverAll(Tabular):
    """All demonstrations added up, and as many times the model."""

    def demonstration_gradient(self, case: Any) -> Any:
        return len(case.expert) * super().demonstration_gradient(case)


class Normalised(Tabular):
    def occupancy(self, case: Any) -> Any:
        visits = super().occupancy(case)
        return visits / visits.sum()


class CountsTheLastState(Tabular):
    process = ProcessConventions(rewards_on="state", occupancy_axes="s", ends=False)

    def occupancy(self, case: Any) -> Any:
        visits, last = self.forward(case)
        return visits.sum(axis=(0, 2)) + last


class OfTrajectories(RIGHT["tabular-linear-domain"]):  # type: ignore[misc]
    process = ProcessConventions(entropy="causal", rewards_on="state_action")


@pytest.mark.usefixtures("_unshrunk")
@pytest.mark.parametrize(
    ("author", "claim", "declared"),
    [
        (SummedOverAll, "D3", 'demonstrations="sum"'),
        (Normalised, "D1", 'occupancy_scale="normalised"'),
        (CountsTheLastState, "D1", 'visits="states"'),
        (OfTrajectories, "H12", 'entropy="trajectory"'),
    ],
)
def test_a_convention_that_was_declared_wrongly_is_no_violation(
    author: type[Tabular], claim: str, declared: str
) -> None:
    report = verify(implementation(author), profile="smoke", dtypes=["float64"])
    rows = {row.claim: row for row in report.verdicts}
    assert not report.failed, said(report)
    assert rows[claim].verdict == "conditional"
    assert f"declare ProcessConventions({declared}" in rows[claim].message


def test_visits_of_one_state_more_are_told_in_a_sentence() -> None:
    class OneMore(Tabular):
        process = ProcessConventions(rewards_on="state", occupancy_axes="ts")

        def occupancy(self, case: Any) -> Any:
            visits, last = self.forward(case)
            return np.concatenate([visits.sum(axis=2), last[None]])

    report = verify(implementation(OneMore), claims=["D1"], profile="smoke", dtypes=["float64"])
    assert report.verdicts[0].verdict == "error"
    assert 'declare ProcessConventions(visits="states")' in report.verdicts[0].message


# --- counterexamples ----------------------------------------------------------------------------------------


def test_a_counterexample_is_a_tiny_process() -> None:
    report = verify(WRONG["RiskSeeking"].make(), claims=["H12"], profile="smoke", dtypes=["float64"])
    found = report.verdicts[0].counterexample
    assert found is not None
    process = found.case["process"]
    assert np.shape(process["transition"]) == (2, 2, 3)
    assert process["horizon"] <= 2
    assert len(found.case["expert"]["weight"]) == 1
    assert found.let.startswith("Let S = 2, A = 2, T = ")
    # The contradiction is that of both backups, worked out from the numbers that are told and nothing else.
    transition, features = np.array(process["transition"]), np.array(process["features"])
    cost = features @ np.array(found.case["theta"])
    causal = seeking = np.zeros(3)
    told: dict[str, list[float]] = {"causal": [], "seeking": []}
    for _ in range(process["horizon"]):
        of_action = (transition * (process["discount"] * causal - cost)).sum(axis=2)
        causal = np.append(np.log(np.exp(of_action).sum(axis=1)), 0.0)
        told["causal"] += [*causal, *np.exp(of_action - causal[:2, None]).ravel()]
        mass = (transition * np.exp(process["discount"] * seeking - cost)).sum(axis=2)
        seeking = np.append(np.log(mass.sum(axis=1)), 0.0)
        told["seeking"] += [*seeking, *(mass / mass.sum(axis=1, keepdims=True)).ravel()]
    assert np.abs(np.array(told["causal"]) - found.expected).min() < 1e-12
    assert np.abs(np.array(told["seeking"]) - found.got).min() < 1e-12
    assert abs(found.expected - found.got) > 1e3 * found.allowed


# --- what is planned -----------------------------------------------------------------------------------------


def test_each_kind_of_code_is_asked_its_own_claims() -> None:
    tabular = verify(implementation(Tabular), profile="smoke", dtypes=["float64"])
    assert [row.claim for row in tabular.verdicts] == ["D1", "D3", "H2", "H12"]
    rows = verify(
        wrap(discriminator_logit=lambda case, rows: -(rows.features @ case.theta) - case.b - rows.log_q),
        claims=["A4", "D*", "H*"],
        profile="smoke",
        dtypes=["float64"],
    )
    assert [row.claim for row in rows.verdicts] == ["A4", "D4"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"entropy": "soft"}, "entropy='soft'"),
        ({"entropy": "trajectory", "discounts": True}, "trajectory entropy has no discount"),
        ({"horizon": "discounted"}, "no axis of time"),
        ({"horizon": "discounted", "occupancy_axes": "sa"}, "occupancy_scale"),
        ({"visits": "states"}, "occupancy_axes"),
        ({"last_state": True}, "rewards_on"),
        ({"sweeps": 2.0}, "sweeps belongs"),
        ({"tolerance": 1e-3}, "tolerance belongs"),
        ({"tolerance": float("nan")}, "finite"),
    ],
)
def test_conventions_that_contradict_each_other_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ProcessConventions(**fields)


def test_other_units_have_no_process() -> None:
    with pytest.raises(ValueError, match="belongs to unit"):
        Conventions(process=ProcessConventions())
    with pytest.raises(ValueError, match="no conventions of a process"):
        _ = Conventions().of_process
