"""The folder of a comparison: ``comparison.json``, ``.html`` and ``.md``, and a folder for each report."""

from __future__ import annotations

from pathlib import Path

from ganirl_reports.comparison import Comparison

from .comparison_html import to_html
from .comparison_json import comparison_document
from .comparison_markdown import to_markdown
from .json_text import as_text
from .output_directory import prepare, replace_file, write_report


def write_comparison(comparison: Comparison, directory: str | Path) -> Path:
    """Write all documents, each report's among them, and return the folder; ``comparison.json`` comes last.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = prepare(directory)
    for column in comparison.judged:
        assert column.report is not None
        write_report(column.report, folder / column.slug)
    replace_file(folder / "comparison.html", to_html(comparison))
    replace_file(folder / "comparison.md", to_markdown(comparison))
    replace_file(folder / "comparison.json", as_text(comparison_document(comparison)))
    return folder
