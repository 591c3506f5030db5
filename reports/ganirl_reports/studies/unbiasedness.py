"""Which estimates of Z, of log Z and of their gradients are unbiased: expectations over every sample there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy

from ganirl import __version__
from ganirl.enumeration.space import Space
from ganirl.instances import s4
from ganirl.large_process import (
    Case,
)
from ganirl.statistics import StatisticalTest
from ganirl.unbiasedness import (
    MinibatchBias,
    SampleBias,
    averaged_log_bias,
    fixed_point_map,
    log_bias,
    minibatch_bias,
    minibatch_limit,
    population_estimates,
    sample_bias,
    space_of,
)

from . import unbiasedness_figures as draw
from .steps import Steps
from .study import Figure, Progress, Section, Study, Table
from .unbiasedness_sampling import CONTRACT, judge_all, sampling_cases, sampling_section

DRAWS = (1, 2, 4, 8, 16, 32, 64)
FAR = tuple(round(10 ** (exponent / 4)) for exponent in range(17))
BATCHES = (1, 2, 4, 8)
ROUNDING = 1e-12

WORDING = (
    "> The importance-sampled Z is unbiased when the density in the denominator is the one that was sampled from. "
    "GAN guided cost learning puts a model in the place of the data's density; its Z is then consistent only for a "
    "well-specified cost, or for q = p_θ. What stays unbiased is the minibatch gradient of the discriminator's loss, "
    "in θ and in log Z, at fixed parameters."
)


@dataclass(frozen=True)
class Counted:
    """Every number of the small space."""

    space: Space
    samples: dict[str, tuple[SampleBias, ...]]
    far: dict[str, tuple[tuple[int, float], ...]]
    averaged: tuple[tuple[int, float], ...]
    minibatches: dict[str, tuple[MinibatchBias, ...]]
    limits: dict[str, tuple[float, float]]


def run(*, seed: int = 0, progress: Progress | None = None) -> Study:
    """Count every sample of instance S4, and judge a process of 10²⁷ trajectories by sampling it."""
    steps = Steps(progress, 3 + 9 + 2 * 5)
    counted = _count(steps)
    cases = sampling_cases(steps)
    judged = judge_all(seed, steps)
    held = _small_space_holds(counted) and all(
        (test.verdict == "passed") == (name == "right")
        for tests in judged.values()
        for name, test in tests.items()
    )
    return Study(
        name="unbiasedness",
        title="What is unbiased, and what is not",
        summary=(
            "Importance sampling with the exact sampling density estimates Z without bias, for every number of "
            "samples. With a model for the data's density in the denominator, as adversarial training has it, it does "
            "not, however many samples there are. log Ẑ, its gradient, and a Z solved on a minibatch are biased by "
            "O(1/n). The minibatch gradient of the discriminator's loss at a fixed Z is exactly unbiased, and that is "
            "the one unbiasedness that training relies on."
        ),
        command="ganirl report unbiasedness --output DIR",
        sections=(
            _partition_section(counted),
            _logarithm_section(counted),
            _minibatch_section(counted),
            sampling_section(cases, judged),
            Section("How to say it", ("Recommended wording:", WORDING)),
        ),
        numbers=_numbers(counted, cases, judged),
        passed=held,
        versions={"ganirl": __version__, "numpy": np.__version__, "scipy": scipy.__version__},
    )


# --- the small space -----------------------------------------------------------------------------


def _count(steps: Steps) -> Counted:
    space, right = space_of(s4()), space_of(s4(), well_specified=True)
    samples = {name: tuple(sample_bias(space, name, n) for n in DRAWS) for name in ("q", "μ")}
    steps.done("samples of q and of μ")
    far = {name: tuple((n, log_bias(space, name, n)) for n in FAR) for name in ("q", "μ")}
    averaged = tuple((2 * count, averaged_log_bias(space, "q", 2, count)) for count in range(1, 6))
    steps.done("integrals and averages")
    both = {"S4": space, "S4 with data of the model": right}
    minibatches = {name: tuple(minibatch_bias(each, k) for k in BATCHES) for name, each in both.items()}
    limits = {name: minibatch_limit(each) for name, each in both.items()}
    steps.done("minibatches")
    return Counted(space, samples, far, averaged, minibatches, limits)


def _small_space_holds(counted: Counted) -> bool:
    population = population_estimates(counted.space)
    z = population.partition
    unbiased = [abs(each.mean) for points in counted.samples.values() for each in points]
    fixed = [np.abs(each.gradient_fixed).max() for points in counted.minibatches.values() for each in points]
    routes = [abs(each.log - each.log_integral) for points in counted.samples.values() for each in points]
    biased = [
        abs(population.from_model - z),
        abs(population.self_consistent - z),
        *(-each.log for points in counted.samples.values() for each in points),
        *(np.abs(each.gradient_own).max() for points in counted.minibatches.values() for each in points),
    ]
    exact = (*unbiased, *fixed, *routes, abs(population.from_generator - z), abs(population.from_mixture - z))
    return bool(max(exact) < 10 * ROUNDING and min(biased) > 1e-4)


def _partition_section(counted: Counted) -> Section:
    space = counted.space
    population = population_estimates(space)
    z, star = population.partition, population.self_consistent
    at = counted.samples["q"][-1]
    own, own_limit = counted.minibatches["S4"][-1], counted.limits["S4"]
    fixed = max(float(np.abs(each.gradient_fixed).max()) for each in counted.minibatches["S4"])
    mapped = ", ".join(f"{fixed_point_map(space, each):.3f}" for each in (0.5, 1, 2, 5, 20))
    averaged, single = counted.averaged[-1][1], counted.averaged[0][1]
    rows = (
        (
            "mean of $e^{-c}/q$, samples of q",
            f"{population.from_generator:.10f}",
            "expectation",
            "unbiased for every n, if $q > 0$ wherever $e^{-c} > 0$ (F1)",
        ),
        (
            "mean of $e^{-c}/\\mu$, samples of μ, exact p in μ",
            f"{population.from_mixture:.10f}",
            "expectation",
            "unbiased for every n; needs the density of the data, which IRL does not have (F2)",
        ),
        (
            "mean of $e^{-c}/\\tilde\\mu$ with $p_\\theta$ for p, at the true Z",
            f"{population.from_model:.10f}",
            "expectation",
            "biased, also for n = ∞ (F3)",
        ),
        (
            "self-consistent Z*, all the data",
            f"{star:.10f}",
            "limit",
            "not Z, unless $p = p_\\theta$ or $q = p_\\theta$, or by accident",
        ),
        (
            "mean of $e^{-c}/\\tilde\\mu$ with a Z of ½, 1, 2, 5, 20",
            mapped,
            "expectation",
            "a function of that Z, equal to it at Z* alone",
        ),
        (
            f"log Ẑ of {at.draws} samples of q",
            f"{at.log:+.8f}",
            "bias",
            f"low by CV²/2n = {-at.log_predicted:.8f}, to first order (F4)",
        ),
        (
            f"∂ log Ẑ of {at.draws} samples of q",
            f"{np.abs(at.gradient).max():.8f}",
            "largest bias",
            "biased by O(1/n), consistent (F5)",
        ),
        (
            f"$\\hat b$ of {own.size} + {own.size} samples",
            f"{own.optimum:+.8f}",
            "bias",
            f"biased by O(1/k): k times it tends to {own_limit[0]:.6f} (F10)",
        ),
        (
            f"average of log Ẑ over {len(counted.averaged)} minibatches of 2",
            f"{averaged:+.8f}",
            "bias",
            f"that of a single one, {single:+.8f}: averaging minibatches does not help",
        ),
        (
            "$\\partial_\\theta L_D$ of a minibatch, at a fixed b",
            f"{fixed:.1e}",
            "largest bias",
            "unbiased: what training relies on (F10)",
        ),
    )
    figure = draw.expectations(
        population,
        counted.samples["q"],
        [(2 * each.size, star + each.partition) for each in counted.minibatches["S4"]],
    )
    return Section(
        "Z: what has it as its expectation",
        (
            "Four points, p = (.55, .25, .15, .05), q = (.1, .2, .3, .4), c = (.2, .1, 1, .4), so that "
            f"Z = {z:.10f}. Expectations are sums over every sample that can be drawn, by multinomial counts: nothing "
            "here is a simulation.",
            "Finn et al. (2016, section 4) call the estimate with $\\tilde\\mu = \\frac12 p_\\theta + \\frac12 q$ in "
            "its denominator unbiased. That is so for the exact density of the data. With the model for it the bias is "
            "$Z(E_p[D] - E_{p_\\theta}[D])$, and no number of samples removes it.",
        ),
        (
            Table(
                "Each estimate and its exact expectation.",
                ("estimate", "number", "which is its", "verdict"),
                rows,
            ),
            Figure(
                "expectations",
                "Expectation of each estimate of Z over every sample there is, against the number of samples. Only "
                "importance sampling with an exact density is flat at Z.",
                figure,
            ),
        ),
    )


def _logarithm_section(counted: Counted) -> Section:
    rows = tuple(
        (
            q.draws,
            q.log,
            q.log_integral,
            q.log_predicted,
            q.log_residual,
            mu.log,
            mu.log_predicted,
            mu.log_residual,
        )
        for q, mu in zip(counted.samples["q"], counted.samples["μ"], strict=True)
    )
    at = {name: points[-1] for name, points in counted.samples.items()}
    gradients = tuple(
        (name, point + 1, float(each.gradient[point]), float(each.gradient_predicted[point]))
        for name, each in at.items()
        for point in range(len(each.gradient))
    )
    own = [(2 * each.size, float(np.abs(each.gradient_own).max())) for each in counted.minibatches["S4"]]
    return Section(
        "log Z and its gradient: biased for every finite n",
        (
            "Training follows $-\\partial_\\theta \\log \\hat Z$, a ratio of two sample means; both it and log Ẑ are "
            "biased though Ẑ is not. $E[\\log \\hat Z_n] = \\log Z - CV^2/2n + (\\kappa_3/3 - \\frac34 CV^4)/n^2 + "
            "O(n^{-3})$: what is left, times n³, stays bounded.",
            "Counting is compared with an integral that shares nothing with it, "
            "$E[\\log \\hat Z_n] = \\log Z + \\int_0^\\infty (e^{-t} - \\phi(t/n)^n)\\,dt/t$, where "
            "$\\phi(t) = E[e^{-tw/Z}]$; the line in the figure is the integral, to n = 10⁴.",
        ),
        (
            Table(
                "E[log Ẑ_n] − log Z with weights e^{−c}/q and with weights e^{−c}/μ, exact densities both.",
                (
                    "n",
                    "q: counted",
                    "q: integral",
                    "q: −CV²/2n",
                    "q: n³·rest",
                    "μ: counted",
                    "μ: −CV²/2n",
                    "μ: n³·rest",
                ),
                rows,
            ),
            Table(
                f"Bias of the self-normalised gradient at n = {DRAWS[-1]}: exact, and −E_s[(w/Z)²(c' − E c')]/n.",
                ("samples of", "component", "counted", "first order"),
                gradients,
            ),
            Figure(
                "biases",
                "Left: how far E[log Ẑ] is below log Z; dots are counted, lines integrated. Right: the largest bias of "
                "a component of three gradients; the fourth, of L_D at a fixed Z, has none.",
                draw.biases(dict(counted.samples), dict(counted.far), counted.averaged, own),
            ),
        ),
    )


def _minibatch_section(counted: Counted) -> Section:
    rows: list[tuple[str | float | int, ...]] = []
    for name, points in counted.minibatches.items():
        rows += [
            (
                name,
                each.size,
                each.size * each.optimum,
                each.size * each.partition,
                each.size * float(np.abs(each.gradient_own).max()),
                f"{np.abs(each.gradient_fixed).max():.1e}",
            )
            for each in points
        ]
        rows.append((name, "∞", *counted.limits[name], "", ""))
    return Section(
        "Z solved on each minibatch",
        (
            "A separate Z for each minibatch of k + k samples is an M-estimator of Z*: biased by O(1/k) even where "
            "Z* = Z, and the gradient at it is biased, too. Keep one log Z, and train it with the rest.",
        ),
        (
            Table(
                "Biases times k, over every minibatch.",
                (
                    "instance",
                    "k",
                    "k·E[b̂ − b*]",
                    "k·E[Ẑ* − Z*]",
                    "k·largest bias of ∂L_D at b̂",
                    "bias of ∂L_D at b*",
                ),
                tuple(rows),
            ),
        ),
    )


def _numbers(
    counted: Counted, cases: Sequence[Case], judged: dict[str, dict[str, StatisticalTest]]
) -> dict[str, Any]:
    space = counted.space
    return {
        "population": asdict(population_estimates(space)),
        "map": {str(z): fixed_point_map(space, z) for z in (0.5, 1.0, 2.0, 5.0, 20.0)},
        "samples": {name: [_plain(each) for each in points] for name, points in counted.samples.items()},
        "integrals": {name: [list(each) for each in points] for name, points in counted.far.items()},
        "averaged": [list(each) for each in counted.averaged],
        "minibatches": {
            name: [_plain(each) for each in points] for name, points in counted.minibatches.items()
        },
        "limits": {name: list(each) for name, each in counted.limits.items()},
        "contract": asdict(CONTRACT),
        "cases": [
            {
                "spread": each.spread,
                "policy": each.policy,
                "log_z": each.log_z,
                "relative_variance": each.moments.relative_variance,
                "sample_share": each.moments.sample_share,
                "largest_weight": each.moments.largest_over(each.log_z),
                "draws": each.draws,
            }
            for each in cases
        ],
        "judged": {
            statement: {name: asdict(test) for name, test in tests.items()}
            for statement, tests in judged.items()
        },
    }


def _plain(found: SampleBias | MinibatchBias) -> dict[str, Any]:
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in asdict(found).items()
    }
