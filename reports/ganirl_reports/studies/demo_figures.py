"""The demo's two pictures. They are the same bytes for the same numbers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ganirl.instances import s6
from ganirl_gpu.training import Equilibrium, Limit, Lockstep

from .drawing import FAINT, GREEN, INK, ORANGE, PURPLE, SOFT, VERMILLION, canvas, svg

# Lighter than the palette's, so that dashes of ink show on it.
BLUE, GREY = "#2a8fd4", "#9aa7b4"
# Text is thinner than a line and needs more contrast with white.
AS_TEXT = {
    PURPLE: "#a8507f",
    ORANGE: "#a06a00",
    GREY: SOFT,
    GREEN: "#007a59",
    VERMILLION: "#b84f00",
    BLUE: "#1b6ca6",
}

# The widest is drawn first: each of the three shows beside the one on top of it.
RIGHT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("GAN", {"color": "#cfe6f7", "linewidth": 9}),
    ("guided cost learning", {"color": BLUE, "linewidth": 4.2}),
    (
        "energy-based model",
        {"color": INK, "linewidth": 1.5, "linestyle": (0, (3, 2.2)), "dash_capstyle": "butt"},
    ),
)
WRONG = (
    ("leak through μ̃", PURPLE, "leak through μ̃ (C3)"),
    ("GAN, b held", VERMILLION, "b held wrong (C2)"),
    ("leak through Z*(θ)", ORANGE, "leak through Z*(θ) (C3)"),
    ("exact likelihood", GREEN, "exact likelihood (C5)"),
)
COINCIDING = (
    ("energy-based model", INK, "energy-based model"),
    ("GAN, rows shuffled", GREY, "GAN, rows shuffled"),
    ("guided cost learning", BLUE, "guided cost learning"),
)


def trajectories(found: Lockstep) -> str:
    """θ of the three doors and of four wrong runs, and their differences from the GAN's, as SVG."""
    width = found.yardstick.theta.shape[1]
    with canvas("three doors", 8.0, 5.9) as figure:
        grid = figure.add_gridspec(
            2,
            width,
            height_ratios=(1.0, 1.2),
            hspace=0.36,
            wspace=0.26,
            left=0.065,
            right=0.985,
            top=0.885,
            bottom=0.06,
        )
        for component in range(width):
            _component(figure.add_subplot(grid[0, component]), found, component)
        _key(figure)
        _differences(figure.add_subplot(grid[1, :]), found)
        return svg(figure)


def _component(axes: Any, found: Lockstep, component: int) -> None:
    """One component of θ, step by step."""
    steps = np.arange(len(found.yardstick.theta))
    for name, colour, _ in WRONG:
        axes.plot(steps, found.runs[name].theta[:, component], color=colour, linewidth=1.8)
    for name, style in RIGHT:
        axes.plot(steps, found.runs[name].theta[:, component], **style)
    axes.set_title(f"$\\theta_{component + 1}$", fontsize=12, pad=6)
    axes.margins(x=0.03, y=0.08)
    axes.set_xticks([0, steps[-1]], ["start", f"step {steps[-1]}"])
    for label, side in zip(axes.get_xticklabels(), ("left", "right"), strict=True):
        label.set_horizontalalignment(side)
    axes.locator_params(axis="y", nbins=5)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)


def _key(figure: Any) -> None:
    """The three right runs as they are drawn: one by one, then on one another."""
    axes = figure.add_axes((0.065, 0.94, 0.92, 0.05))
    axes.set_axis_off()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for left, (name, style) in zip((0.0, 0.125, 0.385), RIGHT, strict=True):
        axes.plot([left + 0.008, left + 0.048], [0.5, 0.5], **style)
        axes.text(left + 0.062, 0.5, name, va="center")
    for _, style in RIGHT:
        axes.plot([0.658, 0.698], [0.5, 0.5], **style)
    axes.text(0.712, 0.5, "the three on one another", va="center", color=SOFT)


def _differences(axes: Any, found: Lockstep) -> None:
    """The differences on a scale of logarithms; each run's name at its end."""
    steps = np.arange(1, len(found.yardstick.theta))
    explained = found.bound[1:, : found.yardstick.theta.shape[1]].max(axis=1)
    floor, top = 1e-17, 20.0
    axes.fill_between([0, *steps], floor, [explained[0], *explained], color="#eff3f6", linewidth=0)
    axes.text(0.35 * steps[-1] / 30, explained[0] / 4, "what rounding could explain", va="top", color=SOFT)
    axes.set(yscale="log", ylim=(floor, top), xlim=(0, steps[-1] * 1.3))
    ends = []
    for name, colour, label in (*WRONG, *COINCIDING):
        apart = np.abs(found.runs[name].theta - found.yardstick.theta).max(axis=1)[1:]
        axes.plot(steps, np.maximum(np.where(apart > 0, apart, np.nan), floor), color=colour, linewidth=1.8)
        ends.append((float(np.log10(max(apart[-1], 10 * floor))), colour, label))
    for place, (_, colour, label) in zip(_spread([end for end, _, _ in ends], 1.15), ends, strict=True):
        axes.text(
            steps[-1] * 1.015, 10.0**place, label, color=AS_TEXT.get(colour, colour), va="center", fontsize=9
        )
    axes.set_title("Largest difference of $\\theta$ from the GAN's, step by step", fontsize=10.5, pad=8)
    axes.set_xticks(np.unique(np.linspace(0, steps[-1], 7).round()))
    axes.set_yticks([10.0**power for power in range(-16, 1, 4)])
    axes.minorticks_off()
    axes.spines.bottom.set_bounds(0, steps[-1])
    for power in range(-16, 1, 4):
        axes.plot([0, steps[-1]], [10.0**power] * 2, color=FAINT, linewidth=0.6, zorder=0.5)


