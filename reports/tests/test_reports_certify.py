"""``ganirl verify --certify``: the option, the evidence in the documents, a schema that older reports still meet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ganirl_reports.command_line import run as command
from ganirl_reports.documents.json_document import load_report, read_report

ADAPTER = """
from ganirl import wrap

target = wrap(
    discriminator_logit=lambda case, rows: -(rows.features @ case.theta) - case.b - rows.log_q,
    generator_reward=lambda case, rows: -(rows.features @ case.theta) - case.b,
)
"""


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "adapter.py"
    path.write_text(ADAPTER, encoding="utf-8")
    return f"{path}:target"


def run(adapter: str, output: Path, *options: str) -> dict[str, Any]:
    words = ["verify", adapter, "--claims", "A4,E1", "--profile", "smoke", "--dtype", "float64"]
    assert command([*words, "--output", str(output), *options]) == 1
    document: dict[str, Any] = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return document


def test_evidence_is_an_interval(adapter: str, tmp_path: Path) -> None:
    document = run(adapter, tmp_path / "out", "--certify")
    assert document["run"]["certify"] is True
    assert "python-flint" in document["run"]["versions"]
    told = {row["claim"]: (row["verdict"], row["evidence"]) for row in document["verdicts"]}
    assert told["A4"][0] == "satisfied"
    assert told["E1"][0] == "violated"
    assert all(evidence.startswith("certified interval, ") for _, evidence in told.values())
    assert load_report(tmp_path / "out").run.certify


def test_without_it_nothing_is_certified(adapter: str, tmp_path: Path) -> None:
    document = run(adapter, tmp_path / "out")
    assert document["run"]["certify"] is False
    assert not any("certified" in row["evidence"] for row in document["verdicts"])


def test_a_report_of_before_is_still_read(adapter: str, tmp_path: Path) -> None:
    document = run(adapter, tmp_path / "out")
    del document["run"]["certify"]
    assert read_report(json.dumps(document)).run.certify is False


def test_tabular_code_is_told_that_intervals_decide_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["verify", "numpy-process", "--claims", "D1", "--profile", "smoke", "--dtype", "float64"]
    assert command([*words, "--certify"]) == 0
    sentence = "--certify decides nothing of tabular code"
    assert " ".join(capsys.readouterr().out.split()).count(sentence) == 1
    assert command(words) == 0
    assert sentence not in capsys.readouterr().out


def test_code_of_rows_is_not_told_so(adapter: str, tmp_path: Path) -> None:
    assert run(adapter, tmp_path / "out", "--certify")["warnings"] == []
