"""Every derivation holds, every broken twin is refuted, and the catalogue answers for its ids."""

import subprocess
import sys

import pytest

from ganirl.claims import CLAIMS as CATALOGUE
from ganirl_symbolic import CLAIMS, ProofResult, Twin, derivation, derivations, prove
from ganirl_symbolic.catalogue import SUBSTITUTED

FLOATING_POINT = {"N1", "N1b", "N2"}
PROVED = [claim for claim in CLAIMS if derivation(claim).statements]


@pytest.fixture(scope="module")
def results() -> dict[str, ProofResult]:
    return {result.claim: result for result in prove()}


def test_every_claim_of_the_catalogue_is_here_in_its_order():
    assert [each.claim for each in derivations()] == [each.id for each in CATALOGUE]


@pytest.mark.parametrize("claim", PROVED)
def test_claim_is_proved(results, claim):
    assert results[claim].proved
    assert results[claim].residual == "0"
    assert results[claim].ok


@pytest.mark.parametrize(
    ("claim", "twin"),
    [
        pytest.param(claim, twin, id=f"{claim}: {twin.name}")
        for claim in PROVED
        for twin in derivation(claim).twins
    ],
)
def test_twin_is_refuted_on_an_instance(results, claim, twin: Twin):
    result = next(
        each for each in results[claim].twins if each.name == twin.name and each.broken == twin.broken
    )
    assert result.refuted
    assert result.residual != "0"
    assert result.witness is not None
    assert abs(float(result.witness)) > 1e-12


@pytest.mark.parametrize("claim", CLAIMS)
def test_every_derivation_has_a_twin_or_a_named_substitute(claim):
    each = derivation(claim)
    assert each.twins or each.substitute
    assert bool(each.statements) == bool(each.twins)
    assert each.title
    assert each.scope


def test_what_has_a_substitute_alone_is_known_before_it_is_built():
    assert {claim for claim in CLAIMS if not derivation(claim).statements} == SUBSTITUTED == FLOATING_POINT


@pytest.mark.parametrize("claim", sorted(FLOATING_POINT))
def test_floating_point_claims_are_not_called_proved(results, claim):
    assert not results[claim].proved
    assert results[claim].ok
    assert "60 digits" in results[claim].substitute


def test_a_derivation_without_statement_and_substitute_is_not_ok():
    assert not ProofResult("X", False, "", (), None, 0, 0.0).ok


def test_a_proof_without_twins_is_not_ok():
    assert not ProofResult("X", True, "0", (), "a substitute does not mend it", 1, 0.0).ok


@pytest.mark.parametrize("claim", CLAIMS)
def test_twins_of_a_claim_differ_from_its_statements(claim):
    each = derivation(claim)
    assert not {twin.statement for twin in each.twins} & set(each.statements)
    assert len({twin.statement for twin in each.twins}) == len(each.twins)


@pytest.mark.parametrize("claim", CLAIMS)
def test_steps_are_written_for_a_reader(claim):
    for step in derivation(claim).steps:
        assert step.text
        assert step.latex
        assert step.latex.count("{") == step.latex.count("}")
        assert step.latex.count(r"\left") == step.latex.count(r"\right")


def test_unknown_id_says_which_ids_there_are():
    with pytest.raises(KeyError, match=r"no derivation for claim 'C99'.*A1, A2"):
        derivation("C99")


def test_prove_rejects_an_unknown_id_before_it_proves_anything():
    with pytest.raises(KeyError, match="no derivation for claim 'Z9'"):
        prove(["A1", "Z9"])


def test_prove_yields_the_ids_asked_for_one_by_one():
    run = prove(["A9", "A5"])
    assert next(run).claim == "A9"
    assert next(run).claim == "A5"
    assert next(run, None) is None


def test_the_missing_constant_of_equation_eight_is_two_log_two(results):
    printed = next(twin for twin in results["B1"].twins if "(8)" in twin.name)
    assert printed.witness == "1.38629436112"


def test_import_does_not_load_sympy():
    code = "import sys, ganirl_symbolic; ganirl_symbolic.prove(['A1']); sys.exit('sympy' in sys.modules)"
    path = "import sys; sys.path[:0] = " + repr(sys.path) + "; "
    assert subprocess.run([sys.executable, "-c", path + code], check=False).returncode == 0
