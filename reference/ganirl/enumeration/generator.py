"""Family E: the generator's loss, its divergence from p_θ, its gradient, a discriminator left frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import derivative, total
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
    yield Comparison(space.b + sampler, loss, sampler, _size(space))


def divergence(space: Space) -> Iterator[Comparison]:
    """E2: L_G = KL(q‖p_θ) + b − log Z_θ."""
    loss = -space.mean_q(space.logit(space.c, space.b))
    log_model, offset = -space.c - space.log_z, space.b - space.log_z
    seen = space.reached
    reverse = total((space.h * space.model)[seen], (log_model - space.log_q)[seen])
    yield Comparison(space.mean_q(space.log_q - log_model) + offset, loss, reverse + offset, _size(space))


def _log_policy(space: Space, logits: Any) -> Any:
    """Log-softmax of each row of (S, A) logits, real or complex; 0 where the action is impossible."""
    possible = np.asarray(space.problem.policy_logits > -np.inf)
    shift = np.where(possible, space.problem.policy_logits, -np.inf).max(axis=1, keepdims=True)
    terms = np.where(
        possible, space.arithmetic.exp(np.where(possible, logits, 0) - space.arithmetic.array(shift)), 0
    )
    normaliser = space.arithmetic.log(np.sum(terms, axis=1)) + space.arithmetic.array(shift)[:, 0]
    return np.where(possible, logits - normaliser[:, None], 0)


def policy_gradient(space: Space) -> Iterator[Comparison]:
    """E3: ∇_φL_G = E_q[s(−ℓ)], of the policy's logits, q moving in the weights and in the logit alike."""
    steps, raw = space.problem.steps, space.problem.policy_logits
    possible = raw > -np.inf
    logits = space.arithmetic.array(np.where(possible, raw, 0.0))
    seen = space.reached
    h, c = space.h[seen], space.c[seen]

    def log_density(values: Any) -> Any:
        chosen = _log_policy(space, values)[steps.state, steps.action]
        return np.sum(np.where(steps.mask, chosen, 0), axis=1)[seen]

    def loss(values: Any) -> Any:
        log_q = log_density(values)
        return np.sum(h * space.arithmetic.exp(log_q) * (c + space.b + log_q))

    entries = np.argwhere(possible)
    numeric = []
    for state, action in entries:
        unit = np.zeros(raw.shape)
        unit[state, action] = 1.0
        exact = space.arithmetic.array(unit)
        radius = space.arithmetic.array(RADIUS)
        numeric.append(derivative(space.arithmetic, _line(loss, logits, exact), radius))

    log_q = log_density(logits)
    score = _scores(space, logits)[seen][:, possible]
    weight = (h * space.arithmetic.exp(log_q))[:, None]
    expected = np.sum(weight * score * (c + space.b + log_q)[:, None], axis=0)
    no_entropy = np.sum(weight * score * (c + space.b)[:, None], axis=0)
    yield Comparison(expected, np.array(numeric), no_entropy, _size(space), 4 / RADIUS)


def _line(function: Any, start: Any, direction: Any) -> Any:
    return lambda delta: function(start + direction * delta)


def _scores(space: Space, logits: Any) -> Any:
    """(N, S, A) Σ_t 1[s_t = s](1[a_t = a] − π(a|s))."""
    steps, raw = space.problem.steps, space.problem.policy_logits
    possible = raw > -np.inf
    policy = np.where(possible, space.arithmetic.exp(_log_policy(space, logits)), 0)
    count, length = steps.mask.shape
    score = space.arithmetic.array(np.zeros((count, *raw.shape)))
    for t in range(length):
        rows = np.flatnonzero(steps.mask[:, t])
        states, actions = steps.state[rows, t], steps.action[rows, t]
        score[rows, states] = score[rows, states] - policy[states]
        score[rows, states, actions] = score[rows, states, actions] + 1
    return score


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
    yield Comparison(frozen(space.one) + gap, tied(space.one), frozen(space.one), _size(space))
    radius = space.arithmetic.array(RADIUS / 2)
    slopes = [derivative(space.arithmetic, function, radius) for function in (frozen, tied)]
    yield Comparison(slopes[0], slopes[1], None, _size(space), 2 / RADIUS)


ENUMERATIONS = (
    Enumeration(
        "E1",
        "b + E_q c + E_q log q, against E_q[log(1−D) − log D] of the densities' ratio",
        "no b",
        _ALGEBRA,
        reward_is_sampler_loss,
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
    ),
    Enumeration(
        "E4",
        "L_frozen(q') + KL(q'‖q), against L_tied(q'), for q' ∝ q e^{(−c − log q)/K}; their slopes at q' = q",
        "a frozen discriminator taken for a tied one",
        _ALGEBRA + "; " + _CAUCHY,
        frozen_discriminator,
    ),
)
