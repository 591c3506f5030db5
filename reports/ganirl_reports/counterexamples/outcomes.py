"""Saved counterexamples replayed, here or in an environment of their own, and what became of them."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ganirl import Implementation
from ganirl_properties import TargetError, UsageError
from ganirl_properties.case_data import CaseDataError, case_from_data
from ganirl_properties.replaying import OUTCOMES, Replayed, Wrong, replay
from ganirl_properties.targets import load_target
from ganirl_reports.documents.json_document import plain
from ganirl_reports.documents.json_text import as_text
from ganirl_reports.documents.schema import NON_FINITE, DrawsDocument

from .saved import Saved, as_document

REPLAY_SCHEMA = "https://ganirl.dev/schema/replay-1.json"


@dataclass(frozen=True)
class Result:
    """A saved counterexample, the target that it was replayed on, and what came of it."""

    saved: Saved
    target: str
    replayed: Replayed


class RefusedThereError(Exception):
    """The process in an environment of its own has said on stderr what the user has to mend."""


def replay_all(
    several: Sequence[Saved], *, target: str | None = None, device: str | None = None
) -> Iterator[Result]:
    """Replay counterexamples, each on the target that it names or all on the one given.

    Raises
    ------
    UsageError
        If a target cannot be loaded, or a case is none or does not suit its target.
    """
    loaded: dict[str, Implementation] = {}
    for saved in several:
        spec = target or saved.target
        if spec not in loaded:
            loaded[spec] = _loaded(spec, saved, given=target is not None)
        yield Result(saved, spec, _replayed(saved, loaded[spec], device or saved.device))


def _loaded(spec: str, saved: Saved, *, given: bool) -> Implementation:
    try:
        return load_target(spec)
    except TargetError as failure:
        if given:
            raise
        if "--isolated" in str(failure):  # it says what to do already
            raise UsageError(f"{saved.name}: {failure}") from failure
        if saved.isolated:
            mend = "it was found with --isolated: replay it with --isolated, too"
        else:
            where = "say where it is: --target path/to/adapter.py:target"
            mend = f"replay from the folder in which it was verified, or {where}"
        raise UsageError(f"{saved.name}: {failure}; {mend}") from failure


def _replayed(saved: Saved, implementation: Implementation, device: str) -> Replayed:
    try:
        case = case_from_data(saved.found.case)
    except CaseDataError as wrong:
        raise UsageError(f"{saved.name} holds no case: {wrong}; restore the file, or verify again") from wrong
    if case.precision_name != saved.dtype:
        raise UsageError(
            f"{saved.name} contradicts itself: its dtype is {saved.dtype} and its case is in {case.precision_name}; "
            "restore the file, or verify again"
        )
    try:
        return replay(
            implementation,
            case,
            claim=saved.found.claim,
            check=saved.found.check,
            declared=saved.conventions,
            device=device,
            wrong=Wrong(
                saved.found.observable, saved.found.component, saved.found.expected, saved.found.draws
            ),
        )
    except UsageError as refusal:
        raise UsageError(f"{saved.name} (of ganirl {saved.ganirl}): {refusal}") from refusal


def replay_isolated(
    several: Sequence[Saved],
    *,
    target: str | None = None,
    requirements: Sequence[str] = (),
    device: str | None = None,
    say: Callable[[str], None] | None = None,
) -> Iterator[Result]:
    """Replay counterexamples, each target in a virtual environment that has its library.

    Parameters
    ----------
    several : counterexamples
    target : in place of those that they name
    requirements : what is installed beside the library; by default what was when they were found
    device : in place of theirs
    say : called with a few words whenever the building of an environment moves on

    Raises
    ------
    UsageError
        If an environment cannot be had.
    RefusedThereError
        For what `replay_all` refuses, in a process that has said so.
    """
    groups: dict[tuple[str, tuple[str, ...]], list[Saved]] = {}
    for saved in several:
        key = target or saved.target, tuple(requirements) or saved.requirements
        groups.setdefault(key, []).append(saved)
    for (spec, wanted), group in groups.items():
        yield from _in_an_environment(spec, wanted, group, device, say)


def _in_an_environment(
    spec: str,
    requirements: tuple[str, ...],
    group: list[Saved],
    device: str | None,
    say: Callable[[str], None] | None,
) -> Iterator[Result]:
    from ganirl_reports.isolation import prepare, recipe_for  # noqa: PLC0415
    from ganirl_reports.isolation.overlay import laid_over  # noqa: PLC0415
    from ganirl_reports.isolation.processes import started  # noqa: PLC0415
    from ganirl_reports.isolation.running import IsolatedBug, variables_for  # noqa: PLC0415

    plan = recipe_for(spec, requirements)
    environment = prepare(plan.recipe, say)
    with tempfile.TemporaryDirectory(prefix="ganirl-replay-") as name, laid_over() as overlay:
        for number, saved in enumerate(group):
            (Path(name) / f"{number:05}.json").write_text(as_text(as_document(saved)), encoding="utf-8")
        command: list[str | Path] = [environment.python, "-P", "-m", "ganirl_reports", "replay", name]
        command += ["--target", plan.target, "--format", "json"]
        command += [] if device is None else ["--device", device]
        variables = variables_for(environment, overlay)
        with started(command, env=variables, stdout=subprocess.PIPE) as process:
            said, _ = process.communicate()
    if process.returncode == 2:
        raise RefusedThereError
    if process.returncode == 130:
        raise KeyboardInterrupt
    if process.returncode not in (0, 1):
        raise IsolatedBug(
            f"replaying in the environment of {spec} ended with {process.returncode}; it said so above"
        )
    for saved, row in zip(group, json.loads(said)["replays"], strict=True):
        yield Result(saved, plan.target, _of_row(row))


def to_document(results: Sequence[Result]) -> dict[str, Any]:
    """Return what was replayed as plain JSON data; non-finite numbers are strings."""
    rows = [
        {
            "file": each.saved.name,
            "target": each.target,
            "claim": each.saved.found.claim,
            "check": each.saved.found.check,
            "dtype": each.saved.dtype,
            "found_by": each.saved.ganirl,
            "was": {"got": each.saved.found.got, "expected": each.saved.found.expected},
            **asdict(each.replayed),
        }
        for each in results
    ]
    document: dict[str, Any] = plain({"schema": REPLAY_SCHEMA, "summary": summary(results), "replays": rows})
    return document


def _of_row(row: dict[str, Any]) -> Replayed:
    fields = {name: row[name] for name in Replayed.__dataclass_fields__}
    for name in ("got", "expected", "error", "allowed", "ratio"):
        fields[name] = NON_FINITE.get(fields[name], fields[name])
    for name in ("component", "changed"):
        fields[name] = tuple(fields[name])
    if fields["draws"] is not None:
        fields["draws"] = DrawsDocument.model_validate(fields["draws"]).frozen()
    return replace(Replayed("ERROR", ""), **fields)


def summary(results: Sequence[Result]) -> dict[str, int]:
    """Count each outcome; ``replayed`` is their sum."""
    counts = {"replayed": len(results)}
    for outcome in OUTCOMES:
        counts[outcome.lower()] = sum(each.replayed.outcome == outcome for each in results)
    return counts


def reconciled(results: Sequence[Result]) -> str:
    """Return the last line: ``replayed 3 = 1 fixed + 2 fails``."""
    counts = summary(results)
    parts = [f"{counts[name.lower()]} {name.lower()}" for name in OUTCOMES if counts[name.lower()]]
    return f"replayed {counts['replayed']} = {' + '.join(parts) or '0'}"
