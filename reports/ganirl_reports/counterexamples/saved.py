"""Saved counterexamples read: a file, all of a folder, or those in a report.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from ganirl_properties import UsageError
from ganirl_properties.report import FAILING, Counterexample, Run, Verdict
from ganirl_reports.documents.json_document import counterexample_document, load_report
from ganirl_reports.documents.schema import (
    COUNTEREXAMPLE_SCHEMA,
    REPORT_SCHEMA,
    SavedCounterexample,
    counterexample,
)
from ganirl_reports.tabulation import reproduce


@dataclass(frozen=True)
class Saved:
    """A counterexample with what it takes to run it again.

    Attributes
    ----------
    name : what messages call it, the path of its file
    ganirl, claim_set : the versions that found it; the latter is empty in an older file
    target, isolated, requirements : what it was found in, and whether that ran in an environment of its own
    framework, observables : of the target; empty in an older file
    conventions : as the target declared them
    dtype, device : where it was found
    found : the counterexample
    """

    name: str
    ganirl: str
    claim_set: str
    target: str
    isolated: bool
    requirements: tuple[str, ...]
    framework: str
    observables: tuple[str, ...]
    conventions: Mapping[str, Any]
    dtype: str
    device: str
    found: Counterexample


def saved_in(run: Run, verdict: Verdict, name: str) -> Saved:
    """Return the counterexample of a verdict that has one, as it would be read from its file."""
    assert verdict.counterexample is not None
    return Saved(
        name=name,
        ganirl=run.ganirl,
        claim_set=run.claim_set,
        target=run.target,
        isolated=run.isolated,
        requirements=run.requirements,
        framework=run.framework,
        observables=run.observables,
        conventions=run.conventions,
        dtype=verdict.dtype,
        device=verdict.device,
        found=verdict.counterexample,
    )


def read_all(path: str | Path) -> tuple[Saved, ...]:
    """Read a file of ``counterexamples/``, every one of a folder, or those of a ``report.json``.

    Of a report in which nothing failed that is none at all.

    Raises
    ------
    UsageError
        If there is none and no such report either, or a file is broken: one sentence that says what is wrong, and the
        mend.
    ReportError
        If a ``report.json`` is broken.
    """
    path = Path(path)
    if not path.is_dir():
        document = _document(path)
        if document.get("schema") == REPORT_SCHEMA:
            return tuple(_of_report(path))
        return (_read(document, path),)
    # A report's folder; its files may have been edited, the report may not.
    inner = path / "counterexamples"
    folder = inner if inner.is_dir() else path
    files = sorted(folder.glob("*.json"))
    documents = [(each, _document(each)) for each in files]
    ours = [(each, found) for each, found in documents if found.get("schema") == COUNTEREXAMPLE_SCHEMA]
    if not ours:
        if (path / "report.json").is_file():
            return tuple(_of_report(path / "report.json"))
        raise UsageError(
            f"there is no counterexample in {path}: ganirl verify TARGET --output DIR writes those it finds"
        )
    return tuple(_read(found, each) for each, found in ours)


def as_document(saved: Saved) -> dict[str, Any]:
    """Return what a file of it holds."""
    found = saved.found
    run = Run(
        ganirl=saved.ganirl,
        claim_set=saved.claim_set,
        target=saved.target,
        conventions=saved.conventions,
        departures={},
        observables=saved.observables,
        profile="",
        seed=0,
        device=saved.device,
        dtypes=(saved.dtype,),
        versions={},
        started="",
        seconds=0.0,
        isolated=saved.isolated,
        requirements=saved.requirements,
        framework=saved.framework,
    )
    verdict = Verdict(found.claim, saved.dtype, saved.device, "violated", "", 0, "", counterexample=found)
    return counterexample_document(run, verdict, found)


def _of_report(path: Path) -> Iterator[Saved]:
    report = load_report(path)
    rows = [row for row in report.verdicts if row.counterexample is not None]
    if not rows:
        sampled = [row for row in report.verdicts if row.sampling is not None and row.verdict == "violated"]
        if sampled:
            failed = " and ".join(f"{row.claim} in {row.dtype}" for row in sampled)
            raise UsageError(
                f"{path}: {failed} failed by sampling, and what was drawn is not in it, as in reports of older "
                f"versions; sample again: {reproduce(report)}"
            )
        if report.failed:
            rows = [row for row in report.verdicts if row.verdict in FAILING]
            failed = " and ".join(f"{row.claim} in {row.dtype} ({row.verdict})" for row in rows)
            raise UsageError(
                f"{path}: {failed} failed without a comparison, and so without a counterexample to replay; verify "
                f"again: {reproduce(report)}"
            )
    for row in rows:
        assert row.counterexample is not None
        yield saved_in(report.run, row, f"{path}, {row.claim} in {row.dtype}")


def _document(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text: it is no counterexample") from None
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}; give a file of counterexamples/, a folder of them, or a "
            "report.json"
        ) from None
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON ({error}); copy the file again") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path} is no counterexample of ganirl: it is JSON, but of something else")
    return document


def _read(document: Mapping[str, Any], path: Path) -> Saved:
    schema = document.get("schema")
    if schema is None:
        raise UsageError(f'{path} is no counterexample of ganirl: it has no "schema"')
    if schema != COUNTEREXAMPLE_SCHEMA:
        raise UsageError(
            f"{path} has the schema {schema!r}, and this ganirl reads {COUNTEREXAMPLE_SCHEMA!r}; replay it with the "
            "version that wrote it, or verify again"
        )
    try:
        model = SavedCounterexample.model_validate(document)
    except ValidationError as error:
        _explain(error, document, path)
    return Saved(
        name=str(path),
        ganirl=model.ganirl,
        claim_set=model.claim_set,
        target=model.target,
        isolated=model.isolated,
        requirements=tuple(model.requirements),
        framework=model.framework,
        observables=tuple(model.observables),
        conventions=model.conventions,
        dtype=model.dtype,
        device=model.device,
        found=_with_component(counterexample(model.counterexample)),
    )


def _with_component(found: Counterexample) -> Counterexample:
    """Return it with the index of its number, which older files have in words alone."""
    told = re.search(r"\[(\d+(?:, \d+)*)\] is ", found.then)
    if found.component or told is None:
        return found
    return replace(found, component=tuple(map(int, told[1].split(", "))))


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"the bare word {constant} is no JSON")


def _explain(error: ValidationError, document: Mapping[str, Any], path: Path) -> NoReturn:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    wrote = (
        f"ganirl {document['ganirl']}" if isinstance(document.get("ganirl"), str) else "an unknown version"
    )
    if first["type"] == "missing":
        problem = f"it has no {where}, as {wrote} wrote it, or it was cut"
    else:
        problem = f"at {where}: {first['msg'][:1].lower()}{first['msg'][1:]} (written by {wrote})"
    raise UsageError(f"{path} cannot be replayed: {problem}; verify again") from None
