"""The pytest plugin, in test suites of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganirl_properties.report import Report
from ganirl_reports import load_report, to_json

SUITE = """
from ganirl_reports import parametrize_with_claims

@parametrize_with_claims({arguments})
def test_claims(claim_result):
    claim_result.check()
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, engine: Any, mixed_report: Report) -> Any:
    """Return a function that runs a suite on the given report."""

    def run(arguments: str, *options: str, report: Report = mixed_report) -> pytest.RunResult:
        engine.report = report
        pytester.makepyfile(SUITE.format(arguments=arguments))
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", *options)

    return run


def test_one_test_a_claim(suite: Any, good_report: Report) -> None:
    result = suite("'numpy', claims=['A4', 'B1', 'C2']", "-v", report=good_report)
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines([f"*test_claims?{claim}? PASSED*" for claim in ("A4", "B1", "C2")])
    result.stdout.fnmatch_lines(["ganirl: numpy: planned 9 = 9 satisfied"])
    result.stdout.no_fnmatch_line("*Warning*")


def test_each_verdict_has_its_outcome(suite: Any) -> None:
    claims = "['A4', 'B5', 'C1', 'C2', 'E1', 'E3', 'N1']"
    result = suite(f"'numpy', claims={claims}", "-rA")
    result.assert_outcomes(passed=2, failed=3, skipped=2)
    result.stdout.fnmatch_lines_random(
        [
            "PASSED *?A4?*",
            "PASSED *?C1?*",
            "FAILED *?B5?*",
            "FAILED *?E1?*",
            "FAILED *?N1?*",
            "*SKIPPED*C2 not addressed: it has no irl_gradient and no irl_loss*",
            "*SKIPPED*E3 waived: trained by PPO outside of this library*",
        ]
    )


def test_failure_reads_as_a_contradiction(suite: Any) -> None:
    result = suite("'numpy', claims=['E1']")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*claim_result.check()",
            "E*E1, The generator minimises cost minus entropy: violated in float64 on cpu, also float32*",
            "E*Let      one generator row*",
            "E*Then     the reward is*",
            "E*However  generator_reward returns*",
            "E*got -0.5, expected -0.0568528*",
            "E*Why      the reward leaves out*",
            "E*again    ganirl verify numpy*",
        ]
    )
    assert "claim_result.py" not in result.stdout.str().replace("claim_result.py::", "")


