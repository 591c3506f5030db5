"""What runs in the environment of its own: a request comes in, progress and one report go out, a line of JSON each.

It is our own other half, laid over that environment by `overlay`, and speaks with `running` alone. A line out is one
of ``{"verdict", "done", "planned"}``, ``{"report"}``, ``{"refused"}`` (one sentence for the user),
``{"interrupted"}`` and ``{"bug"}`` (a traceback).
"""

# ganirl is imported when the request is answered, so that a failure to do so is answered, too.
# ruff: noqa: PLC0415

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganirl_properties.report import Verdict

Answer = Callable[[Mapping[str, Any]], None]


def main() -> None:
    """Answer the request on standard input, on what is standard output when we start."""
    # An adapter, or a library under it, prints what it likes: that goes to stderr.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:

        def answer(line: Mapping[str, Any]) -> None:
            channel.write(json.dumps(line) + "\n")
            channel.flush()

        try:
            _verify(json.loads(sys.stdin.read()), answer)
        except KeyboardInterrupt:
            answer({"interrupted": True})
        except Exception as error:
            answer(_explained(error))


def _verify(request: dict[str, Any], answer: Answer) -> None:
    from ganirl_properties import verify
    from ganirl_properties.targets import load_target
    from ganirl_reports.console import reserved_stdout
    from ganirl_reports.documents.json_document import plain, to_document

    def progress(verdict: Verdict, done: int, planned: int) -> None:
        answer({"verdict": plain(asdict(verdict)), "done": done, "planned": planned})

    with reserved_stdout():
        report = verify(
            load_target(request["spec"]),
            **request,
            progress=progress,
        )
    answer({"report": to_document(report)})


def _explained(error: Exception) -> Mapping[str, Any]:
    from ganirl_properties import UsageError

    if isinstance(error, UsageError):
        return {"refused": str(error)}
    return {"bug": "".join(traceback.format_exception(error))}


if __name__ == "__main__":  # --jobs starts processes, which import this module again
    main()
