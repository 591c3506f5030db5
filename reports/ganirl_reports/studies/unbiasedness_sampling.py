"""Where samples cannot be counted: a process of 10²⁷ trajectories, judged by tests with stated error rates."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ganirl.large_process import (
    Case,
    Contract,
    balance_draws,
    case,
    exact_effect,
    judge_balance,
    judge_importance,
    large_process,
)
from ganirl.statistics import Hoeffding, StatisticalTest, draws_needed

from . import unbiasedness_figures as draw
from .steps import Steps
from .study import Figure, Section, Table

CONTRACT = Contract(alpha=1e-6, beta=1e-6, effect=0.1)
SHOWN = Contract(alpha=0.01, beta=0.01, effect=0.2)


def sampling_cases(steps: Steps) -> tuple[Case, ...]:
    """Weigh nine cases by their exact moments, before anything is drawn."""
    found = []
    for spread in (0.1, 0.3, 1.0):
        for policy in ("model", "uniform", "random"):
            found.append(case(spread, policy, CONTRACT))
            steps.done(f"case {spread:g}, {policy}")
    return tuple(found)


def judge_all(seed: int, steps: Steps) -> dict[str, dict[str, StatisticalTest]]:
    """Importance sampling at the case that can be afforded, and the balance at one that could not."""
    weights, balance = large_process(0.1, "uniform"), large_process(0.3, "model")
    draws = int(case(0.1, "uniform", CONTRACT).draws)
    found: dict[str, dict[str, StatisticalTest]] = {"importance": {}, "balance": {}}
    for number, estimator in enumerate(weights.estimators):
        rng = np.random.default_rng([seed, number])
        found["importance"][estimator] = judge_importance(weights, estimator, CONTRACT, draws, rng)
        steps.done(f"w, {estimator}")
        found["balance"][estimator] = judge_balance(
            balance, estimator, CONTRACT, balance_draws(CONTRACT), rng
        )
        steps.done(f"D, {estimator}")
    return found


def sampling_section(cases: Sequence[Case], judged: dict[str, dict[str, StatisticalTest]]) -> Section:
    """Tell what sampling would need, and what it finds."""
    process = large_process(0.1, "uniform")
    rates = f"α = β = {_power(CONTRACT.alpha)}, δ = {CONTRACT.effect:g}"
    rows = tuple(
        (
            each.spread,
            each.policy,
            _power(each.moments.relative_variance),
            _power(each.moments.sample_share),
            _power(each.moments.largest_over(each.log_z)),
            _power(each.draws),
            "judged" if each.affordable else "inconclusive",
        )
        for each in cases
    )
    planned = int(draws_needed(Hoeffding(0.0, 2.0), alpha=SHOWN.alpha, beta=SHOWN.beta, effect=SHOWN.effect))
    return Section(
        "Where samples cannot be counted",
        (
            "Ten states, three actions, thirty steps, chance in the dynamics and in the start: "
            f"{_power(float(process.trajectories))} trajectories. log Z comes from dynamic programming, and so does "
            "the exact variance of the weights, by the same backward pass with cost 2c + log π. A test has a "
            f"false-alarm rate, a miss rate and an effect to be found ({rates}, in units of Z), and a third verdict "
            "where the sample cannot tell.",
            "A case is chosen by its exact moments, before anything is drawn. Under a random policy the relative "
            "variance of the weights is beyond 10⁵⁰: a z-test with it would pass any estimate, right or wrong. Here "
            "it is inconclusive. Largest weights matter as much as variances: Bernstein's bound needs both.",
            "The self-consistent weights w/Z = 2D lie in [0, 2] whatever the process and whatever is wrong, so that "
            "Hoeffding's bound gives a miss rate against every wrong estimator at once. With data drawn from "
            "$p_\\theta$ itself b* is log Z, and $E_p[D] + E_q[D] = 1$ is judged. What a wrong estimator adds to "
            "that shrinks where p and q separate: a pass says no more than that it is below δ, and there, too, the "
            "case has to be chosen.",
        ),
        (
            Table(
                f"What importance sampling would need ({rates}), by standard deviation of the step cost and policy.",
                ("spread of costs", "policy", "Var(w)/Z²", "ESS/n", "largest w/Z", "n needed", "verdict"),
                rows,
            ),
            _verdict_table(
                "E_q[w]/Z = 1, costs of spread 0.1, uniform policy, by Bernstein's bound with exact moments.",
                judged["importance"],
                {name: math.exp(min(exact_effect(process, name), 700.0)) for name in process.estimators},
            ),
            _verdict_table(
                "E_p[D] + E_q[D] = 1 at b = log Z, costs of spread 0.3, the actions of p_θ, by Hoeffding's bound.",
                judged["balance"],
                None,
            ),
            Figure(
                "verdicts",
                "Exact probability of each verdict for values 0 or 2, the most variable of their range, "
                f"with α = β = {SHOWN.alpha:g} and δ = {SHOWN.effect:g}. With too few samples nothing passes.",
                draw.verdicts(SHOWN, (planned, planned // 6)),
            ),
        ),
    )


def _verdict_table(caption: str, tests: dict[str, StatisticalTest], exact: dict[str, float] | None) -> Table:
    headings = ("estimator", "n", "mean", "interval", "least effect found", "verdict")
    rows = [
        (
            name,
            test.draws,
            test.estimate,
            "a value that is impossible"
            if test.impossible
            else f"{test.interval[0]:.4g} … {test.interval[1]:.4g}",
            test.minimum_detectable_effect,
            test.verdict,
        )
        for name, test in tests.items()
    ]
    if exact is None:
        return Table(caption, headings, tuple(rows))
    told = tuple((row[0], exact[str(row[0])], *row[1:]) for row in rows)
    return Table(caption, (headings[0], "exact expectation", *headings[1:]), told)


def _power(value: float) -> str:
    """Write a number of any size: 0.42, 93600 or 5.6·10⁵³."""
    if not math.isfinite(value):
        return "∞"
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    digits, exponent = f"{value:.1e}".split("e")
    times = "" if digits == "1.0" else f"{digits}·"
    return f"{times}10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
