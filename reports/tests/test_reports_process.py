"""The command as a process: help, exit codes, a quick start, a closed pipe."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ganirl_reports.command_line import run

Capture = pytest.CaptureFixture[str]


def test_help_and_version(capsys: Capture) -> None:
    assert run(["--help"]) == 0
    assert "Exit codes:" in capsys.readouterr().out
    assert run(["verify", "--help"]) == 0
    assert "--profile" in capsys.readouterr().out
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("ganirl, version ")
    assert run([]) == 2


def process(*arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    program = "from ganirl_reports.command_line import main; main()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **settings.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=300,
        check=False,
        **settings,
    )


def test_help_is_quick_to_import() -> None:
    program = (
        "import sys; from ganirl_reports.command_line import run; run(['--help']); "
        "heavy = {'sympy', 'torch', 'hypothesis', 'pydantic', 'jinja2', 'pytest', 'numpy', 'scipy'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, capture_output=True, timeout=60
    )


def test_exit_codes_of_the_process() -> None:
    assert process("--help").returncode == 0
    usage = process("verify", "numpy", "--no-such-option")
    assert usage.returncode == 2
    assert usage.stderr.startswith("ganirl: ")
    assert usage.stderr.count("\n") == 1


def test_closed_pipe_is_no_bug() -> None:
    program = "from ganirl_reports.command_line import main; main()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    reader, writer = os.pipe()
    os.close(reader)
    finished = subprocess.run(
        [sys.executable, "-c", program, "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )
    os.close(writer)
    assert finished.returncode == 141
    assert finished.stderr == b""


INTERRUPTED_IN_AN_IMPORT = """
import importlib, runpy, signal, sys

class Meanwhile:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            {happens}

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Meanwhile())
{start}
"""
STARTS = {
    "installed": "module, _, name = {script!r}.partition(':'); getattr(importlib.import_module(module), name)()",
    "python -m": "runpy.run_module('ganirl_reports', run_name='__main__', alter_sys=True)",
}


def meanwhile(start: str, happens: str) -> subprocess.CompletedProcess[str]:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    start = STARTS[start].format(script=project["project"]["scripts"]["ganirl"])
    program = INTERRUPTED_IN_AN_IMPORT.format(start=start, happens=happens)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=60, check=False, encoding="utf-8"
    )


@pytest.mark.parametrize("start", STARTS)
def test_ctrl_c_while_it_is_still_being_imported(start: str) -> None:
    finished = meanwhile(start, "signal.raise_signal(signal.SIGINT)")
    assert (finished.returncode, finished.stdout, finished.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize("start", STARTS)
def test_an_import_that_fails_is_not_taken_for_ctrl_c(start: str) -> None:
    finished = meanwhile(start, "raise ImportError('click is broken')")
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1] == "ImportError: click is broken"
