"""A counterexample goes to a file and comes back: the wrong adapter fails on it, the mended one does not."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import ganirl_reports.isolation
from ganirl_properties import verify
from ganirl_properties.case_data import CaseDataError, case_data, case_from_data
from ganirl_properties.targets import load_target
from ganirl_reports import write_report
from ganirl_reports.command_line import run
from ganirl_reports.counterexamples.outcomes import replay_isolated
from ganirl_reports.counterexamples.saved import read_all
from ganirl_reports.counterexamples.script import known_target, script

ADAPTER = """
import numpy as np
from ganirl import Conventions, Gradient, wrap

def log_q(case, rows):
    table = case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True)
    return np.where(rows.steps.mask, table[rows.steps.state, rows.steps.action], 0).sum(axis=1)

def logit(case, rows):
    return -(rows.features @ case.theta) - case.b - log_q(case, rows)

def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

def loss(case):
    return softplus(-logit(case, case.expert)).mean() + softplus(logit(case, case.generator)).mean()

def swapped_loss(case):
    return softplus(logit(case, case.expert)).mean() + softplus(-logit(case, case.generator)).mean()

def gradient(case):
    missed = 1 / (1 + np.exp(logit(case, case.expert)))
    fooled = 1 / (1 + np.exp(-logit(case, case.generator)))
    theta = missed @ case.expert.features / len(missed) - fooled @ case.generator.features / len(fooled)
    return Gradient(theta, missed.mean() - fooled.mean())

def gradient_of_the_expert(case):
    missed = 1 / (1 + np.exp(logit(case, case.expert)))
    return Gradient(missed @ case.expert.features / len(missed), missed.mean())

def log_weights(case):
    sides = [case.expert, case.generator]
    c = np.concatenate([rows.features @ case.theta for rows in sides])
    q = np.concatenate([log_q(case, rows) for rows in sides])
    mu = np.concatenate([np.full(len(rows), -np.log(2 * len(rows))) for rows in sides])
    return mu - c - np.logaddexp(-c - case.b, q) + np.log(2)

def log_partition(case):
    return np.logaddexp.reduce(log_weights(case))

def of_the_generator_alone(case):
    rows = case.generator
    return np.logaddexp.reduce(-(rows.features @ case.theta) - log_q(case, rows)) - np.log(len(rows))

def irl_loss(case):
    return (case.expert.features @ case.theta).mean() + log_partition(case)

def irl_gradient(case):
    share = np.exp(log_weights(case) - log_partition(case))
    phi = np.concatenate([case.expert.features, case.generator.features])
    return case.expert.features.mean(axis=0) - share @ phi

def raises(case, *rows):
    raise ZeroDivisionError("inside the adapter")

RIGHT = {
    "discriminator_logit": logit, "discriminator_loss": loss, "discriminator_gradient": gradient,
    "generator_reward": logit, "log_partition": log_partition, "irl_loss": irl_loss, "irl_gradient": irl_gradient,
    "discriminator_policy_gradient": lambda case: np.zeros_like(case.policy_logits),
}
WRONG = {
    "discriminator_logit": lambda case, rows: -(rows.features @ case.theta) - case.b,
    "discriminator_loss": swapped_loss,
    "discriminator_gradient": gradient_of_the_expert,
    "generator_reward": lambda case, rows: softplus(logit(case, rows)),
    "log_partition": of_the_generator_alone,
    "irl_loss": lambda case: irl_loss(case) + case.b,
    "irl_gradient": lambda case: irl_gradient(case) + case.theta,
    "discriminator_policy_gradient": lambda case: case.policy_logits + 1,
}

def made(name, observables):
    return wrap(name=name, conventions=Conventions(log_q="computed"), **observables)

right = made("right", RIGHT)
for _name in RIGHT:
    globals()["wrong_" + _name] = made("wrong " + _name, {**RIGHT, _name: WRONG[_name]})
    globals()["raises_" + _name] = made("raises " + _name, {**RIGHT, _name: raises})
def reward_with_b(case, rows):
    return logit(case, rows) + case.b * log_q(case, rows)

wrong_with_b = made("wrong with b", {"generator_reward": reward_with_b})
def reward_wrong_at_last(case, rows):
    reward = logit(case, rows)
    reward[1:] += np.arange(1, len(reward))
    return reward

