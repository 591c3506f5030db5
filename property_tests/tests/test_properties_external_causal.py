"""The worked example of a library that needs a NumPy of its own, with a stand-in for the library."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import pytest

from ganirl_properties import shrink, verify
from ganirl_properties.targets import load_target

EXAMPLE = Path(__file__).parents[1] / "examples/external/irl_maxent_causal.py"
# By the signature and the axes of irl-maxent 0.1.0; of Q and V each by a formula of its own.
LIBRARY = """
import numpy as np

def local_causal_action_probabilities(p_transition, terminal, reward, discount, eps):
    assert len(terminal) == 0
    value, delta = np.zeros(len(reward)), 1.0
    while delta > eps:
        ahead = np.tensordot(discount * {carried}, p_transition, axes=(0, 1))
        q = reward[:, None] + {received}
        before, value = value, np.log(np.exp(q).sum(axis=1))
        delta = np.abs(value - before).max()
    return np.exp(q - value[:, None])
"""
CAUSAL = {"carried": "value", "received": "ahead"}
LUCK = {"carried": "np.exp(value)", "received": "np.log(ahead)"}


@pytest.mark.parametrize(("formula", "verdict"), [(CAUSAL, "satisfied"), (LUCK, "violated")])
def test_the_example_asks_for_the_causal_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formula: dict[str, str], verdict: str
) -> None:
    monkeypatch.setattr(shrink, "MOST_SECONDS", 0.0)  # how small a counterexample is, is no matter here
    package = tmp_path / "irl_maxent"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "maxent.py").write_text(LIBRARY.format(**formula), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    target = load_target(f"exec:{shlex.quote(sys.executable)} {shlex.quote(str(EXAMPLE))}")
    (row,) = verify(target, claims=("H12",), profile="smoke").verdicts
    assert row.verdict == verdict
    assert row.cases > 0
