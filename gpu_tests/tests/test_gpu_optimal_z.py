"""Families A and B in PyTorch where it is hard: supports that part, costs of forty nats, a wrong twin hidden."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ganirl import Problem, finite_space
from ganirl.enumeration import ENUMERATIONS
from ganirl.instances import degenerate, s1
from ganirl_gpu.claims import TORCH_CHECKS, torch_space
from ganirl_gpu.claims.loss import derivatives_in_b
from ganirl_gpu.claims.registry import residual
from ganirl_gpu.framework import DTYPES
from ganirl_gpu.partition import optimal_log_partition, self_consistent_log_partition

CLAIMS = [claim for claim in TORCH_CHECKS if claim[0] in "AB"]


def overlapping() -> Problem:
    """One point of data alone, one of both, one of the generator alone."""
    return finite_space([0.6, 0.4, 0.0], [0.0, 0.5, 0.5], features=[[0.0], [0.3], [0.7]])


def far_apart() -> Problem:
    """Nine points with costs of up to forty nats, and a generator that hardly reaches some."""
    rng = np.random.default_rng(1)
    features = rng.normal(size=(9, 2)) * 20
    return finite_space(rng.dirichlet(np.ones(9)), rng.dirichlet(np.full(9, 0.1)), features=features)


def test_both_families_are_complete() -> None:
    assert sorted(CLAIMS, key=lambda claim: (claim[0], int(claim[1:]))) == [
        *(f"A{number}" for number in range(1, 11)),
        *(f"B{number}" for number in range(1, 11)),
    ]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("claim", CLAIMS)
def test_supports_that_overlap_in_part(claim: str, dtype: str, device: str) -> None:
    space = torch_space(overlapping(), [1.0], 0.4, dtype=dtype, device=device)
    assert residual(TORCH_CHECKS[claim], space).agrees


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("claim", CLAIMS)
def test_costs_of_forty_nats(claim: str, dtype: str, device: str) -> None:
    space = torch_space(far_apart(), [0.7, -0.9], 0.8, dtype=dtype, device=device)
    logit = space.logit(space.c, space.b)
    assert float(logit.max()) > 20
    assert float(logit.min()) < -20
    assert residual(TORCH_CHECKS[claim], space).agrees


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_degenerate_instance_hides_what_it_hides_by_enumeration(claim: str, device: str) -> None:
    instance = degenerate()
    space = torch_space(instance.problem, instance.theta, instance.b, mdp=instance.mdp, device=device)
    found = residual(TORCH_CHECKS[claim], space)
    assert found.agrees
    assert found.twin_differs == (not ENUMERATIONS[claim].hidden)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_iterating_the_estimate_ends_at_the_solvers_optimum(dtype: str, device: str) -> None:
    instance = s1()
    space = torch_space(instance.problem, instance.theta, instance.b, dtype=dtype, device=device)
    w_p, w_q = space.w_p, space.w_q
    for start in (-6.0, 6.0):
        b = torch.tensor(start, dtype=DTYPES[dtype], device=device)
        errors = []
        for _ in range(120):
            logit = space.logit(space.c, b)
            b = self_consistent_log_partition(logit, logit, b, w_p, w_q)
            errors.append(abs(float(b - space.b_star)))
        assert errors[-1] <= 4 * space.rounding  # 1/(1 − rate) is 2.7
        # six steps before rounding takes over, at the rate 1 − ∂²L_D/∂b²
        _, curvature = derivatives_in_b(space, space.c, space.b_star, 2)
        assert (errors[24] / errors[18]) ** (1 / 6) == pytest.approx(1 - float(curvature), rel=2e-3)


def test_no_overlap_has_no_optimum(device: str) -> None:
    scores = torch.tensor([math.inf, 0.3], dtype=torch.float64, device=device)
    expert, generator = (
        torch.tensor(each, dtype=torch.float64, device=device) for each in ([1.0, 0.0], [0.0, 1.0])
    )
    assert float(optimal_log_partition(scores, scores, expert, generator)) == math.inf
