"""The losses of both sides of the theorem, differentiable, in any format and on any device.

ℓ = −c − log Z − log q is the discriminator's logit, D = σ(ℓ). Expert rows are samples of p, generator rows
samples of q; weights default to 1/n each and are normalised. Every function is right for |ℓ| up to 1e3 in
float64, float32 and bfloat16, values and gradients: −log D is −logsigmoid(ℓ), never F.softplus, which is the
identity above 20 and so loses 2e-9 there. Equations are those of Finn, Christiano, Abbeel and Levine (2016).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from .averages import counted, log_mean_exp, mixture_weight, require_scalar, require_vector, weighted_mean


def discriminator_logit(cost: Tensor, log_partition: Tensor, log_q: Tensor) -> Tensor:
    """Return ℓ = −c − b − log q, shape (n,) (section 3.1; claim A4).

    Parameters
    ----------
    cost : (n,), summed over the steps of each trajectory
    log_partition : scalar b, the parameter that stands for log Z
    log_q : (n,), log density of the generator, Σ log π(a|s)

    Raises
    ------
    ValueError
        If a shape is another: nothing is broadcast.
    """
    require_vector("cost", cost)
    require_vector("log_q", log_q, len(cost))
    require_scalar("log_partition", log_partition)
    return -(cost + log_partition) - log_q


def log_discriminator(logit: Tensor) -> Tensor:
    """Return log D = log σ(ℓ), right relatively in both tails."""
    return logsigmoid(logit)


def log_one_minus_discriminator(logit: Tensor) -> Tensor:
    """Return log(1 − D) = log σ(−ℓ), right relatively in both tails."""
    return logsigmoid(-logit)


def discriminator_loss(
    expert_logit: Tensor,
    generator_logit: Tensor,
    expert_weight: Tensor | None = None,
    generator_weight: Tensor | None = None,
) -> Tensor:
    """Return L_D = E_p[−log D] + E_q[−log(1 − D)], the sum of two means (section 3.1; claims B1, C1).

    Parameters
    ----------
    expert_logit, generator_logit : (n_p,), (n_q,); log q inside them must not carry a gradient to the policy
    expert_weight, generator_weight : (n_p,), (n_q,), non-negative, of any scale
    """
    expert = weighted_mean("expert_logit", -log_discriminator(expert_logit), expert_weight)
    generator = weighted_mean(
        "generator_logit", -log_one_minus_discriminator(generator_logit), generator_weight
    )
    return expert + generator


def generator_loss(generator_logit: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return L_G = E_q[log(1 − D) − log D] = −E_q[ℓ] (section 3.2.3; claim E1).

    The sum of both of the generator's losses is the logit itself, so that nothing saturates. Its value
    alone is meant: a gradient in the policy needs `policy_loss`, because the rows were sampled from q.
    """
    return -weighted_mean("generator_logit", generator_logit, weight)


def policy_loss(log_prob: Tensor, logit: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return a surrogate whose gradient in the policy is ∇L_G = E_q[∇log q · (−ℓ)] (claim E3).

    ℓ is held constant: the term that differentiates log q inside it is E_q[∇log q] = 0, and only adds noise.

    Parameters
    ----------
    log_prob : (n,), log q of the generator's rows, differentiable in the policy
    logit : (n,), ℓ of the same rows; detached here
    weight : (n,), non-negative, of any scale
    """
    require_vector("log_prob", log_prob)
    require_vector("logit", logit, len(log_prob))
    signal = -logit.detach()
    if weight is not None:
        require_vector("weight", weight, len(log_prob))
        # A row off the support has ℓ = ∞ and must not turn its zero share of the gradient into NaN.
        signal, log_prob = counted(signal, weight), counted(log_prob, weight)
    return weighted_mean("log_prob", log_prob * signal, weight)


def guided_cost_loss(
    expert_cost: Tensor,
    generator_cost: Tensor,
    expert_log_q: Tensor,
    generator_log_q: Tensor,
    log_partition: Tensor,
    *,
    expert_weight: Tensor | None = None,
    generator_weight: Tensor | None = None,
) -> Tensor:
    """Return L_cost^μ̃ = E_p[c] + log E_μ[e^{−c}/μ̃], with μ̃ = ½e^{−c−b} + ½q held constant (eq. 4; claim C2).

    μ is half p and half q. At the b that minimises L_D its gradient in the cost's parameters is that of L_D.
    It has no gradient in b or in the policy: a leak through μ̃, or through Z inside it, moves the optimum
    (claim C3).

    Parameters
    ----------
    expert_cost, generator_cost : (n_p,), (n_q,)
    expert_log_q, generator_log_q : (n_p,), (n_q,)
    log_partition : scalar b
    expert_weight, generator_weight : (n_p,), (n_q,), non-negative, of any scale
    """
    cost = torch.cat([expert_cost, generator_cost])
    expert = discriminator_logit(expert_cost, log_partition, expert_log_q)
    generator = discriminator_logit(generator_cost, log_partition, generator_log_q)
    held = (log_partition + math.log(2) + log_discriminator(torch.cat([expert, generator]))).detach()
    # log(e^{−c}/μ̃) is b + log 2D, exactly; written so, large costs do not cancel. Its derivative in c, with μ̃
    # held, is −1.
    log_ratio = held - (cost - cost.detach())
    data = weighted_mean("expert_cost", expert_cost, expert_weight)
    weight = mixture_weight(expert, generator, expert_weight, generator_weight)
    return data + log_mean_exp(log_ratio, weight)
