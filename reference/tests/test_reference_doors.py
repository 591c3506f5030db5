"""Every claim passes at each of the three doors, and its broken twin is told wherever an instance can tell it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from ganirl import LinearCost, finite_space
from ganirl.claims import CLAIMS
from ganirl.doors import DOORS, Passage, asked, passages
from ganirl.enumeration import ENUMERATIONS, enumerate_claim
from ganirl.instances import INSTANCES, Instance
from ganirl.logspace import log_normalise


class Silence(NamedTuple):
    """Why the broken twins of some claims look right at some instances."""

    because: str
    holds_at: Callable[[Instance], bool]
    claims: frozenset[str]


def no_chance(instance: Instance) -> bool:
    return float(np.ptp(instance.problem.log_h)) == 0.0


def deterministic(instance: Instance) -> bool:
    return instance.mdp is None or set(np.unique(instance.mdp.transition)) <= {0.0, 1.0}


def linear(instance: Instance) -> bool:
    return float(np.abs(instance.problem.cost.hessian(instance.theta)).max()) < 1e-9


def well_specified(instance: Instance) -> bool:
    problem = instance.problem
    return bool(np.allclose(problem.log_p, problem.log_model(instance.theta), atol=1e-9))


def one_length(instance: Instance) -> bool:
    return len(np.unique(instance.problem.steps.mask.sum(axis=1))) == 1


def constant_log_q(instance: Instance) -> bool:
    return float(np.ptp(instance.problem.log_q)) < 1e-12


def divergences_alike(instance: Instance) -> bool:
    p, q = instance.problem.data_weight, instance.problem.generator_weight
    return len(p) == 3 and bool(np.allclose(p, q[::-1]))


SILENCES = (
    Silence(
        "no chance, one start: h is constant, expectations over s' are values, p_θ is reachable",
        no_chance,
        frozenset({"D5", "H1", "H2", "H4", "H12", "K6"}),
    ),
    Silence("(s, a) says s': an expectation over s' is a value", deterministic, frozenset({"H3"})),
    Silence("c is linear in θ: c'' = 0", linear, frozenset({"D1"})),
    Silence(
        "p = p_θ: D ∝ ½ at Z, no bias",
        well_specified,
        frozenset({"B5", "B6", "B8", "C5", "F2", "F3", "F7", "G2", "K11"}),
    ),
    Silence("all trajectories are as long", one_length, frozenset({"H10", "H11"})),
    Silence("log q is constant", constant_log_q, frozenset({"A10", "E3", "F9", "K1"})),
    Silence("q is p read backwards: KL(q‖p) = KL(p‖q)", divergences_alike, frozenset({"E8"})),
)

# What the plain door cannot be asked: there is no process behind it.
ABOUT_A_PROCESS = {claim for claim, each in ENUMERATIONS.items() if each.needs_mdp}


ASKED = {door.name: asked(door) for door in DOORS}
PASSAGES = [
    pytest.param(name, claim, id=f"{door}: {claim}, {name}")
    for door, pairs in ASKED.items()
    for name, claim in pairs
]


@cache
def passage(name: str, claim: str) -> Passage:
    door = next(each for each in DOORS if name in each.instances)
    return next(iter(passages(door, [claim], [name])))


@pytest.mark.parametrize(("name", "claim"), PASSAGES)
def test_claim_at_a_door(name: str, claim: str) -> None:
    found = passage(name, claim).residual
    assert found is not None
    assert found.agrees, found
    reasons = [s.because for s in SILENCES if claim in s.claims and s.holds_at(INSTANCES[name]())]
    assert found.twin_differs == (not reasons), (found, reasons)


def test_every_door_is_asked_the_same_claims(record_property: Callable[[str, object], None]) -> None:
    claims = {door: {claim for _, claim in pairs} for door, pairs in ASKED.items()}
    for door, pairs in ASKED.items():
        record_property(f"claims at {door}", f"{len(claims[door])}, in {len(pairs)} passages")
    assert claims["IRL"] == set(ENUMERATIONS)
    assert claims["EBM"] == set(ENUMERATIONS)
    assert set(ENUMERATIONS) - claims["GAN"] == ABOUT_A_PROCESS


def test_every_twin_is_told_at_every_door_that_can_tell_it() -> None:
    """No silence lasts over a whole door, but for what it is about."""
    told: dict[str, set[str]] = {door: set() for door in ASKED}
    for door, pairs in ASKED.items():
        for name, claim in pairs:
            if claim in told[door]:
                continue
            found = passage(name, claim).residual
            if found is not None and found.twin_differs:
                told[door].add(claim)
    silent = {door: {claim for _, claim in pairs} - told[door] for door, pairs in ASKED.items()}
    assert silent == {
        "GAN": {"H1"},  # counting measure
        "IRL": set(),
        "EBM": {"D5", "H1", "H2", "H3", "H4", "H12", "K6", "H10", "H11"},  # no chance, one length
    }


def test_every_reason_for_silence_is_met() -> None:
    for silence in SILENCES:
        assert silence.claims <= {claim.id for claim in CLAIMS}
        assert any(silence.holds_at(INSTANCES[name]()) for door in DOORS for name in door.instances)
        assert not silence.holds_at(INSTANCES["generic"]())


def test_the_doors_hold_every_named_instance_but_the_degenerate_one() -> None:
    assert {name for door in DOORS for name in door.instances} == set(INSTANCES) - {"degenerate"}


@pytest.mark.parametrize("name", [name for door in DOORS for name in door.instances])
def test_every_door_makes_the_same_kind_of_problem(name: str) -> None:
    """Whatever it was, its log q is Σ_t log π(a_t|s_t) of its logits, and its steps follow each other."""
    problem = INSTANCES[name]().problem
    steps, mask = problem.steps, problem.steps.mask
    assert mask[:, 0].all()
    by_step = np.where(mask, log_normalise(problem.policy_logits)[steps.state, steps.action], 0.0)
    reached = problem.log_q > -np.inf
    np.testing.assert_allclose(by_step.sum(axis=1)[reached], problem.log_q[reached], atol=1e-12)
    assert (by_step.sum(axis=1)[~reached] == -np.inf).all()
    goes_on = mask[:, 1:]
    np.testing.assert_array_equal(steps.next_state[:, :-1][goes_on], steps.state[:, 1:][goes_on])
    rows = np.concatenate([steps.state, steps.action, steps.next_state, mask], axis=1)
    assert len(np.unique(rows, axis=0)) == len(problem)  # no trajectory twice
    if isinstance(problem.cost, LinearCost):
        np.testing.assert_allclose(steps.features.sum(axis=1), problem.cost.features, atol=1e-12)


NOBODYS = finite_space(
    [0.5, 0.3, 0.2, 0.0, 0.0],
    [0.1, 0.0, 0.3, 0.6, 0.0],
    features=[[0.3, 1.0], [-0.4, 1.0], [0.9, 1.0], [0.1, 1.0], [-1.2, 1.0]],
)


@pytest.mark.parametrize("claim", [c for c, each in ENUMERATIONS.items() if each.unsuited(NOBODYS) is None])
def test_claims_where_a_point_is_drawn_by_neither_side(claim: str) -> None:
    # F2 and F8 speak of the part of Z that p or q reaches; nothing else may notice
    assert enumerate_claim(claim, NOBODYS, np.array([0.8, -0.3]), 0.8).agrees
