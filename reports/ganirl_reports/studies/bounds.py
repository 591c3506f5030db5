"""How near sound code comes to the error bounds, format by format: what rounding explains, and what it cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy
import torch

from ganirl import __version__
from ganirl_gpu.bound_study import OBSERVABLES, SLACKEST, Ratios, study_bounds
from ganirl_symbolic.intervals import certifier

from . import bounds_figure
from .study import Figure, Progress, Section, Study, Table

_HEADINGS = ("bound", "of", "format", "problems", "worst", "typical", "slack", "nearest")


def run(*, seed: int = 0, progress: Progress | None = None) -> Study:
    """Try every bound on thousands of problems a format."""
    return present(study_bounds(seed=seed, progress=progress))


def present(found: Sequence[Ratios]) -> Study:
    """Make a study of what was found."""
    formulas = sorted((each for each in found if each.bound not in OBSERVABLES), key=_place)
    verdicts = [each for each in found if each.bound in OBSERVABLES]
    broken = [f"{each.bound} in {each.dtype}" for each in found if not each.holds]
    slack = [f"{each.bound} in {each.dtype}" for each in found if not each.sharp]
    worst, least = max(found, key=lambda each: each.worst), min(found, key=lambda each: each.worst)
    tried = sum(len(each.values) for each in found)
    summary = (
        f"{tried} results of sound code, each divided by its bound. "
        + (f"Exceeded: {', '.join(broken)}. " if broken else "No bound was ever exceeded: ")
        + f"the nearest came to {worst.worst:.2f} of it ({worst.bound}, {worst.dtype}). "
        + (
            f"Slack by more than 1000: {', '.join(slack)}."
            if slack
            else f"None is slack by more than {1 / least.worst:.0f} ({least.bound}, {least.dtype})."
        )
    )
    return Study(
        name="bounds",
        title="How near sound code comes to the error bounds",
        summary=summary,
        command="ganirl report bounds --output DIR",
        sections=(_formulas(formulas), _verdicts(verdicts), _reading()),
        numbers={"slackest": SLACKEST, "ratios": [_numbers(each) for each in found]},
        passed=not broken and not slack,
        versions=_versions(),
    )


def _place(each: Ratios) -> tuple[bool, int, str]:
    """T1, T2, T2' … T12, and then the others."""
    digits = re.match(r"T(\d+)", each.bound)
    return digits is None, int(digits[1]) if digits else 0, each.bound


def _versions() -> dict[str, str]:
    library, version = certifier().name.rsplit(" ", 1)
    return {
        "ganirl": __version__,
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "torch": str(torch.__version__),
        library: version,
    }


def _rows(found: Sequence[Ratios]) -> tuple[tuple[str | float | int, ...], ...]:
    return tuple(
        (
            each.bound,
            f"${each.quantity}$",
            each.dtype,
            each.problems,
            f"{each.worst:.3f}",
            f"{each.typical:.2g}",
            f"{1 / each.worst:.1f}" if each.worst > 0 else "∞",
            each.worst_form,
        )
        for each in found
    )


def _formulas(found: Sequence[Ratios]) -> Section:
    return Section(
        "The bounds one by one",
        (
            "A bound is a number: how far sound code may be from the truth on this very problem, in this format, "
            "whatever the order in which it adds and however it associates. Here it is tried on sound code: several "
            "forms of each quantity in PyTorch and NumPy, six orders of summation, up to 1024 rows, costs of up to 384 "
            "terms (horizon times features), logits of size 0.01 to 200, half of them near cancellation, some with a "
            "large common offset. Truth is in 64 bits of mantissa or in rigorous intervals.",
            "*worst* is the largest error divided by the bound, over problems and forms: above 1 the bound would be "
            f"wrong, below {SLACKEST:g} it would be slack by more than 1000. *typical* is the median. *slack* is the "
            "reciprocal of *worst*.",
        ),
        (
            Figure(
                "ratios",
                "Error divided by bound: from the 5th to the 95th percentile, the median (dot) and the worst (bar). "
                "Beyond the line at 1 a bound is wrong; with its worst left of the dashed line it is slack.",
                bounds_figure.distributions(found),
            ),
            Table("Every bound in every format.", _HEADINGS, _rows(found)),
        ),
    )


def _verdicts(found: Sequence[Ratios]) -> Section:
    return Section(
        "What verdicts are given by",
        (
            "A verdict compares an observable with the reference, within bounds put together from those above. The "
            "built-in targets are compared with rigorous intervals of the truth, and divided by the implementation's "
            "part of the bound alone; a verdict allows twice as much. The last rows are the float64 reference itself "
            "against what it claims of its own error.",
        ),
        (
            Figure(
                "observables",
                "The same for what verdicts compare, on drawn cases.",
                bounds_figure.distributions(found),
            ),
            Table("Every observable in every format.", _HEADINGS, _rows(found)),
        ),
    )


def _reading() -> Section:
    return Section(
        "Where the bounds come from",
        (
            "Each is a forward error analysis with $\\gamma_n = nu/(1 - nu)$ for n roundings in any order, and with "
            "elementary functions right to $\\kappa u$.",
            "The gradient of the surrogate is a mean under weights $s = \\operatorname{softmax} x$. An error that all "
            "$x$ share drops out of the ratio, so that errors $\\varepsilon$ of $x$ weigh deviations from the mean, "
            "$\\sum \\tilde s g - \\bar g = \\sum s(e^\\varepsilon - 1)(g - \\bar g)/\\sum s e^\\varepsilon$, and an "
            "error of the normaliser weighs $|\\bar g|$ alone.",
            "The log weight $-c - \\log\\tilde\\mu$ is $\\log D$ and a constant: of the logit's error it inherits the "
            "part $1 - D$.",
            "A central difference is exact up to $h^2 M_3/6$ only for points at equal distances. Where b ± h are "
            "rounded, $\\frac12 M_2 |h_+ - h_-|$ comes on top; it is not divided by h, if the quotient is taken with "
            "the actual distance.",
        ),
    )


def _numbers(each: Ratios) -> dict[str, Any]:
    quantiles = each.quantiles((0.05, 0.25, 0.5, 0.75, 0.95))
    return {
        "bound": each.bound,
        "format": each.dtype,
        "problems": each.problems,
        "results": len(each.values),
        "worst": each.worst,
        "nearest": each.worst_form,
        "quantiles": {
            name: float(value)
            for name, value in zip(("5%", "25%", "50%", "75%", "95%"), quantiles, strict=True)
        },
    }
