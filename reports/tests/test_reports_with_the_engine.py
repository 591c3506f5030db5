"""The whole way, from a target to its documents and exit code, in processes of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ganirl.claims import CLAIMS
from ganirl_reports import load_report
from ganirl_reports.matrix import matrix

PROGRAM = "from ganirl_reports.command_line import main; main()"
SMOKE = ("--profile", "smoke", "--dtype", "float64")
ADAPTER = """
import numpy as np
from ganirl import wrap

def logit(case, rows):
    return -(rows.features @ case.theta) - case.b - rows.log_q

def without_log_q(case, rows):
    return -(rows.features @ case.theta) - case.b

def raises(case, rows):
    raise ZeroDivisionError("inside the adapter")

right = wrap(name="right", discriminator_logit=logit)
wrong = wrap(name="wrong", discriminator_logit=without_log_q)
broken = wrap(name="broken", discriminator_logit=raises)
empty = wrap(name="no side", irl_loss=lambda case: 0.0)
"""


def ganirl(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        timeout=300,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    return tmp_path


def test_a_right_one_passes(folder: Path) -> None:
    done = ganirl(folder, "verify", "adapter.py:right", "--claims", "A4", *SMOKE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "planned 1 = 1 satisfied"
    assert done.stderr == ""


def test_a_wrong_one_fails_with_a_counterexample(folder: Path) -> None:
    done = ganirl(folder, "verify", "adapter.py:wrong", "--claims", "A4", *SMOKE, "--output", "out")
    assert done.returncode == 1, done.stderr
    report = load_report(folder / "out")
    (row,) = report.verdicts
    assert row.verdict == "violated"
    assert row.counterexample is not None
    assert (folder / "out" / "counterexamples" / row.counterexample.file_name).is_file()
    assert re.search(r"However +wrong gives", done.stdout)


def test_an_adapter_that_raises_fails(folder: Path) -> None:
    done = ganirl(folder, "verify", "adapter.py:broken", "--claims", "A4", *SMOKE, "--format", "json")
    assert done.returncode == 1, done.stderr
    (row,) = json.loads(done.stdout)["verdicts"]
    assert row["verdict"] == "error"
    assert "inside the adapter" in row["message"]


def test_what_an_adapter_prints_stays_off_stdout(folder: Path) -> None:
    chatty = ADAPTER + '\nimport os\nprint("from Python")\nos.write(1, b"from elsewhere\\n")\n'
    (folder / "chatty.py").write_text(chatty, encoding="utf-8")
    done = ganirl(folder, "verify", "chatty.py:right", "--claims", "A4", *SMOKE, "--format", "json")
    assert json.loads(done.stdout)["summary"]["planned"] == 1
    assert "from Python" in done.stderr
    assert "from elsewhere" in done.stderr


def test_nothing_to_observe(folder: Path) -> None:
    assert ganirl(folder, "verify", "adapter.py:empty", "--claims", "A4", *SMOKE).returncode == 5


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "adapter.py:none"),
        ("verify", "nowhere.py:target"),
        ("verify", "no.such.module:target"),
        ("verify", "no-such-target"),
        ("verify", "adapter.py:right", "--dtype", "float8"),
        ("verify", "adapter.py:right", "--device", "abacus"),
        ("verify", "adapter.py:right", "--claims", "Z9"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(folder: Path, arguments: tuple[str, ...]) -> None:
    done = ganirl(folder, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("ganirl: ")
    assert done.stderr.count("\n") == 1


def test_ascii_terminal(folder: Path) -> None:
    done = ganirl(folder, "verify", "adapter.py:wrong", "--claims", "A4", *SMOKE, PYTHONIOENCODING="ascii")
    assert done.returncode == 1, done.stderr
    assert done.stdout.isascii()


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_interruption_saves_what_was_done(folder: Path) -> None:
    slow = "\nimport time\ndef slow(case, rows):\n    time.sleep(0.2)\n    return logit(case, rows)\n"
    slow += 'target = wrap(name="slow", discriminator_logit=slow)\nprint("loaded", flush=True)\n'
    (folder / "slow.py").write_text(ADAPTER + slow, encoding="utf-8")
    # A shell that runs the tests in the background has made them deaf to Ctrl-C.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    with subprocess.Popen(
        [sys.executable, "-c", heard + PROGRAM, "verify", "slow.py:target", "--output", "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"},
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "loaded\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    report = load_report(folder / "out")
    assert report.run.interrupted
    assert any(row.verdict == "inconclusive" for row in report.verdicts)


def test_every_floor_says_something_of_every_claim() -> None:
    for entry in matrix(CLAIMS):
        for floor in ("derivation", "enumeration", "property", "torch"):
            assert len(getattr(entry, floor)) > 10, (entry.id, floor)
        assert not entry.derivation.startswith("none") or "in its place" in entry.derivation, entry.id
        assert not entry.property.startswith("none"), entry.id
