"""What fails by sampling goes to a file and comes back: a biased sampler fails again, its right twin is FIXED."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import ganirl
import ganirl_reports.isolation
from ganirl_properties import verify
from ganirl_properties.case_data import case_from_data
from ganirl_properties.report import Report
from ganirl_properties.sampled.interval import log_wealth
from ganirl_properties.targets import load_target
from ganirl_reports import write_report
from ganirl_reports.command_line import run
from ganirl_reports.counterexamples.outcomes import replay_isolated
from ganirl_reports.counterexamples.process_formulas import declared_conventions
from ganirl_reports.counterexamples.saved import as_document, read_all
from ganirl_reports.documents.json_document import load_report

# Means over a few rows, other ones at each call; wrong by a factor of its own.
ADAPTER = """
import dataclasses
import numpy as np
from ganirl import Conventions, Gradient, Rows, Steps, wrap

def some(rows, size, rng):
    pick = rng.choice(len(rows.weight), size, p=rows.weight / rows.weight.sum())
    names = ("state", "action", "next_state", "done", "mask", "features")
    steps = Steps(**{name: getattr(rows.steps, name)[pick] for name in names})
    return Rows(rows.features[pick], rows.log_q[pick], np.full(size, 1 / size), steps)

def part(case, size=4):
    rng = np.random.default_rng(case.seed)
    expert, generator = (some(rows, size, rng) for rows in (case.expert, case.generator))
    return dataclasses.replace(case, expert=expert, generator=generator)

def log_q(case, rows):
    table = case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True)
    return np.where(rows.steps.mask, table[rows.steps.state, rows.steps.action], 0).sum(axis=1)

def logit(case, rows):
    return -(rows.features @ case.theta) - case.b - log_q(case, rows)

def loss(case, lean):
    case = part(case)
    expert, generator = -logit(case, case.expert), logit(case, case.generator)
    return np.logaddexp(0, expert).mean() + lean * np.logaddexp(0, generator).mean()

def gradient(case, lean):
    case = part(case)
    missed = 1 / (1 + np.exp(logit(case, case.expert)))
    fooled = lean / (1 + np.exp(-logit(case, case.generator)))
    theta = missed @ case.expert.features / len(missed) - fooled @ case.generator.features / len(fooled)
    return Gradient(theta, missed.mean() - fooled.mean())

def log_weights(case):
    sides = [case.expert, case.generator]
    c = np.concatenate([rows.features @ case.theta for rows in sides])
    q = np.concatenate([log_q(case, rows) for rows in sides])
    mu = np.concatenate([rows.weight / rows.weight.sum() / 2 for rows in sides])
    return np.log(mu) - c - np.logaddexp(-c - case.b, q) + np.log(2)

def log_partition(case, lean, size=4):
    return np.logaddexp.reduce(log_weights(part(case, size))) + np.log(lean)

def generator_loss(case, lean):
    case = part(case)
    return -lean * logit(case, case.generator).mean()

def drawn_log_q(case, rows, lean):
    steps, logits = rows.steps, lean * case.policy_logits
    noise = np.random.default_rng(case.seed).gumbel(size=(*steps.state.shape, logits.shape[1]))
    drawn = (logits[steps.state % len(logits)] + noise).argmax(axis=-1)
    return np.where(((drawn == steps.action) | ~steps.mask).all(axis=1), 0.0, -np.inf)

def probability(case, rows, lean):
    drawn = np.random.default_rng(case.seed).random(len(rows))
    return (drawn < 1 / (1 + np.exp(-lean * logit(case, rows)))).astype(float)

def noisy_logit(case, rows, lean):
    return logit(case, rows) + np.random.default_rng(case.seed).normal(lean - 1, 0.2, len(rows))

def policy_gradient(case, lean):
    rows = some(case.generator, 4, np.random.default_rng(case.seed))
    p = np.exp(case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True))
    score = np.zeros((len(rows), *p.shape))
    for n, t in zip(*np.nonzero(rows.steps.mask)):
        s, a = rows.steps.state[n, t], rows.steps.action[n, t]
        score[n, s] += (np.arange(p.shape[1]) == a) - p[s]
    return -lean * np.tensordot(logit(case, rows), score, 1) / len(rows)