def test_expected_failures(suite: Any) -> None:
    result = suite("'numpy', claims=['A4', 'E1'], expected_failures={'E1': 'reward is f alone'}", "-rx")
    result.assert_outcomes(passed=1, xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL *?E1?*E1 is violated: reward is f alone*"])


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (
            "A4",
            "*A4 was expected to be violated (gone), but it is satisfied: remove it from expected_failures*",
        ),
        ("C2", "*C2 was expected to be violated (gone), but it is not addressed: remove it*"),
        ("N1", "*N1 was expected to be violated (gone), but it could not be decided*"),
    ],
)
def test_expected_failures_that_do_not_fail_are_failures(suite: Any, claim: str, words: str) -> None:
    result = suite(f"'numpy', claims=['{claim}'], expected_failures={{'{claim}': 'gone'}}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([words])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("'numpy', expected_failures={'Z9': 'x'}", "*expected_failures names 'Z9', which is not among*"),
        ("'numpy', claims=['A4'], expected_failures={'E1': 'x'}", "*expected_failures names 'E1'*"),
        ("'numpy', claims=['Z*']", "*no claim matches 'Z?'*"),
        ("'numpy', claims=['A1']", "*A1: theory alone*"),
    ],
)
def test_wrong_claims_stop_at_collection(suite: Any, arguments: str, words: str) -> None:
    result = suite(arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([words])


def test_verifies_once_and_not_before_it_is_needed(suite: Any, engine: Any, good_report: Report) -> None:
    suite("'numpy'", "--collect-only")
    assert engine.calls == []
    suite("'numpy', profile='smoke', seed=3, dtypes=['float64']", report=good_report)
    assert len(engine.calls) == 1
    call = engine.calls[0]
    assert (call["profile"], call["seed"], call["dtypes"], call["device"]) == (
        "smoke",
        3,
        ("float64",),
        "cpu",
    )
    assert "A4" in call["claims"]
    assert "A1" not in call["claims"]


def test_options_go_before_the_decorator(suite: Any, engine: Any, good_report: Report) -> None:
    options = ("--ganirl-profile", "thorough", "--ganirl-seed", "0", "--ganirl-dtypes", "float64, float32")
    suite("'numpy', profile='smoke', seed=3", *options, report=good_report)
    call = engine.calls[0]
    assert (call["profile"], call["seed"], call["dtypes"]) == ("thorough", 0, ("float64", "float32"))


def test_the_project_s_settings_go_before_the_defaults(
    suite: Any, engine: Any, good_report: Report, pytester: pytest.Pytester
) -> None:
    pytester.makepyprojecttoml('[tool.ganirl]\nprofile = "smoke"\nseed = 3\ndtype = ["float32"]')
    suite("'numpy', claims=['A4']", report=good_report).assert_outcomes(passed=1)
    suite("'numpy', claims=['A4'], profile='thorough', seed=4", report=good_report).assert_outcomes(passed=1)
    asked = [(call["profile"], call["seed"], call["dtypes"]) for call in engine.calls]
    assert asked == [("smoke", 3, ("float32",)), ("thorough", 4, ("float32",))]


def test_settings_that_cannot_be_read_end_the_session(suite: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml('[tool.ganirl]\nprofil = "smoke"')
    result = suite("'numpy', claims=['A4']")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "has no key 'profil'" in result.stdout.str() + result.stderr.str()


def test_an_implementation_as_an_object(suite: Any, engine: Any, good_report: Report) -> None:
    result = suite("object(), claims='A4'", report=good_report)
    result.assert_outcomes(passed=1)
    assert type(engine.calls[0]["implementation"]) is object


def test_a_target_that_cannot_be_loaded(suite: Any) -> None:
    result = suite("'missing', claims=['A4']")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no target 'missing'*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_test_that_never_looks_is_no_pass(pytester: pytest.Pytester, engine: Any) -> None:
    suite = SUITE.format(arguments="'numpy', claims=['A4']").replace("claim_result.check()", "pass")
    pytester.makepyfile(suite)
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*never looked at its claim*"])


def test_the_fixture_alone_says_what_it_needs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(claim_result): pass")
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*claim_result needs the decorator @parametrize_with_claims*"])


def test_report_option(suite: Any, pytester: pytest.Pytester, good_report: Report) -> None:
    suite("'numpy', claims=['A4']", "--ganirl-report", "out", report=good_report)
    assert load_report(pytester.path / "out").run.target == "numpy"
    assert (pytester.path / "out" / "report.html").is_file()


def test_nothing_is_written_where_nothing_was_verified(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_x(): pass")
    pytester.runpytest_inprocess("--ganirl-report", "out").assert_outcomes(passed=1)
    assert not (pytester.path / "out").exists()


STAND_IN = """
import sys, types, ganirl_properties
from ganirl_reports import load_report, to_json

targets = types.ModuleType("ganirl_properties.targets")
targets.load_target = lambda spec: object()
sys.modules["ganirl_properties.targets"] = targets
ganirl_properties.UsageError = type("UsageError", (Exception,), {})
ganirl_properties.verify = lambda implementation, **settings: load_report("report.json")
"""


def in_processes(
    pytester: pytest.Pytester, report: Report, claims: list[str], *options: str
) -> pytest.RunResult:
    """Run a suite in processes of its own, where the stand-in has to come with the suite."""
    (pytester.path / "report.json").write_text(to_json(report), encoding="utf-8")
    pytester.makeconftest(STAND_IN)
    pytester.makepyfile(SUITE.format(arguments=f"'numpy', claims={claims}"))
    return pytester.runpytest_subprocess(*options)


def test_interruption_stops_the_session(pytester: pytest.Pytester, good_report: Report) -> None:
    interrupted = replace(good_report, run=replace(good_report.run, interrupted=True))
    result = in_processes(pytester, interrupted, ["A4", "A5"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_counts_survive_xdist(pytester: pytest.Pytester, good_report: Report) -> None:
    pytest.importorskip("xdist")
    result = in_processes(pytester, good_report, ["A4", "A5", "B1"], "-n", "2")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["ganirl: numpy: planned 9 = 9 satisfied"])


def test_plugin_imports_nothing_heavy() -> None:
    program = (
        "import sys, ganirl_reports.pytest_plugin; "
        "print([name for name in ('numpy', 'sympy', 'torch', 'click', 'rich', 'jinja2', 'pydantic') "
        "if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(map(str, map(Path, sys.path)))},
    )
    assert json.loads(done.stdout) == []
