"""C: gradients. Section 3.2.2 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import derivative
from .discriminator import BATCH
from .instance import BALANCED, UNIT_EXPERT, UNIT_MODEL
from .proof import Derivation, Step
from .statements import NamedSumIdentity, RowIdentity, SumIdentity
from .symbols import (
    D,
    E_mu,
    E_p,
    E_q,
    Expr,
    b,
    c,
    dc,
    discriminator_loss,
    frozen_mixture,
    h,
    i,
    mixture,
    model,
    p,
    population,
    q,
    sp,
    theta,
    total,
)


def surrogate_gradient(denominator: Expr = frozen_mixture[i]) -> Expr:
    """Gradient of L_cost^μ̃ = E_p[c] + log E_μ[e^{−c}/μ̃], equation (4); a frozen μ̃ is put in afterwards."""
    objective = E_p(c) + sp.log(E_mu(sp.exp(-c) / denominator))
    return sp.diff(objective, theta).xreplace({frozen_mixture[i]: mixture})


def C1() -> Derivation:
    """Derive ∂L_D/∂θ for every b."""
    slope = derivative(discriminator_loss(), theta)
    errors = SumIdentity("∂L_D/∂θ = E_p[(1 − D) c'] − E_q[D c']", slope, E_p((1 - D) * dc) - E_q(D * dc))
    mixed = SumIdentity("∂L_D/∂θ = E_p[c'] − 2 E_μ[D c']", slope, E_p(dc) - 2 * E_mu(D * dc))
    weights = SumIdentity(
        "∂L_D/∂θ = E_p[c'] − E_μ[(e^{−c}/μ̃) c']/Z",
        slope,
        E_p(dc) - sp.exp(-b) * E_mu(sp.exp(-c) / mixture * dc),
    )
    return Derivation(
        "C1",
        "the gradient of L_D in θ, for every log Z",
        BATCH + "; c' is the derivative along any direction of θ",
        (Step("Differentiate L_D in θ, b held.", r"\frac{\partial L_D}{\partial \theta}"),),
        (errors, mixed, weights),
        (
            errors.twin("no 1 − D", "E_p[c'] − E_q[D c']", rhs=E_p(dc) - E_q(D * dc)),
            errors.twin("q-side sign", "E_p[(1 − D)c'] + E_q[D c']", rhs=E_p((1 - D) * dc) + E_q(D * dc)),
            errors.twin("labels swapped", "E_q[(1 − D)c'] − E_p[D c']", rhs=E_q((1 - D) * dc) - E_p(D * dc)),
            mixed.twin("no factor 2", "E_p[c'] − E_μ[D c']", rhs=E_p(dc) - E_mu(D * dc)),
            weights.twin(
                "no 1/Z", "the weights not divided by Z", rhs=E_p(dc) - E_mu(sp.exp(-c) / mixture * dc)
            ),
        ),
    )


def C1c() -> Derivation:
    """Derive the population form: the likelihood's residual, weighted by 1 − D."""
    loss = discriminator_loss()
    slope, slope_b = population(derivative(loss, theta)), population(derivative(loss, b))
    likelihood = sp.diff(total(h[i] * p[i] * c) + sp.log(total(h[i] * sp.exp(-c))), theta)
    residual, unweighted = h[i] * (p[i] - model) * (1 - D), h[i] * (p[i] - model)
    weight = RowIdentity("the weight 1 − D is q/(m + q), the generator's share", 1 - D, q[i] / (model + q[i]))
    gradient = SumIdentity("∂L_D/∂θ = Σ h (p − m)(1 − D) c'", slope, total(residual * dc))
    bias = SumIdentity("∂L_D/∂b = Σ h (p − m)(1 − D)", slope_b, total(residual))
    exact = NamedSumIdentity(
        "at b = log Z the likelihood's gradient is Σ h (p − m) c', without the weight",
        likelihood,
        total(unweighted * dc),
        (UNIT_MODEL,),
    )
    return Derivation(
        "C1c",
        "in the population the gradient of L_D is the likelihood's residual, re-weighted by 1 − D",
        "every N, every base measure, every θ and b; c' is the derivative along any direction of θ",
        (
            Step("Let the batch be the population.", r"w^p = h p, \quad w^q = h q"),
            Step("The generator's part is the model's, by detailed balance.", r"q D = m (1 - D)"),
        ),
        (weight, gradient, bias, exact),
        (
            weight.twin("sides exchanged", "m/(m + q)", rhs=D),
            gradient.twin("no 1 − D", "the likelihood residual itself", rhs=total(unweighted * dc)),
            gradient.twin("D for 1 − D", "Σ h (p − m) D c'", rhs=total(unweighted * D * dc)),
            gradient.twin("any batch", "said of any weights", lhs=derivative(loss, theta)),
            bias.twin("no 1 − D", "1 − Σ h m", rhs=total(unweighted)),
            exact.twin("any b", "said of every b", given=()),
        ),
    )


