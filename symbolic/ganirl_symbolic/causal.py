"""H: causal entropy and trajectory entropy: what a policy reaches, an expert optimises, a backup solves."""

from __future__ import annotations

from .instance import UNIT_TRANSITION, policy, transition
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .steps import (
    a,
    gamma,
    log_pi,
    next_value,
    over_actions,
    over_time,
    step_cost,
    t,
    telescope,
    value,
)
from .symbols import Expr, complement, h, i, p, probability, q, sp, total

V = sp.Symbol("V", real=True)
outcome = sp.IndexedBase("u", real=True)[i]


def H3() -> Derivation:
    """Derive min_π KL(q_π‖p_θ) = log Z − V_soft: causal entropy, soft Bellman."""
    log_soft_policy = next_value[a] - step_cost[a] - V
    gibbs = SumIdentity(
        "for one step, Σ π (c − W + log π) = −V + KL(π‖π*), log π* = W − c − V",
        over_actions(policy[a] * (step_cost[a] - next_value[a] + sp.log(policy[a]))),
        over_actions(policy[a] * (sp.log(policy[a]) - log_soft_policy)) - V * over_actions(policy[a]),
    )
    log_soft = next_value[t] - step_cost[t] - value[t]
    path = SumIdentity(
        "along a trajectory, for every horizon: Σ (c + log π) = Σ (log π − log π*) + Σ (W − V)",
        over_time(step_cost[t] + log_pi[t]),
        over_time(log_pi[t] - log_soft) + over_time(next_value[t] - value[t]),
    )
    telescoping, reversed_sum = telescope()
    here = sp.IndexedBase("V", real=True)[i]
    expected = total(transition[i] * here)
    martingale = NamedSumIdentity(
        "W − V(s') has mean zero under the dynamics when W = E_{s'}[V(s')]",
        total(transition[i]) * expected,
        expected,
        (UNIT_TRANSITION,),
    )
    risk_seeking = sp.log(total(transition[i] * sp.exp(here)))
    return Derivation(
        "H3",
        "the closest policy to p_θ is the soft-optimal one, and misses it by log Z − V_soft",
        "every horizon, all finite sets of actions and states, every dynamics; the last expectation in words",
        (
            Step(
                "By E2 with the true log Z, KL(q_π‖p_θ) = log Z + E_π[Σ_t (c_t + log π_t)]. "
                "Let V be the soft value; π* = e^{W − c − V} then sums to one over actions.",
                r"V(s) = \log \sum_a e^{-c(s,a) + W(s,a)}, \quad W(s,a) = E_{s'}[V(s')], \quad V_{T+1} = 0",
            ),
            Step(
                "Take the expectation of what follows: Σ_t (W_t − V_{t+1}) has mean zero (tower property), "
                "Σ_t (V_{t+1} − V_t) is −V(s_1), and the mean of log π − log π* is a KL ≥ 0 (E2), 0 at π*.",
                r"KL(q_\pi \| p_\theta) = \log Z - E_{\rho_0} V(s_1)"
                r" + \sum_t E_\pi \, KL\left(\pi(\cdot|s_t) \| \pi^*(\cdot|s_t)\right)",
            ),
        ),
        (gibbs, path, telescoping, martingale),
        (
            gibbs.twin(
                "no entropy",
                "log π left out of the step",
                lhs=over_actions(policy[a] * (step_cost[a] - next_value[a])),
            ),
            gibbs.twin(
                "sign of the cost",
                "log π* = W + c − V",
                rhs=over_actions(policy[a] * (sp.log(policy[a]) - log_soft_policy - 2 * step_cost[a]))
                - V * over_actions(policy[a]),
            ),
            path.twin(
                "discounted backup",
                "γ W − V for W − V",
                rhs=over_time(log_pi[t] - log_soft) + over_time(gamma * next_value[t] - value[t]),
            ),
            telescoping.twin("values negated", "Σ (V_t − V_{t+1})", lhs=reversed_sum),
            martingale.twin(
                "risk-seeking backup", "W = log E_{s'}[e^{V(s')}]", lhs=total(transition[i]) * risk_seeking
            ),
        ),
        substitute=(
            "the tower property of expectations over trajectories is used in words; that the minimum over "
            "policies is log Z − V_soft is evaluated on concrete MDPs, by enumeration of all trajectories "
            "against the soft Bellman recursion"
        ),
    )


