"""Scripts against the engine: on any case they find what it finds, and judge as it judges, right or wrong."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganirl import PRECISIONS, Implementation, available_observables
from ganirl.framework import load_framework
from ganirl_properties.case_data import case_data
from ganirl_properties.checks import Check, View
from ganirl_properties.narrative import component
from ganirl_properties.observed import NotObservedError
from ganirl_properties.report import Counterexample
from ganirl_properties.search import Judgement, Search, judged
from ganirl_properties.targets import load_target
from ganirl_reports.counterexamples.saved import Saved
from ganirl_reports.counterexamples.script import NoScriptError, script

# How scripts import a variant: by a name in a file beside them.
VARIANTS = """
from ganirl_properties.right_variants import right_variants
globals().update({variant.id.replace("-", "_"): variant.implementation() for variant in right_variants()})
"""
# Wrong in everything that is shown, each by a little of its own.
WRONG = """
from ganirl_gpu.target import TorchTarget
from ganirl_properties.targets.numpy_process import NumpyProcess
from ganirl import ProcessConventions

class Wrong(TorchTarget):
    def log_q(self, case, rows):
        return super().log_q(case, rows) * 1.25 + 0.1 * case.theta.sum()

class WrongProcess(NumpyProcess):
    def _solve(self, case):
        values, action_values = super()._solve(case)
        return values + 0.01 * case.theta.sum() * values**2, action_values

torch, process = Wrong(), WrongProcess("wrong", ProcessConventions())
"""
# Where arithmetic needs a context of its own, and nothing is NumPy's by accident.
STRICT = """
from ganirl import wrap

def logit(case, rows):
    return -(rows.features @ case.theta) - case.b - rows.log_q

