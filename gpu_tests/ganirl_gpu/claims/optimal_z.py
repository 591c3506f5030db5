"""Family B in PyTorch: the optimal Z as a fixed point, as an estimate of the true one, and as a bridge."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ganirl.enumeration.space import Comparison
from ganirl_gpu.averages import log_mean_exp
from ganirl_gpu.partition import importance_log_partition, self_consistent_log_partition

from .loss import derivatives_in_b
from .registry import TorchCheck
from .space import TorchSpace

BRIDGES = 400  # iterations of Meng and Wong's


def _in_z(function: Callable[[Tensor], Tensor], z: Tensor, orders: int = 1) -> list[Tensor]:
    """Return ∂^k f(log Z)/∂Z^k for k = 1 … by autograd, with Z itself for the leaf."""
    leaf = z.detach().clone().requires_grad_()
    found, value = [], function(torch.log(leaf))
    for _ in range(orders):
        (value,) = torch.autograd.grad(value, leaf, create_graph=True)
        found.append(value.detach())
    return found


def _log_estimate(space: TorchSpace, b: Tensor) -> Tensor:
    """Return log F(Z), by this package's estimate."""
    logit = space.logit(space.c, b)
    return self_consistent_log_partition(logit, logit, b, space.w_p, space.w_q)


def _chances(space: TorchSpace, b: Tensor) -> tuple[Tensor, Tensor]:
    logit = space.logit(space.c, b)
    return torch.sigmoid(logit), torch.sigmoid(-logit)


def fixed_point(space: TorchSpace) -> Iterator[Comparison]:
    """B4: ∂_Z L_D = 1/Z − F(Z)/Z²; F' = 2E_μ[D²]; Z* = F(Z*); the rate of Z ← F(Z) is 1 − ∂²L_D/∂b²."""
    b, z = space.log_z_parameter, torch.exp(space.log_z_parameter)
    estimate = torch.exp(_log_estimate(space, b))
    (slope,) = _in_z(lambda at: space.loss(space.c, at), z)
    size = max(1.0, 2 / float(z))
    wrong = 1 / z - estimate / (2 * z * z)
    yield Comparison(1 / z - estimate / (z * z), slope, wrong, size, name="∂L_D/∂Z")

    d, rest = _chances(space, b)
    first, second = _in_z(lambda at: torch.exp(_log_estimate(space, at)), z, 2)
    yield Comparison(2 * space.mean_mixture(d * d), first, None, 2.0, 4.0, name="F'(Z)")
    bend = -4 * space.mean_mixture(d * d * rest) / z
    yield Comparison(bend, second, None, 4 * size, 4.0, name="F''(Z)")

    yield Comparison(_log_estimate(space, space.b_star), space.b_star, None, 2.0, 4.0, name="log F(Z*)")
    (rate,) = _in_z(lambda at: torch.exp(_log_estimate(space, at)), torch.exp(space.b_star))
    _, curvature = derivatives_in_b(space, space.c, space.b_star, 2)
    yield Comparison(1 - curvature, rate, None, 2.0, 4.0, name="rate of Z ← F(Z)")


def balance(space: TorchSpace) -> Iterator[Comparison]:
    """B5: E_p[D] + E_q[D] = 1 at the solver's b*."""
    d, rest = _chances(space, space.b_star)
    at_truth = _chances(space, space.log_z)[0]
    one = torch.ones_like(space.b_star)
    sums = [space.mean_p(each) + space.mean_q(each) for each in (d, at_truth)]
    yield Comparison(sums[0], one, sums[1], 2.0, name="E_p[D] + E_q[D]")
    yield Comparison(space.mean_p(rest), space.mean_q(d), None, 1.0, 2.0)


