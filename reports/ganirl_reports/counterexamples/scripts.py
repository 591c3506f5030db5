"""The scripts of a report: one beside each saved counterexample that has one."""

from __future__ import annotations

from pathlib import Path, PurePath

from ganirl_properties import UsageError
from ganirl_properties.report import Report, Verdict

from .saved import saved_in
from .script import SCRIPT_MARK, script

__all__ = ["SCRIPT_MARK", "script_name", "scripts"]


def scripts(report: Report, folder: Path | None = None) -> dict[str, str]:
    """Return the texts of a report's scripts by their file names; ``folder`` is where they are to lie."""
    found = {}
    for verdict in report.verdicts:
        text = _script(report, verdict, folder)
        if text is not None:
            found[_name(verdict)] = text
    return found


def script_name(report: Report, verdict: Verdict) -> str | None:
    """Return the file name of a verdict's script, below ``counterexamples/``; None where there is none."""
    return None if _script(report, verdict) is None else _name(verdict)


def _name(verdict: Verdict) -> str:
    assert verdict.counterexample is not None
    return str(PurePath(verdict.counterexample.file_name).with_suffix(".py"))


def _script(report: Report, verdict: Verdict, folder: Path | None = None) -> str | None:
    # Without a framework it is a report of an older version, or one that was made by hand.
    if verdict.counterexample is None or not report.run.framework:
        return None
    try:
        return script(saved_in(report.run, verdict, _name(verdict)), folder)
    except UsageError:  # no formula is as short as that, or nobody knows where the target is
        return None
