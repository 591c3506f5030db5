"""Estimates of log Z: the table of section 5.1 (instance S4), their fixed point, and extremes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from ganirl_gpu.partition import (
    importance_log_partition,
    optimal_log_partition,
    self_consistent_log_partition,
)

P, Q, C = (0.55, 0.25, 0.15, 0.05), (0.1, 0.2, 0.3, 0.4), (0.2, 0.1, 1.0, 0.4)
Z = 2.7617676583
OPTIMAL_Z = 3.2767694395


@pytest.fixture
def s4(device):
    return [torch.tensor(x, dtype=torch.float64, device=device) for x in (P, Q, C)]


def test_importance_sampling_over_the_whole_population_is_exact(s4):
    _, q, c = s4
    assert importance_log_partition(c, q.log(), q).exp().item() == pytest.approx(Z, abs=1e-10)


def test_unweighted_rows_are_averaged():
    cost, log_q = (
        torch.tensor([0.0, math.log(2)], dtype=torch.float64),
        torch.tensor([0.0, math.log(0.25)], dtype=torch.float64),
    )
    assert importance_log_partition(cost, log_q).item() == pytest.approx(math.log(1.5), rel=1e-15)


@pytest.mark.parametrize(("z", "estimate"), [(0.5, 0.842), (1, 1.477), (2, 2.421), (5, 4.094), (20, 6.652)])
def test_the_self_consistent_estimate_depends_on_the_parameter(s4, z, estimate):
    p, q, c = s4
    b = torch.log(torch.tensor(float(z)).to(c))
    logit = -c - b - q.log()
    found = self_consistent_log_partition(logit, logit, b, p, q).exp().item()
    assert found == pytest.approx(estimate, abs=5e-4)


def test_the_optimum_is_the_fixed_point_and_not_the_partition_function(s4):
    p, q, c = s4
    score = -c - q.log()
    b = optimal_log_partition(score, score, p, q)
    assert b.exp().item() == pytest.approx(OPTIMAL_Z, abs=1e-10)
    assert self_consistent_log_partition(score - b, score - b, b, p, q).item() == pytest.approx(
        b.item(), abs=1e-15
    )
    balance = (p * torch.sigmoid(score - b)).sum() + (q * torch.sigmoid(score - b)).sum()
    assert balance.item() == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("which", ["data", "generator"])
def test_the_optimum_is_the_partition_function_where_the_model_is_one_side(s4, which):
    p, q, c = s4
    model = torch.softmax(-c, 0)
    p, q = (model, q) if which == "data" else (p, model)
    score = -c - q.log()
    assert optimal_log_partition(score, score, p, q).exp().item() == pytest.approx(Z, abs=1e-9)


@pytest.mark.parametrize("gap", [0.0, 5.0, 80.0, 700.0, 2000.0, -5.0, -80.0, -700.0])
def test_separated_batches_lose_nothing(device, gap):
    # One row a side: σ(b − a) = σ(a' − b) exactly halfway, however far apart and on whichever side.
    expert, generator = (torch.tensor([x], dtype=torch.float64, device=device) for x in (gap, 0.0))
    assert optimal_log_partition(expert, generator).item() == pytest.approx(gap / 2, abs=1e-12)


def test_the_optimum_translates_with_the_cost(device, dtype):
    rng = np.random.default_rng(1)
    expert, generator = (torch.tensor(rng.normal(size=n), device=device, dtype=dtype) for n in (5, 7))
    before, after = optimal_log_partition(expert, generator), optimal_log_partition(expert + 8, generator + 8)
    assert before.dtype is dtype
    assert not before.requires_grad
    allowed = 16 * torch.finfo(dtype).eps
    assert after.item() - before.item() == pytest.approx(8, abs=allowed)


def test_partial_overlap_has_a_finite_optimum_and_none_has_an_infinite_one():
    # p = (.6, .4, 0), q = (0, .5, .5): the costs are left open, so that the slope decides.
    infinite = math.inf
    weight = torch.tensor([0.6, 0.4], dtype=torch.float64)
    expert, generator = (
        torch.tensor([infinite, 0.3], dtype=torch.float64),
        torch.tensor([0.3, -1.2], dtype=torch.float64),
    )
    b = optimal_log_partition(expert, generator, weight)
    missed, fooled = torch.sigmoid(b - expert), torch.sigmoid(generator - b)
    assert ((weight * missed).sum() - fooled.mean()).item() == pytest.approx(0.0, abs=1e-15)
    assert optimal_log_partition(expert[:1], generator).item() == infinite


def test_shapes_are_never_broadcast():
    with pytest.raises(ValueError, match="shape"):
        importance_log_partition(torch.zeros(3, 1), torch.zeros(3))
    with pytest.raises(ValueError, match="rows"):
        importance_log_partition(torch.zeros(3), torch.zeros(1))
    with pytest.raises(ValueError, match="scalar"):
        self_consistent_log_partition(torch.zeros(3), torch.zeros(3), torch.zeros(1))
    with pytest.raises(ValueError, match="shape"):
        optimal_log_partition(torch.zeros(3, 1), torch.zeros(3))
