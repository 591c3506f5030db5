"""What is known of torchrl's GAILLoss is what the verifier says of it, and a wrong one would not pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torchrl", reason="torchrl is not installed here; CI has an environment for it")

from ganirl import PRECISIONS, Case, available_observables
from ganirl.framework import load_framework
from ganirl_properties import Report, verify
from ganirl_properties.cases import case_from_bytes, generic_bytes
from ganirl_properties.checks.numerics import single_rows
from ganirl_properties.targets import load_target

SATISFIED = {"A6", "B5", "S2"}
OF_THE_TAILS = {"B1", "B2", "B3", "C1", "C2"}
UNIT = 2.0**-24


def by_verdict(report: Report, name: str) -> set[str]:
    return {row.claim for row in report.verdicts if row.verdict == name}


@pytest.fixture
def target() -> Any:
    return load_target("torchrl-gail")


@pytest.fixture(scope="module", params=[0, 1, 2], ids=lambda seed: f"seed{seed}")
def report(request: pytest.FixtureRequest) -> Report:
    return verify(load_target("torchrl-gail"), profile="smoke", seed=request.param)


class TestVerdicts:
    def test_the_loss_saturates(self, report: Report) -> None:
        assert by_verdict(report, "violated") == {"N1", "N2"}
        for row in report.verdicts:
            if row.verdict == "violated":
                assert row.diagnosis is not None
                assert row.diagnosis.formula == "bce-on-probabilities"

    def test_what_else_fails_fails_by_that(self, report: Report) -> None:
        rows = [row for row in report.verdicts if row.verdict == "blocked"]
        assert {row.claim for row in rows} <= OF_THE_TAILS
        assert {row.blocked_by for row in rows} <= {"N1"}
        # Whether a drawn logit is large enough is a matter of six cases; where none is, the claim holds.
        assert by_verdict(report, "satisfied") | {row.claim for row in rows} == SATISFIED | OF_THE_TAILS

    def test_the_probability_is_unconstrained(self, report: Report) -> None:
        assert by_verdict(report, "conditional") == {"A4", "A9"}

    def test_nothing_else_is_said(self, report: Report) -> None:
        assert not by_verdict(report, "error") | by_verdict(report, "inconclusive")
        unseen = {"A5", "A7", "B4", "C3", "C5", "D4", "E1", "E3", "I1", "S1"}
        assert by_verdict(report, "not_addressed") >= unseen
        assert report.run.dtypes == ("float32",)


def softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def sigmoid(x: Any) -> Any:
    return np.exp(-softplus(-x))


def drawn(target: Any, seed: int, count: int, largest: float) -> Iterator[Case]:
    """Cases whose logits are of no more than a size."""
    precision, rng = PRECISIONS["float32"], np.random.default_rng(seed)
    while count:
        for data in generic_bytes(rng, "batch", precision, target.conventions):
            case = case_from_bytes(data, "batch", precision, target.conventions)
            if max(np.abs(logits(case)).max(), abs(case.b)) < largest:
                break
        count -= 1
        yield case


def logits(case: Case) -> Any:
    """ℓ = −c − b of the expert's rows, then of the generator's."""
    return -np.concatenate([case.expert.features, case.generator.features]) @ case.theta - case.b


def slopes(case: Case, of_expert: Any, of_generator: Any) -> Any:
    """(d + 1,) in θ and in b, from slopes in ℓ."""
    sides = ((case.expert, of_expert), (case.generator, of_generator))
    return -sum(
        (slope[:, None] * np.c_[rows.features, np.ones(len(rows))]).mean(axis=0) for rows, slope in sides
    )


class TestAgainstFormulas:
    def test_a_mild_loss_is_the_sum_of_both_means(self, target: Any) -> None:
        torch = load_framework("torch")
        for case in drawn(target, seed=7, count=12, largest=6.0):
            given, n = torch.case(case, "cpu"), len(case.expert)
            ell = logits(case)
            # 1 − D is rounded: e^6 of it is 1.
            allowed = 16 * UNIT * np.exp(6.0)
            loss = softplus(-ell[:n]).mean() + softplus(ell[n:]).mean()
            assert float(target.discriminator_loss(given)) == pytest.approx(loss, rel=0, abs=allowed)
            theta, b = target.discriminator_gradient(given)
            expected = slopes(case, -sigmoid(-ell[:n]), sigmoid(ell[n:]))
            np.testing.assert_allclose(np.append(theta, b), expected, rtol=0, atol=allowed)
            for rows, part in ((given.expert, ell[:n]), (given.generator, ell[n:])):
                found = target.discriminator_probability(given, rows)[:, 0]
                np.testing.assert_allclose(found, sigmoid(part), rtol=0, atol=allowed)

    @pytest.mark.parametrize(
        ("size", "loss", "slope"),
        [(17.0, 117.0, 1.0), (89.0, 200.0, 0.0), (104.0, 200.0, 0.0), (200.0, 200.0, 0.0)],
    )
    def test_a_confident_error_costs_100_and_teaches_nothing(
        self, target: Any, size: float, loss: float, slope: float
    ) -> None:
        case = single_rows(-size, size, PRECISIONS["float32"], target.conventions)
        given = load_framework("torch").case(case, "cpu")
        assert float(target.discriminator_loss(given)) == pytest.approx(loss, rel=1e-6)
        # ∂L/∂b is 1 − D of the expert less D of the generator: 1 − 1, of which the second is lost.
        assert float(target.discriminator_gradient(given).b) == pytest.approx(slope, abs=1e-6)

    def test_nothing_is_left_over_from_another_case(self, target: Any) -> None:
        torch = load_framework("torch")
        first, second = (torch.case(case, "cpu") for case in drawn(target, seed=3, count=2, largest=6.0))
        alone = [target.discriminator_loss(case) for case in (first, second)]
        target.discriminator_gradient(second)
        assert [target.discriminator_loss(case) for case in (first, second)] == alone
        assert alone[0] != alone[1]

    def test_the_global_random_state_is_left_alone(self, target: Any) -> None:
        import torch

        (case,) = drawn(target, seed=5, count=1, largest=6.0)
        before = torch.random.get_rng_state()
        target.discriminator_loss(load_framework("torch").case(case, "cpu"))
        assert torch.random.get_rng_state().equal(before)


class TestAWrongLibraryWouldShow:
    def test_labels_that_are_swapped(self, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        import torch

        released = torch.nn.BCELoss.forward
        monkeypatch.setattr(
            torch.nn.BCELoss, "forward", lambda loss, d, label: released(loss, d, 1.0 - label)
        )
        report = verify(target, claims=["A4", "B1", "C1"], profile="smoke")
        assert by_verdict(report, "violated") == {"B1", "C1"}

    def test_a_loss_that_is_summed(self, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from torchrl.objectives import GAILLoss

        monkeypatch.setattr(GAILLoss, "_reduce_loss", lambda self, loss, tensordict: loss.sum())
        report = verify(target, claims=["B1", "C1"], profile="smoke")
        assert not by_verdict(report, "satisfied")

    def test_a_loss_of_logits_would_pass(self, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """The mend: cross-entropy with logits, of the network before its sigmoid."""
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits as bce

        monkeypatch.setattr(torch.nn, "Sigmoid", torch.nn.Identity)
        monkeypatch.setattr(
            torch.nn.BCELoss, "forward", lambda loss, ell, label: bce(ell, label, reduction="none")
        )
        report = verify(target, claims=["B1", "B2", "C1", "C2", "N1", "N2"], profile="smoke")
        assert by_verdict(report, "satisfied") == {"B1", "B2", "C1", "C2", "N2"}
        # Cross-entropy with logits is right absolutely, not relatively: a form that the target does not declare.
        assert by_verdict(report, "conditional") == {"N1"}


def test_declarations(target: Any) -> None:
    assert available_observables(target) == (
        "discriminator_probability",
        "discriminator_loss",
        "discriminator_gradient",
    )
    assert not target.departures
