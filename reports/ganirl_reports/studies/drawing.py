"""How figures look: one palette that the colour-blind tell apart, names beside what they name, white paper.

matplotlib is imported when a figure is drawn. The same numbers give the same bytes.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

INK, SOFT, FAINT = "#1f2933", "#66727f", "#d9dee4"
# Okabe and Ito 2008
BLUE, SKY, VERMILLION, GREEN, ORANGE, PURPLE = (
    "#0072B2",
    "#56B4E9",
    "#D55E00",
    "#009E73",
    "#E69F00",
    "#CC79A7",
)

_LOOK: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": "DejaVu Sans",
        "font.size": 9.5,
        "text.color": INK,
        "axes.edgecolor": FAINT,
        "axes.labelcolor": SOFT,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.titlecolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "lines.solid_capstyle": "round",
        "svg.fonttype": "path",
    }
)


@contextmanager
def canvas(name: str, width: float, height: float) -> Iterator[Any]:
    """Open a figure of so many inches, and close over how it looks; finish it with `svg` inside.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    look: dict[Any, Any] = {**_LOOK, "svg.hashsalt": f"ganirl {name}"}
    with mpl.rc_context(look):
        yield Figure(figsize=(width, height), facecolor="white")


def svg(figure: Any) -> str:
    """Return the figure as an ``<svg>`` element, without a date."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    found = text.getvalue()
    return re.sub(r"[ \t]+(?=\n)", "", found[found.index("<svg") :])
