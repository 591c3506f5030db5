"""Reports made by hand, so that renderers and the gate are tested without a verification."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import ganirl_properties
from ganirl_properties.report import (
    Counterexample,
    Diagnosis,
    Equivalence,
    Report,
    Run,
    Verdict,
    Worst,
)

# Tests import what stands beside them: wheels made by hand.
sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["pytester"]

RUN = Run(
    ganirl="0.1.0",
    claim_set="1",
    target="adapters/acme_airl.py:target",
    conventions={
        "unit": "transition",
        "expert_label": 1,
        "loss_scale": "mean_of_all",
        "loss_form": "bce",
        "reward": "f(s, a)",
        "entropy_coefficient": 0.0,
        "log_q": "input",
        "log_q_constant": 0.0,
        "log_z": "bias",
        "weights": False,
        "equal_batches": True,
        "precisions": ("float64", "float32"),
    },
    departures={"E3": "the policy is trained by PPO outside of this library"},
    observables=("discriminator_logit", "discriminator_loss", "generator_reward"),
    profile="default",
    seed=0,
    device="cpu",
    dtypes=("float64", "float32", "bfloat16"),
    versions={"python": "3.12.3", "numpy": "2.1.0", "torch": "2.5.1"},
    started="2025-03-01T09:30:00+00:00",
    seconds=12.3456,
)

DIAGNOSIS = Diagnosis(
    "reward-without-log-q",
    "the reward leaves out −log q",
    "generator_reward equals c_θ alone on 40 of 40 fresh cases, to within √u of the format.",
    40,
)


def violation(precision: str = "float64") -> Verdict:
    found = Counterexample(
        claim="E1",
        check="generator-objective",
        observable="generator_reward",
        let="one generator row have φ = (1, 0), θ = (0.5, −1), b = 0.25 and log q = −0.693147.",
        then="the reward is −c − b − log q = −0.0568528, and L_G is the mean of its negative.",
        however="generator_reward returns −0.5: off by 0.443147, where rounding allows 6.7e-16.",
        got=-0.5,
        expected=-0.05685281944005471,
        bound=3.3e-16,
        allowed=6.6e-16,
        case={
            "precision": precision,
            "theta": [0.5, -1.0],
            "b": 0.25,
            "expert": [],
            "generator": [{"features": [1.0, 0.0], "log_q": float("-inf")}],
        },
        setting="batch",
        rows=(0, 1),
    )
    return Verdict(
        "E1",
        precision,
        "cpu",
        "violated",
        "counterexample after 3 cases",
        3,
        "generator_reward is off",
        Worst(0.443147, 3.3e-16, 6.7e14),
        DIAGNOSIS,
        found,
    )


def satisfied(claim: str, dtype: str, ratio: float = 0.21) -> Verdict:
    worst = Worst(ratio * 4.4e-16, 2.2e-16, ratio)
    return Verdict(claim, dtype, "cpu", "satisfied", "2,000 cases", 2000, "", worst)


def every_verdict() -> Report:
    """Return a report in which each of the eight verdicts occurs."""
    rows = [
        satisfied(claim, dtype, 0.02 * (i + 1))
        for i, claim in enumerate(("A4", "A5", "B1"))
        for dtype in RUN.dtypes
    ]
    rows += [
        Verdict("B5", "float64", "cpu", "inconclusive", "none", 0, "b* lies outside of the format's range"),
        satisfied("B5", "float32"),
        satisfied("B5", "bfloat16", 0.93),
        *(
            Verdict(
                "C1", dtype, "cpu", "conditional", "2,000 cases", 2000,
                "correct up to a factor ½: declare loss_scale=\"mean_of_all\"", Worst(1e-16, 2e-16, 0.25),
            )
            for dtype in RUN.dtypes
        ),
        *(
            Verdict("C2", dtype, "cpu", "not_addressed", "none", 0, "it has no irl_gradient and no irl_loss")
            for dtype in RUN.dtypes
        ),
        violation("float64"),
        violation("float32"),
        replace(violation("bfloat16"), worst=Worst(float("nan"), 0.01, float("nan"))),
        *(
            Verdict("E3", dtype, "cpu", "waived", "declared", 0, "trained by PPO outside of this library")
            for dtype in RUN.dtypes
        ),
        Verdict("N1", "float64", "cpu", "blocked", "40 cases", 40, "as E1's formula", blocked_by="E1"),
        Verdict("N1", "float32", "cpu", "error", "none", 0, "ZeroDivisionError: division by zero"),
        satisfied("N1", "bfloat16"),
    ]  # fmt: skip
    equivalence = Equivalence(
        ("GAN", "EBM"),
        "not equivalent",
        "E1 is violated: the reward leaves out −log q, so the generator ignores entropy.",
    )
    return Report(RUN, tuple(rows), equivalence, warnings=("float16 is not supported by this target",))


def all_good() -> Report:
    rows = tuple(satisfied(claim, dtype) for claim in ("A4", "A5", "B1", "C2", "E1") for dtype in RUN.dtypes)
    equivalence = Equivalence(
        ("GAN", "IRL", "EBM"),
        "equivalent",
        "Every claim that joins the three sides is satisfied in three formats.",
    )
    return Report(RUN, rows, equivalence)


def nothing_observed() -> Report:
    row = Verdict("A4", "float64", "cpu", "not_addressed", "none", 0, "it has no discriminator_logit")
    return Report(RUN, (row,), Equivalence((), "undecided", "Nothing was observed."))


@pytest.fixture
def mixed_report() -> Report:
    return every_verdict()


@pytest.fixture
def good_report() -> Report:
    return all_good()


@pytest.fixture
def empty_report() -> Report:
    return nothing_observed()


class Engine:
    """Stands in for the search: it returns the report that a test gives it, and remembers the call."""

    def __init__(self) -> None:
        self.report = all_good()
        self.calls: list[dict[str, Any]] = []
        self.raises: BaseException | None = None

    def verify(self, implementation: object, **settings: Any) -> Report:
        self.calls.append({"implementation": implementation, **settings})
        if self.raises is not None:
            raise self.raises
        progress: Callable[[Verdict, int, int], None] | None = settings.get("progress")
        for done, verdict in enumerate(self.report.verdicts, 1):
            if progress is not None:
                progress(verdict, done, len(self.report.verdicts))
        return self.report


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Put a stand-in where the commands look for the search."""
    fake = Engine()

    def load_target(spec: str) -> object:
        if spec == "missing":
            raise ganirl_properties.UsageError("there is no target 'missing'; see ganirl verify --list")
        return SimpleNamespace(name=f"the implementation {spec}")

    targets: Any = ModuleType("ganirl_properties.targets")
    targets.load_target = load_target
    targets.list_targets = lambda: (
        SimpleNamespace(name="numpy", available=True, note="the reference losses"),
        SimpleNamespace(name="torch", available=False, note="pip install 'ganirl[torch]'"),
    )
    monkeypatch.setattr(ganirl_properties, "verify", fake.verify, raising=False)
    monkeypatch.setitem(sys.modules, "ganirl_properties.targets", targets)
    return fake
