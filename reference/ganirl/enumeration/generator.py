"""Family E: the generator's loss, its divergence from p_θ, its gradient, a discriminator left frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import derivative, total
from .divergences import covered, generator_loss_at_best, kullback_leibler, logs_of_densities
from .halves import HALVES
from .policy import own_logits, scores
from .policy_gradients import PATHWISE, STEPWISE, VARIANCE
from .recursion import in_logits, own_density
from .registry import Enumeration
from .space import RADIUS, Comparison, Space

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"
_CAUCHY = "derivatives are Cauchy integrals: rounding times 1/r, and 5^−points ≤ u of truncation"


def _size(space: Space) -> float:
    return (
        1
        + float(space.mean_q(np.abs(space.c)))
        + abs(float(space.b))
        + float(space.mean_q(np.abs(space.log_q)))
    )


def reward_is_sampler_loss(space: Space) -> Iterator[Comparison]:
    """E1: E_q[log(1−D) − log D] = b + E_q[c] + E_q[log q]."""
    seen = space.reached
    d, rest = (part[seen] for part in space.discriminator(space.b))
    log = space.arithmetic.log
    loss = total(space.w_q[seen], log(rest) - log(d))
    sampler = space.mean_q(space.c) + space.mean_q(space.log_q)
    yield Comparison(space.b + sampler, loss, sampler, _size(space), name="L_G")


def divergence(space: Space) -> Iterator[Comparison]:
    """E2: L_G = KL(q‖p_θ) + b − log Z_θ."""
    loss = -space.mean_q(space.logit(space.c, space.b))
    log_model, offset = -space.c - space.log_z, space.b - space.log_z
    seen = space.reached
    reverse = total((space.h * space.model)[seen], (log_model - space.log_q)[seen])
    yield Comparison(
        space.mean_q(space.log_q - log_model) + offset, loss, reverse + offset, _size(space), name="L_G"
    )


def policy_gradient(space: Space) -> Iterator[Comparison]:
    """E3: ∇_φL_G = E_q[s(−ℓ)], of the policy's logits, q moving in the weights and in the logit alike."""
    seen, logits = space.reached, own_logits(space)
    h, c = space.h[seen], space.c[seen]

    def loss(values: Any) -> Any:
        log_q = own_density(space, values)[seen]
        return np.sum(h * space.arithmetic.exp(log_q) * (c + space.b + log_q))

    numeric, possible = in_logits(space, loss)
    log_q = own_density(space, logits)[seen]
    weighted = (h * space.arithmetic.exp(log_q))[:, None] * scores(space)[seen][:, possible]
    expected = np.sum(weighted * (c + space.b + log_q)[:, None], axis=0)
    no_entropy = np.sum(weighted * (c + space.b)[:, None], axis=0)
    yield Comparison(expected, numeric, no_entropy, _size(space), 4 / RADIUS, name="∇L_G")


def frozen_discriminator(space: Space) -> Iterator[Comparison]:
    """E4: L_tied(q') = L_frozen(q') + KL(q'‖q) for a q' that moved on; equal slopes where it left."""
    seen = space.reached
    h, c, q, log_q = space.h[seen], space.c[seen], space.q[seen], space.log_q[seen]
    exp, log = space.arithmetic.exp, space.arithmetic.log
    towards = -(c + log_q) / (1 + np.max(np.abs(c + log_q)))

    def moved(delta: Any) -> Any:
        weights = q * exp(towards * delta)
        return weights / np.sum(h * weights)

    def tied(delta: Any) -> Any:
        other = moved(delta)
        return np.sum(h * other * (space.b + c + log(other)))

    def frozen(delta: Any) -> Any:
        return np.sum(h * moved(delta) * (space.b + c + log_q))

    new = moved(space.one)
    ratio = new / q
    gap = np.sum(h * q * (ratio * log(ratio) - ratio + 1))
    yield Comparison(frozen(space.one) + gap, tied(space.one), frozen(space.one), _size(space), name="L_tied")
    radius = space.arithmetic.array(RADIUS / 2)
    slopes = [derivative(space.arithmetic, function, radius) for function in (frozen, tied)]
    yield Comparison(slopes[0], slopes[1], None, _size(space), 2 / RADIUS)


def reverse_divergence(space: Space) -> Iterator[Comparison]:
    """E8: at D = D*, found row by row, L_G = KL(q‖p)."""
    reverse = kullback_leibler(space, space.q, space.p)
    forward = kullback_leibler(space, space.p, space.q)
    yield Comparison(
        reverse, generator_loss_at_best(space), forward, logs_of_densities(space), name="L_G at D = D*"
    )


ENUMERATIONS = (
    Enumeration(
        "E1",
        "b + E_q c + E_q log q, against E_q[log(1−D) − log D] of the densities' ratio",
        "no b",
        _ALGEBRA,
        reward_is_sampler_loss,
        hidden="b = 0 is not missed",
    ),
    Enumeration(
        "E2",
        "KL(q‖p_θ) + b − log Z_θ, against −E_q[ℓ]",
        "the divergence reversed: KL(p_θ‖q)",
        _ALGEBRA,
        divergence,
    ),
    Enumeration(
        "E3",
        "E_q[s(−ℓ)] with the scores of the policy's logits, against the derivative of L_G in each logit",
        "no log q in the reward: E_q[s(c + b)]",
        _CAUCHY,
        policy_gradient,
        hidden="a uniform policy of one length has constant log q",
    ),
    Enumeration(
        "E4",
        "L_frozen(q') + KL(q'‖q), against L_tied(q'), for q' ∝ q e^{(−c − log q)/K}; their slopes at q' = q",
        "a frozen discriminator taken for a tied one",
        _ALGEBRA + "; " + _CAUCHY,
        frozen_discriminator,
    ),
    HALVES,
    STEPWISE,
    PATHWISE,
    Enumeration(
        "E8",
        "KL(q‖p), against −E_q[ℓ] at the logit that minimises L_D, by bisection of each row's slope",
        "the divergence reversed: KL(p‖q), where q > 0",
        "rounding of sums and exponents: (N + 64)(1 + L)u of the logs of both densities",
        reverse_divergence,
        premise=covered,
    ),
    VARIANCE,
)
