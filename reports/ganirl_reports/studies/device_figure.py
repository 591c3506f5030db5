"""The picture of the study of a device."""

from __future__ import annotations

from collections.abc import Sequence

from ganirl_gpu.sweep import Line

from .bounds_figure import COLOURS
from .drawing import FAINT, INK, canvas, svg

_SMALLEST, _LARGEST = 1e-4, 4.0


def worst_ratios(lines: Sequence[Line]) -> str:
    """Worst error / bound on a logarithmic axis, a row an observable; as SVG."""
    names = list(dict.fromkeys(line.observable for line in lines))
    formats = [name for name in COLOURS if any(line.dtype == name for line in lines)]
    height = 0.9 + 0.4 * len(names)
    with canvas("worst ratios", 8.2, height) as figure:
        axes = figure.add_axes((0.25, 0.42 / height, 0.72, 1.0 - 0.92 / height))
        axes.set(xscale="log", xlim=(_SMALLEST, _LARGEST), ylim=(len(names) - 0.4, -0.6))
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_xlabel("worst error / bound    ● eager   ○ compiled")
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.axvline(1.0, color=INK, linewidth=1.2)
        for line in lines:
            place = names.index(line.observable) + 0.24 * (formats.index(line.dtype) - (len(formats) - 1) / 2)
            colour = COLOURS[line.dtype]
            axes.plot(
                [min(max(line.ratio, _SMALLEST), _LARGEST)],
                [place],
                color=colour,
                marker="o" if line.device != "cpu" else "s",
                markersize=6.5 if line.compiled else 4.5,
                markerfacecolor="none" if line.compiled else colour,
                linestyle="none",
            )
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
