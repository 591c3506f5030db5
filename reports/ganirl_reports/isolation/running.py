"""A verification in an environment of its own: the request goes there, progress and the report come back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganirl_properties import TargetError, UsageError
from ganirl_properties.report import Report, Verdict

from .environment import Environment, prepare
from .installing import Say, environment_variables
from .overlay import laid_over
from .processes import interrupts_handed_on, started
from .recipes import recipe_for

Progress = Callable[[Verdict, int, int], None]


class IsolatedBug(RuntimeError):  # noqa: N818  # it is ganirl's own, as any exception that is no UsageError
    """A bug of ganirl that showed in the other process; the message is its traceback."""


def verify_isolated(
    target: str,
    *,
    requirements: Sequence[str] = (),
    claims: Iterable[str] | None = None,
    profile: str = "default",
    device: str = "cpu",
    dtypes: Sequence[str] | None = None,
    seed: int = 0,
    jobs: int = 1,
    certify: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Report:
    """Judge a target in a virtual environment that has its library, built if it is not there.

    Parameters
    ----------
    target : a built-in target, ``"imitation-airl"`` or ``"imitation-airl@1.0.0"``; any other with ``requirements``
    requirements : what is installed for it beside the library, as pip reads it
    claims, profile, device, dtypes, seed, jobs, certify, progress : as in `ganirl_properties.verify`
    say : called with a few words whenever the building of the environment moves on

    Returns
    -------
    The report, whose ``run.target`` names the version, ``"imitation-airl@1.0.1"``, and whose ``run.isolated`` is true.

    Raises
    ------
    UsageError
        If the environment cannot be had, or for what `load_target` and `verify` refuse.
    """
    plan = recipe_for(target, requirements)
    environment = prepare(plan.recipe, say)
    request = {
        "spec": plan.target,
        "claims": None if claims is None else list(claims),
        "profile": profile,
        "device": device,
        "dtypes": None if dtypes is None else list(dtypes),
        "seed": seed,
        "jobs": jobs,
        "certify": certify,
    }
    report = _ask(environment, request, progress)
    run = replace(report.run, target=plan.target, isolated=True, requirements=plan.requirements)
    return replace(report, run=run)


def variables_for(environment: Environment, overlay: Path) -> dict[str, str]:
    """Return the variables under which a process sees that environment and this ganirl, and nothing from here."""
    variables = environment_variables()
    variables["VIRTUAL_ENV"] = str(environment.folder)
    variables["PATH"] = os.pathsep.join([str(environment.python.parent), variables.get("PATH", os.defpath)])
    variables["PYTHONPATH"] = str(overlay)
    variables["PYTHONNOUSERSITE"] = "1"
    return variables


def _ask(environment: Environment, request: Mapping[str, Any], progress: Progress | None) -> Report:
    # -P: the current folder is looked into for the target, but hides no package of the environment.
    command: list[str | Path] = [environment.python, "-P", "-m", f"{__package__}.inside"]
    with (
        laid_over() as overlay,
        started(
            command,
            env=variables_for(environment, overlay),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process,
        interrupts_handed_on(process) as stopped,
    ):
        _send(process, request)
        answers = _Answers(progress)
        answers.read(process)
        code = process.wait()
        if answers.report is not None:
            return answers.report
        if stopped() or answers.interrupted:
            raise KeyboardInterrupt
    raise TargetError(
        f"the process that ran {request['spec']} ended {_how(code)} without a report: the adapter, or a library "
        "under it, called os._exit or crashed"
    )


def _send(process: subprocess.Popen[str], request: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(json.dumps(request))
        process.stdin.close()
    except BrokenPipeError:  # it has ended: what it has answered says why
        pass


class _Answers:
    """What has come back so far."""

    def __init__(self, progress: Progress | None) -> None:
        self.report: Report | None = None
        self.interrupted = False
        self._progress = progress

    def read(self, process: subprocess.Popen[str]) -> None:
        """Read answers until there are no more."""
        assert process.stdout is not None
        for line in process.stdout:
            self._take(json.loads(line))

    def _take(self, answer: Mapping[str, Any]) -> None:
        from ganirl_reports.documents.schema import ReportDocument, VerdictDocument, verdict  # noqa: PLC0415

        if "verdict" in answer:
            if self._progress is not None:
                row = VerdictDocument.model_validate(answer["verdict"])
                self._progress(verdict(row), answer["done"], answer["planned"])
        elif "report" in answer:
            self.report = ReportDocument.model_validate(answer["report"]).report()
        elif "refused" in answer:
            raise UsageError(answer["refused"])
        elif "bug" in answer:
            raise IsolatedBug(f"in the environment of its own:\n{answer['bug']}")
        else:
            self.interrupted = True


def _how(code: int) -> str:
    if code < 0:
        try:
            return f"by {signal.Signals(-code).name}"
        except ValueError:
            return f"by signal {-code}"
    return f"with code {code}"
