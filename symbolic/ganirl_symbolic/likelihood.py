"""D, continued: the exact likelihood of MaxEnt IRL, what it identifies, and a learned normaliser that keeps it."""

from __future__ import annotations

from .algebra import derivative
from .instance import UNIT_DATA, UNIT_MODEL
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .symbols import (
    Expr,
    b,
    c,
    dc,
    discriminator_loss,
    h,
    i,
    k,
    m,
    model,
    p,
    population,
    q,
    sp,
    theta,
    total,
)

mean = sp.Symbol("a", real=True)
probe = sp.IndexedBase("f", real=True)
ratio = sp.Symbol("x", positive=True)

POPULATION = "every N, every base measure, every p"


def under_data(f: Expr) -> Expr:
    """E_p[f] = Σ h p f."""
    return total(h[i] * p[i] * f)


def under_model(f: Expr, energy: Expr = c) -> Expr:
    """E_{p_θ}[f] = Σ h e^{−c} f / Σ h e^{−c}."""
    return total(h[i] * sp.exp(-energy) * f) / total(h[i] * sp.exp(-energy))


def likelihood(energy: Expr = c) -> Expr:
    """L_cost = E_p[c] + log Σ h e^{−c}."""
    return under_data(energy) + sp.log(total(h[i] * sp.exp(-energy)))


def D2() -> Derivation:
    """Derive L_cost = H(p) + KL(p‖p_θ) ≥ H(p)."""
    log_model = -c - b
    entropy = -under_data(sp.log(p[i]))
    divergence = under_data(sp.log(p[i]) - log_model)
    reverse = total(h[i] * model * (log_model - sp.log(p[i])))
    gap = p[i] * sp.log(p[i] / m[i]) - p[i] + m[i]
    value = NamedSumIdentity(
        "L_cost = H(p) + KL(p‖p_θ), entropy with respect to h",
        likelihood(),
        entropy + divergence,
        (UNIT_DATA, UNIT_MODEL),
    )
    terms = NamedSumIdentity(
        "KL = Σ h (p log(p/p_θ) − p + p_θ)",
        divergence,
        total(h[i] * (p[i] * (sp.log(p[i]) - log_model) - p[i] + model)),
        (UNIT_DATA, UNIT_MODEL),
    )
    touches = RowIdentity("each term is 0 at p = p_θ", gap.xreplace({p[i]: m[i]}), sp.Integer(0))
    level = RowIdentity("so is its derivative in p", sp.diff(gap, p[i]).xreplace({p[i]: m[i]}), sp.Integer(0))
    convex = Positivity(
        "its second derivative is positive: each term is positive elsewhere", sp.diff(gap, p[i], p[i])
    )
    return Derivation(
        "D2",
        "the likelihood is entropy of the data plus KL(p‖p_θ)",
        POPULATION + ", every cost",
        (Step("At b = log Z_θ the model is p_θ = e^{−c−b}.", r"\log p_\theta = -c - \log Z_\theta"),),
        (value, terms, touches, level, convex),
        (
            value.twin("no entropy", "KL alone", rhs=divergence),
            value.twin("reverse KL", "H(p) + KL(p_θ‖p)", rhs=entropy + reverse),
            value.twin("entropy sign", "−H(p) + KL(p‖p_θ)", rhs=divergence - entropy),
            value.twin("b for log Z", "said of every b", given=(UNIT_DATA,)),
            terms.twin("not normalised", "Σ h m is not one", given=(UNIT_DATA,)),
            convex.twin("concave", "the second derivative negated", expr=-sp.diff(gap, p[i], p[i])),
        ),
    )


def D3() -> Derivation:
    """Derive convexity for affine costs, and that features match at the optimum."""
    curved = sp.diff(likelihood(), theta, theta)
    affine = curved.xreplace({sp.Derivative(c, theta, theta): sp.Integer(0)})
    slope = NamedSumIdentity(
        "∂L_cost/∂θ = E_p[c'] − E_{p_θ}[c']: zero if and only if features match",
        sp.diff(likelihood(), theta),
        under_data(dc) - under_model(dc),
    )
    spread = NamedSumIdentity(
        "for every a, E_{p_θ}[(c' − a)²] = ∂²L_cost/∂θ² + (E_{p_θ}[c'] − a)² for affine c: at a = E_{p_θ}[c'] "
        "the second derivative is a variance, so that L_cost is convex",
        under_model((dc - mean) ** 2),
        affine + (under_model(dc) - mean) ** 2,
    )
    excess, far = sp.symbols("d t", positive=True)
    ray = RowIdentity(
        "along a ray, a point whose feature exceeds the least by d loses its weight: the mean tends to the least",
        sp.limit(sp.exp(-far * excess), far, sp.oo),
        sp.Integer(0),
    )
    return Derivation(
        "D3",
        "for affine costs the likelihood is convex, and its optimum matches features",
        POPULATION + ", cost affine in θ; c' is the derivative along any direction of θ",
        (Step("Differentiate the likelihood, with c'' = 0.", r"L_{\mathrm{cost}} = E_p[c] + \log Z_\theta"),),
        (slope, spread, ray),
        (
            slope.twin("sign", "E_{p_θ}[c'] − E_p[c']", rhs=under_model(dc) - under_data(dc)),
            slope.twin(
                "sampler's features", "E_p[c'] − E_q[c']", rhs=under_data(dc) - total(h[i] * q[i] * dc)
            ),
            spread.twin("curved cost", "said of a cost with c''", rhs=curved + (under_model(dc) - mean) ** 2),
            spread.twin("not centred", "the second moment for the variance", rhs=affine),
            ray.twin("weight kept", "the weight said to stay", rhs=sp.Integer(1)),
        ),
        substitute="That the optimum is finite if and only if E_p[φ] is in the relative interior of the hull of the "
        "features follows by hand: along a direction u the slope tends to E_p[φ·u] − min φ·u, which is positive for "
        "every u along which φ varies exactly then. Enumeration solves for the optimum.",
    )


