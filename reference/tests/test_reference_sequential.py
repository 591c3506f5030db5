"""Sequential tests: false-alarm and miss rates counted exactly, simulated, and held whenever one stops."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom

from ganirl.sequential import (
    NOT_ABOVE,
    TOO_LOW,
    OutOfRangeError,
    Question,
    Rates,
    SequentialTest,
    bets,
    decided,
    most_draws,
)
from ganirl.sequential_exact import exact_rates
from ganirl.statistics import Hoeffding, judge_expectation

Array = npt.NDArray[np.float64]
RATES = Rates(alpha=0.05, beta=0.1)


def question(
    expected: float = 0.5, tolerance: float = 0.0, effect: float = 0.2, low: float = 0.0, high: float = 1.0
) -> Question:
    return Question.of(expected=expected, tolerance=tolerance, effect=effect, low=low, high=high)


def at_most(count: int, runs: int, rate: float) -> bool:
    """Whether so many among runs are compatible with that rate, at one in a million."""
    return bool(binom.sf(count - 1, runs, rate) > 1e-6)


# --- exactly ----------------------------------------------------------------------------------------------------

CASES = [
    question(),
    question(expected=0.2, effect=0.15),
    question(expected=0.05, effect=0.2),
    question(expected=0.97, effect=0.25),
    question(expected=1.0, effect=0.3, low=0.6, high=2.5),
    question(expected=-3.0, effect=1.0, low=-5.0, high=0.0),
    question(expected=0.5, effect=0.25, tolerance=0.05),
    question(expected=0.0, effect=0.2),
    question(expected=1.0, effect=0.2),
]


@pytest.mark.parametrize("asked", CASES, ids=lambda asked: f"{asked.expected[0]:g}±{asked.effect[0]:g}")
@pytest.mark.parametrize("rates", [RATES, Rates(0.001, 0.01)], ids=["0.05", "0.001"])
def test_exact_error_rates_are_within_the_contract(asked: Question, rates: Rates) -> None:
    edges = asked.tolerance[0] * np.array([-1.0, 0.0, 1.0])
    right = np.clip(asked.expected[0] + edges, asked.low[0], asked.high[0])
    wrong = asked.expected[0] + asked.effect[0] * np.array([-2.0, -1.5, -1.0, 1.0, 1.5, 2.0])
    wrong = wrong[(wrong >= asked.low[0]) & (wrong <= asked.high[0])]
    found = exact_rates(asked, rates, np.concatenate([right, wrong]))
    failed, passed = found.probability["failed"], found.probability["passed"]
    assert (failed[: len(right)] <= rates.alpha).all()
    assert (passed[len(right) :] <= rates.beta / 2).all()
    assert (1 - failed[len(right) :] <= rates.beta).all()
    assert sum(found.probability.values()) == pytest.approx(np.ones(len(right) + len(wrong)), abs=1e-12)


def test_where_the_range_leaves_no_effect_nothing_is_drawn_for_it() -> None:
    asked = question(expected=0.9, effect=0.2)  # E x ≥ 1.1 is no hypothesis
    made = bets(asked)
    assert made.log_wealth(np.zeros((4, 1, len(made.share))))[NOT_ABOVE, 0] == math.inf
    assert exact_rates(asked, RATES, 0.9).probability["passed"][0] > 0.9


def test_clear_cases_end_early_and_close_ones_late() -> None:
    asked = question()
    found = exact_rates(asked, Rates(1e-4, 0.01), [0.5, 0.7, 1.0, 0.6])
    right, wrong, clear, between = found.draws
    assert clear < wrong / 3
    assert max(right, wrong) < found.most / 2
    assert between > right
    assert found.most == most_draws(asked, Rates(1e-4, 0.01))[0]


@pytest.mark.parametrize("asked", CASES[:4], ids=lambda asked: f"{asked.expected[0]:g}")
def test_no_contract_can_be_had_with_far_fewer_draws(asked: Question) -> None:
    """`most_draws` is what it needs: with a quarter of them an effect of δ is missed too often."""
    mean = asked.expected[0] + asked.effect[0]
    if mean > asked.high[0]:
        mean = asked.expected[0] - asked.effect[0]
    most = int(most_draws(asked, RATES)[0])
    assert 1 - exact_rates(asked, RATES, mean, limit=most // 4).probability["failed"][0] > RATES.beta


def test_counting_agrees_with_all_sequences_drawn_one_by_one() -> None:
    asked, rates, length = question(expected=0.4, effect=0.35), Rates(0.3, 0.4), 9
    chance = 0.7
    found = {"failed": 0.0, "passed": 0.0, "inconclusive": 0.0}
    for sequence in itertools.product((0.0, 1.0), repeat=length):
        test = SequentialTest(asked, rates, limit=length)
        for value in sequence:
            if test.verdict is None:
                test.draw(value)
        assert test.verdict is not None
        heads = int(sum(sequence))
        found[test.verdict] += chance**heads * (1 - chance) ** (length - heads)
    exact = exact_rates(asked, rates, chance, limit=length)
    for name, probability in exact.probability.items():
        assert found[name] == pytest.approx(float(probability[0]), abs=1e-12)
    assert 0.05 < found["failed"] < 0.95


def test_a_wealth_is_what_its_stakes_would_win() -> None:
    asked = question(expected=1.0, effect=0.5, low=0.0, high=4.0)
    test = SequentialTest(asked, Rates(1e-9, 1e-9))
    values = [0.5, 3.0, 1.0, 2.5, 0.0]
    for value in values:
        test.draw(value)
    shares = bets(asked).share
    too_high = np.mean([np.prod([1 + share * (x - 1.0) / 1.0 for x in values]) for share in shares])
    too_low = np.mean([np.prod([1 + share * (1.0 - x) / 3.0 for x in values]) for share in shares])
    not_above = np.mean([np.prod([1 + share * (1.5 - x) / 2.5 for x in values]) for share in shares])
    not_below = np.mean([np.prod([1 + share * (x - 0.5) / 0.5 for x in values]) for share in shares])
    assert np.exp(test.log_wealth[:, 0]) == pytest.approx(
        [too_high, too_low, not_above, not_below], rel=1e-12
    )


def test_under_its_null_a_wealth_is_not_expected_to_grow() -> None:
    """Ville's premise, by exact expectation over three-point values at the null's edge; beyond it, it grows."""
    asked = question(expected=0.3, effect=0.2, tolerance=0.02)
    made = bets(asked)
    points = np.array([0.0, 0.55, 1.0])
    for index in range(4):
        edge = float(made.sign[index, 0] * made.null[index, 0])
        for middle in (0.0, 0.05, 0.1):  # probability of 0.55; the rest at both ends, with that mean
            top = edge - 0.55 * middle
            chance = np.array([1 - middle - top, middle, top])
            assert (chance >= 0).all()
            factor = np.exp([made.logs(np.array([point]))[index, 0] for point in points])
            assert chance @ factor == pytest.approx(np.ones(len(made.share)), abs=1e-12)
            beyond = chance + 0.02 * float(made.sign[index, 0]) * np.array([-1.0, 0.0, 1.0])
            assert (beyond @ factor > 1).all()


# --- by simulation, whatever the distribution ----------------------------------------------------------------------

RUNS = 4000


def simulate(
    asked: Question, rates: Rates, draw: Callable[[int], Array], runs: int = RUNS
) -> tuple[int, int, int]:
    """Run many tests side by side, as the numbers of one question; return (failed, passed, draws)."""
    many = Question.of(
        expected=np.full(runs, asked.expected[0]),
        tolerance=asked.tolerance[0],
        effect=asked.effect[0],
        low=asked.low[0],
        high=asked.high[0],
    )
    test = SequentialTest(many, rates)
    while not (test.failed | test.passed).all() and test.draws < test.most:
        test.draw(draw(runs))
    return int(test.failed.sum()), int(test.passed.sum()), test.draws


DISTRIBUTIONS: dict[str, Callable[[np.random.Generator, float, int], Array]] = {
    "uniform": lambda rng, mean, n: np.clip(mean + 0.3 * (2 * rng.random(n) - 1), 0, 1),
    "beta": lambda rng, mean, n: rng.beta(4 * mean, 4 * (1 - mean), n),
    "two points": lambda rng, mean, n: (rng.random(n) < mean).astype(float),
    "rare": lambda rng, mean, n: np.where(rng.random(n) < 0.1, 1.0, (mean - 0.1) / 0.9),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_false_alarms_and_misses_over_thousands_of_runs(name: str) -> None:
    rng = np.random.default_rng(5)
    asked = question(expected=0.45, tolerance=0.02, effect=0.2)
    for edge in (0.43, 0.47):  # the boundary of what is right
        failed, _, _ = simulate(asked, RATES, partial(DISTRIBUTIONS[name], rng, edge))
        assert at_most(failed, RUNS, RATES.alpha)
    for off in (0.25, 0.65):
        failed, passed, _ = simulate(asked, RATES, partial(DISTRIBUTIONS[name], rng, off))
        assert at_most(passed, RUNS, RATES.beta / 2)
        assert at_most(RUNS - failed, RUNS, RATES.beta)


def test_peeking_breaks_a_test_of_fixed_size_and_not_this_one() -> None:
    """Both look after every draw, and an alarm at any time counts; expectations are right."""
    rng, runs, longest, alpha = np.random.default_rng(11), 1000, 2000, 0.1
    drawn = np.arange(1, longest + 1)
    made, rates = bets(question()), Rates(alpha, 0.1)
    at_low, at_high = (made.logs(np.array([end])) for end in (0.0, 1.0))
    radius = np.array([Hoeffding(0, 1).radius(float(n), alpha / 2) for n in drawn])
    peeked = alarms = 0
    for _ in range(runs):
        values = (rng.random(longest) < 0.5).astype(float)
        heads = np.cumsum(values)
        looks = np.abs(heads / drawn - 0.5) > radius
        if looks.any():
            sample = values[: int(np.argmax(looks)) + 1]
            told = judge_expectation(sample, 0.5, Hoeffding(0, 1), alpha=alpha, beta=0.1, effect=0.2)
            peeked += told.verdict == "failed"
        counts = heads[None, :, None]
        wealth = made.log_wealth(counts * at_high + (drawn[None, :, None] - counts) * at_low)
        alarms += bool(decided(wealth, rates)[0].any())
    assert not at_most(peeked, runs, alpha)  # the twin that must fail
    assert at_most(alarms, runs, alpha)


def test_many_numbers_share_their_draws_and_the_first_that_fails_ends_it() -> None:
    rng = np.random.default_rng(3)
    asked = Question.of(
        expected=[0.5, 0.5, 2.0], tolerance=0.0, effect=[0.1, 0.1, 0.4], low=0.0, high=[1, 1, 4]
    )
    right, wrong = SequentialTest(asked, Rates(1e-4, 0.01)), SequentialTest(asked, Rates(1e-4, 0.01))
    while right.verdict is None:
        right.draw(rng.random(3) * [1, 1, 4])
    while wrong.verdict is None:
        wrong.draw(rng.random(3) * [1, 0.6, 4])
    assert (right.verdict, wrong.verdict, wrong.worst) == ("passed", "failed", 1)
    assert right.mean == pytest.approx([0.5, 0.5, 2.0], abs=0.2)
    assert wrong.log_wealth[TOO_LOW, 1] > -math.log(0.5e-4)


def test_a_limit_that_is_too_low_is_inconclusive() -> None:
    test = SequentialTest(question(), RATES, limit=3)
    for value in (0.4, 0.6, 0.5):
        assert test.verdict is None
        test.draw(value)
    assert test.verdict == "inconclusive"


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1.2, -0.1, math.nan, math.inf])
def test_a_draw_out_of_range_is_refused(value: float) -> None:
    test = SequentialTest(question(tolerance=0.05), RATES)
    with pytest.raises(OutOfRangeError, match="lies outside"):
        test.draw(value)
    assert test.draws == 0


def test_rounding_beside_the_range_is_the_end_of_the_range() -> None:
    beside, at = (
        SequentialTest(question(tolerance=0.05), RATES),
        SequentialTest(question(tolerance=0.05), RATES),
    )
    beside.draw(1.04)
    at.draw(1.0)
    assert (beside.log_wealth == at.log_wealth).all()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"low": 1.0}, "low to a higher high"),
        ({"expected": 1.5}, "outside of the range"),
        ({"effect": 0.0}, "larger than the tolerance"),
        ({"tolerance": 0.3}, "larger than the tolerance"),
        ({"tolerance": -0.1}, "larger than the tolerance"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(changed: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        question(**changed)


def test_rates_and_two_point_values_are_checked() -> None:
    for alpha, beta in ((0.0, 0.5), (1.0, 0.5), (0.5, 0.0), (0.5, 1.0)):
        with pytest.raises(ValueError, match="between 0 and 1"):
            Rates(alpha, beta)
    with pytest.raises(ValueError, match="one number"):
        exact_rates(Question.of(expected=[0.5, 0.5], tolerance=0, effect=0.1, low=0, high=1), RATES, 0.5)
    with pytest.raises(ValueError, match="lies there"):
        exact_rates(question(), RATES, 1.5)
