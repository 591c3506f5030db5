"""``report.json``: a report as plain JSON and back, with one error for each way a file can be wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from ganirl_properties.report import Counterexample, Report, Run, Verdict

from .json_text import as_text
from .schema import COUNTEREXAMPLE_SCHEMA, REPORT_SCHEMA, ReportDocument


class ReportError(ValueError):
    """A report cannot be read. The message says what is wrong and, after it, the mend."""

    hint = "Write it again with: ganirl verify TARGET --output DIR"

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}. {self.hint}")
        self.problem = problem

    @property
    def mend(self) -> str:
        """The hint as it goes on after a semicolon."""
        return self.hint[:1].lower() + self.hint[1:]


class UnreadableReportError(ReportError):
    """The file is not there, or may not be read."""

    hint = "Give the path of a report.json, or of the folder that holds one"


class NotJsonError(ReportError):
    """The text is no JSON; a report that was cut off while it was copied looks like this."""

    hint = 'Copy the file again; non-finite numbers are the strings "NaN", "Infinity" and "-Infinity"'


class NotAReportError(ReportError):
    """JSON, but of something else."""

    hint = f'A report is an object whose "schema" is "{REPORT_SCHEMA}"'


class UnknownSchemaError(ReportError):
    """A report of another version of the schema."""

    hint = "Read it with the version of ganirl that wrote it (run.ganirl), or verify again"


class MalformedReportError(ReportError):
    """A field is missing, superfluous or of the wrong kind."""

    hint = "The JSON Schema that ganirl ships (schema/report-1.schema.json) describes every field"


class UnreconciledReportError(ReportError):
    """The summary contradicts the rows."""

    hint = "Rows or counts were edited or lost: restore the file, or verify again"


class UnknownNameError(ReportError):
    """A report of this version names a claim or a convention that there is not."""

    hint = "Restore the file, or verify again"


def to_document(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON data; non-finite numbers become strings."""
    document = {
        "schema": report.schema,
        "run": _drawn(asdict(report.run)),
        "equivalence": asdict(report.equivalence),
        "summary": report.summary,
        "warnings": report.warnings,
        "verdicts": [_drawn(asdict(verdict)) for verdict in report.verdicts],
    }
    plain_document: dict[str, Any] = plain(document)
    return plain_document


def _drawn(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part, and what is in it, without what it says of sampling where nothing was sampled."""
    return {
        name: _drawn(value) if name == "counterexample" and value is not None else value
        for name, value in part.items()
        if name not in ("sampling", "draws") or value is not None
    }


def to_json(report: Report) -> str:
    """Return the text of ``report.json``."""
    return as_text(to_document(report))


def counterexample_document(run: Run, verdict: Verdict, counterexample: Counterexample) -> dict[str, Any]:
    """Return what is saved below ``counterexamples/``: the case, and what it takes to run it again."""
    document: dict[str, Any] = plain(
        {
            "schema": COUNTEREXAMPLE_SCHEMA,
            "ganirl": run.ganirl,
            "claim_set": run.claim_set,
            "target": run.target,
            "isolated": run.isolated,
            "requirements": run.requirements,
            "framework": run.framework,
            "observables": run.observables,
            "versions": run.versions,
            "conventions": run.conventions,
            "dtype": verdict.dtype,
            "device": verdict.device,
            "seed": run.seed,
            "diagnosis": asdict(verdict.diagnosis) if verdict.diagnosis else None,
            "counterexample": _drawn(asdict(counterexample)),
        }
    )
    return document


def plain(value: Any) -> Any:
    r"""Return a value as JSON data: tuples and arrays are lists, non-finite numbers are strings.

    What UTF-8 has no bytes for, half of a surrogate pair in a file's name or an answer, is spelled out, ``\udcff``.

    Raises
    ------
    TypeError
        If it holds something that JSON has no place for.
    """
    if isinstance(value, Mapping):
        return {_writable(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str):
        return _writable(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise TypeError(f"a report cannot hold {value!r}: give numbers, text, lists and mappings")


def _writable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def load_report(path: str | Path) -> Report:
    """Read a ``report.json``, or the one in a folder.

    Raises
    ------
    ReportError
        One subclass for each way in which the file can be wrong.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "report.json"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NotJsonError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise UnreadableReportError(f"cannot read {path}: {error.strerror or error}") from None
    return read_report(text, str(path))


def read_report(text: str, name: str = "the report") -> Report:
    """Read the text of a ``report.json``; ``name`` is what error messages call it.

    Raises
    ------
    ReportError
        One subclass for each way in which the text can be wrong.
    """
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJsonError(f"{name} is not JSON: {error.msg} at {where}") from None
    except (ValueError, RecursionError) as error:
        raise NotJsonError(f"{name} is not JSON: {error}") from None
    if not isinstance(document, dict) or "schema" not in document:
        raise NotAReportError(f"{name} is no report of ganirl")
    if document["schema"] != REPORT_SCHEMA:
        raise UnknownSchemaError(
            f"{name} has the schema {document['schema']!r}, and this ganirl reads {REPORT_SCHEMA!r}"
        )
    try:
        return ReportDocument.model_validate(document).report()
    except ValidationError as error:
        _explain(error, name)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"the bare word {constant} is no JSON")


def _explain(error: ValidationError, name: str) -> NoReturn:
    first = error.errors()[0]
    if first["type"] == "unreconciled":
        raise UnreconciledReportError(f"{name} contradicts itself: {first['msg']}") from None
    if first["type"] == "unknown":
        raise UnknownNameError(f"{name} cannot be what was written: {first['msg']}") from None
    where = "/".join(map(str, first["loc"])) or "the whole"
    problem = first["msg"][:1].lower() + first["msg"][1:]
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    raise MalformedReportError(f"{name} is malformed at {where}: {problem}{more}") from None
