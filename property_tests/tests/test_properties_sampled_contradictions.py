"""Counterexamples of expectations: intervals that hold, smaller cases within one budget, replays with error rates."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from ganirl import Case, Conventions, Rows, wrap
from ganirl_properties import verify
from ganirl_properties.case_data import case_from_data
from ganirl_properties.replaying import Replayed, Wrong, replay
from ganirl_properties.report import Counterexample, Verdict
from ganirl_properties.sampled import CONTRACTS, contradiction, replaying, smaller
from ganirl_properties.sampled.interval import bounded_interval, log_wealth, normal_interval
from ganirl_properties.targets.numpy_objectives import NumpyTarget

NUMPY = NumpyTarget()


def coin(lean: float, **more: Any) -> Any:
    """An estimate of Z: a coin between the ends of what rows may give, off by a share of the way to the middle."""

    def log_partition(case: Case) -> float:
        weights = log_weights(case)
        low, high = math.exp(min(weights)), math.exp(max(weights))
        share = (math.exp(NUMPY.log_partition(case)) - low) / (high - low)
        heads = np.random.default_rng(case.seed).random() < share + (lean if share < 0.5 else -lean)
        return math.log(high if heads else low)

    return wrap(
        name=f"coin {lean}",
        log_partition=log_partition,
        conventions=Conventions(log_q="computed", weights=True, sampled=("log_partition",)),
        **more,
    )


def log_weights(case: Case) -> list[float]:
    return [
        float(weight)
        for rows in (case.expert, case.generator)
        for weight in case.b + np.log(2) - np.logaddexp(0.0, -NUMPY.discriminator_logit(case, rows))
    ]


def judged(target: Any, claim: str = "B4", **options: Any) -> Verdict:
    (row,) = verify(
        target, claims=[claim], **({"dtypes": ["float64"], "profile": "smoke"} | options)
    ).verdicts
    return row


def counterexample(target: Any, claim: str = "B4", **options: Any) -> Counterexample:
    row = judged(target, claim, **options)
    assert row.verdict == "violated", row
    assert row.counterexample is not None
    return row.counterexample


def again(target: Any, found: Counterexample, **changes: Any) -> Replayed:
    assert found.draws is not None
    wrong = Wrong(
        found.observable, found.component, found.expected, dataclasses.replace(found.draws, **changes)
    )
    return replay(target, case_from_data(found.case), claim=found.claim, check=found.check, wrong=wrong)


# --- intervals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chance", [0.5, 0.05])
def test_an_interval_misses_no_more_than_it_says_whenever_one_looks(chance: float) -> None:
    alpha, runs, missed = 0.2, 200, 0
    rng = np.random.default_rng(5)
    for _ in range(runs):
        values = (rng.random(600) < chance) * 3.0 - 1.0
        mean = 3.0 * chance - 1.0
        looks = [bounded_interval(values[:count], -1.0, 2.0, alpha, 8) for count in (20, 60, 200, 600)]
        missed += any(not low <= mean <= high for low, high in looks)
        assert all(-1.0 <= low <= high <= 2.0 for low, high in looks)
    assert binom.sf(missed - 1, runs, alpha) > 1e-6
    assert missed > 0  # and it is no wider than it has to be by orders of magnitude


def test_an_interval_ends_where_the_bets_are_just_enough() -> None:
    values = np.random.default_rng(1).beta(2.0, 5.0, 300)
    low, high = bounded_interval(values, 0.0, 1.0, 1e-4, 8)
    for null, end in ((low, 0.0), (high, 1.0)):
        assert log_wealth(values, null, end, 8) == pytest.approx(math.log(2 / 1e-4), abs=1e-6)
    assert low < values.mean() < high
    wider = bounded_interval(values, 0.0, 1.0, 1e-8, 8)
    assert wider[0] < low < high < wider[1]
    # Turned over it is turned over.
    assert bounded_interval(1 - values, 0.0, 1.0, 1e-4, 8) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_a_normal_interval_misses_no_more_than_it_says() -> None:
    alpha, runs = 0.1, 200
    rng = np.random.default_rng(3)
    missed = sum(
        not low <= 2.0 <= high
        for low, high in (normal_interval(rng.normal(2.0, 3.0, 800), alpha) for _ in range(runs))
    )
    assert binom.sf(missed - 1, runs, alpha) > 1e-6
    assert normal_interval(np.ones(20), alpha) == (-math.inf, math.inf)


# --- what is saved --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_what_is_saved_can_be_drawn_again_by_its_seeds(seed: int) -> None:
    target = coin(0.3)
    found = counterexample(target, seed=seed)
    draws = found.draws
    assert draws is not None
    case = case_from_data(found.case)
    log_z = NUMPY.log_partition(case)
    values = [
        math.exp(
            target.log_partition(dataclasses.replace(case, seed=(draws.first_seed + number) % 2**31)) - log_z
        )
        for number in range(draws.count)
    ]
    assert np.mean(values) == pytest.approx(found.got, rel=1e-12)
    assert np.std(values, ddof=1) / math.sqrt(draws.count) == pytest.approx(draws.standard_error)
    assert found.expected == 1.0
    low, high = draws.interval
    assert low > 1.0 + found.bound or high < 1.0 - found.bound
    assert min(values) >= draws.range[0] - found.bound
    assert max(values) <= draws.range[1] + found.bound
    # What a replay looks for has been shown to be there.
    assert draws.effect <= max(low - 1.0, 1.0 - high) or draws.effect < abs(found.got - 1.0) / 2


def test_a_case_gets_smaller_and_the_budget_of_one_number_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    small = counterexample(coin(0.3), seed=1)
    monkeypatch.setattr(smaller, "_LENGTHS", ())
    monkeypatch.setattr(smaller, "_SIZES", 0)
    large = counterexample(coin(0.3), seed=1)
    assert small.draws is not None
    assert large.draws is not None
    assert sum(small.rows) < sum(large.rows)
    assert (large.draws.smaller, 0 < small.draws.smaller <= smaller.MOST_TRIES) == (0, True)
    assert small.draws.alpha * smaller.MOST_TRIES == pytest.approx(large.draws.alpha)
    assert large.draws.alpha == CONTRACTS["smoke"].alpha


def test_a_smaller_case_that_leaves_its_range_is_given_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its normal approximation would take all the draws that there are for every smaller case."""
    plain = coin(0.3)

    def log_partition(case: Case) -> float:
        return float(plain.log_partition(case)) + (3.0 if len(case.expert) == 1 else 0.0)

    tried = []
    of_one = smaller._drawn

    def spied(*arguments: Any) -> Any:
        tried.append(of_one(*arguments))
        return tried[-1]

    monkeypatch.setattr(smaller, "_drawn", spied)
    target = wrap(log_partition=log_partition, conventions=plain.conventions)
    found = counterexample(target, seed=1)
    assert found.rows[0] > 1
    assert len(tried) > 1
    assert None in tried
    assert all(each is None or each.approximation is None for each in tried)


