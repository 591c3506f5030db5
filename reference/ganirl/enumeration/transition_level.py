"""Family H, step by step: what a discriminator of single transitions learns, pays and adds up to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import bisect, softplus, total
from .policy import log_density, log_policy, own_logits
from .recursion import (
    along,
    chances,
    evaluate,
    exact,
    full_support,
    in_logits,
    magnitude,
    marginals,
    occupancy,
    own_density,
    soft,
    step_costs,
    step_scores,
    step_values,
)
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, start_and_transition


def _over_time(space: Space, table: Any) -> Any:
    """(T, S, A) of a stationary table."""
    return np.stack([table] * space.process.horizon)


def _where(condition: Any, values: Any) -> Any:
    """Return values, or 1 where there are none, so that a log can be taken."""
    return np.where(condition, values, 1)


def transition_optimum(space: Space) -> Iterator[Comparison]:
    """H5: f* = log π_E(a|s) + log d_E(s)/d_π(s) at each time; for the expert's own marginals, log π_E."""
    space, log = exact(space), space.arithmetic.log
    expert = soft(space, step_costs(space)).policy
    own = _over_time(space, log_policy(space, own_logits(space)))
    data = marginals(space, space.h * space.arithmetic.exp(log_density(space, expert)))
    samples = marginals(space, space.w_q)
    met = np.asarray((data > 0) & (samples > 0), dtype=bool)
    bracket = magnitude(space, log(data[met]), log(samples[met]), expert, own)

    def optimum(weight: Any, log_pi: Any) -> Any:
        """Root of ∂L_D/∂f, pair by pair: of weight·σ(f − log π) − d_E·σ(log π − f)."""

        def slope(f: Any) -> Any:
            return weight * space.sigmoid(f - log_pi) - data[met] * space.sigmoid(log_pi - f)

        edge = space.arithmetic.array(np.full(int(met.sum()), bracket))
        return bisect(space.arithmetic, slope, -edge, edge)

    visits_expert = np.sum(occupancy(space, chances(space, expert)), axis=2)[:, :, None]
    visits = np.sum(occupancy(space, chances(space, own)), axis=2)[:, :, None]
    seen = np.asarray((visits_expert > 0) & (visits > 0), dtype=bool)
    ratio = log(_where(seen, visits_expert)) - log(_where(seen, visits))
    yield Comparison(
        optimum(samples[met], own[met]),
        (expert + ratio)[met],
        expert[met],
        bracket,
        name="f* at each time",
    )
    yield Comparison(optimum(data[met], expert[met]), expert[met], None, bracket)


def step_reward(space: Space) -> Iterator[Comparison]:
    """H6: log D − log(1−D) = f − log π; E_π of its sum is E_π[Σf] + Σ entropies, and so is its gradient.

    A bonus of each step's entropy has E[Σ_t ∇H(π(·|s_t))] alone: E[Σ_t s_t Σ_{u>t} H_u] is left out.
    """
    space, exp, log = exact(space), space.arithmetic.exp, space.arithmetic.log
    f, steps = -step_costs(space), space.problem.steps
    log_pi = log_policy(space, own_logits(space))
    policy = chances(space, log_pi)
    entropy = -np.sum(policy[0] * log_pi, axis=1)
    size = magnitude(space, space.c, log_pi)

    odds = f - log_pi[:, :, None]
    shift = np.where(np.asarray(odds > 0, dtype=bool), f, log_pi[:, :, None])
    model, own = exp(f - shift), exp(log_pi[:, :, None] - shift)
    reward = log(model / (model + own)) - log(own / (model + own))
    yield Comparison(reward, odds, None, size, gain=8.0)

    _, transition = start_and_transition(space.arithmetic, space.process)
    mean_f = _over_time(space, np.sum(transition * f, axis=2))
    expected = evaluate(
        space, _over_time(space, log_pi), mean_f + _over_time(space, entropy[:, None] + 0 * policy[0])
    )
    yield Comparison(space.mean_q(along(space, reward)), expected, None, size, gain=8.0)

    def objective(logits: Any) -> Any:
        log_q = own_density(space, logits)
        return np.sum(space.h * exp(log_q) * (-space.c - log_q))

    numeric, possible = in_logits(space, objective)
    later = _later(np.where(steps.mask, entropy[steps.state], 0))
    visits = np.sum(occupancy(space, policy), axis=(0, 2))[:, None]
    of_reward = step_scores(space, space.w_q, np.where(steps.mask, -space.c[:, None], 0))
    of_bonus = -visits * policy[0] * (log_pi + entropy[:, None])
    of_later = step_scores(space, space.w_q, later)
    yield Comparison(
        (of_reward + of_bonus + of_later)[possible],
        numeric,
        (of_reward + of_bonus)[possible],
        size,
        4.0 / RADIUS,
        name="∂/∂logits of E_π[Σ(f − log π)]",
    )


