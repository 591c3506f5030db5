"""C, continued: what other derivatives of the surrogate give, and the exact likelihood's gradient."""

from __future__ import annotations

from .algebra import derivative
from .gradients import surrogate_gradient
from .instance import BALANCED, UNIT_DATA, UNIT_EXPERT, UNIT_MODEL
from .proof import Derivation, Step
from .statements import NamedSumIdentity, SumIdentity
from .symbols import (
    D,
    E_mu,
    E_p,
    Expr,
    b,
    c,
    c_jk,
    dc,
    discriminator_loss,
    h,
    i,
    mixture,
    model,
    p,
    population,
    q,
    sp,
    theta,
    theta_j,
    theta_k,
    total,
)


def _through_optimum() -> Expr:
    """Gradient of E_p[c] + log E_μ[e^{−c}/μ̃(θ, b*(θ))], with the velocity of b* from E_μ[D] = ½."""
    objective = E_p(c) + sp.log(E_mu(sp.exp(-c) / mixture))
    balance = E_mu(D)
    velocity = -derivative(balance, theta) / derivative(balance, b)
    return sp.diff(objective, theta) + sp.diff(objective, b) * velocity


def C3() -> Derivation:
    """Derive three gradients of the surrogate at b*, of which only the frozen one is ∂L_D/∂θ."""
    spread = D * (1 - D)
    right, leaked, implicit = E_mu(D * dc), E_mu(spread * dc), E_mu(spread * dc) / E_mu(spread)
    frozen = NamedSumIdentity(
        "μ̃ frozen: E_p[c'] − E_μ[D c']/E_μ[D]", surrogate_gradient(), E_p(dc) - right / E_mu(D)
    )
    leak = NamedSumIdentity(
        "leak through μ̃, Z constant: E_p[c'] − 2 E_μ[D(1 − D)c']",
        surrogate_gradient(mixture),
        E_p(dc) - 2 * leaked,
        (BALANCED,),
    )
    through = NamedSumIdentity(
        "full derivative of log Z*(θ): E_p[c'] − E_μ[D(1 − D)c']/E_μ[D(1 − D)]",
        _through_optimum(),
        E_p(dc) - implicit,
        (BALANCED,),
    )
    slope = derivative(discriminator_loss(), theta)
    return Derivation(
        "C3",
        "gradients that leak through μ̃ or through log Z*(θ) are different gradients",
        "every N, every weighting of the rows (any minibatch), every θ, at b = b*; "
        "c' is the derivative along any direction of θ",
        (
            Step(
                "b*(θ) solves E_μ[D] = ½; differentiate that to get its velocity.",
                r"\frac{db^*}{d\theta} = -\frac{\partial_\theta E_\mu[D]}{\partial_b E_\mu[D]}"
                r" = -\frac{E_\mu[D(1-D)c']}{E_\mu[D(1-D)]}",
            ),
        ),
        (frozen, leak, through),
        (
            frozen.twin(
                "D(1 − D) for D", "the frozen gradient with a leak's weights", rhs=E_p(dc) - implicit
            ),
            leak.twin("no 1 − D", "the leak said to be harmless", rhs=E_p(dc) - 2 * right),
            through.twin("harmless", "the implicit gradient said to be that of L_D", rhs=slope),
            through.twin("no implicit term", "b* held constant", lhs=surrogate_gradient(mixture)),
        ),
    )


