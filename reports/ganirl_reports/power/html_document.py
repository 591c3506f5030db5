"""``power.html``: the kill matrix as one page that stands alone."""

from __future__ import annotations

from markupsafe import Markup

from ganirl_properties.power.outcome import Row
from ganirl_reports.documents.html_document import environment, family

from .measured import Measured, cell, tellings


def to_html(measured: Measured, figure: str | None = None) -> str:
    """Return the whole page; ``figure`` is the matrix as an ``<svg>`` element."""
    claims = [claim for claim in measured.power.claims if claim.id in measured.shown]
    return (
        environment()
        .get_template("power.html.j2")
        .render(
            measured=measured,
            power=measured.power,
            run=measured.run,
            summary=measured.summary,
            claims=claims,
            families={claim.id: family(claim.id) for claim in claims},
            # The element is ours: what is drawn holds no text of others.
            figure=None if figure is None else Markup(figure),
            tellings=tellings(measured),
            cell=cell,
            share=_share,
        )
    )


def _share(rows: tuple[Row, ...], claim: str) -> tuple[int, int]:
    """How many of a theme's formulas a claim catches, and how many show it."""
    return sum(claim in row.killers for row in rows), sum(claim in row.formula.claims for row in rows)
