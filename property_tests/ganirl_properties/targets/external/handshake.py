"""The first line that a process says: what it is, and what it can be asked."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganirl import OBSERVABLES, PRECISIONS, Conventions, Departure, ProcessConventions, __version__
from ganirl_properties.errors import TargetError

from .errors import ExternalError
from .process import Process, shown

PROTOCOL = 1
GREETING = json.dumps({"protocol": PROTOCOL, "ganirl": __version__})
BANNER_LINES = 200

_KEYS = ("protocol", "name", "conventions", "departures", "observables", "versions")


@dataclass(frozen=True)
class Handshake:
    """What a process declares."""

    name: str
    conventions: Conventions
    departures: Mapping[str, str]
    observables: tuple[str, ...]
    versions: Mapping[str, str]


def shake_hands(process: Process) -> Handshake:
    """Greet a process and return what it declares.

    Lines before its handshake are passed over: interpreters and libraries greet, too.

    Raises
    ------
    TargetError
        If it does not speak the protocol, or declares what there is not; one sentence.
    """
    process.say(GREETING)
    # One limit for all that is said before it: a banner that goes on and on is no handshake.
    line, until = "", time.monotonic() + process.timeout
    for _ in range(BANNER_LINES):
        line = _next(process, line, until)
        found = _handshake(line)
        if found is not None:
            return _understood(found)
    process.kill()
    raise TargetError(
        f"it said {BANNER_LINES} lines, the last of them {shown(line)}, but no handshake: "
        'a line of JSON {"protocol": 1, "name": …}'
    )


def _next(process: Process, before: str, until: float) -> str:
    try:
        return process.hear(until)
    except ExternalError as silent:
        said = f"; what it said is no handshake: {shown(before)}" if before else ""
        raise TargetError(f"it gave no handshake: {silent}{said}") from silent


def _handshake(line: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and "protocol" in said else None


def _understood(said: dict[str, Any]) -> Handshake:
    if said["protocol"] != PROTOCOL:
        raise TargetError(
            f"it speaks protocol {said['protocol']!r}, and this ganirl speaks {PROTOCOL}: "
            "print a fresh harness with `ganirl harness`"
        )
    unknown = sorted(set(said) - set(_KEYS))
    if unknown:
        raise TargetError(f"its handshake has an unknown key {unknown[0]!r}; there are {', '.join(_KEYS)}")
    name = said.get("name")
    if not isinstance(name, str) or not name:
        raise TargetError(f"its handshake needs a name, a string, not {name!r}")
    observables = said.get("observables")
    if not isinstance(observables, list) or not observables:
        raise TargetError(
            "its handshake needs observables, a list with at least one of " + ", ".join(OBSERVABLES)
        )
    for each in observables:
        if each not in list(OBSERVABLES):
            raise TargetError(f"there is no observable {each!r}; there are {', '.join(OBSERVABLES)}")
    return Handshake(
        name,
        _conventions(said.get("conventions", {})),
        _departures(said.get("departures") or {}),
        tuple(observables),
        _strings(said, "versions"),
    )


def _conventions(said: Any) -> Conventions:
    fields = _fields(Conventions, "conventions", said)
    # A process computes in float64 unless it says otherwise: few languages have more than that at hand.
    precisions = fields.get("precisions") or ["float64"]
    if not isinstance(precisions, list) or any(name not in list(PRECISIONS) for name in precisions):
        raise TargetError(f"its precisions must be a list of {', '.join(PRECISIONS)}, not {precisions!r}")
    try:
        if fields.get("process") is not None:
            fields["process"] = ProcessConventions(
                **_fields(ProcessConventions, "conventions of a process", fields["process"])
            )
        return Conventions(**{**fields, "precisions": tuple(precisions)})
    except (TypeError, ValueError) as unfit:
        raise TargetError(f"its conventions cannot be used: {unfit}") from unfit


def _fields(of: Any, called: str, said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise TargetError(f"its {called} must be an object, not {said!r}")
    fields = [field.name for field in dataclasses.fields(of)]
    for name in said:
        if name not in fields:
            raise TargetError(f"there is no {name!r} among the {called}; there are {', '.join(fields)}")
    return dict(said)


def _departures(said: Any) -> Mapping[str, str]:
    if not isinstance(said, dict):
        raise TargetError(f"its departures must be an object of strings, not {said!r}")
    found: dict[str, str] = {}
    for claim, reason in said.items():
        parts = reason if isinstance(reason, dict) else {"reason": reason}
        if not set(parts) <= {"reason", "formula"} or not all(
            isinstance(each, str) for each in parts.values()
        ):
            raise TargetError(
                f'its departures must be an object of strings, or of {{"reason": "…", "formula": "…"}}, not {reason!r}'
            )
        found[claim] = Departure(parts.get("reason", ""), parts.get("formula", ""))
    return found


def _strings(said: dict[str, Any], key: str) -> Mapping[str, str]:
    value = said.get(key) or {}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise TargetError(f"its {key} must be an object of strings, not {value!r}")
    return value