def irl_gradient(case, lean):
    rows = case if lean == 1 else part(case, 1)
    share = np.exp(log_weights(rows) - np.logaddexp.reduce(log_weights(rows)))
    phi = np.concatenate([rows.expert.features, rows.generator.features])
    return rows.expert.weight / rows.expert.weight.sum() @ rows.expert.features - share @ phi

CALLS = {
    "discriminator_loss": loss, "discriminator_gradient": gradient, "log_partition": log_partition,
    "generator_loss": generator_loss, "log_q": drawn_log_q, "discriminator_probability": probability,
    "discriminator_logit": noisy_logit, "generator_reward": noisy_logit, "generator_gradient": policy_gradient,
    "irl_gradient": irl_gradient,
}

def made(name, call, **more):
    conventions = Conventions(**({"log_q": "computed", "weights": True, "sampled": (name,)} | more))
    return wrap(name=f"sampled {name}", conventions=conventions, **{name: call})

def leaning(name, lean):
    return made(name, lambda case, *rows: CALLS[name](case, *rows, lean))

def raises(case, *rows):
    raise ZeroDivisionError("inside the adapter")

for _name in CALLS:
    globals()["right_" + _name] = leaning(_name, 1)
    globals()["wrong_" + _name] = leaning(_name, 0.6)
as_log_z = made("log_partition", lambda case: log_partition(case, 1, 1), unbiased="log Z")
unweighted = made(
    "discriminator_probability",
    lambda case, rows: probability(case, rows, np.where(rows.steps.action[:, 0] > 0, 0.3, 1)),
    weights=False,
)
raising = made("log_partition", raises)
stuck = made("log_partition", lambda case: log_partition(dataclasses.replace(case, seed=1), 1))
broken = made("log_partition", lambda case: np.nan if case.seed % 7 == 3 else log_partition(case, 1))
def exact(case, lean):
    return np.logaddexp.reduce(log_weights(case)) + np.log(lean)

settled = wrap(
    name="settled", conventions=Conventions(log_q="computed", weights=True), log_partition=lambda case: exact(case, 1)
)
settled_wrong = wrap(
    name="settled wrong", conventions=settled.conventions, log_partition=lambda case: exact(case, 1.01)
)
"""
OBSERVABLES = {
    "B1": "discriminator_loss",
    "B2": "discriminator_gradient",
    "B4": "log_partition",
    "C1": "discriminator_gradient",
    "C2": "irl_gradient",
    "C3": "irl_gradient",
    "E1": "generator_loss",
    "E3": "generator_gradient",
}
CASES = [
    *OBSERVABLES.items(),
    ("C2", "discriminator_gradient"),
    ("A4", "log_q"),
    ("A4", "discriminator_probability"),
    ("A4", "discriminator_logit"),
    ("E1", "generator_reward"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def verified(spec: str, claim: str, **options: Any) -> Report:
    report = verify(load_target(spec), claims=[claim], **({"dtypes": ["float64"]} | options))
    # As the command line does: the words, not the name.
    return dataclasses.replace(report, run=dataclasses.replace(report.run, target=spec))


def found(spec: str, claim: str, **options: Any) -> Path:
    """Verify a claim, write the report and return the file of its counterexample."""
    report = verified(spec, claim, **options)
    return write_report(report, "out") / "counterexamples" / f"{claim}-float64.json"


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run(["replay", *arguments, "--format", "json"])
    printed = capsys.readouterr()
    assert printed.err == ""
    (row,) = json.loads(printed.out)["replays"]
    return code, row


@pytest.fixture(scope="session")
def only_numpy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of NumPy and nothing else, to put on the path of a Python that has no packages."""
    folder = tmp_path_factory.mktemp("numpy_alone")
    beside = Path(np.__file__).parents[1]
    for name in ("numpy", "numpy.libs"):
        if (beside / name).exists():
            (folder / name).symlink_to(beside / name)
    return folder


