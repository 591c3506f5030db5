"""E: the generator's loss. Section 3.2.3 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import derivative, partial
from .discriminator import BATCH
from .instance import UNIT_GENERATOR
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .symbols import (
    E_q,
    Expr,
    b,
    c,
    complement,
    generator_loss,
    h,
    i,
    log_partition,
    logit,
    mass_q,
    model,
    p,
    phi,
    population,
    probability,
    q,
    q_old,
    q_phi,
    score,
    sp,
    total,
)

POPULATION = "every N, every base measure, every θ and b"


def E1() -> Derivation:
    """Derive L_G = log Z + L_sampler, equation (2)."""
    cost, entropy = E_q(c), E_q(sp.log(q[i]))
    sampler = SumIdentity("L_G = b + E_q[c] + E_q[log q]", generator_loss(), b * mass_q + cost + entropy)
    return Derivation(
        "E1",
        "the generator's loss is log Z plus cost minus entropy",
        BATCH,
        (Step("By A5 the summand is −ℓ = c + b + log q.", r"L_G = E_q[\log(1 - D) - \log D]"),),
        (sampler, SumIdentity("L_G = −E_q[ℓ]", generator_loss(), -E_q(logit()))),
        (
            sampler.twin("no log Z", "L_sampler alone", rhs=cost + entropy),
            sampler.twin("no entropy", "b + E_q[c]", rhs=b * mass_q + cost),
            sampler.twin("entropy sign", "−E_q[log q]", rhs=b * mass_q + cost - entropy),
            sampler.twin("reward log D", "−E_q[log D] as the loss", lhs=-E_q(sp.log(probability()))),
        ),
    )


def E2() -> Derivation:
    """Derive L_G = KL(q‖p_θ) + b − log Z."""
    loss = population(generator_loss())
    boltzmann = sp.exp(-c - log_partition)
    divergence = total(h[i] * q[i] * (sp.log(q[i]) - sp.log(boltzmann)))
    offset = (b - log_partition) * population(mass_q)
    form = SumIdentity("L_G = KL(q‖p_θ) + b − log Z", loss, divergence + offset)
    ratio = sp.Symbol("x", positive=True)
    bregman = ratio * sp.log(ratio) - ratio + 1
    reverse = total(h[i] * boltzmann * (sp.log(boltzmann) - sp.log(q[i])))
    convex = Positivity("f(x) = x log x − x + 1 is strictly convex", sp.diff(bregman, ratio, 2))
    return Derivation(
        "E2",
        "the generator's loss is KL(q‖p_θ) + b − log Z, at least b − log Z",
        POPULATION,
        (Step("Write p_θ = e^{−c}/Z with the true Z; b is the parameter.", r"L_G = E_q[-\ell]"),),
        (
            form,
            SumIdentity(
                "KL is Σ h p_θ f(q/p_θ), f(x) = x log x − x + 1, up to Σ h (q − p_θ) = 0",
                divergence,
                total(h[i] * boltzmann * bregman.xreplace({ratio: q[i] / boltzmann}))
                + total(h[i] * (q[i] - boltzmann)),
            ),
            convex,
            RowIdentity(
                "f'(1) = 0",
                sp.diff(bregman, ratio).xreplace({ratio: sp.Integer(1)}),
                sp.Integer(0),
            ),
            RowIdentity(
                "f(1) = 0, so that f ≥ 0 and KL ≥ 0",
                bregman.xreplace({ratio: sp.Integer(1)}),
                sp.Integer(0),
            ),
        ),
        (
            form.twin("b said to be log Z", "L_G = KL", rhs=divergence),
            form.twin("sign of the offset", "KL + log Z − b", rhs=divergence - offset),
            form.twin("reverse KL", "KL(p_θ‖q)", rhs=reverse + offset),
            convex.twin(
                "sign", "log x − x² for x log x − x + 1", expr=sp.diff(sp.log(ratio) - ratio**2, ratio, 2)
            ),
        ),
    )


def tied(f: Expr) -> Expr:
    """Σ h q_φ f, where φ moves the density."""
    return total(h[i] * q_phi * f)


def E3() -> Derivation:
    """Derive ∇_φ L_G = E_q[s (c + log q)], s the score."""
    odds = sp.log(complement(q_phi)) - sp.log(probability(q_phi))
    gradient = derivative(tied(odds), phi)
    mass_rate = derivative(tied(sp.Integer(1)), phi)
    policy = tied(score * (c + sp.log(q_phi)))
    general = SumIdentity(
        "∇L_G = E_q[s (c + log q)] + (b + 1) ∇Σ h q, normalised or not",
        gradient,
        policy + (b + 1) * mass_rate,
    )
    final = NamedSumIdentity(
        "∇L_G = E_q[s (c + log q)]; b has dropped out", gradient, policy, (UNIT_GENERATOR,)
    )
    rewards = NamedSumIdentity("∇L_G = E_q[s (−ℓ)]", gradient, tied(-score * logit(q_phi)), (UNIT_GENERATOR,))
    return Derivation(
        "E3",
        "the generator's gradient is the policy gradient of cost minus entropy, whatever log Z is",
        POPULATION + "; a generator that stays normalised, ∇ along any direction of φ",
        (
            Step(
                "Differentiate L_G where φ moves both the samples and the density inside D.",
                r"s = \nabla_\phi \log q_\phi, \qquad \nabla_\phi \textstyle\sum h q_\phi = E_q[s] = 0",
            ),
        ),
        (general, final, rewards),
        (
            final.twin("pathwise only", "E_q[s], the gradient through log q alone", rhs=mass_rate),
            final.twin("no entropy", "E_q[s c]", rhs=tied(score * c)),
            final.twin("entropy sign", "E_q[s (c − log q)]", rhs=tied(score * (c - sp.log(q_phi)))),
            final.twin(
                "entropy twice", "a bonus on top of −log q", rhs=tied(score * (c + 2 * sp.log(q_phi)))
            ),
        ),
    )


def E4() -> Derivation:
    """Derive L_tied = L_frozen + KL(q‖q_old)."""

    def objective(generator: Expr, scored: Expr) -> Expr:
        return total(h[i] * generator * -logit(scored))

    tied, frozen = objective(q[i], q[i]), objective(q[i], q_old[i])
    divergence = total(h[i] * q[i] * (sp.log(q[i]) - sp.log(q_old[i])))
    multiplier = sp.Symbol("lambda", real=True)
    split = SumIdentity("L_tied = L_frozen + KL(q‖q_old)", tied, frozen + divergence)
    now = {q_old[i]: q_phi}
    agree = NamedSumIdentity(
        "at q = q_old the gradients agree",
        derivative(objective(q_phi, q_phi), phi),
        derivative(objective(q_phi, q_old[i]), phi).xreplace(now),
        (UNIT_GENERATOR,),
    )
    slope = partial(tied, q[i])
    linear = RowIdentity(
        "L_frozen is linear in q, so that its minimum is at a vertex: a point mass on argmax ℓ",
        sp.diff(partial(frozen, q[i]), q[i]),
        sp.Integer(0),
    )
    stationary = RowIdentity(
        "L_tied + λ Σ h q is stationary at q ∝ e^{−c}",
        (slope + multiplier * h[i]).xreplace({q[i]: model * sp.exp(-1 - multiplier)}),
        sp.Integer(0),
    )
    return Derivation(
        "E4",
        "against a frozen discriminator the policy collapses: L_tied = L_frozen + KL(q‖q_old)",
        POPULATION,
        (
            Step(
                "L_frozen keeps the density q_old in the logit while q moves; L_tied moves both.",
                r"L_{\mathrm{frozen}}(q) = b + E_q[c] + E_q[\log q_{\mathrm{old}}]",
            ),
        ),
        (
            split,
            agree,
            linear,
            stationary,
            Positivity("L_tied is strictly convex in q", sp.diff(slope, q[i])),
        ),
        (
            split.twin("no KL", "the two said to be the same", rhs=frozen),
            split.twin("KL subtracted", "L_frozen − KL", rhs=frozen - divergence),
            agree.twin(
                "away from q_old",
                "the gradients said to agree everywhere",
                rhs=derivative(objective(q_phi, q_old[i]), phi),
            ),
            linear.twin("L_tied", "the tied loss said to be linear", lhs=sp.diff(slope, q[i])),
            stationary.twin(
                "frozen",
                "p_θ said to be stationary for L_frozen",
                lhs=(partial(frozen, q[i]) + multiplier * h[i]),
            ),
        ),
    )


def E8() -> Derivation:
    """Derive L_G = KL(q‖p) at the optimal discriminator."""
    best = p[i] / (p[i] + q[i])
    loss = total(h[i] * q[i] * (sp.log(1 - best) - sp.log(best)))
    reverse = total(h[i] * q[i] * (sp.log(q[i]) - sp.log(p[i])))
    optimal = RowIdentity(
        "D with m = e^{−c−b} in place of p is D*: at m = p they are one",
        probability(),
        best.xreplace({p[i]: model}),
    )
    form = SumIdentity("L_G = E_q[log(1 − D*) − log D*] = KL(q‖p)", loss, reverse)
    left, mass = sp.symbols("q p", positive=True)
    term = left * sp.log(left / mass) - left + mass
    missing = RowIdentity(
        "a term of KL(q‖p) is q log(q/p) − q + p ≥ 0; as q → 0 it tends to p: to leave out a mode costs its mass",
        sp.limit(term, left, 0, "+"),
        mass,
    )
    return Derivation(
        "E8",
        "against the optimal discriminator the generator minimises KL(q‖p), the reverse one",
        "every N, every base measure, p and q positive",
        (
            Step(
                "Put D* = p/(p + q) of A1 into L_G.",
                r"D^* = \frac{p}{p + q}, \quad 1 - D^* = \frac{q}{p + q}",
            ),
        ),
        (optimal, form, missing),
        (
            form.twin(
                "forward KL",
                "KL(p‖q)",
                rhs=total(h[i] * p[i] * (sp.log(p[i]) - sp.log(q[i]))),
            ),
            form.twin("sign", "the reward for the loss", lhs=-loss),
            form.twin("half of it", "E_q[−log D*]", lhs=total(-h[i] * q[i] * sp.log(best))),
            optimal.twin("labels swapped", "q/(m + q)", lhs=complement()),
            missing.twin("free", "a mode left out said to cost nothing", rhs=sp.Integer(0)),
        ),
    )