def H4() -> Derivation:
    """Derive that the cost of a causal-entropy expert is not the discriminator's optimum."""
    mean = sp.IndexedBase("Q", real=True)
    gained = next_value[t] - step_cost[t]
    surprise = over_time(gained - mean[t])
    path = SumIdentity(
        "with log π_E = Q − V, Q = E_{s'}[V(s') − c]: Σ log π_E = −Σ c + Σ (V(s') − V) − M, for every horizon",
        over_time(mean[t] - value[t]),
        over_time(-step_cost[t]) + over_time(next_value[t] - value[t]) - surprise,
    )
    telescoping, reversed_sum = telescope()
    centred = total(transition[i] * outcome) - total(transition[i]) * total(transition[i] * outcome)
    fair = NamedSumIdentity(
        "a surprise u − E_{s'}[u] has mean zero under the dynamics",
        centred,
        sp.Integer(0),
        (UNIT_TRANSITION,),
    )
    chance = sp.Symbol("P", positive=True)
    x, y = sp.symbols("x y", real=True)
    middle = chance * x + (1 - chance) * y
    spread = RowIdentity(
        "of two next states its variance is P(1 − P)(x − y)², zero only if both are worth the same",
        chance * (x - middle) ** 2 + (1 - chance) * (y - middle) ** 2,
        chance * (1 - chance) * (x - y) ** 2,
    )
    best, guess = p[i] / (p[i] + q[i]), probability()
    excess = RowIdentity(
        "a trajectory's share of L_D(D) − L_D(D*) is h (p + q) KL(Ber(D*)‖Ber(D))",
        h[i] * p[i] * (sp.log(best) - sp.log(guess))
        + h[i] * q[i] * (sp.log(1 - best) - sp.log(complement())),
        h[i] * (p[i] + q[i]) * (best * sp.log(best / guess) + (1 - best) * sp.log((1 - best) / complement())),
    )
    odds = sp.Symbol("y", positive=True)

    def share(weight: Expr, other: Expr) -> Expr:
        """Second derivative of w softplus(−ℓ) + v softplus(ℓ) in ℓ = log y."""
        loss = weight * sp.log(1 + 1 / odds) + other * sp.log(1 + odds)
        return odds * sp.diff(odds * sp.diff(loss, odds), odds)

    strict = Positivity("that share is strictly convex in ℓ: zero at ℓ* alone", share(p[i], q[i]))
    return Derivation(
        "H4",
        "the cost of a causal-entropy expert is off the discriminator's optimum by what chance brought",
        "every horizon, every dynamics, every cost; M along each trajectory",
        (
            Step(
                "The optimum is c + b = −log p (A7), here −Σ log π_E.",
                r"\log \pi_E = Q - V, \qquad M = \sum_t \left( V(s_{t+1}) - c_t - Q_t \right)",
            ),
            Step(
                "With V = 0 at the end, c + V(s_1) + M is the optimum: c alone is one for some b iff V(s_1) + M is "
                "constant, which asks that chance moves neither the start nor any value.",
                r"-\sum_t \log \pi_E(a_t|s_t) = c(\tau) + V(s_1) + M(\tau)",
            ),
        ),
        (path, telescoping, fair, spread, excess, strict),
        (
            path.twin(
                "nothing surprises",
                "Σ (r + V' − V) said to be Σ log π_E in any MDP",
                rhs=over_time(-step_cost[t]) + over_time(next_value[t] - value[t]),
            ),
            telescoping.twin("values negated", "Σ (V_t − V_{t+1})", lhs=reversed_sum),
            fair.twin(
                "risk-seeking mean",
                "log E[e^u] for E[u]",
                lhs=total(transition[i] * outcome)
                - total(transition[i]) * sp.log(total(transition[i] * sp.exp(outcome))),
            ),
            spread.twin("no variance", "chance said to be harmless", rhs=sp.Integer(0)),
            excess.twin("true cost said to be optimal", "no excess loss", rhs=sp.Integer(0)),
            strict.twin("one side subtracted", "p softplus(−ℓ) − q softplus(ℓ)", expr=share(p[i], -q[i])),
        ),
        substitute=(
            "that the surprises vanish for no other reason, and what they cost, is evaluated on concrete MDPs, by "
            "enumeration of all trajectories against the soft Bellman recursion"
        ),
    )


