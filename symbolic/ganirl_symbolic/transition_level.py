"""H: discriminators of single steps, and what of them holds for whole trajectories."""

from __future__ import annotations

from .algebra import derivative
from .instance import UNIT_GENERATOR, Condition, policy
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .steps import a, log_pi, log_transition, over_actions, over_time, t
from .symbols import Expr, h, i, k, p, phi, q, q_phi, score, sp, total

visits = sp.IndexedBase(r"d^\pi", positive=True)
visits_expert = sp.IndexedBase("d^E", positive=True)
visits_other = sp.IndexedBase(r"d^{\pi'}", positive=True)
expert_policy = sp.IndexedBase(r"\pi^E", positive=True)
log_expert = sp.IndexedBase(r"\log{\pi^E}", real=True)
reward = sp.IndexedBase("f", real=True)
onward = sp.IndexedBase("W", real=True)
later = sp.IndexedBase("S", real=True)

UNIT_POLICY = Condition(
    "the policy sums to one", over_actions(policy[a]), sp.Integer(1), lambda _rows, _rng: None
)


def _chance(f: Expr, own: Expr) -> Expr:
    """D = e^f/(e^f + π), of a transition."""
    return sp.exp(f) / (sp.exp(f) + own)


def H5() -> Derivation:
    """Derive the optimum of a discriminator of transitions."""
    f, odds = sp.Symbol("f", real=True), sp.Symbol("y", positive=True)
    data, samples = visits_expert[i] * expert_policy[i], visits[i] * policy[i]
    guess = _chance(f, policy[i])
    loss = -data * sp.log(guess) - samples * sp.log(1 - guess)
    best = sp.log(expert_policy[i] * visits_expert[i] / visits[i])

    def slope(at: Expr) -> Expr:
        return sp.diff(loss, f).xreplace({f: at})

    stationary = RowIdentity(
        "∂L_D/∂f = 0 at f* = log π_E + log d_E/d_π, for each state and action", slope(best), sp.Integer(0)
    )

    def curvature(weight: Expr, other: Expr) -> Expr:
        """Second derivative of w softplus(−ℓ) + v softplus(ℓ) in ℓ = log y."""
        share = weight * sp.log(1 + 1 / odds) + other * sp.log(1 + odds)
        return odds * sp.diff(odds * sp.diff(share, odds), odds)

    convex = Positivity(
        "L_D is strictly convex in f, so that f* is its only minimiser", curvature(data, samples)
    )
    chance = RowIdentity(
        "there D = d_E π_E/(d_E π_E + d_π π), the share of the expert's transitions (A1)",
        _chance(best, policy[i]),
        data / (data + samples),
    )
    other = sp.log(expert_policy[i] * visits_expert[i] / visits_other[i])
    moves = RowIdentity(
        "with another generator f* moves by log d_π − log d_π'",
        other - best,
        sp.log(visits[i]) - sp.log(visits_other[i]),
    )
    return Derivation(
        "H5",
        "the optimum of a transition's discriminator is log π_E + log d_E/d_π",
        "every number of states and actions, every time, all marginals that are positive",
        (
            Step(
                "A transition at time t is a row: the expert takes it with d_E(s) π_E(a|s), the generator with "
                "d_π(s) π(a|s), and the dynamics cancel.",
                r"L_D = \sum_{s,a} -d^E \pi^E \log D - d^\pi \pi \log(1 - D), \qquad D = \frac{e^f}{e^f + \pi}",
            ),
        ),
        (stationary, convex, chance, moves),
        (
            stationary.twin("marginals left out", "f = log π_E", lhs=slope(sp.log(expert_policy[i]))),
            stationary.twin(
                "marginals the wrong way",
                "log d_π/d_E",
                lhs=slope(sp.log(expert_policy[i] * visits[i] / visits_expert[i])),
            ),
            convex.twin(
                "one side subtracted", "the generator's side subtracted", expr=curvature(data, -samples)
            ),
            chance.twin(
                "marginals left out", "π_E/(π_E + π)", lhs=_chance(sp.log(expert_policy[i]), policy[i])
            ),
            moves.twin("independent of the generator", "as A7 has it for trajectories", rhs=sp.Integer(0)),
        ),
    )


