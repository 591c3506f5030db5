"""Floor 5: what to tell a person, a CI, a paper.

The command line is `ganirl_reports.command_line`. Python code and test suites use the names exported here;
each is imported when it is first asked for, so that ``import ganirl_reports`` costs nothing.
"""

from __future__ import annotations

# Type checkers take it for true. Not that of `typing`, which brings two dozen modules: while they are imported Ctrl-C
# is a traceback, for the command `ganirl` is not yet there to hear it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .claim_result import ClaimFailed, ClaimResult
    from .documents.json_document import ReportError, load_report, to_json
    from .documents.output_directory import write_report
    from .pytest_plugin import parametrize_with_claims

_HOMES = {
    "ClaimFailed": "claim_result",
    "ClaimResult": "claim_result",
    "ReportError": "documents.json_document",
    "load_report": "documents.json_document",
    "parametrize_with_claims": "pytest_plugin",
    "to_json": "documents.json_document",
    "write_report": "documents.output_directory",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module  # noqa: PLC0415

        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


__all__ = [
    "ClaimFailed",
    "ClaimResult",
    "ReportError",
    "load_report",
    "parametrize_with_claims",
    "to_json",
    "write_report",
]
