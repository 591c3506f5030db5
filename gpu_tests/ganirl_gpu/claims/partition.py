"""Family F in PyTorch: the estimates that one trains with, over the population and over every sample."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.partition import importance_log_partition, self_consistent_log_partition

from .partition_resampling import log_estimate, minibatch_optimum, self_normalised, stratified
from .registry import TorchCheck
from .space import TorchSpace, gradient, hessian, total


def importance_sampling(space: TorchSpace) -> Iterator[Comparison]:
    """F1: importance_log_partition over q is log Σ h e^{−c} over what q reaches, and so is its gradient."""
    estimate = importance_log_partition(space.c, space.log_q, space.w_q).exp()
    seen = torch.isfinite(space.log_q)
    exact = torch.logsumexp((space.log_h - space.c)[seen], 0).exp()
    yield Comparison(estimate, exact, space.mean_q(torch.exp(-space.c)), name="E_q[e^{−c}/q]")

    def log_z(delta: Tensor) -> Tensor:
        return importance_log_partition(space.cost(delta), space.log_q, space.w_q)

    reached = torch.softmax((space.log_h - space.c)[seen], 0)
    size = float(space.dc.abs().max())
    yield Comparison(gradient(log_z, space.here()), -reached @ space.dc[seen], None, size, name="∂ log Ẑ/∂θ")


def log_of_mixture(space: TorchSpace) -> Tensor:
    """(N,) log ½(p + q), the exact one."""
    return torch.logaddexp(space.log_p, space.log_q) - math.log(2)


def mixture_sampling(space: TorchSpace) -> Iterator[Comparison]:
    """F2: importance_log_partition over the exact mixture is log Z."""
    weight = (space.w_p + space.w_q) / 2
    log_mixture = log_of_mixture(space)
    estimate = importance_log_partition(space.c, log_mixture, weight).exp()
    logit = space.logit(space.c, space.log_z)
    modelled = self_consistent_log_partition(logit, logit, space.log_z, space.w_p, space.w_q).exp()
    seen = torch.isfinite(log_mixture)
    exact = torch.logsumexp((space.log_h - space.c)[seen], 0).exp()
    yield Comparison(estimate, exact, modelled, name="E_μ[e^{−c}/μ]")


def modelled_data(space: TorchSpace) -> Iterator[Comparison]:
    """F3: self_consistent_log_partition at the true log Z is off by Z(E_p[D] − E_pθ[D])."""
    logit = space.logit(space.c, space.log_z)
    z = space.log_z.exp()
    estimate = self_consistent_log_partition(logit, logit, space.log_z, space.w_p, space.w_q).exp()
    d = torch.sigmoid(logit)
    bias = z * (space.mean_p(d) - total(space.w_model, d))
    size = float(estimate + z)
    yield Comparison(estimate - z, bias, torch.zeros_like(z), size, name="E_μ[e^{−c}/μ̃] − Z at p̃ = p_θ")


def weight_variance(space: TorchSpace) -> Iterator[Comparison]:
    """F6: the second moment is importance sampling of the cost 2c + log q; its excess is χ²(p_θ‖q)."""
    first = importance_log_partition(space.c, space.log_q, space.w_q)
    second = importance_log_partition(2 * space.c + space.log_q, space.log_q, space.w_q)
    ratio = torch.exp(second - 2 * first)
    model, q = space.log_model.exp(), space.log_q.exp()
    gap = (model - q) ** 2
    chi_squared = torch.sum(torch.exp(space.log_h) * gap / q)
    reverse = torch.sum(torch.exp(space.log_h) * gap / model)
    yield Comparison(ratio - 1, chi_squared, reverse, float(ratio), 2.0, "Var_q(w)/Z²")
    yield Comparison(1 / ratio, 1 / (1 + chi_squared), None, 1.0, 2.0, "ESS/n")


def self_consistent_sample_size(space: TorchSpace) -> Iterator[Comparison]:
    """F7: at b* ESS/n is 1/(2 − 2∂²L_D/∂b²), by autograd twice, and 1/4E_μ[D²]; w/Z is 2D."""
    at = space.b_star

    def loss(shift: Tensor) -> Tensor:
        return space.loss(space.c, at + shift[0])

    curvature = hessian(loss, torch.zeros(1, dtype=space.c.dtype, device=space.device))[0, 0]

    def sample_size(b: Tensor) -> Tensor:
        return 1 / (4 * space.mean_mixture(torch.sigmoid(space.logit(space.c, b)) ** 2))

    by_rate = 1 / (2 * (1 - curvature))
    yield Comparison(sample_size(at), by_rate, sample_size(space.log_z), 1.0, 8.0, "ESS/n at b*")
    b = space.log_z_parameter
    log_mixture = torch.logaddexp(-space.c - b, space.log_q) - math.log(2)
    weights, d = torch.exp(-space.c - b - log_mixture), torch.sigmoid(space.logit(space.c, b))
    yield Comparison(weights, 2 * d, None, 2.0, name="w/Z")


def best_proposal(space: TorchSpace) -> Iterator[Comparison]:
    """F9: slopes of χ² and of KL in the generator's temperature, by autograd; they differ."""

    def log_density(t: Tensor) -> Tensor:
        raw = (1 + t[0]) * space.log_q
        return raw - torch.logsumexp(space.log_h + raw, 0)

    def chi_squared(t: Tensor) -> Tensor:
        return torch.exp(space.log_h + 2 * space.log_model - log_density(t)).sum()

    def divergence(t: Tensor) -> Tensor:
        log_q = log_density(t)
        return torch.sum(torch.exp(space.log_h + log_q) * (log_q - space.log_model))

    here = torch.zeros(1, dtype=space.c.dtype, device=space.device)
    of_variance, of_divergence = (gradient(each, here)[0] for each in (chi_squared, divergence))
    score = space.log_q - space.mean_q(space.log_q)
    squares = torch.exp(2 * (space.log_model - space.log_q))
    size = float(space.mean_q(squares) * (2 + score.abs().max()))
    stated = -space.mean_q(squares * score)
    name = "∂χ²(p_θ‖q_t)/∂t for q_t ∝ q^{1+t}"
    yield Comparison(of_variance, stated, of_divergence, size, 4.0, name)
    slope = space.mean_q((space.c + space.log_q) * score)
    spread = float((score.abs() * (1 + space.c.abs() + space.log_q.abs())).max())
    yield Comparison(of_divergence, slope, None, spread, 4.0, "∂KL(q_t‖p_θ)/∂t")


