"""A process that is talked to line by line: with a time limit, with its last words, and ended with ganirl."""

from __future__ import annotations

import contextlib
import os
import queue
import shlex
import shutil
import signal
import subprocess
import threading
import time
import weakref
from collections import deque
from typing import IO, Any

from ganirl_properties.errors import TargetError

from .errors import ExternalError

LONGEST_LINE = 1 << 26  # bytes
UNREAD_LINES = 1000
GRACE = 2.0  # seconds that a process gets to leave by itself once its input has ended

_Lines = queue.Queue[bytes | None]


class Process:
    """A running command.

    It leaves when its standard input ends, is killed with all that it started if it does not, and never outlives
    this interpreter.

    Parameters
    ----------
    command : as on a command line
    timeout : seconds to wait for a line

    Raises
    ------
    TargetError
        If there is no such command, or it cannot be run.
    """

    def __init__(self, command: str, timeout: float) -> None:
        self.timeout = timeout
        try:
            running = subprocess.Popen(
                _arguments(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                # Ctrl-C is ganirl's to hear, which then ends the process.
                start_new_session=os.name == "posix",
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as failure:
            raise TargetError(f"exec:{command} cannot be run: {failure.strerror or failure}") from failure
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        self._running = running
        self._to_say: _Lines = queue.Queue()
        self._heard: _Lines = queue.Queue()
        self._complaints: deque[str] = deque(maxlen=50)
        # Threads, as pipes cannot be waited for with a time limit on every system; they know nothing of self.
        _thread(_write, running.stdin, self._to_say)
        _thread(_read, running.stdout, self._heard)
        self._listener = _thread(_collect, running.stderr, self._complaints)
        self._end = weakref.finalize(self, _finish, running, self._to_say, GRACE)

    @property
    def alive(self) -> bool:
        """Whether it can still be talked to."""
        return self._end.alive

    def say(self, line: str) -> None:
        """Send one line; never waits."""
        self._to_say.put(line.encode("utf-8") + b"\n")

    def hear(self, until: float | None = None) -> str:
        """Return the next line that is not blank.

        Parameters
        ----------
        until : when to stop waiting, by `time.monotonic`; ``timeout`` seconds from now if left out

        Raises
        ------
        ExternalError
            If none comes in time, the process ended, or its line is too long; it is killed then.
        """
        until = time.monotonic() + self.timeout if until is None else until
        try:
            while True:
                # Blank lines are no answer, however many there are: the time runs on.
                left = until - time.monotonic()
                if left <= 0:
                    raise queue.Empty
                line = self._heard.get(timeout=left)
                if line is None:
                    raise ExternalError(self._last_words())
                if len(line) > LONGEST_LINE:
                    raise ExternalError(f"the process wrote a line of more than {LONGEST_LINE >> 20} MiB")
                if line.strip():
                    return line.decode("utf-8", "replace").strip()
        except queue.Empty:
            self.kill()
            raise ExternalError(
                f"the process did not answer within {self.timeout:g} seconds{self._complaint()}; "
                "GANIRL_TIMEOUT sets how many it has"
            ) from None
        except BaseException:  # Ctrl-C, too: an answer that comes later would be taken for the next one
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once, with all that it started."""
        if self._end.detach():
            _finish(self._running, self._to_say, 0.0)

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._running.wait(GRACE)
        code = self._running.returncode
        if code is None:
            return f"the process closed its standard output{self._complaint()}"
        how = f"was ended by {_signal(-code)}" if code < 0 else f"ended with exit code {code}"
        return f"the process {how}{self._complaint()}"

    def _complaint(self) -> str:
        self._listener.join(0.5)
        return f" and last said {self._complaints[-1]!r} on standard error" if self._complaints else ""


def shown(line: str) -> str:
    """Return a line as a message can hold it."""
    return repr(line if len(line) <= 120 else line[:117] + "…")


def _arguments(command: str) -> str | list[str]:
    if os.name == "nt":
        return command
    try:
        words = [os.path.expanduser(word) for word in shlex.split(command)]
    except ValueError as unbalanced:
        raise TargetError(f"exec:{command} is no command line: {unbalanced}") from unbalanced
    if not words:
        raise TargetError("exec: names no command; write exec:python adapter.py")
    if shutil.which(words[0]) is None:
        raise TargetError(
            f"exec:{command} cannot be run: there is no command {words[0]!r} here or on the path"
        )
    return words


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _thread(of: Any, stream: IO[bytes], lines: Any) -> threading.Thread:
    thread = threading.Thread(target=of, args=(stream, lines), daemon=True)
    thread.start()
    return thread


def _write(stream: IO[bytes], lines: _Lines) -> None:
    """Write what is queued until None comes; a process that is gone is noticed by its reader."""
    with contextlib.suppress(OSError), stream:
        while (line := lines.get()) is not None:
            rest = memoryview(line)
            while rest:
                rest = rest[stream.write(rest) :]


def _read(stream: IO[bytes], lines: _Lines) -> None:
    with (
        contextlib.suppress(OSError, ValueError),
        open(stream.fileno(), "rb", closefd=False) as buffered,
        stream,
    ):
        # One answer is owed at a time: whoever writes a thousand that nobody waits for is not read any further.
        while lines.qsize() < UNREAD_LINES and (line := buffered.readline(LONGEST_LINE + 1)):
            lines.put(line)
    lines.put(None)


def _collect(stream: IO[bytes], lines: deque[str]) -> None:
    with (
        contextlib.suppress(OSError, ValueError),
        open(stream.fileno(), "rb", closefd=False) as buffered,
        stream,
    ):
        while line := buffered.readline(1 << 16):
            if text := line.decode("utf-8", "replace").strip():
                lines.append(text[:300])


def _finish(running: subprocess.Popen[bytes], to_say: _Lines, grace: float) -> None:
    to_say.put(None)
    try:
        running.wait(grace)
    except subprocess.TimeoutExpired:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(running.pid, signal.SIGKILL)
        running.kill()
        running.wait()
