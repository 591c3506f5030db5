"""Samples counted and samples integrated give the same expectations; both those of tuples written out."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.instances import generic, s4
from ganirl.laplace import expected_log_mean, expected_ratio, reach
from ganirl.resampling import LIMIT, count_vectors, most_draws, number_of_outcomes, resamples

Q = np.array([0.1, 0.2, 0.3, 0.4])
C = np.array([0.2, 0.1, 1.0, 0.4])


def test_count_vectors_are_all_the_compositions() -> None:
    found = {tuple(row) for row in count_vectors(4, 5).tolist()}
    assert found == {row for row in itertools.product(range(6), repeat=4) if sum(row) == 5}
    assert len(count_vectors(4, 5)) == number_of_outcomes(4, 5) == math.comb(8, 3)
    assert count_vectors(1, 7).tolist() == [[7]]


@pytest.mark.parametrize("draws", [1, 3, 64])
def test_probabilities_are_multinomial(draws: int) -> None:
    drawn = resamples(FLOAT64_ARITHMETIC, Q, draws)
    assert drawn.probability.sum() == pytest.approx(1.0, abs=1e-13)
    some = slice(None, None, 1 + len(drawn.counts) // 50)
    stated = stats.multinomial.logpmf(drawn.counts[some], draws, Q)
    assert drawn.log_probability[some] == pytest.approx(stated, abs=1e-11)


@pytest.mark.parametrize("draws", [1, 2, 4])
def test_tuples_written_out(draws: int) -> None:
    """All N^n ordered samples, against counts and against integrals."""
    weight = np.exp(-C) / Q
    log, ratio = 0.0, np.zeros(4)
    for sample in itertools.product(range(4), repeat=draws):
        chance = math.prod(Q[list(sample)])
        drawn = weight[list(sample)]
        log += chance * math.log(drawn.mean())
        ratio += chance * (drawn[:, None] * np.eye(4)[list(sample)]).sum(axis=0) / drawn.sum()
    counted = resamples(FLOAT64_ARITHMETIC, Q, draws)
    mean = counted.mean(weight)
    assert counted.expectation(np.log(mean)) == pytest.approx(log, abs=1e-14)
    assert expected_log_mean(FLOAT64_ARITHMETIC, Q, weight, draws) == pytest.approx(log, abs=1e-14)
    by_count = counted.expectation(counted.mean(weight[:, None] * np.eye(4)) / mean[:, None])
    assert by_count == pytest.approx(ratio, abs=1e-14)
    by_integral = expected_ratio(FLOAT64_ARITHMETIC, Q, weight, np.eye(4), draws)
    assert by_integral == pytest.approx(ratio, abs=1e-14)


def test_a_point_of_weight_zero_is_never_drawn() -> None:
    weight = np.array([0.5, 0.0, 0.5])
    drawn = resamples(FLOAT64_ARITHMETIC, weight, 3)
    assert len(drawn.counts) == 4
    assert not drawn.counts[:, 1].any()
    values = np.array([1.0, 0.0, 3.0])  # nothing positive is asked of a point that is not there
    counted = drawn.expectation(np.log(drawn.mean(values)))
    assert expected_log_mean(FLOAT64_ARITHMETIC, weight, values, 3) == pytest.approx(counted, abs=1e-14)


def test_integrals_serve_weights_over_ninety_nats() -> None:
    values = np.exp(np.array([-60.0, -5.0, 1.0, 30.0]))
    for draws in (1, 2, 8):
        drawn = resamples(FLOAT64_ARITHMETIC, Q, draws)
        counted = drawn.expectation(np.log(drawn.mean(values)))
        bound = 64 * draws * reach(FLOAT64_ARITHMETIC, values) * 2.0**-53
        assert abs(counted - expected_log_mean(FLOAT64_ARITHMETIC, Q, values, draws)) < bound * 32


def test_integrals_serve_thousands_of_trajectories() -> None:
    """n = 1 is known, and E[log] climbs to log E as n grows, at the rate that the delta method gives."""
    problem, theta = generic().problem, generic().theta
    weight = problem.generator_weight
    values = np.exp(-problem.cost.value(theta) - problem.log_q)
    log_z = problem.log_partition(theta)
    single = expected_log_mean(FLOAT64_ARITHMETIC, weight, values, 1)
    assert single == pytest.approx(weight @ np.log(values), abs=1e-11)
    biases = [
        expected_log_mean(FLOAT64_ARITHMETIC, weight, values, n) - log_z for n in (1, 10, 1000, 100_000)
    ]
    assert all(a < b < 0 for a, b in itertools.pairwise(biases))
    cv2 = weight @ (values / np.exp(log_z) - 1) ** 2
    assert biases[-1] * 100_000 == pytest.approx(-cv2 / 2, rel=1e-3)
    means = expected_ratio(FLOAT64_ARITHMETIC, weight, values, np.ones((len(weight), 1)), 1000)
    assert means == pytest.approx(np.ones(1), abs=1e-12)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(ValueError, match="are not an experiment"):
        count_vectors(4, 0)
    with pytest.raises(ValueError, match=f"at most {LIMIT} are enumerated"):
        count_vectors(20, 40)
    with pytest.raises(ValueError, match="not positive and finite"):
        expected_log_mean(FLOAT64_ARITHMETIC, Q, np.array([1.0, 0.0, 1.0, 1.0]), 2)
    with pytest.raises(ValueError, match="0 draws have no mean"):
        expected_ratio(FLOAT64_ARITHMETIC, Q, np.ones(4), np.eye(4), 0)


def test_most_draws_keeps_to_its_limit() -> None:
    assert most_draws(4, 1000, 6) == 6
    assert (
        number_of_outcomes(8, most_draws(8, 1000, 6))
        <= 1000
        < number_of_outcomes(8, most_draws(8, 1000, 6) + 1)
    )
    assert most_draws(4000, 10, 6) == 1
    assert len(s4().problem) == 4
