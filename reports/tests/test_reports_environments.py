"""Environments that are built once: whole or not there, whoever builds them, and whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from filelock import FileLock
from offline_index import look_nowhere_else, write_wheel

from ganirl_properties import UsageError
from ganirl_reports.command_line import run
from ganirl_reports.isolation import (
    Environment,
    Recipe,
    cache_folder,
    environments,
    installing,
    prepare,
    remove,
    unfinished,
)
from ganirl_reports.isolation import environment as building
from ganirl_reports.isolation.environment import MARKER
from ganirl_reports.isolation.installing import chosen_installer
from ganirl_reports.isolation.locking import LockedError, is_locked, locked

Capture = pytest.CaptureFixture[str]
ACME = Recipe("acme 1.0", ("acme==1.0",))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Build one environment for all tests that only look: the cache folder, and what was said."""
    home = tmp_path_factory.mktemp("built")
    write_wheel(home / "wheels", "acme", "1.0")
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        look_nowhere_else(patch, home / "wheels")
        patch.setenv("GANIRL_CACHE", str(home))
        prepare(ACME, said.append)
    return home, said


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder, with two releases of acme to install."""
    for version in ("1.0", "1.1"):
        write_wheel(tmp_path / "wheels", "acme", version)
    look_nowhere_else(monkeypatch, tmp_path / "wheels")
    monkeypatch.setenv("GANIRL_CACHE", str(tmp_path))
    return tmp_path / "environments"


Steps = list[list[str]]


@pytest.fixture
def steps(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Steps:
    """Stand in for venv and pip: the first step makes an interpreter, and all are remembered."""
    done: Steps = []

    def step(command: list[str], **_: Any) -> None:
        done.append(command)
        if "venv" in command:
            python = building.python_of(Path(command[-1]))
            python.parent.mkdir(parents=True)
            python.touch()

    monkeypatch.setattr(building, "run_step", step)
    return done


def ask(found: Environment, program: str) -> str:
    return subprocess.run(
        [found.python, "-c", program], check=True, capture_output=True, text=True, timeout=60
    ).stdout.strip()


def test_it_holds_what_was_asked_for_and_nothing_from_here(
    built: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANIRL_CACHE", str(built[0]))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (found,) = environments()
    assert (found.name, found.packages["acme"]) == ("acme 1.0", "1.0")
    assert ask(found, "import acme; print(acme.VERSION)") == "1.0"
    there = "import importlib.util as i; print([n for n in ('numpy', 'click', 'ganirl') if i.find_spec(n)])"
    assert ask(found, there) == "[]"


def test_it_says_what_it_is_doing_and_keeps_all_that_pip_said(built: tuple[Path, list[str]]) -> None:
    home, said = built
    assert said[0] == "making a virtual environment"
    assert any("acme" in words for words in said[1:])
    assert all(len(words) <= 70 for words in said)
    (log,) = home.glob("environments/*.log")
    assert "Successfully installed acme-1.0" in log.read_text()


def test_it_is_built_once(built: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANIRL_CACHE", str(built[0]))
    monkeypatch.setattr(building, "run_step", lambda *_, **__: pytest.fail("built again"))
    said: list[str] = []
    assert prepare(ACME, said.append).packages["acme"] == "1.0"
    assert said == []


def test_another_version_file_or_way_is_another_environment(cache: Path, steps: Steps) -> None:
    wheel = write_wheel(cache.parent / "mine", "mine", "1.0")
    keys = {
        recipe.key
        for recipe in (
            ACME,
            Recipe("acme 1.0", ("acme==1.1",)),
            Recipe("acme 1.0", (), ("acme==1.0",)),
            Recipe("acme 1.0", (str(wheel),)),
        )
    }
    write_wheel(cache.parent / "mine", "mine", "1.0", {"mine.py": "changed = True\n"})
    keys.add(Recipe("acme 1.0", (str(wheel),)).key)
    assert len(keys) == 5
    assert Recipe("acme 1.0", ("acme==1.0",)).key == ACME.key
    assert Recipe("../acme/..", ()).key.startswith("acme-")


def test_what_a_killed_build_left_is_not_taken_for_an_environment(cache: Path, steps: Steps) -> None:
    whole = prepare(ACME)
    (whole.folder / MARKER).unlink()  # SIGKILL came just before it was written
    (whole.folder / "half").touch()
    assert environments() == ()
    again = prepare(ACME)
    assert again.folder == whole.folder
    assert not (again.folder / "half").exists()
    assert len(steps) == 4


ODD = [f'{{"name": "a", "built": "b", "packages": {packages}}}' for packages in ('"abc"', "[1]", "null")]


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", *ODD])
def test_a_broken_marker_marks_nothing(cache: Path, steps: Steps, text: str) -> None:
    whole = prepare(ACME)
    (whole.folder / MARKER).write_text(text)
    assert environments() == ()
    prepare(ACME)
    assert len(steps) == 4


def test_a_python_that_is_gone_is_noticed(cache: Path, steps: Steps) -> None:
    found = prepare(ACME)
    found.python.unlink()
    found.python.symlink_to(cache / "uninstalled")
    assert prepare(ACME).python.exists()
    assert len(steps) == 4


def test_ctrl_c_leaves_nothing_half_built(cache: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    make: Callable[..., None] = building.run_step

    def interrupted(command: list[str], **rest: Any) -> None:
        make(command, **rest)
        if "install" in command:
            raise KeyboardInterrupt

    monkeypatch.setattr(building, "run_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(ACME)
    assert [path for path in cache.iterdir() if path.is_dir()] == []
    monkeypatch.setattr(building, "run_step", make)
    prepare(ACME)  # the lock was given back


def test_two_at_once_build_one(cache: Path, steps: Steps) -> None:
    cache.mkdir()
    waiting, found = threading.Event(), []

    def say(words: str) -> None:
        if words.startswith("waiting"):
            waiting.set()

    with FileLock(cache / f"{ACME.key}.lock"):
        other = threading.Thread(target=lambda: found.append(prepare(ACME, say)), daemon=True)
        other.start()
        assert waiting.wait(60)
        assert steps == []
        # The one who holds the lock has built it meanwhile.
        python = building.python_of(cache / ACME.key)
        python.parent.mkdir(parents=True)
        python.touch()
        (cache / ACME.key / MARKER).write_text('{"name": "acme 1.0", "built": "now", "packages": {}}')
    other.join(60)
    assert [each.built for each in found] == ["now"]
    assert steps == []


def test_what_cannot_be_installed_is_one_sentence_with_the_reason_and_the_log(cache: Path) -> None:
    with pytest.raises(UsageError, match="acme 7 cannot be installed") as refused:
        prepare(Recipe("acme 7", ("acme==7",)))
    sentence = str(refused.value)
    assert "satisfies the requirement acme==7 (there are 1.0, 1.1); all that pip said is in " in sentence
    log = Path(sentence.rpartition(" is in ")[2])
    assert "No matching distribution found for acme==7" in log.read_text()
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_a_release_that_does_not_exist_shows_before_the_rest_comes(cache: Path, steps: Steps) -> None:
    prepare(Recipe("acme 7", ("torch",), ("acme==7",)))
    assert [step[-1] for step in steps[1:]] == ["acme==7", "torch"]
    assert ["--no-deps" in step for step in steps[1:]] == [True, False]


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANIRL_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="GANIRL_CACHE names another place"):
        prepare(ACME)


def test_a_python_without_a_pip_that_reaches_elsewhere_gives_each_environment_its_own(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = Path("there")
    monkeypatch.setattr(installing, "version", lambda name: "22.3.1")
    assert "--without-pip" in chosen_installer().create
    assert chosen_installer().program(python)[0] == sys.executable
    monkeypatch.setattr(installing, "version", lambda name: "9.0")
    assert "--without-pip" not in chosen_installer().create
    assert chosen_installer().program(python)[0] == "there"


@pytest.mark.parametrize("forbidden", [False, True])
def test_bytecode_is_written_at_the_first_import_or_else_now(
    cache: Path, monkeypatch: pytest.MonkeyPatch, forbidden: bool
) -> None:
    monkeypatch.setattr("sys.flags", SimpleNamespace(dont_write_bytecode=forbidden))
    command = chosen_installer().install(Path("there"), ["acme"], alone=False)
    assert ("--no-compile" in command) is not forbidden


class TestUv:
    """uv is taken if it is on the path; here a script that says what uv says."""

    @pytest.fixture
    def program(self, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        if os.name == "nt":
            pytest.skip("the stand-in for uv is a shell script")
        path = tmp_path / "bin" / "uv"
        path.parent.mkdir()
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("GANIRL_INSTALLER")
        path.write_text("#!/bin/sh\nexit 0\n")
        path.chmod(0o755)
        return path

    def test_it_goes_before_pip(self, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert chosen_installer().name == "uv"
        monkeypatch.setenv("GANIRL_INSTALLER", "pip")
        assert chosen_installer().name == "pip"
        program.unlink()
        monkeypatch.setenv("PATH", str(program.parent))
        monkeypatch.delenv("GANIRL_INSTALLER")
        assert chosen_installer().name == "pip"
        monkeypatch.setenv("GANIRL_INSTALLER", "uv")
        with pytest.raises(UsageError, match="there is no uv on the path"):
            chosen_installer()
        monkeypatch.setenv("GANIRL_INSTALLER", "conda")
        with pytest.raises(UsageError, match="should be pip or uv, not 'conda'"):
            chosen_installer()

    @pytest.mark.parametrize(
        "said",
        [
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no acme==7 and you require it,",
            "error: No solution found\n  cause: Because there is no acme==7 and you require it,",
        ],
    )
    def test_its_reason_is_told(self, program: Path, said: str) -> None:
        program.write_text(
            f'#!/bin/sh\n[ "$1" = venv ] && exit 0\ncat >&2 <<END\nUsing Python 3.11\n{said}\n'
            "      your requirements are unsatisfiable.\nEND\nexit 1\n"
        )
        with pytest.raises(UsageError, match="acme 7 cannot be installed: No solution found") as refused:
            prepare(Recipe("acme 7", ("acme==7",)))
        reason = (
            "Because there is no acme==7 and you require it, your requirements are unsatisfiable; all that uv"
        )
        assert reason in str(refused.value)


def test_a_chosen_place_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANIRL_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "environments"


@pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere the system has other places, which platformdirs knows"
)
def test_else_the_system_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANIRL_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "ganirl" / "environments"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path.home() / ".cache" / "ganirl" / "environments"


# --- locks -----------------------------------------------------------------------------------------------------


def test_a_lock_goes_with_what_it_is_of_and_is_still_one(tmp_path: Path) -> None:
    """Who waits for a lock whose file is removed meanwhile holds it afterwards: no third gets it beside him."""
    folder, waiting, held, done = tmp_path / "acme", threading.Event(), threading.Event(), threading.Event()

    def second() -> None:
        with locked(folder, waiting.set):
            held.set()
            assert done.wait(60)

    with locked(folder, removing=True):
        other = threading.Thread(target=second, daemon=True)
        other.start()
        assert waiting.wait(60)
    assert held.wait(60)
    assert is_locked(folder)
    with pytest.raises(LockedError), locked(folder):
        pass
    done.set()
    other.join(60)
    assert not is_locked(folder)
    with locked(folder):  # the twin: free, it is had at once
        assert is_locked(folder)


class TestUnfinished:
    """What a failed, killed or going build leaves is listed, and can be removed."""

    @pytest.fixture
    def failed(self, cache: Path, steps: Steps, monkeypatch: pytest.MonkeyPatch) -> Path:
        make: Callable[..., None] = building.run_step

        def failing(command: list[str], *, log: Any, **rest: Any) -> None:
            make(command, log=log, **rest)
            if "acme==1.0" in command:
                print("no such thing", file=log)
                raise UsageError("it cannot be installed")

        monkeypatch.setattr(building, "run_step", failing)
        with pytest.raises(UsageError):
            prepare(ACME)
        return cache / ACME.key

    def test_it_is_listed_beside_what_is_whole(self, failed: Path, capsys: Capture) -> None:
        other = prepare(Recipe("tool 2", ("tool==2",)))
        assert [each.folder for each in unfinished()] == [failed]
        assert [each.folder for each in environments()] == [other.folder]
        assert run(["environments"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[1].endswith(f"not built; its log is {failed}.log")
        assert lines[2].startswith("1 environment and 1 not built, ")
        run(["environments", "--format", "json"])
        document = json.loads(capsys.readouterr().out)
        assert [row["for"] for row in document["environments"]] == ["tool 2"]
        (row,) = document["unfinished"]
        assert (row["name"], row["log"], row["being_built"]) == (failed.name, f"{failed}.log", False)
        assert row["bytes"] == len("no such thing\n")
        run(["environments", "--format", "markdown"])
        assert f"| `{failed.name}` |  | 14 B | not built |" in capsys.readouterr().out

    def test_it_is_removed_with_its_log_and_its_lock(
        self, failed: Path, cache: Path, capsys: Capture
    ) -> None:
        other = prepare(Recipe("tool 2", ("tool==2",)))
        assert {path.name for path in cache.iterdir()} > {f"{failed.name}.log", f"{failed.name}.lock"}
        assert run(["environments", "--remove", "acme-*"]) == 0
        assert "removed" in capsys.readouterr().out
        assert not [path for path in cache.iterdir() if path.name.startswith("acme")]
        assert (environments(), unfinished()) == ((other,), ())
        assert run(["environments", "--remove", "*"]) == 0
        assert [path.name for path in cache.iterdir()] == [".lock"]

    def test_a_killed_build_leaves_its_folder(self, cache: Path, steps: Steps) -> None:
        folder = prepare(ACME).folder
        assert unfinished() == ()
        (folder / MARKER).unlink()
        assert [(each.folder, each.being_built) for each in unfinished()] == [(folder, False)]
        remove(folder)
        assert not folder.exists()
        assert unfinished() == ()

    def test_what_is_being_built_is_left_alone(self, failed: Path, capsys: Capture) -> None:
        with locked(failed):
            assert run(["environments"]) == 0
            assert "being built; its log" in capsys.readouterr().out
            assert run(["environments", "--remove", "*"]) == 2
            err = capsys.readouterr().err
            assert err.count("\n") == 1
            assert "is being built by another process" in err
            assert failed.with_name(f"{failed.name}.log").exists()
        assert run(["environments", "--remove", "*"]) == 0


class TestTheCommand:
    def test_it_lists_and_removes(self, cache: Path, steps: Steps, capsys: Capture) -> None:
        found = prepare(ACME)
        other = prepare(Recipe("tool 2", ("tool==2",)))
        (found.folder / "large").write_bytes(b"0" * 2_000_000)
        assert run(["environments"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split()[:4] == [found.folder.name, "2", "MB", "built"]
        assert lines[-1] == "2 environments, 2 MB"
        assert run(["environments", "--remove", "acme-*"]) == 0
        assert "removed" in capsys.readouterr().out
        assert not found.folder.exists()
        assert environments() == (other,)

    def test_json(self, cache: Path, steps: Steps, capsys: Capture) -> None:
        found = prepare(ACME)
        assert run(["environments", "--format", "json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)["environments"]
        assert (row["for"], row["folder"], row["removed"]) == ("acme 1.0", str(found.folder), False)

    def test_what_is_not_there_is_not_removed(self, cache: Path, steps: Steps, capsys: Capture) -> None:
        prepare(ACME)
        for names in ("torch-*", ","):
            assert run(["environments", "--remove", names]) == 2
            out, err = capsys.readouterr()
            assert out == ""
            assert err.startswith("ganirl: ")
        assert len(environments()) == 1
