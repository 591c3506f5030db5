"""Family H: dynamics in the densities, and the policy that comes nearest to p_θ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.step_cost import StepCost

from .calculus import log_sum_exp, total
from .policy import log_density, log_policy, own_logits
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
    mdp = space.process
    costs = _step_costs(space, mdp)
    steps = space.problem.steps
    along = np.sum(np.where(steps.mask, costs[steps.state, steps.action, steps.next_state], 0), axis=1)
    log_z = log_sum_exp(space.arithmetic, space.arithmetic.log(space.h) - along)
    value, best = _soft(space, mdp, costs, risk_seeking=False)
    _, seeking = _soft(space, mdp, costs, risk_seeking=True)
    gap = log_z - value
    size = 1 + abs(float(log_z)) + abs(float(value)) + float(np.max(np.abs(space.arithmetic.floats(along))))

    def divergence(log_q: Any, possible: Any = True) -> Any:
        """KL(q‖p_θ) by enumeration."""
        return total(space.h * np.where(possible, space.arithmetic.exp(log_q), 0), log_q + along + log_z)

    attained, risky = (divergence(log_density(space, policy)) for policy in (best, seeking))
    yield Comparison(attained, gap, risky, size)

    density = log_density(space, log_policy(space, own_logits(space)))
    weight = space.h * np.where(space.reached, space.arithmetic.exp(density), 0)
    excess = total(weight, density - log_density(space, best))
    yield Comparison(divergence(density, space.reached), gap + excess, None, size)


def _step_costs(space: Space, mdp: TabularMDP) -> Any:
    """(S, A, S + 1) c(s, a, s')."""
    cost = space.problem.cost
    function = cost.function if isinstance(cost, StepCost) else None
    return space.arithmetic.array(mdp.cost_table(space.theta, function))


def _soft(space: Space, mdp: TabularMDP, costs: Any, risk_seeking: bool) -> tuple[Any, Any]:
    """V_soft = E[V(s0)] and log π* (T, S, A); the risk-seeking backup has log E exp in place of E."""
    exp, log = space.arithmetic.exp, space.arithmetic.log
    start, transition = start_and_transition(space.arithmetic, mdp)
    states = space.arithmetic.array(np.zeros(mdp.states))
    policies = []
    for _ in range(mdp.horizon):
        onward = -costs + concatenated([states, space.arithmetic.array([0.0])])
        mean = np.sum(transition * (exp(onward) if risk_seeking else onward), axis=2)
        actions = log(mean) if risk_seeking else mean
        states = log_sum_exp(space.arithmetic, np.moveaxis(actions, 1, 0))
        policies.append(actions - states[:, None])
    return np.sum(start * states), np.stack(policies[::-1])


ENUMERATIONS = (
    Enumeration(
        "H1",
        "log-odds of the full densities h e^{−c−b} and h q, against −c − b − log q",
        "dynamics in q alone",
        "rounding of exponents, those of h among them",
        dynamics_cancel,
        hidden="without chance there are no dynamics",
    ),
    Enumeration(
        "H3",
        "KL(q_π‖p_θ) over all trajectories, against log Z_θ − V_soft by dynamic programming, for the "
        "soft-optimal π*; for the generator, with E_q[log π − log π*] more",
        "the policy of the risk-seeking backup log E e^V",
        "rounding of sums and exponents: (N + 64)(1 + L)u of the terms",
        reachable_gap,
        needs_mdp=True,
        hidden="without chance the risk-seeking backup is the soft one",
    ),
)
