"""The three pictures of the study of unbiasedness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl.large_process import Contract
from ganirl.statistics import Hoeffding, two_point_verdicts
from ganirl.unbiasedness import PopulationEstimates, SampleBias

from .drawing import BLUE, FAINT, GREEN, INK, ORANGE, PURPLE, SKY, SOFT, VERMILLION, canvas, svg

Array = npt.NDArray[np.float64]


def expectations(
    population: PopulationEstimates, generator: Sequence[SampleBias], minibatches: Sequence[tuple[int, float]]
) -> str:
    """Expectation of each estimate of Z against the number of samples, as SVG.

    Parameters
    ----------
    population : what they tend to
    generator : biases of the weights e^{−c}/q
    minibatches : (2k, E[e^{b̂}]) of k + k samples
    """
    z, star = population.partition, population.self_consistent
    draws = np.array([each.draws for each in generator])
    with canvas("expectations", 8.2, 4.3) as figure:
        axes = figure.add_axes((0.06, 0.12, 0.6, 0.78))
        axes.set(xscale="log", xlim=(0.9, 72), ylim=(2.1, 3.78))
        axes.set_xticks(draws, [str(each) for each in draws])
        axes.set_yticks([2.2, 2.6, 3.0, 3.4])
        axes.set_xlabel("samples")
        axes.set_title("expectation of the estimate of Z, over every sample there is", pad=10)
        axes.grid(axis="y", color=FAINT, linewidth=0.6)

        sizes, own = (np.array(each) for each in zip(*minibatches, strict=True))
        axes.plot([1, 64], [star, star], color=ORANGE, linewidth=1.0, linestyle=(0, (3, 3)))
        axes.plot(sizes, own, color=ORANGE, linewidth=2.0, marker="o", markersize=4.5)
        axes.plot([1, 64], [population.from_model] * 2, color=VERMILLION, linewidth=2.0)
        axes.plot([1, 64], [z, z], color=SKY, linewidth=7, alpha=0.5)
        axes.plot(
            draws,
            [z + each.mean for each in generator],
            color=BLUE,
            linewidth=2.0,
            marker="o",
            markersize=4.5,
        )
        axes.plot(
            draws,
            z * np.exp([each.log for each in generator]),
            color=PURPLE,
            linewidth=2.0,
            marker="o",
            markersize=4.5,
        )
        axes.text(3.4, 3.63, "Z* solved on each minibatch", color=ORANGE, fontsize=9.5, fontweight="bold")
        axes.text(3.4, 3.56, "k + k samples: biased by O(1/k)", color=SOFT, fontsize=8.5)
        axes.text(3.1, 2.36, "exp E[log Ẑ], exact q", color=PURPLE, fontsize=9.5, fontweight="bold")
        axes.text(3.1, 2.285, "log Ẑ is low by CV²/2n", color=SOFT, fontsize=8.5)
        _name(axes, star, f"Z* of the population, {star:.4f}", "not Z: the cost is misspecified", ORANGE)
        modelled = population.from_model
        _name(
            axes,
            modelled,
            f"$p_\\theta$ for p in $\\mu$, {modelled:.4f}",
            "biased, also for n = ∞",
            VERMILLION,
        )
        _name(axes, z, f"exact q, or exact $\\mu$: Z = {z:.4f}", "unbiased for every n", BLUE)
        return svg(figure)


def _name(axes: Any, height: float, title: str, remark: str, colour: str) -> None:
    """Write a name and what to think of it to the right of the axes."""
    place = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    axes.text(1.03, height, title, color=colour, va="bottom", fontsize=9.5, fontweight="bold", **place)
    axes.text(1.03, height - 0.01, remark, color=SOFT, va="top", fontsize=8.5, **place)


def biases(
    counted: dict[str, Sequence[SampleBias]],
    far: dict[str, Sequence[tuple[int, float]]],
    averaged: Sequence[tuple[int, float]],
    own: Sequence[tuple[int, float]],
) -> str:
    """Biases of log Ẑ and of gradients against the number of samples, in logarithms, as SVG.

    Parameters
    ----------
    counted : by proposal, from every sample
    far : (n, E[log Ẑ_n] − log Z) by proposal, by integrals
    averaged : (samples in all, bias) of averages of log Ẑ over minibatches of two
    own : (2k, largest bias of the gradient of L_D at each minibatch's own b̂)
    """
    with canvas("biases", 8.2, 3.9) as figure:
        left = figure.add_axes((0.065, 0.13, 0.42, 0.75))
        right = figure.add_axes((0.56, 0.13, 0.42, 0.75))
        for axes in (left, right):
            axes.set(xscale="log", yscale="log")
            axes.grid(axis="y", color=FAINT, linewidth=0.6)
            axes.set_xlabel("samples")
        left.set_title("log Ẑ: how far below log Z", pad=10)
        right.set_title("gradients in θ: largest bias of a component", pad=10)
        for proposal, colour in (("q", PURPLE), ("μ", GREEN)):
            draws, values = (np.array(each) for each in zip(*far[proposal], strict=True))
            left.plot(draws, -values, color=colour, linewidth=2.0)
            points = counted[proposal]
            left.plot(
                [each.draws for each in points],
                [-each.log for each in points],
                "o",
                color=colour,
                markersize=4.5,
            )
            first = -points[0].log_predicted * points[0].draws
            left.plot(draws, first / draws, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))
            right.plot(
                [each.draws for each in points],
                [np.abs(each.gradient).max() for each in points],
                color=colour, linewidth=2.0, marker="o", markersize=4.5,
            )  # fmt: skip
        total, bias = (np.array(each) for each in zip(*averaged, strict=True))
        left.plot(total, -bias, color=ORANGE, linewidth=2.0, marker="o", markersize=4.5)
        remark = "averages over minibatches of 2: no better than one"
        left.text(total[0], 0.2, remark, color=ORANGE, va="bottom", fontsize=8.5)
        left.text(60, 8.5e-3, "$e^{-c}/q$", color=PURPLE, fontsize=10)
        left.text(5, 1.3e-3, "$e^{-c}/\\mu$", color=GREEN, fontsize=10)
        left.text(0.98, 0.04, "dashed: CV²/2n", color=INK, fontsize=8.5, ha="right", transform=left.transAxes)
        left.set_ylim(1e-6, 1)
        size, own_bias = (np.array(each) for each in zip(*own, strict=True))
        right.plot(size, own_bias, color=ORANGE, linewidth=2.0, marker="o", markersize=4.5)
        right.set(ylim=(4e-4, 0.6), xlim=(0.9, 80))
        right.set_xticks([2**power for power in range(7)], [str(2**power) for power in range(7)])
        right.text(2.4, 0.165, "$-\\partial_\\theta \\log$ Ẑ, samples of q", color=PURPLE, fontsize=9)
        right.text(
            34, 2.3e-3, "$-\\partial_\\theta \\log$ Ẑ, samples of $\\mu$", color=GREEN, fontsize=9, ha="right"
        )
        right.text(
            1.05, 6e-3, "$\\partial_\\theta L_D$ at each\nminibatch's own Z*", color=ORANGE, fontsize=9
        )
        fixed = "$\\partial_\\theta L_D$ at a fixed Z: 0, for every n"
        place = {"ha": "right", "transform": right.transAxes}
        right.text(0.98, 0.04, fixed, color=BLUE, fontsize=9.5, fontweight="bold", **place)
        return svg(figure)


def verdicts(contract: Contract, sizes: tuple[int, int]) -> str:
    """Exact probability of each verdict against the true expectation, for two numbers of samples, as SVG."""
    means = np.linspace(1 - 2 * contract.effect, 1 + 2 * contract.effect, 321)
    with canvas("verdicts", 8.2, 3.3) as figure:
        for place, draws in enumerate(sizes):
            axes = figure.add_axes((0.06 + 0.49 * place, 0.15, 0.44, 0.7))
            found = two_point_verdicts(
                Hoeffding(0.0, 2.0),
                draws,
                means,
                alpha=contract.alpha,
                beta=contract.beta,
                effect=contract.effect,
            )
            _stack(axes, means, found["passed"], found["inconclusive"], found["failed"])
            for edge in (1 - contract.effect, 1 + contract.effect):
                axes.axvline(edge, color="white", linewidth=1.2, linestyle=(0, (3, 3)))
            axes.set(xlim=(means[0], means[-1]), ylim=(0, 1))
            axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
            axes.set_xticks(
                [1 - contract.effect, 1, 1 + contract.effect],
                [f"1 − δ = {1 - contract.effect:g}", "1", f"1 + δ = {1 + contract.effect:g}"],
            )
            axes.set_xlabel("true expectation; 1 is what it should be")
            planned = "as planned" if place == 0 else "too few"
            axes.set_title(f"{draws} samples, {planned}", pad=8)
        return svg(figure)


def _stack(axes: Any, means: Array, passed: Array, inconclusive: Array, failed: Array) -> None:
    bands = (
        ("passed", passed, BLUE, "white"),
        ("inconclusive", inconclusive, "#c3cad2", INK),
        ("failed", failed, VERMILLION, "white"),
    )
    bottom = np.zeros_like(means)
    for name, share, colour, ink in bands:
        axes.fill_between(means, bottom, bottom + share, color=colour, linewidth=0)
        widest = int(np.argmax(share)) if name != "failed" else len(means) - 1 - len(means) // 9
        if share[widest] > 0.3:
            axes.text(
                means[widest],
                bottom[widest] + share[widest] / 2,
                name,
                color=ink,
                ha="center",
                va="center",
                fontsize=9.5,
                fontweight="bold",
            )
        bottom = bottom + share