def H6() -> Derivation:
    """Derive the reward of a step, and what an entropy bonus leaves out."""
    f = sp.Symbol("f", real=True)
    guess = _chance(f, q[i])
    odds = RowIdentity("log D − log(1 − D) = f − log π", sp.log(guess) - sp.log(1 - guess), f - sp.log(q[i]))
    step_chance = _chance(reward[t], sp.exp(log_pi[t]))
    path = SumIdentity(
        "summed over a trajectory of any length: Σ f − Σ log π",
        over_time(sp.log(step_chance) - sp.log(1 - step_chance)),
        over_time(reward[t]) - over_time(log_pi[t]),
    )
    entropy = SumIdentity(
        "a step's mean reward is E_π[f] and the entropy of π(·|s), with coefficient one",
        over_actions(policy[a] * (reward[a] - sp.log(policy[a]))),
        over_actions(policy[a] * reward[a]) + over_actions(-policy[a] * sp.log(policy[a])),
    )

    def moved(value: Expr) -> Expr:
        """∂/∂φ of the sum over actions, π moving."""
        return derivative(total(h[i] * q_phi * value), phi)

    bonus = moved(reward[i] + onward[i]) + derivative(total(-h[i] * q_phi * sp.log(q_phi)), phi)
    gradient = SumIdentity(
        "its gradient is the policy gradient of f, the gradient of the step's entropy, and E[s S], S the entropy "
        "of later steps",
        moved(reward[i] + onward[i] + later[i] - sp.log(q_phi)),
        bonus + total(h[i] * q_phi * score * later[i]),
    )
    baseline = NamedSumIdentity(
        "E[s S] = 0 where the entropy to come is the same after every action: at the last step, and T = 1",
        total(h[i] * q_phi * score * k),
        sp.Integer(0),
        (UNIT_GENERATOR,),
    )
    return Derivation(
        "H6",
        "the step's reward is f − log π, undiscounted, coefficient one; a bonus a step lacks later entropies",
        "every transition, every horizon, every number of actions; gradients along any direction of the policy",
        (
            Step("A transition's discriminator has π under the bar.", r"D = \frac{e^f}{e^f + \pi(a|s)}"),
            Step(
                "From a state, the return is f and −log π now, and what follows a: W of f, S of entropies.",
                r"J = \sum_a \pi(a) \left( f_a - \log \pi(a) + W_a + S_a \right)",
            ),
        ),
        (odds, path, entropy, gradient, baseline),
        (
            odds.twin("f alone", "log π left out", rhs=f),
            odds.twin("π for log π", "f − π", rhs=f - q[i]),
            path.twin("one log π", "the entropy of one step in T", rhs=over_time(reward[t] - log_pi[t] / 2)),
            entropy.twin("no entropy", "E_π[f]", lhs=over_actions(policy[a] * reward[a])),
            gradient.twin("bonus a step", "the entropy of later steps left out", rhs=bonus),
            baseline.twin(
                "entropy to come as a baseline anywhere",
                "S that depends on the action",
                lhs=total(h[i] * q_phi * score * later[i]),
            ),
        ),
        substitute=(
            "the induction over later steps is done on concrete MDPs: the gradient from values of E_π[Σ(f − log π)] "
            "alone, over all trajectories, against the three parts"
        ),
    )


