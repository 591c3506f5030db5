"""The sequential t-test: right for normal draws, and honest about the rest."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import quad
from scipy.stats import binom

from ganirl.sequential import Rates
from ganirl.sequential_normal import (
    BLOCK,
    FEWEST_BLOCKS,
    FEWEST_TO_FAIL,
    MOST_ERROR,
    SPREAD_OF_EFFECTS,
    NormalTest,
    radius,
)

RUNS = 2000
RATES = Rates(alpha=0.02, beta=0.1)


def run(
    draw: Callable[[], npt.NDArray[np.float64]],
    mean: float,
    rates: Rates = RATES,
    effect: float = 0.25,
    limit: int = 3000,
) -> NormalTest:
    """Many tests side by side, as the numbers of one."""
    test = NormalTest(np.zeros(RUNS), np.zeros(RUNS), np.full(RUNS, effect), rates, limit)
    while not (test.failed | test.passed).all() and test.draws < limit:
        test.draw(mean + draw())
    return test


def at_most(count: int, rate: float) -> bool:
    return bool(binom.sf(count - 1, RUNS, rate) > 1e-6)


def test_rates_hold_for_normal_draws_of_any_scale() -> None:
    rng = np.random.default_rng(7)
    scale = np.exp(rng.normal(size=RUNS) / 3)
    right = run(lambda: scale * rng.standard_normal(RUNS), 0.0)
    assert at_most(int(right.failed.sum()), RATES.alpha)
    assert right.passed.mean() > 0.9
    wrong = run(lambda: scale * rng.standard_normal(RUNS), 0.25)
    assert at_most(int(wrong.passed.sum()), RATES.beta / 2)
    assert wrong.failed.mean() > 0.9


def test_a_plain_t_test_at_every_look_breaks_the_rate() -> None:
    """The twin that must fail: the radius of one look, looked at as often as the sequence is."""
    rng, blocks = np.random.default_rng(8), 150
    values = rng.standard_normal((RUNS, blocks))
    n = np.arange(1, blocks + 1)
    mean = np.cumsum(values, axis=1) / n
    deviation = np.sqrt(np.cumsum(values**2, axis=1) / n - mean**2)
    looked = slice(FEWEST_BLOCKS - 1, None)
    naive = 2.326 * deviation / np.sqrt(np.maximum(n - 1, 1))  # 2 % at a single look
    assert not at_most(int((np.abs(mean) > naive)[:, looked].any(axis=1).sum()), 0.02)
    wide = np.stack([radius(int(count), deviation[:, count - 1], 0.02) for count in n[1:]], axis=1)
    assert at_most(int((np.abs(mean[:, 1:]) > wide).any(axis=1).sum()), 0.02)


def test_the_radius_is_where_the_mixture_of_likelihoods_says() -> None:
    """By integration over effects and over the scale, which the closed form has done away with."""
    values = np.array([0.3, 1.1, -0.4, 0.8, 0.9, 0.2])
    n, rate = len(values), 0.2
    half = float(radius(n, np.array([values.std()]), rate)[0])
    off = values - (values.mean() - half)
    square, total = float(off @ off), float(off.sum())

    def given(effect: float) -> float:
        """∫ σ^{−n−1} exp(−Σ(x − δσ)²/2σ²) dσ, up to what both have."""
        found: float = quad(
            lambda s: s ** (n - 1) * math.exp(-square * s * s / 2 + effect * total * s - n * effect**2 / 2),
            0,
            np.inf,
        )[0]
        return found

    prior = SPREAD_OF_EFFECTS
    mixed = quad(
        lambda effect: (
            given(effect) * math.exp(-((effect / prior) ** 2) / 2) / (prior * math.sqrt(2 * math.pi))
        ),
        -8 * prior,
        8 * prior,
    )[0]
    assert mixed / given(0.0) == pytest.approx(1 / rate, rel=1e-6)
    assert radius(2, np.array([1.0]), 1e-9)[0] == math.inf


def test_skewed_draws_are_off_by_no_more_than_it_says() -> None:
    rng = np.random.default_rng(9)
    test = run(lambda: rng.exponential(size=RUNS) - 1, 0.0)
    assert 0.01 < test.approximation_error < 1.0
    assert at_most(int(test.failed.sum()), RATES.alpha + test.approximation_error)
    heavy = run(lambda: rng.pareto(1.5, size=RUNS) - 2.0, 0.0, limit=BLOCK * FEWEST_BLOCKS)
    # A variance that does not exist: its estimate is no safeguard, and the error says so.
    assert heavy.approximation_error > 0.2


def test_the_error_of_the_approximation_is_berry_and_esseens() -> None:
    values = np.random.default_rng(2).exponential(size=500)
    test = NormalTest(np.ones(1), np.zeros(1), np.ones(1), RATES, 10_000)
    for value in values:
        test.draw(np.array([value]))
    third = np.mean(np.abs(values - values.mean()) ** 3)
    exact = 0.4748 * third / values.std() ** 3 / math.sqrt(len(values))
    assert test.approximation_error == pytest.approx(exact, rel=1e-9)
    assert NormalTest(np.ones(1), np.zeros(1), np.ones(1), RATES, 9).approximation_error == 1.0
    assert test.mean[0] == pytest.approx(values.mean(), rel=1e-12)


def test_nothing_is_decided_before_the_blocks_are_many_and_the_limit_ends_it() -> None:
    test = NormalTest(np.zeros(1), np.zeros(1), np.full(1, 0.1), RATES, BLOCK * FEWEST_BLOCKS)
    rng = np.random.default_rng(1)
    for _ in range(BLOCK * FEWEST_BLOCKS - 1):
        test.draw(rng.standard_normal(1) * 5)
        assert test.verdict is None
    test.draw(np.zeros(1))
    assert test.verdict == "inconclusive"


def test_a_draw_that_is_not_finite_fails() -> None:
    test = NormalTest(np.zeros(2), np.zeros(2), np.ones(2), RATES, 100)
    test.draw(np.array([0.0, math.nan]))
    assert (test.verdict, test.worst, test.not_finite) == ("failed", 1, True)


SHARE = Rates(alpha=1e-5, beta=0.01)
TWELVE = 12 * 6  # runs of six numbers, side by side


def judged(
    seed: int, draw: Callable[[np.random.Generator], npt.NDArray[np.float64]], limit: int
) -> NormalTest:
    """Numbers that should be 0."""
    rng = np.random.default_rng(seed)
    size = len(draw(np.random.default_rng(0)))
    test = NormalTest(np.zeros(size), np.zeros(size), np.full(size, 0.125), SHARE, limit)
    while test.verdict is None:
        test.draw(draw(rng))
    return test


def jackpots(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Zero on average; most often −1."""
    return np.where(rng.random(TWELVE) < 0.002, 499.0, -1.0)