def C4() -> Derivation:
    """Derive that solving for b anew changes no gradient of L_D, and that the field is conservative."""
    loss = discriminator_loss()
    slope, velocity = derivative(loss, theta), -derivative(E_mu(D), theta) / derivative(E_mu(D), b)
    through = slope + derivative(loss, b) * velocity
    envelope = NamedSumIdentity(
        "d/dθ of L_D(θ, b*(θ)) is ∂L_D/∂θ at b*", through, slope, (UNIT_EXPERT, BALANCED)
    )

    in_j, in_k = _following(theta_j, theta_k), _following(theta_k, theta_j)
    symmetric = NamedSumIdentity("that field has a symmetric Jacobian: ∂_k F_j = ∂_j F_k", in_j, in_k)
    return Derivation(
        "C4",
        "the gradient of min_b L_D is ∂L_D/∂θ at b*: re-solving b is harmless in L_D",
        "every N, every weighting of the rows (any minibatch), every θ at which b* is finite",
        (
            Step(
                "b*(θ) solves E_μ[D] = ½, so that ∂L_D/∂b is 0 wherever it goes.",
                r"\frac{d}{d\theta} L_D(\theta, b^*) = \partial_\theta L_D + \partial_b L_D\,\frac{db^*}{d\theta}",
            ),
            Step(
                "So the field that C2 speaks of is the gradient of one function, the profile.",
                r"F = \partial_\theta L_D\big|_{b^*} = \partial_\theta L_{\mathrm{cost}}^{\tilde\mu}\big|_{b^*}",
            ),
        ),
        (envelope, symmetric),
        (
            envelope.twin("inside the surrogate", "b solved for anew in L_cost^μ̃", lhs=_through_optimum()),
            envelope.twin("any b", "a b that follows θ but is not optimal", given=(UNIT_EXPERT,)),
            symmetric.twin(
                "b does not follow",
                "the surrogate's gradient at a b that is held",
                lhs=_held(theta_j, theta_k),
                rhs=_held(theta_k, theta_j),
            ),
        ),
    )


def _following(first: Expr, second: Expr) -> Expr:
    """∂F/∂θ_second of F = ∂L_D/∂θ_first at b*(θ), of a cost with two parameters."""
    loss, balance = (each.xreplace({c: c_jk}) for each in (discriminator_loss(), E_mu(D)))
    velocity = -derivative(balance, second) / derivative(balance, b)
    return derivative(loss, first, second) + derivative(loss, first, b) * velocity


def _held(first: Expr, second: Expr) -> Expr:
    """∂/∂θ_second of the surrogate's gradient in θ_first, E_p[∂c] − E_μ[D ∂c]/E_μ[D], at constant b."""
    chance, slope = D.xreplace({c: c_jk}), sp.Derivative(c_jk, first)
    return sp.diff(E_p(slope) - E_mu(chance * slope) / E_mu(chance), second)


def C5() -> Derivation:
    """Derive half the exact likelihood gradient at a converged generator."""
    slope = population(derivative(discriminator_loss(), theta))
    slope_b = population(derivative(discriminator_loss(), b))
    likelihood = sp.diff(total(h[i] * p[i] * c) + sp.log(total(h[i] * sp.exp(-c))), theta)
    at_model, at_data = {q[i]: model}, {p[i]: model}
    half = NamedSumIdentity(
        "at q = p_θ, b = log Z, the gradient of L_D is half that of the exact likelihood",
        slope.xreplace(at_model),
        likelihood / 2,
        (UNIT_MODEL,),
    )
    optimal = NamedSumIdentity(
        "at q = p_θ, b = log Z, the slope of L_D in b vanishes, so that b* = log Z",
        slope_b.xreplace(at_model),
        sp.Integer(0),
        (UNIT_DATA, UNIT_MODEL),
    )
    fixed = SumIdentity(
        "at p = p_θ the gradient of L_D vanishes, for every q", slope.xreplace(at_data), sp.Integer(0)
    )
    exact = NamedSumIdentity(
        "at p = p_θ the gradient of the likelihood vanishes, too",
        likelihood.xreplace(at_data),
        sp.Integer(0),
        (UNIT_MODEL,),
    )
    return Derivation(
        "C5",
        "at q = p_θ and b = log Z the gradient of L_D is exactly half the likelihood's",
        "every N, every base measure, every p; c' is the derivative along any direction of θ",
        (
            Step(
                "Let the batch be the population, differentiate with q held, then put q = p_θ = e^{−c−b}: "
                "D is ½ everywhere.",
                r"w^p = h p, \quad w^q = h q, \quad \textstyle\sum h e^{-c} = e^b",
            ),
        ),
        (half, optimal, fixed, exact),
        (
            half.twin("factor 1", "the gradients said to be equal", rhs=likelihood),
            half.twin("any generator", "q left general", lhs=slope),
            optimal.twin("any generator", "b* said to be log Z for every q", lhs=slope_b),
            fixed.twin("p not p_θ", "said of every p", lhs=slope),
        ),
    )
