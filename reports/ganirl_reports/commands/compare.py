"""``ganirl compare``: many implementations side by side, run now or read from saved reports."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganirl_reports.console import console, print_json, progress_bar, reserved_stdout
from ganirl_reports.folders import Folder
from ganirl_reports.settings import PROFILES, read_settings, split

from .report import prepared_folder

if TYPE_CHECKING:
    from ganirl_properties.report import Report, Verdict
    from ganirl_reports.comparison import Comparison, Entry

EXAMPLES = """\b
TARGET is what ganirl verify takes, or something saved: a report.json, a comparison.json, or a folder that holds
a report.json. What is saved is not run again.

\b
Examples:
  ganirl compare torch numpy --profile smoke
  ganirl compare imitation-airl@1.0.0 imitation-airl@1.0.1 --isolated --output comparison
  ganirl compare mine.py:target torchrl-gail --isolated --with 'mine.py:target=my-library==1.2'
  ganirl compare before/report.json after/report.json --format markdown
  ganirl compare comparison/comparison.json mine.py:target --output comparison

\b
Exit codes:
  0    every gate passed
  1    a gate failed, or a target could not be run
  2    none could be run, or an option cannot be used
  3    a bug in ganirl
  5    nothing was verified
  130  interrupted; what was done is saved

