"""``ganirl report``: studies of the theorem, each a document from one command."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganirl_reports.console import console, print_json, progress_bar
from ganirl_reports.folders import Folder
from ganirl_reports.studies import STUDIES, study_runner

if TYPE_CHECKING:
    from ganirl_reports.studies.study import Study

EXAMPLES = """\b
Examples:
  ganirl report unbiasedness --output unbiasedness
  ganirl report errata --format markdown
"""


@click.group(epilog=EXAMPLES)
def report() -> None:
    """Make a document: a study of the theorem, with its tables and figures."""


def _study_command(name: str, purpose: str) -> click.Command:
    @click.command(name, help=purpose, short_help=purpose)
    @click.option("--output", metavar="DIR", type=Folder(), help="Write the documents there.")
    @click.option(
        "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of what is drawn."
    )
    @click.option(
        "--format",
        "form",
        type=click.Choice(["pretty", "json", "markdown"]),
        default="pretty",
        show_default=True,
        help="What to print.",
    )
    def command(output: Path | None, seed: int, form: str) -> int:
        return run_study(name, output=output, seed=seed, form=form)

    return command


for _name, _purpose in STUDIES.items():
    report.add_command(_study_command(_name, _purpose))


def run_study(name: str, *, output: Path | None, seed: int, form: str) -> int:
    """Run a study, print it, write it; 1 if something that it claims did not hold."""
    if output is not None:
        prepared_folder(output)
    try:
        with progress_bar(name) as progress:
            study = study_runner(name)(seed=seed, progress=progress)
    except ModuleNotFoundError as missing:
        raise click.UsageError(missing_module(missing)) from None
    deliver_study(study, output=output, form=form)
    return 0 if study.passed else 1


def missing_module(missing: ModuleNotFoundError) -> str:
    """Say which extra brings a module that is not there."""
    extra = {"torch": "torch", "matplotlib": "figures", "flint": "certify"}.get(
        (missing.name or "").split(".")[0]
    )
    if extra is None:
        raise missing
    return f"this needs {missing.name}: pip install 'ganirl[{extra}]'"


def prepared_folder(output: Path) -> Path:
    """Make the folder now, so that no work ends at one that cannot be written."""
    from ganirl_reports.documents.output_directory import prepare

    try:
        return prepare(output)
    except OSError as error:
        raise click.UsageError(
            f"cannot write to {output}: {error.strerror or error}; choose another --output"
        ) from None


def deliver_study(study: Study, *, output: Path | None, form: str) -> None:
    """Write the documents where asked, and print the study; a disk that is full takes nobody's results away."""
    from ganirl_reports.studies.writing import to_document, to_markdown

    failure = written_study(study, output)
    if form == "json":
        print_json(to_document(study))
    elif form == "markdown":
        sys.stdout.write(to_markdown(study))
    else:
        _print(study, output if failure is None else None)
    if failure is not None:
        raise failure


def written_study(study: Study, output: Path | None) -> click.UsageError | None:
    """Write the documents where asked; return what to say, when all is printed, if they cannot be written."""
    from ganirl_reports.studies.writing import write_study

    try:
        if output is not None:
            write_study(study, output)
    except OSError as error:
        return click.UsageError(f"the study could not be written to {output}: {error.strerror or error}")
    return None


def _print(study: Study, output: Path | None) -> None:
    from rich import box
    from rich.padding import Padding
    from rich.table import Table as Grid
    from rich.text import Text

    from ganirl_reports.documents import unicode_math
    from ganirl_reports.studies.study import Table
    from ganirl_reports.studies.writing import cell_text, figures

    out = console()
    out.print(Text(study.title, style="bold"))
    out.print(Text(unicode_math.prose(study.summary)))
    for section in study.sections:
        out.print()
        out.print(Text(section.title, style="bold cyan"))
        for paragraph in section.paragraphs:
            out.print(Text(unicode_math.prose(paragraph)))
        for part in section.parts:
            if isinstance(part, Table):
                grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False)
                for heading in part.headings:
                    grid.add_column(unicode_math.prose(heading))
                for row in part.rows:
                    grid.add_row(*(Text(unicode_math.prose(cell_text(cell))) for cell in row))
                out.print(Padding(Text(unicode_math.prose(part.caption), style="dim"), (1, 0, 0, 0)))
                out.print(grid)
    out.print()
    if output is not None:
        drawn = [f"{figure.name}.svg" for figure in figures(study)]
        written = ", ".join(["study.html", "study.md", "study.json", *drawn])
        out.print(f"written to {output}: {written}", soft_wrap=True)
    elif any(not isinstance(part, Table) for section in study.sections for part in section.parts):
        out.print("figures are drawn with --output DIR", soft_wrap=True)
