"""The guide "wrap your library in 15 lines": its blocks are what is in the files, and what really comes out."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganirl import Case, Conventions, Departure, Rows, Steps, wrap
from ganirl_properties import verify
from ganirl_properties.targets import load_target

ROOT = Path(__file__).parents[2]
SPECIFICATION = importlib.util.spec_from_file_location(
    "write_guide", ROOT / "reports" / "docs" / "write_guide.py"
)
assert SPECIFICATION is not None
assert SPECIFICATION.loader is not None
WRITER = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(WRITER)
GUIDE = WRITER.GUIDE.read_text(encoding="utf-8")
BLOCKS = list(WRITER.BLOCK.finditer(GUIDE))
EXAMPLES = [block["of"] for block in BLOCKS if block["kind"] == "output"]
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def test_there_are_three_worked_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(
    "block", [each for each in BLOCKS if each["kind"] != "output"], ids=lambda block: block["of"]
)
def test_code_in_the_guide_is_what_is_in_the_file(block: re.Match[str]) -> None:
    kinds = {"file": WRITER.file, "source": WRITER.source}
    assert kinds[block["kind"]](block["of"]) == block["text"]
    assert block["text"].strip()


def in_words(text: str) -> str:
    """Return a text as one line without its numbers: a last digit may differ from machine to machine."""
    return NUMBER.sub("#", " ".join(text.split()))


@pytest.mark.parametrize(
    "block", [each for each in BLOCKS if each["kind"] == "output"], ids=lambda block: block["of"]
)
def test_output_in_the_guide_is_what_comes_out(block: re.Match[str]) -> None:
    fresh = WRITER.output(block["of"])
    assert in_words(fresh) == in_words(block["text"])
    assert fresh.splitlines()[-1] == block["text"].splitlines()[-1]
    assert " violated" in fresh


@pytest.mark.parametrize("of", EXAMPLES)
def test_an_adapter_has_fifteen_lines(of: str) -> None:
    text = (ROOT / of / "ganirl_adapter.py").read_text(encoding="utf-8")
    imports = {
        line
        for node in ast.parse(text).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    counted = [
        line
        for number, line in enumerate(text.splitlines(), 1)
        if number not in imports and line.strip(" )") and not line.strip().startswith("#")
    ]
    assert len(counted) <= 15, len(counted)


@pytest.mark.parametrize("of", EXAMPLES)
def test_a_library_knows_nothing_of_ganirl(of: str) -> None:
    (library,) = (path for path in (ROOT / of).glob("*.py") if path.name != "ganirl_adapter.py")
    names = {
        alias.name for node in ast.walk(ast.parse(library.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    }  # fmt: skip
    assert not any("ganirl" in name for name in names)


MENDS = {
    "gcl_script/gcl.py": ((("- log_mixture,", "- log_mixture.detach(),"),), "C*"),
    "gail_in_one_file/gail.py": (
        (
            ("nn.BCELoss()", "nn.BCEWithLogitsLoss()"),
            (
                "return torch.sigmoid(self.net(torch.cat([obs, act], dim=1)))",
                "return self.net(torch.cat([obs, act], dim=1))",
            ),
            ("return torch.log(self(obs, act))", "return -F.logsigmoid(self(obs, act))"),
        ),
        "N*,E1",
    ),
    "airl_in_one_file/airl.py": ((("return -F.logsigmoid(-logits)", "return logits"),), "E*"),
}


@pytest.mark.parametrize("of", MENDS)
def test_the_mend_that_the_guide_gives_mends(
    of: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replacements, claims = MENDS[of]
    source = ROOT / "property_tests" / "examples" / of
    text = source.read_text(encoding="utf-8")
    for old, new in replacements:
        assert text.count(old) == 1
        text = text.replace(old, new)
    (tmp_path / source.name).write_text(text, encoding="utf-8")
    shutil.copy(source.parent / "ganirl_adapter.py", tmp_path)
    monkeypatch.delitem(__import__("sys").modules, source.stem, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    target = load_target(f"{tmp_path}/ganirl_adapter.py:target")
    report = verify(target, claims=claims.split(","), profile="smoke", dtypes=["float32"])
    monkeypatch.delitem(__import__("sys").modules, source.stem, raising=False)
    failed = {row.claim: row.message for row in report.verdicts if row.verdict in ("violated", "error")}
    if "gail" in of:  # by design, as the guide says
        assert failed.pop("E1") == "the reward is −log(1 − D), the form of GAIL"
    assert failed == {}
    assert report.summary["satisfied"] + report.summary["conditional"] >= 2


def test_every_link_and_anchor_leads_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)", GUIDE, re.M)
    }
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", GUIDE)
    assert len(links) >= 8
    for link in links:
        if link.startswith("#"):
            assert link[1:] in anchors
        else:
            assert (WRITER.GUIDE.parent / link).exists(), link


# --- the policy's loss ------------------------------------------------------------------------------------------

LOSS = "-(airl.policy.evaluate_log_pi(t.observation, t.action) * advantages).mean()\n    loss.backward()"
OTHERWISE = {
    "as it is": LOSS,
    "the wrong sign": LOSS[1:],
    "the library's own update, with normalised returns": "airl.update_policy(*t)",
    "a mean baseline": LOSS.replace("* advantages", "* (advantages - advantages.mean())"),
    "divided by the deviation": LOSS.replace("advantages)", "advantages / advantages.std())"),
}


@pytest.mark.parametrize("loss", OTHERWISE)
def test_the_example_of_a_policy_gradient_is_right_and_only_that(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(def generator_gradient.*?)```", GUIDE, re.DOTALL)
    assert code.count(LOSS) == 1
    place = ROOT / "property_tests" / "examples" / "airl_in_one_file"
    # With its bug mended, which is in the reward.
    airl = (
        (place / "airl.py")
        .read_text(encoding="utf-8")
        .replace("return -F.logsigmoid(-logits)", "return logits")
    )
    adapter = (place / "ganirl_adapter.py").read_text(encoding="utf-8")
    above, target, below = adapter.partition("\n\ntarget = wrap(\n")
    given = "    generator_gradient=generator_gradient,\n"
    (tmp_path / "airl.py").write_text(airl, encoding="utf-8")
    (tmp_path / "ganirl_adapter.py").write_text(
        above + "\n\n" + code.replace(LOSS, OTHERWISE[loss]) + target + given + below, encoding="utf-8"
    )
    monkeypatch.delitem(sys.modules, "airl", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    target = load_target(f"{tmp_path}/ganirl_adapter.py:target")
    report = verify(target, claims=["E3"], profile="smoke", dtypes=["float32"])
    monkeypatch.delitem(sys.modules, "airl", raising=False)
    right = loss in ("as it is", "a mean baseline")
    assert [row.verdict for row in report.verdicts] == ["satisfied" if right else "violated"]


@pytest.mark.parametrize("right", [True, False])
def test_the_example_of_a_policy_s_loss_is_right(right: bool) -> None:
    (code,) = re.findall(r"```python\n(def policy_loss.*?)```", GUIDE, re.DOTALL)
    names: dict[str, Any] = {
        "my_policy_loss": lambda log_pi, rewards: (-1 if right else 1) * (log_pi * rewards).mean(),
        "my_reward": logits,
    }
    exec(code, names)
    report = verify(of_torch(policy_loss=names["policy_loss"]), claims=["E3"], profile="smoke")
    assert {row.verdict for row in report.verdicts} == {"satisfied" if right else "violated"}


def a_copy_of_the_policy(case: Any) -> Any:
    from ganirl_gpu.networks import PolicyNetwork, transitions

    t = transitions(case, case.generator)
    log_pi = PolicyNetwork(case)(t.observation).log_softmax(-1).gather(1, t.action[:, None])[:, 0]
    return -(log_pi * logits(case, case.generator).detach()).mean()


def test_a_copy_of_the_policy_is_told_as_a_cut_graph() -> None:
    target = of_torch(Conventions(unit="transition"), policy_loss=a_copy_of_the_policy)
    (row,) = verify(target, claims=["E3"], profile="smoke", dtypes=["float64"]).verdicts
    assert row.verdict == "error"
    assert "no gradient of policy_loss reaches case.policy_logits: its graph is cut" in row.message


def test_a_departure_that_names_its_formula_waives_that_one_alone() -> None:
    (text,) = re.findall(r"`departures=(\{[^`]*Departure\(.*?\)\})`", GUIDE)
    departures = eval(text, {"Departure": Departure})

    def gail(case: Any, rows: Any) -> Any:
        x = logits(case, rows)
        return x.clamp(min=0) + (-x.abs()).exp().log1p()

    def other(case: Any, rows: Any) -> Any:
        return logits(case, rows).sigmoid().log()

    for reward, verdict in ((gail, "waived"), (other, "violated")):
        target = of_torch(discriminator_logit=logits, generator_reward=reward, departures=departures)
        rows = verify(target, claims=["E1"], profile="smoke", dtypes=["float64"]).verdicts
        assert [row.verdict for row in rows] == [verdict]


SHAPED = "self.gamma * (1 - dones) * next_vs - vs"


@pytest.mark.parametrize(
    ("term", "right"),
    [
        (SHAPED, True),
        ("0.9 * (1 - dones) * next_vs - vs", False),
        ("self.gamma * next_vs - vs", False),
        ("self.gamma * (1 - dones) * next_vs + vs", False),
    ],
)
def test_a_silent_h_hides_what_a_table_shows(term: str, right: bool) -> None:
    """The guide's own class on its own AIRL: wrong shaping shows with the table, and only there."""
    import torch

    from ganirl_gpu.framework import framework
    from ganirl_gpu.networks import RewardNetwork, transitions

    (code,) = re.findall(r"```python\n(class Table.*?)```", GUIDE, re.DOTALL)
    text = (ROOT / "property_tests/examples/airl_in_one_file/airl.py").read_text(encoding="utf-8")
    assert text.count(SHAPED) == 1
    names: dict[str, Any] = {"nn": torch.nn, "__name__": "airl"}
    exec(code, names)
    exec(text.replace(SHAPED, term), names)

    # From state 0 to state 1, from 1 to 0, and from 1 to the absorbing end, which is number 2.
    def column(*values: int) -> Any:
        return np.array(values)[:, None]

    phi = np.array([[[0.5]], [[-1.0]], [[2.0]]])
    done, mask = column(0, 0, 1).astype(bool), np.ones((3, 1), dtype=bool)
    steps = Steps(column(0, 1, 1), column(0, 1, 0), column(1, 0, 2), done, mask, phi)
    rows = Rows(phi.sum(1), np.zeros(3), np.full(3, 1 / 3), steps)
    exact = Case(np.array([1.5]), np.array(0.25), np.zeros((2, 2)), rows, rows, "float64", "transition")
    case = framework.case(exact, "cpu")

    table = names["Table"](2, 1).double()
    with torch.no_grad():
        table.weight.copy_(torch.tensor([[3.0, 7.0]]))
        table.bias.fill_(20.0)

    def logits(h: Any) -> Any:
        library = names["AIRL"](obs_dim=1, n_actions=2, gamma=0.5)
        library.disc.g, library.disc.h = RewardNetwork(case), h
        t = transitions(case, case.expert)
        with torch.no_grad():
            return library.disc(t.observation, t.done, case.expert.log_q, t.next_observation).numpy()

    silent = logits(RewardNetwork(case, sign=0))
    np.testing.assert_allclose(silent, -1.5 * phi[:, 0, 0] - 0.25)
    # h is 23 and 27, and 20 at the end.
    by_hand = [0.5 * 27 - 23, 0.5 * 23 - 27, 0 - 27]
    assert np.allclose(logits(table) - silent, by_hand) is right