def H7() -> Derivation:
    """Derive what of the steps' discriminators adds up, and the chain rule of KL."""
    first, second = sp.symbols("y_1 y_2", positive=True)
    past = sp.Symbol("L", real=True)
    one, two = first / (1 + first), second / (1 + second)
    whole = first * second / (1 + first * second)
    product = RowIdentity(
        "of two steps: σ(ℓ_1 + ℓ_2) = D_1 D_2/(D_1 D_2 + (1 − D_1)(1 − D_2))",
        one * two / (one * two + (1 - one) * (1 - two)),
        whole,
    )
    step_chance = _chance(reward[t], sp.exp(log_pi[t]))
    odds = SumIdentity(
        "of any number of steps: the log-odds of the trajectory are Σ (log D_t − log(1 − D_t))",
        over_time(sp.log(step_chance) - sp.log(1 - step_chance)),
        over_time(reward[t] - log_pi[t]),
    )
    loss = RowIdentity(
        "−log D of two steps is what is left of Σ −log D_t by the chance that both are decided alike",
        -sp.log(whole),
        -sp.log(one) - sp.log(two) + sp.log(one * two + (1 - one) * (1 - two)),
    )
    ratio = SumIdentity(
        "log q/p of a trajectory is Σ (log π − log π_E): the dynamics cancel",
        over_time(log_transition[t] + log_pi[t]) - over_time(log_transition[t] + log_expert[t]),
        over_time(log_pi[t] - log_expert[t]),
    )
    step_divergence = over_actions(policy[a] * (sp.log(policy[a]) - sp.log(expert_policy[a])))
    chain = NamedSumIdentity(
        "one step more adds KL(π(·|s)‖π_E(·|s)) to the log-ratio L of what came before",
        over_actions(policy[a] * (past + sp.log(policy[a]) - sp.log(expert_policy[a]))),
        past + step_divergence,
        (UNIT_POLICY,),
    )
    lifted = p[i] * visits[i] / visits_expert[i]
    marginal = SumIdentity(
        "KL(q‖p) = KL(d_q‖d_p) + KL(q‖p̃), p̃ = p d_q/d_p, of any function of the trajectory",
        total(h[i] * q[i] * sp.log(q[i] / p[i])),
        total(h[i] * q[i] * sp.log(visits[i] / visits_expert[i]))
        + total(h[i] * q[i] * sp.log(q[i] / lifted)),
    )
    return Derivation(
        "H7",
        "logits add up over the steps, chances and losses do not; KL of trajectories is that of steps, added up",
        "every horizon; products of chances for two steps; the expectation over trajectories in words",
        (
            Step(
                "Let the cost be a sum over the steps, and b = 0.",
                r"\ell(\tau) = \sum_t \ell_t, \qquad \ell_t = f_t - \log \pi_t",
            ),
            Step(
                "p̃ has mass one, for Σ h p d_q/d_p = Σ_x d_p(x) d_q(x)/d_p(x) over the values x of the function; so "
                "KL(q‖p̃) ≥ 0 (E2), and no marginal's KL is above that of the trajectories.",
                r"KL(q \| p) = \sum_t E_{d_t} KL(\pi(\cdot|s) \| \pi_E(\cdot|s)) \ge KL(d_q \| d_p)",
            ),
        ),
        (product, odds, loss, ratio, chain, marginal),
        (
            product.twin("independent steps", "D = D_1 D_2", lhs=one * two),
            odds.twin("log D alone", "Σ log D_t", lhs=over_time(sp.log(step_chance))),
            loss.twin("losses added up", "Σ_t −log D_t", rhs=-sp.log(one) - sp.log(two)),
            ratio.twin(
                "dynamics of one side",
                "log P in q alone",
                lhs=over_time(log_transition[t] + log_pi[t]) - over_time(log_expert[t]),
            ),
            chain.twin("last step alone", "what came before forgotten", rhs=step_divergence),
            marginal.twin(
                "marginals are all",
                "KL(q‖p) said to be KL(d_q‖d_p)",
                rhs=total(h[i] * q[i] * sp.log(visits[i] / visits_expert[i])),
            ),
        ),
        substitute=(
            "that expectations over trajectories are those over d_t is used in words; the sum over all steps, and each "
            "marginal, are evaluated on concrete MDPs by enumeration against a backward recursion"
        ),
    )
