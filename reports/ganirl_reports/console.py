"""Where output goes: results to stdout, progress to stderr, and no character that a terminal lacks."""

from __future__ import annotations

import codecs
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO, cast

from rich.console import Console

from .documents.json_text import as_text

# Piped output has no width of its own; this one keeps a row of three formats on one line.
PIPED_WIDTH = 140

_PLAIN = {
    "✓": "+", "✗": "x", "◐": "~", "·": "-", "⊘": "#", "○": "o", "∞": "inf", "…": "...", "−": "-", "–": "-",
    "—": "-",
    "→": "->", "⇒": "=>", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "×": "x", "½": "1/2", "’": "'", "“": '"',
    "”": '"', "θ": "theta", "φ": "phi", "σ": "sigma", "π": "pi", "τ": "tau", "μ": "mu", "ℓ": "l", "ε": "eps",
    "∂": "d", "Σ": "sum", "∇": "grad", "²": "^2", "α": "alpha", "β": "beta", "δ": "delta", "∈": "in",
    "√": "sqrt",
    "━": "-", "─": "-", "│": "|",
}  # fmt: skip


def _spell_out(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character, "?") for character in text), error.end


codecs.register_error("ganirl.plain", _spell_out)


def make_streams_safe() -> None:
    """Spell out what the encoding of stdout and stderr lacks, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="ganirl.plain")


class _Trimmed:
    """Writes to stdout without the spaces that fill a terminal's line."""

    @property
    def encoding(self) -> str:
        return sys.stdout.encoding

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        return sys.stdout.write(re.sub(r" +(?=\n)", "", text))

    def flush(self) -> None:
        sys.stdout.flush()


def console() -> Console:
    """Return a console on stdout, wide enough where nobody says how wide it is."""
    out = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not out.is_terminal:
        out.file = cast(TextIO, _Trimmed())
        out.width = max(out.width, PIPED_WIDTH)
    return out


def print_json(document: Mapping[str, Any]) -> None:
    """Print JSON and nothing else; characters are escaped where stdout cannot show them."""
    unicode = (sys.stdout.encoding or "ascii").lower().replace("-", "").startswith("utf")
    sys.stdout.write(as_text(document, ascii_only=not unicode))


@contextmanager
def reserved_stdout() -> Iterator[None]:
    """Send what an adapter prints to stderr, so that stdout holds the report and nothing else.

    Where stdout is the process's own, that goes for child processes and for libraries that are not Python, too.
    """
    with redirect_stdout(sys.stderr):
        if sys.__stdout__ is None or sys.__stderr__ is None or not _is_the_process_own():
            yield
            return
        sys.__stdout__.flush()
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            yield
        finally:
            sys.__stdout__.flush()
            os.dup2(kept, 1)
            os.close(kept)


def _is_the_process_own() -> bool:
    try:
        return sys.__stdout__ is not None and sys.__stdout__.fileno() == 1
    except (OSError, ValueError):
        return False


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """Show a bar on stderr if it is a terminal, moved by (done, of how many, what); else yield None."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(description, total=None)

        def advance(done: int, planned: int, what: str) -> None:
            # What has no number yet is shown as going on.
            bar.update(task, completed=done, total=planned or None, description=what)

        yield advance


@contextmanager
def activity(description: str) -> Iterator[Callable[[str], None]]:
    """Show on stderr, if it is a terminal, what goes on and for how long; the function yielded says what it is now."""
    if not sys.stderr.isatty():
        yield lambda words: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[words]}", markup=False, style="dim"),
    )
    out = Console(stderr=True)
    room = max(10, out.width - len(description) - 14)  # beside the spinner and the time, on one line
    with Progress(*columns, console=out, transient=True) as display:
        task = display.add_task(description, total=None, words="")
        yield lambda words: display.update(task, words=words[:room])
