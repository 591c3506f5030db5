"""Child processes that end when we do: in a group of their own, which is killed whatever way the block is left."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

# Windows has no groups that could be signalled one by one; there a console's Ctrl-C reaches every process by itself.
_GROUPS = hasattr(os, "killpg")
_ENDINGS = ("SIGTERM", "SIGHUP")


@contextmanager
def started(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str],
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | IO[str] | None = None,
    stderr: int | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Start a process whose streams are UTF-8 text, and leave none of its group behind.

    While it runs, a request to end us (SIGTERM, SIGHUP) ends it first. Ctrl-C reaches us alone, as the group is not
    the terminal's: `interrupts_handed_on` does the rest.
    """
    with _ending_is_an_exception():
        process = subprocess.Popen(
            [str(word) for word in command],
            env=dict(env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            encoding="utf-8",
            errors="replace",
            start_new_session=_GROUPS,
        )
        try:
            yield process
        finally:
            _kill(process)
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


@contextmanager
def interrupts_handed_on(process: subprocess.Popen[str]) -> Iterator[Callable[[], bool]]:
    """Give a process, and all that it has started, the first Ctrl-C, so that it can bring back what it has done.

    A second one is a KeyboardInterrupt here. Yields whether there was a first.
    """
    asked = False

    def hand_on(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked or not _GROUPS:
            raise KeyboardInterrupt
        asked = True
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)

    ours = threading.current_thread() is threading.main_thread()
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, hand_on)
        try:
            yield lambda: asked
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    else:
        yield lambda: asked


def _kill(process: subprocess.Popen[str]) -> None:
    if _GROUPS:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left in it
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()


@contextmanager
def _ending_is_an_exception() -> Iterator[None]:
    """Turn a request to end into SystemExit, so that what stands in `finally` is done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _ENDINGS if hasattr(signal, name)]
    # Whoever ignores or handles such a signal already (nohup does) goes on as before.
    kept = {number: signal.getsignal(number) for number in numbers}
    for number, handler in kept.items():
        if handler is signal.SIG_DFL:
            signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in kept.items():
            if handler is signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
