"""Networks that stand in for a library's own compute the case's numbers, and give gradients back as the case's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ganirl import PRECISIONS, Conventions
from ganirl_gpu.framework import framework
from ganirl_gpu.networks import PolicyNetwork, RewardNetwork, transitions
from ganirl_properties.cases import case_from_bytes


@pytest.fixture(params=["float64", "float32"])
def plain(request):
    rng = np.random.default_rng(5)
    while True:  # until there is a choice of actions
        case = case_from_bytes(
            rng.bytes(4000), "batch", PRECISIONS[request.param], Conventions(unit="transition")
        )
        if case.policy_logits.shape[1] > 1:
            return case


@pytest.fixture
def case(plain):
    return framework.case(plain, "cpu")


@pytest.mark.parametrize("sign", [-1.0, 1.0, 0.0])
def test_the_reward_network_is_linear_in_the_features(plain, case, sign):
    given = transitions(case, case.expert)
    out = RewardNetwork(case, sign)(given.observation)
    assert out.shape == (len(plain.expert), 1)
    assert torch.equal(RewardNetwork(case, sign)(given.observation, given.action, given.done), out)
    expected = sign * (plain.expert.features @ plain.theta + plain.b)
    np.testing.assert_allclose(framework.numpy(out)[:, 0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_its_gradient_is_that_in_theta_and_b(case, sign):
    """By another route: autograd through the case's own leaves."""
    network = RewardNetwork(case, sign)
    nn.functional.softplus(network(case.expert.features)).sum().backward()
    direct = nn.functional.softplus(sign * (case.expert.features @ case.theta + case.b)).sum()
    theta, b = torch.autograd.grad(direct, (case.theta, case.b))
    taken = network.gradient()
    torch.testing.assert_close(taken.theta, theta)
    torch.testing.assert_close(taken.b, b)


def test_the_policy_network_s_gradient_is_that_in_the_policy_logits(case):
    """By another route: autograd through the case's own leaves."""
    given, rewards = transitions(case, case.generator), case.generator.features.sum(1) + 1.0
    network = PolicyNetwork(case)
    log_pi = torch.log_softmax(network(given.observation), -1).gather(1, given.action[:, None])[:, 0]
    (log_pi * rewards).mean().backward()
    direct = torch.log_softmax(case.policy_logits, -1)[case.generator.state, case.generator.action]
    (expected,) = torch.autograd.grad((direct * rewards).mean(), case.policy_logits)
    assert expected.any()
    torch.testing.assert_close(network.gradient(), expected)
    assert case.policy_logits.grad is None


def test_where_no_backward_pass_came_the_gradient_is_zero(case):
    of_policy = PolicyNetwork(case).gradient()
    assert of_policy.shape == case.policy_logits.shape
    assert not of_policy.any()
    taken = RewardNetwork(case).gradient()
    assert taken.theta.shape == case.theta.shape
    assert not taken.theta.any()
    assert taken.b == 0


def test_the_case_itself_is_left_alone(case):
    network = RewardNetwork(case)
    network(case.expert.features).sum().backward()
    assert case.theta.grad is None
    assert case.b.grad is None


def test_nothing_is_drawn_for_them(case):
    before = torch.random.get_rng_state()
    for network in (RewardNetwork(case), RewardNetwork(case, sign=0.0), PolicyNetwork(case)):
        assert all(torch.isfinite(each).all() for each in network.parameters())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_policy_network_gives_the_density_of_the_rows(plain, case):
    given = transitions(case, case.generator)
    logits = PolicyNetwork(case)(given.observation)
    log_q = torch.log_softmax(logits, -1).gather(1, given.action[:, None])[:, 0]
    np.testing.assert_allclose(framework.numpy(log_q), plain.generator.log_q, rtol=1e-5, atol=1e-6)


def test_a_policy_of_other_logits_is_told_apart(plain, case):
    with torch.no_grad():
        network = PolicyNetwork(case)
        network.weight[0] += 1.0
        given = transitions(case, case.generator)
        log_q = torch.log_softmax(network(given.observation), -1).gather(1, given.action[:, None])[:, 0]
    assert np.abs(framework.numpy(log_q) - plain.generator.log_q).max() > 1e-3


def test_the_end_is_the_observation_of_zeros(plain, case):
    given = transitions(case, case.expert)
    ended = plain.expert.next_state == plain.policy_logits.shape[0]
    np.testing.assert_array_equal(given.next_observation.numpy().any(axis=1), ~ended)
    np.testing.assert_array_equal(given.done.numpy() == 1.0, plain.expert.done)
    assert given.done.dtype == case.theta.dtype
