"""H: potentials, discount, length and the absorbing end."""

from __future__ import annotations

from .algebra import derivative
from .instance import UNIT_GENERATOR, policy
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .steps import a, gamma, next_value, over_actions, over_time, step_cost, t, telescope, value
from .symbols import D, Expr, b, c, complement, h, i, k, phi, probability, q, q_phi, score, sp, total

length = sp.IndexedBase("n", positive=True)[i]
gain = sp.IndexedBase("K", real=True)[i]
weight_at = sp.IndexedBase(r"\gamma^t", positive=True)


def H8() -> Derivation:
    """Derive what a discriminator sees of potential-based shaping."""
    telescoping, reversed_sum = telescope("Φ")
    power, start, here, there = (sp.Symbol(name, real=True) for name in ("g", "Φ_0", "Φ", "Φ'"))
    so_far = power * here - start
    discounted = RowIdentity(
        "with γ, by induction: γ^t Φ(s_t) − Φ(s_0) and γ^t (γΦ(s') − Φ(s)) make γ^{t+1} Φ(s') − Φ(s_0)",
        so_far + power * (gamma * there - here),
        power * gamma * there - start,
    )
    begun = RowIdentity(
        "which begins with γ^0 Φ(s_0) − Φ(s_0) = 0",
        so_far.xreplace({power: sp.Integer(1), here: start}),
        sp.Integer(0),
    )

    def shaped(by: Expr, log_z: Expr) -> Expr:
        model = sp.exp(-(c - by) - log_z)
        return model / (model + q[i])

    gauge = RowIdentity(
        "K = Φ(s_T) − Φ(s_0) taken off the cost leaves D as it was if K is a constant, at b + K",
        shaped(k, b + k),
        D,
    )
    only = RowIdentity(
        "in general ℓ moves by K(τ) − k, k whatever was added to b: nothing but a constant K is absorbed",
        -(c - gain) - (b + k) - sp.log(q[i]),
        -c - b - sp.log(q[i]) + gain - k,
    )
    f, own = sp.Symbol("f", real=True), sp.Symbol(r"\pi", positive=True)

    def odds(reward: Expr) -> Expr:
        chance = sp.exp(reward) / (sp.exp(reward) + own)
        return sp.log(chance) - sp.log(1 - chance)

    single = RowIdentity(
        "a transition's logit moves by γΦ(s') − Φ(s)",
        odds(f + gamma * there - here) - odds(f),
        gamma * there - here,
    )
    return Derivation(
        "H8",
        "shaping is a gauge of the trajectory's D iff Φ(s_T) − Φ(s_0) is constant; with γ, only weighted by γ^t",
        "every horizon, every potential, every discount",
        (
            Step(
                "A potential adds its differences to the reward of each step.",
                r"f_t + \gamma \Phi(s_{t+1}) - \Phi(s_t)",
            ),
        ),
        (telescoping, discounted, begun, gauge, only, single),
        (
            telescoping.twin("steps the wrong way", "Σ (Φ_t − Φ_{t+1})", lhs=reversed_sum),
            discounted.twin(
                "weights left out", "Σ (γΦ' − Φ) without γ^t", lhs=so_far + (gamma * there - here)
            ),
            begun.twin(
                "start left out", "Φ(s_0) not taken off", lhs=so_far.xreplace({power: 1, here: 2 * start})
            ),
            gauge.twin("any ends", "K that differs from trajectory to trajectory", lhs=shaped(gain, b + k)),
            gauge.twin("b not moved", "K constant, b left where it was", lhs=shaped(k, b)),
            only.twin("nothing seen", "ℓ said not to move", rhs=-c - b - sp.log(q[i])),
            single.twin(
                "transitions see nothing", "the gauge of trajectories, of a transition", rhs=sp.Integer(0)
            ),
        ),
    )


