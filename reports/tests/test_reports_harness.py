"""``ganirl harness`` prints a file that works where it is put."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ganirl_properties.targets.external import HARNESS
from ganirl_reports.command_line import run

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
