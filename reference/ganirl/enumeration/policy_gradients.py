"""Family E, step by step and sample by sample: rewards to go, the pathwise term, the variance that b makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .calculus import derivative, total
from .policy import log_policy, own_logits, scores
from .recursion import (
    chances,
    in_logits,
    occupancy,
    own_density,
    step_costs,
    step_scores,
    step_values,
    with_end,
)
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, start_and_transition

_CAUCHY = "derivatives are Cauchy integrals: rounding times k!/r^k, and 5^−points ≤ u of truncation"
_DISCOUNT = 0.9


def rewards_to_go(space: Space) -> Iterator[Comparison]:
    """E6: E_q[Σ_t s_t (R_t − B)] for a baseline of state, time and past, by trajectories and by recursion."""
    steps, seen, costs = space.problem.steps, space.reached, step_costs(space)
    cost = step_values(space, costs)
    log_pi = np.where(steps.mask, log_policy(space, own_logits(space))[steps.state, steps.action], 0)
    along, log_q = np.sum(cost, axis=1), np.sum(log_pi, axis=1)
    weight = space.h * np.where(seen, space.arithmetic.exp(log_q), 0)
    to_go = _to_go(cost + log_pi)
    times = np.arange(steps.mask.shape[1])
    past = to_go[:, :1] - to_go
    baseline = space.arithmetic.array(3.0 * steps.state - 0.5 * times - 1.5) + past / 2
    of_action = baseline + space.arithmetic.array(1.0 * steps.action)
    fading = _to_go(cost) + np.stack([_faded(log_pi, time) for time in times], axis=1)

    whole = total(weight[seen], scores(space)[seen] * (along + log_q + space.b)[seen][:, None, None])
    size = 8 + 4 * float(np.max(np.abs(space.arithmetic.floats(to_go))))
    for left, twin, how in (
        (step_scores(space, weight, to_go - baseline), to_go - of_action, "rewards to go and a baseline"),
        (step_scores(space, weight, to_go), fading, "rewards to go"),
        (_by_recursion(space, costs), _to_go(cost) + log_pi, "recursion"),
    ):
        yield Comparison(left, whole, step_scores(space, weight, twin), size, 4.0, f"∇L_G by {how}")

    odds = np.prod(space.arithmetic.exp(log_pi), axis=1)[seen] / (
        space.arithmetic.exp(-space.b) * np.prod(space.arithmetic.exp(-cost), axis=1)[seen]
    )
    averaged = space.b + along + log_q / space.arithmetic.array(1.0 * steps.mask.sum(axis=1))
    right = space.arithmetic.log(odds)
    yield Comparison(space.b + to_go[seen, 0], right, averaged[seen], size, name="−ℓ = b + R_1")


def _to_go(values: Any) -> Any:
    """Σ_{u ≥ t} x_u, (N, T)."""
    return np.cumsum(values[:, ::-1], axis=1)[:, ::-1]


def _faded(values: Any, time: int) -> Any:
    """Σ_{u ≥ t} γ^{u−t} x_u, (N,), of one t."""
    ahead = values[:, time:]
    return np.sum(ahead * np.power(_DISCOUNT, np.arange(ahead.shape[1])), axis=1)


def _by_recursion(space: Space, costs: Any) -> Any:
    """∇L_G = Σ_t Σ_s d_t(s) π(a|s)(Q_t(s,a) − V_t(s)), (S, A): Q backwards in time, d forwards."""
    _, transition = start_and_transition(space.arithmetic, space.process)
    table = log_policy(space, own_logits(space))
    policies = chances(space, table)
    states = space.arithmetic.array(np.zeros(space.process.states))
    advantages: list[Any] = []
    for policy in policies:
        ahead = table + np.sum(transition * (costs + with_end(space, states)), axis=2)
        states = np.sum(policy * ahead, axis=1)
        advantages.insert(0, ahead - states[:, None])
    return np.sum(occupancy(space, policies) * np.stack(advantages), axis=0)


def pathwise_gradient(space: Space) -> Iterator[Comparison]:
    """E7: with the samples held, the gradient of E_q[c + b + log q_φ] in the policy's logits is E_q[s] = 0."""
    seen = space.reached
    c, log_q = space.c[seen], own_density(space, own_logits(space))[seen]
    weight = space.h[seen] * space.arithmetic.exp(log_q)

    def held(values: Any) -> Any:
        return np.sum(weight * (c + space.b + own_density(space, values)[seen]))

    found, possible = in_logits(space, held)
    score = scores(space)[seen][:, possible]
    trained = np.sum((weight * (c + space.b + log_q))[:, None] * score, axis=0)
    largest = float(np.max(np.abs(space.arithmetic.floats(c + space.b + log_q)))) + 2
    yield Comparison(0 * found, found, trained, largest, 4 / RADIUS, "∇ through log q alone")
    yield Comparison(np.sum(weight[:, None] * score, axis=0), found, None, largest, 4 / RADIUS, "E_q[s]")