def C2() -> Derivation:
    """Derive ∂L_D/∂θ = ∂L_cost^μ̃/∂θ at b*, with μ̃ frozen."""
    slope, surrogate = derivative(discriminator_loss(), theta), surrogate_gradient()
    weight = sp.exp(-c) / mixture
    S0, S1 = E_mu(D), E_mu(D * dc)
    weighted = NamedSumIdentity(
        "∂L_cost^μ̃/∂θ = E_p[c'] − E_μ[w c']/E_μ[w], w = e^{−c}/μ̃",
        surrogate,
        E_p(dc) - E_mu(weight * dc) / E_mu(weight),
    )
    relation = RowIdentity("w = 2 Z D", weight, 2 * sp.exp(b) * D)
    ratio = NamedSumIdentity("∂L_cost^μ̃/∂θ = E_p[c'] − E_μ[D c']/E_μ[D]", surrogate, E_p(dc) - S1 / S0)
    gap = NamedSumIdentity(
        "for every b, ∂L_D/∂θ − ∂L_cost^μ̃/∂θ = E_μ[D c'] (1/E_μ[D] − 2)", slope - surrogate, S1 * (1 / S0 - 2)
    )
    certificate = NamedSumIdentity(
        "that difference is ∂L_D/∂b · E_μ[D c']/E_μ[D], at most |∂L_D/∂b| · max|c'|",
        slope - surrogate,
        derivative(discriminator_loss(), b) * S1 / S0,
        (UNIT_EXPERT,),
    )
    equal = NamedSumIdentity("∂L_D/∂θ = ∂L_cost^μ̃/∂θ at b*", slope, surrogate, (BALANCED,))
    unweighted = E_p(dc) - E_mu(dc)
    return Derivation(
        "C2",
        "at the optimal log Z the gradients of L_D and of the surrogate likelihood agree",
        BATCH + "; c' is the derivative along any direction of θ",
        (
            Step(
                "Hold μ̃ (and the Z in it) constant, differentiate, then put μ̃ = ½(m + q) back.",
                r"L_{\mathrm{cost}}^{\tilde\mu} = E_p[c] + \log E_\mu[e^{-c}/\tilde\mu]",
            ),
        ),
        (weighted, relation, ratio, gap, certificate, equal),
        (
            equal.twin("any log Z", "equality claimed without b = b*", given=()),
            equal.twin("leak through μ̃", "μ̃ differentiated as well", rhs=surrogate_gradient(mixture)),
            equal.twin("no importance weights", "E_p[c'] − E_μ[c']", rhs=unweighted),
            equal.twin("μ̃ without Z", "½(e^{−c} + q) in the denominator", rhs=_without_partition()),
            relation.twin("no factor 2", "w = Z D", rhs=sp.exp(b) * D),
            gap.twin("bracket 1/E_μ[D] − 1", "2 replaced by 1", rhs=S1 * (1 / S0 - 1)),
        ),
    )


def _without_partition() -> Expr:
    return surrogate_gradient().xreplace({mixture: (sp.exp(-c) + q[i]) / 2})