# --- the table of what may go wrong ----------------------------------------------------------------------------


def of_torch(conventions: Conventions | None = None, **observables: Any) -> Any:
    return wrap(framework="torch", conventions=conventions, **observables)


def logits(case: Any, rows: Any) -> Any:
    return -(rows.features @ case.theta) - case.b - rows.log_q


def loss(case: Any) -> Any:
    import torch

    softplus = torch.nn.functional.softplus
    return softplus(-logits(case, case.expert)).mean() + softplus(logits(case, case.generator)).mean()


def detached(case: Any) -> Any:
    return loss(case).detach()


def a_float(case: Any) -> float:
    value: float = loss(case).item()
    return value


def broadcast(case: Any, rows: Any) -> Any:
    return (logits(case, rows) + rows.log_q)[:, None] - rows.log_q


def a_float32_network(case: Any) -> Any:
    import torch

    return torch.nn.Linear(len(case.theta), 1)(case.expert.features).mean()


def state_of_a_trajectory(case: Any, rows: Any) -> Any:
    return rows.state


def half(case: Any) -> Any:
    return 0.5 * loss(case)


def naught(case: Any, rows: Any) -> Any:
    import torch

    d = torch.zeros_like(rows.log_q)
    return d.log() - d.log()


TROUBLES = {
    "discriminator_logit returned None; expected an array of shape": (
        "A4", {"discriminator_logit": lambda case, rows: None},
    ),
    "discriminator_loss returned a tuple of 2 (Tensor, dict); expected one number alone": (
        "C1", {"discriminator_loss": lambda case: (loss(case), {})},
    ),
    "no gradient of discriminator_loss reaches case.theta or case.b: its graph is cut": (
        "C1", {"discriminator_loss": detached},
    ),
    "discriminator_loss cannot be differentiated here, and the adapter gives no gradient": (
        "N2", {"discriminator_loss": a_float},
    ),
    "generator_reward returned shape (": ("E1", {"generator_reward": broadcast}),
    "discriminator_loss raised RuntimeError: ": ("B1", {"discriminator_loss": a_float32_network}),
    "these rows are trajectories of up to": ("A4", {"discriminator_logit": state_of_a_trajectory}),
    "correct up to": ("B1", {"discriminator_loss": half}),
    "wrapped callables gives NaN": ("A4", {"discriminator_logit": naught}),
}  # fmt: skip


@pytest.mark.parametrize("message", TROUBLES)
def test_a_message_of_the_table_is_what_ganirl_says(message: str) -> None:
    claim, observables = TROUBLES[message]
    report = verify(of_torch(**observables), claims=[claim], profile="smoke", dtypes=["float64"])
    (row,) = report.verdicts
    shown = row.message + (f" {row.counterexample.however}" if row.counterexample else "")
    assert message in shown
    assert any(message in line for line in GUIDE.splitlines() if line.startswith("| `"))
