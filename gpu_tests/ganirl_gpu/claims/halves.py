"""E5 in PyTorch: the generator's two losses, each alone and both together."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import log_discriminator, log_one_minus_discriminator

from .moving import divergence, gradient_size, log_prob, loss_size, policy_logits, score_mean, weight_of
from .registry import TorchCheck
from .space import TorchSpace, gradient


def _halves(logit: Tensor) -> Tensor:
    """(2, N): −log D and log(1−D)."""
    return torch.stack([-log_discriminator(logit), log_one_minus_discriminator(logit)])


def both_losses(space: TorchSpace) -> Iterator[Comparison]:
    """E5: what log q inside D and a change of b do to the gradient of either half, and of the sum not at all."""
    reached = torch.isfinite(space.log_q)
    b, start = space.log_z_parameter, policy_logits(space)
    size = gradient_size(space)

    def logit(log_q: Tensor, at: Tensor) -> Tensor:
        return space.logit(space.c[reached], at, log_q[reached])

    def loss(logits: Tensor, at: Tensor, half: int, *, tied: bool) -> Tensor:
        log_q = log_prob(space, logits)
        inside = log_q if tied else log_q.detach()
        return (weight_of(space, log_q)[reached] * _halves(logit(inside, at))[half]).sum()

    def excess(half: int) -> Tensor:
        tied = gradient(lambda logits: loss(logits, b, half, tied=True), start)
        return tied - gradient(lambda logits: loss(logits, b, half, tied=False), start)

    def turn(half: int) -> Tensor:
        """∂/∂b of the gradient in the logits: backwards twice."""
        leaf, at = start.clone().requires_grad_(), b.clone().requires_grad_()
        (slope,) = torch.autograd.grad(loss(leaf, at, half, tied=True), at, create_graph=True)
        (found,) = torch.autograd.grad(slope, leaf)
        return found

    d = torch.sigmoid(space.logit(space.c, b))
    for found, closed, name in (
        ((excess(0), excess(1)), (1 - d, d), "∇ tied − ∇ frozen, of −log D, log(1−D) and both"),
        ((turn(0), turn(1)), (1 - d**2, d**2), "∂_b∇, of −log D, log(1−D) and both"),
    ):
        nothing = torch.zeros_like(start)
        left = torch.stack([*(score_mean(space, each) for each in closed), nothing])
        right = torch.stack([*found, found[0] + found[1]])
        yield Comparison(left, right, torch.zeros_like(left), size, 4.0, name)

    yield from _curvature(space, logit(space.log_q, b), d[reached], reached)


def _curvature(space: TorchSpace, logit: Tensor, d: Tensor, reached: Tensor) -> Iterator[Comparison]:
    """Second derivatives in q(1 + x), row by row, against q(1−D²) and q D²; and the sum against the KL."""
    weight = space.w_q[reached]
    x = torch.zeros_like(logit, requires_grad=True)
    found = []
    for half in _halves(logit - torch.log1p(x)):
        (slope,) = torch.autograd.grad((weight * (1 + x) * half).sum(), x, create_graph=True)
        (bend,) = torch.autograd.grad(slope.sum(), x, retain_graph=True)
        found.append(bend)
    closed = torch.stack([weight * (1 - d**2), weight * d**2])
    alike = torch.stack([weight, weight])
    yield Comparison(closed, torch.stack(found), alike, 1.0, 4.0, "q² f''/m")
    losses = (weight * _halves(logit)).sum(1)
    offset = space.log_z_parameter - space.log_z
    reverse = divergence(space, space.log_q, space.log_model) + offset
    yield Comparison(losses.sum(), reverse, losses[0], loss_size(space), name="KL(q‖p_θ) + b − log Z")


HALVES = TorchCheck(
    "E5",
    "of E_q[−log D] and E_q[log(1−D)]: autograd with log q attached in D less that with it detached, that gradient "
    "differentiated in b, and second derivatives in q, against closed forms; their sum against KL by `kl_div`",
    "one half taken for the sum",
    both_losses,
)
