"""Family C in PyTorch: what autograd makes of L_D and of the surrogate, and of what leaks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import guided_cost_loss
from ganirl_gpu.partition import self_consistent_log_partition

from .registry import TorchCheck
from .space import TorchSpace, gradient, total


def discriminator(space: TorchSpace, b: Tensor, c: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(D, 1 − D), (N,), each by its own sigmoid."""
    logit = space.logit(space.c if c is None else c, b)
    return torch.sigmoid(logit), torch.sigmoid(-logit)


def columns(weight: Tensor, values: Tensor) -> Tensor:
    """W f, (N, d), of weights (N,) and columns (N, d)."""
    return weight[:, None] * values


def closed_gradient(space: TorchSpace, b: Tensor) -> Tensor:
    """E_p[(1−D)c'] − E_q[Dc'], (d,)."""
    d, rest = discriminator(space, b)
    return space.mean_p(columns(rest, space.dc)) - space.mean_q(columns(d, space.dc))


def loss_gradient(space: TorchSpace, b: Tensor) -> Tensor:
    """∂_θL_D (d,) by autograd of this package's objective."""
    return gradient(lambda delta: space.loss(space.cost(delta), b), space.here())


def loss_size(space: TorchSpace) -> float:
    """Size of the terms of L_D and of its derivatives in θ."""
    return float(2 + space.c.abs().max() + space.dc.abs().max())


def following(space: TorchSpace, c: Tensor) -> Tensor:
    """Return b*(θ) with its derivative: one step of Newton's method from b*, whose slope carries a gradient."""
    d, rest = discriminator(space, space.b_star, c)
    spread = (d * rest).detach()
    slope = space.mean_p(rest) - space.mean_q(d)
    return space.b_star - slope / (space.mean_p(spread) + space.mean_q(spread))


def frozen(space: TorchSpace, c: Tensor, b: Tensor) -> Tensor:
    """L_cost^μ̃, by this package's objective."""
    return guided_cost_loss(
        c, c, space.log_q, space.log_q, b, expert_weight=space.w_p, generator_weight=space.w_q
    )


def attached(space: TorchSpace, c: Tensor, b: Tensor) -> Tensor:
    """E_p[c] + log E_μ[e^{−c}/μ̃] with nothing held."""
    logit = space.logit(c, b)
    return space.mean_p(c) + self_consistent_log_partition(logit, logit, b, space.w_p, space.w_q)


def slope_in_theta(space: TorchSpace) -> Iterator[Comparison]:
    """C1: ∂_θL_D = E_p[(1−D)c'] − E_q[D c'] = E_p[c'] − Z⁻¹ E_μ[(e^{−c}/μ̃)c']."""
    b, size = space.log_z_parameter, loss_size(space)
    found = loss_gradient(space, b)
    d, _ = discriminator(space, b)
    twin = space.mean_p(space.dc) - space.mean_q(columns(d, space.dc))
    yield Comparison(closed_gradient(space, b), found, twin, size, name="∂L_D/∂θ")
    log_weight = math.log(2.0) + logsigmoid(space.logit(space.c, b))  # e^{−c}/(Z μ̃) is 2D
    weighted = space.mean_p(space.dc) - space.mean_mixture(columns(torch.exp(log_weight), space.dc))
    yield Comparison(weighted, found, None, size)


def population_form(space: TorchSpace) -> Iterator[Comparison]:
    """C1c: ∂L_D = Σ h(p−m)(1−D)(c', 1); ∂_θL_cost = Σ h(p−p_θ)c'."""
    b, size = space.log_z_parameter, loss_size(space)
    _, rest = discriminator(space, b)
    residual = space.w_p - torch.exp(space.log_h - space.c - b)
    slope = gradient(lambda at: space.loss(space.c, at), b)
    sums = [torch.cat([each @ space.dc, each.sum().reshape(1)]) for each in (residual * rest, residual)]
    found = torch.cat([loss_gradient(space, b), slope.reshape(1)])
    yield Comparison(sums[0], found, sums[1], size, name="∂L_D/∂(θ, b)")

    def likelihood(delta: Tensor) -> Tensor:
        cost = space.cost(delta)
        return space.mean_p(cost) + space.log_partition(cost)

    exact = (space.w_p - space.w_model) @ space.dc
    yield Comparison(exact, gradient(likelihood, space.here()), None, size)


def equality(space: TorchSpace) -> Iterator[Comparison]:
    """C2: at b* the gradient of L_D is that of guided cost learning; at b they differ by ∂_bL_D E_μ[Dc']/E_μ[D]."""
    star, b, size = space.b_star, space.log_z_parameter, loss_size(space)
    irl = gradient(lambda delta: frozen(space, space.cost(delta), star), space.here())
    leaking = gradient(lambda delta: attached(space, space.cost(delta), star), space.here())
    gain = 8 * (1 + float(space.dc.abs().max()))  # of the slope that is left at the computed b*
    yield Comparison(irl, loss_gradient(space, star), leaking, size, gain, name="∂L_D/∂θ at b*")

    d, _ = discriminator(space, b)
    mean, tilted = space.mean_mixture(d), space.mean_mixture(columns(d, space.dc))
    apart = loss_gradient(space, b) - gradient(
        lambda delta: frozen(space, space.cost(delta), b), space.here()
    )
    yield Comparison(tilted * (1 / mean - 2), apart, None, size, 1 + 1 / float(mean))


