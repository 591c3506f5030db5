"""The discriminator as a researcher trains it: it converges to the cost, to log Z, and to what NCE says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from ganirl_gpu.discriminator import Batch, Discriminator

FEATURES = (0.0, 1.0, 2.0, 3.0)
DATA = (0.5, 0.05, 0.05, 0.4)
GENERATORS = ((0.25, 0.25, 0.25, 0.25), (0.7, 0.2, 0.07, 0.03), (0.03, 0.07, 0.2, 0.7))


def train(p, q, device):
    """Minimise L_D over (θ, log Z) with c = θφ on four points of known p and q, from zero."""
    features = torch.tensor(FEATURES, dtype=torch.float64, device=device)[:, None]
    p, q = (torch.tensor(x, dtype=torch.float64, device=device) for x in (p, q))
    network = nn.Linear(1, 1, bias=False, dtype=torch.float64, device=device)
    nn.init.zeros_(network.weight)
    discriminator = Discriminator(network)
    optimiser = torch.optim.LBFGS(
        discriminator.parameters(),
        max_iter=300,
        tolerance_grad=1e-13,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimiser.zero_grad()
        loss = discriminator.loss(Batch(features, q.log(), p), Batch(features, q.log(), q))
        loss.backward()
        return loss

    optimiser.step(closure)
    return network.weight.item(), discriminator.log_partition.item(), closure().item()


@pytest.mark.parametrize("q", GENERATORS)
def test_a_cost_that_can_fit_finds_the_truth_for_every_generator(device, q):
    # C6, well specified: p ∝ e^{.4φ}, so that θ = −.4 and log Z is the true one.
    weights = np.exp(0.4 * np.array(FEATURES))
    theta, b, _ = train(weights / weights.sum(), q, device)
    assert theta == pytest.approx(-0.4, abs=1e-6)
    assert b == pytest.approx(math.log(weights.sum()), abs=1e-6)


@pytest.mark.parametrize(("q", "theta"), [*zip(GENERATORS, (-0.0914, -0.3839, 0.2125), strict=True)])
def test_a_cost_that_cannot_fit_finds_noise_contrastive_estimates(device, q, theta):
    # C6 writes c = −θφ; the generator decides even the sign.
    assert -train(DATA, q, device)[0] == pytest.approx(theta, abs=1e-4)


def test_a_generator_that_is_the_best_model_makes_it_maximum_likelihood(device):
    model = np.exp(-0.120493 * np.array(FEATURES))
    theta, b, loss = train(DATA, model / model.sum(), device)
    assert -theta == pytest.approx(-0.120493, abs=1e-5)
    assert b == pytest.approx(math.log(model.sum()), abs=1e-5)
    assert loss == pytest.approx(2 * math.log(2), abs=1e-6)  # G2: D ≡ ½ although q is not p


def test_parts_by_hand(device, dtype):
    network = nn.Linear(2, 1, bias=False, dtype=dtype, device=device)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[2.0, -1.0]]))
    discriminator = Discriminator(network, log_partition=0.5)
    inputs, log_q = (
        torch.tensor([[1.0, 1.0], [0.0, 3.0]]).to(network.weight),
        torch.tensor([-2.0, -4.0]).to(network.weight),
    )
    assert discriminator.cost(inputs).tolist() == [1.0, -3.0]
    assert discriminator(inputs, log_q).tolist() == [0.5, 6.5]
    reward = discriminator.reward(inputs, log_q)
    assert reward.tolist() == [0.5, 6.5]
    assert not reward.requires_grad
    assert discriminator.reward(inputs, log_q, detach=False).requires_grad
    assert [name for name, _ in discriminator.named_parameters()] == ["log_partition", "cost_network.weight"]


def test_the_loss_does_not_train_the_policy(device):
    logits = torch.zeros(3, dtype=torch.float64, device=device, requires_grad=True)
    log_q = torch.log_softmax(logits, 0)
    discriminator = Discriminator(nn.Linear(1, 1, dtype=torch.float64, device=device))
    side = Batch(torch.ones(3, 1, dtype=torch.float64, device=device), log_q)
    loss = discriminator.loss(side, side)
    assert torch.autograd.grad(loss, logits, allow_unused=True) == (None,)


def test_a_network_may_return_a_column_or_a_vector_and_nothing_else():
    inputs, log_q = torch.zeros(4, 3), torch.zeros(4)
    assert Discriminator(nn.Linear(3, 1))(inputs, log_q).shape == (4,)
    assert Discriminator(nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)))(inputs, log_q).shape == (4,)
    for wrong in (nn.Linear(3, 2), nn.Sequential(nn.Linear(3, 1), nn.Flatten(0), nn.Linear(4, 1))):
        with pytest.raises(ValueError, match="cost network returned shape"):
            Discriminator(wrong)(inputs, log_q)


def test_a_network_without_parameters_is_a_fixed_cost():
    assert Discriminator(nn.Flatten(0))(torch.ones(2, 1), torch.zeros(2)).tolist() == [-1.0, -1.0]
