"""``ganirl replay``: a saved counterexample once more, or as a script that stands alone."""

# Floors and rich are imported when the command runs: `ganirl --help` should not wait for SymPy.
# ruff: noqa: PLC0415

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from ganirl_reports.console import activity, console, print_json, progress_bar, reserved_stdout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ganirl_reports.counterexamples.outcomes import Result
    from ganirl_reports.counterexamples.saved import Saved

EXAMPLES = """\b
FILE is one of counterexamples/*.json, a folder of them, the folder that
ganirl verify --output has written, or its report.json.

\b
Examples:
  ganirl replay report/counterexamples/E1-float32.json
  ganirl replay report --target mended.py:target
  ganirl replay report --isolated
  ganirl replay report/counterexamples/E1-float32.json --python > e1.py

What was contradicted by draws is drawn anew: FIXED says with what probability it is missed, and what the draws do not
tell is an ERROR.

\b
Exit codes: 0 all are FIXED, or nothing failed in the report, 1 one FAILS or is an ERROR,
2 a file is broken or its target cannot be loaded.
"""


@click.command(epilog=EXAMPLES)
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--target", metavar="TARGET", help="Replay it on this one, not on the one that the file names.")
@click.option("--device", help="Where the implementation computes; by default where the case was found.")
@click.option(
    "--isolated", is_flag=True, help="Run the target in an environment with its library, as verify does."
)
@click.option(
    "--with",
    "requirements",
    metavar="REQUIREMENT",
    multiple=True,
    help="Install this, too, in the environment of --isolated; by default what was installed when it was found.",
)
@click.option("--python", "as_script", is_flag=True, help="Print a script that shows it, and replay nothing.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["pretty", "json"]),
    default="pretty",
    show_default=True,
    help="What to print.",
)
def replay(
    *,
    files: tuple[str, ...],
    target: str | None,
    device: str | None,
    isolated: bool,
    requirements: tuple[str, ...],
    as_script: bool,
    form: str,
) -> int:
    """Ask a target again about saved counterexamples: FIXED, FAILS or ERROR."""
    from ganirl_reports.counterexamples.outcomes import RefusedThereError, replay_isolated

    if requirements and not isolated:
        raise click.UsageError("--with says what is installed for --isolated; add --isolated")
    several = _read(files)
    if not several:
        return _say_none(files, as_script, form)
    if as_script:
        return _print_script(several, target)
    if isolated:
        with activity("environment") as say:
            try:
                results = list(
                    replay_isolated(several, target=target, requirements=requirements, device=device, say=say)
                )
            except RefusedThereError:
                return 2
    else:
        results = _replay_here(several, target, device)
    if form == "json":
        from ganirl_reports.counterexamples.outcomes import to_document

        print_json(to_document(results))
    else:
        _print(results)
    return int(any(each.replayed.outcome != "FIXED" for each in results))


def _read(files: Iterable[str]) -> tuple[Saved, ...]:
    import os

    from ganirl_reports.counterexamples.saved import read_all

    return tuple(saved for file in files for saved in read_all(os.path.expanduser(file)))


def _say_none(files: Sequence[str], as_script: bool, form: str) -> int:
    """Say that reports that passed hold nothing to replay: a script that replays after every run goes on."""
    none = f"there are no counterexamples in {', '.join(files)}, where nothing failed"
    if as_script:
        raise click.UsageError(f"--python prints the script of one counterexample, and {none}")
    if form == "json":
        from ganirl_reports.counterexamples.outcomes import to_document

        print_json(to_document(()))
    else:
        console().print(f"nothing to replay: {none}", soft_wrap=True, markup=False, highlight=False)
    return 0


def _replay_here(several: Sequence[Saved], target: str | None, device: str | None) -> list[Result]:
    from ganirl_reports.counterexamples.outcomes import replay_all

    results: list[Result] = []
    with reserved_stdout(), progress_bar("replaying") as progress:
        for result in replay_all(several, target=target, device=device):
            results.append(result)
            if progress is not None:
                progress(len(results), len(several), f"{result.saved.found.claim} {result.saved.dtype}")
    return results


def _print(results: Sequence[Result]) -> None:
    from rich.text import Text

    from ganirl_properties.narrative import indexed
    from ganirl_reports.counterexamples.outcomes import reconciled

    out = console()
    colours = {"FIXED": "bold green", "FAILS": "bold red", "ERROR": "bold magenta"}
    for each in results:
        found, replayed = each.saved.found, each.replayed
        head = Text(replayed.outcome, style=colours[replayed.outcome])
        head.append(f"  {found.claim} in {each.saved.dtype}, {each.target}", style="bold")
        head.append(f"  {each.saved.name}, found by ganirl {each.saved.ganirl}", style="dim")
        out.print(head, soft_wrap=True)
        # A contradiction is told as in a report: Then on a line, However on the next.
        for sentence in replayed.message.replace(" However, ", "\nHowever, ").splitlines():
            out.print(Text(f"       {sentence}"), soft_wrap=True)
        if replayed.outcome == "FIXED":
            same = (found.observable, found.component) == (replayed.observable, replayed.component)
            it = "it" if same else indexed(found.observable, found.component)
            before = f"When it was saved{'' if same else ','} {it} was {found.got:.9g}."
            out.print(Text(f"       {before}"), soft_wrap=True)
        if replayed.changed:
            told = ", ".join(replayed.changed)
            out.print(
                Text(f"       judged by the conventions of now; declared otherwise since: {told}"),
                soft_wrap=True,
            )
    out.print(reconciled(results), soft_wrap=True)


def _print_script(several: Sequence[Saved], target: str | None) -> int:
    from ganirl_reports.counterexamples.script import known_target, script

    if len(several) != 1:
        raise click.UsageError(
            f"--python prints one script, and these are {len(several)} counterexamples; name one"
        )
    with reserved_stdout():
        saved = known_target(several[0], target)
    sys.stdout.write(script(saved))
    return 0