wrong_at_last = made("wrong at last", {"generator_reward": reward_wrong_at_last})
sampled = wrap(name="sampled", conventions=Conventions(sampled=("discriminator_logit",)), discriminator_logit=logit)
wrong_sampled = wrap(
    name="wrong sampled",
    conventions=Conventions(sampled=("discriminator_logit",)),
    discriminator_logit=lambda case, rows: (
        logit(case, rows) + 1 + np.random.default_rng(case.seed).normal(size=len(rows))
    ),
)
nothing_else = made("reward only", {"generator_reward": logit})
transitions = wrap(name="transitions", conventions=Conventions(unit="transition"), discriminator_logit=logit)
float64_only = wrap(name="float64 only", conventions=Conventions(precisions=("float64",)), discriminator_logit=logit)
"""
TABULAR = """
from ganirl import ProcessConventions
from ganirl_properties.targets.numpy_process import NumpyProcess

class Wrong(NumpyProcess):
    def soft_values(self, case):
        return super().soft_values(case) + 1

    def occupancy(self, case):
        return super().occupancy(case)[..., ::-1]

    def demonstration_gradient(self, case):
        return -super().demonstration_gradient(case)

of = ProcessConventions()
right, wrong = NumpyProcess("right", of), Wrong("wrong", of)
"""
# claim → the observable that is wrong
CLAIMS = {
    "A4": "discriminator_logit",
    "A6": "irl_gradient",
    "B1": "discriminator_loss",
    "B2": "discriminator_gradient",
    "B4": "log_partition",
    "C1": "discriminator_gradient",
    "C2": "irl_gradient",
    "C3": "irl_gradient",
    "E1": "generator_reward",
    "N1": "discriminator_loss",
    "S1": "discriminator_policy_gradient",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    (tmp_path / "tabular.py").write_text(TABULAR, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(spec: str, claim: str, dtype: str = "float64") -> Path:
    """Verify a claim, write the report and return the file of its counterexample."""
    report = verify(load_target(spec), claims=[claim], profile="smoke", dtypes=[dtype])
    # As the command line does: the words, not the name.
    report = replace_target(report, spec)
    return write_report(report, "out") / "counterexamples" / f"{claim}-{dtype}.json"


def replace_target(report: Any, spec: str) -> Any:

    return dataclasses.replace(report, run=dataclasses.replace(report.run, target=spec))


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["replay", *arguments, "--format", "json"])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, json.loads(printed.out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = run(["replay", *arguments])
    printed = capsys.readouterr()
    assert code == 2, printed
    assert printed.out == ""
    assert printed.err.startswith("ganirl: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize(("claim", "observable"), CLAIMS.items())
def test_wrong_fails_mended_is_fixed_raising_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], claim: str, observable: str
) -> None:
    file = str(found(f"adapter.py:wrong_{observable}", claim))
    code, said = replayed(capsys, file)
    assert (code, said["summary"]) == (1, {"replayed": 1, "fixed": 0, "fails": 1, "error": 0})
    (row,) = said["replays"]
    saved = json.loads(Path(file).read_text(encoding="utf-8"))["counterexample"]
    # The very numbers of the report: the same case, not a like one.
    for name in ("got", "expected", "allowed"):
        assert row[name] == saved[name], name
    assert row["message"] == f"{saved['then']} {saved['however']}"

    code, said = replayed(capsys, file, "--target", "adapter.py:right")
    assert (code, said["replays"][0]["outcome"]) == (0, "FIXED")
    assert said["replays"][0]["ratio"] <= 1

    code, said = replayed(capsys, file, "--target", f"adapter.py:raises_{observable}")
    assert (code, said["replays"][0]["outcome"]) == (1, "ERROR")
    assert "ZeroDivisionError: inside the adapter" in said["replays"][0]["message"]


def test_fixed_shows_the_number_that_was_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = found("adapter.py:wrong_at_last", "E1")
    document = json.loads(file.read_text(encoding="utf-8"))
    before = document["counterexample"]
    case = case_from_data(before["case"])
    assert len(case.generator) > 1
    (last,) = before["component"]
    assert last > 0
    # By the paper's formula, beside the engine: −c − b − log q.
    table = case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True)
    steps = case.generator.steps
    log_q = np.where(steps.mask, table[steps.state, steps.action], 0).sum(axis=1)
    reward = -(case.generator.features @ case.theta) - case.b - log_q
    for where in (last, 0):
        before["component"], before["expected"] = [where], reward[where]
        file.write_text(json.dumps(document), encoding="utf-8")
        code, said = replayed(capsys, str(file), "--target", "adapter.py:right")
        (row,) = said["replays"]
        assert (code, row["component"]) == (0, [where])
        assert row["got"] == pytest.approx(reward[where], abs=row["allowed"])
        assert row["message"].startswith(f"generator_reward[{where}] is {row['got']:.9g}, as it should be")
        assert run(["replay", str(file), "--target", "adapter.py:right"]) == 0
        assert f"When it was saved it was {before['got']:.9g}." in capsys.readouterr().out
    # A number that is not there any more is told from the one that is shown instead.
    before["component"] = [len(case.generator)]
    file.write_text(json.dumps(document), encoding="utf-8")
    assert run(["replay", str(file), "--target", "adapter.py:right"]) == 0
    assert (
        f"saved, generator_reward[{len(case.generator)}] was {before['got']:.9g}." in capsys.readouterr().out
    )


@pytest.mark.parametrize(("claim", "dtype"), [("H12", "float64"), ("D1", "float32"), ("D3", "float64")])
def test_tabular_code(folder: Path, capsys: pytest.CaptureFixture[str], claim: str, dtype: str) -> None:
    file = str(found("tabular.py:wrong", claim, dtype))
    assert replayed(capsys, file)[1]["summary"]["fails"] == 1
    code, said = replayed(capsys, file, "--target", "tabular.py:right")
    assert (code, said["summary"]["fixed"]) == (0, 1)
    assert "of unit" in refused(capsys, file, "--target", "adapter.py:right")


@pytest.mark.parametrize(
    ("claim", "spec", "right"),
    [
        *(
            (claim, f"adapter.py:wrong_{CLAIMS[claim]}", "adapter.py:right")
            for claim in ("A4", "B1", "C1", "C3", "E1")
        ),
        *((claim, "tabular.py:wrong", "tabular.py:right") for claim in ("H12", "D3")),
    ],
)
def test_the_script_stands_alone(folder: Path, claim: str, spec: str, right: str) -> None:
    file = found(spec, claim)
    written = file.with_suffix(".py")
    text = written.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 30
    done = python(written)
    assert done.returncode == 1, done.stderr
    (saved,) = read_all(file)
    numbers = re.search(r"should be (\S+), is (\S+), off by", done.stdout)
    assert numbers is not None, done.stdout
    assert float(numbers[1]) == pytest.approx(saved.found.expected, abs=saved.found.allowed)
    assert float(numbers[2]) == pytest.approx(saved.found.got, abs=saved.found.allowed)
    mended = folder / "mended.py"
    mended.write_text(script(known_target(saved, right)), encoding="utf-8")
    done = python(mended)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ("adapter.py:wrong_generator_reward", "adapter.py"),
        ("below/adapter.py:wrong_generator_reward", "below/adapter.py"),
        ("package.adapter:wrong_generator_reward", "package/adapter.py"),
    ],
)
def test_the_script_runs_from_anywhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch, spec: str, place: str
) -> None:
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_text(ADAPTER, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    written = found(spec, "E1").with_suffix(".py")
    assert python(written).returncode == 1
    assert str(folder) not in written.read_text(encoding="utf-8")
    # Moved as one, and run from a folder that has another adapter of that name, which is none.
    moved, elsewhere = folder / "moved", folder / "elsewhere"
    for each in (moved, elsewhere):
        (each / place).parent.mkdir(parents=True)
    (folder / place).rename(moved / place)
    (elsewhere / place).write_text("raise ImportError('the wrong one')", encoding="utf-8")
    (folder / "out").rename(moved / "out")
    script_there = moved / written
    monkeypatch.chdir(elsewhere)
    done = python(script_there)
    assert (done.returncode, "should be" in done.stdout) == (1, True), done.stderr
    # Its twin: without the adapter there is nothing to import.
    (moved / place).unlink()
    assert "ModuleNotFoundError" in python(script_there).stderr


def test_the_script_of_a_report_that_lies_elsewhere(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, elsewhere = "adapter.py:wrong_generator_reward", tmp_path_factory.mktemp("elsewhere")
    report = replace_target(verify(load_target(spec), claims=["E1"], profile="smoke"), spec)
    written = write_report(report, elsewhere / "out") / "counterexamples" / "E1-float64.py"
    monkeypatch.chdir(elsewhere)
    assert (python(written).returncode, "should be" in python(written).stdout) == (1, True)
    # Written once more from where the adapter is not, it promises nothing.
    write_report(report, elsewhere / "out")
    assert "sys.path.insert(0, '.')" in written.read_text(encoding="utf-8")
    assert "ModuleNotFoundError" in python(written).stderr


def python(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=300, check=False
    )


def placeless(file: Path) -> str:
    """A script as it is printed, of which nobody knows where it will lie."""
    text = file.read_text(encoding="utf-8")
    place = "sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))"
    assert text.count(place) == 1
    return text.replace(place, "sys.path.insert(0, '.')").replace("import pathlib, sys\n", "import sys\n")


def test_the_command_prints_the_script(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = found("adapter.py:wrong_generator_reward", "E1")
    assert run(["replay", str(file), "--python"]) == 0
    assert capsys.readouterr().out == placeless(file.with_suffix(".py"))
    assert run(["replay", str(file), "--python", "--target", "adapter.py:right"]) == 0
    assert "from adapter import right as target" in capsys.readouterr().out


def test_a_changed_number_changes_the_outcome(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = found("adapter.py:wrong_with_b", "E1")
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["counterexample"]["case"]["b"] != 0
    assert replayed(capsys, str(file))[1]["summary"]["fails"] == 1
    document["counterexample"]["case"]["b"] = 0.0
    file.write_text(json.dumps(document), encoding="utf-8")
    assert replayed(capsys, str(file))[1]["summary"]["fixed"] == 1


def test_a_folder_and_a_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = "adapter.py:wrong_discriminator_logit"
    report = verify(load_target(spec), claims=["A4", "B5"], profile="smoke")
    write_report(replace_target(report, spec), "out")
    count = sum(row.counterexample is not None for row in report.verdicts)
    assert count > 1
    for place in ("out", "out/counterexamples", "out/report.json"):
        assert run(["replay", place]) == 1
        assert capsys.readouterr().out.splitlines()[-1] == f"replayed {count} = {count} fails"
    assert run(["replay", "out", "--target", "adapter.py:right"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"replayed {count} = {count} fixed"
    assert "name one" in refused(capsys, "out", "--python")
    page = Path("out/report.html").read_text(encoding="utf-8")
    links = re.findall(r'href="(counterexamples/[^"]+)"', page)
    assert len(links) == 2 * count
    assert all((folder / "out" / link).is_file() for link in links)


def test_what_was_is_cleared_away(folder: Path) -> None:
    file = found("adapter.py:wrong_generator_reward", "E1")
    notes = file.with_name("notes.py")
    notes.write_text("# mine\n", encoding="utf-8")
    found("adapter.py:wrong_discriminator_logit", "A4")
    assert sorted(each.name for each in file.parent.iterdir()) == [
        "A4-float64.json",
        "A4-float64.py",
        "notes.py",
    ]


def test_a_library_that_is_not_here(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The published comparison's own files; where the library is installed they fail."""
    place = Path(__file__).parents[1] / "published" / "compare" / "imitation-airl@1.0.1" / "counterexamples"
    if importlib.util.find_spec("imitation") is not None:
        assert replayed(capsys, str(place))[0] == 1
    else:
        assert "add --isolated" in refused(capsys, str(place))
        # A script needs no more of the target than its file has, and says where it runs.
        assert run(["replay", str(place / "E1-float32.json"), "--python"]) == 0
        first = capsys.readouterr().out.splitlines()[0]
        assert first.endswith(' Run: python -m ganirl_reports.isolation imitation-airl@1.0.1 THIS_FILE"""')


