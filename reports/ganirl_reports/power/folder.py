"""The folder of a measured power: ``power.json``, ``power.html``, ``power.md`` and ``power.svg``."""

from __future__ import annotations

from pathlib import Path

from ganirl_reports.documents.json_text import as_text
from ganirl_reports.documents.output_directory import prepare, replace_file

from .figure import figure
from .html_document import to_html
from .json_document import power_document
from .markdown_document import to_markdown
from .measured import Measured


def write_power(measured: Measured, directory: str | Path) -> Path:
    """Write all documents and return the folder; ``power.json`` comes last: where it is new, everything is.

    Raises
    ------
    OSError
        If the folder cannot be written.
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    folder = prepare(directory)
    drawn = figure(measured)
    replace_file(folder / "power.svg", drawn)
    replace_file(folder / "power.html", to_html(measured, drawn))
    replace_file(folder / "power.md", to_markdown(measured, "power.svg"))
    replace_file(folder / "power.json", as_text(power_document(measured)))
    return folder