A target that cannot be run is a column that says why; the others are run all the same.
"""
INTERRUPTED = "interrupted before it was judged"
TO_COME = "still to be run"

Bar = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Wanted:
    """How every target is to be verified."""

    claims: tuple[str, ...] | None
    profile: str
    device: str
    dtypes: tuple[str, ...] | None
    seed: int
    certify: bool
    isolated: bool
    requirements: Mapping[str, tuple[str, ...]]


@click.command(epilog=EXAMPLES)
@click.argument("targets", metavar="TARGET…", nargs=-1, required=True)
@click.option(
    "--isolated", is_flag=True, help="Run each in an environment of its own, with its library pinned."
)
@click.option(
    "--with",
    "requirements",
    metavar="[TARGET=]REQUIREMENT",
    multiple=True,
    help="Install this, too, in the environment of that target, or of each; may be given several times.",
)
@click.option("--claims", metavar="IDS", help="Claims or patterns, A4,C*; all by default.")
@click.option("--profile", type=click.Choice(PROFILES), help="How hard to search.  [default: default]")
@click.option("--device", default="cpu", show_default=True, help="Where they compute: cpu, cuda.")
@click.option("--dtype", metavar="NAMES", help="Formats, float64,float32; all that each knows by default.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the search.  [default: 0]")
@click.option(
    "--certify",
    is_flag=True,
    help="Decide again by rigorous intervals what float64 numbers have decided; not for tabular code.",
)
@click.option("--output", metavar="DIR", type=Folder(), help="Write the documents there.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json", "markdown"]),
    default="pretty",
    show_default=True,
    help="What to print.",
)
def compare(
    *,
    targets: tuple[str, ...],
    isolated: bool,
    requirements: tuple[str, ...],
    claims: str | None,
    profile: str | None,
    device: str,
    dtype: str | None,
    seed: int | None,
    certify: bool,
    output: Path | None,
    form: str,
) -> int:
    """Put many implementations side by side: one matrix, claims × implementations."""
    from ganirl import __version__
    from ganirl_reports.comparison import compare as put_together
    from ganirl_reports.comparison import exit_code

    # Now, so that hours of work never end at a document that cannot be made.
    from ganirl_reports.documents import comparison_folder as _  # noqa: F401

    settings = read_settings(Path.cwd())
    wanted = Wanted(
        settings.claims if claims is None else _named(claims, "--claims"),
        profile or settings.profile or "default",
        device,
        settings.dtype if dtype is None else _named(dtype, "--dtype"),
        seed if seed is not None else settings.seed or 0,
        certify,
        isolated,
        _for_each(targets, requirements, isolated=isolated),
    )
    _check_claims(wanted.claims)
    if output is not None:
        prepared_folder(output)
    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    found = _Found(targets, wanted)

    def side_by_side() -> Comparison:
        seconds = round(time.perf_counter() - clock, 3)
        return put_together(
            found.entries(),
            ganirl=__version__,
            started=started,
            seconds=seconds,
            interrupted=found.interrupted,
        )

    for _done in found.one_by_one():
        # What is done is on the disk, however the next one ends.
        if output is not None:
            _write(side_by_side(), output)
    comparison = side_by_side()
    failure = _write(comparison, output) if output is not None else None
    _print(comparison, form, output if failure is None else None)
    if failure is not None:
        raise click.UsageError(
            f"the comparison could not be written to {output}: {failure.strerror or failure}"
        )
    return 3 if found.bug else exit_code(comparison)


def _named(text: str, option: str) -> tuple[str, ...]:
    names = split(text)
    if not names:
        raise click.UsageError(f"{option} names nothing; leave it out for all")
    return names


def _for_each(
    targets: Sequence[str], requirements: Sequence[str], *, isolated: bool
) -> dict[str, tuple[str, ...]]:
    """Return what is installed beside the library of each target: what names it, and what names none."""
    if not requirements:
        return {}
    if not isolated:
        raise click.UsageError("--with says what is installed for --isolated; add --isolated")
    from ganirl_reports.isolation.recipes import requirement

    wanted: dict[str, tuple[str, ...]] = {}
    for text in requirements:
        # my-library==1.0 is for all, also where a target is called my-library.
        named = [each for each in targets if text.startswith(f"{each}=") and text[len(each) + 1 :][:1] != "="]
        target = max(named, key=len, default=None)
        what = requirement(text if target is None else text.removeprefix(f"{target}="))
        for each in dict.fromkeys(targets) if target is None else (target,):
            wanted[each] = (*wanted.get(each, ()), what)
    return wanted


def _check_claims(patterns: tuple[str, ...] | None) -> None:
    """Refuse what is wrong for every target alike before anything is run."""
    from ganirl.claims import select

    try:
        select(patterns)
    except LookupError as error:
        raise click.UsageError(str(error.args[0])) from None


class _Found:
    """What became of each operand so far, in the order given."""

    def __init__(self, operands: Sequence[str], wanted: Wanted) -> None:
        self.interrupted = False
        self.bug = False
        self._wanted = wanted
        self._operands = operands
        self._slots: list[list[Entry] | None] = [None] * len(operands)

    def entries(self) -> list[Entry]:
        """Return what is known of all; what was not come to is said to be so."""
        from ganirl_reports.comparison import Entry

        why = INTERRUPTED if self.interrupted else TO_COME
        return [
            entry
            for operand, slot in zip(self._operands, self._slots, strict=True)
            for entry in (slot if slot is not None else [Entry(operand, None, why)])
        ]

    def one_by_one(self) -> Iterator[None]:
        """Read what is saved, then run the others; Ctrl-C ends the one that runs, and what would come after it."""
        paths = [_saved(operand) for operand in self._operands]
        # All that is saved is read before anything is written: it may lie where the output goes.
        for place, path in enumerate(paths):
            if path is not None:
                self._slots[place] = self._read(path)
        left = [place for place, path in enumerate(paths) if path is None]
        with progress_bar("comparing") as bar:
            for done, place in enumerate(left, 1):
                target = self._operands[place]
                heading = f"{done}/{len(left)} {target}" if len(left) > 1 else target
                try:
                    self._slots[place] = [self._run(target, heading, bar)]
                except KeyboardInterrupt:
                    self.interrupted = True
                yield
                if self.interrupted:
                    return

    def _read(self, path: Path) -> list[Entry]:
        from ganirl_properties import UsageError
        from ganirl_reports.comparison import Entry
        from ganirl_reports.documents.comparison_json import is_comparison, read_entries
        from ganirl_reports.reading import read_report

        try:
            if is_comparison(path):
                return list(read_entries(path))
            report = read_report(path)
        except UsageError as error:
            return [Entry(str(path), None, str(error))]
        return [Entry(report.run.target, report)]

    def _run(self, target: str, heading: str, bar: Bar | None) -> Entry:
        from ganirl_properties import UsageError
        from ganirl_reports.comparison import Entry

        if bar is not None:
            bar(0, 0, heading)

        def progress(verdict: Verdict, done: int, planned: int) -> None:
            if bar is not None:
                bar(done, planned, f"{heading}  {verdict.claim} {verdict.dtype}")

        def say(words: str) -> None:
            if bar is not None:
                bar(0, 0, f"{heading}  {words}")

        try:
            report = _verify(target, self._wanted, progress, say)
        except UsageError as error:
            return Entry(target, None, str(error))
        except Exception as error:
            self.bug = True
            traceback.print_exc()
            return Entry(target, None, f"a bug in ganirl: {type(error).__name__}: {error}")
        self.interrupted = report.run.interrupted
        return Entry(report.run.target, report)


def _verify(
    target: str,
    wanted: Wanted,
    progress: Callable[[Verdict, int, int], None],
    say: Callable[[str], None],
) -> Report:
    options: dict[str, Any] = {
        "claims": wanted.claims,
        "profile": wanted.profile,
        "device": wanted.device,
        "dtypes": wanted.dtypes,
        "seed": wanted.seed,
        "certify": wanted.certify,
        "progress": progress,
    }
    if wanted.isolated:
        from ganirl_reports.isolation import verify_isolated

        return verify_isolated(target, requirements=wanted.requirements.get(target, ()), **options, say=say)
    from ganirl_properties import verify
    from ganirl_properties.targets import load_target
    from ganirl_properties.targets.folders import alone

    # Two adapters may import two libraries by one name, each from its own folder.
    with reserved_stdout(), alone():
        report = verify(load_target(target), spec=target, **options)
    return replace(report, run=replace(report.run, target=target))


def _saved(operand: str) -> Path | None:
    """Return the file that an operand names, or None if it is a target."""
    path = Path(operand).expanduser()
    # A command, exec:serve --config x.json, ends like a file and is none.
    if operand.endswith(".json") and (":" not in operand or path.exists()):
        return path
    if any(point.name == operand for point in entry_points(group="ganirl.targets")):
        return None
    return path / "report.json" if path.is_dir() else None


def _write(comparison: Comparison, output: Path) -> OSError | None:
    """Write the documents; a disk that is full takes nobody's results away."""
    from ganirl_reports.documents.comparison_folder import write_comparison

    try:
        write_comparison(comparison, output)
    except OSError as error:
        return error
    return None


def _print(comparison: Comparison, form: str, written: Path | None) -> None:
    if form == "json":
        from ganirl_reports.documents.comparison_json import comparison_document

        print_json(comparison_document(comparison))
    elif form == "markdown":
        from ganirl_reports.documents.comparison_markdown import to_markdown

        sys.stdout.write(to_markdown(comparison))
    else:
        from ganirl_reports.documents.comparison_terminal import print_comparison

        print_comparison(comparison, console(), written)
