"""``report.html``: one file that stands alone, without scripts and without anything from the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ganirl_properties.report import VERDICT_NAMES, Report, VerdictName, Worst
from ganirl_reports.coarseness import hidden
from ganirl_reports.counterexamples.scripts import scripts
from ganirl_reports.gaps import gaps
from ganirl_reports.looks import LOOKS, apart, argument, equivalence_symbol, headline, is_by_design, number
from ganirl_reports.notation import notation
from ganirl_reports.remarks import remark
from ganirl_reports.sampling import sampling_line
from ganirl_reports.tabulation import (
    ClaimRow,
    Sentence,
    called,
    catalogued,
    choices,
    failures,
    reproduce,
    tabulate,
    told_apart,
)

from .json_document import plain
from .json_text import as_text
from .mathml import formula, prose

FAMILIES = {
    "A": "Discriminator",
    "B": "Loss through the mixture",
    "C": "Gradients",
    "D": "Maximum-entropy IRL as an energy-based model",
    "E": "Generator",
    "F": "Importance-sampled partition function",
    "G": "Global optimum",
    "H": "Sequences and dynamics",
    "I": "Conventions",
    "K": "Counter-claims",
    "N": "Floating point",
    "S": "Symmetries",
}
SIDES = {
    "GAN": "generative adversarial network",
    "IRL": "maximum-entropy inverse reinforcement learning",
    "EBM": "energy-based model",
}
# The bar spans 10^-DECADES to 10^DECADES; the allowed error is in its middle.
DECADES = 4
CASE_LIMIT = 20_000
TEMPLATES = Path(__file__).parent.parent / "templates"


def to_html(report: Report) -> str:
    """Return the whole page."""
    table = tabulate(report)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            run=report.run,
            called=called(report.run),
            equivalence=report.equivalence,
            equivalence_symbol=equivalence_symbol(report),
            headline=headline(report),
            by_design=is_by_design(report),
            # The doors that the implementation has stand side by side.
            sides=sorted(SIDES.items(), key=lambda side: side[0] not in report.equivalence.sides),
            summary=report.summary,
            names=[name for name in VERDICT_NAMES if report.summary[name]],
            looks=LOOKS,
            table=table,
            families=_families(table.rows),
            failures=told_apart(failures(report)),
            hidden=hidden(table.rows),
            gaps=gaps(report),
            choices=choices(report.run),
            reproduce=reproduce(report),
            sampled=sampling_line(report.run),
            scripts=scripts(report),
        )
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return what the templates of reports share: every text is escaped, and formulas are MathML."""
    shared = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shared.globals.update(
        apart=apart,
        argument=argument,
        catalogued=catalogued,
        formula=formula,
        notation=notation,
        number=number,
        prose=prose,
        ratio_bar=ratio_bar,
        remark=remark,
    )
    shared.filters["case_text"] = _case_text
    shared.tests["sentence"] = lambda told: isinstance(told, Sentence)
    return shared


def family(identifier: str) -> str:
    """Return the name of a claim's family."""
    return FAMILIES.get(identifier.rstrip("0123456789abcdefghijklmnopqrstuvwxyz"), "Other claims")


def _families(rows: tuple[ClaimRow, ...]) -> list[tuple[str, list[ClaimRow]]]:
    return [(name, list(group)) for name, group in groupby(rows, key=lambda row: family(row.id))]


def ratio_bar(worst: Worst, verdict: VerdictName) -> Markup:
    """Draw error / allowed on a logarithmic scale, with a line where the two are equal."""
    ratio = worst.ratio
    if math.isnan(ratio):
        length, label = 200.0, "NaN"
    else:
        decades = math.log10(ratio) if ratio > 0 else -math.inf
        length = 100 + 100 * max(-0.98, min(1.0, decades / DECADES))
        label = number(ratio, 2)
    ticks = "".join(
        f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="9" y2="14"/>'
        for x in (100 + 100 * decade / DECADES for decade in range(-DECADES, DECADES + 1, 2))
        if x != 100
    )
    spoken = f"worst error is {label} times what is allowed"
    return Markup(
        '<svg class="bar {}" viewBox="0 0 202 16" role="img" aria-label="{}"><title>{}</title>'
        '<rect class="track" x="0" y="3" width="200" height="8" rx="4"/>'
        '<rect class="fill" x="0" y="3" width="{}" height="8" rx="4"/>{}'
        '<line class="limit" x1="100" x2="100" y1="0" y2="16"/></svg>'
    ).format(verdict, spoken, spoken, f"{length:.1f}", Markup(ticks))


def _case_text(case: Mapping[str, Any]) -> str:
    text = as_text(plain(case))
    return text if len(text) <= CASE_LIMIT else text[:CASE_LIMIT] + "\n… the whole is in the saved file"
