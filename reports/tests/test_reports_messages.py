"""One message is said once, whatever number of claims it stands for; ``~`` is home."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from ganirl_properties import TargetError
from ganirl_properties.report import Report, Verdict
from ganirl_properties.targets import load_target
from ganirl_reports.documents.html_document import to_html
from ganirl_reports.documents.markdown_document import to_markdown
from ganirl_reports.documents.terminal import print_report
from ganirl_reports.folders import Folder
from ganirl_reports.settings import read_settings
from ganirl_reports.tabulation import Sentence, failures, told_apart

RAISED = "discriminator_logit raised RuntimeError: no such layer"


def with_errors(report: Report) -> Report:
    rows = [
        *(
            Verdict(claim, dtype, "cpu", "error", "none", 0, RAISED)
            for claim in ("A5", "A9")
            for dtype in report.run.dtypes
        ),
        Verdict("B4", "float64", "cpu", "error", "none", 0, "log_partition returned None"),
        *(
            Verdict(claim, "float32", "cpu", "inconclusive", "none", 0, "interrupted before it was judged")
            for claim in ("S1", "S2", "I1")
        ),
        Verdict("B2", "float64", "cpu", "error", "none", 0, RAISED),
        Verdict("B2", "float32", "cpu", "error", "none", 0, "another one"),
    ]  # fmt: skip
    return replace(report, verdicts=(*report.verdicts, *rows))


def test_claims_of_one_message_stand_together(mixed_report: Report) -> None:
    report = with_errors(mixed_report)
    told = told_apart(failures(report))
    shared = {each.claims: (each.verdict, each.formats) for each in told if isinstance(each, Sentence)}
    assert shared == {
        ("A5", "A9", "B2"): ("error", report.run.dtypes),
        ("S1", "S2", "I1"): ("inconclusive", ("float32",)),
    }
    alone = [each.lead.claim for each in told if not isinstance(each, Sentence)]
    assert sorted(alone) == sorted(["E1", "N1", "N1", "B5", "B4", "B2"])
    # B2 says another thing in float32, which is its own.
    (own,) = (each for each in told if not isinstance(each, Sentence) and each.lead.claim == "B2")
    assert [(row.dtype, row.message) for row in own.rows] == [("float32", "another one")]


def test_one_mistake_behind_several_observables_is_said_once(good_report: Report) -> None:
    why = "raised RuntimeError: mat1 and mat2 must have the same dtype"
    asked = {"A4": "discriminator_logit", "B1": "discriminator_loss", "E1": "generator_reward"}
    rows = [
        Verdict(claim, "float64", "cpu", "error", "none", 0, f"{name} {why}") for claim, name in asked.items()
    ]
    other = Verdict("C1", "float64", "cpu", "error", "none", 0, "discriminator_logit returned None")
    (together, alone) = told_apart(failures(replace(good_report, verdicts=(*rows, other))))
    assert isinstance(together, Sentence)
    assert together.claims == ("A4", "B1", "E1")
    assert together.message == f"discriminator_logit, discriminator_loss and generator_reward {why}"
    assert not isinstance(alone, Sentence)
    # What begins otherwise is another reason, however much it is alike.
    rows[2] = replace(rows[2], message=f"the reward {why}")
    told = told_apart(failures(replace(good_report, verdicts=tuple(rows))))
    assert [each.claims for each in told if isinstance(each, Sentence)] == [("A4", "B1")]


@pytest.mark.parametrize("form", ["terminal", "markdown", "html"])
def test_a_message_is_printed_once(mixed_report: Report, form: str) -> None:
    report = with_errors(mixed_report)
    if form == "html":
        text = to_html(report).split('<h2 id="claims">')[0]
    elif form == "markdown":
        text = to_markdown(report).split("<details>")[0]  # in the table each claim has a line of its own
    else:
        file = io.StringIO()
        print_report(report, Console(file=file, width=140, highlight=False, markup=False, emoji=False))
        text = file.getvalue()
    assert text.count("interrupted before it was judged") == 1
    assert text.count("no such layer") == 1
    assert text.count("another one") == 1
    assert "A5, A9, B2" in text
    assert "S1, S2, I1" in text


def test_home_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    @click.command()
    @click.option("--output", type=Folder())
    def command(output: Path) -> None:
        click.echo(repr(output))

    assert CliRunner().invoke(command, ["--output=~/report"]).output.strip() == repr(tmp_path / "report")
    (tmp_path / "adapter.py").write_text(
        "from ganirl import wrap\ntarget = wrap(name='at home', discriminator_logit=lambda case, rows: rows.log_q)\n"
    )
    assert load_target("~/adapter.py:target").name == "at home"
    with pytest.raises(TargetError, match="no file '~nobody_of_that_name"):
        load_target("~nobody_of_that_name/adapter.py:target")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.ganirl]\noutput = "~/here"\ntarget = "~/adapter.py:target"\n'
    )
    monkeypatch.chdir(tmp_path)
    settings = read_settings(tmp_path)
    assert settings.output == tmp_path / "here"
    assert settings.target == "adapter.py:target"
