"""Three estimates of log Z: importance-sampled, self-consistent, and optimal for the discriminator."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .averages import (
    log_mean_exp,
    mixture_weight,
    normalised_weight,
    require_scalar,
    require_vector,
)

# Halvings of a bracket of at most about 4e3: after 70 it is narrower than the spacing of float64 at 1e-6.
BISECTIONS = 70


def importance_log_partition(cost: Tensor, log_q: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return log E_q[e^{−c}/q] over rows sampled from q (claim F1).

    Before the logarithm the estimate is unbiased if q > 0 wherever e^{−c} > 0; the logarithm lowers it by
    about CV²/2n (claim F4).

    Parameters
    ----------
    cost, log_q : (n,); log q must leave out what the base measure holds (the dynamics)
    weight : (n,), non-negative, of any scale
    """
    require_vector("cost", cost)
    require_vector("log_q", log_q, len(cost))
    return log_mean_exp(-cost - log_q, normalised_weight("cost", cost, weight))


def self_consistent_log_partition(
    expert_logit: Tensor,
    generator_logit: Tensor,
    log_partition: Tensor,
    expert_weight: Tensor | None = None,
    generator_weight: Tensor | None = None,
) -> Tensor:
    """Return log E_μ[e^{−c}/μ̃] = b + log 2E_μ[D], the estimate of log Z at b (section 3.2.1; claim B4).

    It equals b at the b that minimises L_D and nowhere else. It is unbiased for nothing:
    section 4's "unbiased" needs the exact density in the denominator.
    """
    require_vector("expert_logit", expert_logit)
    require_vector("generator_logit", generator_logit)
    require_scalar("log_partition", log_partition)
    log_d = logsigmoid(torch.cat([expert_logit, generator_logit]))
    weight = mixture_weight(expert_logit, generator_logit, expert_weight, generator_weight)
    return log_partition + (math.log(2) + log_mean_exp(log_d, weight))


@torch.no_grad()
def optimal_log_partition(
    expert_score: Tensor,
    generator_score: Tensor,
    expert_weight: Tensor | None = None,
    generator_weight: Tensor | None = None,
) -> Tensor:
    """Return b* = argmin_b L_D, where E_p[σ(−ℓ)] = E_q[σ(ℓ)] (claims B3, B5). It carries no gradient.

    Solved by bisection in float64, without a synchronisation with the host. Of the equation's two forms (the
    other is E_q[σ(−ℓ)] = E_p[σ(ℓ)]) the one with the smaller terms is compared, in logs: 1 − 2·mean(D) loses
    everything where the batches are well separated.

    Parameters
    ----------
    expert_score, generator_score : (n_p,), (n_q,), −c − log q, the logit at b = 0; +∞ where q = 0
    expert_weight, generator_weight : (n_p,), (n_q,), non-negative, of any scale

    Returns
    -------
    Tensor
        A scalar in the dtype of ``expert_score``; +∞ where q = 0 on every expert row, for then L_D has no
        minimiser.
    """
    p = normalised_weight("expert_score", expert_score, expert_weight).double()
    q = normalised_weight("generator_score", generator_score, generator_weight).double()
    expert, generator = expert_score.double(), generator_score.double()

    scores, weights = torch.cat([expert, generator]), torch.cat([p, q])
    usable = (weights > 0) & torch.isfinite(scores)
    low = torch.where(usable, scores, torch.full_like(scores, torch.inf)).min()
    high = torch.where(usable, scores, torch.full_like(scores, -torch.inf)).max()
    # Expert rows with q = 0 keep D = 1 for ever: the root may lie above every score, by −log of the rest.
    overlap = torch.where(expert < torch.inf, p, torch.zeros_like(p)).sum()
    high = high - torch.log(overlap)

    for _ in range(BISECTIONS):
        middle = low / 2 + high / 2
        missed, accepted = _log_rate(expert, p, middle, -1), _log_rate(generator, q, middle, 1)
        found, rejected = _log_rate(expert, p, middle, 1), _log_rate(generator, q, middle, -1)
        small = torch.maximum(missed, accepted) < torch.maximum(found, rejected)
        too_low = torch.where(small, missed < accepted, rejected < found)
        low, high = torch.where(too_low, middle, low), torch.where(too_low, high, middle)
    return torch.where(overlap > 0, low / 2 + high / 2, torch.full_like(low, torch.inf)).to(
        expert_score.dtype
    )


def _log_rate(score: Tensor, weight: Tensor, b: Tensor, sign: int) -> Tensor:
    """Return log E[σ(±ℓ)] over one side, with ℓ = score − b."""
    return log_mean_exp(logsigmoid(sign * (score - b)), weight)
