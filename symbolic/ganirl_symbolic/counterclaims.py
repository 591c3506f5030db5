"""K: counter-claims. What a loose reading of Finn et al. (2016) gives, in closed form."""

from __future__ import annotations

from .algebra import canonical, derivative, partial
from .discriminator import BATCH
from .gradients import surrogate_gradient
from .instance import UNIT_GENERATOR, UNIT_MODEL, policy
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .symbols import (
    D,
    E_mu,
    E_p,
    E_q,
    Expr,
    b,
    c,
    complement,
    cost_row,
    dc,
    discriminator_loss,
    frozen_mixture,
    h,
    i,
    k,
    m,
    mass_p,
    mixture,
    model,
    p,
    phi,
    population,
    probability,
    q,
    q_phi,
    sp,
    theta,
    total,
)

EVERY_POPULATION = "every N, every base measure, all densities positive"


def K1() -> Derivation:
    """Derive m* = p/q when log q is left out."""
    by_model = {cost_row: -b - sp.log(m[i])}
    guess = probability(sp.Integer(1)).xreplace({c: cost_row})
    loss = total(h[i] * (p[i] * -sp.log(guess) + q[i] * -sp.log(sp.together(1 - guess))))
    slope = partial(loss, cost_row)
    in_model = slope.xreplace(by_model)
    stationary = RowIdentity(
        "∂L_D/∂c vanishes at m = p/q", canonical(in_model).xreplace({m[i]: p[i] / q[i]}), sp.Integer(0)
    )
    convex = Positivity(
        "L_D is strictly convex in the cost of each trajectory", sp.diff(slope, cost_row).xreplace(by_model)
    )
    recovered = RowIdentity(
        "the cost recovered holds the generator's density",
        -sp.log(p[i] / q[i]),
        -sp.log(p[i]) + sp.log(q[i]),
    )
    return Derivation(
        "K1",
        "without log q the learned cost is −log p + log q",
        EVERY_POPULATION + ", unconstrained cost",
        (Step("Leave the generator's density out of D.", r"D = m / (m + 1)"),),
        (stationary, convex, recovered),
        (
            stationary.twin("the data's cost", "m = p", lhs=canonical(in_model).xreplace({m[i]: p[i]})),
            recovered.twin("no trace of q", "−log p", rhs=-sp.log(p[i])),
        ),
    )


def K2() -> Derivation:
    """Derive that a constant in the cost is all that can stand for b."""
    shifted = discriminator_loss().xreplace({c: c + k})
    same = SumIdentity(
        "a constant k of the cost has the slope of log Z, wherever b is",
        derivative(shifted, k),
        derivative(discriminator_loss(), b).xreplace({c: c + k}),
    )
    unbalanced = SumIdentity(
        "without either, D is out of balance by the slope that nobody follows",
        mass_p - 2 * E_mu(D),
        derivative(discriminator_loss(), b),
    )
    return Derivation(
        "K2",
        "without log Z only a free constant of the cost balances D",
        BATCH,
        (Step("Add a constant to the cost.", r"\ell = -(c + k) - b - \log q"),),
        (same, unbalanced),
        (
            same.twin("nothing to learn", "the slope in k said to vanish", rhs=sp.Integer(0)),
            unbalanced.twin("balanced anyway", "E_μ[D] = ½ at any b", rhs=sp.Integer(0)),
        ),
    )


def K3() -> Derivation:
    """Derive both gradients of the surrogate at the truth, p = p_θ."""

    def at_truth(expr: Expr) -> Expr:
        return population(expr).xreplace({p[i]: model})

    frozen = NamedSumIdentity(
        "μ̃ frozen, the gradient vanishes at p = p_θ, b = log Z_θ",
        at_truth(surrogate_gradient()),
        sp.Integer(0),
        (UNIT_MODEL,),
    )
    leaking = NamedSumIdentity(
        "μ̃ differentiated, it is E_pθ[D c']",
        at_truth(surrogate_gradient(mixture)),
        total(h[i] * model * D * dc),
        (UNIT_MODEL,),
    )
    return Derivation(
        "K3",
        "a leak through μ̃ moves the optimum off the truth",
        EVERY_POPULATION + "; p = p_θ, b = log Z_θ; c' is the derivative along any direction of θ",
        (Step("Let the data be the model's: p = m, Σ h m = 1.", r"\tilde\mu = \tfrac12 (p + q)"),),
        (frozen, leaking),
        (
            frozen.twin(
                "leak through μ̃", "the same with μ̃ differentiated", lhs=at_truth(surrogate_gradient(mixture))
            ),
            leaking.twin("harmless", "the leaking gradient said to vanish", rhs=sp.Integer(0)),
        ),
    )


