"""A target whose calls are slow, or differ: its counterexample is less small, and the verdict is the same."""

from __future__ import annotations

import numpy as np
import pytest

from ganirl import Case, Conventions, Rows, wrap
from ganirl_properties import shrink, verify


def wrong(case: Case, rows: Rows) -> object:
    return -(rows.features @ case.theta) + case.b - rows.log_q


@pytest.mark.parametrize(("limit", "value"), [("MOST_SECONDS", 0.0), ("MOST_TRIES", 1), ("MOST_TRIES", 7)])
def test_shrinking_may_be_cut_short(limit: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shrink, limit, value)
    target = wrap(conventions=Conventions(), discriminator_logit=wrong)
    report = verify(target, claims=("A4",), profile="smoke", dtypes=("float64",))
    (row,) = report.verdicts
    assert row.verdict == "violated"
    assert row.diagnosis is not None
    assert row.diagnosis.formula == "log-z-sign"
    assert row.counterexample is not None


@pytest.mark.parametrize("seed", range(3))
def test_noise_that_is_not_declared_is_violated(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def noisy(case: Case, rows: Rows) -> object:
        right = -(rows.features @ case.theta) - case.b - rows.log_q
        return right + 1e-6 * rng.standard_normal(right.shape) * (rng.random() < 0.5)

    target = wrap(conventions=Conventions(), discriminator_logit=noisy)
    report = verify(target, claims=("A4", "A6"), profile="smoke", dtypes=("float64",), seed=seed)
    assert {row.claim: row.verdict for row in report.verdicts}["A4"] == "violated"