def _later(values: Any) -> Any:
    """(N, T) Σ_{u>t} x_u."""
    return np.sum(values, axis=1)[:, None] - np.cumsum(values, axis=1)


def trajectory_level(space: Space) -> Iterator[Comparison]:
    """H7: odds multiply over the steps, chances do not; KL of trajectories is Σ_t E_{d_t}[KL(π‖π_E)]."""
    space, log = exact(space), space.arithmetic.log
    costs, steps = step_costs(space), space.problem.steps
    log_pi = log_policy(space, own_logits(space))
    expert = soft(space, costs).policy
    size = magnitude(space, space.c, space.log_q, expert)

    step_logit = step_values(space, -costs - log_pi[:, :, None])
    found = np.prod(np.where(steps.mask, space.sigmoid(step_logit), 1), axis=1)
    missed = np.prod(np.where(steps.mask, space.sigmoid(-step_logit), 1), axis=1)
    whole = np.sum(step_logit, axis=1)
    yield Comparison(
        found / (found + missed), space.sigmoid(whole), found, size, name="D of a trajectory, b = 0"
    )

    loss = space.mean_p(softplus(space.arithmetic, -whole)) + space.mean_q(softplus(space.arithmetic, whole))
    by_chance = -space.mean_p(log(found / (found + missed))) - space.mean_q(log(missed / (found + missed)))
    accept, reject = (
        np.sum(np.where(steps.mask, softplus(space.arithmetic, sign * step_logit), 0), axis=1)
        for sign in (-1, 1)
    )
    by_steps = space.mean_p(accept) + space.mean_q(reject)
    yield Comparison(by_chance, loss, by_steps, size, name="L_D of trajectories")

    log_expert = log_density(space, expert)
    divergence = space.mean_q(space.log_q - log_expert)
    own = _over_time(space, log_pi)
    yield Comparison(
        evaluate(space, own, own - expert), divergence, None, size, name="KL(q‖p) of trajectories"
    )
    yield from _marginal_divergences(space, log_expert, divergence, size)


def _marginal_divergences(space: Space, log_p: Any, divergence: Any, size: float) -> Iterator[Comparison]:
    """KL(q‖p) is a marginal's KL and KL(q‖p̃), p̃ = p·d_q/d_p of the pair met at time t (or the end met before)."""
    exp, log = space.arithmetic.exp, space.arithmetic.log
    steps, mdp = space.problem.steps, space.process
    met = np.where(steps.mask, steps.state * mdp.actions + steps.action, mdp.states * mdp.actions)
    for time in range(mdp.horizon):
        masses = []
        for weight in (space.w_q, space.h * exp(log_p)):
            here = [weight[met[:, time] == pair] for pair in range(mdp.states * mdp.actions + 1)]
            masses.append([np.sum(each) if len(each) else space.one for each in here])
        ratio = log(np.array(masses[0]) / np.array(masses[1]))[met[:, time]]
        marginal = space.mean_q(ratio)
        lifted = exp(log_p + ratio)
        yield Comparison(np.sum(space.h * lifted), space.one)
        yield Comparison(marginal + total(space.w_q, space.log_q - log(lifted)), divergence, None, size)


_ROUNDING = "rounding of sums and exponents: (N + 64)(1 + L)u of the terms"

ENUMERATIONS = (
    Enumeration(
        "H5",
        "the root of ∂L_D/∂f for each state, action and time, with marginals added up over all trajectories, against "
        "log π_E + log d_E(s)/d_π(s) by forward recursion; the expert is soft-optimal for c",
        "log π_E alone, as if state marginals matched",
        f"{_ROUNDING}; bisection to u of its bracket",
        transition_optimum,
        needs_mdp=True,
        premise=full_support,
    ),
    Enumeration(
        "H6",
        "E_π[Σ_t(f − log π)] over all trajectories against a backward recursion with step entropies; its "
        "gradient in the logits, from values, against policy gradient + ∇ step entropies + later entropies",
        "an entropy bonus a step, the entropy of later steps left out",
        f"{_ROUNDING}; derivatives are Cauchy integrals: rounding times 1/r, and 5^−points ≤ u of truncation",
        step_reward,
        needs_mdp=True,
        premise=full_support,
        hidden="a uniform policy for a fixed length has the same entropy to come on every path: a baseline",
    ),
    Enumeration(
        "H7",
        "σ(Σℓ_t) against the odds Π D_t/(1−D_t), and L_D of both; KL(q‖p) of trajectories against "
        "Σ_t E_{d_t}[KL(π‖π_E)] by recursion, and against each marginal's KL plus the rest",
        "steps taken as independent: Π D_t, and Σ_t L_D of the steps",
        _ROUNDING,
        trajectory_level,
        needs_mdp=True,
        premise=full_support,
    ),
)
