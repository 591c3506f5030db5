"""Checks of A7: the truth does not move, whoever generates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganirl.truth import Expected
from ganirl_properties.observed import NotObservedError

from .check import Check, Comparison, View, compare


def _stationary(view: View) -> Iterator[Comparison]:
    """With m = p no cost moves, in any direction of θ: what is left is how the premises were rounded."""
    if view.truth.conventions.log_q == "absent":
        raise NotObservedError("log q is no part of its discriminator, so that its optimum depends on q")
    got, true = view.observed.gradient_theta(), view.truth.gradient_theta
    rest = Expected(view.truth.exactly(np.zeros_like(got)), true.bound, true.reference)
    yield compare("∂L_D/∂θ at m = p", got, rest, slack=np.abs(true.value))


CHECKS = (
    Check(
        "A7",
        "stationary",
        "∂L_D/∂θ where e^{−c−b} is the data's density, against 0, for many generators",
        (),
        "matched",
        _stationary,
    ),
)
