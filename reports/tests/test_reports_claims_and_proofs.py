"""``ganirl claims`` and ``ganirl prove``: the floors joined, and the derivations run."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import ganirl.enumeration.worked
import ganirl_reports.matrix as matrix_of_claims
import ganirl_symbolic
from ganirl.claims import CLAIMS, select
from ganirl.enumeration.worked import WorkedNumber
from ganirl_reports.command_line import run
from ganirl_reports.documents import unicode_math
from ganirl_reports.legend import legend
from ganirl_reports.matrix import matrix
from ganirl_symbolic import catalogue

Capture = pytest.CaptureFixture[str]
KEYS = [
    "id", "title", "statement", "citation", "tier", "preconditions", "requires", "observables", "derivation",
    "enumeration", "property", "torch", "needs", "catches",
]  # fmt: skip


@pytest.fixture
def floors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-ins for the other floors: A4 has everything, E1 only a substitute, other claims nothing."""
    derivations = {
        "A4": SimpleNamespace(
            claim="A4",
            scope="every N",
            statements=(object(),),
            steps=(SimpleNamespace(text="Divide by e^{-c-b}.", latex=r"D = \frac{1}{1 + e^{-\ell}}"),),
            twins=(SimpleNamespace(name="sign", broken="+ log q"),),
            substitute=None,
        ),
        "E1": SimpleNamespace(
            claim="E1", scope="", statements=(), steps=(), twins=(), substitute="enumerated instead"
        ),
    }

    def derivation(claim: str) -> Any:
        return derivations[claim]

    def prove(claims: list[str]) -> Any:
        twin = SimpleNamespace(name="sign", broken="+ log q", refuted=True, residual="2 log q", witness="0.3")
        for claim in claims:
            algebra = bool(derivations[claim].statements)
            yield SimpleNamespace(
                claim=claim, proved=algebra, ok=True, residual="0", twins=(twin,) * algebra, seconds=0.01,
                substitute=derivations[claim].substitute, statements=int(algebra),
            )  # fmt: skip

    enumerations = {
        "A4": SimpleNamespace(claim="A4", description="all D on 8 spaces", twin="no b", hidden="b = 0"),
        "A1": SimpleNamespace(claim="A1", description="every D", twin="labels", hidden=""),
    }
    worked = WorkedNumber("A4", "S4", 4, "D", 0.25, 0.25, 0.75, "no b")
    in_torch = {"A4": SimpleNamespace(description="autograd of D", twin="no b")}
    monkeypatch.setattr(ganirl.enumeration, "ENUMERATIONS", enumerations)
    monkeypatch.setattr(ganirl.enumeration.worked, "worked_number", {"A4": worked}.get)
    monkeypatch.setattr(matrix_of_claims, "_torch_checks", lambda: in_torch)
    checks: Any = ModuleType("ganirl_properties.checks")
    checks.CHECKS = (SimpleNamespace(claim="A4", name="logit", description="the logit is −c − b − log q"),)
    monkeypatch.setattr(catalogue, "derivation", derivation)
    monkeypatch.setattr(ganirl_symbolic, "prove", prove)
    monkeypatch.setattr(ganirl_symbolic, "CLAIMS", tuple(derivations))
    monkeypatch.setitem(sys.modules, "ganirl_properties.checks", checks)


@pytest.mark.usefixtures("floors")
def test_entries_say_what_each_floor_does_or_why_not() -> None:
    found = {entry.id: entry for entry in matrix(CLAIMS)}
    assert found["A4"].derivation == "SymPy, every N; refuted twins: sign (+ log q)"
    assert found["A4"].enumeration == (
        "all D on 8 spaces; refuted twin: no b (the degenerate instance hides it: b = 0)"
    )
    assert found["A4"].property.startswith(
        "logit (the logit is −c − b − log q); holds on every problem drawn"
    )
    assert found["A4"].torch == (
        "autograd of D; refuted twin: no b; "
        "target torch: discriminator_logit | discriminator_probability | log_q"
    )
    assert found["A4"].needs == "discriminator_logit or discriminator_probability or log_q"
    assert "no-log-q" in found["A4"].catches
    assert found["E1"].derivation == "none: enumerated instead"
    assert found["A1"].torch == "none: no PyTorch check of it yet"
    assert found["A1"].needs.startswith("nothing: theory")
    for entry in found.values():
        for floor in ("derivation", "enumeration", "property", "torch"):
            assert getattr(entry, floor)


