"""The study of a device says what the sweep found; a line beyond its bounds fails it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from ganirl_gpu import sweep as module
from ganirl_gpu.sweep import Line, main, sweep, sweep_claims
from ganirl_reports.studies import device
from ganirl_reports.studies.study import Figure, Table

pytest.importorskip("matplotlib", reason="figures are drawn with the extra ganirl[figures]")


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    swept = sweep("cpu", ("float64", "bfloat16"), compiled=False, cases=1)
    return [*swept, *sweep_claims("cpu", ("float64",), ("A4", "C2"))]


def test_it_says_what_was_found(lines: list[Line]) -> None:
    study = device.present(lines, {"device": "a device"})
    assert study.passed
    assert f"{len(lines)} comparisons on cpu (a device). All are within" in study.summary
    observables, claims = study.sections
    figure, table = observables.parts
    assert isinstance(figure, Figure)
    ElementTree.fromstring(figure.svg)
    assert isinstance(table, Table)
    assert len(table.rows) == len([line for line in lines if "," not in line.observable])
    (table,) = claims.parts
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == ["A4, generic", "C2, generic"]


@pytest.mark.parametrize("ratio", [4.5, math.inf, math.nan])
def test_a_line_beyond_its_bounds_fails_it(lines: list[Line], ratio: float) -> None:
    broken = [replace(lines[0], ratio=ratio, allowed=4.0), *lines[1:]]
    study = device.present(broken, {})
    assert not study.passed
    assert f"Beyond what is allowed: {lines[0].observable} in {lines[0].dtype} on cpu" in study.summary


def test_nothing_swept_is_no_study() -> None:
    with pytest.raises(ValueError, match="nothing was swept"):
        device.present([], {})


def test_a_sweep_is_read_back(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(module, "TORCH_CHECKS", {})
    monkeypatch.setattr(module, "sweep_claims", lambda *_: iter(()))
    assert main(["--output", str(tmp_path), "--dtype", "float64", "--cases", "1"]) == 0
    record = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))
    read = device.lines_of(record)
    assert read == list(sweep("cpu", ("float64",), compiled=False, cases=1))
    assert device.lines_of({"lines": [record["lines"][0] | {"ratio": "nan"}]})[0].passed is False