def ran(script: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """Run a script where nothing can be imported but what lies in a path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    # Without site-packages, and so without any other package.
    return subprocess.run(
        [sys.executable, "-S", str(script)], capture_output=True, text=True, env=environment, check=False
    )


def test_scripts_run_here_without_any_other_package(folder: Path, only_numpy: Path) -> None:
    for name in ("ganirl_properties", "scipy", "adapter"):
        (folder / "apart").mkdir(exist_ok=True)
        (folder / "apart" / "imports.py").write_text(f"import numpy, ganirl\nimport {name}", encoding="utf-8")
        end = ran(folder / "apart" / "imports.py", only_numpy, Path(ganirl.__file__).parents[1])
        assert f"ModuleNotFoundError: No module named '{name}'" in end.stderr


@pytest.mark.parametrize(("claim", "observable"), CASES)
def test_a_biased_sampler_fails_again_and_its_right_twin_is_fixed(
    folder: Path, capsys: pytest.CaptureFixture[str], only_numpy: Path, claim: str, observable: str
) -> None:
    file = found(f"adapter.py:wrong_{observable}", claim)
    saved = json.loads(file.read_text(encoding="utf-8"))["counterexample"]
    drawn = saved["draws"]
    assert drawn["drawn"] == observable
    assert not drawn["interval"][0] <= saved["expected"] <= drawn["interval"][1]
    assert drawn["interval"][0] < saved["got"] < drawn["interval"][1]
    assert abs(saved["got"] - saved["expected"]) > saved["allowed"] > saved["bound"]

    code, row = replayed(capsys, str(file))
    assert (code, row["outcome"]) == (1, "FAILS")
    assert row["draws"]["first_seed"] == (drawn["first_seed"] + drawn["count"]) % 2**31
    assert row["error"] > row["allowed"]
    assert f"{row['draws']['alpha']:.2g} has happened" in row["message"]
    if row["component"] == saved["component"]:
        assert (
            np.sign(row["got"] - row["expected"]).item() == np.sign(saved["got"] - saved["expected"]).item()
        )

    code, row = replayed(capsys, str(file), "--target", f"adapter.py:right_{observable}")
    assert (code, row["outcome"]) == (0, "FIXED"), row
    assert (row["component"], row["expected"]) == (saved["component"], saved["expected"])
    assert row["draws"]["effect"] <= abs(saved["got"] - saved["expected"])
    assert "this would be said with a probability of at most 0.01" in row["message"]

    script = file.with_suffix(".py")
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 30
    shown = ran(script, only_numpy, Path(ganirl.__file__).parents[1])
    assert (shown.returncode, shown.stderr) == (1, "")
    # The draws of the file, one by one: the same mean, the same error, the truth by another route.
    numbers = re.search(
        r" is (\S+) on average over (\d+) draws, with a standard error of (\S+);", shown.stdout
    )
    truth = re.search(r"its expectation should be ([^;]+);", shown.stdout)
    assert numbers is not None
    assert truth is not None
    assert float(numbers[1]) == pytest.approx(saved["got"], rel=1e-9)
    assert int(numbers[2]) == drawn["count"]
    assert float(numbers[3]) == pytest.approx(drawn["standard_error"], rel=0.01)
    assert float(truth[1]) == pytest.approx(saved["expected"], rel=1e-9)
    mended = folder / "mended.py"
    mended.write_text(text.replace(f"wrong_{observable}", f"right_{observable}"), encoding="utf-8")
    at_home = ran(mended, folder, only_numpy, Path(ganirl.__file__).parents[1])
    assert (at_home.returncode, at_home.stderr) == (0, "")


@pytest.mark.parametrize("observable", ["log_partition", "discriminator_gradient", "log_q"])
def test_what_is_right_has_no_file(folder: Path, observable: str) -> None:
    report = verified(f"adapter.py:right_{observable}", "*", profile="smoke")
    assert {row.verdict for row in report.verdicts} <= {"satisfied", "not_addressed"}
    write_report(report, "out")
    assert not Path("out/counterexamples").exists()


def test_a_file_depends_on_the_seed_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again, other = (
        found("adapter.py:wrong_log_partition", "B4", seed=seed).read_text(encoding="utf-8")
        for seed in (3, 3, 4)
    )
    assert first == again
    assert json.loads(first)["counterexample"]["draws"] != json.loads(other)["counterexample"]["draws"]
    file = str(found("adapter.py:wrong_log_partition", "B4"))
    assert replayed(capsys, file) == replayed(capsys, file)


def test_it_is_read_as_it_was_written(folder: Path) -> None:
    report = verified("adapter.py:wrong_discriminator_logit", "A4", profile="smoke")
    write_report(report, "out")
    assert load_report("out").verdicts == report.verdicts
    (saved,) = read_all("out")
    assert saved.found == report.verdicts[0].counterexample
    assert saved.found.draws is not None
    assert saved.found.draws.range == (-np.inf, np.inf)
    assert as_document(saved)["counterexample"]["draws"]["range"] == ["-Infinity", "Infinity"]
    assert [each.found for each in read_all("out/report.json")] == [saved.found]


def test_pages_tell_the_draws_and_lead_to_both_files(folder: Path) -> None:
    report = verified("adapter.py:wrong_log_partition", "B4")
    write_report(report, "out")
    (row,) = report.verdicts
    assert row.counterexample is not None
    assert row.counterexample.draws is not None
    seeds = f"of seeds {row.counterexample.draws.first_seed} to "
    page, summary = (Path("out", name).read_text(encoding="utf-8") for name in ("report.html", "summary.md"))
    for name in ("B4-float64.json", "B4-float64.py"):
        assert f'href="counterexamples/{name}"' in page
    assert "Saved as `counterexamples/B4-float64.json`" in summary
    assert seeds in page
    assert seeds in summary


def test_the_command_prints_the_script_and_the_numbers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = found("adapter.py:wrong_log_partition", "B4")
    (saved,) = read_all(file)
    assert run(["replay", str(file), "--python"]) == 0
    printed = capsys.readouterr().out
    assert "draw(" in printed
    assert len(printed.splitlines()) < 30
    assert run(["replay", str(file), "--target", "adapter.py:right_log_partition"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("FIXED  B4 in float64")
    assert f"When it was saved it was {saved.found.got:.9g}." in said
    assert run(["replay", "out"]) == 1
    said = capsys.readouterr().out
    assert "FAILS  B4" in said
    assert "\n       However, sampled log_partition gives " in said


def test_draws_that_do_not_tell_are_no_fix(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(found("adapter.py:wrong_log_partition", "B4"))
    for target, why in (("raising", "ZeroDivisionError"), ("stuck", "every draw is the same")):
        code, row = replayed(capsys, file, "--target", f"adapter.py:{target}")
        assert (code, row["outcome"]) == (1, "ERROR")
        assert why in row["message"]
    code, row = replayed(capsys, file, "--target", "adapter.py:right_generator_loss")
    assert (code, row["outcome"]) == (1, "ERROR")


def test_what_is_sampled_no_more_is_asked_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(found("adapter.py:wrong_log_partition", "B4"))
    for target, ended in (("settled", (0, "FIXED")), ("settled_wrong", (1, "FAILS"))):
        code, row = replayed(capsys, file, "--target", f"adapter.py:{target}")
        assert (code, row["outcome"]) == ended
        assert "one call decides" in row["message"]
        assert row["draws"] is None


def test_another_claim_about_the_same_number_is_judged_as_declared_now(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An estimate that was called an unbiased log Z is called one of Z: that is a mend, too."""
    file = str(found("adapter.py:as_log_z", "B4"))
    assert replayed(capsys, file)[1]["outcome"] == "FAILS"
    code, row = replayed(capsys, file, "--target", "adapter.py:right_log_partition")
    assert (code, row["outcome"], row["changed"]) == (0, "FIXED", ["unbiased"])


def test_a_draw_that_is_not_finite_is_shown_with_its_seed(
    folder: Path, capsys: pytest.CaptureFixture[str], only_numpy: Path
) -> None:
    file = found("adapter.py:broken", "B4")
    saved = json.loads(file.read_text(encoding="utf-8"))["counterexample"]
    drawn = saved["draws"]
    seed = drawn["first_seed"] + drawn["count"] - 1
    assert seed % 7 == 3
    assert f"with seed {seed}: it has no expectation" in saved["however"]
    code, row = replayed(capsys, str(file))
    assert (code, row["outcome"], row["got"]) == (1, "FAILS", "NaN")
    code, row = replayed(capsys, str(file), "--target", "adapter.py:right_log_partition")
    assert (code, row["outcome"]) == (0, "FIXED")
    assert ran(file.with_suffix(".py"), only_numpy, Path(ganirl.__file__).parents[1]).returncode == 1


def test_rows_that_are_alike_are_averaged_in_the_script_too(folder: Path, only_numpy: Path) -> None:
    """Where rows cannot be weighted, a population holds each as often as its density says."""
    file = found("adapter.py:unweighted", "A4")
    (saved,) = read_all(file)
    (alike,) = re.findall(
        r"\.ravel\(\)\[(\[[\d, ]+\])\]\.mean\(\)$", file.with_suffix(".py").read_text("utf-8"), re.M
    )
    assert len(json.loads(alike)) > 1
    assert json.loads(alike)[0] == saved.found.component[0]
    shown = ran(file.with_suffix(".py"), only_numpy, Path(ganirl.__file__).parents[1])
    mean = re.search(r" is (\S+) on average", shown.stdout)
    assert (mean is not None, shown.returncode) == (True, 1)
    assert mean is not None
    assert float(mean[1]) == pytest.approx(saved.found.got, rel=1e-9)


def test_the_chance_that_a_script_states_is_that_of_the_bets(folder: Path, only_numpy: Path) -> None:
    file = found("adapter.py:wrong_log_q", "A4")
    (saved,) = read_all(file)
    draws, case = saved.found.draws, case_from_data(saved.found.case)
    assert draws is not None
    target: Any = load_target("adapter.py:wrong_log_q")
    values = []
    for number in range(draws.count):
        again = dataclasses.replace(case, seed=(draws.first_seed + number) % 2**31)
        values.append(np.exp(target.log_q(again, again.generator))[saved.found.component[0]])
    above = saved.found.got > saved.found.expected
    edge = saved.found.expected + (saved.found.bound if above else -saved.found.bound)
    won = log_wealth(np.array(values), edge, draws.range[0 if above else 1], draws.stakes)
    shown = ran(file.with_suffix(".py"), only_numpy, Path(ganirl.__file__).parents[1])
    told = re.search(r"if that is right, is at most (\S+)$", shown.stdout.strip())
    assert told is not None
    assert float(told[1]) == pytest.approx(2 * np.exp(-won), rel=0.05)


def test_in_an_environment_of_its_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process is asked by our own command line; here it runs in this very environment."""
    file = found("adapter.py:wrong_log_partition", "B4")
    plan = SimpleNamespace(target="adapter.py:right_log_partition", recipe=None)
    here = SimpleNamespace(python=Path(sys.executable), folder=Path(sys.prefix))
    monkeypatch.setattr(ganirl_reports.isolation, "recipe_for", lambda target, requirements: plan)
    monkeypatch.setattr(ganirl_reports.isolation, "prepare", lambda recipe, say: here)
    (result,) = replay_isolated(read_all(file))
    assert result.replayed.outcome == "FIXED"
    assert result.replayed.draws is not None
    assert result.replayed.draws.beta == 0.01


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "draws.count": lambda draws: draws.update(count=0),
    "draws.alpha": lambda draws: draws.update(alpha=0.0),
    "draws.effect": lambda draws: draws.update(effect=-1.0),
    "draws.first_seed": lambda draws: draws.update(first_seed=2**31),
    "draws.interval": lambda draws: draws.update(interval=[0.0]),
    "draws.drawn": lambda draws: draws.pop("drawn"),
}


@pytest.mark.parametrize("where", EDITS)
def test_a_broken_file_is_refused_in_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    file = found("adapter.py:wrong_log_partition", "B4", profile="smoke")
    document = json.loads(file.read_text(encoding="utf-8"))
    EDITS[where](document["counterexample"]["draws"])
    file.write_text(json.dumps(document), encoding="utf-8")
    assert run(["replay", str(file)]) == 2
    assert where in capsys.readouterr().err


# --- other frameworks, and processes ------------------------------------------------------------------------------

TORCH = """
import torch
from ganirl import Conventions, wrap

def loss(case, lean):
    generator = torch.Generator().manual_seed(case.seed)
    sides = [(side, torch.randint(len(side), (4,), generator=generator)) for side in (case.expert, case.generator)]
    expert, generated = (
        -(side.features[pick] @ case.theta) - case.b - side.log_q[pick] for side, pick in sides
    )
    softplus = torch.nn.functional.softplus
    return softplus(-expert).mean() + lean * softplus(generated).mean()

def made(lean):
    return wrap(
        framework="torch",
        discriminator_loss=lambda case: loss(case, lean),
        conventions=Conventions(sampled=("discriminator_loss",)),
    )

right, wrong = made(1.0), made(0.5)
"""
VISITS = """
import numpy as np
from ganirl import Conventions, wrap
from ganirl_properties.targets import load_target

PROCESS = load_target("numpy-process")

def occupancy(case, tilt):
    mdp, rng = case.mdp, np.random.default_rng(case.seed)
    found = np.zeros((mdp.horizon, mdp.states, mdp.actions))
    policy = PROCESS.policy(case) ** tilt
    for _ in range(16):
        state = int(rng.choice(mdp.states, p=mdp.start / mdp.start.sum()))
        for step in range(mdp.horizon):
            action = int(rng.choice(mdp.actions, p=policy[step, state] / policy[step, state].sum()))
            found[step, state, action] += 1 / 16
            state = int(rng.choice(mdp.states + 1, p=mdp.transition[state, action]))
            if state == mdp.states:
                break
    return found

def made(tilt):
    conventions = Conventions(unit="process", process=PROCESS.conventions.process, sampled=("occupancy",))
    return wrap(occupancy=lambda case: occupancy(case, tilt), conventions=conventions)

right, wrong = made(1.0), made(0.0)
"""


def test_what_is_sampled_of_a_process_that_is_swept_has_conventions_of_its_own() -> None:
    process = ganirl.ProcessConventions(
        entropy="trajectory", horizon="first_exit", start="given", occupancy_axes="sa", sweeps=2
    )
    declared = ganirl.Conventions(
        unit="process", process=process, sampled=("log_partition",), unbiased="log Z", draws="free"
    )
    assert declared_conventions(declared.declared()) == declared


@cache
def example() -> str:
    return str(Path(__file__).parents[2] / "property_tests" / "examples" / "only_a_sampler")


@pytest.mark.parametrize(
    ("file", "wrong", "right", "claim", "dtype"),
    [
        ("torch_adapter.py", "wrong", "right", "B1", "float32"),
        ("torch_adapter.py", "wrong", "right", "C1", "float64"),
        ("visits.py", "wrong", "right", "D1", "float64"),
        ("ganirl_adapter.py", "as_log_z", "target", "H2", "float32"),
    ],
)
def test_autograd_and_rollouts(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    wrong: str,
    right: str,
    claim: str,
    dtype: str,
) -> None:
    if file.startswith("torch"):
        pytest.importorskip("torch")
    (folder / "torch_adapter.py").write_text(TORCH, encoding="utf-8")
    (folder / "visits.py").write_text(VISITS, encoding="utf-8")
    for name in ("ganirl_adapter.py", "rollouts.py"):
        (folder / name).write_text((Path(example()) / name).read_text(encoding="utf-8"), encoding="utf-8")
    report = verified(f"{file}:{wrong}", claim, dtypes=[dtype], profile="smoke")
    saved = write_report(report, "out") / "counterexamples" / f"{claim}-{dtype}.json"
    before = json.loads(saved.read_text(encoding="utf-8"))["counterexample"]
    assert replayed(capsys, str(saved))[1]["outcome"] == "FAILS"
    code, row = replayed(capsys, str(saved), "--target", f"{file}:{right}")
    assert (code, row["outcome"]) == (0, "FIXED")
    shown = subprocess.run(
        [sys.executable, str(saved.with_suffix(".py"))], capture_output=True, text=True, check=False
    )
    assert (shown.returncode, shown.stderr) == (1, "")
    mean = re.search(r" is (\S+) on average", shown.stdout)
    assert mean is not None
    assert float(mean[1]) == pytest.approx(before["got"], rel=1e-6)