CHECKS = (
    TorchCheck(
        "F1",
        "importance_log_partition over all of q, and its gradient by autograd, against logsumexp and softmax",
        "importance weights left out: E_q[e^{−c}]",
        importance_sampling,
    ),
    TorchCheck(
        "F2",
        "importance_log_partition over all of μ with log μ, against logsumexp",
        "self_consistent_log_partition, with the model for the data's density",
        mixture_sampling,
    ),
    TorchCheck(
        "F3",
        "self_consistent_log_partition at the true log Z, less Z, against Z(E_p[D] − E_pθ[D])",
        "the estimate said to be unbiased: no difference",
        modelled_data,
    ),
    TorchCheck(
        "F4",
        "importance_log_partition of every sample, by counts, averaged, against an integral",
        "log Ẑ said to be unbiased: log Z",
        log_estimate,
    ),
    TorchCheck(
        "F5",
        "the gradient of importance_log_partition of every sample by autograd, averaged, against an integral",
        "the gradient said to be unbiased: −E_pθ[c']",
        self_normalised,
    ),
    TorchCheck(
        "F6",
        "importance_log_partition of the cost 2c + log q, less twice that of c, against χ²(p_θ‖q)",
        "χ² the other way round, of q from p_θ",
        weight_variance,
    ),
    TorchCheck(
        "F7",
        "1/4E_μ[D²] at the solver's b*, against 1/(2 − 2∂²L_D/∂b²) by autograd twice",
        "the true log Z_θ in place of b*",
        self_consistent_sample_size,
    ),
    TorchCheck(
        "F8",
        "the variance of importance_log_partition's e^· over every sample of μ, and of half p, half q; "
        "against ¼(E_p w − E_q w)²",
        "½ for ¼",
        stratified,
    ),
    TorchCheck(
        "F9",
        "the slope of χ²(p_θ‖q_t) in the temperature of q by autograd, against −E_q[(w/Z)² s]",
        "the slope of KL(q_t‖p_θ) for that of the variance",
        best_proposal,
    ),
    TorchCheck(
        "F10",
        "the gradient of discriminator_loss of every minibatch at b*, averaged, against that of the population",
        "the gradient of each minibatch at its own optimal_log_partition",
        minibatch_optimum,
    ),
)
