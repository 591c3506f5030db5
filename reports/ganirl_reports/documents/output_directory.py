"""The folder of a report: ``report.json``, ``report.html``, ``summary.md``, ``counterexamples/*.json`` and ``*.py``."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ganirl_properties.report import Report
from ganirl_reports.counterexamples.scripts import SCRIPT_MARK, scripts

from .html_document import to_html
from .json_document import counterexample_document, to_json
from .json_text import as_text
from .markdown_document import to_markdown
from .schema import COUNTEREXAMPLE_SCHEMA


def prepare(directory: str | Path) -> Path:
    """Make the folder and try it, so that hours of work never end at a folder that cannot be written.

    Raises
    ------
    OSError
        If it cannot be made or written.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=directory):
        return directory


def write_report(report: Report, directory: str | Path) -> Path:
    """Write all documents of a report and return the folder; each file is the old or the new one, whole.

    Counterexamples of an earlier report in the same folder are removed. ``report.json`` comes last:
    where it is new, everything is.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    directory = prepare(directory)
    folder = directory / "counterexamples"
    saved = {
        _plain_name(verdict.counterexample.file_name): as_text(
            counterexample_document(report.run, verdict, verdict.counterexample)
        )
        for verdict in report.verdicts
        if verdict.counterexample is not None
    }
    saved |= scripts(report, folder)
    if saved:
        folder.mkdir(exist_ok=True)
    for name, text in saved.items():
        replace_file(folder / name, text)
    for pattern, mark in (("*.json", COUNTEREXAMPLE_SCHEMA), ("*.py", SCRIPT_MARK)):
        for stale in folder.glob(pattern):
            if stale.name not in saved and mark in stale.read_text("utf-8", errors="replace"):
                stale.unlink()
    if not saved:
        with suppress(OSError):  # it is not there, or something else is in it
            folder.rmdir()
    replace_file(directory / "report.html", to_html(report))
    replace_file(directory / "summary.md", to_markdown(report))
    replace_file(directory / "report.json", to_json(report))
    return directory


def _plain_name(name: str) -> str:
    if name != Path(name).name or name.startswith("."):
        raise ValueError(f"{name!r} is no plain file name")
    return name


def replace_file(path: Path, text: str) -> None:
    """Write a file so that it is the old or the new one, whole; what UTF-8 has no bytes for is spelled out."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