def K4() -> Derivation:
    """Derive what an unconstrained discriminator knows of the cost."""
    optimal = p[i] / (p[i] + q[i])
    logit = sp.log(optimal) - sp.log(sp.together(1 - optimal))
    ratio = RowIdentity("ℓ* = log p − log q", logit, sp.log(p[i]) - sp.log(q[i]))
    cost = RowIdentity("−ℓ* − log q = −log p, whatever q is", -logit - sp.log(q[i]), -sp.log(p[i]))
    silent = RowIdentity("at q = p, ℓ* is 0", logit.xreplace({q[i]: p[i]}), sp.Integer(0))
    return Derivation(
        "K4",
        "an unconstrained D* holds the ratio p/q, and log q must be taken off to leave a cost",
        EVERY_POPULATION,
        (Step("Start from D* = p/(p + q) (A1).", r"\ell^{*} = \log D^{*} - \log(1 - D^{*})"),),
        (ratio, cost, silent),
        (
            ratio.twin("no q", "ℓ* = log p", rhs=sp.log(p[i])),
            cost.twin("log q left in", "the cost read as −ℓ*", lhs=-logit),
            silent.twin("before convergence", "q ≠ p", lhs=logit),
        ),
    )


def K5() -> Derivation:
    """Derive how the generator's gradients depend on b."""

    def trained(reward: Expr) -> Expr:
        """Score-function gradient of −E_q[reward], D held constant."""
        held = total(h[i] * q_phi * frozen_mixture[i])
        return derivative(held, phi).xreplace({frozen_mixture[i]: -reward})

    log_d, log_rest, change = sp.log(D), sp.log(complement()), sp.Derivative(q_phi, phi)
    half = SumIdentity(
        "∂_b ∇E_q[−log D] = Σ h ∂q (1 − D), D held constant",
        derivative(trained(log_d), b),
        total(h[i] * change * (1 - D)),
    )
    other = SumIdentity(
        "∂_b ∇E_q[log(1 − D)] = Σ h ∂q D",
        derivative(trained(-log_rest), b),
        total(h[i] * change * D),
    )
    whole = NamedSumIdentity(
        "of the sum of both it is Σ h ∂q = 0",
        derivative(trained(log_d - log_rest), b),
        sp.Integer(0),
        (UNIT_GENERATOR,),
    )
    return Derivation(
        "K5",
        "each half of the generator's loss has a gradient that depends on b; their sum has none",
        "every N, every base measure, any direction of the generator's parameters",
        (
            Step(
                "Differentiate in the generator, D held constant; then in b.", r"\partial_b \log D = -(1 - D)"
            ),
        ),
        (half, other, whole),
        (
            half.twin("no dependence", "the change said to vanish", rhs=sp.Integer(0)),
            half.twin("D for 1 − D", "Σ h ∂q D", rhs=total(h[i] * change * D)),
            other.twin("1 − D for D", "Σ h ∂q (1 − D)", rhs=total(h[i] * change * (1 - D))),
            whole.twin("one half alone", "E_q[−log D] alone", lhs=derivative(trained(log_d), b)),
        ),
    )


def K6() -> Derivation:
    """Derive how far the loss stays below 2 log 2 when the generator cannot reach p_θ."""
    loss = population(discriminator_loss()).xreplace({p[i]: model})
    mean = (model + q[i]) / 2
    divergences = total(h[i] * model * sp.log(model / mean)) + total(h[i] * q[i] * sp.log(q[i] / mean))
    masses = total(h[i] * model) + total(h[i] * q[i])
    short = SumIdentity(
        "2 log 2 − L_D = KL(p‖μ) + KL(q‖μ) at m = p = p_θ", sp.log(2) * masses - loss, divergences
    )
    return Derivation(
        "K6",
        "if no policy is p_θ, D never comes to ½",
        EVERY_POPULATION + "; p = p_θ, b = log Z_θ",
        (
            Step(
                "With p = p_θ the discriminator is optimal at the true cost (A7); by H3 the nearest policy is "
                "log Z − V away, so that q ≠ p_θ.",
                r"\mathrm{KL}(q_{\pi} \| p_\theta) \ge \log Z_\theta - V > 0",
            ),
        ),
        (short,),
        (
            short.twin("D ≡ ½", "2 log 2 − L_D said to vanish", rhs=sp.Integer(0)),
            short.twin("one divergence", "KL(p‖μ) alone", rhs=total(h[i] * model * sp.log(model / mean))),
        ),
        substitute="that the divergence is positive is Gibbs' inequality and H3's gap; both are enumerated on MDPs",
    )


