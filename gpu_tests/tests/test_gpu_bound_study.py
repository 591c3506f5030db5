"""The study of bounds: nothing exceeds them, nothing hides behind them, and it sees a bound that is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from ganirl import FLOAT32, FLOAT64, PRECISIONS
from ganirl.bounds import FloatModel
from ganirl_gpu.bound_forms import EXPERIMENTS, Experiment
from ganirl_gpu.bound_problems import ORDERS, draw, log_sum_exp, sigmoid, softplus
from ganirl_gpu.bound_study import (
    FORMATS,
    OBSERVABLES,
    Ratios,
    _try,
    certificates,
    matrix_products,
    observables,
    study_bounds,
)


@pytest.fixture(scope="module")
def found() -> Sequence[Ratios]:
    return study_bounds(seed=3, effort=0.05)


def test_every_bound_in_every_format(found: Sequence[Ratios]) -> None:
    pairs = {(each.bound, each.dtype) for each in found}
    for experiment in EXPERIMENTS:
        assert {(experiment.bound, name) for name in FORMATS} <= pairs
    for name in OBSERVABLES:
        assert {(name, dtype) for dtype in FORMATS} <= pairs
    assert {("T10", "tf32"), ("T10", "bfloat16"), ("b*", "float64")} <= pairs
    assert len(pairs) == len(found)


def test_no_bound_is_exceeded_and_none_is_slack(found: Sequence[Ratios]) -> None:
    assert not [str(each) for each in found if not each.holds]
    # Few problems, few near misses: the whole study has thousands of each.
    assert not [str(each) for each in found if not each.sharp and each.problems >= 30]
    assert all(each.typical <= each.worst for each in found)


def test_the_same_seed_gives_the_same_numbers(found: Sequence[Ratios]) -> None:
    again = study_bounds(seed=3, effort=0.05, formats=("bfloat16",))
    before = {(each.bound, each.dtype): each for each in found}
    for each in again:
        assert each.values == before[each.bound, each.dtype].values
        assert each.worst_form == before[each.bound, each.dtype].worst_form


def by_id(bound: str) -> Experiment:
    return next(each for each in EXPERIMENTS if each.bound == bound)


@pytest.mark.parametrize(
    ("bound", "factor"), [("T1", 0.2), ("T2", 0.1), ("T3", 0.05), ("T6", 0.05), ("T7", 0.1), ("T9", 0.02)]
)
def test_a_bound_that_is_too_small_is_seen(bound: str, factor: float) -> None:
    right = by_id(bound)
    wrong = dataclasses.replace(right, error=lambda model, rows: factor * right.error(model, rows))
    (ratios,) = _try(wrong, FLOAT32, 0, 0.1)()
    assert not ratios.holds


def test_a_bound_that_is_slack_is_seen() -> None:
    right = by_id("T5")
    (ratios,) = _try(
        dataclasses.replace(right, error=lambda m, r: 1e4 * right.error(m, r)), FLOAT32, 0, 0.1
    )()
    assert ratios.holds
    assert not ratios.sharp


def test_unsound_code_is_seen() -> None:
    """Log σ by a logarithm of the sigmoid, as infinities or as digits lost, exceeds T3 by far."""

    def naive(rows):
        yield "torch", "−log(sigmoid(−x))", -torch.log(torch.sigmoid(-rows.tensor("x"))).double().numpy()

    (ratios,) = _try(dataclasses.replace(by_id("T3"), forms=naive), FLOAT32, 0, 0.1)()
    assert ratios.worst > 1e3


def test_the_torch_softplus_breaks_the_relative_bound_in_float64() -> None:
    forms = by_id("T3 threshold").forms
    (double,) = _try(dataclasses.replace(by_id("T3"), forms=forms), FLOAT64, 0, 0.2)()
    (single,) = _try(dataclasses.replace(by_id("T3"), forms=forms), FLOAT32, 0, 0.2)()
    assert double.worst > 1e4
    assert single.worst <= 1.0


@pytest.mark.parametrize("name", FORMATS)
def test_problems_are_exact_in_their_format(name: str) -> None:
    precision = PRECISIONS[name]
    rows = draw(np.random.default_rng(0), precision, 8, 5, 3, 20.0)
    for each in ("features", "theta", "b", "log_q", "x", "g"):
        values = getattr(rows, each)
        assert (precision.round(values) == values).all()
        assert (rows.tensor(each).double().numpy() == values).all()
    assert rows.experts == 2
    # Half of the problems nearly cancel; the others do not.
    size = np.abs(rows.cost) + np.abs(rows.b)[:, None] + np.abs(rows.log_q)
    assert np.median(np.abs(rows.logit)[4:] / size[4:]) < 0.2 * np.median(np.abs(rows.logit)[:4] / size[:4])
    np.testing.assert_allclose(rows.weight[:, :2].sum(axis=1).astype(float), 1.0)


def test_orders_add_up_the_same_integers_and_round_differently() -> None:
    whole = torch.arange(-7.0, 9.0).reshape(2, 8)
    assert {tuple(add(whole).tolist()) for add in ORDERS.values()} == {(-28.0, 36.0)}
    values = torch.tensor([[1.0] + [2.0**-24] * 8])
    assert float(ORDERS["falling"](values)) == 1.0
    assert float(ORDERS["rising"](values)) == 1.0 + 2.0**-21


def test_extended_functions_against_sixty_digits() -> None:
    import mpmath

    x = np.array([-300.0, -20.0, -1e-3, 0.0, 2.0, 44.0, 300.0], dtype=np.longdouble)
    with mpmath.workdps(60):
        for value, plus, share in zip(x, softplus(x), sigmoid(x), strict=True):
            exact = mpmath.log1p(mpmath.exp(float(value)))
            assert abs(mpmath.mpf(float(plus)) - exact) <= 2.0**-53 * exact
            exact = 1 / (1 + mpmath.exp(-float(value)))
            assert abs(mpmath.mpf(float(share)) - exact) <= 2.0**-53 * exact
        exact = mpmath.log(sum(mpmath.exp(float(each)) for each in x))
        assert abs(mpmath.mpf(float(log_sum_exp(x))) - exact) <= 2.0**-53 * exact


def test_parts_alone() -> None:
    assert {each.dtype for each in matrix_products(0, 0.1)} == {"tf32", "bfloat16"}
    (certified,) = certificates(0, 0.1)
    assert 0.0 < certified.worst <= 1.0
    seen = {each.bound for each in observables(FLOAT64, 0, 0.05)}
    assert seen == set(OBSERVABLES)


def test_nan_is_worse_than_anything() -> None:
    ratios = Ratios("T1", "float32", "c")

    def broken(rows):
        yield "torch", "broken", np.full(rows.x.shape, np.nan)

    (ratios,) = _try(dataclasses.replace(by_id("T2"), forms=broken), FLOAT32, 0, 0.05)()
    assert ratios.worst == np.inf
    assert not ratios.holds


def test_a_model_without_roundings_left_says_so() -> None:
    with pytest.raises(ValueError, match="smaller batches"):
        FloatModel(PRECISIONS["bfloat16"], 2.0).gamma(256)
