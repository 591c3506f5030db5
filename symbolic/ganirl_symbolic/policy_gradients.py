"""E, continued: the policy gradient step by step, its pathwise part, and what log Z adds to its variance."""

from __future__ import annotations

from .algebra import derivative
from .generator import POPULATION, tied
from .instance import UNIT_GENERATOR, policy
from .proof import Derivation, Step
from .statements import NamedSumIdentity, RowIdentity, SumIdentity
from .symbols import (
    b,
    c,
    h,
    i,
    log_partition,
    logit,
    model,
    phi,
    q,
    q_old,
    q_phi,
    score,
    sp,
    theta,
    total,
)

baseline, past = sp.symbols("B P", real=True)
gamma = sp.Symbol("gamma", positive=True)
step_cost = sp.IndexedBase("k", real=True)[i]
later_entropy = sp.IndexedBase("e", real=True)[i]
action_baseline = sp.IndexedBase("B", real=True)[i]


def E6() -> Derivation:
    """Derive the policy gradient by rewards to go, with any baseline that does not see the action."""
    grown = sp.log(q[i] * policy[i]) - sp.log(model * sp.exp(-step_cost))
    longer = RowIdentity(
        "one more step turns e^{−c−b} into e^{−c−b} e^{−c_t} and q into q π_t: it adds c_t + log π_t to −ℓ",
        grown,
        -logit() + step_cost + sp.log(policy[i]),
    )
    constant = NamedSumIdentity(
        "over the actions at a state, E_π[s B] = B Σ ∇π = 0 for all that is known before the action",
        tied(score * baseline),
        sp.Integer(0),
        (UNIT_GENERATOR,),
    )
    ahead = step_cost + sp.log(q_phi) + c
    whole = NamedSumIdentity(
        "so the whole return, with its past P, and the rewards to go less B have one mean against s",
        tied(score * (past + ahead)),
        tied(score * (ahead - baseline)),
        (UNIT_GENERATOR,),
    )
    # W, the expected rewards of later steps, moves with the policy too: here it is c(θ), and θ moves with φ
    now = tied(ahead)
    moving = derivative(now, phi) + derivative(now, theta)
    onward = tied(sp.Derivative(c, theta))

    def step(signal: object) -> object:
        return tied(score * signal) + onward

    recursion = NamedSumIdentity(
        "one step back in time, V = E_π[c_t + log π_t + W]: ∇V = E_π[s (c_t + log π_t + W − B)] + E_π[∇W]",
        moving,
        step(ahead - baseline),
        (UNIT_GENERATOR,),
    )
    return Derivation(
        "E6",
        "the policy gradient by rewards to go, with a baseline of state and past: undiscounted entropy, coefficient 1",
        "every horizon, every finite set of actions, every direction of φ; expectations over states in words",
        (
            Step(
                "Before the first step −ℓ is b; here the rows are the actions at one state, h their measure.",
                r"-\ell = b + \sum_t (c_t + \log\pi_t), \qquad R_t = \sum_{u \ge t} (c_u + \log\pi_u)",
            ),
            Step(
                "Unroll ∇V from the last step to the first, each step weighed by how often its state is visited.",
                r"\nabla L_G = E_q\Big[\sum_t s_t\,(R_t - B_t)\Big]",
            ),
        ),
        (longer, constant, whole, recursion),
        (
            longer.twin("no log π", "c_t alone", rhs=-logit() + step_cost),
            longer.twin("π for log π", "c_t + π_t", rhs=-logit() + step_cost + policy[i]),
            constant.twin(
                "baseline of the action",
                "B said to drop out though it sees the action",
                lhs=tied(score * action_baseline),
            ),
            whole.twin(
                "discounted", "γ on what comes later", rhs=tied(score * (ahead + (gamma - 1) * c - baseline))
            ),
            recursion.twin("discounted later steps", "γW", rhs=step(ahead + (gamma - 1) * c - baseline)),
            recursion.twin(
                "entropy bonus a step",
                "the entropy of later steps left out of the rewards to go",
                rhs=step(ahead - later_entropy - baseline),
            ),
            recursion.twin(
                "entropy coefficient 2",
                "a bonus on top of −log π",
                rhs=step(ahead + sp.log(q_phi) - baseline),
            ),
        ),
        substitute=(
            "the expectation over the states on the way and the induction over time are in words; that all "
            "forms agree is evaluated on concrete MDPs, over all trajectories"
        ),
    )


def E7() -> Derivation:
    """Derive that the gradient through log q alone vanishes."""
    held = derivative(total(h[i] * q_old[i] * (c + b + sp.log(q_phi))), phi)
    own = held.xreplace({q_old[i]: q_phi})
    scores = SumIdentity("with the samples held, ∇E_q[c + b + log q_φ] = E_q[s]", own, tied(score))
    nothing = NamedSumIdentity("E_q[s] = Σ h ∇q = 0", own, sp.Integer(0), (UNIT_GENERATOR,))
    return Derivation(
        "E7",
        "through log q alone nothing is trained: E_q[s] = 0",
        POPULATION + "; a generator that stays normalised, every direction of φ",
        (
            Step(
                "Hold the samples, as automatic differentiation of their mean does, and differentiate log q in −ℓ.",
                r"-\ell = c_\theta + b + \log q_\phi",
            ),
        ),
        (scores, nothing),
        (
            nothing.twin(
                "with the score function",
                "the gradient of L_G itself said to vanish",
                lhs=tied(score * -logit(q_phi)),
            ),
            nothing.twin("samples of another policy", "E_{q_old}[s] said to vanish", lhs=held),
            scores.twin("no 1/q", "the derivative of q for that of log q", rhs=tied(score * q_phi)),
        ),
    )


def E9() -> Derivation:
    """Derive the variance of a sample's gradient at q = p_θ."""
    offset = b - log_partition
    sample = RowIdentity(
        "at q = p_θ a sample's gradient is s(−ℓ) = (b − log Z) s",
        -score * logit(sp.exp(-c - log_partition)),
        offset * score,
    )
    mean = NamedSumIdentity(
        "its mean is 0, whatever b is", tied(offset * score), sp.Integer(0), (UNIT_GENERATOR,)
    )
    information = tied(score**2)
    variance = NamedSumIdentity(
        "its variance is (b − log Z)² F, F = E_q[s²], in every direction of φ; their sum is the trace",
        tied((offset * score) ** 2) - tied(offset * score) ** 2,
        offset**2 * information,
        (UNIT_GENERATOR,),
    )
    shift = sp.Symbol("k", real=True)
    return Derivation(
        "E9",
        "at q = p_θ an offset b − log Z is all the noise that there is in the policy gradient",
        "every N, every base measure, every b; a generator that stays normalised, every direction of φ",
        (
            Step(
                "Put q = p_θ = e^{−c}/Z into the logit: −ℓ is the same for all samples.",
                r"-\ell = c_\theta + b + \log q = b - \log Z_\theta",
            ),
        ),
        (sample, mean, variance),
        (
            sample.twin("any generator", "q left general", lhs=-score * logit(q_phi)),
            mean.twin("no score", "the mean of b − log Z", lhs=tied(offset)),
            variance.twin("not squared", "(b − log Z) F", rhs=offset * information),
            variance.twin("no variance", "b said to be log Z", rhs=sp.Integer(0)),
            variance.twin(
                "another baseline",
                "b + k said to have the same variance",
                rhs=(offset + shift) ** 2 * information,
            ),
        ),
    )
