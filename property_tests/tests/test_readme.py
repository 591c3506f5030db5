"""What the README and the examples show is run as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ganirl.claims import CLAIMS
from ganirl_properties import verify
from ganirl_properties.targets import load_target
from ganirl_properties.wrong_formulas import COUNTERCLAIMS, WRONG_FORMULAS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = [text for text in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "target = " in text]


@pytest.mark.parametrize("index", range(len(SNIPPETS)))
def test_an_adapter_of_the_readme_holds(index: int, tmp_path: Path) -> None:
    path = tmp_path / f"adapter{index}.py"
    path.write_text(SNIPPETS[index], encoding="utf-8")
    report = verify(load_target(f"{path}:target"), profile="smoke", dtypes=["float32"])
    assert not report.failed, report.reconciled()
    assert report.summary["satisfied"] >= 2


def test_there_are_two_adapters_in_the_readme() -> None:
    assert len(SNIPPETS) == 2


@pytest.mark.parametrize(
    "path", sorted((ROOT / "property_tests" / "examples").glob("*.py")), ids=lambda path: path.stem
)
def test_an_example_holds(path: Path) -> None:
    report = verify(load_target(f"{path}:target"), profile="smoke", dtypes=["float32"])
    assert not report.failed, report.reconciled()
    assert report.verified


def test_the_three_doors_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    (snippet,) = (
        text for text in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "for door in" in text
    )
    exec(compile(snippet, "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" Residual")[0] for line in lines] == ["S4", "generic", "Ising chain"]


def test_every_link_into_the_tree_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    missing = [link for link in links if not (ROOT / link).exists()]
    assert not missing


def test_counter_claims_are_planted_as_formulas_that_exist() -> None:
    known = {formula.id: formula for formula in WRONG_FORMULAS}
    for claim, formulas in COUNTERCLAIMS.items():
        assert claim in {each.id for each in CLAIMS}
        assert all(known[formula].expected for formula in formulas)


def test_the_catalogue_names_only_claims_that_exist() -> None:
    known = {claim.id for claim in CLAIMS}
    assert len(known) == len(CLAIMS) == 90
    for claim in CLAIMS:
        assert set(claim.requires) <= known
