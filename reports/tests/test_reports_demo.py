"""``ganirl demo``: exit codes, what is printed and written, and a run that does not coincide."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("torch", reason="the demo trains with PyTorch, which is an extra")

import torch

from ganirl_gpu.training import COINCIDING, Contender, EnergyBased
from ganirl_gpu.training.ground import Batch
from ganirl_reports.command_line import run
from ganirl_reports.studies import demo, demo_findings
from ganirl_reports.studies.study import Study
from ganirl_reports.studies.writing import figures, to_html, to_markdown

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


HEARD: list[tuple[int, int, str]] = []


@pytest.fixture(scope="module")
def study() -> Study:
    HEARD.clear()
    return demo.run(steps=3, progress=lambda *each: HEARD.append(each))


def test_everything_is_as_the_theorem_says(study: Study) -> None:
    assert study.passed
    grounds = study.numbers["grounds"]
    assert [each["ground"] for each in grounds] == [
        "generic, all",
        "generic, minibatches",
        "S6, all",
        "S6, minibatches",
    ]
    for ground in grounds:
        assert {each["run"] for each in ground["coincide"]} >= {"guided cost learning", "energy-based model"}
        theta = {name: np.array(path) for name, path in ground["theta"].items()}
        for each in ground["coincide"]:
            apart = np.abs(theta[each["run"]] - theta["GAN"]).max()
            assert apart == each["drift"]["theta"] < 1e-13
        for each in ground["part"]:
            assert np.abs(theta[each["run"]] - theta["GAN"]).max() == each["theta"] > 1e-5
        assert {each["claim"] for each in ground["part"]} >= {"C2", "C3", "C5"}
    assert [round(each["root"], 4) for each in study.numbers["limits"]] == [-0.0914, -0.3839, 0.2125]
    assert study.numbers["equilibria"][0]["divergence"] == pytest.approx(0.505, abs=5e-4)
    # A baseline: over all of q it drops out, on minibatches it does not.
    assert [[each["run"] for each in ground["coincide"]].count("GAN, no baseline") for ground in grounds] == [
        1,
        0,
        1,
        0,
    ]
    assert [[each["run"] for each in ground["part"]].count("GAN, no baseline") for ground in grounds] == [
        0,
        1,
        0,
        1,
    ]


def test_documents_name_claims_and_draw_both_figures(study: Study) -> None:
    drawn = list(figures(study))
    assert [each.name for each in drawn] == ["three-doors", "where-training-ends"]
    for each in drawn:
        assert ElementTree.fromstring(each.svg).tag == "{http://www.w3.org/2000/svg}svg"
        assert "dc:date" not in each.svg
    text = to_markdown(study)
    for words in ("claim C2", "C3", "claim C5", "claim C6", "claim G2", "claim E3", "-0.09135766"):
        assert words in text
    assert "✗" not in text
    assert to_html(study).count("<svg") == 2


def test_the_same_seed_gives_the_same_bytes(study: Study) -> None:
    again = demo.run(steps=3)
    assert again.numbers == study.numbers
    assert [each.svg for each in figures(again)] == [each.svg for each in figures(study)]
    assert again.command == "ganirl demo --steps 3 --output DIR"


def test_another_seed_draws_other_minibatches_and_changes_nothing_else() -> None:
    for mine, other in zip(demo_findings.arrangements(0), demo_findings.arrangements(1), strict=True):
        logits = mine.ground.policy_logits
        first, second = (each.sampler(each.ground, logits, 0) for each in (mine, other))
        same = torch.equal(first.generator.action, second.generator.action)
        assert same == mine.title.endswith("all")


@pytest.mark.usefixtures("study")
def test_progress_counts_to_the_end() -> None:
    done = [each[0] for each in HEARD]
    assert done == sorted(done)
    assert HEARD[-1][0] == HEARD[-1][1]
    assert {each[1] for each in HEARD} == {HEARD[0][1]}


def test_command(capsys: Capture) -> None:
    assert run(["demo", "--steps", "2"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b[" not in out
    lines = out.splitlines()
    assert any(
        line.split()[:1] == ["coincides"] and "energy-based model" in line and line.endswith("C2")
        for line in lines
    )
    assert any(
        line.split()[:1] == ["parts"] and "leak through μ̃" in line and line.endswith("C3") for line in lines
    )
    assert [line[:4] for line in lines if line[:1] in "✓✗" and line] == ["✓ C2", "✓ C5", "✓ C6", "✓ G2"]
    assert lines[-1] == "planned 55 = 55 as the theorem says"


def test_command_writes_a_study(capsys: Capture, tmp_path: Path) -> None:
    assert run(["demo", "--steps", "2", "--format", "json", "--output", "out"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads((tmp_path / "out" / "study.json").read_text(encoding="utf-8"))
    assert document["numbers"]["steps"] == 2
    names = {each.name for each in (tmp_path / "out").iterdir()}
    assert names >= {"study.html", "study.md", "study.json", "three-doors.svg", "where-training-ends.svg"}


class Leaning(EnergyBased):
    """An energy-based model that counts a millionth of its negatives twice."""

    def cost_gradient(
        self, theta: torch.Tensor, batch: Batch, before: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        found, b = super().cost_gradient(theta, batch, before)
        return found + 1e-6, b


def test_a_run_that_does_not_coincide_fails(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Contender("energy-based model", Leaning(), "C2", "leaning")
    monkeypatch.setattr(demo_findings, "COINCIDING", (COINCIDING[0], broken))
    assert run(["demo", "--steps", "2"]) == 1
    out = capsys.readouterr().out
    assert "not so: coincides" in out
    assert "✗" in out
    assert out.splitlines()[-1] == "planned 55 = 51 as the theorem says + 4 not"


def test_without_matplotlib_the_tables_are_written_all_the_same(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    assert run(["demo", "--steps", "2", "--output", "out"]) == 0
    assert capsys.readouterr().out.count(demo.WITHOUT_FIGURES) == 1
    assert demo.WITHOUT_FIGURES in (tmp_path / "out" / "study.md").read_text(encoding="utf-8")
    assert not list((tmp_path / "out").glob("*.svg"))


def test_without_torch_one_sentence_says_the_mend(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in sys.modules if name.startswith(("ganirl_gpu", "ganirl_reports.studies.demo"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("ganirl_reports.studies.demo")
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(["demo"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "ganirl: this needs torch: pip install 'ganirl[torch]'\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--steps", "0"], "steps"),
        (["--steps", "many"], "steps"),
        (["--seed", "-1"], "seed"),
        (["--format", "markdown"], "json"),
        (["--colour"], "No such option"),
        (["--output", "taken/inside"], "choose another --output"),
    ],
)
def test_usage(arguments: list[str], words: str, capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    assert run(["demo", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ganirl: ")
    assert err.count("\n") == 1
    assert words in err


def test_interrupted(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(**settings: object) -> Study:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "run", interrupted)
    assert run(["demo"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("command", [["demo", "--steps", "2"], ["report", "errata"]])
def test_what_cannot_be_written_is_printed_all_the_same(
    command: list[str], tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "study.md").mkdir()
    assert run([*command, "--format", "json", "--output", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["passed"]
    assert err.startswith("ganirl: the study could not be written to ")
    assert err.count("\n") == 1
