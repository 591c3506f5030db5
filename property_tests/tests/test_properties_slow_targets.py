"""A target whose calls are slow: its counterexample is less small, and the verdict is the same."""

from __future__ import annotations

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
