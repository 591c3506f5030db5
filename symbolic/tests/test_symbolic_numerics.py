"""What stands in the place of a derivation for the claims about floating point."""

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from ganirl.logspace import sigmoid, softplus
from ganirl_symbolic import derivation

UNIT_ROUNDOFF = 2.0**-53
TAILS = np.array([sign * size for size in (0.0, 1e-3, 5, 17, 30, 60, 90, 104, 200) for sign in (1, -1)])
GRID = np.linspace(-45.0, 45.0, 901)
SATURATED = np.array([-150.0, -100.0, -40.0, 40.0, 100.0, 150.0])


def exact_softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(x))


def exact_sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def worst(formula: Callable[[Any], Any], exact: Callable[[Any], Any], logits: np.ndarray) -> float:
    """Largest relative error, in units of roundoff."""
    got = np.asarray(formula(logits))
    with mpmath.workdps(160):  # 1 + e^-200 needs 87 digits before 60 of its logarithm are right
        truth = [exact(mpmath.mpf(float(x))) for x in logits]
        errors = [abs(mpmath.mpf(float(y)) / t - 1) for y, t in zip(got, truth, strict=True)]
        return float(max(errors)) / UNIT_ROUNDOFF


@pytest.mark.parametrize(("claim", "logits"), [("N1", TAILS), ("N1b", GRID)])
def test_reference_softplus_is_right_to_five_units(claim, logits):
    assert "five units" in derivation(claim).substitute
    assert worst(softplus, exact_softplus, logits) <= 5


def test_reference_sigmoid_is_right_to_seven_units():
    assert "seven units" in derivation("N2").substitute
    assert worst(sigmoid, exact_sigmoid, SATURATED) <= 7
    assert sigmoid(150.0) == 1.0


@pytest.mark.parametrize(
    "naive",
    [
        lambda x: np.where(x > 20, x, np.log1p(np.exp(np.minimum(x, 20)))),  # a threshold at 20
        lambda x: -np.log(1 - 1 / (1 + np.exp(-x))),  # −log(1 − σ)
    ],
)
def test_naive_forms_are_not(naive):
    with np.errstate(divide="ignore"):
        assert worst(naive, exact_softplus, GRID) > 1e4
