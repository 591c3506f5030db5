"""Targets that are commands: judged as in the process, and whatever they do is one sentence."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted import adapter_both_ways

from ganirl import OBSERVABLES, PRECISIONS, Case, Conventions, Gradient, ProcessConventions, wrap
from ganirl_properties import TargetError, verify
from ganirl_properties.cases import case_from_bytes
from ganirl_properties.observed import ObservableError
from ganirl_properties.report import Report
from ganirl_properties.targets import load_target
from ganirl_properties.targets.external import HARNESS, ExternalTarget, target
from ganirl_properties.targets.external.encoding import decoded, encoded
from ganirl_properties.targets.external.process import Process

TESTS = Path(__file__).parent
ROOT = TESTS.parents[1]
EXAMPLES = ROOT / "property_tests/examples/external"


def command(path: Path, *arguments: str) -> str:
    return " ".join(shlex.quote(word) for word in (sys.executable, str(path), *arguments))


def misbehaving(how: str) -> str:
    return command(TESTS / "planted/misbehaving.py", how)


def drawn(unit: str = "trajectory", precision: str = "float64") -> Case:
    conventions = Conventions(unit=unit, weights=True)  # type: ignore[arg-type]
    data = np.random.default_rng(1).bytes(4096)
    return case_from_bytes(
        data, "process" if unit == "process" else "batch", PRECISIONS[precision], conventions
    )


@pytest.fixture
def case() -> Case:
    return drawn()


# --- verdicts ---------------------------------------------------------------------------------------------


def judged(report: Report) -> dict[tuple[str, str], tuple[str, str | None]]:
    return {
        (row.claim, row.dtype): (row.verdict, row.diagnosis and row.diagnosis.formula)
        for row in report.verdicts
    }


def in_process(name: str) -> Report:
    observables = dict(adapter_both_ways.ADAPTERS[name])
    if "tabular" in name:
        fields = dict(adapter_both_ways.TABULAR)
        process = ProcessConventions(**fields.pop("process"))  # type: ignore[arg-type]
        conventions = Conventions(**fields, process=process)  # type: ignore[arg-type]
        return verify(wrap(name="both ways", conventions=conventions, **observables), profile="smoke")
    gradient = observables["discriminator_gradient"]
    observables["discriminator_gradient"] = lambda case: Gradient(*gradient(case))
    conventions = Conventions(**adapter_both_ways.CONVENTIONS)  # type: ignore[arg-type]
    return verify(wrap(name="both ways", conventions=conventions, **observables), profile="smoke")


@pytest.mark.parametrize("name", adapter_both_ways.ADAPTERS)
def test_verdicts_and_diagnoses_are_those_of_the_same_code_in_the_process(name: str) -> None:
    outside = load_target("exec:" + command(TESTS / "planted/adapter_both_ways.py", name))
    report = verify(outside, profile="smoke")
    assert judged(report) == judged(in_process(name))
    assert report.failed == (name not in {"right", "tabular"})
    assert {row.dtype for row in report.verdicts} == {"float64", "float32"}


def test_what_the_code_raises_is_told_as_in_the_process() -> None:
    outside = load_target("exec:" + command(TESTS / "planted/adapter_both_ways.py", "raises"))
    told = [
        {row.message for row in report.verdicts if row.verdict == "error"}
        for report in (verify(outside, profile="smoke", claims=["E1"]), in_process("raises"))
    ]
    assert told[0] == {"generator_reward raised ValueError: no such layer"} <= told[1]


@pytest.mark.parametrize(
    ("runner", "file"),
    [
        (sys.executable, "plain_python.py"),
        (sys.executable, "without_harness.py"),
        pytest.param(
            "node",
            "without_harness.mjs",
            marks=pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed"),
        ),
    ],
)
def test_an_example_holds(runner: str, file: str) -> None:
    report = verify(
        load_target(f"exec:{shlex.quote(runner)} {shlex.quote(str(EXAMPLES / file))}"), profile="smoke"
    )
    assert not report.failed, report.reconciled()
    assert report.summary["satisfied"] >= 5
    assert report.run.dtypes == ("float64",)


def test_each_of_several_processes_has_one_of_its_own() -> None:
    spec = "exec:" + command(TESTS / "planted/adapter_both_ways.py", "reward_is_f")
    report = verify(load_target(spec), profile="smoke", claims=["A4", "E1"], jobs=2, spec=spec)
    assert {key: verdict for key, (verdict, _) in judged(report).items()} == {
        ("A4", "float64"): "satisfied",
        ("A4", "float32"): "satisfied",
        ("E1", "float64"): "violated",
        ("E1", "float32"): "violated",
    }


# --- numbers ----------------------------------------------------------------------------------------------


def test_numbers_come_back_as_they_went(case: Case) -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**64, 4000, dtype=np.uint64).view(np.float64)
    numbers = np.concatenate([bits, [0.0, -0.0, 5e-324, np.inf, -np.inf, np.nan]])
    sent = json.loads(encoded(replace(case, theta=numbers)))["theta"]
    back = decoded(sent)
    assert np.array_equal(back.view(np.uint64)[~np.isnan(back)], numbers.view(np.uint64)[~np.isnan(numbers)])
    assert np.array_equal(np.isnan(back), np.isnan(numbers))


@pytest.mark.parametrize("unit", ["trajectory", "transition", "process"])
@pytest.mark.parametrize("precision", ["float64", "bfloat16"])
def test_a_case_goes_over_whole(unit: str, precision: str) -> None:
    case = drawn(unit, precision)
    sent = json.loads(encoded(case))
    assert sent["unit"] == unit
    assert sent["precision_name"] == precision
    assert np.array_equal(np.array(sent["generator"]["steps"]["features"]), case.generator.steps.features)
    assert sent["expert"]["steps"]["done"] == case.expert.steps.done.tolist()
    if unit != "process":
        assert sent["process"] is None
        return
    assert np.array_equal(np.array(sent["process"]["transition"]), case.mdp.transition)
    assert sent["process"]["horizon"] == case.mdp.horizon


def test_rows_reach_the_code_as_it_would_have_them_here(case: Case) -> None:
    for name in ("right", "reward_is_f"):
        outside = load_target("exec:" + command(TESTS / "planted/adapter_both_ways.py", name))
        for side in (case.expert, case.generator):
            here = adapter_both_ways.ADAPTERS[name]["generator_reward"](case, side)
            assert np.array_equal(outside.generator_reward(case, side), here)  # type: ignore[attr-defined]


def test_a_case_is_sent_once_and_the_oldest_makes_room(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    say = Process.say
    monkeypatch.setattr(Process, "say", lambda self, line: (said.append(line), say(self, line))[1])
    monkeypatch.setattr(target, "CASES_KEPT", 2)
    outside = ExternalTarget(command(EXAMPLES / "without_harness.py"))
    cases = [replace(case, b=np.float64(b)) for b in range(3)]
    first = [outside.discriminator_logit(each, each.expert) for each in cases]
    again = [
        outside.discriminator_logit(each, each.expert) for each in (cases[2], cases[1], cases[0], cases[0])
    ]
    assert [np.array_equal(x, y) for x, y in zip(again, [*first[::-1], first[0]], strict=True)] == [True] * 4
    kept = [json.loads(line)["keep"] for line in said if line.startswith('{"keep"')]
    assert kept == [0, 1, 0, 0]  # number 0 is that of the case that was asked about longest ago, twice


# --- what can go wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("protocol-2", "it speaks protocol 2, and this ganirl speaks 1"),
        ("observable", "there is no observable 'discriminator_logits'; there are discriminator_logit,"),
        ("no-observable", "its handshake needs observables"),
        ("convention", "there is no 'units' among the conventions; there are unit,"),
        ("convention-value", "its conventions cannot be used: Conventions(unit='step') is unknown"),
        ("precision", "its precisions must be a list of float64, float32, bfloat16, not ['float16']"),
        ("convention-text", "Conventions(loss_factor='half') must be a finite number"),
        ("convention-word", "Conventions(weights='no') must be True or False"),
        ("process-text", "ProcessConventions(sweeps='few') must be a number of at least 1"),
        ("process-word", "ProcessConventions(discounts='no') must be True or False"),
        ("no-name", "its handshake needs a name"),
        ("key", "its handshake has an unknown key 'framework'"),
        ("departures", "its departures must be an object of strings"),
        (
            "dies-at-once",
            "ended with exit code 3 and last said 'cannot find libtensorflow' on standard error",
        ),
        ("chatter", "it said 200 lines, the last of them 'line 199', but no handshake"),
    ],
)
def test_a_process_that_cannot_be_used_is_one_sentence(how: str, sentence: str) -> None:
    with pytest.raises(TargetError) as raised:
        load_target("exec:" + misbehaving(how))
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("exec:no-such-command --x", "there is no command 'no-such-command' here or on the path"),
        ("exec:", "names no command"),
        ("exec:python 'open", "is no command line: No closing quotation"),
        ("exec:cat", "its handshake has an unknown key 'ganirl'"),
        ("exec:true", "it gave no handshake: the process ended with exit code 0"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="these commands are not there")
def test_a_command_that_is_none_is_one_sentence(spec: str, sentence: str) -> None:
    with pytest.raises(TargetError, match=re.escape(sentence)):
        load_target(spec)


def test_a_banner_before_the_handshake_is_passed_over(case: Case) -> None:
    outside = ExternalTarget(misbehaving("banner"))
    assert not outside.discriminator_logit(case, case.expert).any()


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("rubbish", "it said 'epoch 1 loss 0.3', which is no answer: print nothing else on standard output"),
        ("deep", "which is no answer"),
        ("wrong-id", "it answered question 2 when it was asked 1"),
        ("neither", 'needs either "value" or "error"'),
        ("aborts", "was ended by SIGKILL and last said 'Segmentation fault, or so' on standard error"),
        ("null", 'its answer holds null, which is no number; NaN is written "NaN"'),
        ("word", 'its answer holds "high", which is no number'),
        ("ragged", "its answer is ragged"),
    ],
)
def test_an_answer_that_is_none_is_one_sentence(how: str, sentence: str, case: Case) -> None:
    outside = ExternalTarget(misbehaving(how))
    with pytest.raises(ObservableError) as raised:
        outside.discriminator_logit(case, case.expert)
    assert sentence in str(raised.value)
    assert str(raised.value).startswith("discriminator_logit: ")


@pytest.mark.parametrize(("how", "what"), [("nan", np.nan), ("bare-nan", np.nan), ("huge", np.inf)])
def test_what_is_not_finite_is_a_number_that_is_judged(how: str, what: float, case: Case) -> None:
    outside = ExternalTarget(misbehaving(how))
    np.testing.assert_equal(outside.discriminator_logit(case, case.expert)[0], what)
    report = verify(outside, profile="smoke", claims=["A4"])
    assert [row.verdict for row in report.verdicts] == ["violated"]


def test_silence_ends_after_a_while(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANIRL_TIMEOUT", "0.3")
    with pytest.raises(TargetError, match=r"did not answer within 0\.3 seconds"):
        ExternalTarget(misbehaving("silent"))
    monkeypatch.setenv("GANIRL_TIMEOUT", "5")
    outside = ExternalTarget(misbehaving("hangs"))
    with pytest.raises(ObservableError, match=r"did not answer within 5 seconds.*GANIRL_TIMEOUT"):
        outside.discriminator_logit(case, case.expert)


@pytest.mark.parametrize("how", ["blank-lines", "chatters-on"])
def test_what_is_said_instead_of_a_handshake_does_not_go_on_for_ever(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each line comes well within the limit, all two hundred do not.
    monkeypatch.setenv("GANIRL_TIMEOUT", "1")
    with pytest.raises(TargetError, match="did not answer within 1 seconds"):
        ExternalTarget(misbehaving(how))


def test_blank_lines_are_silence(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANIRL_TIMEOUT", "5")
    outside = ExternalTarget(misbehaving("only-blank-lines"))
    with pytest.raises(ObservableError, match="did not answer within 5 seconds"):
        outside.discriminator_logit(case, case.expert)


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_a_time_limit_must_be_one(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANIRL_TIMEOUT", value)
    with pytest.raises(TargetError, match="GANIRL_TIMEOUT must be a number of seconds"):
        ExternalTarget(misbehaving("banner"))


def test_one_question_that_ends_the_process_leaves_the_others(case: Case) -> None:
    outside = ExternalTarget(misbehaving("one-dies"))
    assert len(outside.discriminator_logit(case, case.expert)) == len(case.expert)
    for _ in range(6):
        with pytest.raises(ObservableError, match="generator_reward: the process ended with exit code 7"):
            outside.generator_reward(case, case.generator)
        assert len(outside.discriminator_logit(case, case.expert)) == len(case.expert)


def test_an_unknown_side_is_refused(case: Case) -> None:
    outside = ExternalTarget(misbehaving("banner"))
    with pytest.raises(ObservableError, match=re.escape("rows must be case.expert or case.generator")):
        outside.discriminator_logit(case, replace(case.expert))


# --- nothing is left behind -------------------------------------------------------------------------------


def ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def within(seconds: float, done: object) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if done():  # type: ignore[operator]
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def pid_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "pid"
    yield path
    if path.exists() and not ended(int(path.read_text())):
        os.kill(int(path.read_text()), signal.SIGKILL)


HANGING = """
import os, sys, time
open({pid!r}, "w").write(str(os.getpid()))
print('{{"protocol": 1, "name": "x", "observables": ["discriminator_logit"]}}', flush=True)
while True: time.sleep({doze})
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("how", ["ctrl-c", "leaves"])
def test_the_process_ends_with_ganirl(how: str, pid_file: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "hanging.py"
    adapter.write_text(HANGING.format(pid=str(pid_file), doze=600), encoding="utf-8")
    # A shell that runs the tests in the background has made them deaf to Ctrl-C.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    asking = (
        f"{heard}from ganirl_properties.targets import load_target; from ganirl_properties import verify; "
        f"target = load_target({'exec:' + command(adapter)!r}); "
    )
    asking += "verify(target, claims=['A4'])" if how == "ctrl-c" else "print('done')"
    path = os.pathsep.join(filter(None, sys.path))
    running = subprocess.Popen([sys.executable, "-c", asking], env={**os.environ, "PYTHONPATH": path})
    try:
        assert within(60, lambda: pid_file.exists() and pid_file.read_text())
        if how == "ctrl-c":
            time.sleep(1.0)
            running.send_signal(signal.SIGINT)
        running.wait(60)
        assert within(10, lambda: ended(int(pid_file.read_text())))
    finally:
        running.kill()
        running.wait()