def test_an_older_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before there was replay, files said nothing of frameworks and observables."""
    file = found("adapter.py:wrong_generator_reward", "E1")
    document = json.loads(file.read_text(encoding="utf-8"))
    for name in ("claim_set", "isolated", "requirements", "framework", "observables", "versions"):
        del document[name]
    del document["counterexample"]["component"]
    file.write_text(json.dumps(document), encoding="utf-8")
    assert replayed(capsys, str(file))[1]["summary"]["fails"] == 1
    assert run(["replay", str(file), "--python"]) == 0
    assert capsys.readouterr().out == placeless(file.with_suffix(".py"))
    del document["conventions"]
    file.write_text(json.dumps(document), encoding="utf-8")
    assert "has no conventions, as ganirl" in refused(capsys, str(file))


Broken = Callable[[dict[str, Any]], Any]


def _set(*path: Any, value: Any) -> Broken:
    def change(document: dict[str, Any]) -> None:
        at: Any = document
        for part in path[:-1]:
            at = at[part]
        at[path[-1]] = value

    return change


CASE = ("counterexample", "case")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("schema", value="https://ganirl.dev/schema/counterexample-2.json"), "has the schema"),
        (_set("schema", value=None), 'it has no "schema"'),
        (_set("counterexample", "claim", value="Z9"), "claim 'Z9'"),
        (_set("counterexample", "check", value="no such"), "no check 'no such'"),
        (_set("counterexample", "got", value="much"), "at counterexample.got"),
        (_set(*CASE, "b", value=0.1), "float32 cannot hold; the nearest"),
        (_set(*CASE, "b", value=[1.0, 2.0]), "b has shape (2,); expected a number"),
        (_set(*CASE, "theta", value="π"), "theta is no array of numbers"),
        (_set(*CASE, "generator", "log_q", value=[]), "generator.log_q has shape (0,)"),
        (_set(*CASE, "generator", "steps", "action", 0, 0, value=99), "names one that there is not"),
        (_set(*CASE, "generator", value={}), "the case has no generator.steps"),
        (_set(*CASE, "unit", value="epoch"), "no unit 'epoch'"),
        (_set(*CASE, "precision", value="float64"), "contradicts itself"),
        (_set("device", value="abacus"), "device 'abacus' cannot be had"),
        (_set("target", value="nowhere.py:target"), "say where it is: --target path/to/adapter.py:target"),
    ],
)
def test_a_broken_file_is_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], change: Broken, said: str
) -> None:
    file = found("adapter.py:wrong_generator_reward", "E1", "float32")
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    assert said in refused(capsys, str(file))


def test_what_is_no_counterexample(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "cut.json").write_text('{"schema": ', encoding="utf-8")
    assert "is not JSON" in refused(capsys, "cut.json")
    (folder / "list.json").write_text("[]", encoding="utf-8")
    assert "no counterexample of ganirl" in refused(capsys, "list.json")
    (folder / "bytes.json").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refused(capsys, "bytes.json")
    assert "cannot read nowhere.json" in refused(capsys, "nowhere.json")
    (folder / "empty").mkdir()
    assert "no counterexample in empty" in refused(capsys, "empty")


def test_a_report_that_passed_has_nothing_to_replay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A script may replay after every run: that there is nothing to do is no mistake in its words."""
    report = verify(load_target("adapter.py:right"), claims=["A4"], profile="smoke")
    write_report(report, "good")
    before = sorted(Path("good").rglob("*"))
    for place in ("good/report.json", "good"):
        capsys.readouterr()
        assert run(["replay", place]) == 0
        out, err = capsys.readouterr()
        assert out == (f"nothing to replay: there are no counterexamples in {place}, where nothing failed\n")
        assert err == ""
    # As it is where an earlier report, which failed, was written over.
    Path("good/counterexamples").mkdir()
    code, said = replayed(capsys, "good")
    assert (code, said["summary"]["replayed"], said["replays"]) == (0, 0, [])
    Path("good/counterexamples").rmdir()
    assert "there are no counterexamples in good" in refused(capsys, "good", "--python")
    assert sorted(Path("good").rglob("*")) == before
    # Beside one that failed it changes nothing.
    file = str(found("adapter.py:wrong_generator_reward", "E1", "float32"))
    code, said = replayed(capsys, "good", file)
    assert (code, said["summary"]["replayed"]) == (1, 1)


