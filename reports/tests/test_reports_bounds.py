"""The study of bounds as a document: what it says is what was found, and a broken bound fails it."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import pytest

from ganirl_gpu.bound_study import Ratios, study_bounds
from ganirl_reports.studies import bounds, bounds_figure
from ganirl_reports.studies.study import Figure, Table
from ganirl_reports.studies.writing import to_document, to_html, to_markdown

pytest.importorskip("matplotlib", reason="figures are drawn with the extra ganirl[figures]")


def ratios(bound: str, dtype: str, *values: float) -> Ratios:
    return Ratios(bound, dtype, "L_D", list(values), "torch: library", 3)


FOUND = (
    ratios("T1", "float64", 0.5, 0.25, 0.125),
    ratios("T1", "bfloat16", 0.01, 0.9),
    ratios("B1", "float32", 0.2, 0.3, 0.0),
)


def test_it_says_what_was_found() -> None:
    study = bounds.present(FOUND)
    assert study.passed
    assert "0.90 of it (T1, bfloat16)" in study.summary
    assert "slack by more than 3 (B1, float32)" in study.summary
    formulas, verdicts, _ = study.sections
    (table,) = (part for part in formulas.parts if isinstance(part, Table))
    assert [row[:5] for row in table.rows] == [
        ("T1", "$L_D$", "float64", 3, "0.500"),
        ("T1", "$L_D$", "bfloat16", 3, "0.900"),
    ]
    (table,) = (part for part in verdicts.parts if isinstance(part, Table))
    assert [row[0] for row in table.rows] == ["B1"]
    assert study.numbers["ratios"][0]["quantiles"]["50%"] == 0.25


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (ratios("T9", "float32", 0.5, 1.25), "Exceeded: T9 in float32"),
        (ratios("T9", "float32", float("inf")), "Exceeded: T9 in float32"),
        (ratios("T9", "float32", 1e-4), "Slack by more than 1000: T9 in float32"),
    ],
)
def test_a_bad_bound_fails_it(wrong: Ratios, told: str) -> None:
    study = bounds.present((*FOUND, wrong))
    assert not study.passed
    assert told in study.summary


def test_figures_are_the_same_twice_and_well_formed() -> None:
    first, second = (bounds_figure.distributions(FOUND) for _ in range(2))
    assert first == second
    assert ElementTree.fromstring(first).tag.endswith("svg")
    assert (
        len(
            {
                part.name
                for section in bounds.present(FOUND).sections
                for part in section.parts
                if isinstance(part, Figure)
            }
        )
        == 2
    )


def test_documents_of_a_glance() -> None:
    study = bounds.present(study_bounds(seed=1, effort=0.02, formats=("float32",)))
    assert study.passed, study.summary
    page, text, document = to_html(study), to_markdown(study), to_document(study)
    assert "<svg" in page
    assert "C2, C3" in text
    assert document["passed"] is True


def test_matplotlib_waits_until_something_is_drawn() -> None:
    code = "import sys, ganirl_reports.studies.bounds; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
