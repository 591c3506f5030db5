"""Every claim of the theory, as a property: it holds on whatever problem is drawn, by each of the three doors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from ganirl.enumeration import ENUMERATIONS, Enumeration
from ganirl.enumeration.space import Comparison, Space
from ganirl.instance import Instance
from ganirl_properties.drawn import (
    BYTES_PER_PROBLEM,
    DRAWN_DOORS,
    DrawnResult,
    drawn_bytes,
    examine,
    examine_claim,
    is_generic,
    residual_on,
)
from ganirl_properties.strategies import finite_problems, mdp_problems, sequence_problems

PROFILE = settings(max_examples=6, deadline=None, derandomize=True, database=None)
CASES = 4

# Where no twin can be told: counting measure has no dynamics; words have no chance, one start and one length.
NO_CHANCE = {"D5", "H1", "H2", "H3", "H4", "H12", "K6"}
ONE_LENGTH = {"H10", "H11"}
SILENT = {"GAN": {"H1"}, "IRL": set[str](), "EBM": NO_CHANCE | ONE_LENGTH}


@cache
def examined(claim: str) -> DrawnResult:
    return examine_claim(claim, cases=CASES)


@pytest.mark.parametrize("claim", ENUMERATIONS)
def test_claim_holds_on_seeded_draws_and_its_twin_is_told(claim: str) -> None:
    result = examined(claim)
    assert result.holds, result.failure
    assert result.worst_ratio <= 1.0
    for door in result.doors:
        assert door.problems + door.unsuited == CASES
        if claim in SILENT[door.door]:
            assert door.twin_told == 0
    speaking = [door for door in result.doors if claim not in SILENT[door.door]]
    asked, told = (sum(counts) for counts in zip(*((d.problems, d.twin_told) for d in speaking), strict=True))
    assert asked > 0
    assert 2 * told >= asked, result


@pytest.mark.parametrize("claim", ENUMERATIONS)
def test_claim_holds_on_whatever_is_drawn(claim: str) -> None:
    @PROFILE
    @given(st.one_of(finite_problems(), mdp_problems(), sequence_problems()))
    def holds(instance: Instance) -> None:
        found = residual_on(ENUMERATIONS[claim], instance)
        assert found is None or found.agrees, found

    holds()


def test_what_was_told_is_reported(record_property: pytest.RecordProperty) -> None:
    asked, told = (sum(getattr(examined(c), n) for c in ENUMERATIONS) for n in ("problems", "twin_told"))
    record_property("claims on drawn problems", asked)
    record_property("broken twins told", told)
    assert 2 * told >= asked


# --- the draws ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", DRAWN_DOORS)
def test_no_bytes_whatever_fail_to_be_a_problem(door: str) -> None:
    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(st.binary(max_size=BYTES_PER_PROBLEM))
    def decodes(data: bytes) -> None:
        instance = DRAWN_DOORS[door](data)
        problem = instance.problem
        assert 5 <= len(problem) <= 1000
        assert np.isfinite(problem.cost.value(instance.theta)).all()
        for weight in (
            problem.data_weight,
            problem.generator_weight,
            instance.batch_expert_weight,
            instance.batch_generator_weight,
        ):
            assert weight.sum() == pytest.approx(1.0, abs=1e-12)
        again = DRAWN_DOORS[door](data).problem
        assert np.array_equal(again.log_p, problem.log_p)

    decodes()


@pytest.mark.parametrize("door", DRAWN_DOORS)
def test_the_simplest_problem_is_generic(door: str) -> None:
    assert is_generic(door, DRAWN_DOORS[door](b""))


@pytest.mark.parametrize("door", DRAWN_DOORS)
def test_draws_reach_far(door: str) -> None:
    # some |ℓ| beyond 40 in float64; and every kind of problem in turn
    logits, kinds = [], set()
    for data, _ in zip(drawn_bytes(door, 1), range(60), strict=False):
        instance = DRAWN_DOORS[door](data)
        problem = instance.problem
        logits.append(-problem.cost.value(instance.theta) - instance.b - problem.log_q)
        kinds.add((problem.unit, problem.steps.mask.shape[1], problem.policy_logits.shape))
    together = np.abs(np.concatenate(logits))
    assert together[np.isfinite(together)].max() > 40
    assert len(kinds) >= 4


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    one, again, other = (next(drawn_bytes("IRL", seed)) for seed in (3, 3, 4))
    assert one == again
    assert one != other


# --- a claim that is false ----------------------------------------------------------------------------------


def without_the_constant(space: Space) -> Iterator[Comparison]:
    """B1 as it is printed: 2 log 2 is missing."""
    for part in ENUMERATIONS["B1"].compare(space):
        yield replace(part, left=part.left if part.twin is None else part.twin)


def printed() -> Enumeration:
    return replace(ENUMERATIONS["B1"], compare=without_the_constant)


def test_a_false_claim_is_found_out() -> None:
    result = examine(printed(), cases=3)
    assert not result.holds
    assert result.worst_ratio > 1.0
    assert result.failure is not None
    found = residual_on(printed(), DRAWN_DOORS[result.failure.door](result.failure.data))
    assert found == result.failure.residual
    assert found.error == pytest.approx(2 * np.log(2), rel=1e-9)


def test_a_failure_shrinks_to_the_simplest_problem() -> None:
    def fails(instance: Instance) -> bool:
        found = residual_on(printed(), instance)
        return found is not None and not found.agrees

    profile = settings(max_examples=50, derandomize=True, database=None, deadline=None)
    smallest = find(finite_problems(), fails, settings=profile).problem
    simplest = DRAWN_DOORS["GAN"](b"").problem
    assert np.array_equal(smallest.log_p, simplest.log_p)
    assert np.array_equal(smallest.log_q, simplest.log_q)


def test_unknown_claims_are_said_so() -> None:
    with pytest.raises(KeyError, match="no enumeration of claim 'Z9'; there is one of A1"):
        examine_claim("Z9")
