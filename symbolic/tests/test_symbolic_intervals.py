"""mpmath's intervals stand in for python-flint's balls: the same protocol, the same numbers, as rigorous."""

from __future__ import annotations

import math
import sys
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from ganirl import FLOAT64, Case, Conventions, Rows, Steps
from ganirl.batch import log_likelihood
from ganirl.bounds import FloatModel
from ganirl.certified import (
    Backend,
    CertifiedTruth,
    FlintBalls,
    UndecidedError,
    balls,
    breaches,
    ends,
    reference_values,
)
from ganirl.truth import Truth
from ganirl_symbolic.intervals import MpmathIntervals, certifier

FLINT = pytest.param(
    FlintBalls, id="flint", marks=pytest.mark.skipif("not __import__('importlib').util.find_spec('flint')")
)
BACKENDS = [pytest.param(MpmathIntervals, id="mpmath"), FLINT]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    made: Backend = request.param(128)
    return made


NUMBERS = (-745.0, -40.0, -1.0, -1e-3, 0.0, 1e-300, 0.1, 1.0, 17.3, 709.0)


def sixty_digits(function: str, x: float) -> Fraction:
    with mpmath.workdps(400):
        value = getattr(mpmath, function)(mpmath.mpf(x))
        return (
            Fraction(int(value.man), 1)
            * Fraction(2) ** int(value.exp)
            * (-1 if value < 0 and value.man > 0 else 1)
        )


@pytest.mark.parametrize("function", ["exp", "log", "log1p"])
def test_functions_hold_what_four_hundred_digits_give(backend: Backend, function: str) -> None:
    for x in NUMBERS:
        if (function == "log" and x <= 0) or (function == "log1p" and x <= -1):
            continue
        with backend.working():
            low, high = getattr(balls(backend, [x])[0], function)().ends
        exact = sixty_digits(function, x)
        assert Fraction(low) <= exact <= Fraction(high)
        assert high <= math.nextafter(math.nextafter(low, math.inf), math.inf)


def test_beyond_the_range_of_floats(backend: Backend) -> None:
    with backend.working():
        large, small = np.exp(balls(backend, [800.0, -800.0]))
        assert large.ends == (sys.float_info.max, math.inf)
        low, high = small.ends
    assert -5e-324 <= low <= 0.0 < high <= 1e-323


def test_a_comparison_is_certain_or_none(backend: Backend) -> None:
    with backend.working():
        third = 1 / balls(backend, [3.0])[0]
        assert third < 0.34
        assert third > 0.33
        assert third != 0.34
        with pytest.raises(UndecidedError):
            _ = third * 3 == 1


def test_more_bits_are_a_narrower_interval() -> None:
    for make in (MpmathIntervals, FlintBalls):
        widths = []
        for bits in (24, 40):
            backend = make(bits)
            with backend.working():
                low, high = np.exp(balls(backend, [1.0]))[0].ends
            widths.append(high - low)
        assert widths[1] < 1e-3 * widths[0]


def test_python_flint_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert certifier().name.startswith("python-flint")
    monkeypatch.setitem(sys.modules, "flint", None)
    assert certifier().name.startswith("mpmath")


def small_case() -> Case:
    """Three rows against two, of one or two steps in three states."""
    rng = np.random.default_rng(8)
    logits = rng.normal(size=(3, 2))

    def side(count: int) -> Rows:
        mask = np.array([[True, row % 2 == 0] for row in range(count)])
        state, action = rng.integers(0, 3, size=(count, 2)), rng.integers(0, 2, size=(count, 2))
        features = np.where(mask[..., None], rng.normal(size=(count, 2, 2)), 0.0)
        steps = Steps(state * mask, action * mask, state * mask, mask & False, mask, features)
        weight = rng.integers(1, 9, size=count).astype(np.float64)
        rows = Rows(features.sum(axis=1), np.zeros(count), weight / weight.sum(), steps)
        return Rows(rows.features, log_likelihood(logits, rows), rows.weight, steps)

    return Case(rng.normal(size=2), np.asarray(0.8), logits, side(3), side(2), "float64", "trajectory")


@pytest.mark.parametrize("log_q", ["input", "computed", "absent"])
@pytest.mark.parametrize("scale", ["sum_of_means", "mean_of_all", "sum"])
def test_both_libraries_give_the_same_truth(log_q: str, scale: str) -> None:
    conventions = Conventions(log_q=log_q, loss_scale=scale, log_q_constant=0.5, loss_factor=0.5)  # type: ignore[arg-type]
    truth = Truth(small_case(), conventions, FloatModel(FLOAT64, 3.0))
    found = {}
    for backend in (FlintBalls(128), MpmathIntervals(128)):
        with backend.working():
            certified = CertifiedTruth.of(truth, backend)
            values = {name: ends(each.value) for name, each in reference_values(certified).items()}
            found[backend.name] = values | {"b*": certified.optimum_ends}
            assert not list(breaches(reference_values(truth), certified))
    one, other = found.values()
    for name in one:
        low, high = np.maximum(one[name][0], other[name][0]), np.minimum(one[name][1], other[name][1])
        assert (low <= high).all(), name
        assert (np.abs(high - low) <= 1e-15 * (1.0 + np.abs(low))).all(), name
