"""Family A in PyTorch: which discriminator is best, what it is worth, and which cost it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import discriminator_loss

from .registry import TorchCheck
from .space import TorchSpace, gradient, total


def _best_logit(space: TorchSpace) -> Tensor:
    """(N,) log p − log q, the logit of D*; ±∞ off one of the supports, 0 off both."""
    odds = space.log_p - space.log_q
    return torch.where(torch.isnan(odds), torch.zeros_like(odds), odds)


def _free_loss(space: TorchSpace, logit: Tensor) -> Tensor:
    """L_D of a discriminator that is a table of logits."""
    return discriminator_loss(logit, logit, space.w_p, space.w_q)


def optimal_discriminator(space: TorchSpace) -> Iterator[Comparison]:
    """A1: the gradient of L_D in a free logit is zero at D* = p/(p+q), and its slope there w_p w_q/(w_p + w_q)."""
    logit = _best_logit(space)
    live = torch.isfinite(logit)

    def slope(at: Tensor) -> Tensor:
        return gradient(lambda x: _free_loss(space, torch.where(live, x, logit)), at)

    best = torch.where(live, logit, torch.zeros_like(logit))
    size = float((space.w_p + space.w_q).max())
    zero = torch.zeros_like(best)
    yield Comparison(slope(best), zero, slope(-best), size, name="∂L_D/∂ℓ at D*")

    leaf = best.clone().requires_grad_()
    (first,) = torch.autograd.grad(_free_loss(space, leaf), leaf, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), leaf)
    yield Comparison(second[live], (space.w_p * space.w_q / (space.w_p + space.w_q))[live], None, size)


def value_at_optimum(space: TorchSpace) -> Iterator[Comparison]:
    """A2: L_D(D*) = 2 log 2 − 2 JSD(p, q)."""
    log_mean = torch.logaddexp(space.log_p, space.log_q) - math.log(2)
    twice = total(space.w_p, space.log_p - log_mean) + total(space.w_q, space.log_q - log_mean)
    most, size = (
        2 * math.log(2),
        2 + float(total(space.w_p, log_mean.abs()) + total(space.w_q, log_mean.abs())),
    )
    yield Comparison(
        _free_loss(space, _best_logit(space)), most - twice, most - twice / 2, size, name="L_D(D*)"
    )


def excess_loss(space: TorchSpace) -> Iterator[Comparison]:
    """A3: L_D(D) − L_D(D*) = Σ h (p+q) KL(Ber(D*)‖Ber(D))."""
    best, logit = _best_logit(space), space.logit(space.c, space.log_z_parameter)
    lost = discriminator_loss(logit, logit, space.w_p, space.w_q) - _free_loss(space, best)
    both = space.w_p + space.w_q
    seen, missed = (
        total(both, _times(torch.sigmoid(sign * best), logsigmoid(sign * best) - logsigmoid(sign * logit)))
        for sign in (1, -1)
    )
    size = float(space.loss(space.c, space.log_z_parameter)) + 2
    yield Comparison(seen + missed, lost, (seen + missed) / 2, size, name="L_D(D) − L_D(D*)")


def _times(chance: Tensor, value: Tensor) -> Tensor:
    """Chance times value, 0 at chance 0."""
    return torch.where(chance > 0, chance * value, torch.zeros_like(value))


def stationary_cost(space: TorchSpace) -> Iterator[Comparison]:
    """A7: ∂L_D/∂c = h(p − m)(1−D), zero where m = p, for more than one generator."""
    b, size = space.log_z_parameter, float((space.w_p + space.w_q).max())
    rest = torch.sigmoid(-space.logit(space.c, b))
    residual = space.w_p - torch.exp(space.log_h - space.c - b)
    found = gradient(lambda c: space.loss(c, b), space.c)
    yield Comparison(residual * rest, found, residual, size, name="∂L_D/∂c(τ)")

    mixed = torch.logaddexp(space.log_q, space.log_model) - math.log(2)
    for log_q in (space.log_q, mixed):
        live = torch.isfinite(log_q) & torch.isfinite(space.log_p)
        learned = torch.where(live, -space.log_p - b, space.c)
        weight = torch.softmax(space.log_h + log_q, 0)

        def loss(c: Tensor, log_q: Tensor = log_q, weight: Tensor = weight) -> Tensor:
            logit = space.logit(c, b, log_q)
            return discriminator_loss(logit, logit, space.w_p, weight)

        slope = gradient(loss, learned)[live]
        yield Comparison(slope, torch.zeros_like(slope), None, size)


def density_mismatch(space: TorchSpace) -> Iterator[Comparison]:
    """A10: with q̂ ∝ √q in the logit, L_D is stationary at m = p q̂/q."""
    b, size = space.log_z_parameter, float((space.w_p + space.w_q).max())
    tempered = space.log_q / 2
    given = tempered - torch.logsumexp(space.log_h + tempered, 0)
    live = torch.isfinite(space.log_q) & torch.isfinite(space.log_p)

    def slope(learned: Tensor) -> Tensor:
        def loss(c: Tensor) -> Tensor:
            logit = space.logit(c, b, given)
            return discriminator_loss(logit, logit, space.w_p, space.w_q)

        return gradient(loss, torch.where(live, learned - b, space.c))[live]

    found = slope(-(space.log_p + given - space.log_q))
    yield Comparison(found, torch.zeros_like(found), slope(-space.log_p), size, name="∂L_D/∂c at m = p q̂/q")


CHECKS = (
    TorchCheck(
        "A1",
        "gradient of the loss in a table of logits by autograd, at log p − log q, against zero, and its slope there",
        "labels exchanged: q/(p+q)",
        optimal_discriminator,
    ),
    TorchCheck(
        "A2",
        "the package's loss at log p − log q, against 2 log 2 − KL(p‖μ) − KL(q‖μ)",
        "the divergence counted once",
        value_at_optimum,
    ),
    TorchCheck(
        "A3",
        "Σ(p+q)KL(Ber(D*)‖Ber(D)) by log-sigmoids, against the difference of two losses",
        "weighted with the mixture ½(p+q)",
        excess_loss,
    ),
    TorchCheck(
        "A7",
        "gradient of the loss in the cost of every trajectory by autograd, against h(p − m)(1−D); zero at m = p",
        "the likelihood's residual h(p − m)",
        stationary_cost,
    ),
    TorchCheck(
        "A10",
        "gradient of the loss with q̂ ∝ √q in the logit by autograd, at −log(p q̂/q), against zero",
        "the optimum taken for −log p",
        density_mismatch,
    ),
)
