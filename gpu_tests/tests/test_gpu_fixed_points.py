"""Trained to the end: L_D finds noise contrast, a learned normaliser finds the likelihood, for every generator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from ganirl.instances import S6_GENERATORS, s6
from ganirl_gpu.claims import check_claim, torch_space
from ganirl_gpu.claims.space import TorchSpace
from ganirl_gpu.objectives import discriminator_loss
from ganirl_gpu.partition import importance_log_partition

MLE = -0.120493
NOISE_CONTRAST = {"uniform": -0.0914, "skewed left": -0.3839, "skewed right": 0.2125}


def space_of(generator: str, device: str, well_specified: bool = False) -> TorchSpace:
    instance = s6(generator, well_specified, theta=0.0)
    return torch_space(instance.problem, instance.theta, instance.b, device=device)


def trained(loss: Callable[[Tensor, Tensor], Tensor], device: str) -> tuple[float, float]:
    """Train (θ, b) by PyTorch's own optimiser."""
    theta = torch.zeros((), dtype=torch.float64, device=device, requires_grad=True)
    b = torch.zeros((), dtype=torch.float64, device=device, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [theta, b], max_iter=500, tolerance_grad=1e-12, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = loss(theta, b)
        value.backward()
        return value

    optimiser.step(closure)
    return theta.item(), b.item()


def gan(space: TorchSpace) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(theta: Tensor, b: Tensor) -> Tensor:
        logit = space.logit(space.dc[:, 0] * theta, b)
        return discriminator_loss(logit, logit, space.w_p, space.w_q)

    return loss


def learned_normaliser(space: TorchSpace) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(theta: Tensor, b: Tensor) -> Tensor:
        cost = space.dc[:, 0] * theta
        drawn = importance_log_partition(cost, space.log_q, space.w_q)
        return space.mean_p(cost) + b + torch.exp(drawn - b) - 1

    return loss


@pytest.mark.parametrize("generator", S6_GENERATORS)
def test_a_misspecified_gan_ends_where_its_generator_says(generator: str, device: str) -> None:
    space = space_of(generator, device)
    theta, _ = trained(gan(space), device)
    assert theta == pytest.approx(NOISE_CONTRAST[generator], abs=5e-5)


@pytest.mark.parametrize("generator", S6_GENERATORS)
def test_a_learned_normaliser_ends_at_the_likelihoods_optimum(generator: str, device: str) -> None:
    space = space_of(generator, device)
    theta, b = trained(learned_normaliser(space), device)
    assert theta == pytest.approx(MLE, abs=1e-6)
    fitted = space.log_partition(space.dc[:, 0] * theta)
    assert b == pytest.approx(float(fitted), abs=1e-6)


@pytest.mark.parametrize("generator", S6_GENERATORS)
def test_well_specified_both_find_the_data(generator: str, device: str) -> None:
    space = space_of(generator, device, well_specified=True)
    for loss in (gan(space), learned_normaliser(space)):
        theta, b = trained(loss, device)
        assert theta == pytest.approx(0.4, abs=1e-6)
        assert b == pytest.approx(float(space.log_partition(space.dc[:, 0] * 0.4)), abs=1e-6)


@pytest.mark.parametrize("generator", S6_GENERATORS)
def test_the_check_of_noise_contrast_holds_for_every_generator(generator: str, device: str) -> None:
    found = check_claim("C6", s6(generator), device=device)
    assert found.agrees
    assert found.twin_differs
