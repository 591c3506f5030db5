"""`import ganirl` is light: an adapter's author pays for numpy and scipy, and for nothing else."""

import subprocess
import sys

import pytest

HEAVY = (
    "sympy",
    "mpmath",
    "torch",
    "hypothesis",
    "pytest",
    "click",
    "rich",
    "jinja2",
    "pydantic",
    "matplotlib",
)


def modules_loaded_by(statement: str) -> set[str]:
    code = f"import sys; sys.path[:0] = {sys.path!r}; {statement}; print(*sys.modules)"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(finished.stdout.split())


@pytest.mark.parametrize("module", ["ganirl", "ganirl.mdp", "ganirl.dynamic_programming", "ganirl.instances"])
def test_importing_floor_1_loads_nothing_heavy(module):
    loaded = modules_loaded_by(f"import {module}")
    assert module in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_probe_sees_a_heavy_import():
    assert "sympy" in modules_loaded_by("import sympy")