def leaks(space: TorchSpace) -> Iterator[Comparison]:
    """C3: the surrogate's gradient frozen, leaking through μ̃, and through b*(θ), all at b*."""
    b, size = space.b_star, loss_size(space)
    d, rest = discriminator(space, b)
    spread = d * rest
    data, mean, curvature = space.mean_p(space.dc), space.mean_mixture(d), space.mean_mixture(spread)
    right = data - space.mean_mixture(columns(d, space.dc)) / mean
    leaked = space.mean_mixture(columns(spread, space.dc))
    gain = 8 * (1 + float(space.dc.abs().max()))

    def of(function: Callable[[Tensor], Tensor]) -> Tensor:
        return gradient(lambda delta: function(space.cost(delta)), space.here())

    yield Comparison(right, of(lambda c: frozen(space, c, b)), None, size, gain)
    through_mixture = of(lambda c: attached(space, c, b))
    yield Comparison(data - 2 * leaked, through_mixture, right, size, gain, name="∂/∂θ through μ̃")
    implicit = of(lambda c: attached(space, c, following(space, c)))
    yield Comparison(
        data - leaked / curvature, implicit, right, size, gain / float(curvature), name="d/dθ through b*(θ)"
    )


def envelope(space: TorchSpace) -> Iterator[Comparison]:
    """C4: with b*(θ) left attached, L_D has the gradient that it has with b* held; the field is conservative."""
    size, gain = loss_size(space), 8 * (1 + float(space.dc.abs().max()))

    def profile(delta: Tensor) -> Tensor:
        cost = space.cost(delta)
        return space.loss(cost, following(space, cost))

    def in_surrogate(delta: Tensor) -> Tensor:
        cost = space.cost(delta)
        return attached(space, cost, following(space, cost))

    yield Comparison(
        gradient(profile, space.here()),
        closed_gradient(space, space.b_star),
        gradient(in_surrogate, space.here()),
        size,
        gain,
        name="d(min_b L_D)/dθ",
    )

    def field(delta: Tensor) -> Tensor:
        moved = replace(space, c=space.cost(delta), dc=space.dc + space.d2c @ delta)
        return closed_gradient(moved, following(space, moved.c))

    def held(delta: Tensor) -> Tensor:
        moved = replace(space, c=space.cost(delta), dc=space.dc + space.d2c @ delta)
        d, _ = discriminator(moved, space.b_star)
        return moved.mean_p(moved.dc) - moved.mean_mixture(columns(d, moved.dc)) / moved.mean_mixture(d)

    jacobians = [torch.func.jacrev(each)(torch.zeros_like(space.dc[0])) for each in (field, held)]
    # the twin's sides are both its own: what its Jacobian lacks of symmetry is added to the right one's
    right = jacobians[0].T
    twin = right + (jacobians[1] - jacobians[1].T)
    yield Comparison(jacobians[0], right, twin, size * (1 + size), gain, name="∂_jF_k")


def half_of_the_likelihood(space: TorchSpace) -> Iterator[Comparison]:
    """C5: with q = p_θ and b = log Z_θ, ∂_θL_D is half of ∂_θL_cost."""
    converged = replace(space, log_q=space.log_model)
    found = loss_gradient(converged, space.log_z)
    exact = space.mean_p(space.dc) - total(space.w_model, space.dc)
    yield Comparison(exact / 2, found, exact, loss_size(space), name="∂L_D/∂θ at q = p_θ")


CHECKS = (
    TorchCheck(
        "C1",
        "gradient of discriminator_loss in θ by autograd, against E_p[(1−D)c'] − E_q[Dc'] and E_p[c'] − 2E_μ[Dc']",
        "no 1−D",
        slope_in_theta,
    ),
    TorchCheck(
        "C1c",
        "gradients of discriminator_loss in θ and b by autograd, against Σ h(p−m)(1−D)(c', 1); that of the "
        "likelihood against Σ h(p−p_θ)c'",
        "no 1−D: the residual of the likelihood",
        population_form,
    ),
    TorchCheck(
        "C2",
        "autograd of guided_cost_loss against autograd of discriminator_loss at optimal_log_partition, and at b",
        "μ̃ left attached",
        equality,
    ),
    TorchCheck(
        "C3",
        "autograd of the surrogate with μ̃ held, attached, and with b*(θ) attached, against their closed forms",
        "the frozen gradient taken for each",
        leaks,
    ),
    TorchCheck(
        "C4",
        "autograd of discriminator_loss with b*(θ) attached, against its gradient with b* held; the Jacobian of "
        "that field by autograd against its transpose",
        "b*(θ) attached inside the surrogate; b held in the surrogate's field",
        envelope,
    ),
    TorchCheck(
        "C5",
        "gradient of discriminator_loss at q = p_θ, b = log Z by autograd, against ½(E_p − E_pθ)c'",
        "no ½",
        half_of_the_likelihood,
    ),
)
