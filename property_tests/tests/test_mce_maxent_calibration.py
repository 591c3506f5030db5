"""What is known of imitation's MCE IRL and of irl-maxent is what the verifier says; twins need no library."""

from __future__ import annotations

import importlib
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Conventions, ProcessConventions
from ganirl_properties import Report, verify

SEEDS = range(5)


def verdicts(report: Report) -> dict[tuple[str, str], str]:
    return {(row.claim, row.dtype): row.verdict for row in report.verdicts if row.verdict != "not_addressed"}


def library_target(module: str, library: str) -> Any:
    pytest.importorskip(
        library, reason=f"the library is not installed here; CI has an environment for {library}"
    )
    return importlib.import_module(f"ganirl_properties.targets.{module}")


@pytest.mark.parametrize("seed", SEEDS)
class TestImitationMceIrl:
    def test_values_and_policy_are_the_thesis_and_visits_and_gradient_are_not(self, seed: int) -> None:
        report = verify(
            library_target("imitation_mce_irl", "imitation").target,
            profile="smoke",
            seed=seed,
            dtypes=("float64",),
        )
        expected = {"H12": "satisfied", "D1": "violated", "D3": "violated"}
        assert verdicts(report) == {(claim, "float64"): verdict for claim, verdict in expected.items()}
        names = {row.claim: row.diagnosis.formula for row in report.verdicts if row.diagnosis}
        assert names == {
            "D1": "discount-missing-in-values",
            "D3": "discount-missing-in-values + gradient-after-the-last-step",
        }

    def test_without_a_discount_the_visits_are_right(self, seed: int) -> None:
        target = library_target("imitation_mce_irl", "imitation").ImitationMceIrl()
        of = target.conventions.of_process
        target.conventions = replace(target.conventions, process=replace(of, discounts=False))
        report = verify(target, profile="smoke", seed=seed, dtypes=("float64",))
        assert verdicts(report)["D1", "float64"] == "satisfied"
        assert verdicts(report)["D3", "float64"] == "violated"


@pytest.mark.parametrize("seed", SEEDS)
class TestIrlMaxent:
    def test_the_policy_is_wrong_and_the_rest_follows_from_it(self, seed: int) -> None:
        report = verify(library_target("maxent_irl", "irl_maxent").target, profile="smoke", seed=seed)
        assert verdicts(report) == {
            ("H12", "float64"): "violated",
            ("D1", "float64"): "blocked",
            ("D3", "float64"): "blocked",
        }
        named = {row.diagnosis.formula for row in report.verdicts if row.diagnosis}
        assert named == {"end-goes-on"}

    def test_all_is_right_where_one_action_alone_stays_in_the_end(self, seed: int) -> None:
        target = library_target("maxent_irl", "irl_maxent").IrlMaxent("irl-maxent, one stays", staying=1)
        assert set(verdicts(verify(target, profile="smoke", seed=seed)).values()) == {"satisfied"}


def test_irl_itself_hands_its_optimiser_what_the_adapter_reads() -> None:
    module = library_target("maxent_irl", "irl_maxent")
    optimizer = importlib.import_module("irl_maxent.optimizer")

    class Recorder(optimizer.Optimizer):  # type: ignore[misc, name-defined]  # the library has no stubs
        def step(self, grad: Any, *_: Any) -> None:
            self.gradient = grad

    from ganirl import PRECISIONS
    from ganirl_properties.choices import Choices
    from ganirl_properties.process_cases import process_case

    draw, recorder = np.random.default_rng(0), Recorder()
    for _ in range(20):
        case = process_case(Choices(draw.bytes(400)), PRECISIONS["float64"], module.target.conventions)
        # irl takes its first states from the demonstrations.
        first = np.bincount(case.expert.steps.state[:, 0], minlength=case.mdp.states) / len(case.expert)
        case = replace(case, process=replace(case.mdp, start=first))
        importlib.import_module("irl_maxent.maxent").irl(
            module.target._transitions(case),
            module.target._features(case),
            [case.mdp.states],
            module._demonstrations(case),
            recorder,
            lambda _, theta=case.theta: -theta,
            eps_esvf=module._EPSILON,
        )
        np.testing.assert_array_equal(recorder.gradient, module.target.demonstration_gradient(case))


class Twin:
    """Maximum causal entropy IRL with rewards of states, by plain loops, with imitation's two mistakes."""

    framework = "numpy"
    departures = MappingProxyType[str, str]({})
    conventions = Conventions(
        unit="process",
        process=ProcessConventions(
            rewards_on="state",
            start="given",
            discounts=True,
            ends=False,
            occupancy_axes="s",
            occupancy_scale="discounted",
            visits="states",
        ),
    )

    def __init__(self, *, last_state: bool = False, undiscounted_policy: bool = False) -> None:
        self.name = "twin of MCE IRL"
        self.last_state, self.undiscounted_policy = last_state, undiscounted_policy

    def soft_values(self, case: Case) -> Any:
        return self.solve(case, case.mdp.discount)[0]

    def policy(self, case: Case) -> Any:
        return self.solve(case, case.mdp.discount)[1]

    def occupancy(self, case: Case) -> Any:
        return self.visits(case, case.mdp.horizon + 1)

    def demonstration_gradient(self, case: Case) -> Any:
        steps, length = case.expert.steps, case.mdp.horizon + self.last_state
        states = np.concatenate([steps.state, steps.next_state[:, -1:]], axis=1)[:, :length]
        powers = case.mdp.discount ** np.arange(length)
        data = np.einsum("t,ntd->d", powers, case.mdp.state_features[states]) / len(states)
        return data - self.visits(case, length) @ case.mdp.state_features

    def solve(self, case: Case, discount: float) -> tuple[Any, Any]:
        values, policies, following = [], [], np.zeros(case.mdp.states)
        for _ in range(case.mdp.horizon):
            q = -(case.mdp.state_features @ case.theta)[:, None] + discount * (case.mdp.live @ following)
            following = np.logaddexp.reduce(q, axis=1)
            values.append(following)
            policies.append(np.exp(q - following[:, None]))
        return np.stack(values[::-1]), np.stack(policies[::-1])

    def visits(self, case: Case, length: int) -> Any:
        _, policy = self.solve(case, 1.0 if self.undiscounted_policy else case.mdp.discount)
        there, found = case.mdp.start, np.zeros(case.mdp.states)
        for time in range(length):
            found = found + case.mdp.discount**time * there
            if time < len(policy):
                there = np.einsum("s,sa,sax->x", there, policy[time], case.mdp.live)
        return found


@pytest.mark.parametrize(
    ("mistakes", "violated"),
    [
        ({}, set()),
        ({"last_state": True}, {"D3"}),
        ({"undiscounted_policy": True}, {"D1", "D3"}),
        ({"last_state": True, "undiscounted_policy": True}, {"D1", "D3"}),
    ],
    ids=["right", "last state", "undiscounted policy", "both, as in imitation"],
)
def test_a_twin_is_told_from_the_right_code(mistakes: dict[str, bool], violated: set[str]) -> None:
    report = verify(Twin(**mistakes), profile="smoke", seed=0, dtypes=("float64",))
    found = verdicts(report)
    assert {claim for (claim, _), verdict in found.items() if verdict in ("violated", "blocked")} == violated
    assert {claim for (claim, _), verdict in found.items() if verdict == "satisfied"} == {
        "H12",
        "D1",
        "D3",
    } - violated
