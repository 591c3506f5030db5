"""Every finding has a text and a short script, and stands in the index."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

FINDINGS = Path(__file__).parents[1] / "published" / "findings"
TEXTS = sorted(path for path in FINDINGS.glob("*.md") if path.name != "README.md")


def test_the_index_lists_every_finding_and_nothing_else() -> None:
    linked = re.findall(r"\]\(([\w-]+\.md)\)", (FINDINGS / "README.md").read_text(encoding="utf-8"))
    assert sorted(linked) == [path.name for path in TEXTS]
    assert {path.stem for path in FINDINGS.glob("*.py")} == {path.stem for path in TEXTS}


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.stem)
def test_a_finding_says_where_and_how_to_see_it(text: Path) -> None:
    said = text.read_text(encoding="utf-8")
    assert said.startswith("# ")
    assert "**Where**" in said
    assert f"]({text.stem}.py)" in said
    assert "ikely fix" in said
    script = text.with_suffix(".py").read_text(encoding="utf-8")
    assert len(script.splitlines()) < 30
    tree = ast.parse(script)
    assert ast.get_docstring(tree)
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        node.module.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
    }
    # The library, what it brings, and NumPy: a maintainer needs nothing of ours.
    assert not {name for name in imported if name.startswith("ganirl")}
    assert "sys.exit(" in script
