"""What is known of tianshou's GAIL is what the verifier says of it, and a wrong one would not pass."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tianshou", reason="tianshou is not installed here; CI has an environment for it")

from ganirl import PRECISIONS, Case, available_observables
from ganirl.framework import load_framework
from ganirl_properties import Report, verify
from ganirl_properties.cases import case_from_bytes, generic_bytes
from ganirl_properties.checks.numerics import single_rows
from ganirl_properties.targets import load_target

SATISFIED = {"A6", "B1", "B2", "B3", "B5", "C1", "C2", "I1", "N1", "N2", "S1", "S2"}
UNITS = {"float64": 2.0**-53, "float32": 2.0**-24}


def by_verdict(report: Report, name: str, dtype: str | None = None) -> set[str]:
    return {row.claim for row in report.verdicts if row.verdict == name and dtype in (None, row.dtype)}


@pytest.fixture
def target() -> Any:
    return load_target("tianshou-gail")


@pytest.fixture(scope="module", params=[0, 1, 2], ids=lambda seed: f"seed{seed}")
def report(request: pytest.FixtureRequest) -> Report:
    return verify(load_target("tianshou-gail"), profile="smoke", seed=request.param)


class TestVerdicts:
    def test_the_discriminator_is_right(self, report: Report) -> None:
        assert by_verdict(report, "satisfied", "float32") == SATISFIED
        assert by_verdict(report, "satisfied", "float64") == SATISFIED | {"N1b"}
        assert report.run.dtypes == ("float64", "float32")

    def test_the_logit_is_a_cost_only_with_log_q_taken_off(self, report: Report) -> None:
        assert by_verdict(report, "conditional") == {"A4"}

    def test_the_reward_departs_by_design(self, report: Report) -> None:
        assert by_verdict(report, "waived") == {"E1", "E3"}

    def test_it_is_not_failed(self, report: Report) -> None:
        assert not report.failed
        assert report.equivalence.verdict == "not equivalent"


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def sigmoid(x: Any) -> Any:
    return np.exp(-softplus(-x))


def logits(case: Case, rows: Any) -> Any:
    return -(rows.features @ case.theta) - case.b


def log_policy(case: Case, rows: Any) -> Any:
    log_pi = case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True)
    return log_pi[rows.state, rows.action]


def drawn(target: Any, name: str, seed: int, count: int) -> Iterator[Case]:
    precision, rng = PRECISIONS[name], np.random.default_rng(seed)
    for data, _ in zip(
        generic_bytes(rng, "batch", precision, target.conventions), range(count), strict=False
    ):
        yield case_from_bytes(data, "batch", precision, target.conventions)


def magnitude(case: Case) -> float:
    features = np.abs(np.concatenate([case.expert.features, case.generator.features]))
    return float((features @ np.abs(case.theta)).max() + abs(case.b) + np.abs(case.policy_logits).max() + 2)


@pytest.mark.parametrize("name", ["float64", "float32"])
class TestAgainstFormulas:
    def test_logit_reward_loss_and_gradient(self, target: Any, name: str) -> None:
        torch = load_framework("torch")
        for case in drawn(target, name, seed=7, count=12):
            given = torch.case(case, "cpu")
            allowed = 64 * UNITS[name] * magnitude(case)
            for rows, tensors in ((case.expert, given.expert), (case.generator, given.generator)):
                ell = logits(case, rows)
                found = target.discriminator_logit(given, tensors)[:, 0]
                np.testing.assert_allclose(found, ell, rtol=0, atol=allowed)
                found = target.generator_reward(given, tensors)
                np.testing.assert_allclose(found, softplus(ell), rtol=0, atol=allowed)
                found = target.log_q(given, tensors)
                np.testing.assert_allclose(found, log_policy(case, rows), rtol=0, atol=allowed)
            ell_p, ell_q = logits(case, case.expert), logits(case, case.generator)
            loss = softplus(-ell_p).mean() + softplus(ell_q).mean()
            assert target.discriminator_loss(given) == pytest.approx(loss, rel=0, abs=4 * allowed)
            theta, b = target.discriminator_gradient(given)
            expected = np.zeros(len(case.theta) + 1)
            for rows, slope in ((case.expert, -sigmoid(-ell_p)), (case.generator, sigmoid(ell_q))):
                expected -= (slope[:, None] * np.c_[rows.features, np.ones(len(rows))]).mean(axis=0)
            largest = max(
                1.0, float(np.abs(np.concatenate([case.expert.features, case.generator.features])).max())
            )
            np.testing.assert_allclose(np.append(theta, b), expected, rtol=0, atol=4 * allowed * largest)
            assert target.discriminator_policy_gradient(given) is None

    @pytest.mark.parametrize("size", [17.0, 89.0, 104.0, 200.0, -17.0, -89.0, -200.0])
    def test_the_reward_in_the_tails(self, target: Any, name: str, size: float) -> None:
        """E1 is waived, so that the engine does not judge what the reward is instead."""
        case = single_rows(size, size, PRECISIONS[name], target.conventions)
        given = load_framework("torch").case(case, "cpu")
        allowed = 64 * UNITS[name] * magnitude(case)
        (reward,) = target.generator_reward(given, given.generator)
        # −log(1 − D) is right relatively, too, where it is small.
        ell = logits(case, case.generator)[0]
        assert float(reward) == pytest.approx(softplus(ell), rel=2 * allowed, abs=2.0**-126)


def test_nothing_is_left_over_from_another_policy(target: Any) -> None:
    torch = load_framework("torch")
    first, second = (torch.case(case, "cpu") for case in drawn(target, "float64", seed=3, count=2))
    alone = [target.log_q(case, case.expert).tolist() for case in (first, second)]
    losses = [target.discriminator_loss(case) for case in (first, second)]
    assert [target.log_q(case, case.expert).tolist() for case in (first, second)] == alone
    assert [target.discriminator_loss(case) for case in (first, second)] == pytest.approx(losses, rel=1e-14)
    assert losses[0] != losses[1]


def test_the_global_random_states_are_left_alone(target: Any) -> None:
    import torch

    (case,) = drawn(target, "float32", seed=5, count=1)
    given = load_framework("torch").case(case, "cpu")
    before, numbers = torch.random.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    target.discriminator_loss(given)
    target.generator_reward(given, given.generator)
    assert torch.random.get_rng_state().equal(before)
    assert np.random.get_state()[1].tolist() == numbers  # noqa: NPY002


class TestAWrongLibraryWouldShow:
    def test_the_logarithm_of_a_rounded_sigmoid(self, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch
        from tianshou.algorithm.imitation import gail

        rounded = SimpleNamespace(logsigmoid=lambda x: torch.log(torch.sigmoid(x)))
        monkeypatch.setattr(gail, "F", rounded)
        report = verify(target, claims=["N1", "N2"], profile="smoke", dtypes=["float32"])
        assert by_verdict(report, "violated") == {"N1", "N2"}
        row = next(row for row in report.verdicts if row.claim == "N1")
        assert row.diagnosis is not None
        # Two names of the same numbers: σ(−x) = 1/(1 + e^x).
        assert row.diagnosis.formula in {"log-of-both-sigmoids", "log-one-plus-exp"}

    def test_a_logit_with_the_wrong_sign(self, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from tianshou.algorithm import GAIL

        released = GAIL.disc
        monkeypatch.setattr(GAIL, "disc", lambda self, batch: -released(self, batch))
        report = verify(target, claims=["A4", "B1", "C1"], profile="smoke", dtypes=["float64"])
        assert "A4" in by_verdict(report, "violated")
        assert not by_verdict(report, "satisfied")

    def test_a_gradient_that_reaches_the_policy(self, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from tianshou.algorithm import GAIL

        released = GAIL.disc
        monkeypatch.setattr(
            GAIL, "disc", lambda self, batch: released(self, batch) + self.policy(batch).logits[:, :1]
        )
        report = verify(target, claims=["S1"], profile="smoke", dtypes=["float64"])
        assert by_verdict(report, "violated") == {"S1"}


def test_declarations(target: Any) -> None:
    from tianshou.algorithm import GAIL

    default = inspect.signature(GAIL).parameters["ent_coef"].default
    assert target.conventions.entropy_coefficient == default
    assert "discriminator_probability" not in available_observables(target)  # none is computed
    assert set(target.departures) == {"E1", "E3"}
