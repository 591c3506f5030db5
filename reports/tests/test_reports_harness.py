"""``ganirl harness`` prints a file that works where it is put."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ganirl_properties.report import Report
from ganirl_properties.targets.external import HARNESS
from ganirl_reports.command_line import run
from ganirl_reports.tabulation import reproduce

ADAPTER = """
from ganirl_harness import serve

serve(name="vendored", discriminator_logit=lambda case, rows: [0.0] * len(rows))
"""


def test_the_harness_is_printed_and_works_where_it_is_put(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["harness"]) == 0
    printed = capsys.readouterr().out
    assert printed == HARNESS.read_text(encoding="utf-8")
    (tmp_path / "ganirl_harness.py").write_text(printed, encoding="utf-8")
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    # -I: nothing of this environment is found but the folder that the adapter is in.
    asked = [sys.executable, "-I", "-c", "import sys; sys.path[:0] = ['.']; import adapter"]
    said = subprocess.run(
        asked, cwd=tmp_path, input='{"protocol": 1}\n', capture_output=True, text=True, check=True
    ).stdout
    handshake = json.loads(said)
    assert handshake["name"] == "vendored"
    assert handshake["conventions"] == {"precisions": ["float64"]}
    assert handshake["observables"] == ["discriminator_logit"]


def test_a_command_is_what_runs_its_report_again(good_report: Report) -> None:
    target = "exec:python 'old stack/adapter.py'"
    report = replace(good_report, run=replace(good_report.run, target=target))
    assert shlex.split(reproduce(report))[:3] == ["ganirl", "verify", target]
    named = replace(good_report, run=replace(good_report.run, target="my adapter"))
    assert reproduce(named).startswith("verify(implementation, ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_disk_that_is_full_is_one_sentence() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ganirl_reports", "harness"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("ganirl: what was to be written finds no space left")
    assert done.stderr.count("\n") == 1