def K7() -> Derivation:
    """Derive the terms that a product of step discriminators has too many."""
    x, y = sp.symbols("x y", positive=True)
    two = RowIdentity(
        "two steps, x = e^{−ℓ₁} and y = e^{−ℓ₂}: 1/(σ₁σ₂) = 1 + x + y + xy",
        1 / (1 / (1 + x) * 1 / (1 + y)),
        1 + x + y + x * y,
    )
    more = Positivity(
        "which is more than 1/σ(ℓ₁ + ℓ₂) = 1 + xy; for more steps, let y be the product of the rest",
        (1 + x) * (1 + y) - (1 + x * y),
    )
    return Derivation(
        "K7",
        "Π σ(ℓ_t) < σ(Σ ℓ_t) for two steps and more: step losses do not add up to the trajectory's",
        "any logits; any number of steps, by induction over the last one",
        (Step("Write each factor as 1/(1 + e^{−ℓ}).", r"\sigma(\ell) = \frac{1}{1 + e^{-\ell}}"),),
        (two, more),
        (
            two.twin("only the ends", "1 + xy, as if the product were σ(ℓ₁ + ℓ₂)", rhs=1 + x * y),
            more.twin("the other way", "Π σ > σ(Σ)", expr=(1 + x * y) - (1 + x) * (1 + y)),
        ),
    )


def K8() -> Derivation:
    """Derive what the last step of a policy is when the entropy is discounted, and when not."""
    a = sp.Symbol("a", integer=True, positive=True)
    A = sp.Symbol("A", integer=True, positive=True)
    discount, V = sp.Symbol("g", positive=True), sp.Symbol("V", real=True)
    step_cost = sp.IndexedBase("c", real=True)

    def over_actions(f: Expr) -> Expr:
        return sp.Sum(f, (a, 1, A))

    mass = over_actions(policy[a])
    entropy = over_actions(policy[a] * sp.log(policy[a]))
    cost = over_actions(policy[a] * step_cost[a])
    right = SumIdentity(
        "g Σ π c + Σ π log π = KL(π‖π*) − V with log π* = −g c − V, g = γ^t",
        discount * cost + entropy,
        over_actions(policy[a] * (sp.log(policy[a]) + discount * step_cost[a] + V)) - V * mass,
    )
    wrong = SumIdentity(
        "with the entropy discounted, g Σ π (c + log π) = g (KL(π‖π°) − V), log π° = −c − V: g is gone from π°",
        discount * (cost + entropy),
        discount * over_actions(policy[a] * (sp.log(policy[a]) + step_cost[a] + V)) - discount * V * mass,
    )
    return Derivation(
        "K8",
        "the optimum of a discounted entropy is e^{−c}, where the model has e^{−γ^t c}",
        "the last step, any finite set of actions; earlier steps add the values of later ones to c",
        (
            Step(
                "Compare one step of both objectives; π* is the conditional of p_θ ∝ e^{−Σ γ^t c_t}.",
                r"\pi^{*} \propto e^{-\gamma^t c}, \qquad \pi^{\circ} \propto e^{-c}",
            ),
        ),
        (right, wrong),
        (
            right.twin(
                "the same optimum",
                "log π* = −c − V",
                rhs=over_actions(policy[a] * (sp.log(policy[a]) + step_cost[a] + V)) - V * mass,
            ),
            wrong.twin("undiscounted entropy", "g Σ π c + Σ π log π", lhs=discount * cost + entropy),
        ),
        substitute="that the policies then differ by a positive KL is enumerated on MDPs, with γ = 0.9",
    )


