"""Family H: dynamics in the densities, and the policy that comes nearest to p_θ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.step_cost import StepCost

from .calculus import log_sum_exp, total
from .registry import Enumeration
from .space import Comparison, Space, concatenated, start_and_transition


def dynamics_cancel(space: Space) -> Iterator[Comparison]:
    """H1: full densities h e^{−c−b} and h q give the logit −c − b − log q."""
    seen = space.reached
    exp, log = space.arithmetic.exp, space.arithmetic.log
    model, generator = (space.h * exp(-space.c - space.b))[seen], space.w_q[seen]
    logit = space.logit(space.c, space.b)[seen]
    one_sided = exp(-space.c - space.b)[seen]
    yield Comparison(log(model) - log(generator), logit, log(one_sided) - log(generator), gain=2.0)
    yield Comparison(model / (model + generator), space.sigmoid(logit))


def reachable_gap(space: Space) -> Iterator[Comparison]:
    """H3: KL(q_π‖p_θ) = log Z_θ − V_soft + Σ_t E_{q_π}[KL(π‖π*)], π* the soft-optimal policy, of any π."""
    mdp = space.mdp
    if mdp is None or space.problem.unit != "trajectory":
        raise ValueError("claim H3 is about the trajectories of an MDP: give enumerate_claim its mdp")
    costs = _step_costs(space, mdp)
    steps = space.problem.steps
    along = np.sum(np.where(steps.mask, costs[steps.state, steps.action, steps.next_state], 0), axis=1)
    log_z = log_sum_exp(space.arithmetic, space.arithmetic.log(space.h) - along)
    value, best = _soft(space, mdp, costs, risk_seeking=False)
    _, seeking = _soft(space, mdp, costs, risk_seeking=True)
    gap = log_z - value
    size = 1 + abs(float(log_z)) + abs(float(value)) + float(np.max(np.abs(space.arithmetic.floats(along))))

    attained = _divergence(space, _log_density(space, best), along, log_z)
    risky = _divergence(space, _log_density(space, seeking), along, log_z)
    yield Comparison(attained, gap, risky, size)

    density = space.log_q
    excess = space.mean_q(density - _log_density(space, best))
    yield Comparison(_divergence(space, density, along, log_z), gap + excess, None, size)


def _step_costs(space: Space, mdp: TabularMDP) -> Any:
    """(S, A, S + 1) c(s, a, s')."""
    cost = space.problem.cost
    function = cost.function if isinstance(cost, StepCost) else None
    return space.arithmetic.array(mdp.cost_table(space.theta, function))


def _soft(space: Space, mdp: TabularMDP, costs: Any, risk_seeking: bool) -> tuple[Any, Any]:
    """V_soft and log π* (T, S, A); the risk-seeking backup is log E exp in place of E."""
    exp, log = space.arithmetic.exp, space.arithmetic.log
    start, transition = start_and_transition(space.arithmetic, mdp)
    states = space.arithmetic.array(np.zeros(mdp.states))
    policies = []
    for _ in range(mdp.horizon):
        onward = -costs + concatenated([states, space.arithmetic.array([0.0])])
        if risk_seeking:
            actions = log(np.sum(transition * exp(onward), axis=2))
        else:
            actions = np.sum(transition * onward, axis=2)
        states = log_sum_exp(space.arithmetic, np.moveaxis(actions, 1, 0))
        policies.append(actions - states[:, None])
    value = log(np.sum(start * exp(states))) if risk_seeking else np.sum(start * states)
    return value, np.stack(policies[::-1])


def _log_density(space: Space, log_policy: Any) -> Any:
    """(N,) Σ_t log π_t(a_t|s_t)."""
    steps = space.problem.steps
    chosen = log_policy[np.arange(steps.mask.shape[1]), steps.state, steps.action]
    return np.sum(np.where(steps.mask, chosen, 0), axis=1)


def _divergence(space: Space, log_q: Any, along: Any, log_z: Any) -> Any:
    """KL(q‖p_θ) by enumeration."""
    weight = space.h * np.where(space.reached, space.arithmetic.exp(log_q), 0)
    return total(weight, log_q + along + log_z)


ENUMERATIONS = (
    Enumeration(
        "H1",
        "log-odds of the full densities h e^{−c−b} and h q, against −c − b − log q",
        "dynamics in q alone",
        "rounding of exponents, those of h among them",
        dynamics_cancel,
    ),
    Enumeration(
        "H3",
        "KL(q_π‖p_θ) over all trajectories, against log Z_θ − V_soft by dynamic programming, for the "
        "soft-optimal π*; for the generator, with E_q[log π − log π*] more",
        "the policy of the risk-seeking backup log E e^V",
        "rounding of sums and exponents: (N + 64)(1 + L)u of the terms",
        reachable_gap,
        needs_mdp=True,
    ),
)
