"""Saved reports read back: the very report that was written, or one sentence that says what is wrong with the file."""

from __future__ import annotations

from pathlib import Path

from ganirl_properties import UsageError
from ganirl_properties.report import Report

from .documents.json_document import ReportError, load_report


def read_report(path: str | Path) -> Report:
    """Read a ``report.json``, or the one in a folder: everything that `json_document` wrote, as frozen data.

    Raises
    ------
    UsageError
        If the file is not there, broken, cut off, something else or of another version of the schema, or if its
        counts contradict its rows: one sentence that says what is wrong, and the mend.
    """
    try:
        return load_report(path)
    except ReportError as error:
        raise UsageError(f"{error.problem}; {error.mend}") from error
