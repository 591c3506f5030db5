"""A: the discriminator. Section 3.1 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import AlgebraError, canonical, derivative, partial
from .proof import Derivation, Step
from .statements import Positivity, RowIdentity, SumIdentity
from .symbols import (
    D,
    Expr,
    b,
    c,
    cost_row,
    discriminator_loss,
    generator_loss,
    h,
    i,
    k,
    logit,
    m,
    model,
    p,
    probability,
    q,
    q_hat,
    sp,
    theta,
    total,
)

BATCH = "every N, every weighting of the rows (any minibatch), every θ and b; integrals alike"
ROW = "every trajectory, every θ and b, any numbers supplied as cost and log q"

_free = sp.IndexedBase("D", positive=True)
_x = sp.IndexedBase("x", positive=True)
_y = sp.IndexedBase("y", positive=True)
_by_model = {cost_row: -b - sp.log(m[i])}
_interior = {_free[i]: _x[i] / (_x[i] + _y[i])}


def _only_zero(expr: Expr, unknown: Expr) -> Expr:
    """Zero of an expression whose numerator is of degree one in the unknown, so that there is no other."""
    numerator = sp.Poly(sp.numer(sp.cancel(sp.together(expr))), unknown)
    if numerator.degree() != 1:
        raise AlgebraError(f"not of degree one in {unknown}: {numerator.as_expr()}")
    slope, constant = numerator.all_coeffs()
    return sp.cancel(-constant / slope)


def A1() -> Derivation:
    """Derive D* = p/(p + q), equation (3)."""

    def loss(expert: Expr, generator: Expr) -> Expr:
        return total(h[i] * (expert * -sp.log(_free[i]) + generator * -sp.log(1 - _free[i])))

    def curvature(each: Expr) -> Expr:
        return sp.diff(partial(each, _free[i]), _free[i]).xreplace(_interior)

    right, swapped = loss(p[i], q[i]), loss(q[i], p[i])
    optimum = RowIdentity(
        "the only stationary point of L_D in D_j is p/(p + q)",
        _only_zero(partial(right, _free[i]), _free[i]),
        p[i] / (p[i] + q[i]),
    )
    convex = Positivity("with D = x/(x + y), x, y > 0, the second derivative is positive", curvature(right))
    edge = Positivity(
        "where q = 0 < p the loss falls all the way to D = 1, which no finite logit reaches",
        -partial(loss(p[i], sp.Integer(0)), _free[i]),
    )
    return Derivation(
        "A1",
        "the unconstrained optimal discriminator is p/(p + q)",
        "every N, every base measure, all densities; unique where p + q > 0",
        (
            Step(
                "Differentiate the sum in one entry D_j, on the branch 1 ≤ j ≤ N.",
                rf"\frac{{\partial L_D}}{{\partial D_i}} = {sp.latex(partial(right, _free[i]))}",
            ),
        ),
        (optimum, convex, edge),
        (
            optimum.twin(
                "labels swapped",
                "expert rows labelled 0",
                lhs=_only_zero(partial(swapped, _free[i]), _free[i]),
            ),
            optimum.twin("half density", "p/(p + 2q) for p/(p + q)", rhs=p[i] / (p[i] + 2 * q[i])),
            convex.twin(
                "expert term negated",
                "the sign of −log D flipped",
                expr=curvature(loss(-p[i], q[i])),
            ),
        ),
    )


def A4() -> Derivation:
    """Derive D = σ(ℓ), unnumbered in section 3.1."""
    ell = logit()
    sigmoid = RowIdentity("D is the sigmoid of ℓ = −c − b − log q", D, 1 / (1 + sp.exp(-ell)))
    expert = RowIdentity("−log D is softplus(−ℓ)", -sp.log(D), sp.log(1 + sp.exp(-ell)))
    generator = RowIdentity("−log(1 − D) is softplus(ℓ)", -sp.log(1 - D), sp.log(1 + sp.exp(ell)))

    def off(wrong: Expr) -> Expr:
        return 1 / (1 + sp.exp(-wrong))

    return Derivation(
        "A4",
        "the discriminator is a sigmoid of −c − log Z − log q",
        ROW,
        (Step("The model takes the place of p in the optimal discriminator.", sp.latex(D)),),
        (sigmoid, expert, generator),
        (
            sigmoid.twin("σ(E − log q)", "cost sign as printed in section 4", rhs=off(c - b - sp.log(q[i]))),
            sigmoid.twin("bias +log Z", "log Z with the wrong sign", rhs=off(-c + b - sp.log(q[i]))),
            sigmoid.twin("no log q", "log q left out of the logit", rhs=off(-c - b)),
            expert.twin("softplus(ℓ)", "the sign of the softplus", rhs=sp.log(1 + sp.exp(ell))),
        ),
    )


def A5() -> Derivation:
    """Derive log D − log(1 − D) = ℓ, the reward of section 3.2.3."""
    reward = RowIdentity("the log odds of D are the logit", sp.log(D) - sp.log(1 - D), logit())
    return Derivation(
        "A5",
        "log D − log(1 − D) is the logit",
        ROW,
        (Step("Take the log odds of the discriminator.", r"\log D - \log(1 - D)"),),
        (reward,),
        (
            reward.twin("log D", "the non-saturating reward alone", lhs=sp.log(D)),
            reward.twin("−log(1 − D)", "the GAIL form alone", lhs=-sp.log(1 - D)),
            reward.twin("no log q", "f as the reward", rhs=-c - b),
        ),
    )


def _gauge(expr: Expr, bias: Expr) -> Expr:
    return expr.xreplace({c: c + k, b: bias})


def A6() -> Derivation:
    """Derive that (c + k, b − k) is the same discriminator as (c, b)."""
    loss, objective = discriminator_loss(), generator_loss()
    slid, slipped = _gauge(loss, b - k), _gauge(loss, b + k)
    value = SumIdentity("L_D is unchanged", slid, loss)
    slope = SumIdentity(
        "the gradient of L_D in θ is unchanged", derivative(slid, theta), derivative(loss, theta)
    )
    bias = SumIdentity(
        "the slope of L_D in b is unchanged, so that its zero moves with the gauge: b*(c + k) = b*(c) − k",
        derivative(slid, b),
        derivative(loss, b),
    )
    null = SumIdentity(
        "the Hessian annihilates (constant feature, −1): ∂_k∂_b and ∂_b² of L_D(c + k, b) agree",
        derivative(_gauge(loss, b), k, b).xreplace({k: sp.Integer(0)}),
        derivative(loss, b, b),
    )
    return Derivation(
        "A6",
        "a constant moved from the cost to log Z changes nothing",
        BATCH,
        (Step("Add k to the cost and take it from b.", r"(c, b) \mapsto (c + k, b - k)"),),
        (
            RowIdentity("ℓ is unchanged", _gauge(logit(), b - k), logit()),
            RowIdentity("D is unchanged", _gauge(D, b - k), D),
            value,
            SumIdentity("L_G is unchanged", _gauge(objective, b - k), objective),
            slope,
            bias,
            null,
        ),
        (
            value.twin("b + k", "b moved the wrong way", lhs=slipped),
            slope.twin("b + k", "b moved the wrong way", lhs=derivative(slipped, theta)),
            bias.twin("b kept", "the cost shifted, b left where it was", lhs=derivative(_gauge(loss, b), b)),
        ),
    )


def A9() -> Derivation:
    """Derive detailed balance, q D = m (1 − D)."""
    balance = RowIdentity("q D = m (1 − D)", q[i] * D, model * (1 - D))
    return Derivation(
        "A9",
        "detailed balance between generator and model",
        ROW,
        (Step("Multiply the odds D/(1 − D) = m/q by q (1 − D).", r"q D = m (1 - D)"),),
        (balance,),
        (
            balance.twin("sides exchanged", "q(1 − D) = m D", lhs=q[i] * (1 - D), rhs=model * D),
            balance.twin("no 1 − D", "m for m(1 − D)", rhs=model),
        ),
    )


def A10() -> Derivation:
    """Derive m* = p q̂/q when samples come from q but q̂ enters the logit."""

    def slope(expert: Expr, scored: Expr) -> Expr:
        guess = probability(scored).xreplace({c: cost_row})
        loss = total(h[i] * (expert * -sp.log(guess) + q[i] * -sp.log(sp.together(1 - guess))))
        return partial(loss, cost_row)

    def optimum(expert: Expr, scored: Expr) -> Expr:
        return _only_zero(canonical(slope(expert, scored).xreplace(_by_model)), m[i])

    law = RowIdentity(
        "the only stationary point is m* = p q̂/q", optimum(p[i], q_hat[i]), p[i] * q_hat[i] / q[i]
    )
    recovered = RowIdentity(
        "the cost recovered is off by the log ratio of the densities",
        -sp.log(law.lhs),
        -sp.log(p[i]) + sp.log(q[i]) - sp.log(q_hat[i]),
    )
    convex = Positivity(
        "L_D is strictly convex in the cost of each trajectory",
        sp.diff(slope(p[i], q_hat[i]), cost_row).xreplace(_by_model),
    )
    return Derivation(
        "A10",
        "a density that does not match its samples is absorbed by the cost",
        "every N, every base measure, unconstrained cost, all densities positive",
        (
            Step("Score samples of q with another density.", r"D = m / (m + \hat{q})"),
            Step(
                "Differentiate in the cost of one trajectory, and write c = −b − log m.",
                rf"\frac{{\partial L_D}}{{\partial c_i}} = "
                rf"{sp.latex(sp.factor(canonical(slope(p[i], q_hat[i]).xreplace(_by_model))))}",
            ),
        ),
        (law, convex, recovered),
        (
            law.twin("no mismatch", "m* = p as if q̂ were q", rhs=p[i]),
            law.twin("ratio inverted", "m* = p q/q̂", rhs=p[i] * q[i] / q_hat[i]),
            law.twin("right density, wrong law", "the logit scored with q itself", lhs=optimum(p[i], q[i])),
            recovered.twin(
                "sign of the shift",
                "log(q̂/q) for log(q/q̂)",
                rhs=-sp.log(p[i]) - sp.log(q[i]) + sp.log(q_hat[i]),
            ),
        ),
    )
