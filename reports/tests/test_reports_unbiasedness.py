"""The study of unbiasedness: its numbers by other routes, its pictures the same twice, its verdicts as promised."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from ganirl.large_process import Contract
from ganirl_reports.studies import study_runner, unbiasedness_figures, unbiasedness_sampling
from ganirl_reports.studies.study import Figure, Study, Table
from ganirl_reports.studies.writing import to_document, to_html, to_markdown

pytest.importorskip("matplotlib", reason="figures are drawn with the extra ganirl[figures]")


@pytest.fixture(scope="module")
def told() -> list[tuple[int, int, str]]:
    return []


@pytest.fixture(scope="module")
def study(told: list[tuple[int, int, str]]) -> Study:
    return study_runner("unbiasedness")(seed=0, progress=lambda *step: told.append(step))


def parts(study: Study, kind: type) -> list[object]:
    return [part for section in study.sections for part in section.parts if isinstance(part, kind)]


def test_everything_that_it_says_held(study: Study, told: list[tuple[int, int, str]]) -> None:
    assert study.passed
    assert [done for done, _, _ in told] == list(range(1, told[0][1] + 1))


def test_published_table(study: Study) -> None:
    (table, *_) = parts(study, Table)
    assert isinstance(table, Table)
    numbers = [str(row[1]) for row in table.rows]
    assert numbers[:4] == ["2.7617676583", "2.7617676583", "2.9655251903", "3.2767694395"]
    assert numbers[4] == "0.842, 1.477, 2.421, 4.094, 6.652"
    assert float(numbers[-1]) < 1e-15


def test_first_estimate_and_its_logarithm_by_hand(study: Study) -> None:
    q, c = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.2, 0.1, 1.0, 0.4])
    single = float(q @ (-c - np.log(q)) - np.log(np.exp(-c).sum()))
    samples = study.numbers["samples"]["q"]
    assert samples[0]["log"] == pytest.approx(single, abs=1e-14)
    assert study.numbers["integrals"]["q"][0][1] == pytest.approx(single, abs=1e-13)
    # two samples, all sixteen pairs
    pairs = q[:, None] * q[None, :]
    weight = np.exp(-c) / q
    mean = (weight[:, None] + weight[None, :]) / 2
    assert samples[1]["log"] == pytest.approx(
        float((pairs * np.log(mean)).sum() - np.log(np.exp(-c).sum())), abs=1e-14
    )


def test_only_the_right_estimators_pass_and_hopeless_cases_are_inconclusive(study: Study) -> None:
    for tests in study.numbers["judged"].values():
        assert {name for name, test in tests.items() if test["verdict"] == "passed"} == {"right"}
        assert all(test["verdict"] == "failed" for name, test in tests.items() if name != "right")
    verdicts = {(each["spread"], each["policy"]): each["draws"] < 1e6 for each in study.numbers["cases"]}
    assert verdicts[0.1, "uniform"]
    assert not any(judged for (_, policy), judged in verdicts.items() if policy == "random")


def test_the_seed_changes_what_is_drawn_and_nothing_else(study: Study) -> None:
    other = study_runner("unbiasedness")(seed=1)
    assert other.passed
    assert {k: v for k, v in other.numbers.items() if k != "judged"} == {
        k: v for k, v in study.numbers.items() if k != "judged"
    }
    right, again = (each.numbers["judged"]["balance"]["right"] for each in (study, other))
    assert right["estimate"] != again["estimate"]
    assert [each.svg for each in parts(other, Figure)] == [each.svg for each in parts(study, Figure)]  # type: ignore[attr-defined]


def test_figures_are_pictures(study: Study) -> None:
    figures = parts(study, Figure)
    assert len(figures) == 3
    for figure in figures:
        assert isinstance(figure, Figure)
        root = ElementTree.fromstring(figure.svg)
        assert root.tag.endswith("svg")
        assert "<text" not in figure.svg  # glyphs are paths: the same on every machine
        assert "dc:date" not in figure.svg


def test_the_picture_of_verdicts_keeps_the_contract() -> None:
    contract = Contract(alpha=0.05, beta=0.05, effect=0.3)
    assert unbiasedness_figures.verdicts(contract, (300, 50)) == unbiasedness_figures.verdicts(
        contract, (300, 50)
    )


def test_documents(study: Study) -> None:
    markdown, page = to_markdown(study), to_html(study)
    assert "(expectations.svg)" in markdown
    assert "unbiased for every n" in page
    assert to_document(study)["numbers"]["population"]["from_model"] == pytest.approx(2.9655251903, abs=5e-11)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.42, "0.42"),
        (93574.0, "93574"),
        (5.65e53, "5.6·10⁵³"),
        (1e-6, "10⁻⁶"),
        (float("inf"), "∞"),
        (211.4, "211"),
    ],
)
def test_numbers_of_any_size(value: float, text: str) -> None:
    assert unbiasedness_sampling._power(value) == text


def test_import_waits_for_matplotlib() -> None:
    code = "import sys, ganirl_reports.studies.unbiasedness; sys.exit('matplotlib' in sys.modules)"
    path = "import sys; sys.path[:0] = " + repr(sys.path) + "; "
    assert subprocess.run([sys.executable, "-c", path + code], check=False).returncode == 0
