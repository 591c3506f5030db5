"""An `Implementation` whose observables are asked of a process."""

from __future__ import annotations

import json
import os
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ganirl import Case, Conventions, Gradient, Rows
from ganirl_properties.errors import TargetError

from .encoding import decoded, encoded
from .errors import ExternalError
from .handshake import Handshake, shake_hands
from .process import Process, shown

TIMEOUT = 120.0  # seconds; a first call may import a library or compile
CASES_KEPT = 1024
STARTS = 4


class ExternalTarget:
    """A command that speaks the protocol of reports/docs/protocol.md.

    A question that ended the process is not asked again; for the others the process is started anew, a few times.

    Parameters
    ----------
    command : as on a command line

    Raises
    ------
    TargetError
        If it cannot be run, or what it declares cannot be used; one sentence.
    """

    framework = "external"

    def __init__(self, command: str) -> None:
        self._command = command
        self._timeout = _timeout()
        self._starts = 0
        self._refused: dict[str, str] = {}
        # Case → its number; the oldest gives its number to the next. Cases are held, so that no id is used twice.
        self._sent: OrderedDict[int, tuple[Case, int]] = OrderedDict()
        self._asked = 0
        self._process, self._declared = self._started()

    @property
    def name(self) -> str:
        """As the process says."""
        return self._declared.name

    @property
    def conventions(self) -> Conventions:
        """As the process declares."""
        return self._declared.conventions

    @property
    def departures(self) -> Mapping[str, str]:
        """As the process declares."""
        return self._declared.departures

    @property
    def versions(self) -> Mapping[str, str]:
        """As the process says."""
        return self._declared.versions

    def __getattr__(self, name: str) -> Callable[..., Any]:
        declared = self.__dict__.get("_declared")
        if declared is None or name not in declared.observables:
            raise AttributeError(f"the process has no observable {name!r}")
        return partial(self._ask, name)

    def close(self) -> None:
        """End the process now; it would end with this object, and with the interpreter."""
        self._process.kill()

    def _started(self) -> tuple[Process, Handshake]:
        self._starts += 1
        self._sent.clear()
        process = Process(self._command, self._timeout)
        try:
            return process, shake_hands(process)
        except TargetError as unfit:
            process.kill()
            raise TargetError(f"exec:{self._command} cannot be used: {unfit}") from unfit

    def _ask(self, observable: str, case: Case, rows: Rows | None = None) -> Any:
        if observable in self._refused:
            raise ExternalError(self._refused[observable])
        if not self._process.alive:
            self._restart(observable)
        try:
            value = self._answer(observable, case, _side(case, rows))
        except SaidError as why:
            raise ExternalError(f"{observable} raised {why}") from why
        except ExternalError as why:
            failure = ExternalError(f"{observable}: {why}")
            if not self._process.alive:
                self._refused[observable] = str(failure)
            raise failure from why
        if observable == "discriminator_gradient":
            return _gradient(observable, value)
        return value

    def _restart(self, observable: str) -> None:
        if self._starts >= STARTS:
            last = next(reversed(self._refused.values()), "it was interrupted")
            raise ExternalError(
                f"{observable}: the process is not started again, as it ended {STARTS} times; {last}"
            )
        try:
            self._process, declared = self._started()
        except TargetError as failure:
            raise ExternalError(f"{observable}: {failure}") from failure
        if declared != self._declared:
            raise ExternalError(
                f"{observable}: the process was started again, and declares something else now"
            )

    def _answer(self, observable: str, case: Case, side: str | None) -> Any:
        number = self._number(case)
        self._asked += 1
        question = {"id": self._asked, "observable": observable, "case": number, "rows": side}
        self._process.say(json.dumps(question))
        answer = self._parsed(self._process.hear())
        if "error" in answer:
            raise SaidError(str(answer["error"]))
        return decoded(answer["value"])

    def _number(self, case: Case) -> int:
        """Return the number that the process knows a case by, after sending it if need be."""
        known = self._sent.get(id(case))
        if known is not None:
            self._sent.move_to_end(id(case))
            return known[1]
        number = len(self._sent)
        if number == CASES_KEPT:
            _, (_, number) = self._sent.popitem(last=False)
        self._process.say(f'{{"keep":{number},"case":{encoded(case)}}}')
        self._sent[id(case)] = (case, number)
        return number

    def _parsed(self, line: str) -> dict[str, Any]:
        """Return an answer; what is none ends the process, as no later line could be trusted."""
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or "id" not in answer:
            wrong = f"it said {shown(line)}, which is no answer: print nothing else on standard output"
        elif answer["id"] != self._asked:
            wrong = f"it answered question {answer['id']!r} when it was asked {self._asked}"
        elif ("value" in answer) == ("error" in answer):
            wrong = f'its answer {shown(line)} needs either "value" or "error"'
        else:
            return answer
        self._process.kill()
        raise ExternalError(wrong)


class SaidError(ExternalError):
    """What the process itself said of a question that it could not answer."""


def _side(case: Case, rows: Rows | None) -> str | None:
    if rows is None:
        return None
    for side in ("expert", "generator"):
        if rows is getattr(case, side):
            return side
    raise ExternalError("rows must be case.expert or case.generator: others are not known to the process")


def _gradient(observable: str, value: Any) -> Gradient:
    if not isinstance(value, dict) or "theta" not in value or set(value) - {"theta", "b"}:
        raise ExternalError(f'{observable}: its value must be {{"theta": […], "b": number or null}}')
    return Gradient(value["theta"], value.get("b"))


def _timeout() -> float:
    said = os.environ.get("GANIRL_TIMEOUT")
    if said is None:
        return TIMEOUT
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds <= 1e6:
        raise TargetError(f"GANIRL_TIMEOUT must be a number of seconds, not {said!r}")
    return seconds
