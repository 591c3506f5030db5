"""Family D in PyTorch: the likelihood of MaxEnt IRL, its optimum, and what it does not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from ganirl.enumeration.space import Comparison

from .gradients import loss_size
from .hessian import covariance
from .registry import TorchCheck
from .space import TorchSpace, gradient, hessian


def likelihood(space: TorchSpace, c: Tensor) -> Tensor:
    """L_cost = E_p[c] + log Σ h e^{−c}."""
    return space.mean_p(c) + space.log_partition(c)


def derivatives_of_log_z(space: TorchSpace) -> Iterator[Comparison]:
    """D1: ∂_θ log Z = −E_pθ[c'], ∂²_θ log Z = Cov_pθ(c') − E_pθ[c'']."""

    def log_z(delta: Tensor) -> Tensor:
        return space.log_partition(space.cost(delta))

    mean = space.w_model @ space.dc
    size = float(space.c.abs().max() + space.dc.abs().max() ** 2)
    yield Comparison(gradient(log_z, space.here()), -mean, None, size, name="∂ log Z/∂θ")
    spread = covariance(space.w_model, space.dc)
    bend = torch.einsum("n,nij->ij", space.w_model, space.d2c)
    yield Comparison(spread - bend, hessian(log_z, space.here()), spread, size, name="∂² log Z/∂θ²")


def entropy_and_divergence(space: TorchSpace) -> Iterator[Comparison]:
    """D2: E_p[c] + log Z = H(p) + KL(p‖p_θ)."""
    seen = space.w_p > 0
    entropy = -(space.w_p * torch.where(seen, space.log_p, 0.0)).sum()
    full = space.log_h + space.log_model  # of the whole density, as PyTorch's own divergence wants it
    divergence = kl_div(full[seen], (space.log_h + space.log_p)[seen], reduction="sum", log_target=True)
    size = float(full[seen].abs().max() + (space.log_h + space.log_p)[seen].abs().max()) + loss_size(space)
    found = likelihood(space, space.c)
    yield Comparison(entropy + divergence, found, divergence, size, name="L_cost")


def matched(space: TorchSpace) -> Tensor:
    """Return the t that minimises L_cost of c + t φ, φ = ∂c/∂θ_1: damped Newton's method by autograd, in float64."""
    precise = replace(
        space,
        log_h=space.log_h.double(),
        log_p=space.log_p.double(),
        c=space.c.double(),
        dc=space.dc.double(),
    )

    def loss(t: Tensor) -> Tensor:
        return likelihood(precise, precise.c + t[0] * precise.dc[:, 0])

    at = torch.zeros_like(precise.c[:1])
    for _ in range(60):
        step = gradient(loss, at) / hessian(loss, at)[0]
        size = 1.0
        while float(loss(at - size * step)) > float(loss(at)) and size > 1e-6:
            size /= 2
        at = at - size * step
        if float(step.abs()) < 1e-10:
            break
    return at[0].to(space.c.dtype)


def feature_matching(space: TorchSpace) -> Iterator[Comparison]:
    """D3: for affine costs ∂²L_cost = Cov_pθ(φ); trained to the optimum, E_p[φ] = E_pθ[φ]."""
    affine, phi = replace(space, d2c=torch.zeros_like(space.d2c)), space.dc[:, 0]
    found = hessian(lambda delta: likelihood(affine, affine.cost(delta)), space.here())
    spread = covariance(space.w_model, space.dc)
    raw = torch.einsum("n,ni,nj->ij", space.w_model, space.dc, space.dc)
    size = loss_size(space) ** 2
    yield Comparison(spread, found, raw, size, name="∂²L_cost/∂θ²")

    t = matched(space)
    fitted = replace(space, c=space.c + t * phi)
    reach = size * (1 + float(t.abs()) * (1 + float(phi.abs().max())))
    yield Comparison(
        fitted.w_model @ phi, space.mean_p(phi), space.mean_q(phi), reach, name="E[φ] after training"
    )


def invisible_constant(space: TorchSpace) -> Iterator[Comparison]:
    """D4: L_cost, its gradient and p_θ do not see a constant in the cost."""
    size, k = loss_size(space), torch.full_like(space.c[0], 1.3)
    moved, held = likelihood(space, space.c + k), space.mean_p(space.c + k) + space.log_z
    yield Comparison(moved, likelihood(space, space.c), held, size, name="L_cost of c + k")
    slope = gradient(lambda at: likelihood(space, space.c + at), k)
    yield Comparison(slope, torch.zeros_like(slope), torch.ones_like(slope), size, name="∂L_cost/∂k")
    shifted = replace(space, c=space.c + k)
    yield Comparison(shifted.w_model, space.w_model, None, size)
    slopes = [_slope(each) for each in (shifted, space)]
    yield Comparison(slopes[0], slopes[1], None, size)


def _slope(space: TorchSpace) -> Tensor:
    """∂_θL_cost (d,)."""
    return gradient(lambda delta: likelihood(space, space.cost(delta)), space.here())


CHECKS = (
    TorchCheck(
        "D1",
        "gradient and Hessian of logsumexp(log h − c) by autograd, against −E[c'] and Cov(c') − E[c'']",
        "the covariance alone",
        derivatives_of_log_z,
    ),
    TorchCheck(
        "D2",
        "H(p) plus PyTorch's kl_div of the whole densities, against E_p c + logsumexp(log h − c)",
        "no entropy",
        entropy_and_divergence,
    ),
    TorchCheck(
        "D3",
        "Hessian of the likelihood of an affine cost by autograd, against Cov(φ); E_pθ[φ] after training one "
        "parameter, against E_p[φ]",
        "not centred; the sampler's features",
        feature_matching,
    ),
    TorchCheck(
        "D4",
        "value, gradients and model of c + k, against those of c; autograd in k against 0",
        "log Z not computed anew",
        invisible_constant,
    ),
)
