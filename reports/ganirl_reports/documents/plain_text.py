"""One claim's failure as plain text, for an assertion's message."""

from __future__ import annotations

from ganirl_properties.report import Report
from ganirl_reports.looks import LOOKS, apart, argument, number
from ganirl_reports.tabulation import Failure, catalogued, failures, reproduce


def explain(report: Report, claim: str) -> str:
    """Return the failures of a claim, the first counterexample of each kind in full, and how to see more."""
    found = [failure for failure in failures(report) if failure.lead.claim == claim]
    parts = [line for failure in found for line in _told(failure)]
    return "\n".join([*parts, f"again    {reproduce(report)}"])


def _told(failure: Failure) -> list[str]:
    verdict = failure.lead
    entry = catalogued(verdict.claim)
    where = f"{verdict.dtype} on {verdict.device}" + (f", also {failure.also}" if failure.also else "")
    title = f", {entry.title}: " if entry else ": "
    lines = [f"{verdict.claim}{title}{LOOKS[verdict.verdict].word} in {where}"]
    if verdict.counterexample is None:
        lines.append(f"         {verdict.message}")
    else:
        case = verdict.counterexample
        got, expected = apart(case.got, case.expected)
        lines += [f"{word:<9}{sentence}" for word, sentence in argument(case)]
        limits = f"bound {number(case.bound)}, allowed {number(case.allowed)}"
        lines.append(f"         got {got}, expected {expected}, {limits}")
    if verdict.diagnosis is not None:
        lines.append(f"Why      {verdict.diagnosis.title}: {verdict.diagnosis.sentence}")
    elif verdict.counterexample is not None and verdict.verdict == "violated":
        lines.append(f"Why      {verdict.message}")
    if verdict.blocked_by is not None:
        lines.append(f"         explained by the failure of {verdict.blocked_by}")
    return lines
