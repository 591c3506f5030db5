"""What is known of econirl 0.1.1 is what the verifier says of it, and a wrong one would not pass.

JAX compiles every operation anew for every shape, which takes minutes in all: profiles and claims are the smallest
that show what they are to show.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("econirl", reason="econirl is not installed here; CI has an environment for it")

import equinox
import jax.numpy as jnp
from econirl.estimation.adversarial.airl import AIRLEstimator
from econirl.estimation.adversarial.discriminator import LinearDiscriminator, TabularDiscriminator
from econirl.estimation.mce_irl import MCEIRLEstimator
from econirl.preferences.neural_cost import NeuralCostFunction

from ganirl import PRECISIONS, Case, Implementation
from ganirl_properties import Report, shrink, verify
from ganirl_properties.cases import case_from_bytes
from ganirl_properties.targets import econirl_gcl, load_target
from ganirl_properties.targets.econirl_cases import once_a_case

TARGETS = (
    "econirl-airl",
    "econirl-airl-log-odds",
    "econirl-gail",
    "econirl-gail-linear",
    "econirl-gcl",
    "econirl-mce",
    "econirl-mce-discounted",
)
SEEDS = (0, 1)
OF_ITS_OWN_LOGIT = {"A6", "B1", "B2", "B3", "B5", "C1", "C2", "N1", "N2", "S2"}


@pytest.fixture(autouse=True)
def _hardly_any_shrinking(monkeypatch: pytest.MonkeyPatch) -> None:
    # Here it is verdicts and names that count, which are known before a counterexample is made small.
    monkeypatch.setattr(shrink, "MOST_SECONDS", 0.5)


def by_verdict(report: Report, name: str) -> set[str]:
    return {row.claim for row in report.verdicts if row.verdict == name}


def named(report: Report, claim: str) -> str | None:
    row = next(row for row in report.verdicts if row.claim == claim)
    return None if row.diagnosis is None else row.diagnosis.formula


def run(name: str, seed: int, claims: Any = None, profile: str = "smoke") -> Report:
    return verify(load_target(name), claims=claims, profile=profile, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
class TestAIRL:
    def test_the_reward_is_the_paper_s_and_the_loss_but_for_log_q(self, seed: int) -> None:
        # A soft-optimal policy for f has the objective E_q[f − log q]: nothing is missing from its reward.
        report = run("econirl-airl", seed, claims=("A4", "A6", "B1", "B2", "C1", "C2", "E1", "E3"))
        assert by_verdict(report, "satisfied") == {"A6", "E1", "E3"}
        assert by_verdict(report, "violated") == {"A4"}
        assert by_verdict(report, "blocked") == {"B1", "B2", "C1", "C2"}

    def test_log_odds_count_the_entropy_twice(self, seed: int) -> None:
        report = run("econirl-airl-log-odds", seed, claims=("E1", "E3"))
        assert by_verdict(report, "violated") == {"E1"}
        assert by_verdict(report, "blocked") == {"E3"}
        assert named(report, "E1") == "reward-entropy-twice"


class TestRareActions:
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("name", ["econirl-airl", "econirl-airl-log-odds"])
    def test_the_log_of_a_rare_action_is_off(self, name: str, seed: int) -> None:
        report = run(name, seed, claims=("A4",))
        assert by_verdict(report, "violated") == {"A4"}
        assert named(report, "A4") == "log-pi-with-epsilon"

    def test_without_the_constant_it_would_not_be(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def plain(self: Any, states: Any, actions: Any, _: Any, rewards: Any, *more: Any) -> Any:
            del self
            policy = more[1]
            return rewards[states, actions] - jnp.log(policy[states, actions])

        monkeypatch.setattr(AIRLEstimator, "_compute_airl_logits", plain)
        assert by_verdict(run("econirl-airl", 0, claims=("A4",)), "satisfied") == {"A4"}


@pytest.mark.parametrize("seed", SEEDS)
class TestGAIL:
    def test_a_linear_discriminator_is_right_given_its_own_logit(self, seed: int) -> None:
        report = run("econirl-gail-linear", seed)
        assert by_verdict(report, "satisfied") >= OF_ITS_OWN_LOGIT
        assert by_verdict(report, "conditional") == {"A4", "A9"}
        assert by_verdict(report, "waived") == {"E1", "E3"}
        assert not report.failed

    def test_a_table_steps_along_the_sum(self, seed: int) -> None:
        report = run("econirl-gail", seed)
        assert by_verdict(report, "satisfied") >= {"A5", "A6", "B2", "B3", "B5", "C1", "C2", "N2"}
        assert by_verdict(report, "conditional") == {"A4", "A9"}
        assert by_verdict(report, "waived") == {"E1", "E3"}
        assert not report.failed


class TestGCL:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_no_gradient_reaches_the_cost(self, seed: int) -> None:
        report = run("econirl-gcl", seed, claims=("A4", "C3"))
        assert by_verdict(report, "violated") == {"A4", "C3"}
        assert named(report, "C3") == "irl-cost-detached"
        assert named(report, "A4") == "log-pi-with-epsilon"

    @pytest.mark.parametrize("seed", range(4))
    def test_a_cost_that_autodiff_can_see_has_the_documented_gradient(
        self, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Seen(equinox.Module):  # type: ignore[misc]
            state_embedding: Any
            action_embedding: Any
            mlp: Any
            num_states: int = equinox.field(static=True)
            num_actions: int = equinox.field(static=True)
            forward = NeuralCostFunction.forward
            compute = NeuralCostFunction.compute

        released = econirl_gcl.linear_cost

        def mended(given: Any) -> Any:
            cost = released(given)
            return Seen(
                cost.state_embedding, cost.action_embedding, cost.mlp, cost.num_states, cost.num_actions
            )

        target: Any = load_target("econirl-gcl")
        case = case_from_bytes(
            np.random.default_rng(seed).bytes(400), "batch", PRECISIONS["float64"], target.conventions
        )
        assert not np.asarray(target.irl_gradient(case)).any()
        monkeypatch.setattr(econirl_gcl, "linear_cost", mended)
        steps = case.generator.steps
        policy = np.exp(case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True))
        log_q = np.where(steps.mask, np.log(policy[steps.state, steps.action] + 1e-10), 0.0).sum(axis=1)
        exponent = -case.generator.features @ case.theta - log_q
        weight = np.exp(exponent - np.logaddexp.reduce(exponent))
        expected = case.expert.features.mean(axis=0) - weight @ case.generator.features
        # A weight is off by its exponent's rounding, which is as large as the exponent; the gradient, by the features'.
        largest = max(np.abs(rows.features).max() for rows in (case.expert, case.generator))
        allowed = 16 * 2.0**-53 * (2.0 + np.abs(exponent).max()) * largest
        assert allowed < 1e-11 * (1.0 + largest)
        np.testing.assert_allclose(np.asarray(target.irl_gradient(case)), expected, rtol=0, atol=allowed)


class TestMCE:
    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("name", ["econirl-mce", "econirl-mce-discounted"])
    def test_it_is_maximum_causal_entropy(self, name: str, seed: int) -> None:
        report = run(name, seed)
        assert by_verdict(report, "satisfied") == {"D1", "D3", "H12"}
        assert not report.failed

    def test_a_value_without_its_entropy_shows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        released = MCEIRLEstimator._soft_value_iteration

        def hard(self: Any, operator: Any, reward: Any, **more: Any) -> Any:
            values, policy, converged = released(self, operator, reward, **more)
            return values - np.log(operator.problem.num_actions), policy, converged

        monkeypatch.setattr(MCEIRLEstimator, "_soft_value_iteration", hard)
        assert run("econirl-mce", 0).failed


class TestTwins:
    """The adapters show what the library does: where it is changed, verdicts change."""

    def test_a_logit_that_is_off(self, monkeypatch: pytest.MonkeyPatch) -> None:
        released = AIRLEstimator._compute_airl_logits
        monkeypatch.setattr(AIRLEstimator, "_compute_airl_logits", lambda *given: 1.05 * released(*given))
        assert "A4" in by_verdict(run("econirl-airl", 0, claims=("A4",)), "violated")

    def test_a_reward_without_the_cost(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            AIRLEstimator, "_compute_generator_reward", lambda self, reward, *_: np.zeros(reward.shape)
        )
        assert "E1" in by_verdict(run("econirl-airl", 0, claims=("E1",)), "violated")

    @pytest.mark.parametrize(
        ("name", "discriminator"),
        [("econirl-gail", TabularDiscriminator), ("econirl-gail-linear", LinearDiscriminator)],
    )
    def test_swapped_sides(self, name: str, discriminator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        released = discriminator.update

        def swapped(self: Any, *sides: Any, learning_rate: float) -> Any:
            return released(self, *sides[2:], *sides[:2], learning_rate=learning_rate)

        monkeypatch.setattr(discriminator, "update", swapped)
        assert "C1" in by_verdict(run(name, 0, claims=("C1",)), "violated")


class TestOnceACase:
    def test_a_copy_is_the_same_case_and_another_theta_is_not(self) -> None:
        conventions, data = load_target("econirl-gail").conventions, np.random.default_rng(0).bytes(400)

        def drawn() -> Case:
            return case_from_bytes(data, "batch", PRECISIONS["float64"], conventions)

        asked = []

        @once_a_case
        def theta(name: str, case: Case) -> Any:
            asked.append(name)
            return case.theta.copy()

        other = replace(drawn(), theta=drawn().theta + 1.0)
        said = [
            theta(name, case) for name, case in (("a", drawn()), ("a", drawn()), ("b", drawn()), ("b", other))
        ]
        assert asked == ["a", "b", "b"]
        for found, case in zip(said, (drawn(), drawn(), drawn(), other), strict=True):
            np.testing.assert_array_equal(found, case.theta)


@pytest.mark.parametrize("name", TARGETS)
def test_declarations(name: str) -> None:
    target = load_target(name)
    assert isinstance(target, Implementation)
    assert target.name == name
    assert set(target.departures) == ({"E1", "E3"} if "gail" in name else set())
