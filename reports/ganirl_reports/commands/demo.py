"""``ganirl demo``: the same training run as a GAN, as guided cost learning and as an energy-based model."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for PyTorch.
# ruff: noqa: PLC0415

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ganirl_reports.console import console, print_json, progress_bar
from ganirl_reports.folders import Folder

from .report import missing_module, prepared_folder, written_study

if TYPE_CHECKING:
    from ganirl_reports.studies.study import Study

EXAMPLES = """\b
Examples:
  ganirl demo
  ganirl demo --output demo
  ganirl demo --steps 100 --seed 1 --format json

\b
Exit codes: 0 if what should coincide does and what should part does; 1 if not.
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--output",
    metavar="DIR",
    type=Folder(),
    help="Write tables, figures and numbers there.",
)
@click.option(
    "--steps", type=click.IntRange(min=2), default=30, show_default=True, help="Steps of every training run."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the minibatches."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json"]),
    default="pretty",
    show_default=True,
    help="What to print.",
)
def demo(*, output: Path | None, steps: int, seed: int, form: str) -> int:
    """Train once as a GAN, once by guided cost learning, once as an energy-based model, and compare every step."""
    if output is not None:
        prepared_folder(output)
    try:
        from ganirl_reports.studies.demo import run

        with progress_bar("training") as progress:
            study = run(seed=seed, progress=progress, steps=steps, draw=output is not None)
    except ModuleNotFoundError as missing:
        raise click.UsageError(missing_module(missing)) from None
    failure = written_study(study, output)
    if form == "json":
        from ganirl_reports.studies.writing import to_document

        print_json(to_document(study))
    else:
        _print(study, output if failure is None else None)
    if failure is not None:
        raise failure
    return 0 if study.passed else 1


def _print(study: Study, output: Path | None) -> None:
    from rich.text import Text

    out = console()
    out.print(Text(study.title, style="bold"))
    numbers = study.numbers
    out.print(_runs(numbers))
    for line in _ends(numbers):
        out.print(Text(line), soft_wrap=True)
    for note in _notes(study, output):
        out.print(Text(note), soft_wrap=True)
    out.print()
    out.print(Text(_reckoning(numbers), style="bold green" if study.passed else "bold red"), soft_wrap=True)
    if output is not None:
        out.print(f"written to {output}: study.html, study.md, study.json", soft_wrap=True)


def _runs(numbers: Any) -> Any:
    """One line a run: whether it coincides or parts, and the largest difference of θ on each ground."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grounds = numbers["grounds"]
    grid = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=f"largest difference of θ from the GAN's, over {numbers['steps']} steps",
        title_justify="left",
        title_style="dim",
    )
    grid.add_column("", no_wrap=True)
    grid.add_column("run", no_wrap=True)
    for ground in grounds:
        # On a terminal of 80 columns numbers must not be cut.
        heading = ground["ground"].replace(", ", "\n").replace("minibatches", "batches")
        grid.add_column(heading, justify="right", no_wrap=True, min_width=7)
    grid.add_column("claim", no_wrap=True)
    for kind, word in (("coincide", "coincides"), ("part", "parts")):
        names = dict.fromkeys((run["run"], run["claim"]) for ground in grounds for run in ground[kind])
        for index, (name, claim) in enumerate(names):
            cells = [_cell(ground[kind], name, kind) for ground in grounds]
            held = not any(cell.endswith("✗") for cell in cells)
            style = ("green" if kind == "coincide" else "") if held else "bold red"
            last = index == len(names) - 1 and kind == "coincide"
            grid.add_row(
                Text(word if held else f"not so: {word}", style=style), name, *cells, claim, end_section=last
            )
    return grid


def _cell(runs: list[dict[str, Any]], name: str, kind: str) -> str:
    from ganirl_reports.studies.demo import short

    for run in runs:
        if run["run"] == name:
            value = run["drift"]["theta"] if kind == "coincide" else run["theta"]
            return short(value) + ("" if run["holds"] else " ✗")
    return "–"


def _ends(numbers: Any) -> list[str]:
    """What else was found, a line a claim."""
    from ganirl_reports.looks import number
    from ganirl_reports.studies.demo import short

    wrong = [ground["wrong_b"] for ground in numbers["grounds"]]
    halves, limits, rest = numbers["half_step"], numbers["limits"], numbers["equilibria"]
    ended = ", ".join(f"{signed(each['root'])} ({each['generator']})" for each in limits)
    likelihood = signed(limits[0]["likelihood"])
    return [
        f"{_mark(wrong)} C2  with b held wrong, the gradients of GAN and guided cost learning differ by "
        f"{short(min(each['smallest'] for each in wrong))} to {short(max(each['largest'] for each in wrong))}, at "
        f"most {number(100 * max(each['ratio'] for each in wrong), 2)} % of max|c′|·|∂_b L_D|",
        f"{_mark(halves)} C5  with q = p_θ the GAN is half of the likelihood's step to "
        f"{short(max(each['half'] for each in halves))}, and {short(min(each['whole'] for each in halves))} from a "
        "whole one",
        f"{_mark(limits)} C6  with q held θ ends at {ended}, not at the likelihood's {likelihood}",
        f"{_mark(rest)} G2  with q trained θ ends at {signed(rest[0]['theta'])}, D is ½ everywhere, and yet "
        f"KL(q‖p) = {number(rest[0]['divergence'], 4)}",
    ]


def signed(value: float) -> str:
    """Write a number with its sign and four decimals."""
    return f"{value:+.4f}".replace("-", "−")


def _mark(found: list[dict[str, Any]]) -> str:
    return "✓" if all(each["holds"] for each in found) else "✗"


def _notes(study: Study, output: Path | None) -> list[str]:
    """What a reader would miss."""
    from ganirl_reports.studies.demo import WITHOUT_FIGURES

    return [
        sentence
        for section in study.sections
        for sentence in section.paragraphs
        if output is not None and sentence == WITHOUT_FIGURES
    ]


def _reckoning(numbers: Any) -> str:
    held = [
        each["holds"]
        for ground in numbers["grounds"]
        for each in (*ground["coincide"], *ground["part"], ground["wrong_b"])
    ]
    held += [each["holds"] for name in ("half_step", "limits", "equilibria") for each in numbers[name]]
    broken = held.count(False)
    return f"planned {len(held)} = {len(held) - broken} as the theorem says" + (
        f" + {broken} not" if broken else ""
    )