def K9() -> Derivation:
    """Derive the bias of negatives that are not weighted."""
    naive = derivative(population(E_p(c) - E_q(c)), theta)
    exact = sp.diff(population(E_p(c)) + sp.log(total(h[i] * sp.exp(-c))), theta)
    under_model = total(h[i] * sp.exp(-c) * dc) / total(h[i] * sp.exp(-c))
    bias = NamedSumIdentity(
        "(E_p − E_q)[c'] − ∂L_cost/∂θ = E_pθ[c'] − E_q[c']", naive - exact, under_model - population(E_q(dc))
    )
    none = NamedSumIdentity(
        "at q = p_θ there is none", (naive - exact).xreplace({q[i]: model}), sp.Integer(0), (UNIT_MODEL,)
    )
    return Derivation(
        "K9",
        "negatives without importance weights are biased unless q = p_θ",
        EVERY_POPULATION + "; c' is the derivative along any direction of θ",
        (Step("Train on E_p[c] − E_q[c], the weights left out.", r"\nabla = E_p[c'] - E_q[c']"),),
        (bias, none),
        (
            bias.twin("unbiased", "the bias said to vanish", rhs=sp.Integer(0)),
            bias.twin("sign", "E_q − E_pθ", rhs=population(E_q(dc)) - under_model),
            none.twin("any generator", "without q = p_θ", lhs=naive - exact),
        ),
    )


def K10() -> Derivation:
    """Derive that a margin loss cannot tell energies from one another at q = p."""
    margin = sp.Symbol("M", positive=True)
    energy = sp.IndexedBase("E", positive=True)[i]
    loss = total(h[i] * p[i] * energy) + total(h[i] * q[i] * (margin - energy))
    flat = SumIdentity(
        "at q = p, E_p[E] + E_q[M − E] = M Σ h p for every energy below the margin",
        loss.xreplace({q[i]: p[i]}),
        margin * total(h[i] * p[i]),
    )
    return Derivation(
        "K10",
        "at its optimum a margin loss holds for every energy below the margin",
        EVERY_POPULATION + ", 0 ≤ E ≤ M",
        (Step("Below the margin the loss is linear in the energy.", r"\max(0, M - E) = M - E"),),
        (flat,),
        (
            flat.twin("before convergence", "q ≠ p", lhs=loss),
            flat.twin("no margin", "the loss said to be E_p[E]", rhs=total(h[i] * p[i] * energy)),
        ),
    )


def K11() -> Derivation:
    """Derive the slope in b at the true log Z."""
    slope = population(derivative(discriminator_loss(), b))
    residual = SumIdentity(
        "∂L_D/∂b = Σ h (p − m)(1 − D), for every b", slope, total(h[i] * (p[i] - model) * (1 - D))
    )
    balanced = NamedSumIdentity(
        "at b = log Z_θ it vanishes if p = p_θ", slope.xreplace({p[i]: model}), sp.Integer(0), (UNIT_MODEL,)
    )
    return Derivation(
        "K11",
        "the true Z does not balance D unless Σ h (p − p_θ)(1 − D) = 0",
        EVERY_POPULATION,
        (Step("At b = log Z_θ, m is p_θ.", r"1 - 2 E_\mu[D] = \sum h (p - p_\theta)(1 - D)"),),
        (residual, balanced),
        (
            residual.twin("no 1 − D", "Σ h (p − m), which is 0 at log Z_θ", rhs=total(h[i] * (p[i] - model))),
            balanced.twin("any data", "balanced at log Z_θ for every p", lhs=slope),
        ),
    )


def K12() -> Derivation:
    """Derive that m = q makes D ≡ ½ whatever the data are."""
    loss = population(discriminator_loss())
    half = RowIdentity("at m = q, D = ½", canonical(D).xreplace({m[i]: q[i]}), sp.Rational(1, 2))
    blind = SumIdentity(
        "and L_D = log 2 Σ h (p + q), whatever p is",
        total(canonical(loss_summand()).xreplace({m[i]: q[i]})),
        sp.log(2) * (total(h[i] * p[i]) + total(h[i] * q[i])),
    )
    best = RowIdentity(
        "the best discriminator of that p is not ½", canonical(D).xreplace({m[i]: p[i]}), p[i] / (p[i] + q[i])
    )
    return Derivation(
        "K12",
        "D ≡ ½ says that the model is the generator, and nothing of the data",
        EVERY_POPULATION,
        (Step("Let the model be the generator.", r"m = q \;\Rightarrow\; D = \frac{m}{m + q} = \frac12"),),
        (half, blind, best),
        (
            half.twin("m ≠ q", "D = ½ for every model", lhs=canonical(D)),
            blind.twin("any model", "L_D = 2 log 2 for every m", lhs=loss),
            best.twin("convergence proved", "D* = ½", rhs=sp.Rational(1, 2)),
        ),
    )


def loss_summand() -> Expr:
    """Summand of L_D in the population."""
    return h[i] * (p[i] * -sp.log(D) + q[i] * -sp.log(complement()))