def _spread(places: list[float], gap: float) -> list[float]:
    """Move labels apart, by as little as keeps their order and a gap between them."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    for _ in range(100):
        for low, high in itertools.pairwise(order):
            short = gap - (moved[high] - moved[low])
            if short > 1e-9:
                moved[low] -= short / 2
                moved[high] += short / 2
    return moved


HELD = {"uniform": GREEN, "skewed left": VERMILLION, "skewed right": PURPLE}
STEPS_SHOWN = 40


def where_training_ends(limits: tuple[Limit, ...], free: Equilibrium) -> str:
    """Noise contrast against likelihood on S6, and the generator where both rest, as SVG."""
    with canvas("where training ends", 8.0, 3.5) as figure:
        grid = figure.add_gridspec(
            1, 2, width_ratios=(1.75, 1.0), wspace=0.13, left=0.065, right=0.985, top=0.86, bottom=0.115
        )
        _limits(figure.add_subplot(grid[0]), limits, free)
        _atoms(figure.add_subplot(grid[1]), free)
        return svg(figure)


def _limits(axes: Any, limits: tuple[Limit, ...], free: Equilibrium) -> None:
    """θ step by step, with q held and with q trained."""
    likelihood = limits[0].likelihood
    axes.axhline(
        likelihood, xmax=STEPS_SHOWN / (STEPS_SHOWN * 1.55), color=SOFT, linewidth=1, linestyle=(0, (4, 3))
    )
    axes.text(
        STEPS_SHOWN * 0.985,
        likelihood - 0.012,
        "maximum likelihood",
        ha="right",
        va="top",
        color=SOFT,
        fontsize=8.5,
    )
    ends = []
    paths = [(f"q {each.generator}", HELD[each.generator], each.path[:, 0], 1.8) for each in limits]
    for name, colour, path, weight in (*paths, ("q trained too", INK, free.run.theta[:, 0], 2.6)):
        kept = path[: STEPS_SHOWN + 1]
        # A run that rests stays where it is.
        shown = np.concatenate([kept, np.full(STEPS_SHOWN + 1 - len(kept), kept[-1])])
        axes.plot(np.arange(STEPS_SHOWN + 1), shown, color=colour, linewidth=weight)
        value = f"{path[-1]:+.4f}".replace("-", "−")
        ends.append((float(path[-1]), AS_TEXT.get(colour, colour), f"{name}: {value}"))
    for place, (_, colour, label) in zip(_spread([end for end, _, _ in ends], 0.055), ends, strict=True):
        axes.text(STEPS_SHOWN * 1.02, place, label, color=colour, va="center", fontsize=9)
    axes.set(xlim=(0, STEPS_SHOWN * 1.55))
    axes.set_xticks([0, STEPS_SHOWN], ["start", f"step {STEPS_SHOWN}"])
    axes.get_xticklabels()[0].set_horizontalalignment("left")
    axes.spines.bottom.set_bounds(0, STEPS_SHOWN)
    axes.locator_params(axis="y", nbins=6)
    axes.set_title("Where $\\theta$ ends depends on a $q$ that is held (C6, G2)", fontsize=10.5, pad=10)


def _atoms(axes: Any, free: Equilibrium) -> None:
    """Data and generator at the equilibrium: D is one half on every point, and they differ."""
    data, logits = s6().problem.data_weight, free.run.policy_logits[-1, 0]
    q = np.exp(logits - logits.max())
    bars = np.arange(len(q))
    axes.bar(bars - 0.19, data, 0.36, color="#c3ccd5", linewidth=0)
    axes.bar(bars + 0.19, q / q.sum(), 0.36, color=INK, linewidth=0)
    axes.text(-0.37, data[0] + 0.015, "data $p$", color=SOFT, fontsize=9)
    axes.text(0.55, q[1] / q.sum() + 0.045, "generator $q = p_\\theta$", color=INK, fontsize=9)
    axes.set_xticks(bars, [f"$\\varphi = {each}$" for each in bars])
    axes.set_ylim(0, 0.6)
    axes.locator_params(axis="y", nbins=4)
    axes.set_title(f"$D \\equiv ½$ there, yet KL$(q\\Vert p) = {free.divergence:.3f}$", fontsize=10.5, pad=10)
