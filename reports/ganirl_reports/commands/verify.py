"""``ganirl verify``: search an implementation for counterexamples, and write down what was found."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganirl_reports.console import activity, console, print_json, reserved_stdout
from ganirl_reports.folders import Folder
from ganirl_reports.settings import PROFILES, read_settings, split

if TYPE_CHECKING:
    from ganirl_properties.report import Report, Verdict

EXAMPLES = """\b
TARGET is module:attribute, path/to/file.py:attribute, or a built-in name,
which may have the version of its library: imitation-airl@1.0.0; or a command
that speaks the protocol of reports/docs/protocol.md: 'exec:node adapter.mjs'.

\b
Examples:
  ganirl verify --list
  ganirl verify torch --profile smoke
  ganirl verify adapters/mine.py:target --claims 'A4,C*' --dtype float64,float32
  ganirl verify my_library.adapter:target --output report --format markdown
  ganirl verify imitation-airl@1.0.0 --isolated
  ganirl verify adapter.py:target --isolated --with 'my-library==1.2'

Defaults for target, claims, profile, dtype, seed and output come from [tool.ganirl] in pyproject.toml.
"""


@click.command(epilog=EXAMPLES)
@click.argument("target", required=False)
@click.option("--list", "list_them", is_flag=True, help="List the built-in targets and leave.")
@click.option("--claims", metavar="IDS", help="Claims or patterns, A4,C*; all by default.")
@click.option("--profile", type=click.Choice(PROFILES), help="How hard to search.  [default: default]")
@click.option(
    "--device", default="cpu", show_default=True, help="Where the implementation computes: cpu, cuda."
)
@click.option(
    "--dtype", metavar="NAMES", help="Formats, float64,float32; all that the target knows by default."
)
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the search.  [default: 0]")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes to use.")
@click.option(
    "--certify",
    is_flag=True,
    help="Decide again by rigorous intervals what float64 numbers have decided; not for tabular code.",
)
@click.option(
    "--isolated",
    is_flag=True,
    help="Run it in a virtual environment with its library, which is built once and kept (ganirl environments).",
)
@click.option(
    "--with",
    "requirements",
    metavar="REQUIREMENT",
    multiple=True,
    help="Install this, too, in the environment of --isolated; may be given several times.",
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
def verify(
    *,
    target: str | None,
    list_them: bool,
    claims: str | None,
    profile: str | None,
    device: str,
    dtype: str | None,
    seed: int | None,
    jobs: int,
    certify: bool,
    isolated: bool,
    requirements: tuple[str, ...],
    output: Path | None,
    form: str,
) -> int:
    """Search TARGET for a counterexample to every claim that it lets be observed."""
    if list_them:
        _list_targets(form)
        return 0
    settings = read_settings(Path.cwd())
    target = target or settings.target
    if target is None:
        raise click.UsageError("no TARGET given; name one, or see ganirl verify --list")
    if requirements and not isolated:
        raise click.UsageError("--with says what is installed for --isolated; add --isolated")
    output = _prepared(output or settings.output)
    options: dict[str, Any] = {
        "claims": settings.claims if claims is None else _named(claims, "--claims"),
        "profile": profile or settings.profile or "default",
        "device": device,
        "dtypes": settings.dtype if dtype is None else _named(dtype, "--dtype"),
        "seed": seed if seed is not None else settings.seed or 0,
        "jobs": jobs,
        "certify": certify,
    }
    report = _search_isolated(target, requirements, options) if isolated else _search(target, options)
    _deliver(report, form, output)
    return _exit_code(report)


def _search(target: str, options: Mapping[str, Any]) -> Report:
    from ganirl_properties import verify as search
    from ganirl_properties.targets import load_target

    with reserved_stdout(), _progress() as progress:
        report = search(load_target(target), **options, spec=target, progress=progress)
    # The target is what reproduces the run: the words given, not the name that the adapter calls itself.
    return replace(report, run=replace(report.run, target=target))


def _search_isolated(target: str, requirements: tuple[str, ...], options: Mapping[str, Any]) -> Report:
    from ganirl_reports.isolation import prepare, recipe_for, verify_isolated

    with activity(f"environment for {target}") as say:
        prepare(recipe_for(target, requirements).recipe, say)
    with _progress() as progress:
        return verify_isolated(target, requirements=requirements, **options, progress=progress)


def _named(text: str, option: str) -> tuple[str, ...]:
    names = split(text)
    if not names:
        raise click.UsageError(f"{option} names nothing; leave it out for all")
    return names


def _prepared(output: Path | None) -> Path | None:
    if output is None:
        return None
    from ganirl_reports.documents.output_directory import prepare

    try:
        return prepare(output)
    except OSError as error:
        raise click.UsageError(
            f"cannot write to {output}: {error.strerror or error}; choose another --output"
        ) from None


@contextmanager
def _progress() -> Iterator[Callable[[Verdict, int, int], None] | None]:
    """Show a bar on stderr if it is a terminal; else yield None, and nothing is shown."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("verifying", total=None)

        def advance(verdict: Verdict, done: int, planned: int) -> None:
            bar.update(task, completed=done, total=planned, description=f"{verdict.claim} {verdict.dtype}")

        yield advance


def _deliver(report: Report, form: str, output: Path | None) -> None:
    """Write the documents, then print; a disk that is full takes nobody's results away."""
    failure: OSError | None = None
    if output is not None:
        from ganirl_reports.documents.output_directory import write_report

        try:
            write_report(report, output)
        except OSError as error:
            failure = error
    if form == "json":
        from ganirl_reports.documents.json_document import to_document

        print_json(to_document(report))
    elif form == "markdown":
        from ganirl_reports.documents.markdown_document import to_markdown

        sys.stdout.write(to_markdown(report))
    else:
        from ganirl_reports.documents.terminal import print_report

        print_report(report, console(), output if failure is None else None)
    if failure is not None:
        raise click.UsageError(f"the report could not be written to {output}: {failure.strerror or failure}")


def _exit_code(report: Report) -> int:
    if report.run.interrupted:
        return 130
    if report.verified == 0:
        return 5
    return 1 if report.failed else 0


def _list_targets(form: str) -> None:
    from ganirl_properties.targets import list_targets

    targets = list_targets()
    if form == "json":
        document: dict[str, Any] = {
            "targets": [
                {"name": each.name, "available": each.available, "note": each.note} for each in targets
            ]
        }
        print_json(document)
        return
    if form == "markdown":
        lines = ["| target | available | |", "|---|---|---|"]
        lines += [
            f"| `{each.name}` | {'yes' if each.available else 'no'} | {each.note} |" for each in targets
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        return
    width = max((len(each.name) for each in targets), default=0)
    out = console()
    for each in targets:
        out.print(f"{'✓' if each.available else '·'} {each.name:<{width}}  {each.note}", soft_wrap=True)
