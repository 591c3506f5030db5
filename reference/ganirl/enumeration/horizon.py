"""Family H, time: discount, length and the absorbing end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import derivative, log_sum_exp, softplus, total
from .policy import log_density, log_policy
from .recursion import (
    along,
    chances,
    evaluate,
    exact,
    full_support,
    in_logits,
    lengths,
    magnitude,
    occupancy,
    powers,
    soft,
    step_costs,
    step_scores,
)
from .registry import Enumeration
from .space import RADIUS, Comparison, Space

GAMMA = 0.75  # exact in every format
STEP_CONSTANTS = (0.5, -0.5)


def discounted_model(space: Space) -> Iterator[Comparison]:
    """H9: for c = Σγ^t c_t the nearest policy has undiscounted entropy; discounted-entropy RL is farther off."""
    costs = step_costs(space)
    gamma = space.arithmetic.array(GAMMA)
    decayed = np.stack([each * costs for each in powers(space, gamma)])
    path = along(space, decayed)
    log_z = log_sum_exp(space.arithmetic, space.arithmetic.log(space.h) - path)
    best, standard = soft(space, decayed), soft(space, costs, discount=gamma)
    size = magnitude(space, path, log_z, best.policy, standard.policy)

    def divergence(policy: Any) -> Any:
        """KL(q_π‖p_θ) by enumeration."""
        log_q = log_density(space, policy)
        return total(space.h * space.arithmetic.exp(log_q), log_q + path + log_z)

    gap, farther = log_z - best.value, divergence(standard.policy)
    yield Comparison(divergence(best.policy), gap, farther, size, name="least KL(q_π‖p_θ), c = Σ γ^t c_t")
    excess = evaluate(space, standard.policy, standard.policy - best.policy)
    yield Comparison(farther, gap + excess, None, size)


def variable_length(space: Space) -> Iterator[Comparison]:
    """H10: c_t − k makes p_θ ∝ e^{−c + kT(τ)}, whose mean length is ∂ log Z/∂k; nothing is added after the end."""
    space = exact(space)
    costs, duration = step_costs(space), lengths(space)
    log_h = space.arithmetic.log(space.h)
    size = magnitude(space, space.c, duration) + space.process.horizon

    def log_z(k: Any) -> Any:
        """Return log Z_θ by backward recursion, of real or complex k."""
        return soft(space, costs - k, risk_seeking=True).value

    for constant in STEP_CONSTANTS:
        k = space.arithmetic.array(constant)
        shifted = along(space, costs - k)
        model = space.arithmetic.exp(log_h - shifted - log_sum_exp(space.arithmetic, log_h - shifted))
        mean = np.sum(model * duration)
        unmoved = np.sum(space.h * space.model * duration)
        radius = space.arithmetic.array(RADIUS / space.process.horizon)
        slope = derivative(space.arithmetic, _line(log_z, k), radius)
        gain = space.process.horizon / RADIUS
        yield Comparison(mean, slope, unmoved, size, gain, name=f"mean length at k = {constant:g}")

        tilt = space.arithmetic.exp(k * duration)
        weight = space.h * space.model
        yield Comparison(model, weight * tilt / np.sum(weight * tilt), weight)
        yield Comparison(log_sum_exp(space.arithmetic, log_h - shifted), log_z(k), None, size)


def _line(function: Any, start: Any) -> Any:
    return lambda delta: function(start + delta)


def absorbing_states(space: Space) -> Iterator[Comparison]:
    """H11: at q = p and D ≡ ½, −log(1−D) and log D pull by ±log 2·∇E[T]; the logit, and rewards after the end, by 0."""
    space, arithmetic, steps = exact(space), space.arithmetic, space.problem.steps
    size = space.process.horizon * magnitude(space, space.process.horizon)
    possible = space.problem.policy_logits > -np.inf

    def pull(reward: Any) -> Any:
        """E_q[s Σ_t r_t] of rewards (N, T), by entry of the logits."""
        returns = np.sum(reward, axis=1)[:, None]
        return step_scores(space, space.w_q, np.where(steps.mask, returns, 0))[possible]

    def mean_length(logits: Any) -> Any:
        """E[T], by forward recursion."""
        return np.sum(occupancy(space, chances(space, log_policy(space, logits))))

    logit = arithmetic.array(np.zeros(steps.mask.shape))  # p = q, step by step
    survival, termination = softplus(arithmetic, logit), -softplus(arithmetic, -logit)
    longer, _ = in_logits(space, mean_length)
    none, gain = 0 * longer, 4.0 / RADIUS
    yield Comparison(
        pull(np.where(steps.mask, survival, 0)),
        space.log_2 * longer,
        none,
        size,
        gain,
        name="∂/∂logits of E[Σ −log(1−D)] where the policy is the expert",
    )
    yield Comparison(
        pull(np.where(steps.mask, termination, 0)),
        -space.log_2 * longer,
        none,
        size,
        gain,
        name="∂/∂logits of E[Σ log D] there",
    )
    yield Comparison(pull(survival), none, None, size, name="E[Σ −log(1−D)], absorbing transitions added")
    yield Comparison(pull(np.where(steps.mask, logit, 0)), none, None, size, name="E[Σ ℓ]")


_ROUNDING = "rounding of sums and exponents: (N + 64)(1 + L)u of the terms"
_CAUCHY = "derivatives are Cauchy integrals: rounding times 1/r, and 5^−points ≤ u of truncation"

ENUMERATIONS = (
    Enumeration(
        "H9",
        f"KL(q_π‖p_θ) over all trajectories with c = Σ γ^t c_t, γ = {GAMMA}, against log Z_θ − V of the soft backup "
        "with costs γ^t c and undiscounted entropy",
        "the policy of discounted-entropy RL, V = log Σ exp E[−c + γV']",
        _ROUNDING,
        discounted_model,
        needs_mdp=True,
        premise=full_support,
        worked_on="deterministic, fixed start",
    ),
    Enumeration(
        "H10",
        "mean length under p_θ over all trajectories, each step's cost less k = ±½, against ∂ log Z_θ/∂k of the "
        "backward recursion, V = 0 after the end; p_θ itself against the tilt e^{kT(τ)}",
        "a constant a step taken for a gauge that b absorbs",
        f"{_ROUNDING}; {_CAUCHY}",
        variable_length,
        needs_mdp=True,
        premise=full_support,
        hidden="of one length, a constant a step is a constant a trajectory",
    ),
    Enumeration(
        "H11",
        "policy gradients of the rewards −log(1−D) and log D at q = p and D ≡ ½ over all trajectories, against "
        "±log 2·∂E[T] of the forward recursion; the logit's, and those with absorbing transitions, against 0",
        "rewards said to have no bias where the policy is the expert",
        f"{_ROUNDING}; {_CAUCHY}",
        absorbing_states,
        needs_mdp=True,
        premise=full_support,
        hidden="of one length, E[T] has no gradient",
    ),
)
