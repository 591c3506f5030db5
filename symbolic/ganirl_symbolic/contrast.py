"""C6: noise contrast. Gutmann and Hyvärinen (2012), which L_D is with ν = 1 (section 3.1 of Finn et al. 2016)."""

from __future__ import annotations

from .algebra import canonical, derivative, merge
from .discriminator import BATCH
from .proof import Derivation, Step
from .statements import RowIdentity, SumIdentity
from .symbols import (
    E_p,
    E_q,
    Expr,
    b,
    complement,
    dc,
    first,
    h,
    i,
    m,
    model,
    p,
    population,
    probability,
    q,
    sp,
    theta,
    total,
)

ratio = sp.Symbol("nu", positive=True)


def contrast_loss(scored: Expr) -> Expr:
    """E_p[−log D] + ν E_q[−log(1 − D)], D = m/(m + what is scored)."""
    return E_p(-sp.log(probability(scored))) + ratio * E_q(-sp.log(complement(scored)))


def C6() -> Derivation:
    """Derive what the fixed point is: noise contrast, the likelihood's only at m = p, q ∝ m or ν → ∞."""
    loss, unscaled = contrast_loss(ratio * q[i]), contrast_loss(q[i])
    slope, slope_b = (population(derivative(loss, each)) for each in (theta, b))
    share = ratio * q[i] / (model + ratio * q[i])
    residual = h[i] * (p[i] - model)
    at_data, at_model = {p[i]: model}, {q[i]: model}
    stationary = SumIdentity(
        "∂/∂θ of the loss is Σ h (p − m) νq/(m + νq) c'", slope, total(residual * share * dc)
    )
    bias = SumIdentity("∂/∂b of the loss is Σ h (p − m) νq/(m + νq)", slope_b, total(residual * share))
    fitted = SumIdentity(
        "m = p is stationary in θ, for every q and every ν", slope.xreplace(at_data), sp.Integer(0)
    )
    fitted_b = SumIdentity("and in b", slope_b.xreplace(at_data), sp.Integer(0))
    proportional = SumIdentity(
        "with noise of the model's own shape, q = m, it is ν/(1 + ν) of the likelihood's residual, for every p",
        slope.xreplace(at_model),
        ratio / (1 + ratio) * total(residual * dc),
    )
    summand = canonical(merge(slope)[0])
    many = RowIdentity(
        "as ν → ∞ each summand tends to the likelihood's, h (p − m) c'",
        sp.limit(summand, ratio, sp.oo),
        h[i] * (p[i] - m[i]) * first[i],
    )
    return Derivation(
        "C6",
        "L_D is stationary where Σ h (p − m)(1 − D)(c', 1) = 0: noise contrast, and the likelihood only in limits",
        BATCH + "; ν generator rows for each of the data; c' is the derivative along any direction of θ",
        (
            Step(
                "With ν generator rows for each of the data, D compares m with νq.",
                r"E_p[-\log D] + \nu E_q[-\log(1 - D)], \quad D = \frac{m}{m + \nu q}",
            ),
        ),
        (stationary, bias, fitted, fitted_b, proportional, many),
        (
            stationary.twin("no 1 − D", "the likelihood's residual", rhs=total(residual * dc)),
            bias.twin("no 1 − D", "the likelihood's residual", rhs=total(residual)),
            fitted.twin(
                "ν not in D",
                "D = m/(m + q) with ν generator rows for each of the data",
                lhs=population(derivative(unscaled, theta)).xreplace(at_data),
            ),
            fitted.twin("any model", "said of every m", lhs=slope),
            proportional.twin("any noise", "said of every q", lhs=slope),
            many.twin(
                "ν = 1", "the likelihood's summand said to be there already", lhs=summand.subs(ratio, 1)
            ),
        ),
        substitute="That the stationary point is the optimum, for costs affine in θ, is C8, which holds for any "
        "weights: for ν w^q, too. That the optimum does depend on q where no θ has m = p is shown by enumeration: on "
        "four points, with one parameter, three generators have three optima, and none is the likelihood's.",
    )
