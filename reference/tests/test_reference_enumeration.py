"""Every claim holds on the named instances, and every broken twin is told from it, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from ganirl import Problem, finite_space
from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.claims import CLAIMS
from ganirl.dynamic_programming import reachability_gap
from ganirl.enumeration import ENUMERATIONS, Residual, UnsuitedError, enumerate_claim
from ganirl.enumeration.calculus import derivative, softplus
from ganirl.enumeration.registry import residual
from ganirl.enumeration.space import build_space
from ganirl.enumeration.worked import worked_number
from ganirl.instances import (
    INSTANCES,
    Instance,
    curved_step_cost,
    degenerate,
    ebm,
    generic,
    generic_transition,
    variant,
)
from ganirl.optimum import NoFiniteOptimumError

PLAIN = (ebm(), generic_transition())
WORKED = {name: INSTANCES[name]() for name in INSTANCES}


def suited(*instances: Instance) -> list[tuple[str, Instance]]:
    """Every claim with every instance that it speaks about."""
    return [
        (claim, instance)
        for instance in instances
        for claim, each in ENUMERATIONS.items()
        if each.unsuited(instance.problem, instance.mdp) is None
    ]


def named(pairs: list[tuple[str, Instance]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("claim", "instance"), [pytest.param(*pair, id=f"{pair[0]}, {pair[1].name}") for pair in pairs]
    )


def enumerated(claim: str, instance: Instance) -> Residual:
    return enumerate_claim(claim, instance.problem, instance.theta, instance.b, mdp=instance.mdp)


def test_enumerations_stand_in_the_order_of_the_catalogue() -> None:
    order = [each.id for each in CLAIMS if each.id in ENUMERATIONS]
    assert sorted(ENUMERATIONS, key=order.index) == order
    assert all(each.description and each.twin and each.tolerance for each in ENUMERATIONS.values())


@named(suited(generic()))
def test_generic_instance(claim: str, instance: Instance) -> None:
    found = enumerated(claim, instance)
    assert found.agrees, found
    assert found.twin_differs, found
    # the bound covers any order of summation of 4376 terms; what rounding really does is far less
    assert found.error < 1e-12 * max(1.0, found.scale)
    assert found.twin_error > 1e-4


@pytest.mark.parametrize("claim", ENUMERATIONS)
def test_the_instance_that_a_reader_is_shown(claim: str) -> None:
    instance = WORKED[ENUMERATIONS[claim].worked_on]
    found = enumerated(claim, instance)
    assert found.agrees, found
    assert found.twin_differs, found
    shown = worked_number(claim)
    assert shown is not None
    assert shown.left == pytest.approx(shown.right, rel=1e-9, abs=1e-9)
    assert shown.twin != pytest.approx(shown.right, rel=1e-6, abs=1e-6)


@named(suited(*PLAIN))
def test_plain_and_transition_instances(claim: str, instance: Instance) -> None:
    found = enumerated(claim, instance)
    assert found.agrees, found
    if claim != "H1" or instance.mdp is not None:  # a plain space has no dynamics to leave out
        assert found.twin_differs, found


@named(suited(degenerate()))
def test_degenerate_instance_silences_some_twins(claim: str, instance: Instance) -> None:
    """No chance, one start, one length, uniform policy, b = 0: which twins cannot be told there, and why."""
    found = enumerated(claim, instance)
    assert found.agrees, found
    assert found.twin_differs == (not ENUMERATIONS[claim].hidden), found


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


OVERLAPPING = finite_space([0.6, 0.4, 0.0], [0.0, 0.5, 0.5], features=[[0.0], [0.3], [0.7]])


@pytest.mark.parametrize("claim", [c for c, each in ENUMERATIONS.items() if not each.unsuited(OVERLAPPING)])
def test_supports_that_overlap_in_part(claim: str) -> None:
    assert enumerate_claim(claim, OVERLAPPING, [1.0], 0.4).agrees


def far_apart() -> Problem:
    """Nine points with costs of forty nats."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(9, 2)) * 20
    return finite_space(rng.dirichlet(np.ones(9)), rng.dirichlet(np.full(9, 0.1)), features=features)


@pytest.mark.parametrize("claim", [c for c, each in ENUMERATIONS.items() if not each.unsuited(far_apart())])
def test_costs_of_forty_nats(claim: str) -> None:
    assert enumerate_claim(claim, far_apart(), [0.7, -0.9], 0.8).agrees


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
    with pytest.raises(KeyError, match="no enumeration of claim 'Z9'; there is one of A1, A2"):
        enumerate_claim("Z9", instance.problem, instance.theta, 0.8)
    with pytest.raises(UnsuitedError, match="give enumerate_claim its mdp"):
        enumerate_claim("H3", instance.problem, instance.theta, 0.8)


def test_no_optimum_is_said_so() -> None:
    disjoint = finite_space([1.0, 0.0], [0.0, 1.0])
    with pytest.raises(NoFiniteOptimumError):
        enumerate_claim("B5", disjoint, [0.0, 1.0], 0.8)


@pytest.mark.parametrize(("order", "truth"), [(1, 0.5), (2, 0.25), (3, 0.0)])
def test_derivatives_from_values_alone(order: int, truth: float) -> None:
    found = derivative(FLOAT64_ARITHMETIC, lambda x: softplus(FLOAT64_ARITHMETIC, x), 0.5, order)
    assert float(found) == pytest.approx(truth, abs=1e-14)