def distance_to_truth(space: TorchSpace) -> Iterator[Comparison]:
    """B6: Z*/Z_θ = E_pθ[1−D]/E_p[1−D]; one where p or q is p_θ."""
    rest = _chances(space, space.b_star)[1]
    missed = space.mean_p(rest)
    ratio = torch.dot(space.w_model, rest) / missed
    found = torch.exp(space.b_star - space.log_z)
    # an error of ε in either mean is one of ε/E_p[1−D] in the ratio
    gain = 4 / float(missed)
    yield Comparison(ratio, found, torch.ones_like(found), 1 + float(found), gain, name="Z*/Z_θ")
    for converged in (replace(space, log_q=space.log_model), replace(space, log_p=space.log_model)):
        _, curvature = derivatives_in_b(converged, converged.c, converged.log_z, 2)
        yield Comparison(converged.b_star, space.log_z, None, 2.0, 2 / float(curvature))


def in_partition(space: TorchSpace) -> Iterator[Comparison]:
    """B7: Z² ∂²L_D/∂Z² = ∂²L_D/∂b² − ∂L_D/∂b, at Z = 10 and far out, where it is −1."""
    for value, name in ((10.0, "∂²L_D/∂Z² at Z = 10"), (1e5 * math.exp(float(space.b_star)), "far out")):
        z = torch.full_like(space.log_z_parameter, value)
        first, second = _in_z(lambda at: space.loss(space.c, at), z, 2)
        slope, curvature = derivatives_in_b(space, space.c, torch.log(z), 2)
        convex = curvature / z**2 if value == 10.0 else None
        yield Comparison((curvature - slope) / z**2, second, convex, 2 / value**2, 4.0, name)
        yield Comparison(first * z, slope, None, 1.0, 2.0)
    # the last Z is far out: there L_D is concave in Z
    yield Comparison((second * z**2).clamp(min=0), torch.zeros_like(z), None, 1.0, name="concave far out")


def bridge(space: TorchSpace) -> Iterator[Comparison]:
    """B8: Meng and Wong's iteration ends at the b* that minimises L_D."""
    ratio = space.logit(space.c, 0.0)  # log of e^{−c}/q
    b = torch.zeros_like(space.b_star, dtype=torch.float64)
    weights, logs = (space.w_p.double(), space.w_q.double()), ratio.double()
    for _ in range(BRIDGES):
        # log E_q[r/(r + Z)] − log E_p[1/(r + Z)]
        accepted = log_mean_exp(logsigmoid(logs - b), weights[1])
        b = accepted - log_mean_exp(logsigmoid(b - logs) - b, weights[0])
    one_sided = importance_log_partition(space.c, space.log_q, space.w_q)
    _, curvature = derivatives_in_b(space, space.c, space.b_star, 2)
    yield Comparison(b, space.b_star.double(), one_sided.double(), 2.0, 2 / float(curvature), name="log Z*")


CHECKS = (
    TorchCheck(
        "B4",
        "1/Z − F(Z)/Z² and 2E_μ[D²], against autograd of the loss and of the package's estimate in Z; the estimate "
        "at the solver's b*, against b*; its rate there, against 1 − ∂²L_D/∂b²",
        "½ forgotten in the mixture: F(Z)/2",
        fixed_point,
    ),
    TorchCheck(
        "B5",
        "E_p[D] + E_q[D] at the solver's b*, against one; E_p[1−D] against E_q[D]",
        "the true log Z_θ in place of b*",
        balance,
    ),
    TorchCheck(
        "B6",
        "E_pθ[1−D]/E_p[1−D], against the solver's Z* over the true Z; where q or p is p_θ, b* against log Z_θ",
        "Z* taken for the true Z_θ: one",
        distance_to_truth,
    ),
    TorchCheck(
        "B7",
        "∂²L_D/∂b² − ∂L_D/∂b over Z², against autograd of autograd in Z, at Z = 10 and at 1e5 Z*",
        "convexity carried over from log Z: ∂²L_D/∂b² over Z²",
        in_partition,
    ),
    TorchCheck(
        "B8",
        "the end of Meng and Wong's bridge iteration, against the solver's b*",
        "one-sided importance sampling, by the package's estimate",
        bridge,
    ),
)