def H9() -> Derivation:
    """Derive that a discounted cost wants undiscounted entropy."""
    V = sp.Symbol("V", real=True)
    log_best = next_value[t] - weight_at[t] * step_cost[t] - value[t]
    log_standard = gamma * next_value[t] - step_cost[t] - value[t]

    def off(log_policy: Expr) -> Expr:
        """Return log q + c of a trajectory, which is constant where q = p_θ."""
        return over_time(log_policy + weight_at[t] * step_cost[t])

    left = over_time(next_value[t] - value[t])
    path = SumIdentity(
        "log π* = W − γ^t c − V: Σ (γ^t c + log π*) = Σ (W − V), for every horizon", off(log_best), left
    )
    telescoping, reversed_sum = telescope()
    cost = gamma * step_cost[a] - next_value[a]
    log_soft = -cost - V
    gibbs = SumIdentity(
        "for one step, any weight γ^t of the cost: Σ π (γ^t c − W + log π) = −V + KL(π‖π*)",
        over_actions(policy[a] * (cost + sp.log(policy[a]))),
        over_actions(policy[a] * (sp.log(policy[a]) - log_soft)) - V * over_actions(policy[a]),
    )
    return Derivation(
        "H9",
        "p_θ of a discounted cost is reached with undiscounted entropy; discounted-entropy RL ends elsewhere",
        "every horizon, any weights γ^t, all finite sets of actions; deterministic dynamics and one start for KL = 0",
        (
            Step(
                "The model discounts the cost, and knows no other weight: log q enters KL(q‖p_θ) undiscounted.",
                r"KL(q \| p_\theta) = \log Z + E_q\left[ \textstyle\sum_t (\gamma^t c_t + \log \pi_t) \right]",
            ),
            Step(
                "Without chance W_t = V_{t+1}(s_{t+1}), so that log q + c = −V_1: with one start q is p_θ.",
                r"V_t = \log \sum_a e^{-\gamma^t c + W}, \qquad V_{T+1} = 0",
            ),
        ),
        (path, telescoping, gibbs),
        (
            path.twin(
                "discounted entropy", "log π = γW − c − V, the policy of discounted RL", lhs=off(log_standard)
            ),
            telescoping.twin("values negated", "Σ (V_t − V_{t+1})", lhs=reversed_sum),
            gibbs.twin(
                "entropy discounted too",
                "γ^t log π for log π",
                lhs=over_actions(policy[a] * (cost + gamma * sp.log(policy[a]))),
            ),
        ),
        substitute=(
            "that the policy of discounted-entropy RL is another one, and how far off it is, is evaluated on concrete "
            "MDPs, by enumeration of all trajectories against both recursions"
        ),
    )


def H10() -> Derivation:
    """Derive what a constant a step does where lengths vary."""
    f = sp.IndexedBase("f", real=True)[i]

    def mean(values: Expr, exponent: Expr) -> Expr:
        """Expectation under p_θ ∝ h e^{exponent}."""
        return total(h[i] * sp.exp(exponent) * values) / total(h[i] * sp.exp(exponent))

    log_z = sp.log(total(h[i] * sp.exp(-c + k * length)))
    tilt = RowIdentity(
        "c_t − k at each of n steps tilts e^{−c} by e^{kn}",
        sp.exp(-(c - k * length)),
        sp.exp(-c) * sp.exp(k * length),
    )
    slope = NamedSumIdentity(
        "∂ log Z/∂k is the mean length", sp.diff(log_z, k), mean(length, -c + k * length)
    )
    bend = NamedSumIdentity(
        "∂² log Z/∂k² is the variance of the length: k moves p_θ wherever lengths vary",
        sp.diff(log_z, k, 2),
        mean(length**2, -c + k * length) - mean(length, -c + k * length) ** 2,
    )
    fixed = sp.Symbol("T", positive=True)
    gauge = NamedSumIdentity(
        "of one length T it is a gauge: every mean under p_θ stays", mean(f, -c + k * fixed), mean(f, -c)
    )
    once = NamedSumIdentity("so it is as b, once a trajectory", mean(f, -c - b), mean(f, -c))
    return Derivation(
        "H10",
        "a constant a step is no gauge where lengths vary: p_θ ∝ e^{−c + kT(τ)}",
        "every N, every dynamics, all lengths; masks and values after the end in words",
        (
            Step(
                "Sums run over the n steps that exist; after the end nothing is added, neither cost nor value.",
                r"c(\tau) = \sum_{t \le n(\tau)} c_t, \qquad \log q(\tau) = \sum_{t \le n(\tau)} \log \pi_t",
            ),
        ),
        (tilt, slope, bend, gauge, once),
        (
            tilt.twin("once a trajectory", "e^{k}", rhs=sp.exp(-c) * sp.exp(k)),
            tilt.twin("mean over time", "c/n for c", lhs=sp.exp(-(c - k * length) / length)),
            slope.twin("a gauge", "the mean length said not to move", rhs=mean(length, -c)),
            bend.twin("second moment", "E[n²] for the variance", rhs=mean(length**2, -c + k * length)),
            gauge.twin("lengths that vary", "T(τ) for T", lhs=mean(f, -c + k * length)),
            once.twin("b a step", "b T(τ) for b", lhs=mean(f, -c - b * length)),
        ),
        substitute=(
            "that padding counts for nothing and that V = 0 after the end is evaluated on concrete MDPs: log Z_θ by "
            "enumeration of trajectories of all lengths, against the backward recursion"
        ),
    )


