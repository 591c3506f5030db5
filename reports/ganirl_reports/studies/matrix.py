"""The traceability matrix: every claim, and where it is derived, enumerated, searched and computed in PyTorch."""

from __future__ import annotations

from itertools import groupby

from ganirl import __version__
from ganirl.claims import CLAIM_SET, CLAIMS
from ganirl_reports.documents.html_document import family
from ganirl_reports.matrix import CELLS, Entry, matrix

from .study import Progress, Section, Study, Table

GLANCE = ("claim", "", "tier", "source", "derived", "enumerated", "property", "PyTorch", "reads code")


def run(*, seed: int = 0, progress: Progress | None = None) -> Study:
    """Join the floors for every claim; nothing is drawn, so that the seed changes nothing."""
    del seed
    entries: list[Entry] = []
    for done, each in enumerate(CLAIMS, 1):
        entries.extend(matrix([each]))
        if progress is not None:
            progress(done, len(CLAIMS), each.id)
    filled = {cell: sum(not getattr(entry, cell).startswith("none") for entry in entries) for cell in CELLS}
    empty = [entry.id for entry in entries for cell in CELLS if not getattr(entry, cell)]
    tested = sum(bool(entry.observables) for entry in entries)
    return Study(
        name="matrix",
        title="Every claim of the theorem, and what stands behind it",
        summary=(
            f"{len(entries)} claims: {filled['derivation']} derived, {filled['enumeration']} enumerated exactly, "
            f"{filled['property']} searched or drawn, {filled['torch']} computed in PyTorch; {tested} read "
            "something of an implementation. Where a cell cannot exist, the reason stands in it."
        ),
        command="ganirl report matrix --output DIR",
        sections=(
            Section("At a glance", parts=(_glance(entries),)),
            *(
                Section(name, parts=tuple(map(_whole, group)))
                for name, group in groupby(entries, key=lambda entry: family(entry.id))
            ),
        ),
        numbers={"claims": [entry.document() for entry in entries], "filled": filled, "empty": empty},
        passed=not empty,
        versions={"ganirl": __version__, "claim set": CLAIM_SET},
    )


def _glance(entries: list[Entry]) -> Table:
    rows = tuple(
        (
            entry.id,
            entry.title,
            entry.tier,
            entry.citation,
            *("–" if getattr(entry, cell).startswith("none") else "✓" for cell in CELLS[:-1]),
            "✓" if entry.observables else "theory",
        )
        for entry in entries
    )
    return Table("A dash has its reason below.", GLANCE, rows)


def _whole(entry: Entry) -> Table:
    rows = tuple((cell, getattr(entry, cell)) for cell in CELLS)
    return Table(f"{entry.id} {entry.title}: ${entry.statement}$", ("", entry.citation), rows)
