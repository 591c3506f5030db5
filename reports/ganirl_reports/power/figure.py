"""The matrix at a glance: a column a wrong formula, a row a claim, the darker the sooner it catches."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from ganirl_reports.studies.drawing import INK, SOFT, VERMILLION, canvas, svg

from .measured import LATER, SPEEDS, Measured, cell

# Inches; and the axes' left, bottom, width and height as shares of the paper.
_WIDTH, _PLACE = 13.5, (0.262, 0.12, 0.728, 0.70)

# Dark to light: the sooner, the darker. Then what luck finds, and what is missed.
_BLUES = ("#08306b", "#2171b5", "#6baed6", "#bdd7e7")
_NONE, _LUCKY = "#f2f4f6", "#E69F00"
_COLOURS = {
    "none": _NONE,
    **{f"speed-{place}": colour for place, colour in enumerate(_BLUES)},
    "lucky": _LUCKY,
    "missed": VERMILLION,
}
_NAMES = {
    **{f"speed-{place}": f"caught {name}" for place, (_, name) in enumerate(SPEEDS)},
    f"speed-{len(SPEEDS)}": f"caught {LATER}",
    "lucky": "under some seeds alone",
    "missed": "expected, not caught",
    "none": "not caught, and need not be",
}


def figure(measured: Measured) -> str:
    """Return the matrix as an ``<svg>`` element; white is where a formula's code does not show a claim.

    Claims are named beside their rows; a column is too narrow for a name, and says it where a pointer rests on it.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    power, claims = measured.power, measured.shown
    found: dict[str, list[tuple[int, int, int]]] = {}
    for line, claim in enumerate(claims):
        kinds = [None if (each := cell(row, claim)) is None else each.kind for row in power.rows]
        for kind, start, stop in _runs(kinds):
            found.setdefault(kind, []).append((line, start, stop))
    width = len(power.rows)
    height = 1.9 + 0.17 * len(claims)
    titles = {claim.id: claim.title for claim in power.claims}
    with canvas("power", _WIDTH, height) as paper:
        axes = paper.add_axes(_PLACE)
        for kind, colour in _COLOURS.items():
            _paint(axes, found.get(kind, ()), colour)
        axes.set_xlim(0, max(width, 1))
        axes.set_ylim(len(claims), 0)
        named = [f"{titles[claim]}  {claim}" for claim in claims]
        axes.set_yticks([line + 0.5 for line in range(len(claims))], named, fontsize=7.5)
        axes.set_xticks([])
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        _name_themes(axes, measured, len(claims))
        present = [kind for kind in _COLOURS if kind in found]
        _legend(paper, present)
        axes.set_xlabel(f"{width} wrong formulas, by theme", color=SOFT)
        return _with_columns_named(svg(paper), measured, height)


# Of matplotlib's SVG.
_POINTS_AN_INCH = 72


def _with_columns_named(drawn: str, measured: Measured, height: float) -> str:
    """Lay an unseen rectangle over each column, whose title a browser shows."""
    rows = measured.power.rows
    left, bottom, wide, high = _PLACE
    width = wide * _WIDTH * _POINTS_AN_INCH / max(len(rows), 1)
    top, tall = (1 - bottom - high) * height * _POINTS_AN_INCH, high * height * _POINTS_AN_INCH
    start = left * _WIDTH * _POINTS_AN_INCH
    columns = "".join(
        f'<rect x="{start + place * width:.2f}" y="{top:.2f}" width="{width:.2f}" height="{tall:.2f}">'
        f"<title>{escape(f'{row.id}: {row.formula.title}')}</title></rect>\n"
        for place, row in enumerate(rows)
    )
    body, _, _ = drawn.rpartition("</svg>")
    return f'{body}<g fill="#ffffff" fill-opacity="0">\n{columns}</g>\n</svg>\n'


def _runs(kinds: Iterable[str | None]) -> Iterable[tuple[str, int, int]]:
    """Yield stretches of one kind as (kind, start, stop): a few shapes in place of thousands."""
    start, last, place = 0, None, 0
    for place, kind in enumerate([*kinds, None]):
        if kind != last:
            if last is not None:
                yield last, start, place
            start, last = place, kind


def _paint(axes: Any, cells: Iterable[tuple[int, int, int]], colour: str) -> None:
    from matplotlib.patches import PathPatch  # noqa: PLC0415
    from matplotlib.path import Path  # noqa: PLC0415

    corners: list[tuple[float, float]] = []
    codes: list[Any] = []
    for line, start, stop in cells:
        low, high = line + 0.06, line + 0.94
        corners += [(start, low), (stop, low), (stop, high), (start, high), (start, low)]
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    if corners:
        axes.add_patch(PathPatch(Path(corners, codes), facecolor=colour, edgecolor="none", linewidth=0))


def _name_themes(axes: Any, measured: Measured, height: int) -> None:
    begins = 0
    for theme, rows in measured.power.themes.items():
        ends = begins + len(rows)
        if begins:
            axes.plot((begins, begins), (0, height), color="white", linewidth=1.6)
        share = len(rows) / len(measured.power.rows)
        axes.text(
            (begins + ends) / 2,
            -0.35,
            _broken(theme, share),
            ha="center",
            va="bottom",
            fontsize=7.8,
            color=INK,
            linespacing=1.05,
        )
        begins = ends


def _broken(theme: str, share: float) -> str:
    """Break a name into lines that fit above its part of the axis."""
    room = max(8, int(share * 130))
    lines = [""]
    for word in theme.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def _legend(paper: Any, kinds: Iterable[str]) -> None:
    from matplotlib.patches import Patch  # noqa: PLC0415

    patches = [Patch(facecolor=_COLOURS[kind], label=_NAMES[kind]) for kind in _NAMES if kind in kinds]
    paper.legend(
        handles=patches,
        loc="lower center",
        ncols=len(patches),
        frameon=False,
        fontsize=8,
        handlelength=1.1,
        handleheight=1.0,
        bbox_to_anchor=(0.5, 0.0),
    )