def H11() -> Derivation:
    """Derive which lengths the signs of the rewards prefer."""
    chance = probability()
    survival = Positivity(
        "1/(1 − D) − 1 > 0: −log(1 − D) > 0, and a step more always pays", 1 / complement() - 1
    )
    ending = Positivity("1/D − 1 > 0: log D < 0, and a step more always costs", 1 / chance - 1)
    half = q[i] / (q[i] + q[i])
    rewards = RowIdentity("at m = q, −log(1 − D) is log 2", -sp.log(1 - half), sp.log(2))
    logit = RowIdentity("and the logit is 0", sp.log(half) - sp.log(1 - half), sp.Integer(0))

    def pull(returns: Expr) -> Expr:
        """E_q[s R]."""
        return total(h[i] * q_phi * score * returns)

    longer = derivative(total(h[i] * q_phi * length), phi)
    biased = SumIdentity(
        "n steps of log 2 pull with log 2 · ∇E_q[n]", pull(length * sp.log(2)), sp.log(2) * longer
    )
    fixed = sp.Symbol("T", positive=True)
    mended = NamedSumIdentity(
        "rewards that go on after the end, up to the horizon, pull nowhere",
        pull(fixed * sp.log(2)),
        sp.Integer(0),
        (UNIT_GENERATOR,),
    )
    indifferent = NamedSumIdentity(
        "nor does the trajectory's own logit at q = p_θ, b − log Z everywhere",
        pull(-c - b - sp.log(sp.exp(-c - k))),
        sp.Integer(0),
        (UNIT_GENERATOR,),
    )
    return Derivation(
        "H11",
        "−log(1 − D) rewards survival, log D termination; the trajectory's logit neither",
        "every N, every D in (0, 1), all lengths, every direction of the policy",
        (
            Step(
                "An episode that stops at the absorbing end gives it the reward 0 at each step it does not have.",
                r"-\log(1 - D) > 0 > \log D",
            ),
        ),
        (survival, ending, rewards, logit, biased, mended, indifferent),
        (
            survival.twin(
                "the logit", "D/(1 − D) − 1: f − log π has either sign", expr=chance / complement() - 1
            ),
            ending.twin("the logit", "(1 − D)/D − 1", expr=complement() / chance - 1),
            rewards.twin("no reward", "−log(1 − D) said to be 0 there", rhs=sp.Integer(0)),
            logit.twin("GAIL's", "−log(1 − D) for the logit", lhs=-sp.log(1 - half)),
            biased.twin("no bias", "the pull said to vanish", rhs=0 * total(h[i])),
            mended.twin("cut at the end", "n(τ) rewards", lhs=pull(length * sp.log(2))),
            indifferent.twin("a constant a step", "k n(τ) in the logit", lhs=pull(k * length)),
        ),
    )
