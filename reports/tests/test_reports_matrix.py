"""The traceability matrix is complete: no empty cell, and where a cell cannot exist, the reason stands in it."""

from __future__ import annotations

import json

import pytest

from ganirl.claims import CLAIMS
from ganirl.errata import ERRATA
from ganirl_reports.command_line import run
from ganirl_reports.matrix import CELLS, Entry, matrix

pytest.importorskip("torch", reason="floor 4 is PyTorch: pip install 'ganirl[torch]'")

# Claims about floating point and about code: there is no exact value to enumerate, no algebra of roundings.
WITHOUT_ENUMERATION = {"N1", "N1b", "N2", "S1"}
WITHOUT_DERIVATION = {"N1", "N1b", "N2"}

# Every claim of sections 3 and 4 of the study that this catalogue began with.
NAMED = [
    *(f"A{k}" for k in range(1, 11)),
    *(f"B{k}" for k in range(1, 11)),
    *("C1", "C1c", "C2", "C3", "C4", "C5", "C6", "C8"),
    *(f"D{k}" for k in range(1, 7)),
    *(f"E{k}" for k in range(1, 10)),
    *(f"F{k}" for k in range(1, 11)),
    *(f"G{k}" for k in range(1, 5)),
    *(f"H{k}" for k in range(1, 13)),
    *(f"I{k}" for k in range(1, 5)),
    *(f"K{k}" for k in range(1, 13)),
    *("N1", "N1b", "N2", "S1", "S2"),
]


@pytest.fixture(scope="module")
def entries() -> dict[str, Entry]:
    return {entry.id: entry for entry in matrix(CLAIMS)}


def test_every_claim_is_there_in_order() -> None:
    assert [each.id for each in CLAIMS] == NAMED


def test_what_a_claim_builds_on_is_a_claim() -> None:
    assert {required for each in CLAIMS for required in each.requires} <= set(NAMED)
    assert {claim for erratum in ERRATA for claim in erratum.claims} <= set(NAMED)


@pytest.mark.parametrize("identifier", NAMED)
def test_no_cell_is_empty(entries: dict[str, Entry], identifier: str) -> None:
    entry = entries[identifier]
    for cell in CELLS:
        text = getattr(entry, cell)
        assert text.strip()
        assert not text.startswith("none: no "), (cell, text)  # "not yet" is no reason
    assert entry.derivation.startswith("none: ") == (identifier in WITHOUT_DERIVATION)
    assert entry.enumeration.startswith("none: ") == (identifier in WITHOUT_ENUMERATION)
    assert not entry.torch.startswith("none: ")
    assert not entry.property.startswith("none: ")
    assert entry.title
    assert entry.citation
    assert entry.statement.count("{") == entry.statement.count("}")


def test_every_claim_that_reads_code_says_by_what_it_is_checked(entries: dict[str, Entry]) -> None:
    for each in CLAIMS:
        entry = entries[each.id]
        assert entry.needs.startswith("nothing: ") == each.theory
        if not each.theory:
            assert not entry.property.startswith("holds on every problem")
        if each.shows_in("trajectory"):
            assert "target torch: " in entry.torch


@pytest.mark.parametrize("identifier", ["A4", "B9", "C2", "F4", "G2", "H9", "K7", "N1"])
def test_one_claim_whole(identifier: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", identifier, "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["claims"]
    if identifier in WITHOUT_DERIVATION:
        return
    assert row["steps"]
    assert row["twins"]
    worked = row["worked_number"]
    assert worked["left"] == pytest.approx(worked["right"], rel=1e-9, abs=1e-9)
    assert worked["twin"] != pytest.approx(worked["right"], rel=1e-6, abs=1e-6)
    assert worked["quantity"]
