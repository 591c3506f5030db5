"""``ganirl init``: what it writes works as it is, nothing that is there is harmed, and stubs are told as stubs."""

from __future__ import annotations

import ast
import errno
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ganirl import OBSERVABLES, available_observables
from ganirl.stub import stubs_of
from ganirl_properties import TargetError, verify
from ganirl_properties.targets import load_target
from ganirl_reports.command_line import run
from ganirl_reports.scaffold import choices as known
from ganirl_reports.scaffold.configuration import NotAddedError, with_table
from ganirl_reports.settings import read_settings

Capture = pytest.CaptureFixture[str]
CLAIMS = ("A4", "B1", "C1", "E1", "E3")
FILES = ("ganirl_adapter.py", "tests/test_ganirl.py", ".github/workflows/ganirl.yml", "pyproject.toml")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    return tmp_path


def one_sentence(text: str) -> None:
    assert text.startswith("ganirl: ")
    assert text.count("\n") == 1


def test_it_writes_four_files_and_says_so(project: Path, capsys: Capture) -> None:
    assert run(["init"]) == 0
    out = capsys.readouterr().out
    for file in FILES:
        assert (project / file).is_file()
        assert f"wrote  {file}" in out
    assert out.splitlines()[-1] == "  ganirl verify ganirl_adapter.py:target --profile smoke"


def test_the_configuration_is_read_back(project: Path) -> None:
    run(["init", "--yes"])
    settings = read_settings(project)
    assert settings.target == "ganirl_adapter.py:target"
    assert settings.output == project / "ganirl-report"


@pytest.mark.parametrize("unit", known.UNITS)
@pytest.mark.parametrize("style", known.STYLES)
@pytest.mark.parametrize("framework", ["numpy", "torch", "jax"])
def test_every_stub_that_there_can_be_loads_as_a_stub(
    project: Path, framework: str, style: str, unit: str
) -> None:
    every = ",".join(known.words(unit))
    assert run(["init", "--framework", framework, "--style", style, "--unit", unit, "--has", every]) == 0
    path = project / "ganirl_adapter.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    with pytest.raises(TargetError, match=r"has nothing to verify yet: \w+ is still a stub") as refused:
        load_target(f"{path}:target")
    target = sys.modules["ganirl_target_ganirl_adapter"].target
    assert target.framework == framework
    assert target.conventions.unit == unit
    assert available_observables(target) == ()
    stubs = stubs_of(target, tuple(OBSERVABLES))
    named = set(known.words(unit).values())
    if unit != "process" and (style == "trainer" or framework == "numpy"):
        named.remove(
            "policy_loss"
        )  # no autodiff gets from it to the case's logits: its gradient is asked for
    assert set(stubs) >= named
    for name, stub in stubs.items():
        assert lines[stub.line - 1] == "@stub"
        assert lines[stub.line].startswith(f"def {name}(")
        assert name in str(refused.value)
        # As the engine calls it.
        assert f"({', '.join(_arguments(name))})" in lines[stub.line]
    assert all(len(line) <= 120 for line in lines)


def _arguments(name: str) -> list[str]:
    promised = OBSERVABLES[name]
    return promised[promised.index("(") + 1 : promised.index(")")].split(", ")


@pytest.mark.parametrize("style", ["functions", "module"])
@pytest.mark.parametrize("framework", ["numpy", "torch"])
def test_the_examples_in_the_stubs_are_python(project: Path, framework: str, style: str) -> None:
    run(["init", "--framework", framework, "--style", style, "--has", ",".join(known.words("transition"))])
    text = (project / "ganirl_adapter.py").read_text(encoding="utf-8")
    filled = "\n".join(
        line.replace("# ", "", 1) if line.startswith("    # ") and "..." not in line else line
        for line in text.splitlines()
        if line.strip() != "@stub" and "write into it" not in line
    )
    ast.parse(filled)


