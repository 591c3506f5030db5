"""The contract of ``ganirl compare``: exit codes, streams, files, and that one failing target loses no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ganirl_properties import UsageError
from ganirl_properties.report import Report
from ganirl_reports import isolation, write_report
from ganirl_reports.command_line import run
from ganirl_reports.documents.schemas import SCHEMA_FOLDER
from ganirl_reports.reading import read_report

Capture = pytest.CaptureFixture[str]
PROGRAM = "from ganirl_reports.command_line import main; main()"
ADAPTER = """
import numpy as np
from ganirl import Conventions, wrap

def logit(case, rows):
    return -(rows.features @ case.theta) - case.b - rows.log_q

def without_log_q(case, rows):
    return -(rows.features @ case.theta) - case.b

def slow(case, rows):
    import time
    open("slow-has-begun", "w").close()
    time.sleep(60)

right = wrap(name="right", discriminator_logit=logit)
wrong = wrap(name="wrong", discriminator_logit=without_log_q)
stuck = wrap(name="stuck", discriminator_logit=slow)
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where no pyproject.toml is in sight."""
    monkeypatch.chdir(tmp_path)


def last_line(text: str) -> str:
    return text.splitlines()[-1]


def test_passed(engine: Any, capsys: Capture) -> None:
    assert run(["compare", "numpy", "mine:target"]) == 0
    out, err = capsys.readouterr()
    assert last_line(out) == "2 implementations = 2 passed; planned 30 = 30 satisfied"
    assert err == ""
    assert "\x1b[" not in out
    assert [call["spec"] for call in engine.calls] == ["numpy", "mine:target"]


def test_options_reach_every_target(engine: Any) -> None:
    arguments = ["--claims", "A4,C*", "--profile", "smoke", "--dtype", "float32", "--seed", "7"]
    assert run(["compare", "numpy", "torch", *arguments]) == 0
    for call in engine.calls:
        assert call["claims"] == ("A4", "C*")
        assert call["dtypes"] == ("float32",)
        assert (call["profile"], call["seed"], call["device"]) == ("smoke", 7, "cpu")


def test_one_that_cannot_be_loaded_loses_no_other(engine: Any, capsys: Capture) -> None:
    assert run(["compare", "missing", "numpy"]) == 1
    out = capsys.readouterr().out
    assert "there is no target 'missing'; see ganirl verify --list" in out
    assert last_line(out) == "2 implementations = 1 passed + 1 not run; planned 15 = 15 satisfied"
    assert run(["compare", "missing"]) == 2
    assert last_line(capsys.readouterr().out) == "1 implementation = 1 not run; planned 0 = 0"


def test_one_in_which_ganirl_fails_loses_no_other(
    engine: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = engine.verify

    def failing(implementation: Any, **options: Any) -> Report:
        if options["spec"] == "broken":
            raise RuntimeError("out of luck")
        return verify(implementation, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr("ganirl_properties.verify", failing)
    assert run(["compare", "broken", "numpy"]) == 3
    out, err = capsys.readouterr()
    assert "a bug in ganirl: RuntimeError: out of luck" in out
    assert "Traceback" in err
    assert last_line(out) == "2 implementations = 1 passed + 1 not run; planned 15 = 15 satisfied"


def test_a_failed_gate(engine: Any, mixed_report: Report) -> None:
    engine.report = mixed_report
    assert run(["compare", "numpy"]) == 1


def test_nothing_verified(engine: Any, empty_report: Report) -> None:
    engine.report = empty_report
    assert run(["compare", "numpy", "torch"]) == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Missing argument"),
        (["numpy", "--claims", "ZZ"], "ZZ"),
        (["numpy", "--claims", ","], "--claims names nothing"),
        (["numpy", "--profile", "wild"], "wild"),
        (["numpy", "--format", "pdf"], "pdf"),
        (["numpy", "--output", "file/below"], "cannot write to"),
        (["numpy", "--output", ""], "the name is empty; name a folder"),
        (["numpy", "--with", "numpy==2"], "--with says what is installed for --isolated; add --isolated"),
        (["numpy", "--isolated", "--with", "nunpy=a-library==1"], "is no requirement"),
        (["numpy", "--isolated", "--with", "numpy="], "is no requirement"),
    ],
)
def test_usage(engine: Any, capsys: Capture, arguments: list[str], words: str) -> None:
    Path("file").touch()
    assert run(["compare", *arguments]) == 2
    out, err = capsys.readouterr()
    assert words in err
    assert err.startswith("ganirl: ")
    assert err.count("\n") == 1
    assert out == ""
    assert engine.calls == []


def test_saved_reports_are_not_run_again(
    engine: Any, mixed_report: Report, good_report: Report, tmp_path: Path, capsys: Capture
) -> None:
    write_report(mixed_report, tmp_path / "before")
    write_report(good_report, tmp_path / "after")
    assert run(["compare", "before", "after/report.json", "numpy", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert len(engine.calls) == 1
    assert [each["outcome"] for each in document["implementations"]] == ["failed", "passed", "passed"]
    jsonschema.validate(
        document, json.loads((SCHEMA_FOLDER / "comparison-1.schema.json").read_text(encoding="utf-8"))
    )


def test_a_command_that_ends_like_a_file_is_a_target(engine: Any) -> None:
    assert run(["compare", "exec:serve --config x.json"]) == 0
    assert [call["spec"] for call in engine.calls] == ["exec:serve --config x.json"]


def test_a_saved_report_that_is_broken_loses_no_other(
    engine: Any, good_report: Report, tmp_path: Path, capsys: Capture
) -> None:
    write_report(good_report, tmp_path / "good")
    (tmp_path / "broken.json").write_text('{"schema": ', encoding="utf-8")
    assert run(["compare", "broken.json", "good", "none.json"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "broken.json is not JSON" in out
    assert "cannot read none.json" in out
    assert out.endswith("3 implementations = 1 passed + 2 not run; planned 15 = 15 satisfied")


def test_a_saved_comparison_is_all_its_columns(
    engine: Any, mixed_report: Report, tmp_path: Path, capsys: Capture
) -> None:
    assert run(["compare", "numpy", "missing", "--output", "out"]) == 1
    engine.report = mixed_report
    assert run(["compare", "out/comparison.json", "torch", "--output", "out"]) == 1
    line = last_line(capsys.readouterr().out)
    assert line.startswith("3 implementations = 1 passed + 1 failed + 1 not run; ")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "comparison.html",
        "comparison.json",
        "comparison.md",
        "numpy",
        "torch",
    }
    assert read_report("out/numpy").run.target == "numpy"
    # NaN is unequal to itself, so what is compared is how the two are written.
    assert repr(read_report("out/torch").verdicts) == repr(mixed_report.verdicts)


def test_interruption_keeps_what_was_done(
    engine: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = engine.verify

    def stopped(implementation: Any, **options: Any) -> Report:
        if options["spec"] == "second":
            raise KeyboardInterrupt
        return verify(implementation, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr("ganirl_properties.verify", stopped)
    assert run(["compare", "first", "second", "third", "--output", "out"]) == 130
    assert last_line(capsys.readouterr().out) == (
        "3 implementations = 1 passed + 2 not run; planned 15 = 15 satisfied"
    )
    document = json.loads(Path("out/comparison.json").read_text(encoding="utf-8"))
    assert document["interrupted"]
    assert [each["problem"] for each in document["implementations"]] == [
        None,
        "interrupted before it was judged",
        "interrupted before it was judged",
    ]
    assert read_report("out/first").verified == 15


def test_what_is_done_is_written_before_the_next_one_begins(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = engine.verify
    seen: list[list[str | None]] = []

    def watched(implementation: Any, **options: Any) -> Report:
        if Path("out/comparison.json").exists():
            document = json.loads(Path("out/comparison.json").read_text(encoding="utf-8"))
            assert not document["interrupted"]
            seen.append([each["problem"] for each in document["implementations"]])
        return verify(implementation, **options)  # type: ignore[no-any-return]

    monkeypatch.setattr("ganirl_properties.verify", watched)
    assert run(["compare", "first", "second", "third", "--output", "out"]) == 0
    assert seen == [[None, "still to be run", "still to be run"], [None, None, "still to be run"]]


def test_a_report_that_was_interrupted_ends_the_comparison(engine: Any, good_report: Report) -> None:
    engine.report = replace(good_report, run=replace(good_report.run, interrupted=True))
    assert run(["compare", "first", "second"]) == 130
    assert len(engine.calls) == 1


@pytest.mark.parametrize("certify", [True, False])
def test_certify_reaches_every_target(engine: Any, certify: bool) -> None:
    assert run(["compare", "numpy", "torch", *(["--certify"] if certify else [])]) == 0
    assert [call["certify"] for call in engine.calls] == [certify, certify]


@pytest.mark.parametrize(
    ("given", "of_first", "of_second"),
    [
        (["my-library==1.2"], ("my-library==1.2",), ("my-library==1.2",)),
        (["mine.py:target=my-library==1.2"], ("my-library==1.2",), ()),
        (["tool=numpy<2", "mine.py:target=a>=1", "b~=2.0"], ("a>=1", "b~=2.0"), ("numpy<2", "b~=2.0")),
        (["tool==2.0"], ("tool==2.0",), ("tool==2.0",)),  # a requirement, also where a target is called so
        ([], (), ()),
    ],
)
def test_with_is_for_the_target_that_it_names_or_for_all(
    monkeypatch: pytest.MonkeyPatch,
    good_report: Report,
    given: list[str],
    of_first: tuple[str, ...],
    of_second: tuple[str, ...],
) -> None:
    asked: dict[str, tuple[str, ...]] = {}

    def verify_isolated(target: str, *, requirements: tuple[str, ...], **_: Any) -> Report:
        asked[target] = requirements
        return good_report

    monkeypatch.setattr(isolation, "verify_isolated", verify_isolated)
    words = [word for each in given for word in ("--with", each)]
    assert run(["compare", "mine.py:target", "tool", "--isolated", *words]) == 0
    assert asked == {"mine.py:target": of_first, "tool": of_second}


def test_isolated(monkeypatch: pytest.MonkeyPatch, good_report: Report, engine: Any, capsys: Capture) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    def verify_isolated(target: str, **options: Any) -> Report:
        calls.append((target, options))
        if target == "numpy":
            raise UsageError("there is no library for it")
        return replace(good_report, run=replace(good_report.run, target=f"{target}@1.0.1"))

    monkeypatch.setattr(isolation, "verify_isolated", verify_isolated)
    assert run(["compare", "imitation-airl", "numpy", "--isolated", "--seed", "3", "--format", "json"]) == 1
    assert engine.calls == []
    assert [target for target, _ in calls] == ["imitation-airl", "numpy"]
    assert calls[0][1]["seed"] == 3
    document = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in document["implementations"]] == ["imitation-airl@1.0.1", "numpy"]
    assert document["implementations"][1]["problem"] == "there is no library for it"


# --- in a process of its own -------------------------------------------------------------------------------


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    # A shell that runs the tests in the background has made them deaf to Ctrl-C.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    return subprocess.Popen(
        [sys.executable, "-c", heard + PROGRAM, "compare", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    return tmp_path


def test_the_whole_way(folder: Path) -> None:
    smoke = ("--profile", "smoke", "--dtype", "float64", "--claims", "A4,A5")
    with start(folder, "adapter.py:right", "adapter.py:wrong", *smoke, "--output", "out") as process:
        out, err = process.communicate(timeout=300)
    assert process.returncode == 1, err
    assert last_line(out) == (
        "2 implementations = 1 passed + 1 failed; planned 4 = 1 satisfied + 1 violated + 2 not addressed"
    )
    document = json.loads((folder / "out" / "comparison.json").read_text(encoding="utf-8"))
    wrong = document["implementations"][1]
    assert wrong["faults"][0]["claims"] == ["A4"]
    assert (folder / "out" / wrong["slug"] / "counterexamples" / "A4-float64.json").is_file()
    row = next(row for row in document["matrix"] if row["claim"] == "A4")
    assert row["tells_apart"]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C reaches a process group otherwise on Windows")
def test_ctrl_c(folder: Path) -> None:
    smoke = ("--profile", "smoke", "--dtype", "float64", "--claims", "A4")
    arguments = ("adapter.py:right", "adapter.py:stuck", "adapter.py:wrong", *smoke, "--output", "out")
    with start(folder, *arguments) as process:
        limit = time.monotonic() + 200
        while not (folder / "slow-has-begun").exists():
            assert process.poll() is None
            assert time.monotonic() < limit
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=200)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert last_line(out).startswith("3 implementations = 1 passed + 1 interrupted + 1 not run; planned 2 = ")
    document = json.loads((folder / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert document["interrupted"]
    assert document["implementations"][0]["outcome"] == "passed"


@pytest.mark.parametrize("order", [("right", "wrong"), ("wrong", "right")])
@pytest.mark.parametrize("named", ["file", "module"])
def test_each_is_judged_with_the_library_beside_it(
    order: tuple[str, str], named: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = "from its_library import logit\nfrom ganirl import wrap\ntarget = wrap(discriminator_logit=logit)\n"
    for name, last in (("right", " - rows.log_q"), ("wrong", "")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own_adapter.py").write_text(own)
        (tmp_path / name / "its_library.py").write_text(
            f"def logit(case, rows):\n    return -(rows.features @ case.theta) - case.b{last}\n"
        )
    monkeypatch.chdir(tmp_path / order[0])
    first = "own_adapter:target" if named == "module" else "own_adapter.py:target"
    path, modules = list(sys.path), set(sys.modules)
    operands = [first, f"{tmp_path / order[1]}/own_adapter.py:target"]
    options = ["--claims", "A4", "--profile", "smoke", "--dtype", "float64", "--format", "json"]
    assert run(["compare", *operands, *options]) == 1
    columns = json.loads(capsys.readouterr().out)["implementations"]
    outcomes = {"right": "passed", "wrong": "failed"}
    assert [each["outcome"] for each in columns] == [outcomes[name] for name in order]
    assert sys.path == path
    assert not {"its_library", "own_adapter", "ganirl_target_own_adapter"} & (set(sys.modules) - modules)
