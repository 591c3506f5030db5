"""``ganirl power``: the verifier before code that is known to be wrong, and before code that is known to be right."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganirl_reports.console import console, print_json, progress_bar
from ganirl_reports.folders import Folder
from ganirl_reports.settings import PROFILES, split

from .report import prepared_folder

if TYPE_CHECKING:
    from ganirl_properties.power.alarms import Alarms
    from ganirl_properties.power.measure import Judged
    from ganirl_reports.power.measured import Measured, PowerRun

Bar = Callable[[int, int, str], None]

EXAMPLES = """\b
Wrong formulas are right implementations with one thing changed; each is handed in as a library's code is. What is
right and looks odd is handed in, too, and must not be failed.

\b
Examples:
  ganirl power --profile smoke
  ganirl power --seeds 0,1,2,3,4 --jobs 2 --output power
  ganirl power --only 'reward*,tabular/*' --format json
  ganirl power --list

\b
Exit codes:
  0    all are caught, nothing right is failed, and nine of ten are called by their name
  1    a wrong formula survives, something right is failed, or too many names are wrong
  2    an option that cannot be used
  3    a bug in ganirl
  130  interrupted; what was done is saved
"""
# For each seed: a minute or two for the first, as tails and grids are run once.
CASES = 1000


@dataclass(frozen=True)
class Wanted:
    """What is to be measured."""

    profile: str
    seeds: tuple[int, ...]
    only: tuple[str, ...] | None
    jobs: int
    cases: int


@click.command(epilog=EXAMPLES)
@click.option("--list", "list_them", is_flag=True, help="List the wrong formulas and leave.")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="default",
    show_default=True,
    help="How hard the verifier searches.",
)
@click.option(
    "--seeds",
    "--seed",
    "seeds",
    metavar="N,…",
    default="0",
    show_default=True,
    help="Seeds of the search; several show what is found by luck.",
)
@click.option(
    "--only", metavar="PATTERNS", help="Wrong formulas or patterns, reward*,tabular/*; all by default."
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use.")
@click.option(
    "--cases",
    type=click.IntRange(min=0),
    help=f"Cases for what is right, for each seed; 0 leaves it out.  [default: {CASES}, and 0 with --only]",
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
def power(
    *,
    list_them: bool,
    profile: str,
    seeds: str,
    only: str | None,
    jobs: int,
    cases: int | None,
    output: Path | None,
    form: str,
) -> int:
    """Measure what the verifier catches, and that it catches only that."""
    if list_them:
        _list(form)
        return 0
    patterns = None if only is None else split(only)
    if patterns is not None and not patterns:
        raise click.UsageError("--only names nothing; leave it out for all")
    if cases is None:
        cases = CASES if patterns is None else 0
    wanted = Wanted(profile, _seeds(seeds), patterns, jobs, cases)
    if output is not None:
        if find_spec("matplotlib") is None:
            raise click.UsageError("the figure needs matplotlib: pip install 'ganirl[figures]'")
        prepared_folder(output)
    measured, failure = None, None
    for measured in _measured(wanted):
        # What is done is on the disk, however the next seed ends.
        failure = _written(measured, output)
    assert measured is not None
    _print(measured, form, output if failure is None else None)
    if failure is not None:
        raise click.UsageError(f"the report could not be written to {output}: {failure.strerror or failure}")
    if measured.run.interrupted:
        return 130
    return 0 if measured.power.passed else 1


def _seeds(text: str) -> tuple[int, ...]:
    names = split(text)
    try:
        found = tuple(dict.fromkeys(int(name) for name in names))
    except ValueError:
        found = ()
    if not found or min(found) < 0:
        raise click.UsageError(f"--seeds {text!r} is no list of seeds; write them as 0,1,2")
    return found


def _measured(wanted: Wanted) -> Iterator[Measured]:
    """Yield what is known after every seed, and at last all of it; Ctrl-C ends what runs, and what would come after."""
    from ganirl_properties.power.alarms import false_alarms
    from ganirl_properties.power.catalogue import chosen
    from ganirl_properties.power.measure import judge, make_small, with_small
    from ganirl_properties.power.outcome import power_of
    from ganirl_reports.power.measured import Measured

    started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.perf_counter()
    planned = len(chosen(wanted.only))
    found: list[Judged] = []
    made: list[Judged] = []
    alarms: Alarms | None = None
    interrupted = False

    def so_far() -> Measured:
        power = power_of(
            with_small(found, made),
            profile=wanted.profile,
            seeds=wanted.seeds,
            planned=planned,
            alarms=alarms,
        )
        seconds = round(time.perf_counter() - clock, 3)
        return Measured(power, _run(wanted, started, seconds, interrupted=interrupted))

    with progress_bar("wrong formulas") as bar:
        try:
            if wanted.cases:
                false_alarms(
                    cases=wanted.cases, seeds=()
                )  # too few are refused before anything is waited for
            for each in judge(profile=wanted.profile, seeds=wanted.seeds, only=wanted.only, jobs=wanted.jobs):
                found.append(each)
                if bar is not None:
                    bar(len(found), planned * len(wanted.seeds), f"seed {each.seed} {each.caught.id}")
                if len(found) % planned == 0:
                    yield so_far()
            # One seed shows how small they get; making them small takes longer than finding them.
            of_first = [each for each in found if each.seed == wanted.seeds[0]]
            for small in make_small(of_first, profile=wanted.profile, jobs=wanted.jobs):
                made.append(small)
                if bar is not None:
                    bar(len(made), len(of_first), f"smallest counterexample of {small.caught.id}")
            if wanted.cases:
                yield so_far()
                alarms = _alarms(wanted, bar)
        except KeyboardInterrupt:
            interrupted = True
    yield so_far()


def _run(wanted: Wanted, started: str, seconds: float, *, interrupted: bool) -> PowerRun:
    from ganirl import __version__
    from ganirl_properties.search import PROFILES as CASES_OF
    from ganirl_reports.power.measured import PowerRun

    return PowerRun(
        ganirl=__version__,
        cases_per_setting=CASES_OF[wanted.profile],
        only=wanted.only,
        alarm_cases=wanted.cases,
        jobs=wanted.jobs,
        started=started,
        seconds=seconds,
        versions=_versions(),
        interrupted=interrupted,
    )


def _alarms(wanted: Wanted, bar: Bar | None) -> Alarms:
    from ganirl_properties.power.alarms import false_alarms

    def progress(done: int, planned: int, what: str) -> None:
        if bar is not None:
            bar(done, planned, f"right: {what}"[:70])

    return false_alarms(cases=wanted.cases, seeds=wanted.seeds, jobs=wanted.jobs, progress=progress)


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found = {"Python": platform.python_version()}
    for name in ("numpy", "torch", "hypothesis"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _written(measured: Measured, output: Path | None) -> OSError | None:
    """Write the documents; a disk that is full takes nobody's results away."""
    from ganirl_reports.power.folder import write_power

    try:
        if output is not None:
            write_power(measured, output)
    except OSError as error:
        return error
    return None


