"""Family I in PyTorch: the losses that libraries write, by PyTorch's own BCE, and what regularisers add."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ganirl.enumeration.space import Comparison

from .gradients import closed_gradient, columns, discriminator, loss_gradient, loss_size
from .registry import TorchCheck
from .space import TorchSpace, gradient

DECAY, PENALTY, TANH_SCALE, SMOOTHING = 0.3, 0.5, 2.0, 0.1


def concatenated_loss(
    logit: Tensor,
    expert: Tensor,
    generator: Tensor,
    expert_label: float = 1.0,
    generator_label: float = 0.0,
) -> Tensor:
    """Return the mean BCE over the rows of both sides, joined as libraries join them; weights are row counts."""
    labels = torch.cat([torch.full_like(logit, expert_label), torch.full_like(logit, generator_label)])
    weight = torch.cat([expert, generator])
    both = torch.cat([logit, logit])
    return binary_cross_entropy_with_logits(both, labels, weight, reduction="sum") / weight.sum()


def pooled_mean(space: TorchSpace) -> Iterator[Comparison]:
    """I1: at n_p = n_q half of L_D and of its gradient; at 1 : 4 b* is log Z + log 4 and ℓ* log p/(4q)."""
    b, size = space.log_z_parameter, loss_size(space)

    def pooled(delta: Tensor) -> Tensor:
        return concatenated_loss(space.logit(space.cost(delta), b), 3 * space.w_p, 3 * space.w_q)

    whole, slope = space.loss(space.c, b), loss_gradient(space, b)
    value = pooled(space.here().detach())
    yield Comparison(value, whole / 2, whole, size, name="pooled mean at n_p = n_q")
    yield Comparison(gradient(pooled, space.here()), slope / 2, slope, size, name="its gradient")

    def slope_in_b(at: Tensor) -> Tensor:
        return gradient(
            lambda x: concatenated_loss(space.logit(space.c, x), space.w_model, 4 * space.w_q), at
        )

    level, wrong = slope_in_b(space.log_z + math.log(4.0)), slope_in_b(space.log_z)
    yield Comparison(
        level, torch.zeros_like(level), wrong, size, name="∂/∂b at log Z + log 4, data from the model"
    )

    live = (space.w_p > 0) & (space.w_q > 0)
    ratio = torch.where(live, space.log_p - space.log_q, 0.0)

    def slope_in_logit(at: Tensor) -> Tensor:
        return gradient(lambda x: concatenated_loss(x, space.w_p * live, 4 * space.w_q * live), at)

    flat = slope_in_logit(ratio - math.log(4.0))
    yield Comparison(flat, torch.zeros_like(flat), slope_in_logit(ratio), size)


def flipped_label(space: TorchSpace) -> Iterator[Comparison]:
    """I2: −ℓ with the labels exchanged is the same loss with the same gradient; with labels kept it is not."""
    b, size = space.log_z_parameter, loss_size(space)

    def flipped(delta: Tensor, expert_label: float) -> Tensor:
        logit = -space.logit(space.cost(delta), b)
        return 2 * concatenated_loss(logit, space.w_p, space.w_q, expert_label, 1 - expert_label)

    here = space.here().detach()
    yield Comparison(flipped(here, 0.0), space.loss(space.c, b), flipped(here, 1.0), size, name="L_D by −ℓ")
    found = gradient(lambda delta: flipped(delta, 0.0), space.here())
    kept = gradient(lambda delta: flipped(delta, 1.0), space.here())
    yield Comparison(found, loss_gradient(space, b), kept, size, name="∂/∂θ by −ℓ")


def smoothed_label(space: TorchSpace) -> Iterator[Comparison]:
    """I3: with label 0.9 on the expert's rows the loss is level at m* = (1−ε)pq/(q + εp) on every trajectory."""
    live = (space.w_p > 0) & (space.w_q > 0)
    log_p, log_q = (torch.where(live, each, 0.0) for each in (space.log_p, space.log_q))
    log_mixed = torch.logaddexp(log_q, math.log(SMOOTHING) + log_p)
    law = math.log(1 - SMOOTHING) + log_p + log_q - log_mixed

    def slope(log_m: Tensor) -> Tensor:
        return gradient(
            lambda x: concatenated_loss(x - log_q, space.w_p * live, space.w_q * live, 1 - SMOOTHING), log_m
        )

    level = slope(law)
    yield Comparison(level, torch.zeros_like(level), slope(log_p), 1.0, name="∂/∂ log m at m*")


