"""Family E in PyTorch: the generator's loss, its divergence, its gradient, a discriminator left frozen."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import discriminator_loss, generator_loss, policy_loss

from .halves import HALVES
from .moving import (
    divergence,
    gradient_size,
    log_prob,
    log_tilted,
    loss_size,
    mean_size,
    policy_logits,
    score_mean,
    weight_of,
)
from .policy_gradients import PATHWISE, STEPWISE, VARIANCE
from .registry import TorchCheck
from .space import TorchSpace, gradient


def _logit(space: TorchSpace) -> Tensor:
    return space.logit(space.c, space.log_z_parameter)


def sampler_loss(space: TorchSpace) -> Iterator[Comparison]:
    """E1: `generator_loss` is b + E_q[c] + E_q[log q]."""
    sampler = space.mean_q(space.c) + space.mean_q(space.log_q)
    loss = generator_loss(_logit(space), space.w_q)
    yield Comparison(space.log_z_parameter + sampler, loss, sampler, loss_size(space), name="L_G")


def reverse_divergence_of_the_model(space: TorchSpace) -> Iterator[Comparison]:
    """E2: `generator_loss` is KL(q‖p_θ) + b − log Z_θ."""
    offset = space.log_z_parameter - space.log_z
    reverse = divergence(space, space.log_q, space.log_model) + offset
    reached = torch.isfinite(space.log_q)
    log_model = torch.where(reached, space.log_model, torch.full_like(space.log_model, -torch.inf))
    forward = divergence(space, log_model, space.log_q) + offset
    yield Comparison(reverse, generator_loss(_logit(space), space.w_q), forward, loss_size(space), name="L_G")


def _policy_gradient(space: TorchSpace, logit: Tensor) -> Tensor:
    """Gradient of `policy_loss` in the policy's logits (S, A)."""

    def surrogate(logits: Tensor) -> Tensor:
        return policy_loss(log_prob(space, logits), logit, space.w_q)

    return gradient(surrogate, policy_logits(space))


def policy_gradient(space: TorchSpace) -> Iterator[Comparison]:
    """E3: the gradient of `policy_loss`, against that of L_G, q moving in weights and logit; and E_q[s(−ℓ)]."""
    b, reached = space.log_z_parameter, torch.isfinite(space.log_q)

    def loss(logits: Tensor) -> Tensor:
        log_q = log_prob(space, logits)[reached]
        return (torch.exp(space.log_h[reached] + log_q) * (space.c[reached] + b + log_q)).sum()

    exact = gradient(loss, policy_logits(space))
    trained = _policy_gradient(space, _logit(space))
    without_entropy = _policy_gradient(space, -(space.c + b))
    size = gradient_size(space)
    yield Comparison(trained, exact, without_entropy, size, 4.0, "∇L_G")
    yield Comparison(score_mean(space, -_logit(space)), trained, None, size, 4.0, "E_q[s(−ℓ)]")


def frozen_discriminator(space: TorchSpace) -> Iterator[Comparison]:
    """E4: with log q' in the logit L_G is larger by KL(q'‖q) than with log q; their slopes at q' = q agree."""
    b = space.log_z_parameter
    logit = _logit(space)
    reached = torch.isfinite(space.log_q)
    towards = torch.where(reached, logit, torch.zeros_like(logit))
    towards = towards / (1 + towards.abs().max())

    def losses(delta: Tensor) -> tuple[Tensor, Tensor]:
        moved = log_tilted(space, space.log_q, delta * towards)
        weight = weight_of(space, moved)
        tied = space.logit(space.c, b, moved)
        return generator_loss(tied, weight), generator_loss(logit, weight)

    one = torch.ones_like(b)
    tied, frozen = losses(one)
    gap = divergence(space, log_tilted(space, space.log_q, towards), space.log_q)
    yield Comparison(frozen + gap, tied, frozen, loss_size(space), name="L_tied")
    slopes = [gradient(loss, 0 * one) for loss in (lambda x: losses(x)[0], lambda x: losses(x)[1])]
    yield Comparison(slopes[1], slopes[0], None, loss_size(space), 4.0, "slopes where they meet")


def reverse_divergence_of_the_data(space: TorchSpace) -> Iterator[Comparison]:
    """E8: the logit log p − log q leaves `discriminator_loss` no gradient, and `generator_loss` there is KL(q‖p)."""
    reached = torch.isfinite(space.log_q)
    best = torch.where(reached, space.log_p - space.log_q, torch.full_like(space.c, torch.inf))
    w_p, w_q = space.w_p[reached], space.w_q[reached]
    share = w_p.sum()  # the objective divides by it: what the generator never reaches is left out

    def loss(logit: Tensor) -> Tensor:
        return discriminator_loss(logit, logit, w_p, w_q)

    still = gradient(loss, best[reached] - torch.log(share))
    moving = gradient(loss, space.log_p[reached])
    yield Comparison(torch.zeros_like(still), still, moving, 2.0, name="∂L_D/∂ℓ at log p/q")
    log_p = torch.where(reached, space.log_p, torch.full_like(space.log_p, -torch.inf))
    reverse, forward = divergence(space, space.log_q, space.log_p), divergence(space, log_p, space.log_q)
    size = mean_size(space.w_q, space.log_p, space.log_q)
    yield Comparison(reverse, generator_loss(best, space.w_q), forward, size, name="L_G at D = D*")


CHECKS: tuple[TorchCheck, ...] = (
    TorchCheck("E1", "`generator_loss`, against b + E_q[c] + E_q[log q]", "no b", sampler_loss),
    TorchCheck(
        "E2",
        "`generator_loss`, against KL(q‖p_θ) by `kl_div`, plus b − log Z",
        "the divergence reversed: KL(p_θ‖q)",
        reverse_divergence_of_the_model,
    ),
    TorchCheck(
        "E3",
        "the gradient of `policy_loss` in the policy's logits, against autograd of L_G with q moving in weights and "
        "logit alike, and against E_q[s(−ℓ)] with scores in closed form",
        "no log q in the reward",
        policy_gradient,
    ),
    TorchCheck(
        "E4",
        "`generator_loss` with log q' in the logit, against that with log q and KL(q'‖q) by `kl_div`; slopes at q' = q "
        "by autograd",
        "a frozen discriminator taken for a tied one",
        frozen_discriminator,
    ),
    HALVES,
    STEPWISE,
    PATHWISE,
    TorchCheck(
        "E8",
        "the gradient of `discriminator_loss` at the logit log p/q, against 0; `generator_loss` there, against KL(q‖p) "
        "by `kl_div`",
        "the divergence reversed: KL(p‖q), where q > 0; the logit log p",
        reverse_divergence_of_the_data,
    ),
    VARIANCE,
)
