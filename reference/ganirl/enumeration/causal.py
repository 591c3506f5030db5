"""Family H, the two entropies: what a policy can reach, what an expert optimises, which backup solves what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .calculus import log_sum_exp, softplus, total
from .policy import log_density, log_policy, own_logits
from .recursion import (
    Soft,
    along,
    evaluate,
    exact,
    full_support,
    magnitude,
    marginals,
    soft,
    step_costs,
    with_end,
)
from .registry import Enumeration
from .space import Comparison, Space, start_and_transition


def reachable_gap(space: Space) -> Iterator[Comparison]:
    """H3: KL(q_π‖p_θ) = log Z_θ − V_soft + Σ_t E_{q_π}[KL(π‖π*)], π* the soft-optimal policy, of any π."""
    costs = step_costs(space)
    path = along(space, costs)
    log_z = log_sum_exp(space.arithmetic, space.arithmetic.log(space.h) - path)
    best, seeking = soft(space, costs), soft(space, costs, risk_seeking=True)
    gap = log_z - best.value
    size = magnitude(space, log_z, best.value, path)

    def divergence(log_q: Any, possible: Any = True) -> Any:
        """KL(q‖p_θ) by enumeration."""
        return total(space.h * np.where(possible, space.arithmetic.exp(log_q), 0), log_q + path + log_z)

    attained, risky = (divergence(log_density(space, each.policy)) for each in (best, seeking))
    yield Comparison(attained, gap, risky, size, name="least KL(q_π‖p_θ)")

    density = log_density(space, log_policy(space, own_logits(space)))
    weight = space.h * np.where(space.reached, space.arithmetic.exp(density), 0)
    excess = total(weight, density - log_density(space, best.policy))
    yield Comparison(divergence(density, space.reached), gap + excess, None, size)


def causal_expert(space: Space) -> Iterator[Comparison]:
    """H4: an expert soft-optimal for c has −Σ log π_E = c + V(s0) + M, M the surprises of chance; c is no optimum.

    M = Σ_t [−c_t + V(s_{t+1}) − E_{s'}(−c_t + V)] has mean zero under every policy. A discriminator at the true cost
    and its best b loses the Bernoulli divergences of M + V(s0) − b.
    """
    space = exact(space)
    costs = step_costs(space)
    path, best = space.c, soft(space, costs)
    start = best.states[0][space.problem.steps.state[:, 0]]
    surprise = along(space, _surprises(space, costs, best))
    log_expert = log_density(space, best.policy)
    size = magnitude(space, path, start, surprise, log_expert)
    yield Comparison(log_expert, -path - start - surprise, -path - start, size, name="Σ log π_E, pathwise")
    yield Comparison(space.mean_q(surprise), 0 * space.one, None, size, name="mean surprise")

    world = replace(space, p=space.arithmetic.exp(log_expert))
    b = world.b_star
    excess = world.loss(path, b) - world.loss(-log_expert, 0 * space.one)
    right, off = log_expert - space.log_q, surprise + start - b
    divergences = total(world.w_p + world.w_q, _bernoulli(space, right, right + off))
    yield Comparison(
        excess, divergences, 0 * space.one, size, name="min_b L_D at the true cost, less the optimum"
    )


def _surprises(space: Space, costs: Any, best: Soft) -> Any:
    """(T, S, A, S + 1) −c + V_{t+1}(s') less its mean over s'."""
    _, transition = start_and_transition(space.arithmetic, space.process)
    found = []
    for later in best.states[1:]:
        onward = with_end(space, later) - costs
        found.append(onward - np.sum(transition * onward, axis=2)[:, :, None])
    return np.stack(found)


def _bernoulli(space: Space, x: Any, y: Any) -> Any:
    """KL(Ber(σ(x))‖Ber(σ(y))), the Bregman divergence of softplus."""
    return softplus(space.arithmetic, y) - softplus(space.arithmetic, x) - space.sigmoid(x) * (y - x)


def two_backups(space: Space) -> Iterator[Comparison]:
    """H12: soft Bellman solves maximum causal entropy; MaxEnt over trajectories needs log E e^V over s'."""
    costs = step_costs(space)
    path = along(space, costs)
    causal, seeking = soft(space, costs), soft(space, costs, risk_seeking=True)
    log_h = space.arithmetic.log(space.h)
    log_z = log_sum_exp(space.arithmetic, log_h - path)
    size = magnitude(space, path, log_z, causal.value)
    yield Comparison(seeking.value, log_z, causal.value, size, name="log Z_θ")

    model = space.arithmetic.exp(log_h - path - log_z)
    visits = marginals(space, model)
    met = np.asarray(visits > 0, dtype=bool)
    chosen = np.where(met, visits / np.where(met, np.sum(visits, axis=2)[:, :, None], 1), 0)
    seeking_policy, causal_policy = (
        np.where(met, space.arithmetic.exp(each.policy), 0) for each in (seeking, causal)
    )
    yield Comparison(seeking_policy, chosen, causal_policy, name="p_θ(a|s) at each time")

    def achieved(solution: Soft) -> Any:
        """E_π[Σ_t(−c_t − log π_t)] by enumeration."""
        log_q = log_density(space, solution.policy)
        return total(space.h * space.arithmetic.exp(log_q), -path - log_q)

    yield Comparison(causal.value, achieved(causal), seeking.value, size, name="V_soft")
    _, transition = start_and_transition(space.arithmetic, space.process)
    reward = -np.sum(transition * costs, axis=2)
    short = achieved(causal) - achieved(seeking)
    loss = evaluate(space, seeking.policy, seeking.policy - causal.policy)
    yield Comparison(short, loss, None, size, name="what the risk-seeking policy loses")
    value = evaluate(space, causal.policy, reward - causal.policy)
    yield Comparison(value, achieved(causal), None, size)


_ROUNDING = "rounding of sums and exponents: (N + 64)(1 + L)u of the terms"

ENUMERATIONS = (
    Enumeration(
        "H3",
        "KL(q_π‖p_θ) over all trajectories, against log Z_θ − V_soft by dynamic programming, for the "
        "soft-optimal π*; for the generator, with E_q[log π − log π*] more",
        "the policy of the risk-seeking backup log E e^V",
        _ROUNDING,
        reachable_gap,
        needs_mdp=True,
        hidden="without chance the risk-seeking backup is the soft one",
    ),
    Enumeration(
        "H4",
        "an expert that is soft-optimal for c: Σ log π_E along every trajectory, against −c − V(s0) less the surprises "
        "of chance; L_D at c and its best b, less the optimum, against Bernoulli divergences",
        "the true cost said to be the discriminator's optimum",
        _ROUNDING,
        causal_expert,
        needs_mdp=True,
        premise=full_support,
        hidden="without chance nothing surprises, and with one start V(s0) is a constant that b absorbs",
    ),
    Enumeration(
        "H12",
        "log Z_θ and p_θ(a|s) over all trajectories, against the backup log E e^V; the largest E_π[−c − log π], "
        "against the soft Bellman backup",
        "the two backups exchanged",
        _ROUNDING,
        two_backups,
        needs_mdp=True,
        premise=full_support,
        hidden="without chance E and log E exp are the same",
    ),
)
