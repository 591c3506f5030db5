"""The command ``ganirl``: what was asked for runs, and what went wrong becomes an exit code."""

from __future__ import annotations

import errno
import os
import platform
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum
from importlib.metadata import PackageNotFoundError, version

import click

from .commands.claims import claims
from .commands.compare import compare
from .commands.demo import demo
from .commands.environments import environments
from .commands.harness import harness
from .commands.init import init
from .commands.power import power
from .commands.prove import prove
from .commands.replay import replay
from .commands.report import report
from .commands.verify import verify
from .console import make_streams_safe
from .settings import SettingsError


class Exit(IntEnum):
    """What the process tells its caller."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    BUG = 3
    NOTHING_VERIFIED = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141


EPILOG = """\b
Exit codes:
  0    the gate passed
  1    the gate failed: something is violated, error, inconclusive or blocked
  2    usage, configuration, or a target that cannot be loaded
  3    a bug in ganirl
  5    nothing was verified
  130  interrupted; what was done is saved
"""


def _version() -> str:
    try:
        return version("ganirl")
    except PackageNotFoundError:  # a bare checkout
        return "unknown"


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.version_option(_version(), prog_name="ganirl")
def ganirl() -> None:
    """Certify that a GAN-IRL implementation is the mathematics it claims to be.

    \b
    ganirl verify torch                          verify a built-in target
    ganirl verify my_library.adapter:target      verify your own
    ganirl verify 'exec:node adapter.mjs'        verify code of any language
    ganirl compare imitation-airl imitation-gail many implementations side by side
    ganirl init                                  begin an adapter for your own
    ganirl claims C2                             one claim whole, with its derivation
    ganirl replay FILE                           a saved counterexample: is it fixed?
    ganirl demo                                  one training run: as GAN, as IRL, as EBM
    ganirl power --profile smoke                 what the verifier catches, and that it catches only that
    ganirl prove                                 prove every claim, refute every broken twin
    ganirl report unbiasedness --output DIR      a study with its tables and figures
    ganirl environments                          what verify --isolated has built
    """  # noqa: D301


ganirl.add_command(verify)
ganirl.add_command(compare)
ganirl.add_command(claims)
ganirl.add_command(demo)
ganirl.add_command(init)
ganirl.add_command(power)
ganirl.add_command(prove)
ganirl.add_command(replay)
ganirl.add_command(report)
ganirl.add_command(harness)
ganirl.add_command(environments)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    make_streams_safe()
    try:
        # Not ganirl.main(): it would leave with 1, the code of a failed gate, where a pipe is closed.
        with ganirl.make_context("ganirl", list(sys.argv[1:] if arguments is None else arguments)) as context:
            outcome = ganirl.invoke(context)
        sys.stdout.flush()
        return int(outcome or 0)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, click.Abort):
        print("interrupted", file=sys.stderr)
        return Exit.INTERRUPTED
    except Exception as error:
        return _explain(error)


def _explain(error: Exception) -> Exit:
    """Say what went wrong, and give its exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return Exit.USAGE
    if isinstance(error, click.ClickException):
        return _complain(error.format_message())
    if isinstance(error, BrokenPipeError):
        # Whoever read stdout (head, a pager) has seen enough; Python would complain again on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.PIPE_CLOSED
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _complain(
            "what was to be written finds no space left on the disk; make room, and run it again"
        )
    if _mendable(error):
        return _complain(str(error))
    _report_bug()
    return Exit.BUG


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run())


def _mendable(error: Exception) -> bool:
    """Whether the user can mend it. Floors that were never imported have raised nothing."""
    kinds: list[type[Exception]] = [SettingsError]
    for module, name in (
        ("ganirl_properties", "UsageError"),
        ("ganirl_reports.documents.json_document", "ReportError"),
    ):
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type):
            kinds.append(kind)
    return isinstance(error, tuple(kinds))


def _complain(sentence: str) -> Exit:
    print(f"ganirl: {' '.join(sentence.split())}", file=sys.stderr)
    return Exit.USAGE


def _report_bug() -> None:
    traceback.print_exc()
    print(
        "\nThis is a bug in ganirl, not in what it verifies. "
        "Please report it with the traceback above and this line:\n"
        f"ganirl {_version()}, Python {platform.python_version()}, {platform.platform()}, "
        f"command: ganirl {' '.join(sys.argv[1:])}",
        file=sys.stderr,
    )
