"""``ganirl init``'s workflow: it installs the project, and ganirl from where others can have it, and it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from packaging.requirements import Requirement

from ganirl_reports.command_line import run
from ganirl_reports.scaffold import origin

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    return tmp_path


def steps(text: str) -> list[str]:
    """Return what the workflow's steps run, by its own few lines; the whole is parsed as YAML below."""
    return [line.split("run: ", 1)[1] for line in text.splitlines() if line.strip().startswith("run: ")]


@pytest.mark.parametrize(
    ("file", "text", "installs"),
    [
        ("pyproject.toml", '[project]\nname = "x"\n', '. "ganirl[torch]"'),
        ("setup.py", "", '. "ganirl[torch]"'),
        ("requirements.txt", "torch\n", '-r requirements.txt "ganirl[torch]"'),
        ("README", "", '"ganirl[torch]"'),
    ],
)
def test_the_workflow_installs_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, file: str, text: str, installs: str
) -> None:
    came_from_an_index = SimpleNamespace(read_text=lambda file: None)
    monkeypatch.setattr(origin, "distribution", lambda name: came_from_an_index)
    (project / file).write_text(text)
    run(["init", "--framework", "torch"])
    workflow = (project / ".github/workflows/ganirl.yml").read_text(encoding="utf-8")
    assert steps(workflow)[0] == f"python -m pip install {installs}"


@pytest.mark.parametrize(
    ("came_from", "installs"),
    [
        (None, '"ganirl[torch]"'),
        (
            {
                "url": "https://a.example/g.git",
                "vcs_info": {"vcs": "git", "commit_id": "f00", "requested": "x"},
            },
            '"ganirl[torch] @ git+https://a.example/g.git@f00"',
        ),
        (
            {"url": "https://a.example/ganirl-1-py3-none-any.whl", "archive_info": {}},
            '"ganirl[torch] @ https://a.example/ganirl-1-py3-none-any.whl"',
        ),
    ],
)
def test_the_workflow_installs_ganirl_from_where_it_is(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    came_from: dict[str, Any] | None,
    installs: str,
) -> None:
    record = None if came_from is None else json.dumps(came_from)
    monkeypatch.setattr(origin, "distribution", lambda name: SimpleNamespace(read_text=lambda file: record))
    run(["init", "--framework", "torch"])
    workflow = (project / ".github/workflows/ganirl.yml").read_text(encoding="utf-8")
    assert steps(workflow)[0] == f"python -m pip install {installs}"
    Requirement(installs.strip('"'))  # pip reads it


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@a.example")
    done = subprocess.run(
        ["git", "-C", folder, *identity, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def workflow_of_a_folder(project: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    record = json.dumps({"url": folder.as_uri(), "dir_info": {"editable": True}})
    monkeypatch.setattr(origin, "distribution", lambda name: SimpleNamespace(read_text=lambda file: record))
    run(["init", "--framework", "torch", "--force"])
    return (project / ".github/workflows/ganirl.yml").read_text(encoding="utf-8")


def test_of_a_folder_the_workflow_asks_where_ganirl_is(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails, and says why, until that is said; what it would have taken from an index is another package."""
    plain = tmp_path_factory.mktemp("plain folder")
    local, inner = tmp_path_factory.mktemp("local"), tmp_path_factory.mktemp("outer") / "inner"
    git(local, "init", "-q")
    git(local, "remote", "add", "origin", str(plain))
    inner.mkdir()
    git(inner.parent, "init", "-q")
    git(inner.parent, "remote", "add", "origin", "https://a.example/not-ganirl.git")
    for folder in (plain, local, inner):
        workflow = workflow_of_a_folder(project, folder, monkeypatch)
        first = steps(workflow)[0]
        done = subprocess.run(
            ["bash", "-e", "-c", first], cwd=project, check=False, capture_output=True, text=True
        )
        assert done.returncode == 1
        assert done.stdout == "say where ganirl is to be had from, in .github/workflows/ganirl.yml\n"
        assert '# python -m pip install "ganirl[torch] @ git+https://..."' in workflow
        assert str(folder) not in workflow


def test_of_a_clone_the_workflow_installs_what_it_was_cloned_from(
    project: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "init", "-q")
    git(clone, "commit", "-q", "--allow-empty", "-m", "one")
    git(clone, "remote", "add", "origin", "https://me:secret@a.example/ganirl.git")
    address = "git+https://a.example/ganirl.git"
    workflow = workflow_of_a_folder(project, clone, monkeypatch)
    assert steps(workflow)[0] == f'python -m pip install "ganirl[torch] @ {address}"'
    assert "secret" not in workflow
    # Of a commit that the remote has, that very one.
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    commit = git(clone, "rev-parse", "HEAD")
    workflow = workflow_of_a_folder(project, clone, monkeypatch)
    assert steps(workflow)[0] == f'python -m pip install "ganirl[torch] @ {address}@{commit}"'


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@a.example:me/ganirl.git", "ssh://git@a.example/me/ganirl.git"),
        ("ssh://git@a.example:22/me/ganirl.git", "ssh://git@a.example:22/me/ganirl.git"),
        ("https://token@a.example/ganirl", "https://a.example/ganirl"),
        ("/home/me/ganirl", ""),
        ("../ganirl", ""),
        ("file:///home/me/ganirl", ""),
        ("https://localhost/ganirl", ""),
        ("C:/me/ganirl", ""),
        ('https://a.example/"; rm x', ""),
        ("", ""),
    ],
)
def test_what_others_reach(remote: str, address: str) -> None:
    assert origin.reachable(remote) == address
    if address:
        Requirement(f"ganirl @ git+{address}")


def test_the_workflow_is_yaml_as_the_runner_reads_it(project: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is in the extra dev")
    run(["init", "--framework", "numpy"])
    text = (project / ".github/workflows/ganirl.yml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    assert set(document[True]) == {"push", "pull_request"}  # YAML 1.1 reads `on` as true, which runners know
    (job,) = document["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == steps(text)
    (report,) = (step for step in job["steps"] if "upload-artifact" in step.get("uses", ""))
    assert report["if"] == "always()"
    assert report["with"]["path"] == "ganirl-report"


@pytest.mark.parametrize("wrong", [False, True])
def test_the_workflow_runs_on_a_project(project: Path, wrong: bool) -> None:
    run(["init", "--framework", "numpy", "--has", "logit"])
    formula = "rows.features @ case.theta" if wrong else "-rows.features @ case.theta - case.b - rows.log_q"
    adapter = project / "ganirl_adapter.py"
    text = adapter.read_text(encoding="utf-8").replace("@stub\n", "")
    cut = text.index('    """ℓ')
    adapter.write_text(
        f"{text[:cut]}    return {formula}\n\n\n{text[text.index('target = wrap') :]}", encoding="utf-8"
    )
    with (project / "pyproject.toml").open("a") as file:
        file.write('profile = "smoke"\nclaims = ["A4"]\n')
    _, verify, summary = steps((project / ".github/workflows/ganirl.yml").read_text(encoding="utf-8"))
    program = project / "bin" / "ganirl"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = {sys.path!r}\n"
        "from ganirl_reports.command_line import main\nmain()\n"
    )
    program.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(project / "step-summary"),
    }
    done = [
        subprocess.run(
            ["bash", "-e", "-c", step], cwd=project, env=environment, check=False, capture_output=True
        )
        for step in (verify, summary)
    ]
    assert [each.returncode for each in done] == [int(wrong), 0], done
    assert (project / "ganirl-report" / "report.json").is_file()
    assert "A4" in (project / "step-summary").read_text(encoding="utf-8")