def test_verdicts_do_not_change_by_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counterexample is looked for where the verdict is there; nothing that it draws is counted as evidence."""
    shown = judged(coin(0.3), seed=2)
    monkeypatch.setattr(contradiction, "smallest", lambda outcome, rates, *_: (outcome, rates, 0))
    plain = judged(coin(0.3), seed=2)
    same = dataclasses.replace(plain, message=f"on a larger case, {plain.message}", counterexample=None)
    assert dataclasses.replace(shown, counterexample=None) == same
    assert shown.counterexample != plain.counterexample


def test_a_normal_approximation_keeps_the_case_that_decided() -> None:
    def noisy(case: Case, rows: Rows) -> Any:
        noise = np.random.default_rng(case.seed).normal(0.4, 0.2, len(rows))
        return NUMPY.discriminator_logit(case, rows) + noise

    target = wrap(
        discriminator_logit=noisy,
        conventions=Conventions(log_q="computed", weights=True, sampled=("discriminator_logit",)),
    )
    found = counterexample(target, "A4")
    assert found.draws is not None
    assert found.draws.approximation is not None
    assert (found.draws.smaller, found.draws.stakes) == (0, 0)
    assert "by a normal approximation, the expectation is between" in found.however
    assert again(target, found).outcome == "FAILS"


def test_a_departure_by_design_has_no_counterexample() -> None:
    row = judged(coin(0.3, departures={"B4": "a control variate of known bias"}))
    assert (row.verdict, row.counterexample) == ("waived", None)


# --- replays --------------------------------------------------------------------------------------------------


def test_code_that_is_as_it_was_fails_again_and_right_code_is_fixed() -> None:
    ends = []
    for seed in range(6):
        found = counterexample(coin(0.2), seed=seed)
        ends.append((again(coin(0.2), found).outcome, again(coin(0.0), found).outcome))
    assert ends == [("FAILS", "FIXED")] * 6


def test_less_than_the_contracts_effect_is_found_again() -> None:
    """What was found by more draws than δ needs would pass δ: a replay looks for what the draws have shown."""
    effect, lean = CONTRACTS["smoke"].effect, 0.06
    for seed in range(200):
        row = judged(coin(lean), seed=seed)
        if row.verdict == "violated":
            break
    found = row.counterexample
    assert found is not None
    assert found.draws is not None
    width = found.draws.range[1] - found.draws.range[0]
    assert lean < effect
    assert found.draws.effect < effect * width
    ends = [again(coin(lean), found, first_seed=10**6 * turn).outcome for turn in range(12)]
    assert ends.count("FAILS") >= 11


def test_false_alarms_and_misses_of_replays_are_within_their_rates() -> None:
    found = counterexample(coin(0.3), seed=1)
    assert found.draws is not None
    loose: dict[str, Any] = {"alpha": 0.3, "beta": 0.2}
    share = found.draws.effect / (found.draws.range[1] - found.draws.range[0])
    runs = 120
    right, off = (
        [again(coin(lean), found, first_seed=10**5 * turn, **loose).outcome for turn in range(runs)]
        for lean in (0.0, share)
    )
    assert binom.sf(right.count("FAILS") - 1, runs, loose["alpha"]) > 1e-6
    assert binom.sf(off.count("FIXED") - 1, runs, loose["beta"]) > 1e-6
    assert right.count("FIXED") > runs / 2
    assert off.count("FAILS") > runs / 2


def test_a_fix_is_told_with_its_rate_and_its_numbers() -> None:
    found = counterexample(coin(0.3), seed=1)
    told = again(coin(0.0), found)
    assert found.draws is not None
    assert told.draws is not None
    assert (told.outcome, told.draws.beta, told.draws.effect) == ("FIXED", 0.01, found.draws.effect)
    assert told.draws.first_seed == found.draws.first_seed + found.draws.count
    assert told.message.endswith(
        f"were its expectation {found.draws.effect:.3g} or more away, this would be said with a probability of at "
        "most 0.01."
    )
    assert told == again(coin(0.0), found)


def sometimes_nan(lost: Callable[[Case], bool]) -> Any:
    """A right coin, but for the calls that are lost."""
    plain = coin(0.0)
    return wrap(
        log_partition=lambda case: math.nan if lost(case) else plain.log_partition(case),
        conventions=plain.conventions,
    )


def of_seeds(case: Case) -> bool:
    return case.seed % 50 == 3


def lost_by_seed() -> Counterexample:
    """Some run sees it: most take fewer draws than it takes to."""
    rows = (judged(sometimes_nan(of_seeds), seed=seed) for seed in range(40))
    return next(row.counterexample for row in rows if row.counterexample is not None)


def test_what_was_not_finite_is_asked_by_its_seed_again() -> None:
    found = lost_by_seed()
    assert found.draws is not None
    seed = found.draws.first_seed + found.draws.count - 1
    assert of_seeds(dataclasses.replace(case_from_data(found.case), seed=seed))
    told = again(sometimes_nan(of_seeds), found)
    assert (told.outcome, told.draws and told.draws.first_seed) == ("FAILS", seed)
    assert math.isnan(told.got)
    assert f"with seed {seed} again what is not finite" in told.message
    # A mean of fewer draws than it takes to see another such seed is what it should be.
    other = again(sometimes_nan(lambda case: case.seed == seed), found)
    assert (other.outcome, other.draws and other.draws.count) == ("FAILS", 1)


def test_a_fix_of_what_was_not_finite_says_what_was_tried() -> None:
    found = lost_by_seed()
    assert found.draws is not None
    told = again(coin(0.0), found)
    tried = re.search(
        r"so are (\d+) new draws: were one not finite with a probability of (\S+) or", told.message
    )
    assert told.outcome == "FIXED"
    assert tried is not None
    draws, rate = int(tried[1]), float(tried[2])
    assert draws >= found.draws.count * (1 / found.draws.beta - 1)
    assert (1 - rate) ** draws == pytest.approx(found.draws.beta, rel=0.1)
    assert rate < 1 / 50


def test_what_is_not_finite_whatever_the_seed_is_seen_again() -> None:
    """The mean of so few draws as decide it is finite more often than not."""
    found = lost_by_seed()
    ends = []
    for turn in range(12):
        rng = np.random.default_rng(turn)
        target = sometimes_nan(lambda case, rng=rng: rng.random() < 0.005)
        ends.append(again(target, found))
    assert [each.outcome for each in ends] == ["FAILS"] * 12
    assert all(math.isnan(each.got) and each.draws for each in ends)
    assert max(each.draws.count for each in ends if each.draws) > 100


@pytest.mark.parametrize("share", [0.5, 0.05, 0.001])
def test_misses_of_what_is_not_finite_are_within_their_rate(share: float) -> None:
    """Summed over when it is seen first: code as it was is caught and then called fixed."""
    draws = lost_by_seed().draws
    assert draws is not None
    loose = dataclasses.replace(draws, beta=0.2)
    missed = sum(
        share * (1 - share) ** (first - 1 + replaying._anew(dataclasses.replace(loose, count=first)))
        for first in range(1, 20_000)
    )
    assert missed <= loose.beta