def H12() -> Derivation:
    """Derive which entropy each backup belongs to."""
    action_value = sp.IndexedBase("Q", real=True)
    causal = SumIdentity(
        "a policy chooses a alone: Σ_a π (log π − Q) = −V + Σ_a π (log π − (Q − V)), Q = E_{s'}[V(s') − c]",
        over_actions(policy[a] * (sp.log(policy[a]) - action_value[a])),
        over_actions(policy[a] * (sp.log(policy[a]) - (action_value[a] - V))) - V * over_actions(policy[a]),
    )
    chance = transition[a]
    gained = next_value[a] - step_cost[a]
    log_tilt = sp.log(chance) + gained - V
    whole = SumIdentity(
        "a density over trajectories chooses (a, s'): Σ w (log w/P − u) = −V + Σ w (log w − log(P e^{u − V}))",
        over_actions(policy[a] * (sp.log(policy[a]) - sp.log(chance) - gained)),
        over_actions(policy[a] * (sp.log(policy[a]) - log_tilt)) - V * over_actions(policy[a]),
    )
    lam = sp.Symbol("lambda", real=True)
    weight = transition[i] * sp.exp(lam * outcome)
    cumulant, tilted = sp.log(total(weight)), total(weight * outcome) / total(weight)
    slope = NamedSumIdentity(
        "∂_λ log E_{s'}[e^{λu}] is the mean under the tilted dynamics P e^{λu}",
        sp.diff(cumulant, lam),
        tilted,
    )
    variance = NamedSumIdentity(
        "∂²_λ log E_{s'}[e^{λu}] is the variance there, so that log E e^u ≥ E u, equal iff u is constant",
        sp.diff(cumulant, lam, 2),
        total(weight * (outcome**2)) / total(weight) - tilted**2,
    )
    normalised = NamedSumIdentity(
        "the tilt P e^{u − W} sums to one over s' for W = log E_{s'}[e^u]",
        sp.exp(-sp.log(total(transition[i] * sp.exp(outcome)))) * total(transition[i] * sp.exp(outcome)),
        total(transition[i]),
        (UNIT_TRANSITION,),
    )
    return Derivation(
        "H12",
        "soft Bellman is maximum causal entropy; log E e^V is maximum entropy of trajectories",
        "one step at any time, all finite sets of actions and next states; every horizon by induction",
        (
            Step(
                "Both add −c, the value to come and an entropy. A policy moves a and takes s' as it comes; "
                "a density over trajectories moves both, and pays for moving s' away from P.",
                r"u = V(s') - c(s,a,s')",
            ),
            Step(
                "The last terms are divergences, zero at π = e^{Q − V} and w = P e^{u − V}: the best values are",
                r"V = \log \sum_a e^{E_{s'}[u]} \qquad \text{and} \qquad V = \log \sum_a E_{s'}\left[e^{u}\right]",
            ),
        ),
        (causal, whole, slope, variance, normalised),
        (
            causal.twin("no entropy", "Σ π (−Q)", lhs=over_actions(policy[a] * -action_value[a])),
            whole.twin(
                "dynamics for nothing",
                "the entropy of s' itself for that relative to P",
                lhs=over_actions(policy[a] * (sp.log(policy[a]) - gained)),
            ),
            slope.twin("risk-neutral", "E_{s'}[u] at every λ", rhs=total(transition[i] * outcome)),
            variance.twin(
                "second moment", "E[u²] for the variance", rhs=total(weight * outcome**2) / total(weight)
            ),
            normalised.twin(
                "soft backup",
                "W = E_{s'}[u]: the tilt is no distribution",
                lhs=sp.exp(-total(transition[i] * outcome)) * total(transition[i] * sp.exp(outcome)),
            ),
        ),
        substitute=(
            "the induction over time is done on concrete MDPs: log Z and p_θ(a|s) by enumeration of all trajectories, "
            "against both recursions"
        ),
    )