target = wrap(framework="array-api-strict", discriminator_logit=logit, generator_reward=logit)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "variants.py").write_text(VARIANTS, encoding="utf-8")
    (tmp_path / "wrongs.py").write_text(WRONG, encoding="utf-8")
    (tmp_path / "strict.py").write_text(STRICT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def comparisons(target: Implementation, dtype: str) -> Iterator[tuple[Check, View, Judgement]]:
    """Every comparison of every check on one case of its own."""
    from ganirl_properties.checks import CHECKS

    framework = load_framework(target.framework)
    search = Search(target, framework, PRECISIONS[dtype], "cpu", 1, 0)
    with framework.arithmetic(), np.errstate(all="ignore"):
        for check in CHECKS:
            if not check.suits(target.conventions.unit):
                continue
            if not all(search.implementation_has(name) for name in check.observables):
                continue
            with contextlib.suppress(NotObservedError):
                views = [view for _, view in search.suited(check)]
                for view in views[:1] + views[1:][-1:]:
                    for judgement in judged(check, view):
                        if judgement is not None:
                            yield check, view, judgement


def saved(spec: str, target: Implementation, check: Check, view: View, judgement: Judgement) -> Saved:
    found = Counterexample(
        claim=check.claim,
        check=check.name,
        observable=judgement.comparison.observable,
        let="",
        then="",
        however="",
        got=judgement.got,
        expected=judgement.expected,
        bound=judgement.bound,
        allowed=judgement.allowed,
        case=case_data(view.case),
        setting=check.setting or "single rows",
        rows=(len(view.case.expert), len(view.case.generator)),
        component=component(judgement),
    )
    observables, conventions = available_observables(target), target.conventions.declared()
    dtype, framework = view.case.precision_name, target.framework
    return Saved("", "0.1.0", "1", spec, False, (), framework, observables, conventions, dtype, "cpu", found)


def played(text: str) -> tuple[int, dict[str, Any]]:
    """Run a script in this process; return its exit code and its names."""
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as said, pytest.raises(SystemExit) as left:
        exec(compile(text, "script", "exec"), names)
    assert "should be" in said.getvalue()
    code = left.value.code
    assert isinstance(code, int)
    return code, names


def agreed(spec: str, dtype: str) -> tuple[dict[str, int], set[str]]:
    """Hold every script of a target against the engine; return how they ended, and the checks without a script."""
    target, ended, without = load_target(spec), {"right": 0, "wrong": 0}, set[str]()
    for check, view, judgement in comparisons(target, dtype):
        try:
            text = script(saved(spec, target, check, view, judgement))
        except NoScriptError:
            without.add(f"{check.claim} {check.name}")
            continue
        assert len(text.splitlines()) < 30
        assert not re.search(r"^ *\w+ = \w+ = ", text, re.MULTILINE), text
        code, names = played(text)
        where = f"{check.claim} {check.name} {judgement.comparison.observable}\n{text}"
        # A script of a difference takes a wider step, and one of a shift may shift by another constant.
        if not check.name.endswith("difference") and check.claim != "A6":
            np.testing.assert_allclose(
                names["found"], judgement.got, rtol=1e-6, atol=judgement.allowed, err_msg=where
            )
            np.testing.assert_allclose(
                names["should"], judgement.expected, rtol=1e-6, atol=judgement.allowed, err_msg=where
            )
        assert code == int(judgement.failed), where
        ended["wrong" if code else "right"] += 1
    return ended, without


@pytest.mark.parametrize(
    ("spec", "dtype"),
    [("torch", "float32"), ("torch", "bfloat16"), ("numpy", "float64"), ("numpy-process", "float64")],
)
def test_what_is_built_in(folder: Path, spec: str, dtype: str) -> None:
    ended, without = agreed(spec, dtype)
    assert not without
    assert ended["wrong"] == 0
    assert ended["right"] > 6


# Each declares, or leaves undeclared, what changes a formula.
CHOSEN = (
    "flipped-labels",
    "mean-of-all",
    "mean-of-all-undeclared",
    "sum-over-rows",
    "logarithms-to-base-two",
    "constant-in-log-q",
    "log-q-handed-over",
    "no-log-z",
    "weighted-rows",
    "transitions",
    "loss-without-a-gradient",
    "reward-centred",
    "half-of-the-entropy-by-the-optimiser",
    "tabular-for-ever",
    "tabular-linear-domain",
    "tabular-rewards-of-states",
    "tabular-normalised-visits",
    "tabular-likelihood",
    "tabular-gradient-with-its-loss",
    "tabular-sum-over-demonstrations",
)


@pytest.mark.parametrize("identifier", CHOSEN)
def test_right_variants(folder: Path, identifier: str) -> None:
    ended, without = agreed(f"variants.py:{identifier.replace('-', '_')}", "float64")
    assert not without
    assert ended["right"] > 0
    assert (ended["wrong"] > 0) == identifier.endswith("undeclared")


def test_another_framework(folder: Path) -> None:
    ended, without = agreed("strict.py:target", "float64")
    assert not without
    assert ended["wrong"] == 0
    assert ended["right"] > 4


@pytest.mark.parametrize("name", ["torch", "process"])
def test_wrong_ones(folder: Path, name: str) -> None:
    ended, without = agreed(f"wrongs.py:{name}", "float64")
    assert not without
    assert ended["wrong"] > 4


def test_the_expected_number_is_computed(folder: Path) -> None:
    """What should be is never pasted; 0 and 1 are claims."""
    for spec in ("torch", "numpy-process"):
        target = load_target(spec)
        for check, view, judgement in comparisons(target, "float64"):
            tree = ast.parse(script(saved(spec, target, check, view, judgement)))
            (should,) = (
                node.value
                for node in tree.body
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "should"
            )
            assert not isinstance(should, ast.Constant) or should.value in (0.0, 1.0)


def test_numbers_come_back_exact(folder: Path) -> None:
    target = load_target("torch")
    for check, view, judgement in comparisons(target, "float32"):
        if check.claim in ("A4", "C5"):
            _, names = played(script(saved("torch", target, check, view, judgement)))
            assert case_data(names["exact"]) == case_data(view.case)