def test_what_failed_without_a_comparison_has_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = verify(load_target("adapter.py:right"), claims=["A4"], profile="smoke", dtypes=["float64"])
    (row,) = report.verdicts
    raised = dataclasses.replace(row, verdict="error", message="discriminator_logit raised OSError")
    write_report(dataclasses.replace(report, verdicts=(raised,)), "raised")
    said = refused(capsys, "raised")
    assert "A4 in float64 (error) failed without a comparison" in said
    assert "verify again: ganirl verify" in said


def test_what_failed_by_sampling_may_have_none_in_an_older_report(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = "adapter.py:wrong_sampled"
    report = replace_target(verify(load_target(spec), claims=["A4"], profile="smoke", seed=7), spec)
    assert [row.verdict for row in report.verdicts] == ["violated"] * len(report.verdicts)
    older = tuple(dataclasses.replace(row, counterexample=None) for row in report.verdicts)
    write_report(dataclasses.replace(report, verdicts=older), "out")
    for place in ("out", "out/report.json"):
        said = refused(capsys, place)
        assert "A4 in float64 and A4 in float32 failed by sampling" in said
        assert "nothing of it failed" not in said
        assert "sample again: ganirl verify adapter.py:wrong_sampled --claims A4 " in said
        assert said.endswith("--seed 7\n")


def test_a_target_that_does_not_suit(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(found("adapter.py:wrong_discriminator_logit", "A4", "float32"))
    assert "does not work in float32" in refused(capsys, file, "--target", "adapter.py:float64_only")
    assert "has no attribute" in refused(capsys, file, "--target", "adapter.py:none")
    code, said = replayed(capsys, file, "--target", "adapter.py:nothing_else")
    assert (code, said["replays"][0]["outcome"]) == (1, "ERROR")
    assert "has no discriminator_logit" in said["replays"][0]["message"]
    # One call of what is drawn decides nothing.
    code, said = replayed(capsys, file, "--target", "adapter.py:sampled")
    assert (code, said["replays"][0]["outcome"]) == (1, "ERROR")
    # What has changed is said, and judged as it is declared now.
    _, said = replayed(capsys, file, "--target", "adapter.py:transitions")
    assert said["replays"][0]["changed"] == ["unit", "log_q"]


def test_a_process_of_any_language(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(found("adapter.py:wrong_discriminator_logit", "A4"))
    adapter = Path(__file__).parents[2] / "property_tests" / "examples" / "external" / "plain_python.py"
    code, said = replayed(capsys, file, "--target", f"exec:{sys.executable} {adapter}")
    assert (code, said["replays"][0]["outcome"]) == (0, "FIXED"), said


def test_in_an_environment_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process is asked by our own command line; here it runs in this very environment."""
    file = found("adapter.py:wrong_generator_reward", "E1")
    plan = SimpleNamespace(target="adapter.py:right", recipe=None)
    here = SimpleNamespace(python=Path(sys.executable), folder=Path(sys.prefix))
    monkeypatch.setattr(ganirl_reports.isolation, "recipe_for", lambda target, requirements: plan)
    monkeypatch.setattr(ganirl_reports.isolation, "prepare", lambda recipe, say: here)
    (result,) = replay_isolated(read_all(file))
    assert (result.replayed.outcome, result.target) == ("FIXED", "adapter.py:right")
    assert result.replayed.component == read_all(file)[0].found.component
    plan.target = "adapter.py:wrong_generator_reward"
    (result,) = replay_isolated(read_all(file))
    assert result.replayed.outcome == "FAILS"
    assert result.replayed.got == read_all(file)[0].found.got


def test_the_very_case_comes_back(folder: Path) -> None:
    for spec, claim in (("adapter.py:wrong_generator_reward", "E1"), ("tabular.py:wrong", "H12")):
        (saved,) = read_all(found(spec, claim))
        again = json.loads(json.dumps(case_data(case_from_data(saved.found.case))))
        assert again == json.loads(json.dumps(saved.found.case))
    with pytest.raises(CaseDataError):
        case_from_data({**saved.found.case, "theta": [[1.0]]})
    assert np.isneginf(_with_no_mass().generator.log_q).all()


def _with_no_mass() -> Any:
    """An action of probability zero has log q = −∞, which JSON spells out."""
    (saved,) = read_all(found("adapter.py:wrong_generator_reward", "E1"))
    case = json.loads(json.dumps(saved.found.case))
    case["generator"]["log_q"] = ["-Infinity"] * len(case["generator"]["log_q"])
    return case_from_data(case)
