"""The loose statements of Finn et al. (2016), for a reader of the paper."""

from __future__ import annotations

import numpy as np

from ganirl import __version__
from ganirl.claims import claim
from ganirl.errata import ERRATA, Erratum

from .study import Progress, Section, Study, Table


def run(*, seed: int = 0, progress: Progress | None = None) -> Study:
    """Compute the number of every erratum; nothing is drawn, so that the seed changes nothing."""
    del seed
    sections: list[Section] = []
    numbers = {}
    for done, erratum in enumerate(ERRATA, 1):
        shown = erratum.numbers()
        rows = tuple((each.quantity, each.printed, each.true) for each in shown)
        numbers[erratum.id] = [
            {"quantity": each.quantity, "printed": each.printed, "true": each.true} for each in shown
        ]
        sections.append(_section(erratum, rows))
        if progress is not None:
            progress(done, len(ERRATA), erratum.id)
    return Study(
        name="errata",
        title="Reading Finn et al. (2016), and Fu et al. (2018) after it: thirteen loose statements",
        summary=(
            "The theorem stands: at the optimal Z a GAN whose discriminator knows q has the gradient of "
            "sample-based maximum-entropy IRL. These are the places where a literal reading goes wrong, each with "
            "the number that shows it."
        ),
        command="ganirl report errata --output DIR",
        sections=tuple(sections),
        numbers=numbers,
        versions={"ganirl": __version__, "numpy": np.__version__},
    )


def _section(erratum: Erratum, rows: tuple[tuple[str, float, float], ...]) -> Section:
    told = "; ".join(f"{each} ({claim(each).title})" for each in erratum.claims)
    return Section(
        f"{erratum.id}: {erratum.where}",
        (f"Says, in short: {erratum.printed}.", f"Is true: {erratum.true}.", f"In full: {told}."),
        (Table("What shows it.", ("quantity", "as said", "is"), rows),),
    )
