"""A: the discriminator as a sigmoid, and what it does not see. Section 3.1 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import derivative
from .proof import Derivation, Step
from .statements import RowIdentity, SumIdentity
from .symbols import (
    D,
    Expr,
    b,
    c,
    discriminator_loss,
    generator_loss,
    h,
    i,
    k,
    logit,
    model,
    p,
    population,
    q,
    sp,
    theta,
    total,
)

BATCH = "every N, every weighting of the rows (any minibatch), every θ and b; integrals alike"
ROW = "every trajectory, every θ and b, any numbers supplied as cost and log q"


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


def A8() -> Derivation:
    """Derive that h may be divided by any r > 0, if p, q and e^{−c} are multiplied by it."""
    r = sp.IndexedBase("r", positive=True)[i]
    kept = {h[i]: h[i] / r, p[i]: p[i] * r, c: c - sp.log(r)}
    change, forgotten = kept | {q[i]: q[i] * r}, {c: c - sp.log(r)}
    loss, objective = population(discriminator_loss()), population(generator_loss())
    partition = total(h[i] * sp.exp(-c))
    logits = RowIdentity("ℓ is unchanged", logit().xreplace(change), logit())
    value = SumIdentity("L_D is unchanged", loss.xreplace(change), loss)
    normaliser = SumIdentity("the partition function is unchanged", partition.xreplace(change), partition)
    return Derivation(
        "A8",
        "densities and cost change with the base measure, and nothing else does",
        "every N, every base measure, every θ and b; integrals alike, where r is the Jacobian of a change of "
        "variables (a squashed or scaled action)",
        (
            Step(
                "Divide the base measure by r and keep all masses; r = h writes densities with their dynamics.",
                r"(h, p, q, c) \mapsto (h/r,\; p\,r,\; q\,r,\; c - \log r)",
            ),
        ),
        (
            logits,
            RowIdentity("the mass h q is unchanged", (h[i] * q[i]).xreplace(change), h[i] * q[i]),
            RowIdentity("D is unchanged", D.xreplace(change), D),
            value,
            SumIdentity("L_G is unchanged", objective.xreplace(change), objective),
            SumIdentity(
                "the gradient of L_D in θ is unchanged",
                derivative(loss.xreplace(change), theta),
                derivative(loss, theta),
            ),
            normaliser,
        ),
        (
            logits.twin(
                "Jacobian forgotten",
                "log q without log r, the cost with it",
                lhs=logit().xreplace(forgotten),
            ),
            logits.twin("dynamics in q alone", "log q with log r, the cost without it", lhs=logit(q[i] * r)),
            value.twin(
                "Jacobian forgotten", "all masses right, log q without log r", lhs=loss.xreplace(forgotten)
            ),
            value.twin(
                "h kept", "densities multiplied, h not divided", lhs=loss.xreplace(change | {h[i]: h[i]})
            ),
            normaliser.twin("cost kept", "Σ e^{−c} h/r", lhs=total(h[i] / r * sp.exp(-c))),
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