# A library as the hints have it, and functions of the same names.
MY_LIBRARY = """
import torch
from torch import nn
from torch.nn.functional import logsigmoid

def logit(cost, b, log_q):
    return -cost - b - log_q

def discriminator_loss(expert, generator):
    return -logsigmoid(expert).mean() - logsigmoid(-generator).mean()

def reward(logit):
    return logit

def log_prob(logits, state, action):
    return logits.log_softmax(-1)[state, action]

def policy_loss(log_pi, rewards):
    return -(log_pi * rewards).mean()

class Policy(nn.Module):
    def __init__(self, obs_dim, n_actions):
        super().__init__()
        self.net = nn.Linear(obs_dim, n_actions)

    def log_prob(self, observation, action):
        return self.net(observation).log_softmax(-1).gather(1, action[:, None])[:, 0]

class AIRL:
    def __init__(self, obs_dim, n_actions):
        self.policy, self.reward_net = Policy(obs_dim, n_actions), nn.Linear(obs_dim, 1)

    def logits(self, observation, action, done, next_observation):
        with torch.no_grad():
            log_pi = self.policy.log_prob(observation, action)
        return self.reward_net(observation)[:, 0] - log_pi

    def discriminator(self, *t):
        return self.logits(*t).sigmoid()

    def reward(self, *t):
        return self.logits(*t)

    def update(self, expert, generator):
        loss = discriminator_loss(self.logits(*expert), self.logits(*generator))
        loss.backward()
        return loss.item()

    def policy_loss(self, log_pi, rewards):
        return policy_loss(log_pi, rewards)
"""


