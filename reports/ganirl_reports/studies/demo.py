"""The same training run three times: as a GAN, as guided cost learning, as an energy-based model."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import numpy as np
import torch

from ganirl_gpu.framework import framework
from ganirl_gpu.training import (
    Contender,
    Lockstep,
)

from .demo_figures import trajectories, where_training_ends
from .demo_findings import Findings, find, numbers
from .study import Figure, Progress, Section, Study, Table

STEPS = 30
WITHOUT_FIGURES = "Figures are not drawn, because matplotlib is not there: pip install 'ganirl[figures]'."


def run(*, seed: int = 0, progress: Progress | None = None, steps: int = STEPS, draw: bool = True) -> Study:
    """Train through the three doors, side by side, and tell where the runs coincide and where they part.

    Parameters
    ----------
    seed : of the minibatches
    steps : of every run that is laid beside another
    draw : whether to draw the figures; where matplotlib is absent there are none, and a sentence says so
    """
    with framework.arithmetic():
        findings = find(seed=seed, steps=steps, progress=progress)
    sections = [
        _coinciding(findings, steps),
        _departing(findings),
        _halves(findings),
        _ends(findings),
    ]
    if draw:
        sections = _with_figures(sections, findings)
    command = "ganirl demo"
    command += f" --steps {steps}" if steps != STEPS else ""
    command += f" --seed {seed}" if seed else ""
    return Study(
        name="demo",
        title="One training run, three times: GAN, guided cost learning, energy-based model",
        summary=_summary(findings, steps),
        command=f"{command} --output DIR",
        sections=tuple(sections),
        numbers=numbers(findings, seed=seed, steps=steps),
        passed=findings.passed,
        versions={
            "ganirl": _version(),
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    )


def _version() -> str:
    try:
        return version("ganirl")
    except PackageNotFoundError:  # a bare checkout
        return "unknown"


# --- telling -----------------------------------------------------------------------------------


def short(value: float) -> str:
    """Write a difference with two digits; none at all is 0."""
    return "0" if value == 0.0 else f"{value:.1e}"


def _summary(findings: Findings, steps: int) -> str:
    drift = max(each.drift_theta for _, found in findings.locksteps for each in found.coincidences)
    step = max(each.step_theta for _, found in findings.locksteps for each in found.coincidences)
    least = min(each.theta for _, found in findings.locksteps for each in found.partings)
    said = "" if findings.passed else "SOMETHING DID NOT HOLD: see the tables. "
    return (
        f"{said}From one start and on the same rows, a GAN, guided cost learning and an energy-based model take the "
        f"same steps: from the same parameters their gradients differ by at most {short(step)}, and after {steps} "
        f"steps of their own their $\\theta$ by at most {short(drift)}, which rounding explains. With any condition "
        f"broken $\\theta$ leaves by at least {short(least)}."
    )


def _coinciding(findings: Findings, steps: int) -> Section:
    return Section(
        "What coincides",
        (
            f"Every run starts at the same $\\theta$ and the same policy and takes {steps} plain gradient steps in "
            "float64. The GAN trains $b$ to the minimum of $L_D$ by Newton's method, $\\theta$ by autograd of $L_D$, "
            "and its policy by the reward $\\log D - \\log(1-D)$. Guided cost learning re-estimates $Z$ until it is "
            "itself, and differentiates the surrogate; its policy minimises cost plus $\\log q$. The energy-based "
            "model has neither discriminator nor autograd: energies of the data less energies of its samples under "
            "self-normalised weights $e^{-E}/(\\frac12 e^{-E}/Z + \\frac12 q)$, and its sampler descends "
            "$\\mathrm{KL}(q\\|p_\\theta)$. They share the values of the cost and the rows, and no formula (claim C2).",
            "“generic” is a stochastic decision process with 4376 trajectories of lengths 1 to 4 and a cost that is "
            "curved in $\\theta$; “S6” is a plain space of four points. “all” means exact expectations, over every "
            "trajectory; minibatches (48 of the data, 64 of the current policy) are drawn anew at every step, and "
            "coincide as well, because the identity needs no expectation (tier 1).",
        ),
        (
            _grid(
                findings,
                "Largest difference of $\\theta$ from the GAN's over all steps; “–” where it was not run. The first "
                "line is the GAN itself with its rows shuffled: what the order of additions alone does.",
                lambda found: tuple(
                    (each.contender, each.drift_theta, each.holds) for each in found.coincidences
                ),
            ),
            Table(
                "What rounding allows. From the same parameters: the largest difference of the updates of $\\theta$ "
                "and of the policy, over all steps, and the largest share of its derived bound, for sums in any order. "
                "Run by run: the largest difference of the parameters, and its share of those bounds carried "
                "through the derivative of every step.",
                (
                    "on",
                    "run",
                    "step, θ",
                    "step, policy",
                    "share",
                    "run, θ",
                    "run, policy",
                    "share of what is carried",
                ),
                tuple(
                    (
                        title,
                        each.contender.name,
                        short(each.step_theta),
                        short(each.step_policy),
                        short(each.step_ratio),
                        short(each.drift_theta),
                        short(each.drift_policy),
                        short(each.drift_ratio),
                    )
                    for title, found in findings.locksteps
                    for each in found.coincidences
                ),
            ),
        ),
    )


def _grid(
    findings: Findings,
    caption: str,
    cells: Callable[[Lockstep], tuple[tuple[Contender, float, bool], ...]],
) -> Table:
    """One line a run, one column a ground."""
    columns = [cells(found) for _, found in findings.locksteps]
    contenders = dict.fromkeys(
        (each.name, each.claim, each.reason) for column in columns for each, _, _ in column
    )
    rows = []
    for name, claim, reason in contenders:
        row = []
        for column in columns:
            held = [(value, holds) for each, value, holds in column if each.name == name]
            row.append(f"{short(held[0][0])}{'' if held[0][1] else ' ✗'}" if held else "–")
        rows.append((name, *row, claim, reason))
    return Table(
        caption, ("run", *(title for title, _ in findings.locksteps), "claim", "because"), tuple(rows)
    )


def _departing(findings: Findings) -> Section:
    since = max(each.since for _, found in findings.locksteps for each in found.partings)
    return Section(
        "What parts",
        (
            "Each of these breaks one condition of the same run; all of them leave it by more than rounding explains "
            f"after {'the first step' if since == 1 else f'at most {since} steps'}.",
            "A GAN's reward holds $b$, guided cost learning's does not. Over all of $q$ a constant drops out, and the "
            "GAN without a baseline is among the runs that coincide; on a minibatch it does not, and is among these "
            "(claim E3).",
        ),
        (
            _grid(
                findings,
                "Largest difference of $\\theta$ from the GAN's over all steps.",
                lambda found: tuple((each.contender, each.theta, each.holds) for each in found.partings),
            ),
            Table(
                "With $b$ held wrong: the difference of both gradients at the same $\\theta$, policy and $b$, and its "
                "largest share of $\\max|c'| \\cdot |\\partial_b L_D|$, which bounds it at every step (claim C2).",
                ("on", "least difference", "largest", "share of the bound"),
                tuple(
                    (
                        title,
                        short(found.wrong_b.smallest),
                        short(found.wrong_b.largest),
                        f"{found.wrong_b.ratio:.3f}{'' if found.wrong_b.holds else ' ✗'}",
                    )
                    for title, found in findings.locksteps
                ),
            ),
        ),
    )


def _halves(findings: Findings) -> Section:
    return Section(
        "Half of the likelihood's step",
        (
            "Where the generator is at its optimum, $q = p_\\theta$ at every step, $b^* = \\log Z_\\theta$ and "
            "$\\partial_\\theta L_D$ is half of the gradient of $-\\log$ likelihood: a GAN is exact maximum likelihood "
            "with half of the step, and not with the whole (claim C5).",
        ),
        (
            Table(
                "Largest difference of $\\theta$ from exact maximum likelihood's over all steps.",
                ("on", "with half of the step", "rounding explains", "with the whole step"),
                tuple(
                    (
                        each.ground.split(",")[0],
                        f"{short(each.difference)}{'' if each.holds else ' ✗'}",
                        short(each.allowed),
                        short(each.whole_difference),
                    )
                    for each in findings.halves
                ),
            ),
        ),
    )


def _ends(findings: Findings) -> Section:
    likelihood = findings.limits[0].likelihood
    return Section(
        "Where training ends if the cost cannot be right",
        (
            "On S6 the cost $-\\theta\\varphi$ cannot represent the data. With $q$ held, all three doors end where "
            "noise-contrastive estimation does, which depends on $q$, and not at the maximum of the likelihood, "
            f"$\\theta = {likelihood:.6f}$ (claim C6). With $q$ trained, too, they end there, with "
            "$D \\equiv \\frac12$ and $L_D = 2\\log 2$ although $q \\ne p$: that $D$ "
            "can tell nothing apart does not mean that there is nothing to tell (claim G2).",
        ),
        (
            Table(
                "$q$ held: $\\theta$ at rest, and the root of the same equation found without training.",
                ("q", *(name for name, _ in findings.limits[0].doors), "root", "maximum likelihood", "claim"),
                tuple(
                    (
                        each.generator,
                        *(f"{theta:+.10f}" for _, theta in each.doors),
                        f"{each.root:+.10f}",
                        f"{each.likelihood:+.6f}",
                        "C6" if each.holds else "C6 ✗",
                    )
                    for each in findings.limits
                ),
            ),
            Table(
                "$q$ trained: where both rest.",
                ("run", "θ", "θ − MLE", "max|D − ½|", "L_D − 2 log 2", "b − log Z", "KL(q‖p)", "claim"),
                tuple(
                    (
                        each.door,
                        f"{each.theta:+.10f}",
                        short(each.theta - each.likelihood),
                        short(each.half),
                        short(each.loss),
                        short(each.offset),
                        f"{each.divergence:.4f}",
                        "G2" if each.holds else "G2 ✗",
                    )
                    for each in findings.equilibria
                ),
            ),
        ),
    )


def _with_figures(sections: list[Section], findings: Findings) -> list[Section]:
    if find_spec("matplotlib") is None:
        return [replace(sections[0], paragraphs=(*sections[0].paragraphs, WITHOUT_FIGURES)), *sections[1:]]
    title, found = findings.locksteps[0]
    first = Figure(
        "three-doors",
        f"Three runs on one another, and four that leave ({title}). Above: each component of $\\theta$. Below: the "
        "largest difference from the GAN's, on a scale of logarithms; shaded: what rounding could explain.",
        trajectories(found),
    )
    second = Figure(
        "where-training-ends",
        "Left: $\\theta$ of the GAN on S6 with $q$ held, three times, and with $q$ trained. Right: data and "
        "generator where the latter rests; $D$ is one half everywhere.",
        where_training_ends(findings.limits, findings.equilibria[0]),
    )
    drawn = {0: first, 3: second}
    return [
        replace(section, parts=(drawn[index], *section.parts)) if index in drawn else section
        for index, section in enumerate(sections)
    ]


# --- data --------------------------------------------------------------------------------------
