"""Tests by sampling keep their promises: error rates by exact binomial and multinomial sums, not by a seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.importance import draw, draw_model, log_policy_table, weight_moments
from ganirl.instances import curved_step_cost, generic
from ganirl.large_process import (
    Contract,
    balance_draws,
    case,
    exact_effect,
    judge_balance,
    judge_importance,
    large_process,
)
from ganirl.resampling import resamples
from ganirl.statistics import (
    Bernstein,
    Concentration,
    EmpiricalBernstein,
    Hoeffding,
    detectable_effect,
    draws_needed,
    judge_expectation,
    two_point_verdicts,
    weights_bound,
)

RATES = {"alpha": 0.02, "beta": 0.05, "effect": 0.2}


def verdicts(concentration: Concentration, draws: int, mean: float, **rates: float) -> dict[str, float]:
    """Exact probability of each verdict for values 0 or 2 of a mean, by the binomial distribution."""
    found = dict.fromkeys(("passed", "failed", "inconclusive"), 0.0)
    for heads in range(draws + 1):
        sample = np.repeat([2.0, 0.0], [heads, draws - heads])
        verdict = judge_expectation(sample, 1.0, concentration, **(RATES | rates)).verdict
        found[verdict] += float(stats.binom.pmf(heads, draws, mean / 2))
    return found


@pytest.mark.parametrize("mean", [0.8, 0.7, 1.2, 1.4])
def test_hoeffding_keeps_its_rates(mean: float) -> None:
    draws = int(draws_needed(Hoeffding(0, 2), **RATES))
    right, wrong = (verdicts(Hoeffding(0, 2), draws, each) for each in (1.0, mean))
    assert right["failed"] <= RATES["alpha"]
    assert right["passed"] >= 1 - RATES["alpha"]
    assert wrong["passed"] <= RATES["beta"]
    assert wrong["failed"] >= 1 - RATES["beta"]
    assert right["inconclusive"] == wrong["inconclusive"] == 0
    at_once = two_point_verdicts(Hoeffding(0, 2), draws, [1.0, mean], **RATES)
    for verdict, chance in at_once.items():
        assert chance == pytest.approx([right[verdict], wrong[verdict]], abs=1e-12)


@pytest.mark.parametrize("draws", [1, 5, 40])
def test_too_few_draws_never_pass(draws: int) -> None:
    for mean in (0.9, 1.0, 1.1):
        found = verdicts(Hoeffding(0, 2), draws, mean)
        assert found["passed"] <= RATES["beta"] * (mean != 1.0)
        assert found["failed"] <= 0.2
        assert found["inconclusive"] >= 0.7


def test_bernstein_needs_fewer_and_keeps_its_rates() -> None:
    """A two-point value of small variance: 0.9 mostly, 1.9 for one in ten."""
    rare, low = 0.1, 0.9
    bound = Bernstein(rare * (1 - rare) + 0.05, 1.0)  # room for the wrong one, of variance 0.16
    draws = int(draws_needed(bound, **RATES))
    assert draws < draws_needed(Hoeffding(0, 2), **RATES)
    rates = {}
    for chance in (rare, 0.3):
        found = dict.fromkeys(("passed", "failed", "inconclusive"), 0.0)
        for heads in range(draws + 1):
            sample = low + np.repeat([1.0, 0.0], [heads, draws - heads])
            verdict = judge_expectation(sample, 1.0, bound, **RATES).verdict
            found[verdict] += float(stats.binom.pmf(heads, draws, chance))
        rates[chance] = found
    assert rates[rare]["failed"] <= RATES["alpha"]
    assert rates[rare]["passed"] >= 1 - RATES["alpha"]
    assert rates[0.3]["passed"] <= RATES["beta"]
    assert rates[0.3]["failed"] >= 1 - RATES["beta"]


def test_empirical_bernstein_keeps_its_rates_over_every_sample_of_three_values() -> None:
    bound, values = EmpiricalBernstein(0, 2), np.array([0.9, 1.0, 1.3])
    weights = np.array([0.5, 0.35, 0.15])
    right = float(weights @ values)
    for draws in (40, 100):
        drawn = resamples(FLOAT64_ARITHMETIC, weights, draws)
        for expected in (right, right + RATES["effect"]):
            found = dict.fromkeys(("passed", "failed", "inconclusive"), 0.0)
            for counts, chance in zip(drawn.counts, drawn.probability, strict=True):
                sample = np.repeat(values, counts)
                found[judge_expectation(sample, expected, bound, **RATES).verdict] += float(chance)
            if expected == right:
                assert found["failed"] <= RATES["alpha"]
            else:
                assert found["passed"] <= RATES["beta"]
    assert judge_expectation(np.repeat(values, [300, 210, 90]), right, bound, **RATES).verdict == "passed"


@pytest.mark.parametrize("bound", [Hoeffding(0, 2), Bernstein(0.3, 2.0), EmpiricalBernstein(0, 2)])
def test_plans_are_the_least_that_suffice(bound: Concentration) -> None:
    for effect in (0.5, 0.05, 0.003):
        rates = {"alpha": 1e-6, "beta": 1e-3}
        draws = draws_needed(bound, effect=effect, variance=0.3, **rates)
        assert detectable_effect(bound, draws, variance=0.3, **rates) <= effect
        assert detectable_effect(bound, draws - 1, variance=0.3, **rates) > effect


def test_hoeffding_plan_is_the_closed_form() -> None:
    stated = (2 / 0.05) ** 2 / 2 * (math.sqrt(math.log(2 / 1e-9)) + math.sqrt(math.log(1e9))) ** 2
    assert draws_needed(Hoeffding(0, 2), alpha=1e-9, beta=1e-9, effect=0.05) == math.ceil(stated)


def test_impossible_values_fail() -> None:
    assert judge_expectation([1.0, 2.5], 1.0, Hoeffding(0, 2), **RATES).verdict == "failed"
    assert judge_expectation([1.0, float("nan")], 1.0, Hoeffding(0, 2), **RATES).verdict == "failed"
    found = judge_expectation([0.0, 9.0], 1.0, Bernstein(1.0, 3.0), **RATES)
    assert found.verdict == "failed"
    assert "cannot give that" in found.because


def test_contracts_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="rates lie between 0 and 1"):
        judge_expectation([1.0], 1.0, Hoeffding(0, 2), alpha=0.0, beta=0.1, effect=0.1)
    with pytest.raises(ValueError, match="an effect to be found is positive"):
        draws_needed(Hoeffding(0, 2), alpha=0.1, beta=0.1, effect=0.0)
    with pytest.raises(ValueError, match="a sample has shape"):
        judge_expectation([], 1.0, Hoeffding(0, 2), **RATES)


def test_moments_are_those_of_every_trajectory() -> None:
    """Dynamic programming with cost 2c + log π, against 4376 trajectories."""
    instance = generic()
    assert instance.mdp is not None
    mdp, problem = instance.mdp, instance.problem
    costs = mdp.cost_table(instance.theta, curved_step_cost)
    found = weight_moments(mdp, problem.policy_logits, -costs - log_policy_table(mdp, problem.policy_logits))
    weight = np.exp(-problem.cost.value(instance.theta) - problem.log_q)
    second = problem.generator_weight @ weight**2
    assert found.log_mean == pytest.approx(problem.log_partition(instance.theta), abs=1e-12)
    assert found.log_second == pytest.approx(math.log(second), abs=1e-12)
    assert found.log_largest == pytest.approx(math.log(weight.max()), abs=1e-12)
    model = np.exp(problem.log_h + problem.log_model(instance.theta))
    chi_squared = ((model - problem.generator_weight) ** 2 / problem.generator_weight).sum()
    assert found.relative_variance == pytest.approx(chi_squared, rel=1e-12)
    assert found.sample_share == pytest.approx(1 / (1 + chi_squared), rel=1e-12)


@pytest.mark.parametrize("of_model", [False, True])
def test_draws_have_the_frequencies_of_their_trajectories(of_model: bool) -> None:
    """Mean cost and mean length of 20 000 draws, judged by Hoeffding at one in a million."""
    instance = generic()
    assert instance.mdp is not None
    mdp, problem = instance.mdp, instance.problem
    costs = mdp.cost_table(instance.theta, curved_step_cost)
    rng = np.random.default_rng(11)
    if of_model:
        drawn = draw_model(mdp, costs, 20_000, rng)
        weight = np.exp(problem.log_h + problem.log_model(instance.theta))
    else:
        drawn = draw(mdp, problem.policy_logits, 20_000, rng)
        weight = problem.generator_weight
    contract = {"alpha": 1e-6, "beta": 1e-6, "effect": 0.5}
    for sample, exact in (
        (drawn.total(costs), problem.cost.value(instance.theta)),
        (drawn.mask.sum(axis=1), problem.steps.mask.sum(axis=1)),
    ):
        bound = Hoeffding(float(exact.min()) - 1e-9, float(exact.max()) + 1e-9)
        judged = judge_expectation(sample, float(weight @ exact), bound, **contract)
        assert judged.verdict == "passed", judged


CONTRACT = Contract(1e-6, 1e-6, 0.1)


def test_cases_are_chosen_by_exact_moments() -> None:
    """A random policy has relative variance 10⁵³: a z-test with it would pass whatever the estimate is."""
    affordable, hopeless = case(0.1, "uniform", CONTRACT), case(0.1, "random", CONTRACT)
    assert affordable.affordable
    assert affordable.moments.sample_share > 0.5
    assert not hopeless.affordable
    assert hopeless.moments.relative_variance > 1e50
    # log Z is one and the same, by a backward pass of its own each
    assert affordable.moments.log_mean == pytest.approx(affordable.log_z, abs=1e-10)
    assert hopeless.moments.log_mean == pytest.approx(affordable.log_z, abs=1e-9)


def test_a_hopeless_case_is_inconclusive_and_not_passed() -> None:
    process = large_process(0.1, "random")
    moments = weight_moments(process.mdp, process.policy_logits, process.estimators["right"])
    found = judge_importance(process, "right", CONTRACT, 2000, np.random.default_rng(0))
    assert found.verdict == "inconclusive"
    assert found.minimum_detectable_effect > 1e20
    z = (found.estimate - 1) * math.sqrt(found.draws) / math.sqrt(moments.relative_variance)
    assert abs(z) < 1e-20  # a z-test would call that a pass


@pytest.mark.parametrize("estimator", ["right", "dynamics in the density", "start density in it"])
def test_importance_sampling_is_judged_at_an_affordable_case(estimator: str) -> None:
    process = large_process(0.1, "uniform")
    draws = int(case(0.1, "uniform", CONTRACT).draws)
    found = judge_importance(process, estimator, CONTRACT, draws, np.random.default_rng(1))
    right = estimator == "right"
    assert found.verdict == ("passed" if right else "failed")
    effect = exact_effect(process, estimator)
    assert (abs(effect) < 1e-10) == right
    if estimator == "start density in it":  # a wrong expectation that is known: Σ over two starts, unweighted
        assert found.interval[0] <= math.exp(effect) <= found.interval[1]


def test_power_against_an_estimator_whose_moments_are_known() -> None:
    """The start density in the denominator: its own variance is in the bound, so that the miss rate is meant."""
    process = large_process(0.1, "uniform")
    moments = [
        weight_moments(process.mdp, process.policy_logits, process.estimators[name])
        for name in ("right", "start density in it")
    ]
    bound = weights_bound(*moments, log_scale=process.log_z)
    effect = math.exp(moments[1].log_mean - process.log_z) - 1
    draws = draws_needed(bound, alpha=1e-6, beta=1e-6, effect=effect)
    assert draws < case(0.1, "uniform", CONTRACT).draws
    omega = process.estimators["start density in it"]
    sample = draw(process.mdp, process.policy_logits, int(draws), np.random.default_rng(2)).total(omega)
    found = judge_expectation(
        np.exp(sample - process.log_z), 1.0, bound, alpha=1e-6, beta=1e-6, effect=effect
    )
    assert found.verdict == "failed"


@pytest.mark.parametrize("estimator", list(large_process(0.3, "model").estimators))
def test_balance_is_judged_whatever_is_wrong(estimator: str) -> None:
    contract = Contract(1e-6, 1e-6, 0.1)
    draws = balance_draws(contract)
    assert draws == draws_needed(Hoeffding(0, 2), alpha=1e-6, beta=1e-6, effect=0.1)
    found = judge_balance(large_process(0.3, "model"), estimator, contract, draws, np.random.default_rng(3))
    assert found.verdict == ("passed" if estimator == "right" else "failed")


def test_a_process_of_unknown_policy_is_refused() -> None:
    with pytest.raises(LookupError, match="there is no policy 'clever'"):
        large_process(0.1, "clever")


def test_weights_of_other_shapes_are_refused() -> None:
    process = large_process(0.1)
    with pytest.raises(ValueError, match="log_weights must be"):
        weight_moments(process.mdp, process.policy_logits, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="is not finite"):
        weight_moments(process.mdp, process.policy_logits, np.full_like(process.costs, np.nan))
