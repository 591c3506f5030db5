"""The truth of many problems at once is, lane by lane, the truth of each; b* of lanes is the certified b*."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ganirl import PRECISIONS, Case, Conventions, Rows, Steps, objectives
from ganirl.bounds import FloatModel
from ganirl.lanes import applied, contracted, dot, mapped, number, picked, side_by_side
from ganirl.optimum import near_optimum, optimal_b
from ganirl.truth import Expected, Truth

LANES, ROWS, STEPS, STATES, ACTIONS, FEATURES = 7, (3, 5), 3, 2, 4, 2

QUANTITIES = (
    *("logit", "probability", "log_likelihood", "log_partition", "loss", "loss_by_mixture", "gradient_theta"),
    *("gradient_b", "balance", "generator_loss", "reward", "surrogate_gradient", "scaled_surrogate_gradient"),
)

CONVENTIONS = (
    Conventions(),
    Conventions(log_q="computed", loss_scale="mean_of_all", loss_form="bce"),
    Conventions(log_q="absent", loss_scale="sum", loss_form="softplus"),
    Conventions(log_q="computed", log_q_constant=0.7, loss_form="log_sigmoid", loss_factor=0.5),
)


def random_lanes(seed: int, precision: str) -> Case:
    rng = np.random.default_rng(seed)
    to_format = PRECISIONS[precision].round

    def side(rows: int) -> Rows:
        length = rng.integers(1, STEPS + 1, (LANES, rows))
        mask = np.arange(STEPS) < length[..., None]
        state, action = (rng.integers(0, size, mask.shape) * mask for size in (STATES, ACTIONS))
        features = to_format(rng.normal(size=(*mask.shape, FEATURES)) * mask[..., None])
        weight = rng.integers(1, 9, (LANES, rows)).astype(float)
        steps = Steps(state, action, state, mask & False, mask, features)
        log_q = to_format(rng.normal(size=(LANES, rows)) - 2.0)
        return Rows(
            to_format(features.sum(axis=-2)), log_q, to_format(weight / weight.sum(-1, keepdims=True)), steps
        )

    theta, b = to_format(rng.normal(size=(LANES, FEATURES))), to_format(3.0 * rng.normal(size=LANES))
    policy_logits = to_format(rng.normal(size=(LANES, STATES, ACTIONS)))
    return Case(theta, b, policy_logits, side(ROWS[0]), side(ROWS[1]), precision, "trajectory")


def lane_of(case: Case, lane: int) -> Case:
    return mapped(case, lambda array: np.asarray(array)[lane])


def assert_same(of_lanes: np.ndarray, lane: int, alone: np.ndarray) -> None:
    mine = np.broadcast_to(of_lanes, (LANES, *np.shape(alone)))[lane]
    np.testing.assert_allclose(mine, alone, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("conventions", CONVENTIONS, ids=lambda each: each.loss_form)
@pytest.mark.parametrize("given", [False, True], ids=["truth", "given logits"])
def test_the_truth_of_lanes_is_the_truth_of_each(
    precision: str, conventions: Conventions, given: bool
) -> None:
    case = side_by_side(random_lanes(11, precision))
    arithmetic = FloatModel(PRECISIONS[precision], 3.0)
    truth = Truth(case, conventions, arithmetic)
    logits = truth.all_logits + 0.25 * np.cos(np.arange(truth.all_logits.size)).reshape(
        truth.all_logits.shape
    )
    if given:
        truth = truth.given(logits)
    for lane in range(LANES):
        alone = Truth(lane_of(case, lane), conventions, arithmetic, logits[lane] if given else None)
        for name in QUANTITIES:
            mine: Expected = getattr(truth, name)
            its: Expected = getattr(alone, name)
            assert_same(mine.value, lane, its.value)
            assert_same(mine.bound, lane, its.bound)
            assert np.all(its.bound > 0.0), name
        assert_same(truth.curvature, lane, alone.curvature)
        assert_same(np.asarray(truth.worst_derivative), lane, np.asarray(alone.worst_derivative))


def test_a_lane_knows_nothing_of_the_others() -> None:
    case = random_lanes(12, "float64")
    arithmetic = FloatModel(PRECISIONS["float64"], 3.0)
    before = Truth(case, CONVENTIONS[1], arithmetic)
    b = case.b.copy()
    b[3] += 1.0
    after = Truth(replace(case, b=b), CONVENTIONS[1], arithmetic)
    changed = before.loss.value != after.loss.value
    assert changed.tolist() == [lane == 3 for lane in range(LANES)]


def test_scores_of_lanes_are_those_of_each() -> None:
    case = random_lanes(13, "float64")
    score = objectives.policy_score(case.policy_logits, case.generator.steps)
    gradient = objectives.generator_gradient(
        case.generator.weight,
        applied(case.generator.features, case.theta),
        case.generator.log_q,
        case.b[:, None],
        score,
    )
    for lane in range(LANES):
        alone = lane_of(case, lane)
        its = objectives.policy_score(alone.policy_logits, alone.generator.steps)
        assert np.array_equal(score[lane], its)
        rows = alone.generator
        expected = objectives.generator_gradient(
            rows.weight, rows.features @ alone.theta, rows.log_q, float(alone.b), its
        )
        np.testing.assert_allclose(gradient[lane], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scales", [(1.0, 1.0), (3.0, 5.0)])
@pytest.mark.parametrize("spread", [0.1, 1.0, 30.0])
def test_b_of_lanes_is_the_certified_one(scales: tuple[float, float], spread: float) -> None:
    rng = np.random.default_rng(5)
    w_p, w_q = rng.dirichlet(np.ones(6), 40), rng.dirichlet(np.ones(6), 40)
    w_q[::3, 2] = 0.0
    w_q /= w_q.sum(axis=1, keepdims=True)
    c, log_q = spread * rng.normal(size=(40, 6)), spread * rng.normal(size=(40, 6))
    found = near_optimum(w_p, w_q, c, log_q, alpha_p=scales[0], alpha_q=scales[1])
    for lane in range(40):
        one = optimal_b(w_p[lane], w_q[lane], c[lane], log_q[lane], alpha_p=scales[0], alpha_q=scales[1])
        # To where the slope drowns in rounding: a thousandth of what is lost at the least curvature here.
        slack = one.radius + 1e-9 * (1.0 + abs(one.b))
        assert abs(found[lane] - one.b) <= slack, (lane, found[lane], one)


def test_what_one_problem_does_by_indexing_lanes_do_lane_by_lane() -> None:
    rng = np.random.default_rng(6)
    table, places = (
        rng.normal(size=(LANES, 4, 3, 2)),
        (rng.integers(0, 4, (LANES, 5, 6)), rng.integers(0, 3, (LANES, 5, 6))),
    )
    rows, vector, weight = (
        rng.normal(size=(LANES, 5, 6, 2)),
        rng.normal(size=(LANES, 2)),
        rng.normal(size=(LANES, 5)),
    )
    for lane in range(LANES):
        assert np.array_equal(picked(table, *places)[lane], table[lane][tuple(each[lane] for each in places)])
        np.testing.assert_allclose(applied(rows, vector)[lane], rows[lane] @ vector[lane], rtol=1e-13)
        np.testing.assert_allclose(
            applied(rows[:, :, 0], vector)[lane], rows[lane, :, 0] @ vector[lane], rtol=1e-13
        )
        np.testing.assert_allclose(
            contracted(weight, rows[:, :, 0])[lane], weight[lane] @ rows[lane, :, 0], rtol=1e-12
        )
        np.testing.assert_allclose(dot(weight, weight)[lane], weight[lane] @ weight[lane], rtol=1e-13)
    assert isinstance(number(np.float64(2.0)), float)
    assert np.shape(number(weight)) == weight.shape


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_log_q_is_exact_where_it_was_handed_over_and_rounded_where_it_is_computed(precision: str) -> None:
    case, arithmetic = random_lanes(14, precision), FloatModel(PRECISIONS[precision], 3.0)
    for conventions in (Conventions(), Conventions(log_q="absent")):
        assert not np.any(Truth(case, conventions, arithmetic).log_q_error(arithmetic))
    computed = Truth(case, Conventions(log_q="computed"), arithmetic)
    assert np.all(computed.log_q_error(arithmetic) > 0.0)
    assert np.array_equal(computed.log_q_error(arithmetic), computed.log_likelihood_error(arithmetic))
    assert computed.log_q_error(arithmetic).max() < 1e3 * PRECISIONS[precision].unit_roundoff