def D4() -> Derivation:
    """Derive that a constant in the cost is invisible, and that nothing else is."""
    moved, other = c + k, sp.Symbol("b'", real=True)
    partition = SumIdentity(
        "Z(c + k) = e^{−k} Z(c)", total(h[i] * sp.exp(-moved)), sp.exp(-k) * total(h[i] * sp.exp(-c))
    )
    distribution = NamedSumIdentity(
        "E_{p_θ}[f] is unchanged for every f, and so is p_θ",
        under_model(probe[i], moved),
        under_model(probe[i]),
    )
    value = NamedSumIdentity(
        "L_cost does not depend on k", sp.diff(likelihood(moved), k), sp.Integer(0), (UNIT_DATA,)
    )
    slope = NamedSumIdentity(
        "nor does its gradient", sp.diff(likelihood(moved), theta), sp.diff(likelihood(), theta)
    )
    back = RowIdentity(
        "costs of one model, −log p_θ − b and −log p_θ − b', differ by a constant",
        (-sp.log(m[i]) - b) - (-sp.log(m[i]) - other),
        other - b,
    )
    return Derivation(
        "D4",
        "c + k is the same model with the same likelihood: only p_θ is identified",
        POPULATION + ", every cost",
        (Step("Add a constant to the cost.", r"c \mapsto c + k"),),
        (partition, distribution, value, slope, back),
        (
            partition.twin("sign", "Z(c + k) = e^k Z(c)", rhs=sp.exp(k) * total(h[i] * sp.exp(-c))),
            distribution.twin("scaled", "2c for c + k", lhs=under_model(probe[i], 2 * c)),
            value.twin("log Z held", "E_p[c + k] + b", lhs=sp.diff(under_data(moved) + b, k)),
            slope.twin("scaled", "2c for c + k", lhs=sp.diff(likelihood(2 * c), theta)),
            back.twin("costs equal", "the constant said to be identified", rhs=sp.Integer(0)),
        ),
    )


def D6() -> Derivation:
    """Derive that a loss with a learned normaliser is at least the likelihood, and equal at b = log Z."""
    mass = total(h[i] * model)
    drawn = total(h[i] * q[i] * sp.exp(-c) / q[i])
    learned = under_data(c) + b + sp.exp(-b) * drawn - 1
    partition = SumIdentity("E_q[e^{−c}/q] = Z = e^b Σ h m where q > 0", drawn, sp.exp(b) * mass)
    gap = NamedSumIdentity(
        "with S = Σ h m = Z/e^b, the loss minus L_cost is S − 1 − log S",
        learned - (under_data(c) + b + sp.log(mass)),
        mass - 1 - sp.log(mass),
    )
    excess = ratio - 1 - sp.log(ratio)
    touches = RowIdentity("x − 1 − log x is 0 at x = 1", excess.subs(ratio, 1), sp.Integer(0))
    level = RowIdentity("so is its derivative", sp.diff(excess, ratio).subs(ratio, 1), sp.Integer(0))
    convex = Positivity(
        "its second derivative is positive, so that it is positive elsewhere", sp.diff(excess, ratio, 2)
    )
    slope = NamedSumIdentity(
        "at b = log Z its gradient in θ is that of L_cost",
        sp.diff(learned, theta),
        sp.diff(likelihood(), theta),
        (UNIT_MODEL,),
    )
    bias = NamedSumIdentity(
        "and its slope in b is 0, there alone", sp.diff(learned, b), sp.Integer(0), (UNIT_MODEL,)
    )
    steep = Positivity("it is strictly convex in b", h[i] * m[i])
    bend = NamedSumIdentity("its second derivative in b is Σ h m", sp.diff(learned, b, b), mass)
    gan = population(derivative(discriminator_loss(), theta))
    return Derivation(
        "D6",
        "a loss with a learned normaliser whose minimum over b is the likelihood itself",
        POPULATION + ", every cost, q > 0 wherever the cost is finite",
        (
            Step(
                "Learn b, and let samples of q stand for the sum over the space.",
                r"E_p[c] + b + e^{-b} E_q[e^{-c}/q] - 1",
            ),
        ),
        (partition, gap, touches, level, convex, slope, bias, bend, steep),
        (
            partition.twin("no 1/q", "E_q[e^{−c}]", lhs=total(h[i] * q[i] * sp.exp(-c))),
            gap.twin("no −1", "the constant dropped", lhs=learned + 1 - (under_data(c) + b + sp.log(mass))),
            gap.twin("L_cost for every b", "the loss said to be the likelihood", rhs=sp.Integer(0) * mass),
            convex.twin("concave", "the second derivative negated", expr=-sp.diff(excess, ratio, 2)),
            slope.twin("L_D in its place", "the gradient of L_D", lhs=gan),
            slope.twin("any b", "said of every b", given=()),
            bias.twin("any b", "said of every b", given=()),
            bend.twin("e^b", "the normaliser multiplied", rhs=sp.exp(2 * b) * mass),
        ),
    )
