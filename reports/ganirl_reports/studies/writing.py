"""A study as documents: ``study.md``, ``study.html``, ``study.json`` and an SVG a figure."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from ganirl_reports.documents.json_document import plain
from ganirl_reports.documents.json_text import as_text
from ganirl_reports.documents.mathml import prose
from ganirl_reports.documents.output_directory import prepare, replace_file
from ganirl_reports.looks import number

from .study import Figure, Study, Table

TEMPLATES = Path(__file__).parent.parent / "templates"


def write_study(study: Study, directory: str | Path) -> Path:
    """Write all documents of a study, with today's date, and return the folder; each file is whole.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    """
    folder = prepare(directory)
    for figure in figures(study):
        replace_file(folder / f"{figure.name}.svg", figure.svg)
    replace_file(folder / "study.md", to_markdown(study))
    replace_file(folder / "study.html", to_html(study))
    replace_file(folder / "study.json", as_text(to_document(study)))
    return folder


def figures(study: Study) -> Iterator[Figure]:
    """Every figure, in order."""
    for section in study.sections:
        yield from (part for part in section.parts if isinstance(part, Figure))


def to_document(study: Study) -> dict[str, Any]:
    """Return what was measured, as JSON data."""
    document: dict[str, Any] = plain(
        {
            "study": study.name,
            "title": study.title,
            "summary": study.summary,
            "passed": study.passed,
            "command": study.command,
            "date": today(),
            "versions": versions(study),
            "numbers": study.numbers,
        }
    )
    return document


def to_markdown(study: Study) -> str:
    """Return the study for a reader of Markdown; figures are the files beside it."""
    blocks = [f"# {study.title}", study.summary]
    for section in study.sections:
        blocks += [f"## {section.title}", *section.paragraphs]
        for part in section.parts:
            if isinstance(part, Figure):
                blocks.append(f"![{part.caption}]({part.name}.svg)")
            else:
                blocks += [part.caption, _pipes(part)]
    told = ", ".join(f"{name} {version}" for name, version in versions(study).items())
    made = f"Made by `{study.command}` on {today()} ({told})."
    return "\n\n".join([*blocks, made]) + "\n"


def today() -> str:
    """Return the date that documents carry."""
    return datetime.now(UTC).date().isoformat()


def versions(study: Study) -> dict[str, str]:
    """Return what the study was made with: its own libraries, Python and the machine's kind."""
    return {**study.versions, "Python": platform.python_version(), "on": platform.machine()}


def _pipes(table: Table) -> str:
    lines = [
        table.headings,
        ("---",) * len(table.headings),
        *([cell_text(c) for c in row] for row in table.rows),
    ]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def cell_text(cell: str | float | int) -> str:
    """Write a cell: text as it is, numbers with six significant digits."""
    return number(cell, 6).replace("-", "−") if isinstance(cell, float) else str(cell)


def to_html(study: Study) -> str:
    """Return the study as one page that stands alone."""
    return _template().render(study=study, date=today(), versions=versions(study))


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(prose=prose, cell_text=cell_text)
    environment.filters["inline"] = _inline
    environment.tests["figure"] = lambda part: isinstance(part, Figure)
    environment.tests["numeric"] = lambda cell: isinstance(cell, int | float)
    return environment.get_template("study.html.j2")


def _inline(svg: str) -> Markup:
    """An SVG element without what may only stand before it in a file of its own."""
    return Markup(svg[svg.index("<svg") :])
