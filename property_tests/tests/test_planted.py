"""The verifier against code that it does not know: wrong code is caught and named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "torch", reason="the planted libraries are written in PyTorch: pip install 'ganirl[torch]'"
)

from planted import WRONG
from planted.library import implementation
from planted.wrong_sizes import SIZES

from ganirl import Implementation
from ganirl_properties import Report, judging, verify
from ganirl_properties.right_variants import right_variants
from ganirl_properties.search import Failure, Search
from ganirl_properties.targets import load_target

# What an error of any kind shows in; a root that is not here is asked for besides.
ROOTS = ("A4", "B1", "B2", "C1", "E1", "E3", "N1", "S*")

ADAPTER = """
import numpy as np
from ganirl import Conventions, wrap

def log_q(case, rows):
    logits = case.policy_logits
    log_pi = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return np.where(rows.steps.mask, log_pi[rows.steps.state, rows.steps.action], 0).sum(axis=1)

def logit(case, rows):
    return -(rows.features @ case.theta) + case.b - log_q(case, rows)

def loss(case):
    expert, generator = logit(case, case.expert), logit(case, case.generator)
    return np.logaddexp(0, -expert).mean() + np.logaddexp(0, generator).mean()

target = wrap(
    name="log Z as the bias",
    conventions=Conventions(log_q="computed"),
    discriminator_logit=logit,
    discriminator_loss=loss,
)
"""


@pytest.fixture
def _unshrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts and names do not depend on how small a counterexample is made, which takes most of the time."""

    def as_it_is(search: Search, failure: Failure, *, echo: bool = False) -> Failure:
        del search, echo
        return failure

    monkeypatch.setattr(judging, "smallest", as_it_is)


def right(name: str) -> Implementation:
    return next(variant for variant in right_variants() if variant.id == name).implementation()


def said(report: Report) -> dict[str, str]:
    return {
        row.claim: row.verdict + (f": {row.diagnosis.formula}" if row.diagnosis else "")
        for row in report.verdicts
    }


@pytest.mark.usefixtures("_unshrunk")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_code_is_caught_at_its_root_and_named(name: str) -> None:
    planted = WRONG[name]
    claims = (*ROOTS, *planted.roots)
    report = verify(planted.make(), claims=claims, profile="smoke", dtypes=[planted.dtype])
    rows = {row.claim: row for row in report.verdicts}
    assert report.failed
    assert report.equivalence.verdict == "not equivalent"
    assert {root: rows[root].verdict for root in planted.roots} == dict.fromkeys(planted.roots, "violated"), (
        said(report)
    )
    diagnosis = rows[planted.roots[0]].diagnosis
    assert (diagnosis.formula if diagnosis else None) == planted.diagnosis, said(report)


@pytest.mark.usefixtures("_unshrunk")
@pytest.mark.parametrize("name", ["LogQAtExplorationTemperature", "SmoothedLabels", "LogWithEpsilon"])
def test_a_coarse_format_gives_no_other_name(name: str) -> None:
    report = verify(WRONG[name].make(), claims=["A4", "B1", "C1", "N1"], profile="smoke")
    formats = {row.dtype for row in report.verdicts if row.verdict == "violated"}
    assert formats >= {"float64", "float32"}
    assert {row.diagnosis.formula for row in report.verdicts if row.diagnosis} == {WRONG[name].diagnosis}


@pytest.mark.usefixtures("_unshrunk")
def test_a_surrogate_of_the_irl_loss_is_right_up_to_its_value() -> None:
    for name, of_gauge in (
        ("torch-surrogate-of-the-irl-loss", "satisfied"),
        ("torch-irl-loss-without-constants", "conditional"),
    ):
        report = verify(right(name), claims=["A6", "C3"], profile="smoke", dtypes=["float64"])
        assert said(report) == {"A6": of_gauge, "C3": "conditional"}
        assert "correct up to the value of irl_loss" in report.verdicts[1].message


@pytest.mark.usefixtures("_unshrunk")
@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("torch-mean-of-both-means", "Conventions(loss_factor=0.5)"),
        ("twice-the-loss-undeclared", "Conventions(loss_factor=2)"),
        ("torch-both-sums-over-two", 'Conventions(loss_scale="sum", loss_factor=0.5)'),
        ("logarithms-to-base-two-undeclared", "Conventions(loss_factor=1.4426950408889634)"),
        ("torch-relu-form", None),
    ],
)
def test_a_factor_of_the_loss_is_right_up_to_it_in_every_claim(name: str, declared: str | None) -> None:
    report = verify(right(name), profile="smoke", dtypes=["float64", "float32"])
    assert not report.failed, said(report)
    of_loss = {row.message for row in report.verdicts if row.claim in ("B1", "C1", "I1")}
    assert all(message.endswith(f"declare {declared}") if declared else not message for message in of_loss)
    of_c5 = {row.verdict for row in report.verdicts if row.claim == "C5"}
    assert of_c5 == {"satisfied" if declared is None else "conditional"}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("claim", SIZES)
def test_what_is_right_up_to_a_size_is_caught(claim: str, seed: int) -> None:
    target = implementation(SIZES[claim])
    report = verify(target, claims=[claim[:2]], dtypes=["float64"], seed=seed)
    shown = report.verdicts[0].counterexample
    assert report.verdicts[0].verdict == "violated"
    assert shown is not None
    if claim == "B1":  # shrunk to the first size that shows it
        assert max(shown.rows) == 17
        assert min(shown.rows) == 1


@pytest.mark.usefixtures("_unshrunk")
def test_two_errors_are_both_named() -> None:
    report = verify(
        WRONG["NoLogQAndTheRewardOfGail"].make(), claims=["A4", "E1"], profile="smoke", dtypes=["float64"]
    )
    assert said(report) == {"A4": "violated: no-log-q", "E1": "violated: reward-minus-log-one-minus-d"}


def test_a_wrong_adapter_file_fails_on_the_command_line(tmp_path: Path) -> None:
    pytest.importorskip("ganirl_reports")
    path = tmp_path / "adapter.py"
    path.write_text(ADAPTER, encoding="utf-8")
    assert load_target(f"{path}:target").name == "log Z as the bias"
    run = "from ganirl_reports.command_line import main; main()"
    found = subprocess.run(
        [sys.executable, "-c", run, "verify", f"{path}:target", "--claims", "A4,B1", "--profile", "smoke"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert found.returncode == 1, found.stderr
    assert "wrong sign" in found.stdout


def test_a_cut_graph_is_an_error_and_no_false_green() -> None:
    import torch
    from torch.nn import functional as F

    from ganirl import Case, Rows, wrap

    def logit(case: Case, rows: Rows) -> torch.Tensor:
        return -(rows.features @ case.theta) - case.b - rows.log_q

    def loss(case: Case) -> torch.Tensor:
        with torch.no_grad():
            return (
                -F.logsigmoid(logit(case, case.expert)).mean()
                - F.logsigmoid(-logit(case, case.generator)).mean()
            )

    target = wrap(framework="torch", discriminator_loss=loss)
    report = verify(target, claims=["B1", "B2", "C1"], profile="smoke", dtypes=["float32"])
    assert said(report)["B1"] == "satisfied"
    assert said(report)["C1"] == said(report)["B2"] == "error"
    assert "its graph is cut" in next(row.message for row in report.verdicts if row.claim == "C1")