@pytest.mark.parametrize(
    ("style", "has"),
    [
        ("functions", "logit,loss,reward,policy-loss,log-q"),
        ("trainer", "logit,probability,loss,reward,policy-loss,log-q"),
    ],
)
@pytest.mark.parametrize("wrong", [False, True])
def test_filled_in_as_its_hints_say_it_is_right_and_a_wrong_sign_is_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch, style: str, has: str, wrong: bool
) -> None:
    told = ["--framework", "torch", "--style", style, "--has", has]
    assert run(["init", *told]) == 0
    adapter = project / "ganirl_adapter.py"
    lines = ["import my_library", *adapter.read_text(encoding="utf-8").splitlines()]
    filled = [
        line.replace("# ", "", 1) if line.startswith("    # ") else line
        for line in lines
        if line != "@stub" and "NotImplementedError" not in line
    ]
    adapter.write_text("\n".join(filled), encoding="utf-8")
    text = MY_LIBRARY.replace("-(log_pi *", "(log_pi *") if wrong else MY_LIBRARY
    (project / "my_library.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(project))
    try:
        report = verify(load_target(f"{adapter}:target"), claims=CLAIMS, profile="smoke", dtypes=["float32"])
    finally:
        sys.modules.pop("my_library", None)
    verdicts = {row.claim: row.verdict for row in report.verdicts}
    assert verdicts == dict.fromkeys(CLAIMS, "satisfied") | ({"E3": "violated"} if wrong else {})


def test_verify_on_the_untouched_stub_says_what_is_missing(project: Path, capsys: Capture) -> None:
    run(["init", "--framework", "torch", "--style", "module"])
    capsys.readouterr()
    assert run(["verify"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    one_sentence(err)
    lines = (project / "ganirl_adapter.py").read_text(encoding="utf-8").splitlines()
    line = lines.index("@stub") + 1
    assert (
        f"discriminator_logit is still a stub: fill it in and delete its line @stub (ganirl_adapter.py, line {line})"
        in err
    )
    assert "generator_reward (line" in err


def test_one_stub_filled_in_is_judged(project: Path, capsys: Capture) -> None:
    run(["init", "--framework", "numpy", "--has", "logit,loss"])
    adapter = project / "ganirl_adapter.py"
    text = adapter.read_text(encoding="utf-8")
    before, mark, rest = text.partition("@stub\ndef discriminator_logit(case, rows):\n")
    assert mark
    right = "    return -rows.features @ case.theta - case.b - rows.log_q\n"
    adapter.write_text(
        before + mark.removeprefix("@stub\n") + right + rest.partition("\n")[2], encoding="utf-8"
    )
    capsys.readouterr()
    assert run(["verify", "--claims", "A4,B1", "--profile", "smoke", "--dtype", "float64"]) == 0
    out = capsys.readouterr().out
    assert "A4" in out
    assert "B1: discriminator_loss (still a stub)" in out
    assert "warning: discriminator_loss is still a stub: fill it in and delete its line @stub" in out
    assert out.splitlines()[-1].startswith("planned 2 = 1 satisfied + 1 not addressed")


def test_the_mark_taken_off_an_empty_stub_is_an_error_not_a_pass(project: Path, capsys: Capture) -> None:
    run(["init", "--framework", "numpy", "--has", "logit"])
    adapter = project / "ganirl_adapter.py"
    adapter.write_text(adapter.read_text(encoding="utf-8").replace("@stub\n", ""), encoding="utf-8")
    capsys.readouterr()
    assert run(["verify", "--claims", "A4", "--profile", "smoke", "--dtype", "float64"]) in (1, 5)
    assert "discriminator_logit returned None" in capsys.readouterr().out


def test_the_pytest_file_of_the_untouched_stub_fails_once(project: Path) -> None:
    run(["init", "--framework", "numpy"])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rf", "tests/test_ganirl.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert done.stdout.count("is still a stub: fill it in") <= 2  # where it fails, and in the summary
    assert "is still a stub: fill it in and delete its line @stub (ganirl_adapter.py, line" in done.stdout


# --- what is there already -------------------------------------------------------------------------------------


def test_nothing_is_written_over(project: Path, capsys: Capture) -> None:
    (project / "ganirl_adapter.py").write_text("mine = 1\n")
    assert run(["init"]) == 0
    assert (project / "ganirl_adapter.py").read_text() == "mine = 1\n"
    assert "kept   ganirl_adapter.py, which was there" in capsys.readouterr().out
    assert (project / "tests/test_ganirl.py").is_file()


def test_nothing_to_write_is_said(project: Path, capsys: Capture) -> None:
    run(["init"])
    kept = {file: (project / file).read_bytes() for file in FILES}
    capsys.readouterr()
    assert run(["init", "--framework", "numpy"]) == 2
    one_sentence(capsys.readouterr().err)
    assert kept == {file: (project / file).read_bytes() for file in FILES}


def test_force_writes_over_its_own_files_and_not_over_the_configuration(project: Path) -> None:
    (project / "ganirl_adapter.py").write_text("mine = 1\n")
    (project / "pyproject.toml").write_text('[tool.ganirl]\ntarget = "numpy"\n')
    assert run(["init", "--force"]) == 0
    assert "@stub" in (project / "ganirl_adapter.py").read_text(encoding="utf-8")
    assert (project / "pyproject.toml").read_text() == '[tool.ganirl]\ntarget = "numpy"\n'


def test_a_link_that_leads_nowhere_is_not_written_through(project: Path) -> None:
    (project / "ganirl_adapter.py").symlink_to(project / "elsewhere.py")
    run(["init"])
    assert not (project / "elsewhere.py").exists()


PYPROJECT = """\
# A comment that must stay.
[project]
name = 'acme-airl'   # and this one
version="1"

[tool.ruff]
line-length=100
[[tool.mypy.overrides]]
module = "x"
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["\n", ""])
def test_pyproject_keeps_every_byte_and_gains_a_table(project: Path, end: str, last: str) -> None:
    before = (PYPROJECT.rstrip("\n") + last).replace("\n", end).encode()
    (project / "pyproject.toml").write_bytes(before)
    os.chmod(project / "pyproject.toml", 0o640)
    assert run(["init"]) == 0
    after = (project / "pyproject.toml").read_bytes()
    assert after.startswith(before)
    assert (b"\r\n" in after) == (end == "\r\n")
    assert after.count(b"\n") == after.count(end.encode())
    assert (project / "pyproject.toml").stat().st_mode & 0o777 == 0o640
    document = tomllib.loads(after.decode())
    assert document["tool"].pop("ganirl")["target"] == "ganirl_adapter.py:target"
    assert document == tomllib.loads(before.decode())
    assert 'name="acme-airl"' in (project / "ganirl_adapter.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[tool.ganirl]\nseed = 1\n", "has a [tool.ganirl] already"),
        ("tool.ganirl.seed = 1\n", "has a [tool.ganirl] already"),
        ("[tool]\nganirl = {seed = 1}\n", "has a [tool.ganirl] already"),
        ("tool = {black = {}}\n", "cannot be appended"),
    ],
)
def test_a_pyproject_that_cannot_take_it_is_left_alone(
    project: Path, text: str, why: str, capsys: Capture
) -> None:
    (project / "pyproject.toml").write_text(text)
    with pytest.raises(NotAddedError):
        with_table(text, "a.py:target")
    assert run(["init"]) == 0
    assert (project / "pyproject.toml").read_text() == text
    out = capsys.readouterr().out
    assert why in out
    assert 'target = "ganirl_adapter.py:target"' in out


# --- options, questions, Ctrl-C --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--framework", "tensorflow"], "there is no framework 'tensorflow'; there are"),
        (["--framework", "exec"], "ganirl verify 'exec:COMMAND'"),
        (["--has", "colour"], "there is no 'colour' in code of unit"),
        (["--has", ","], "--has names nothing"),
        (["--style", "x"], "functions"),
        (["--unit", "process", "--has", "logit"], "there is no 'logit' in code of unit process"),
    ],
)
def test_usage(project: Path, options: list[str], words: str, capsys: Capture) -> None:
    assert run(["init", *options]) == 2
    err = capsys.readouterr().err
    one_sentence(err)
    assert words in err
    assert list(project.iterdir()) == []


def test_a_folder_that_is_a_file(project: Path, capsys: Capture) -> None:
    (project / "file").write_text("")
    assert run(["init", "file"]) == 2
    one_sentence(capsys.readouterr().err)


@pytest.mark.parametrize("stands", ["a file", "a link to nowhere"])
def test_a_file_where_a_folder_is_to_be_keeps_all_from_being_written(
    project: Path, stands: str, capsys: Capture
) -> None:
    tests = project / "tests"
    if stands == "a file":
        tests.write_text("")
    else:
        tests.symlink_to("nowhere")
    assert run(["init"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "ganirl: cannot write tests/test_ganirl.py: tests is there, and is no folder; nothing was written\n"
    )
    assert list(project.iterdir()) == [tests]
    # With that out of the way, the same words write all of it.
    tests.unlink()
    assert run(["init"]) == 0
    assert all((project / file).is_file() for file in FILES)


def test_a_folder_in_the_place_of_a_file(project: Path, capsys: Capture) -> None:
    (project / "ganirl_adapter.py").mkdir()
    assert run(["init", "--force"]) == 2
    err = capsys.readouterr().err
    one_sentence(err)
    assert "cannot write ganirl_adapter.py: Is a directory; nothing was written" in err
    assert [each.name for each in project.iterdir()] == ["ganirl_adapter.py"]


def test_a_disk_that_is_full_leaves_all_as_it_was(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (project / "pyproject.toml").write_text("# mine\n")
    chmod, done = os.chmod, []

    def full(*arguments: Any) -> None:
        done.append(arguments)
        if len(done) == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        chmod(*arguments)

    monkeypatch.setattr(os, "chmod", full)
    assert run(["init", "--yes"]) == 2
    assert "cannot write pyproject.toml: No space left on device" in capsys.readouterr().err
    assert [each.name for each in project.iterdir()] == ["pyproject.toml"]
    assert (project / "pyproject.toml").read_text() == "# mine\n"


@pytest.mark.parametrize("options", [[], ["--yes"], ["--yes", "--force"]])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[tool\n", "it is no TOML that can be read"),
        (b"[project]\nname = \n", "it is no TOML that can be read"),
        (b"\xff\xfe[project]\n", "it is no UTF-8"),
        (b'[project]\nname = "caf\xe9"\n', "it is no UTF-8"),
    ],
)
def test_a_pyproject_that_is_broken_is_told_and_nothing_is_written(
    project: Path, text: bytes, why: str, options: list[str], capsys: Capture
) -> None:
    (project / "pyproject.toml").write_bytes(text)
    assert run(["init", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("ganirl: pyproject.toml: it is no ")
    assert why in err
    assert err.endswith("; mend it first, nothing was written\n")
    assert err.count("\n") == 1
    assert [each.name for each in project.iterdir()] == ["pyproject.toml"]
    assert (project / "pyproject.toml").read_bytes() == text


def test_a_name_of_other_bytes_is_written_as_far_as_it_can_be(project: Path) -> None:
    assert run(["init", "--yes", "--framework", "numpy", "--name", os.fsdecode(b"caf\xe9")]) == 0
    with pytest.raises(TargetError, match="has nothing to verify yet"):
        load_target(f"{project / 'ganirl_adapter.py'}:target")
    assert sys.modules["ganirl_target_ganirl_adapter"].target.name == "caf?"


def test_a_pyproject_that_is_a_link_stays_one(project: Path) -> None:
    (project / "shared.toml").write_text('[project]\nname = "a"\n', encoding="utf-8")
    (project / "pyproject.toml").symlink_to("shared.toml")
    assert run(["init", "--yes"]) == 0
    assert (project / "pyproject.toml").is_symlink()
    assert "[tool.ganirl]" in (project / "shared.toml").read_text(encoding="utf-8")


def test_a_pyproject_that_leads_nowhere_is_left_alone(project: Path, capsys: Capture) -> None:
    (project / "pyproject.toml").symlink_to("nowhere.toml")
    assert run(["init", "--yes"]) == 0
    assert "left   pyproject.toml alone" in capsys.readouterr().out
    assert (project / "pyproject.toml").is_symlink()
    assert not (project / "nowhere.toml").exists()


def test_a_folder_with_a_space_is_named_as_a_shell_reads_it(project: Path, capsys: Capture) -> None:
    assert run(["init", "my code", "--yes"]) == 0
    assert "  cd 'my code' && ganirl verify" in capsys.readouterr().out


def test_another_folder_is_made_and_named(project: Path, capsys: Capture) -> None:
    assert run(["init", "new/library", "--name", 'the "new" one']) == 0
    assert "cd new/library && ganirl verify" in capsys.readouterr().out
    text = (project / "new/library/ganirl_adapter.py").read_text(encoding="utf-8")
    assert 'name="the \\"new\\" one"' in text


def test_a_project_says_its_framework(project: Path) -> None:
    (project / "requirements.txt").write_text("jax>=0.4\nnumpy\n")
    assert known.usual_framework(project) == ("jax" if "jax" in known.frameworks() else "torch")
    (project / "requirements.txt").write_text("torch==2.4\n")
    assert known.usual_framework(project) == "torch"
    (project / "requirements.txt").write_text("torchvision\n")
    assert known.usual_framework(project) == "torch"  # which is here


def on_a_terminal(project: Path, typed: bytes) -> tuple[int, str]:
    """Run ganirl init on a terminal of its own and type into it; return its exit code and what it showed."""
    code = "import sys; from ganirl_reports.command_line import run; sys.exit(run(['init']))"
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=project,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as child:
        os.close(theirs)
        shown = b""
        while True:
            try:
                read = os.read(ours, 4096)
            except OSError:  # how a terminal says that nobody is there any more
                break
            if not read:
                break
            shown += read
    os.close(ours)
    return child.returncode, shown.decode()


def test_on_a_terminal_it_asks(project: Path) -> None:
    code, shown = on_a_terminal(project, b"numpy\nmodule\n\nlogit,reward\nabsent\n")
    assert code == 0, shown
    text = (project / "ganirl_adapter.py").read_text(encoding="utf-8")
    assert 'framework="numpy"' in text
    assert 'unit="transition"' in text  # as usual for a class
    assert 'log_q="absent"' in text
    assert "def discriminator_logit" in text
    assert "def discriminator_loss" not in text
    assert shown.count("?") >= 5
    assert "taken" not in shown


def test_without_a_terminal_it_says_what_it_took(project: Path, capsys: Capture) -> None:
    assert run(["init", "--framework", "numpy", "--style", "module"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    words = "--unit transition --has logit,loss,reward --log-q input"
    assert first == f"taken  {words}, as is usual: there is no terminal to ask on"
    adapter = (project / "ganirl_adapter.py").read_text(encoding="utf-8")
    # Told, they give the very same; and then nothing was taken.
    told = ["init", "--force", "--framework", "numpy", "--style", "module", *words.split()]
    assert run(told) == 0
    assert "taken" not in capsys.readouterr().out
    assert (project / "ganirl_adapter.py").read_text(encoding="utf-8") == adapter


def test_what_yes_takes_is_said_too(project: Path, capsys: Capture) -> None:
    assert run(["init", "--yes", "--framework", "numpy", "--unit", "process"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("taken  --style functions --has partition,")
    assert first.endswith(", as is usual: by --yes")
    assert "--log-q" not in first  # code without rows has none


def test_interrupted_in_the_questions_nothing_is_written(project: Path) -> None:
    code, shown = on_a_terminal(project, b"numpy\n\x04")  # end of input, where click hears what Ctrl-C is
    assert code == 130, shown
    assert list(project.iterdir()) == []
