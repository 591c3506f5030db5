"""The sweep passes on the built-in target and fails on a broken one, on every device that is there."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from ganirl_gpu import sweep as module
from ganirl_gpu.framework import framework
from ganirl_gpu.sweep import COMPARISONS, main, sweep, sweep_claims
from ganirl_gpu.target import TorchTarget


def test_the_target_is_within_bounds_in_every_format(device):
    lines = list(sweep(device, framework.precisions(), compiled=False, cases=2))
    assert len(lines) == 3 * len(COMPARISONS)
    assert [line for line in lines if not line.passed] == []


@pytest.mark.skipif(not shutil.which("g++"), reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # PyTorch's compiler uses what PyTorch deprecates
@pytest.mark.filterwarnings("ignore:\\s*Online softmax")  # nor is a choice of its scheduler anything to us
def test_compiled_it_is_within_bounds(device):
    lines = list(sweep(device, ("float32",), compiled=True, cases=1))
    assert [line for line in lines if not line.passed] == []


def test_claims_are_swept_on_the_instance_that_they_are_worked_on(device):
    lines = list(sweep_claims(device, ("float64", "bfloat16"), ("A4", "F4", "K12")))
    assert [line.observable for line in lines] == ["A4, generic", "F4, S4", "K12, generic"]
    assert [line for line in lines if not line.passed] == []


class Clamped(TorchTarget):
    """Logits clamped at ±20."""

    def discriminator_logit(self, case, rows):
        return super().discriminator_logit(case, rows).clamp(-20, 20)


class NotANumber(TorchTarget):
    """A loss of log(D), which overflows."""

    def discriminator_loss(self, case):
        return super().discriminator_loss(case) * math.nan


@pytest.mark.parametrize(
    ("broken", "fails"), [(Clamped, "discriminator_logit"), (NotANumber, "discriminator_loss")]
)
def test_a_broken_target_is_caught(monkeypatch, broken, fails):
    monkeypatch.setattr(module, "target", broken())
    lines = {line.observable: line for line in sweep("cpu", ("float32",), compiled=False, cases=1)}
    assert not lines[fails].passed
    assert lines["log_q"].passed


def test_the_worst_of_several_keeps_nan():
    expected = module.Expected(np.zeros(2), np.ones(2))
    worst = module._worse((0.0, 0.0, 0.0), np.array([0.5, math.nan]), expected)
    assert math.isnan(worst[2])
    assert math.isnan(module._worse(worst, np.array([9.0, 0.0]), expected)[2])


def test_the_command_line_writes_a_record(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(module, "sweep_claims", lambda device, dtypes: sweep_claims(device, dtypes, ["A4"]))
    assert main(["--output", str(tmp_path / "new"), "--dtype", "float64", "--cases", "1"]) == 0
    record = json.loads((tmp_path / "new" / "sweep.json").read_text(encoding="utf-8"))
    assert record["versions"]["torch"] == torch.__version__
    assert len(record["lines"]) == len(COMPARISONS) + 1
    assert capsys.readouterr().out.splitlines()[-1] == "11 lines = 11 within bounds + 0 beyond"


@pytest.mark.parametrize("options", [["--device", "xpu"], ["--dtype", "float8"]])
def test_what_cannot_be_had_is_a_usage_error(tmp_path, options):
    with pytest.raises(SystemExit) as exit_status:
        main(["--output", str(tmp_path), *options])
    assert exit_status.value.code == 2


def test_numbers_that_are_not_finite_are_strings():
    line = next(sweep("cpu", ("float64",), compiled=False, cases=1))
    assert module._plain(replace(line, ratio=math.nan))["ratio"] == "nan"
