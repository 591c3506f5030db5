"""H: sequential structure, where the base measure is the dynamics. Section 2.3.1 of Finn et al. (2016)."""

from __future__ import annotations

from .instance import UNIT_TRANSITION, policy, transition
from .proof import Derivation, Step
from .statements import NamedSumIdentity, RowIdentity, SumIdentity
from .symbols import D, Expr, h, i, model, q, sp, total

t, T, A = (sp.Symbol(name, integer=True, positive=True) for name in ("t", "T", "A"))
a = sp.Symbol("a", integer=True, positive=True)
log_transition = sp.IndexedBase(r"\log{P}", real=True)
log_pi = sp.IndexedBase(r"\log{\pi}", real=True)
step_cost = sp.IndexedBase("c", real=True)
value = sp.IndexedBase("V", real=True)
next_value = sp.IndexedBase("W", real=True)


def _over_time(f: Expr) -> Expr:
    return sp.Sum(f, (t, 1, T))


def _over_actions(f: Expr) -> Expr:
    return sp.Sum(f, (a, 1, A))


def H1() -> Derivation:
    """Derive that the dynamics cancel in D."""
    full = h[i] * model / (h[i] * model + h[i] * q[i])
    odds = _over_time(log_transition[t] - step_cost[t]) - _over_time(log_transition[t] + log_pi[t])
    whole = RowIdentity("D from full densities, h m and h q, is D from e^{−c−b} and Π π", full, D)
    steps = SumIdentity(
        "step by step, for every horizon: ℓ + b has no log P",
        odds,
        -_over_time(step_cost[t]) - _over_time(log_pi[t]),
    )
    one_sided = h[i] * q[i]
    return Derivation(
        "H1",
        "the dynamics cancel between model and generator",
        "every trajectory, every dynamics h > 0 (the start density is its first factor), every horizon T",
        (
            Step(
                "Both full densities carry one factor: the start density times the transition probabilities.",
                r"h(\tau) = \prod_{t=1}^{T} P_t, \qquad \log h = \sum_{t=1}^{T} \log P_t",
            ),
        ),
        (whole, steps),
        (
            whole.twin(
                "dynamics in q only",
                "the generator's full density against e^{−c−b}",
                lhs=model / (model + one_sided),
            ),
            steps.twin(
                "dynamics in q only",
                "Σ log P added to log q alone",
                lhs=-_over_time(step_cost[t]) - _over_time(log_transition[t] + log_pi[t]),
            ),
        ),
    )


def H3() -> Derivation:
    """Derive min_π KL(q_π‖p_θ) = log Z − V_soft: causal entropy, soft Bellman."""
    gamma = sp.Symbol("gamma", positive=True)
    V = sp.Symbol("V", real=True)
    log_soft_policy = next_value[a] - step_cost[a] - V
    gibbs = SumIdentity(
        "for one step, Σ π (c − W + log π) = −V + KL(π‖π*), log π* = W − c − V",
        _over_actions(policy[a] * (step_cost[a] - next_value[a] + sp.log(policy[a]))),
        _over_actions(policy[a] * (sp.log(policy[a]) - log_soft_policy)) - V * _over_actions(policy[a]),
    )
    log_soft = next_value[t] - step_cost[t] - value[t]
    path = SumIdentity(
        "along a trajectory, for every horizon: Σ (c + log π) = Σ (log π − log π*) + Σ (W − V)",
        _over_time(step_cost[t] + log_pi[t]),
        _over_time(log_pi[t] - log_soft) + _over_time(next_value[t] - value[t]),
    )
    V_first, V_last = sp.symbols("V_1 V_{T+1}", real=True)

    def summed(increment: Expr) -> Expr:
        """Sum increments that telescope, by SymPy's own summation."""
        return _over_time(increment).doit().xreplace({value[1]: V_first, value[T + 1]: V_last})

    telescope = RowIdentity(
        "Σ_t (V_{t+1} − V_t) telescopes to V_{T+1} − V_1", summed(value[t + 1] - value[t]), V_last - V_first
    )
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
        (gibbs, path, telescope, martingale),
        (
            gibbs.twin(
                "no entropy",
                "log π left out of the step",
                lhs=_over_actions(policy[a] * (step_cost[a] - next_value[a])),
            ),
            gibbs.twin(
                "sign of the cost",
                "log π* = W + c − V",
                rhs=_over_actions(policy[a] * (sp.log(policy[a]) - log_soft_policy - 2 * step_cost[a]))
                - V * _over_actions(policy[a]),
            ),
            path.twin(
                "discounted backup",
                "γ W − V for W − V",
                rhs=_over_time(log_pi[t] - log_soft) + _over_time(gamma * next_value[t] - value[t]),
            ),
            telescope.twin("values negated", "Σ (V_t − V_{t+1})", lhs=summed(value[t] - value[t + 1])),
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
