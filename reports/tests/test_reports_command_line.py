"""The contract of ``ganirl verify``: exit codes, streams, formats and files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganirl_properties.report import Report
from ganirl_reports import load_report
from ganirl_reports.command_line import run


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run where no pyproject.toml is in sight."""
    monkeypatch.chdir(tmp_path)


Capture = pytest.CaptureFixture[str]


def one_sentence(text: str) -> None:
    assert text.startswith("ganirl: ")
    assert text.count("\n") == 1
    assert "Traceback" not in text


def test_passed(engine: Any, capsys: Capture) -> None:
    assert run(["verify", "numpy"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "planned 15 = 15 satisfied"
    assert "✓ GAN = IRL = EBM: equivalent" in out
    assert err == ""
    assert "\x1b[" not in out


def test_failed(engine: Any, mixed_report: Report, capsys: Capture) -> None:
    engine.report = mixed_report
    assert run(["verify", "numpy"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == mixed_report.reconciled()


def test_nothing_verified(engine: Any, empty_report: Report) -> None:
    engine.report = empty_report
    assert run(["verify", "numpy"]) == 5


def test_interrupted_saves_what_was_done(engine: Any, mixed_report: Report, tmp_path: Path) -> None:
    engine.report = replace(mixed_report, run=replace(mixed_report.run, interrupted=True))
    assert run(["verify", "numpy", "--output", "out"]) == 130
    assert load_report(tmp_path / "out").run.interrupted


def test_nothing_is_imported_before_ctrl_c_is_heard() -> None:
    """Where `main` has not begun, Ctrl-C is a traceback: what is imported until then is next to nothing."""
    script = (
        "import sys; before = set(sys.modules); import ganirl_reports.__main__; "
        "print(*sorted(set(sys.modules) - before))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert set(found.stdout.split()) <= {"__future__", "ganirl_reports", "ganirl_reports.__main__"}


def test_ctrl_c_while_the_command_is_imported_is_130_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    script = "import sys; sys.argv = ['ganirl', '--help']; from ganirl_reports.__main__ import main; main()"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout, found.stderr) == (130, "", "interrupted\n")


def test_interrupted_before_there_is_a_report(engine: Any, capsys: Capture) -> None:
    engine.raises = KeyboardInterrupt()
    assert run(["verify", "numpy"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_bug(engine: Any, capsys: Capture) -> None:
    engine.raises = ZeroDivisionError("inner")
    assert run(["verify", "numpy"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "ZeroDivisionError: inner" in err
    assert "This is a bug in ganirl" in err
    assert "report it" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["verify"], "no TARGET given"),
        (["verify", "missing"], "there is no target 'missing'"),
        (["verify", "numpy", "--profile", "fast"], "smoke"),
        (["verify", "numpy", "--jobs", "0"], "jobs"),
        (["verify", "numpy", "--seed", "-1"], "seed"),
        (["verify", "numpy", "--seed", "x"], "seed"),
        (["verify", "numpy", "--claims", ","], "--claims names nothing"),
        (["verify", "numpy", "--dtype", ""], "--dtype names nothing"),
        (["verify", "numpy", "--colour"], "No such option"),
        (["verify", "numpy", "--format", "xml"], "pretty"),
        (["verfy", "numpy"], "verfy"),
        (["claims", "Z9"], "no claim matches 'Z9'"),
        (["prove", "Z*"], "no claim matches 'Z\\*'"),
    ],
)
def test_usage(engine: Any, arguments: list[str], words: str, capsys: Capture) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    one_sentence(err)
    assert words.replace("\\", "") in err
    assert engine.calls == []


def test_the_engine_refuses(engine: Any, capsys: Capture) -> None:
    import ganirl_properties

    engine.raises = ganirl_properties.UsageError("there is no dtype 'float8';\n choose float64")
    assert run(["verify", "numpy", "--dtype", "float8"]) == 2
    one_sentence(capsys.readouterr().err)


def test_options_reach_the_engine(engine: Any) -> None:
    options = (
        "--claims A4,C* --profile smoke --device cuda --dtype float64,float32 --seed 3 --jobs 2 --certify"
    )
    run(["verify", "mine.py:target", *options.split()])
    call = engine.calls[0]
    assert call.pop("implementation").name == "the implementation mine.py:target"
    assert call == {
        "claims": ("A4", "C*"),
        "profile": "smoke",
        "device": "cuda",
        "dtypes": ("float64", "float32"),
        "seed": 3,
        "jobs": 2,
        "certify": True,
        "spec": "mine.py:target",
        "progress": None,
    }


def test_defaults(engine: Any) -> None:
    run(["verify", "numpy"])
    call = engine.calls[0]
    assert (call["claims"], call["profile"], call["device"]) == (None, "default", "cpu")
    assert (call["dtypes"], call["seed"], call["jobs"]) == (None, 0, 1)


def test_configuration_gives_defaults_and_options_go_first(engine: Any, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.ganirl]\ntarget = "numpy"\nseed = 5\nclaims = ["A4"]\nprofile = "smoke"\noutput = "out"\n'
    )
    assert run(["verify", "--seed", "0", "--claims", "B1"]) == 0
    call = engine.calls[0]
    assert (call["seed"], call["claims"], call["profile"]) == (0, ("B1",), "smoke")
    assert load_report(tmp_path / "out").run.target == "numpy"


def test_broken_configuration(engine: Any, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ganirl]\ncolour = 1\n")
    assert run(["verify", "numpy"]) == 2
    one_sentence(capsys.readouterr().err)


def test_output_that_cannot_be_written_stops_before_the_work(
    engine: Any, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["verify", "numpy", "--output", "file/out"]) == 2
    one_sentence(capsys.readouterr().err)
    assert engine.calls == []


def test_a_disk_that_fills_up_loses_no_results(
    engine: Any, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ganirl_reports.documents import output_directory

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output_directory, "replace_file", full)
    assert run(["verify", "numpy", "--output", "out"]) == 2
    out, err = capsys.readouterr()
    assert out.splitlines()[-1] == "planned 15 = 15 satisfied"
    assert "No space left" in err


def test_output_holds_all_documents(
    engine: Any, mixed_report: Report, tmp_path: Path, capsys: Capture
) -> None:
    engine.report = mixed_report
    run(["verify", "numpy", "--output", "deep/out"])
    out = tmp_path / "deep" / "out"
    files = sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())
    assert files == [
        os.path.join("counterexamples", "E1-bfloat16.json"),
        os.path.join("counterexamples", "E1-float32.json"),
        os.path.join("counterexamples", "E1-float64.json"),
        "report.html",
        "report.json",
        "summary.md",
    ]
    assert str(Path("deep/out/report.html")) in capsys.readouterr().out
    saved = json.loads((out / "counterexamples" / "E1-float32.json").read_text("utf-8"))
    assert (saved["target"], saved["counterexample"]["claim"]) == ("numpy", "E1")


def test_a_second_report_leaves_no_stale_counterexample(
    engine: Any, mixed_report: Report, good_report: Report, tmp_path: Path
) -> None:
    engine.report = mixed_report
    run(["verify", "numpy", "--output", "out"])
    theirs = tmp_path / "out" / "counterexamples" / "notes.json"
    theirs.write_text("{}")
    engine.report = good_report
    run(["verify", "numpy", "--output", "out"])
    assert list((tmp_path / "out" / "counterexamples").iterdir()) == [theirs]


def test_json_is_the_report_and_nothing_else(engine: Any, mixed_report: Report, capsys: Capture) -> None:
    engine.report = mixed_report
    assert run(["verify", "numpy", "--format", "json", "--output", "out"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == json.loads(Path("out/report.json").read_text("utf-8"))
    assert err == ""


def test_markdown(engine: Any, capsys: Capture) -> None:
    assert run(["verify", "numpy", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("## ✓ numpy: GAN = IRL = EBM: equivalent")


@pytest.mark.parametrize("form", ["pretty", "json", "markdown"])
def test_ascii_streams_do_not_crash(
    engine: Any, mixed_report: Report, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.report = mixed_report
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    assert run(["verify", "numpy", "--format", form]) == 1
    stream.flush()
    text = stream.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    if form == "json":
        assert json.loads(text)["verdicts"]
    else:
        assert "x violated" in text
        assert "-log q" in text


def test_list(engine: Any, capsys: Capture) -> None:
    assert run(["verify", "--list"]) == 0
    assert "✓ numpy  the reference losses" in capsys.readouterr().out
    assert run(["verify", "--list", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["targets"][1] == {
        "name": "torch",
        "available": False,
        "note": "pip install 'ganirl[torch]'",
    }
    assert run(["verify", "--list", "--format", "markdown"]) == 0
    assert "| `torch` | no |" in capsys.readouterr().out


def test_a_bar_on_a_terminal(engine: Any, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert run(["verify", "numpy", "--format", "json"]) == 0
    assert engine.calls[0]["progress"] is not None
    json.loads(capsys.readouterr().out)
