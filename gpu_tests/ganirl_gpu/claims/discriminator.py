"""Family A in PyTorch: the discriminator's sigmoid, its balance, and what it does not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl_gpu.objectives import (
    discriminator_logit,
    generator_loss,
    log_discriminator,
    log_one_minus_discriminator,
)

from .registry import TorchCheck
from .space import TorchSpace, gradient


def sigmoid_of_logit(space: TorchSpace) -> Iterator[Comparison]:
    """A4: σ(ℓ) is m/(m+q), and the log-sigmoids are its logs."""
    b, seen = space.log_z_parameter, torch.isfinite(space.log_q)
    logit = discriminator_logit(space.c, b, space.log_q)
    log_m = -space.c - b
    both = torch.logaddexp(log_m, space.log_q)
    wrong = torch.sigmoid(discriminator_logit(space.c, -b, space.log_q))
    yield Comparison(torch.sigmoid(logit), torch.exp(log_m - both), wrong, 1.0, name="D")
    logs = torch.cat([log_discriminator(logit)[seen], log_one_minus_discriminator(logit)[seen]])
    densities = torch.cat([(log_m - both)[seen], (space.log_q - both)[seen]])
    yield Comparison(logs, densities, name="log D, log(1−D)")


def log_odds(space: TorchSpace) -> Iterator[Comparison]:
    """A5: log D − log(1−D) is ℓ."""
    seen = torch.isfinite(space.log_q)
    logit = discriminator_logit(space.c, space.log_z_parameter, space.log_q)[seen]
    log_d = log_discriminator(logit)
    yield Comparison(log_d - log_one_minus_discriminator(logit), logit, log_d, name="log D − log(1−D)")


def gauge(space: TorchSpace) -> Iterator[Comparison]:
    """A6: (c + k, b − k) changes nothing; b* moves by −k."""
    k, b = 1.3, space.log_z_parameter
    moved = replace(space, c=space.c + k)
    yield Comparison(
        _observables(moved, b - k), _observables(space, b), _observables(moved, b + k), name=_NAMES
    )
    yield Comparison(moved.b_star, space.b_star - k, size=2.0, name="b*")


def base_measure(space: TorchSpace) -> Iterator[Comparison]:
    """A8: (h/r, pr, qr, c − log r) changes nothing."""
    log_r = torch.sin(1.7 * torch.arange(len(space.c), dtype=space.c.dtype, device=space.c.device))
    moved = replace(
        space,
        log_h=space.log_h - log_r,
        log_p=space.log_p + log_r,
        log_q=space.log_q + log_r,
        c=space.c - log_r,
    )
    b, truth = space.log_z_parameter, _observables(space, space.log_z_parameter)
    forgotten = replace(space, c=space.c - log_r)
    yield Comparison(_observables(moved, b), truth, _observables(forgotten, b), name=_NAMES)
    yield Comparison(
        torch.stack([moved.log_z, moved.b_star]), torch.stack([space.log_z, space.b_star]), size=2.0
    )


_NAMES = "ℓ, D, L_D, L_G, ∂L_D/∂θ"


def _observables(space: TorchSpace, b: Tensor) -> Tensor:
    """ℓ where q > 0, D, L_D, L_G and the gradient of L_D in θ, by autograd."""
    logit = discriminator_logit(space.c, b, space.log_q)
    slope = gradient(lambda delta: space.loss(space.cost(delta), b), space.here())
    losses = torch.stack([space.loss(space.c, b), generator_loss(logit, space.w_q)])
    return torch.cat([logit[torch.isfinite(logit)], torch.sigmoid(logit), losses, slope])


def detailed_balance(space: TorchSpace) -> Iterator[Comparison]:
    """A9: q D = m (1−D), in logs, so that no density overflows."""
    seen = torch.isfinite(space.log_q)
    b, log_q = space.log_z_parameter, space.log_q[seen]
    logit = discriminator_logit(space.c, b, space.log_q)[seen]
    accepted, missed = log_discriminator(logit), log_one_minus_discriminator(logit)
    log_m = -(space.c + b)[seen]
    yield Comparison(log_q + accepted, log_m + missed, log_q + missed, name="log q D")


CHECKS = (
    TorchCheck(
        "A4",
        "the sigmoid and the log-sigmoids of the package's logit, against m/(m+q) from logaddexp",
        "sign of log Z: σ(−c + b − log q)",
        sigmoid_of_logit,
    ),
    TorchCheck("A5", "difference of the package's log-sigmoids, against its logit", "log D alone", log_odds),
    TorchCheck(
        "A6",
        "ℓ, D, L_D, L_G, ∂L_D/∂θ by autograd and the solver's b* at (c+k, b−k), against those at (c, b)",
        "the constant added to both: (c+k, b+k)",
        gauge,
    ),
    TorchCheck(
        "A8",
        "ℓ, D, L_D, L_G, ∂L_D/∂θ, log Z and b* with densities and cost multiplied by r, against those before",
        "the factor forgotten in log q",
        base_measure,
    ),
    TorchCheck(
        "A9", "log q + log D, against −c − b + log(1−D)", "labels exchanged: q (1−D)", detailed_balance
    ),
)