def regularisers(space: TorchSpace) -> Iterator[Comparison]:
    """I4: weight decay, a gradient penalty, clamped logits and a tanh cost, by autograd, against what each adds."""
    b = space.log_z_parameter
    plain = closed_gradient(space, b)
    theta = torch.tensor(space.theta, dtype=space.c.dtype, device=space.device)
    size = loss_size(space) + float(theta.abs().max()) ** 2

    def of(function: Callable[[Tensor], Tensor]) -> Tensor:
        return gradient(function, space.here())

    decayed = of(lambda delta: space.loss(space.cost(delta), b) + DECAY / 2 * ((theta + delta) ** 2).sum())
    yield Comparison(plain + DECAY * theta, decayed, plain, size, name="∂/∂θ with weight decay")

    first = torch.zeros_like(space.dc[0])
    first[0] = 1.0

    def penalised(delta: Tensor) -> Tensor:
        # the first parameter of each row's cost is read as that row's input x
        x = torch.zeros_like(space.c, requires_grad=True)
        moved = delta + x[:, None] * first
        bend = torch.einsum("nij,ni,nj->n", space.d2c, moved, moved) / 2
        (slopes,) = torch.autograd.grad(
            (space.c + (space.dc * moved).sum(1) + bend).sum(), x, create_graph=True
        )
        return space.loss(space.cost(delta), b) + PENALTY / 2 * space.mean_p(slopes**2)

    added = PENALTY * space.mean_p(columns(space.dc[:, 0], space.d2c[:, 0, :]))
    steep = size + float(space.dc.abs().max()) ** 2
    yield Comparison(plain + added, of(penalised), plain, steep, name="∂/∂θ with a gradient penalty")

    logit = space.logit(space.c, b)
    sizes = logit.abs().sort().values
    middle = len(sizes) // 2
    bound = float(sizes[middle - 1] + sizes[middle]) / 2

    def clamped(delta: Tensor) -> Tensor:
        inner = space.logit(space.cost(delta), b).clamp(-bound, bound)
        return 2 * concatenated_loss(inner, space.w_p, space.w_q)

    d, rest = discriminator(space, b)
    outside = columns((logit.abs() > bound).to(d.dtype), space.dc)
    lost = space.mean_p(columns(rest, outside)) - space.mean_q(columns(d, outside))
    yield Comparison(plain - lost, of(clamped), plain, size, name="∂/∂θ with clamped logits")

    squashed = replace(space, c=TANH_SCALE * torch.tanh(space.c / TANH_SCALE))
    narrow = replace(squashed, dc=columns(1 - torch.tanh(space.c / TANH_SCALE) ** 2, space.dc))
    bounded = of(lambda delta: space.loss(TANH_SCALE * torch.tanh(space.cost(delta) / TANH_SCALE), b))
    yield Comparison(
        closed_gradient(narrow, b), bounded, closed_gradient(squashed, b), size, name="∂/∂θ with a tanh cost"
    )


CHECKS = (
    TorchCheck(
        "I1",
        "binary_cross_entropy_with_logits over joined rows, its value and autograd's gradient, against ½L_D at equal "
        "counts; its slopes at log Z + log 4 and log p/(4q) against 0 at 1 : 4",
        "no ½; no shift",
        pooled_mean,
    ),
    TorchCheck(
        "I2",
        "binary_cross_entropy_with_logits of −ℓ with labels exchanged, and its gradient, against L_D's",
        "labels kept",
        flipped_label,
    ),
    TorchCheck(
        "I3",
        "autograd of binary_cross_entropy_with_logits with label 0.9, in the log m of each trajectory, at "
        "(1−ε)pq/(q+εp), against 0",
        "m = p",
        smoothed_label,
    ),
    TorchCheck(
        "I4",
        "autograd of L_D with weight decay, a double-backward penalty, clamped logits and a tanh cost, against its "
        "gradient with what each adds",
        "the gradient of L_D itself",
        regularisers,
    ),
)
