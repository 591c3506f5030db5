"""The picture of the study of bounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganirl_gpu.bound_study import SLACKEST, Ratios

from .drawing import BLUE, FAINT, GREEN, INK, ORANGE, SOFT, VERMILLION, canvas, svg

COLOURS = {"float64": BLUE, "float32": ORANGE, "bfloat16": GREEN, "tf32": VERMILLION}
_SMALLEST, _LARGEST = 1e-6, 4.0


def distributions(found: Sequence[Ratios]) -> str:
    """Error / bound on a logarithmic axis, a row a bound, a line a format; as SVG."""
    bounds = list(dict.fromkeys(each.bound for each in found))
    formats = [name for name in COLOURS if any(each.dtype == name for each in found)]
    height = 0.9 + 0.34 * len(bounds)
    with canvas(f"ratios of {', '.join(bounds)}", 8.2, height) as figure:
        axes = figure.add_axes((0.17, 0.42 / height, 0.8, 1.0 - 0.92 / height))
        axes.set(xscale="log", xlim=(_SMALLEST, _LARGEST), ylim=(len(bounds) - 0.4, -0.6))
        axes.set_yticks(range(len(bounds)), bounds)
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_xlabel("error / bound")
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.axvline(1.0, color=INK, linewidth=1.2)
        axes.axvline(SLACKEST, color=SOFT, linewidth=1.0, linestyle=(0, (3, 3)))
        for each in found:
            place = bounds.index(each.bound) + 0.2 * (formats.index(each.dtype) - (len(formats) - 1) / 2)
            low, middle, high = np.clip(each.quantiles((0.05, 0.5, 0.95)), _SMALLEST, _LARGEST)
            colour = COLOURS[each.dtype]
            axes.plot([low, high], [place, place], color=colour, linewidth=2.2)
            axes.plot([middle], [place], color=colour, marker="o", markersize=4.5)
            worst = min(max(each.worst, _SMALLEST), _LARGEST)
            axes.plot([worst, worst], [place - 0.1, place + 0.1], color=colour, linewidth=2.0)
        for index, name in enumerate(formats):
            axes.annotate(
                name,
                (0.0, 1.0),
                xycoords="axes fraction",
                xytext=(2 + 62 * index, 7),
                textcoords="offset points",
                color=COLOURS[name],
                fontsize=9.5,
            )
        return svg(figure)
