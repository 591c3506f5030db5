"""C8: second derivatives of L_D, of its profile in b, and the Fisher information."""

from __future__ import annotations

from .algebra import derivative
from .discriminator import BATCH
from .instance import UNIT_MODEL
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, SumIdentity
from .symbols import (
    D,
    E_mu,
    E_p,
    E_q,
    Expr,
    b,
    c,
    c_jk,
    dc,
    discriminator_loss,
    h,
    i,
    model,
    p,
    population,
    q,
    sp,
    theta,
    theta_j,
    theta_k,
    total,
    w_p,
    w_q,
)

tilt = sp.Symbol("beta", real=True)


def affine(expr: Expr) -> Expr:
    """Let the cost be affine in θ: c'' = 0."""
    return expr.xreplace({sp.Derivative(c, theta, theta): sp.Integer(0)})


def along(loss: Expr) -> Expr:
    """Second derivative of a loss along (θ, b) = (1, β)."""
    return (
        derivative(loss, theta, theta)
        + 2 * tilt * derivative(loss, theta, b)
        + tilt**2 * derivative(loss, b, b)
    )


def _profile(j: Expr, k: Expr, loss: Expr, place: dict[Expr, Expr]) -> Expr:
    """∂²/∂θ_j∂θ_k of min_b L_D in the population, by the implicit function theorem."""
    jk, jb, kb, bb = (
        population(derivative(loss, *each)).xreplace(place) for each in ((j, k), (j, b), (k, b), (b, b))
    )
    return jk - jb * kb / bb


def C8() -> Derivation:
    """Derive the Hessian of L_D with the curvature of the cost, and its profile at the truth."""
    loss, spread = discriminator_loss(), D * (1 - D)
    ddc = sp.Derivative(c, theta, theta)
    bend, squares = E_p((1 - D) * ddc) - E_q(D * ddc), 2 * E_mu(spread * dc**2)
    hessian = SumIdentity(
        "∂²L_D/∂θ² = E_p[(1 − D) c''] − E_q[D c''] + 2 E_μ[D(1 − D) c'²]",
        derivative(loss, theta, theta),
        bend + squares,
    )
    chance, loss_jk = D.xreplace({c: c_jk}), loss.xreplace({c: c_jk})
    dj, dk, djk = (sp.Derivative(c_jk, *wrt) for wrt in ((theta_j,), (theta_k,), (theta_j, theta_k)))
    mixed = 2 * E_mu(chance * (1 - chance) * dj * dk)
    entry = SumIdentity(
        "an entry off the diagonal",
        derivative(loss_jk, theta_j, theta_k),
        E_p((1 - chance) * djk) - E_q(chance * djk) + mixed,
    )
    convex = SumIdentity(
        "for c affine in θ the second derivative along (1, β) is a weighted sum of squares (c' + β)²: L_D is "
        "convex in (θ, b) together",
        affine(along(loss)),
        2 * E_mu(spread * (dc + tilt) ** 2),
    )
    weight = (w_p[i] + w_q[i]) * spread
    positive = Positivity("its weights are positive", weight)
    flat = SumIdentity(
        "a constant feature, c' = −β, makes it zero: the gauge",
        affine(along(loss)).xreplace({dc: -tilt}),
        sp.Integer(0),
    )
    at_data = {p[i]: model}
    share = h[i] * model * (1 - D)
    within = total(share * dc**2) - total(share * dc) ** 2 / total(share)
    profile = NamedSumIdentity(
        "at p = m, ∂² min_b L_D = Σ h s c'² − (Σ h s c')²/Σ h s, s = pq/(p + q): that is 2E_μ[D(1 − D)] Var_s(c')",
        _profile(theta, theta, loss, at_data),
        within,
    )
    at_truth = {p[i]: model, q[i]: model}
    likelihood = sp.diff(total(h[i] * p[i] * c) + sp.log(total(h[i] * sp.exp(-c))), theta, theta).xreplace(
        at_truth
    )
    fisher = NamedSumIdentity(
        "at q = p = p_θ, ∂² min_b L_D is half of ∂²L_cost, the Fisher information",
        _profile(theta, theta, loss, at_truth),
        likelihood / 2,
        (UNIT_MODEL,),
    )
    model_jk = model.xreplace({c: c_jk})
    crossed = total(h[i] * model_jk * dj) * total(h[i] * model_jk * dk) / total(h[i] * model_jk)
    covariance = NamedSumIdentity(
        "off the diagonal it is half of a covariance under the model",
        _profile(theta_j, theta_k, loss_jk, {p[i]: model_jk, q[i]: model_jk}),
        (total(h[i] * model_jk * dj * dk) - crossed) / 2,
    )
    return Derivation(
        "C8",
        "the Hessian of L_D, its convexity for affine costs, and half the Fisher information at the truth",
        BATCH + "; c' and c'' along any direction of θ; the profile in the population",
        (
            Step("Differentiate L_D twice.", r"\partial_\theta^2 L_D"),
            Step(
                "With b solved for anew, its row and column are eliminated.",
                r"\partial_j \partial_k \min_b L_D = \partial_{jk} L_D"
                r" - \frac{\partial_{jb} L_D \, \partial_{kb} L_D}{\partial_{bb} L_D}",
            ),
        ),
        (hessian, entry, convex, positive, flat, profile, fisher, covariance),
        (
            hessian.twin("no c''", "the squares alone", rhs=squares),
            hessian.twin("q-side sign", "+E_q[D c'']", rhs=E_p((1 - D) * ddc) + E_q(D * ddc) + squares),
            hessian.twin("D for D(1 − D)", "2 E_μ[D c'²]", rhs=bend + 2 * E_mu(D * dc**2)),
            entry.twin("no ∂_j ∂_k c", "the curvature of the cost dropped", rhs=mixed),
            convex.twin("curved cost", "c'' kept", lhs=along(loss)),
            flat.twin(
                "c' = β", "the constant with the wrong sign", lhs=affine(along(loss)).xreplace({dc: tilt})
            ),
            profile.twin("b held", "b not solved for anew", rhs=total(share * dc**2)),
            profile.twin("any p", "said of every p", lhs=_profile(theta, theta, loss, {})),
            fisher.twin("no ½", "the Fisher information itself", rhs=likelihood),
            covariance.twin("not centred", "second moments", rhs=total(h[i] * model_jk * dj * dk) / 2),
        ),
        substitute="Strictness is by hand: the sum of squares is zero only if c' + β = 0 on every row that has "
        "weight and q > 0, that is if (features, 1) are linearly dependent there.",
    )