# --- the harness ------------------------------------------------------------------------------------------


def test_the_harness_is_read_by_python_3_6_and_needs_nothing() -> None:
    tree = ast.parse(HARNESS.read_text(encoding="utf-8"), feature_version=(3, 6))
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported == {"json", "math", "os", "sys", "traceback"}


NOISY = """
import os, sys
sys.path.insert(0, {harness!r})
print("a banner")
from ganirl_harness import serve

def discriminator_logit(case, rows):
    print("a library prints")
    os.system("echo a child prints")
    assert sys.stdin.read() == ""
    case.theta[:] = [0.0] * len(case.theta)
    return [sum(case.theta) for _ in rows.features]

def generator_reward(case, rows):
    return [sum(case.theta)] * len(rows)

def discriminator_loss(case):
    sys.exit("the library gives up")

serve(name="noisy", discriminator_logit=discriminator_logit, generator_reward=generator_reward,
      discriminator_loss=discriminator_loss, log_q=lambda case, rows: rows.state,
      discriminator_gradient=lambda case: (case.theta, None))
"""


def test_the_harness_keeps_the_protocol_whatever_the_code_does(case: Case, tmp_path: Path) -> None:
    adapter = tmp_path / "noisy.py"
    adapter.write_text(NOISY.format(harness=str(HARNESS.parent)), encoding="utf-8")
    outside = ExternalTarget(command(adapter))
    assert not outside.discriminator_logit(case, case.expert).any()
    # What code wrote into its case is gone with it.
    assert outside.generator_reward(case, case.generator)[0] == pytest.approx(case.theta.sum(), abs=1e-12)
    with pytest.raises(ObservableError, match="discriminator_loss raised SystemExit: the library gives up"):
        outside.discriminator_loss(case)
    with pytest.raises(ObservableError, match="log_q raised AttributeError: these rows are trajectories"):
        outside.log_q(case, case.expert)
    gradient = outside.discriminator_gradient(case)
    assert np.array_equal(gradient.theta, case.theta)
    assert gradient.b is None
    steps = drawn("transition")
    assert np.array_equal(outside.log_q(steps, steps.expert), steps.expert.state)


# --- the document -----------------------------------------------------------------------------------------

PROTOCOL = (ROOT / "reports/docs/protocol.md").read_text(encoding="utf-8")


def test_the_transcript_is_what_is_said() -> None:
    (transcript,) = re.findall(r"```text\n(→.*?)```", PROTOCOL, re.DOTALL)
    lines = [(line[0], json.loads(line[2:])) for line in transcript.splitlines()]
    said = "".join(json.dumps(value) + "\n" for who, value in lines if who == "→")
    run = [sys.executable, str(EXAMPLES / "without_harness.py")]
    heard = subprocess.run(run, input=said, capture_output=True, text=True, check=True).stdout
    assert [json.loads(line) for line in heard.splitlines()] == [value for who, value in lines if who == "←"]


def test_the_document_names_every_field_and_observable() -> None:
    def names(value: object) -> set[str]:
        if not isinstance(value, dict):
            return set()
        return set(value).union(*(names(each) for each in value.values()))

    wanted = names(json.loads(encoded(drawn("process")))) | set(OBSERVABLES)
    assert {name for name in wanted if f"`{name}`" not in PROTOCOL} == set()