def _print(measured: Measured, form: str, written: Path | None) -> None:
    if form == "json":
        from ganirl_reports.power.json_document import power_document

        print_json(power_document(measured))
    elif form == "markdown":
        from ganirl_reports.power.markdown_document import to_markdown

        sys.stdout.write(to_markdown(measured))
    else:
        from ganirl_reports.power.terminal import print_power

        print_power(measured, console(), written)


def _list(form: str) -> None:
    from ganirl_properties.power.catalogue import planted

    if form == "json":
        print_json(
            {
                "wrong_formulas": [
                    {
                        "id": each.id,
                        "theme": each.theme,
                        "title": each.formula.title,
                        "seen": each.seen,
                        "expected": list(each.formula.expected),
                    }
                    for each in planted()
                ]
            }
        )
        return
    if form == "markdown":
        from ganirl_reports.documents.markdown_document import escape

        lines = ["| wrong formula | theme | | caught by |", "|---|---|---|---|"]
        for each in planted():
            cells = (
                f"`{each.id}`",
                escape(each.theme),
                escape(each.formula.title),
                ", ".join(each.formula.expected),
            )
            lines.append(f"| {' | '.join(cells)} |")
        sys.stdout.write("\n".join(lines) + "\n")
        return
    width, theme = max(len(each.id) for each in planted()), ""
    out = console()
    for each in planted():
        if each.theme != theme:
            theme = each.theme
            out.print(f"{theme}:")
        out.print(f"  {each.id:<{width}}  {each.formula.title}", soft_wrap=True)