def variance_of_offset(space: Space) -> Iterator[Comparison]:
    """E9: at q = p_θ, moved by tilts e^{φ·g} with g ∝ c', a sample's gradient varies by (b − log Z)² tr F."""
    live = np.asarray(space.model > 0, dtype=bool)
    weight = (space.h * space.model)[live]
    weight = weight / np.sum(weight)
    log_q = space.arithmetic.log(space.model[live])
    tilt = space.dc[live] / (1 + np.max(np.abs(space.dc)))
    score = tilt - np.sum(weight[:, None] * tilt, axis=0)

    def moments(b: Any) -> tuple[Any, Any]:
        """Mean and trace of the variance of s(−ℓ)."""
        sample = score * (space.c[live] + b + log_q)[:, None]
        mean = np.sum(weight[:, None] * sample, axis=0)
        return mean, np.sum(weight[:, None] * (sample - mean) ** 2)

    radius = space.arithmetic.array(RADIUS / 2)

    def log_mass(direction: Any) -> Callable[[Any], Any]:
        return lambda delta: space.arithmetic.log(np.sum(weight * space.arithmetic.exp(delta * direction)))

    information = sum(derivative(space.arithmetic, log_mass(each), radius, 2) for each in tilt.T)
    mean, variance = moments(space.b)
    offset = space.b - space.log_z
    size = (1 + abs(float(offset))) ** 2 * tilt.shape[1]
    gain = 8 / RADIUS**2
    yield Comparison(
        offset**2 * information,
        variance,
        0 * variance,
        size,
        gain,
        "trace of the variance of s(−ℓ) at q = p_θ",
    )
    yield Comparison(0 * mean, mean, None, size, gain, "E_q[s(−ℓ)]")
    still, quiet = moments(space.log_z)
    yield Comparison(0 * variance, quiet, None, size, gain, "the variance at b = log Z")
    yield Comparison(0 * still, still, None, size, gain, "E_q[s(−ℓ)] at b = log Z")


STEPWISE = Enumeration(
    "E6",
    "E_q[Σ_t s_t(R_t − B)] over all trajectories, with a baseline of state, time and past and without, and by "
    "backward and forward recursion, against E_q[s(−ℓ)]; b + R_1 against log-odds of products",
    "a baseline of the action; later entropy discounted; an entropy bonus a step for −log π in the rewards",
    "rounding of sums and exponents: (N + 64)(1 + L)u of the terms",
    rewards_to_go,
    needs_mdp=True,
)
PATHWISE = Enumeration(
    "E7",
    "0 and E_q[s], against the derivative of E_q[c + b + log q_φ] in each logit, the samples held",
    "the policy gradient E_q[s(−ℓ)] in its place",
    _CAUCHY,
    pathwise_gradient,
)
VARIANCE = Enumeration(
    "E9",
    "(b − log Z)² tr F, F from derivatives of log Σ h p_θ e^{φ·g}, against the variance of s(−ℓ) over all samples "
    "of p_θ; its mean, and the variance at b = log Z, against 0",
    "no variance: b taken for log Z",
    _CAUCHY,
    variance_of_offset,
)
