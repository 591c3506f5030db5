"""A counterexample in words says what is needed to follow it, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from ganirl import Conventions, wrap
from ganirl_properties import verify
from ganirl_properties.narrative import _in_a_sentence
from ganirl_properties.report import Counterexample

OFF = {
    "discriminator_logit": lambda case, rows: 1.01 * (-(rows.features @ case.theta) - case.b),
    "log_q": lambda case, rows: 1.5 * rows.log_q,
}


def told(observable: str, **conventions: Any) -> Counterexample:
    function: Any = OFF[observable]
    target = wrap(name="slightly off", conventions=Conventions(**conventions), **{observable: function})
    (row,) = verify(target, claims=("A4",), profile="smoke", dtypes=("float64",)).verdicts
    assert row.counterexample is not None
    return row.counterexample


@pytest.mark.parametrize(
    ("observable", "conventions", "named"),
    [
        ("discriminator_logit", {"log_q": "absent"}, False),
        ("discriminator_logit", {"log_q": "input"}, True),
        ("discriminator_logit", {"log_q": "absent", "entropy_coefficient": 0.5}, True),
        ("log_q", {"log_q": "absent"}, True),
    ],
)
def test_log_q_is_told_where_something_reads_it(
    observable: str, conventions: dict[str, Any], named: bool
) -> None:
    found = told(observable, **conventions)
    assert ("log q =" in found.let) is named
    assert "φ = (" in found.let
    assert "by A4 (discriminator as a sigmoid)," in found.then


@pytest.mark.parametrize(
    ("title", "in_a_sentence"),
    [
        ("Derivatives of log Z", "derivatives of log Z"),
        ("Z belongs to the measure that log q leaves out", "Z belongs to the measure that log q leaves out"),
        ("D ≡ ½ proves nothing about the data", "D ≡ ½ proves nothing about the data"),
        ("A constant in the cost is invisible", "a constant in the cost is invisible"),
        ("The GAN gradient is the IRL gradient", "the GAN gradient is the IRL gradient"),
    ],
)
def test_a_title_loses_its_capital_and_its_symbols_keep_theirs(title: str, in_a_sentence: str) -> None:
    assert _in_a_sentence(title) == in_a_sentence
