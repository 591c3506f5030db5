"""The tensors' recursions over time against those of NumPy, and gradients against enumeration."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ganirl.dynamic_programming import causal_entropy, model_occupancy, trajectory_entropy
from ganirl.instances import INSTANCES, Instance, curved_step_cost, generic, variant
from ganirl_gpu.claims.process import Process, process, soft, value_of, with_end
from ganirl_gpu.claims.space import TorchSpace, gradient, torch_space

CASES = (
    generic(),
    variant(stochastic=False, random_start=True),
    variant(stochastic=False, random_start=False),
)


def beside(instance: Instance, device: str) -> tuple[TorchSpace, Process]:
    space = torch_space(instance.problem, instance.theta, instance.b, mdp=instance.mdp, device=device)
    return space, process(space)


def numbers(values: torch.Tensor) -> np.ndarray:
    return values.detach().cpu().numpy()


@pytest.mark.parametrize("instance", CASES, ids=lambda each: each.name)
def test_recursions_are_those_of_numpy(instance: Instance, device: str) -> None:
    mdp, (_, world) = instance.mdp, beside(instance, device)
    assert mdp is not None
    costs = mdp.cost_table(instance.theta, curved_step_cost)
    for seeking, other in ((False, causal_entropy(mdp, costs)), (True, trajectory_entropy(mdp, costs))):
        found = soft(world, world.costs, risk_seeking=seeking)
        assert float(found.value) == pytest.approx(other.value, rel=1e-13)
        np.testing.assert_allclose(numbers(found.states), other.state_values, atol=1e-13)
        np.testing.assert_allclose(numbers(found.policy), other.log_policy, atol=1e-13)
        # a policy of each time, through time as a part of the state
        np.testing.assert_allclose(
            numbers(world.log_prob(found.policy)), mdp.log_density(other.log_policy), atol=1e-13
        )
        np.testing.assert_allclose(
            numbers(world.occupancy(found.policy)), mdp.occupancy(other.log_policy), atol=1e-13
        )


@pytest.mark.parametrize("instance", CASES, ids=lambda each: each.name)
def test_sums_along_trajectories_and_marginals(instance: Instance, device: str) -> None:
    mdp, (space, world) = instance.mdp, beside(instance, device)
    assert mdp is not None
    np.testing.assert_allclose(numbers(world.along(world.costs)), numbers(space.c), atol=1e-13)
    weight = instance.problem.data_weight
    found = world.marginals(torch.tensor(weight, device=device))
    np.testing.assert_allclose(numbers(found), mdp.data_occupancy(weight), atol=1e-14)
    steps = torch.ones_like(found)
    mean_length = value_of(world, world.always(world.logits), steps)
    assert float(mean_length) == pytest.approx(float(space.w_q @ world.lengths), rel=1e-13)


def test_the_gradient_of_log_z_is_the_occupancy_of_the_model(device: str) -> None:
    instance = generic()
    _, world = beside(instance, device)
    assert instance.mdp is not None
    table = world.always(world.costs).contiguous()
    slope = gradient(lambda costs: soft(world, costs, risk_seeking=True).value, table)
    costs = instance.mdp.cost_table(instance.theta, curved_step_cost)
    np.testing.assert_allclose(-numbers(slope), model_occupancy(instance.mdp, costs), atol=1e-13)
    # the soft backup has the dynamics as they are
    causal = gradient(lambda costs: soft(world, costs).value, table)
    best = causal_entropy(instance.mdp, costs).log_policy
    visits = instance.mdp.occupancy(best)[..., None] * instance.mdp.transition
    np.testing.assert_allclose(-numbers(causal), visits, atol=1e-13)
    assert np.abs(numbers(causal - slope)).max() > 1e-2


def test_a_plain_space_has_no_process(device: str) -> None:
    instance = INSTANCES["S4"]()
    space = torch_space(instance.problem, instance.theta, instance.b, device=device)
    with pytest.raises(ValueError, match="not made of an MDP"):
        process(space)


def test_the_end_has_no_value(device: str) -> None:
    assert with_end(torch.ones(3, device=device)).tolist() == [1.0, 1.0, 1.0, 0.0]
