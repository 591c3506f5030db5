"""B: the discriminator's loss through μ̃, and its slope and curvature in log Z. Section 3.2.1 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import canonical, derivative, merge
from .discriminator import BATCH
from .proof import Derivation, Step
from .statements import Positivity, RowIdentity, SumIdentity
from .symbols import (
    D,
    E_mu,
    E_p,
    E_q,
    Expr,
    b,
    c,
    discriminator_loss,
    i,
    m,
    mass_p,
    mass_q,
    mixture,
    q,
    sp,
    w_p,
    w_q,
)

Z = sp.Symbol("Z", positive=True)


def B1() -> Derivation:
    """Derive the four terms of equation (8), with the constant that the paper leaves out."""
    constant = sp.log(2) * (mass_p + mass_q)
    entropy = -E_q(sp.log(q[i]))
    through_mixture = 2 * E_mu(sp.log(mixture))
    right = b * mass_p + E_p(c) + entropy + through_mixture + constant
    form = SumIdentity("L_D through μ̃, constants written as constant · Σ weight", discriminator_loss(), right)
    return Derivation(
        "B1",
        "L_D = log Z + E_p[c] − E_q[log q] + 2 E_μ[log μ̃] + 2 log 2",
        BATCH,
        (
            Step(
                "D is m/(2μ̃) and 1 − D is q/(2μ̃).", r"\tilde{\mu} = \tfrac{1}{2}(m + q), \quad m = e^{-c-b}"
            ),
            Step(
                "The weights sum to one on each side, so that",
                r"b = b \sum w^p, \quad 2\log 2 = \log 2 \sum (w^p + w^q)",
            ),
        ),
        (form,),
        (
            form.twin("equation (8) as printed", "the constant 2 log 2 dropped", rhs=right - constant),
            form.twin("no log Z", "b dropped", rhs=right - b * mass_p),
            form.twin("one log μ̃", "E_μ[log μ̃] counted once", rhs=right - through_mixture / 2),
            form.twin("entropy sign", "+E_q[log q]", rhs=right - 2 * entropy),
        ),
    )


def B2() -> Derivation:
    """Derive the slope of L_D in log Z."""
    slope = derivative(discriminator_loss(), b)
    residual_mass = SumIdentity("∂L_D/∂b = 1 − 2 E_μ[D]", slope, mass_p - 2 * E_mu(D))
    errors = SumIdentity("∂L_D/∂b = E_p[1 − D] − E_q[D]", slope, E_p(1 - D) - E_q(D))
    below = Positivity("the summand stays below w^p, so that ∂L_D/∂b < 1", w_p[i] - merge(slope)[0])
    above = Positivity("the summand stays above −w^q, so that ∂L_D/∂b > −1", w_q[i] + merge(slope)[0])
    return Derivation(
        "B2",
        "∂L_D/∂log Z = 1 − 2 E_μ[D], between −1 and 1",
        BATCH,
        (Step("Differentiate L_D in b.", r"\frac{\partial L_D}{\partial b}"),),
        (residual_mass, errors, below, above),
        (
            residual_mass.twin("no factor 2", "1 − E_μ[D]", rhs=mass_p - E_mu(D)),
            residual_mass.twin("sign of log Z", "2 E_μ[D] − 1", rhs=2 * E_mu(D) - mass_p),
            errors.twin("D for 1 − D", "E_p[D] − E_q[D]", rhs=E_p(D) - E_q(D)),
            below.twin("bound ½", "the slope said to stay below ½", expr=w_p[i] / 2 - merge(slope)[0]),
        ),
    )


def B3() -> Derivation:
    """Derive strict convexity in log Z, with slopes from −1 to the expert's mass where q > 0."""
    loss = discriminator_loss()
    slope, curvature, third = (derivative(loss, *([b] * order)) for order in (1, 2, 3))
    weight, summand, bend = w_p[i] + w_q[i], canonical(merge(curvature)[0]), canonical(merge(third)[0])
    second = SumIdentity("∂²L_D/∂b² = 2 E_μ[D(1 − D)]", curvature, 2 * E_mu(D * (1 - D)))
    gap = (m[i] - q[i]) / (m[i] + q[i])
    spread = gap**2
    positive = Positivity(
        "each summand of ∂²L_D/∂b² is positive, so that L_D is strictly convex in b", summand
    )
    quarter = RowIdentity(
        "each summand of ∂²L_D/∂b² falls short of a quarter of the weight by a square, so that ∂²L_D/∂b² ≤ ½",
        weight / 4 - summand,
        weight * (gap / 2) ** 2,
    )
    skew = SumIdentity("∂³L_D/∂b³ = −2 E_μ[D(1 − D)(1 − 2D)]", third, -2 * E_mu(D * (1 - D) * (1 - 2 * D)))
    bound = RowIdentity(
        "the summand of ∂³L_D/∂b³, squared, falls short of weight²/108 by a square times 4 − 3y, "
        "y = (2D − 1)² ≤ 1, so that |∂³L_D/∂b³| ≤ 1/(3√3)",
        weight**2 / 108 - bend**2,
        weight**2 * (1 - 3 * spread) ** 2 * (4 - 3 * spread) / 432,
    )
    positive_rest = Positivity("4 − 3y is positive, y = (2D − 1)²", 4 - 3 * spread)
    low, high, outside = _slope_limits(slope)
    to_high = RowIdentity("as b → +∞ each summand of the slope tends to w^p", high, w_p[i])
    to_low = RowIdentity("as b → −∞ each summand of the slope tends to −w^q", low, -w_q[i])
    return Derivation(
        "B3",
        "L_D is strictly convex in log Z, and has one finite minimiser iff p{q > 0} > 0",
        BATCH,
        (
            Step(
                "The slope is continuous and strictly increasing, from −1 to the expert's mass on {q > 0}; "
                "if that is positive, the slope has exactly one zero b*.",
                r"\lim_{b\to-\infty} \partial_b L_D = -1, \; \lim_{b\to\infty} \partial_b L_D = P_p(q > 0)",
            ),
        ),
        (
            second,
            positive,
            quarter,
            skew,
            bound,
            positive_rest,
            to_low,
            to_high,
            RowIdentity("where q = 0 (and w^q = 0) the summand is 0 for every b", outside, sp.Integer(0)),
        ),
        (
            second.twin("no factor 2", "E_μ[D(1 − D)]", rhs=E_mu(D * (1 - D))),
            second.twin("no 1 − D", "2 E_μ[D]", rhs=2 * E_mu(D)),
            positive.twin("concave", "the curvature negated", expr=-summand),
            positive.twin("bound ¼", "∂²L_D/∂b² said to be below ¼", expr=weight / 8 - summand),
            bound.twin(
                "4 for 4 − 3y", "the cubic factored wrongly", rhs=weight**2 * (1 - 3 * spread) ** 2 / 108
            ),
            to_high.twin("limits exchanged", "the slope said to fall to −w^q", rhs=-w_q[i]),
            to_low.twin("limit 0", "the slope said to vanish as b → −∞", rhs=sp.Integer(0)),
        ),
    )


def in_partition(expr: Expr) -> Expr:
    """Write the summand of a sum in Z = e^b, as a rational function of it; m stands for e^{−c} here."""
    summand = merge(expr)[0].xreplace({c: -sp.log(m[i]), b: sp.log(Z)})
    return sp.cancel(sp.together(summand))


def _slope_limits(slope: Expr) -> tuple[Expr, Expr, Expr]:
    """Limits of the slope's summand as e^b → 0 and ∞, and the summand itself where q and its weight are 0."""
    rational = in_partition(slope)
    outside = rational.xreplace({q[i]: sp.Integer(0), w_q[i]: sp.Integer(0)})
    return sp.limit(rational, Z, 0, "+"), sp.limit(rational, Z, sp.oo), canonical(outside)
