"""Every finding has a text and a short script, and stands in the index."""

from __future__ import annotations

import ast
import json
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


SHOWN = re.compile(r"^\*\*Shown by\*\* `ganirl verify ([\w-]+) --isolated`, claims? (.*)", re.MULTILINE)
READ = re.compile(r"^\*\*Found by reading\.\*\* (?:`ganirl verify ([\w-]+) --isolated` )?(.*)", re.MULTILINE)


def published() -> dict[str, dict[str, set[str]]]:
    """Target → claim → its verdicts, of the comparison that is published."""
    text = (FINDINGS.parent / "compare" / "comparison.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, set[str]]] = {}
    for each in json.loads(text)["implementations"]:
        claims = found.setdefault(each["target"].partition("@")[0], {})
        for row in each["report"]["verdicts"]:
            claims.setdefault(row["claim"], set()).add(row["verdict"])
    return found


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.stem)
def test_how_a_finding_is_shown_is_as_the_published_comparison_has_it(text: Path) -> None:
    """A claim that is said to show it is violated there; what is said to pass has no failure at all."""
    said = text.read_text(encoding="utf-8")
    shown, read = SHOWN.findall(said), READ.findall(said)
    assert len(shown) + len(read) == 1
    (row,) = (
        line
        for line in (FINDINGS / "README.md").read_text(encoding="utf-8").splitlines()
        if f"]({text.name})" in line
    )
    cell = row.split("|")[-2]
    verdicts = published()
    for target, words in shown:
        claims = re.findall(r"\b[A-Z]\d+\b", re.split(r"[:;]", words)[0])
        assert claims
        assert all("violated" in verdicts[target][claim] for claim in claims)
        assert f"`{target}`" in cell
        assert re.findall(r"\b[A-Z]\d+\b", cell) == claims
    for target, words in read:
        assert "found by reading" in cell
        assert words.startswith("passes it") or "does not" in words or "no built-in target" in words
        if words.startswith("passes it"):
            assert not set().union(*verdicts[target].values()) & {"violated", "error", "inconclusive"}