def rarely_one(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A probability of 5e-6, drawn as yes or no."""
    return (rng.random(TWELVE) < 5e-6).astype(np.float64) - 5e-6


def noisy_jackpots(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """They vary before the first jackpot, too."""
    return jackpots(rng) + 0.1 * rng.standard_normal(TWELVE)


@pytest.mark.parametrize("draw", [jackpots, noisy_jackpots, rarely_one])
def test_rare_values_are_no_certainty_before_they_are_seen(
    draw: Callable[[np.random.Generator], npt.NDArray[np.float64]],
) -> None:
    test = judged(3, draw, FEWEST_TO_FAIL)
    assert test.verdict == "inconclusive"
    # The twin: after the first blocks, the radius alone finds a number off in each of the twelve runs.
    rng = np.random.default_rng(3)
    early = np.array([draw(rng) for _ in range(BLOCK * FEWEST_BLOCKS)])
    blocks = early.reshape(FEWEST_BLOCKS, BLOCK, TWELVE).mean(axis=1)
    off = np.abs(blocks.mean(axis=0)) > radius(FEWEST_BLOCKS, blocks.std(axis=0), SHARE.alpha)
    assert off.reshape(12, 6).any(axis=1).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_shift_by_a_tenth_of_normal_noise_is_found(seed: int) -> None:
    test = judged(seed, lambda rng: rng.standard_normal(6) + 0.1, 2**15)
    assert test.verdict == "failed"
    assert test.errors[test.worst] <= MOST_ERROR
    right = judged(seed, lambda rng: rng.standard_normal(6), 2**15)
    assert right.verdict == "passed"


def test_a_mean_fails_as_soon_as_it_has_been_off_for_half_of_the_draws() -> None:
    draws = np.random.default_rng(4).standard_normal(8192) + np.repeat([0.0, 0.5], [2048, 6144])
    blocks = draws.reshape(-1, BLOCK).mean(axis=1)

    def off(count: int) -> bool:
        seen = blocks[:count]
        return bool(abs(seen.mean()) > radius(count, np.array([seen.std()]), SHARE.alpha)[0])

    first = next(count for count in range(FEWEST_BLOCKS, len(blocks)) if off(count)) * BLOCK
    assert first > FEWEST_TO_FAIL // 2
    test = NormalTest(np.zeros(1), np.zeros(1), np.full(1, 1e-3), SHARE, len(draws))
    for value in draws:
        test.draw(np.array([value]))
        if test.verdict is not None:
            break
    assert (test.verdict, test.draws) == ("failed", 2 * first)


def test_what_never_varies_passes_late_if_it_is_right_and_never_fails() -> None:
    test = NormalTest(np.zeros(3), np.full(3, 1e-9), np.full(3, 0.1), SHARE, 2 * FEWEST_TO_FAIL)
    still = np.array([0.0, 1e-10, 1e-3])
    for _ in range(FEWEST_TO_FAIL - 1):
        test.draw(still)
    assert not test.passed.any()
    test.draw(still)
    assert (test.passed.tolist(), test.failed.any()) == ([True, True, False], False)
    while test.verdict is None:
        test.draw(still)
    assert (test.verdict, test.worst, bool(test.varies.any())) == ("inconclusive", 2, False)


def test_a_mean_of_draws_lies_among_them() -> None:
    test = NormalTest(np.full(1, 5e-6), np.zeros(1), np.ones(1), SHARE, 1000)
    for _ in range(300):
        test.draw(np.zeros(1))
    assert test.mean[0] == 0.0
