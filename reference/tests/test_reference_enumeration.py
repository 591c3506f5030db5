"""Every claim holds on the named instances, and every broken twin is told from it, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from ganirl import finite_space
from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.dynamic_programming import reachability_gap
from ganirl.enumeration import ENUMERATIONS, Residual, enumerate_claim
from ganirl.enumeration.calculus import derivative, softplus
from ganirl.enumeration.registry import residual
from ganirl.enumeration.space import build_space
from ganirl.instances import Instance, curved_step_cost, degenerate, ebm, generic, generic_transition, variant
from ganirl.optimum import NoFiniteOptimumError

CLAIMS = [
    "A1",
    "A4",
    "A5",
    "A6",
    "A9",
    "A10",
    "B1",
    "B2",
    "B3",
    "B5",
    "S2",
    "C1",
    "C2",
    "C3",
    "C5",
    "D1",
    "E1",
    "E2",
    "E3",
    "E4",
    "H1",
    "H3",
]


def enumerated(claim: str, instance: Instance) -> Residual:
    return enumerate_claim(claim, instance.problem, instance.theta, instance.b, mdp=instance.mdp)


def test_there_is_one_of_each() -> None:
    assert list(ENUMERATIONS) == CLAIMS
    assert all(each.description and each.twin and each.tolerance for each in ENUMERATIONS.values())


@pytest.mark.parametrize("claim", CLAIMS)
def test_generic_instance(claim: str) -> None:
    found = enumerated(claim, generic())
    assert found.agrees, found
    assert found.twin_differs, found
    # the bound covers any order of summation of 4376 terms; what rounding really does is far less
    assert found.error < 1e-12
    assert found.twin_error > 1e-4


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if not ENUMERATIONS[claim].needs_mdp])
def test_plain_and_transition_instances(claim: str) -> None:
    for instance in (ebm(), generic_transition()):
        found = enumerated(claim, instance)
        assert found.agrees, found
        if claim != "H1" or instance.mdp is not None:  # a plain space has no dynamics to leave out
            assert found.twin_differs, found


# Which twins a degenerate instance cannot tell: no chance, one start, one length, uniform policy, b = 0.
SILENT = {
    "A4": "b = 0 has no sign",
    "A10": "a uniform policy stays so at any temperature",
    "E1": "b = 0 is not missed",
    "E3": "a uniform policy of one length has constant log q",
    "H1": "without chance there are no dynamics",
    "H3": "without chance the risk-seeking backup is the soft one",
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_degenerate_instance_silences_some_twins(claim: str) -> None:
    found = enumerated(claim, degenerate())
    assert found.agrees, found
    assert found.twin_differs == (claim not in SILENT), found


def test_the_implicit_leak_hides_at_the_true_generator() -> None:
    plain = finite_space([0.55, 0.25, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4])
    costs = np.array([0.2, 0.1, 1.0, 0.4])
    assert enumerate_claim("C3", plain, costs, 0.8).twin_differs
    converged = finite_space(plain.data_weight, np.exp(plain.log_model(costs)))
    assert not enumerate_claim("C3", converged, costs, 0.8).twin_differs


def test_a_linear_cost_hides_the_second_derivative() -> None:
    plain = finite_space([0.5, 0.3, 0.2], [0.2, 0.3, 0.5])
    found = enumerate_claim("D1", plain, [0.0, 1.0, 2.0], 0.8)
    assert found.agrees
    assert not found.twin_differs


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if not ENUMERATIONS[claim].needs_mdp])
def test_supports_that_overlap_in_part(claim: str) -> None:
    problem = finite_space([0.6, 0.4, 0.0], [0.0, 0.5, 0.5], features=[[0.0], [0.3], [0.7]])
    assert enumerate_claim(claim, problem, [1.0], 0.4).agrees


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if not ENUMERATIONS[claim].needs_mdp])
def test_costs_of_forty_nats(claim: str) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(9, 2)) * 20
    problem = finite_space(rng.dirichlet(np.ones(9)), rng.dirichlet(np.full(9, 0.1)), features=features)
    assert enumerate_claim(claim, problem, [0.7, -0.9], 0.8).agrees


@pytest.mark.parametrize("stochastic", [True, False])
@pytest.mark.parametrize("random_start", [True, False])
def test_gap_is_that_of_dynamic_programming(stochastic: bool, random_start: bool) -> None:
    instance = variant(stochastic, random_start)
    assert instance.mdp is not None
    found = enumerated("H3", instance)
    assert found.agrees
    assert found.twin_differs == stochastic
    space = build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC, instance.mdp)
    attained = next(iter(ENUMERATIONS["H3"].compare(space))).left
    gap = reachability_gap(instance.mdp, instance.mdp.cost_table(instance.theta, curved_step_cost)).gap
    assert float(attained) == pytest.approx(gap, abs=1e-12)


def test_nan_does_not_agree() -> None:
    space = build_space(ebm().problem, ebm().theta, float("nan"), FLOAT64_ARITHMETIC)
    assert not residual(ENUMERATIONS["A4"], space).agrees


def test_unknown_claims_and_missing_processes_are_said_so() -> None:
    instance = ebm()
    with pytest.raises(KeyError, match="no enumeration of claim 'Z9'; there is one of A1, A4"):
        enumerate_claim("Z9", instance.problem, instance.theta, 0.8)
    with pytest.raises(ValueError, match="give enumerate_claim its mdp"):
        enumerate_claim("H3", instance.problem, instance.theta, 0.8)


def test_no_optimum_is_said_so() -> None:
    disjoint = finite_space([1.0, 0.0], [0.0, 1.0])
    with pytest.raises(NoFiniteOptimumError):
        enumerate_claim("B5", disjoint, [0.0, 1.0], 0.8)


@pytest.mark.parametrize(("order", "truth"), [(1, 0.5), (2, 0.25), (3, 0.0)])
def test_derivatives_from_values_alone(order: int, truth: float) -> None:
    found = derivative(FLOAT64_ARITHMETIC, lambda x: softplus(FLOAT64_ARITHMETIC, x), 0.5, order)
    assert float(found) == pytest.approx(truth, abs=1e-14)
