"""``ganirl init``: the files that begin the verification of a library, asked for in a few questions or told."""

# Floors are imported when the command runs: `ganirl --help` should not wait for them.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganirl_reports.folders import Folder
from ganirl_reports.settings import split

if TYPE_CHECKING:
    from ganirl_reports.scaffold.choices import Choices
    from ganirl_reports.scaffold.writing import Planned

EXAMPLES = """\b
DIR is your project's folder, the current one if none is named; it is made if it is not there. What reports call the
library is --name.

\b
Examples:
  ganirl init
  ganirl init path/to/my-project --framework torch --style module --has logit,loss,reward
  ganirl init . --name my-library --framework numpy --unit process --yes

\b
Writes ganirl_adapter.py, tests/test_ganirl.py, .github/workflows/ganirl.yml, and [tool.ganirl] in pyproject.toml.
Nothing is written over without --force, and nothing is written before every question has its answer.
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="[DIR]", type=Folder(), default=".")
@click.option("--name", help="How reports call the library.  [default: the project's name]")
@click.option("--framework", help="Whose arrays it computes with: numpy, torch, jax, ...")
@click.option(
    "--style",
    type=click.Choice(["functions", "module", "trainer"]),
    help="Functions; a class that owns its network; one that owns the policy, too.",
)
@click.option(
    "--unit", type=click.Choice(["transition", "trajectory", "process"]), help="What one row of a batch is."
)
@click.option("--has", metavar="WORDS", help="What it has: logit,loss,reward,policy-loss,irl, ...")
@click.option(
    "--log-q",
    type=click.Choice(["input", "computed", "absent"]),
    help="Where the policy's density comes from.",
)
@click.option("--yes", is_flag=True, help="Ask nothing; what is not told is as usual.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
def init(
    *,
    folder: Path,
    name: str | None,
    framework: str | None,
    style: str | None,
    unit: str | None,
    has: str | None,
    log_q: str | None,
    yes: bool,
    force: bool,
) -> int:
    """Begin to verify a library: write an adapter to fill in, its configuration, a test and a workflow."""
    if folder.exists() and not folder.is_dir():
        raise click.UsageError(f"{folder} is a file; name a folder")
    _settings(folder)  # a broken file is told before any question is asked
    told = {"framework": framework, "style": style, "unit": unit, "has": has, "log_q": log_q}
    asking = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    choices, usual = _choices(folder, name, told, asking=asking)
    if usual:
        why = "by --yes" if yes else "there is no terminal to ask on"
        usual = f"taken  {usual}, as is usual: {why}"
    _write(folder, choices, usual, force=force)
    return 0


def _choices(
    folder: Path, name: str | None, told: Mapping[str, str | None], *, asking: bool
) -> tuple[Choices, str]:
    """Return what is told, else asked, else as usual; and the options that would have told the last."""
    from ganirl_reports.scaffold import choices as known

    taken: list[str] = []

    def settle(key: str, question: str, options: Mapping[str, str], usual: str) -> str:
        answer = told[key]
        if answer is None and asking:
            click.echo(question)
            for option, meaning in options.items():
                click.echo(f"  {option:<12} {meaning}".rstrip())
            answer = click.prompt("", type=click.Choice(list(options)), default=usual, prompt_suffix="> ")
            click.echo()
        if answer is None:
            answer = usual
            taken.append(f"--{key.replace('_', '-')} {answer}")
        if answer not in options:
            raise click.UsageError(f"there is no {key} {answer!r}; there are {', '.join(options)}")
        return answer

    if told["framework"] in ("exec", "external"):
        raise click.UsageError(
            "code in another process or language needs no adapter in Python: `ganirl harness` prints the file to put "
            "beside it, and `ganirl verify 'exec:COMMAND'` runs it"
        )
    framework = settle(
        "framework",
        "Whose arrays does it compute with?",
        dict.fromkeys(known.frameworks(), ""),
        known.usual_framework(folder),
    )
    style = settle("style", "What does your code look like from outside?", known.STYLES, "functions")
    unit = settle("unit", "What is one row of a batch?", known.UNITS, known.usual_unit(style))
    words = known.words(unit)
    has = told["has"]
    if has is None and asking:
        click.echo(f"What does it have? Of: {', '.join(words)}")
        has = click.prompt("", default=",".join(known.usual_words(unit)), prompt_suffix="> ")
        click.echo()
    named = known.usual_words(unit) if has is None else split(has)
    if has is None:
        taken.append(f"--has {','.join(named)}")
    try:
        observables = known.observables(named, unit=unit, style=style, framework=framework)
    except LookupError as unknown:
        raise click.UsageError(str(unknown.args[0])) from None
    if not observables:
        raise click.UsageError("--has names nothing; leave it out for what is usual")
    log_q = known.usual_log_q(style)
    if unit != "process":
        log_q = settle("log_q", "Where does log π of an action come from?", known.LOG_Q, log_q)
    # A name that came as other bytes than UTF-8, of a folder or of a shell, cannot be written.
    name = (name or known.usual_name(folder)).encode("utf-8", "replace").decode("utf-8")
    return known.Choices(name, framework, style, unit, log_q, observables), " ".join(taken)


def _write(folder: Path, choices: Choices, usual: str, *, force: bool) -> None:
    """Write what is not there, and say what was written, what was kept, and what comes next."""
    from ganirl_reports.scaffold import texts
    from ganirl_reports.scaffold.writing import NotWrittenError, Planned, standing, write

    ours = (
        Planned(folder / texts.ADAPTER, texts.adapter(choices)),
        Planned(folder / texts.TEST, texts.test()),
        Planned(folder / texts.WORKFLOW, texts.workflow(folder, choices.framework)),
    )
    kept = () if force else standing(ours)
    settings, why_not = _settings(folder)
    files = [each for each in (*ours, settings) if each is not None and each not in kept]
    if not files:
        raise click.UsageError(
            f"nothing to write: {', '.join(str(each.path) for each in kept)} are there; --force writes over them"
        )
    try:
        write(files)
    except NotWrittenError as error:
        raise click.UsageError(f"cannot write {error}; nothing was written") from None
    if usual:
        click.echo(usual)
    for each in files:
        click.echo(f"wrote  {each.path}" + (", a table [tool.ganirl] added" if each.instead_of else ""))
    for each in kept:
        click.echo(f"kept   {each.path}, which was there; --force writes over it")
    if why_not is not None:
        click.echo(f"left   {folder / 'pyproject.toml'} alone: {why_not}; it may hold")
        click.echo(f'         [tool.ganirl]\n         target = "{texts.TARGET}"')
    _say_next(folder, texts.ADAPTER)


def _say_next(folder: Path, adapter: str) -> None:
    at = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    click.echo(
        f"\nNext: fill in the stubs of {folder / adapter}, one is enough to begin with, and run\n"
        f"  {at}ganirl verify {adapter}:target --profile smoke"
    )


def _settings(folder: Path) -> tuple[Planned | None, str | None]:
    """Return pyproject.toml with its table, or why it is left alone.

    Raises
    ------
    click.UsageError
        If it is no TOML, so that what is written here could not be run before it is mended.
    """
    from ganirl_reports.scaffold.configuration import BrokenError, NotAddedError, with_table
    from ganirl_reports.scaffold.texts import TARGET
    from ganirl_reports.scaffold.writing import Planned, read

    path = folder / "pyproject.toml"
    if not os.path.lexists(path):
        return Planned(path, with_table("", TARGET)), None
    try:
        before = read(path)
        return Planned(path, with_table(before, TARGET), before), None
    except (BrokenError, UnicodeError) as broken:
        why = str(broken) if isinstance(broken, BrokenError) else f"it is no UTF-8, as TOML is ({broken})"
        raise click.UsageError(f"{path}: {why}; mend it first, nothing was written") from None
    except (NotAddedError, OSError) as error:
        return None, str(error)
