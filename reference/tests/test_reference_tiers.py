"""A claim's tier, by trying: with any weights in place of the generator's density, tier 1 still holds.

What the logit has as log q stays the density; only what is sampled from changes, as in a minibatch.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import Any

import numpy as np
import pytest

from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.claims import CLAIMS, claim
from ganirl.enumeration import ENUMERATIONS
from ganirl.enumeration.registry import Enumeration, Residual, residual
from ganirl.enumeration.space import Comparison, Space, build_space
from ganirl.instances import ebm

# What these say of the population alone, as their preconditions have it, part by part; I3 is of weights that are
# the densities.
POPULATION = {"C8": "(min_b L_D)", "I1": "*"}
OF_WEIGHTS = "I3"
# Of tier 2 all the same: their sides are compared point by point, or move together with whatever is averaged over.
POINT_BY_POINT = {"A1", "A8", "D3", "E2", "E3", "E4", "K4", "K9", "K10", "K12"}


class Minibatch(Space):
    """A space whose generator rows have weights of their own."""

    @cached_property
    def w_q(self) -> Any:
        return self.arithmetic.array(np.random.default_rng(0).dirichlet(np.ones(len(self.h))))


def minibatch() -> Minibatch:
    instance = ebm()
    space = build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC)
    return Minibatch(**{each.name: getattr(space, each.name) for each in fields(space)})


def on_a_minibatch(enumeration: Enumeration) -> Residual:
    """Leave out what the claim itself says of populations alone."""
    left_out = POPULATION.get(enumeration.claim)

    def parts(space: Space) -> list[Comparison]:
        found = list(enumeration.compare(space))
        return found if left_out is None else [each for each in found if left_out not in each.name]

    return residual(
        Enumeration(
            enumeration.claim, enumeration.description, enumeration.twin, enumeration.tolerance, parts
        ),
        minibatch(),
    )


SUITED = [each for each in ENUMERATIONS.values() if each.unsuited(ebm().problem) is None]


@pytest.mark.parametrize(
    "enumeration",
    [each for each in SUITED if claim(each.claim).tier == 1 and each.claim != OF_WEIGHTS],
    ids=lambda each: each.claim,
)
def test_tier_1_holds_on_any_minibatch(enumeration: Enumeration) -> None:
    assert on_a_minibatch(enumeration).agrees


def test_tier_2_fails_on_a_minibatch_or_asks_nothing_of_weights() -> None:
    held = []
    for each in SUITED:
        space = minibatch()
        reads = residual(each, space).agrees and "w_q" in vars(space)
        if claim(each.claim).tier == 2 and reads:
            held.append(each.claim)
    assert set(held) <= POINT_BY_POINT


def test_tier_3_is_what_takes_all_tuples_of_samples() -> None:
    assert [each.id for each in CLAIMS if each.tier == 3] == [
        each.claim for each in ENUMERATIONS.values() if each.largest is not None
    ]