@pytest.mark.usefixtures("floors")
def test_catalogue_as_json(capsys: Capture) -> None:
    assert run(["claims", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["claims"]
    assert [row["id"] for row in rows] == [claim.id for claim in CLAIMS]
    assert all(list(row) == KEYS for row in rows)


@pytest.mark.usefixtures("floors")
def test_catalogue_for_people(capsys: Capture) -> None:
    assert run(["claims"]) == 0
    out = capsys.readouterr().out
    assert all(claim.title in out for claim in CLAIMS)
    tested = sum(not claim.theory for claim in CLAIMS)
    assert f"{len(CLAIMS)} claims = {tested} tested + {len(CLAIMS) - tested} theory" in out
    assert run(["claims", "--format", "markdown"]) == 0
    assert "| A4 | Discriminator as a sigmoid | 1 |" in capsys.readouterr().out
    assert run(["claims", "A4"]) == 0
    assert "D: 0.25 = 0.25, by two routes, on the instance S4 (4 points); broken" in capsys.readouterr().out


@pytest.mark.usefixtures("floors")
def test_one_claim_whole(capsys: Capture) -> None:
    statement = next(claim.statement for claim in select(["A4"]))
    for form, shown, step in (
        ("pretty", unicode_math.formula(statement), "D = 1/(1 + e^{−ℓ})"),
        ("markdown", statement, r"D = \frac{1}{1 + e^{-\ell}}"),
    ):
        assert run(["claims", "A4", "--format", form]) == 0
        out = capsys.readouterr().out
        for words in (
            shown,
            "1. Divide by e^{-c-b}.",
            step,
            "Finn et al. 2016",
            "all D on 8 spaces",
        ):
            assert words in out
    assert run(["claims", "A4", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["claims"]
    assert row["steps"][0]["text"] == "Divide by e^{-c-b}."
    assert row["twins"] == [{"name": "sign", "broken": "+ log q"}]


@pytest.mark.usefixtures("floors")
def test_what_a_claim_catches_comes_last_and_folded(capsys: Capture) -> None:
    (entry,) = matrix(select(["E3"]))
    assert len(entry.catches) > 20
    assert run(["claims", "E3"]) == 0
    # What an author asks first stands first; of the long list there is the beginning and a count.
    out = capsys.readouterr().out
    order = [out.index(f"\n{name} ") for name in ("provided that", "needs", "source", "torch", "catches")]
    assert order == sorted(order)
    named = [each for each in entry.catches if f"({each})" in " ".join(out.split())]
    assert named == list(entry.catches[:3])
    assert f"and {len(entry.catches) - 3} more: ganirl claims E3 --catches" in " ".join(out.split())
    for words in (["E3", "--catches"], ["E3", "--format", "markdown"]):
        assert run(["claims", *words]) == 0
        whole = " ".join(capsys.readouterr().out.split())
        assert all(f"({each})" in whole for each in entry.catches)
    assert run(["claims", "--catches"]) == 2
    assert "ganirl claims E3 --catches" in capsys.readouterr().err


@pytest.mark.usefixtures("floors")
@pytest.mark.parametrize("claim", ["D1", "D3", "H12"])
def test_claims_of_tabular_code_are_told_whole(claim: str, capsys: Capture) -> None:
    (entry,) = matrix(select([claim]))
    assert entry.catches
    assert run(["claims", claim, "--catches"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert all(f"({each})" in out for each in entry.catches)
    assert entry.title in out


@pytest.mark.usefixtures("floors")
def test_prove(capsys: Capture) -> None:
    assert run(["prove"]) == 0
    out = capsys.readouterr().out
    assert "✓ A4   proved, 1 of 1 twins refuted" in out
    assert "✓ E1   not by algebra: enumerated instead" in out
    assert out.splitlines()[-1] == "planned 2 = 1 proved + 1 by other means; 1 of 1 twins refuted"
    assert run(["prove", "A4", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["summary"] == {
        "planned": 1, "proved": 1, "substituted": 0, "open": 0, "twins": 1, "twins_refuted": 1,
    }  # fmt: skip
    assert document["proofs"][0]["twins"][0]["witness"] == "0.3"


@pytest.mark.usefixtures("floors")
def test_prove_what_has_no_derivation(capsys: Capture) -> None:
    assert run(["prove", "N1"]) == 2
    assert "claim N1 has no derivation" in capsys.readouterr().err
    assert run(["prove", "N*"]) == 5


@pytest.mark.usefixtures("floors")
def test_a_twin_that_survives_fails_the_proof(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    twin = SimpleNamespace(name="sign", broken="+ log q", refuted=False, residual="0", witness=None)
    result = SimpleNamespace(
        claim="A4",
        proved=True,
        ok=False,
        residual="0",
        twins=(twin,),
        seconds=0.0,
        substitute=None,
        statements=1,
    )
    monkeypatch.setattr(ganirl_symbolic, "prove", lambda claims: iter([result]))
    assert run(["prove", "A4"]) == 1
    out = capsys.readouterr().out
    assert "✗ A4   proved, 0 of 1 twins refuted" in out
    assert "twin not refuted: sign: + log q" in out


def test_symbols_are_explained_where_they_occur() -> None:
    told = dict(
        legend(r"D = \frac{e^{-c_\theta - b}}{e^{-c_\theta - b} + q}, \quad \tilde\mu = \tfrac12(m + q)")
    )
    assert r"\tilde\mu" in told
    assert {"b", "m", "q"} <= told.keys()
    assert r"\mu" not in told or told[r"\mu"] != told[r"\tilde\mu"]
    assert not dict(legend(r"x + y"))
