"""G: where both players stand still, with and without restrictions, and what each loss measures there."""

from __future__ import annotations

from .algebra import derivative, merge, partial
from .instance import UNIT_DATA, UNIT_MODEL
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .symbols import (
    D,
    Expr,
    b,
    c,
    complement,
    dc,
    discriminator_loss,
    generator_loss,
    h,
    i,
    log_partition,
    logit,
    model,
    p,
    population,
    q,
    q_old,
    sp,
    theta,
    total,
)

_AT_MODEL = {q[i]: model}
_MATCHED = {q[i]: model, p[i]: model}
_BEND = sp.Derivative(c, theta, theta)


def _loss() -> Expr:
    return population(discriminator_loss())


def _slope() -> Expr:
    return derivative(_loss(), theta)


def _own_cost(expr: Expr) -> Expr:
    """Summand of a derivative in θ where θ is the cost of the row itself: c' = 1, c'' = 0."""
    return merge(expr)[0].xreplace({_BEND: sp.Integer(0)}).xreplace({dc: sp.Integer(1)})


def _relative(first: Expr, second: Expr) -> Expr:
    """KL(r‖s) = Σ h r log(r/s)."""
    return total(h[i] * first * (sp.log(first) - sp.log(second)))


def _mass(density: Expr) -> Expr:
    return total(h[i] * density)


def _likelihood_slope() -> Expr:
    return sp.diff(total(h[i] * p[i] * c) + sp.log(total(h[i] * sp.exp(-c))), theta)


def G1() -> Derivation:
    """Derive that q = p_θ = p is where both players stand still, and nowhere else."""
    row, bend = _own_cost(_slope()), _own_cost(derivative(_slope(), theta))
    tied = total(h[i] * q[i] * -logit())
    move = partial(tied, q[i])
    boltzmann = sp.exp(-c - log_partition)
    cost = RowIdentity("∂L_D/∂c of one row is h (p − m)(1 − D)", row, h[i] * (p[i] - model) * (1 - D))
    data = RowIdentity(
        "so the cost's slope says how far m is from p; without a slope, m = p",
        p[i],
        model + row / (h[i] * (1 - D)),
    )
    generator = RowIdentity(
        "the slope of L_G in q is h (log q/p_θ + const): without one on Σ h q = 1, q = p_θ",
        move / h[i],
        sp.log(q[i]) - sp.log(boltzmann) + (1 + b - log_partition),
    )
    normaliser = NamedSumIdentity(
        "m = p is normalised, so that b = log Z", total(h[i] * sp.exp(-c)), sp.exp(b), (UNIT_MODEL,)
    )
    still = SumIdentity(
        "at q = p = m the gradient of L_D vanishes", _slope().xreplace(_MATCHED), sp.Integer(0)
    )
    half = RowIdentity("at q = m, D = ½", D.xreplace(_AT_MODEL), sp.Rational(1, 2))
    value = SumIdentity(
        "at q = p = m, L_D = 2 log 2 · Σ h m", _loss().xreplace(_MATCHED), 2 * sp.log(2) * _mass(model)
    )
    nothing = SumIdentity(
        "at q = m, L_G = 0", population(generator_loss()).xreplace(_AT_MODEL), sp.Integer(0)
    )
    return Derivation(
        "G1",
        "with cost and generator free, both stand still at q = p_θ = p, b = log Z, and only there",
        "every N, every base measure, p > 0 and q > 0",
        (
            Step(
                "Each player stands still at its own optimum, because L_D is convex in the costs and L_G in q.",
                r"\partial_{c_i} L_D = 0, \qquad \partial_{q_i} L_G = \lambda h_i",
            ),
        ),
        (
            cost,
            data,
            Positivity("1 − D is positive where q is", complement()),
            Positivity("L_D is strictly convex in the cost of each row", bend),
            generator,
            Positivity("L_G is strictly convex in q", sp.diff(move, q[i])),
            normaliser,
            still,
            half,
            value,
            nothing,
        ),
        (
            cost.twin("no 1 − D", "the likelihood's residual", rhs=h[i] * (p[i] - model)),
            data.twin("not divided by 1 − D", "m + slope/h", rhs=model + row / h[i]),
            generator.twin("no entropy", "log q left out", lhs=move / h[i] - sp.log(q[i])),
            normaliser.twin("any b", "b said to be log Z without m = p", given=()),
            still.twin(
                "the generator alone", "q = p_θ taken for the equilibrium", lhs=_slope().xreplace(_AT_MODEL)
            ),
            still.twin(
                "the cost of another density", "q = p taken for it", lhs=_slope().xreplace({q[i]: p[i]})
            ),
            half.twin("any q", "D = ½ said of every q", lhs=D),
            value.twin("log 2", "half the value", rhs=sp.log(2) * _mass(model)),
            nothing.twin("any q", "L_G said to be 0 for every q", lhs=population(generator_loss())),
        ),
    )


def G2() -> Derivation:
    """Derive that a free generator makes the equilibrium maximum likelihood, where D = ½ says nothing of p."""
    slope, in_b = _slope().xreplace(_AT_MODEL), derivative(_loss(), b).xreplace(_AT_MODEL)
    direction = sp.Symbol("v", real=True)
    bend = derivative(_slope(), theta) + 2 * direction * derivative(_slope(), b)
    bend += direction**2 * derivative(_loss(), b, b)
    exact = NamedSumIdentity(
        "at q = p_θ, b = log Z, ∂L_D/∂θ is half the likelihood's: zero where the likelihood is stationary",
        slope,
        _likelihood_slope() / 2,
        (UNIT_MODEL,),
    )
    matching = NamedSumIdentity(
        "that is ½(E_p[c'] − E_{p_θ}[c'])",
        slope,
        (total(h[i] * p[i] * dc) - total(h[i] * model * dc)) / 2,
        (UNIT_MODEL,),
    )
    balanced = NamedSumIdentity("∂L_D/∂b = 0 there", in_b, sp.Integer(0), (UNIT_DATA, UNIT_MODEL))
    value = SumIdentity(
        "L_D = log 2 (Σ h p + Σ h m) = 2 log 2 there, for every p",
        _loss().xreplace(_AT_MODEL),
        sp.log(2) * (_mass(p[i]) + _mass(model)),
    )
    nothing = SumIdentity(
        "L_G = 0 there, for every p", population(generator_loss()).xreplace(_AT_MODEL), sp.Integer(0)
    )
    convex = RowIdentity(
        "if c is affine in θ, L_D is convex in (θ, b): along (1, v) its curvature is Σ h (p + q) D(1 − D)(c' + v)²",
        merge(bend)[0].xreplace({_BEND: sp.Integer(0)}),
        h[i] * (p[i] + q[i]) * D * (1 - D) * (dc + direction) ** 2,
    )
    best = p[i] / (p[i] + model)
    at_best = total(-h[i] * p[i] * sp.log(best)) + total(-h[i] * model * sp.log(1 - best))
    return Derivation(
        "G2",
        "with a free generator the equilibrium is maximum likelihood, and D = ½ there although q need not be p",
        "every N, every base measure, every p; c' is the derivative along any direction of θ",
        (
            Step(
                "The generator stands still at q = p_θ (G1, E2), and the discriminator's b at log Z.",
                r"q = p_\theta = e^{-c-b}, \qquad \textstyle\sum h e^{-c} = e^b",
            ),
        ),
        (
            exact,
            matching,
            balanced,
            RowIdentity("D = ½ there, for every p", D.xreplace(_AT_MODEL), sp.Rational(1, 2)),
            value,
            nothing,
            convex,
        ),
        (
            exact.twin("factor 1", "the likelihood's gradient itself", rhs=_likelihood_slope()),
            exact.twin("another generator", "q left general", lhs=_slope()),
            balanced.twin("another generator", "q left general", lhs=derivative(_loss(), b)),
            value.twin("D* for D", "2 log 2 − 2JSD(p, q)", rhs=at_best),
            nothing.twin("D* for D", "KL(q‖p)", rhs=_relative(model, p[i])),
            convex.twin(
                "no square",
                "D(1 − D)(c' + v)",
                rhs=h[i] * (p[i] + q[i]) * D * (1 - D) * (dc + direction),
            ),
        ),
        substitute=(
            "that the optimum of the likelihood is there, and how far q is from p in it, is evaluated on concrete "
            "spaces; for a cost that is not affine the statement is about stationary points"
        ),
    )


def G3() -> Derivation:
    """Derive that a restricted generator leaves noise contrast, which is no likelihood."""
    weight = h[i] * (p[i] - model)
    contrast = SumIdentity(
        "∂L_D/∂θ = Σ h (p − m)(1 − D) c': noise contrast, with noise q",
        _slope(),
        total(weight * (1 - D) * dc),
    )
    in_b = SumIdentity("∂L_D/∂b = Σ h (p − m)(1 − D)", derivative(_loss(), b), total(weight * (1 - D)))
    likelihood = NamedSumIdentity(
        "at b = log Z the likelihood's gradient is Σ h (p − m) c', without 1 − D",
        _likelihood_slope(),
        total(weight * dc),
        (UNIT_MODEL, UNIT_DATA),
    )
    scale = sp.Symbol("kappa", positive=True)
    even = RowIdentity(
        "1 − D = κ/(1 + κ) in every row if q = κ m",
        (1 - D).xreplace({q[i]: scale * model}),
        scale / (1 + scale),
    )
    boltzmann = sp.exp(-c - log_partition)
    losses = [total(h[i] * each * -logit(each)) for each in (q_old[i], q[i])]
    gaps = [_relative(each, boltzmann) for each in (q_old[i], q[i])]
    order = SumIdentity(
        "L_G(q') − L_G(q) = KL(q'‖p_θ) − KL(q‖p_θ), because Σ h (q' − q) = 0: in any class they have one minimum",
        losses[0] - losses[1],
        gaps[0] - gaps[1] + (b - log_partition) * (_mass(q_old[i]) - _mass(q[i])),
    )
    reverse = _relative(boltzmann, q_old[i]) - _relative(boltzmann, q[i])
    return Derivation(
        "G3",
        "a restricted generator makes the cost's fixed point noise contrast with noise q, and q the projection of p_θ",
        "every N, every base measure, every p, any class of generators; c' along any direction of θ",
        (
            Step(
                "In the population the slopes of L_D are residuals p − m, weighed by 1 − D = q/(m + q).",
                r"\sum h\,(p - m)\,\frac{q}{m + q}\,(c', 1) = 0",
            ),
        ),
        (contrast, in_b, likelihood, even, order),
        (
            contrast.twin("no 1 − D", "the likelihood's residual", rhs=total(weight * dc)),
            in_b.twin("no 1 − D", "Σ h (p − m)", rhs=total(weight)),
            likelihood.twin(
                "re-weighted", "noise contrast taken for the likelihood", rhs=total(weight * (1 - D) * dc)
            ),
            even.twin("any q", "1 − D said to be constant for every q", lhs=1 - D),
            order.twin(
                "divergence reversed",
                "KL(p_θ‖q')",
                rhs=reverse + (b - log_partition) * (_mass(q_old[i]) - _mass(q[i])),
            ),
        ),
        substitute=(
            "that the fixed point is in general not the optimum of the likelihood is an inequality of numbers: it is "
            "evaluated on concrete spaces"
        ),
    )


def G4() -> Derivation:
    """Derive KL(q‖p) for the generator, JSD for the discriminator, and that they differ by 2KL(μ‖p)."""
    best, half = p[i] / (p[i] + q[i]), (p[i] + q[i]) / 2
    fooling = total(h[i] * q[i] * (sp.log(1 - best) - sp.log(best)))
    telling = total(-h[i] * p[i] * sp.log(best)) + total(-h[i] * q[i] * sp.log(1 - best))
    constant = sp.log(2) * (_mass(p[i]) + _mass(q[i]))
    twice = _relative(p[i], half) + _relative(q[i], half)
    reverse, rest = _relative(q[i], p[i]), 2 * _relative(half, p[i])
    generator = SumIdentity("at D*, L_G = KL(q‖p)", fooling, reverse)
    discriminator = SumIdentity(
        "at D*, L_D = 2 log 2 − 2JSD(p, q), 2JSD = KL(p‖μ) + KL(q‖μ)", telling, constant - twice
    )
    difference = SumIdentity(
        "KL(q‖p) − 2JSD(p, q) = L_G + L_D − 2 log 2 = 2KL(μ‖p)", fooling + telling - constant, rest
    )
    ratio = sp.Symbol("x", positive=True)
    bregman = ratio * sp.log(ratio) - ratio + 1
    at_one = {ratio: sp.Integer(1)}
    bounded = SumIdentity(
        "KL(μ‖p) is Σ h p f(μ/p), f(x) = x log x − x + 1, up to Σ h (μ − p) = 0",
        rest / 2,
        total(h[i] * p[i] * bregman.xreplace({ratio: half / p[i]})) + total(h[i] * (half - p[i])),
    )
    convex = Positivity("f is strictly convex", sp.diff(bregman, ratio, 2))
    apart = RowIdentity(
        "μ/p = 1 only where q = p, so that the two are never one number off q = p",
        half / p[i] - 1,
        (q[i] - p[i]) / (2 * p[i]),
    )
    return Derivation(
        "G4",
        "at D* the generator's loss is a reverse KL, the discriminator's a Jensen–Shannon divergence: never the same",
        "every N, every base measure, p and q positive",
        (
            Step(
                "Put D* = p/(p + q) into both losses, with μ = ½(p + q).",
                r"L_G = E_q[\log(1 - D^*) - \log D^*], \qquad L_D = -E_p[\log D^*] - E_q[\log(1 - D^*)]",
            ),
        ),
        (
            generator,
            discriminator,
            difference,
            bounded,
            convex,
            RowIdentity("f'(1) = 0", sp.diff(bregman, ratio).xreplace(at_one), sp.Integer(0)),
            RowIdentity("f(1) = 0, so that f ≥ 0, and 0 at 1 alone", bregman.xreplace(at_one), sp.Integer(0)),
            apart,
        ),
        (
            generator.twin("JSD", "2JSD(p, q) for L_G", rhs=twice),
            generator.twin("forward KL", "KL(p‖q)", rhs=_relative(p[i], q[i])),
            discriminator.twin("KL", "2 log 2 − KL(q‖p)", rhs=constant - reverse),
            discriminator.twin("JSD once", "2 log 2 − JSD(p, q)", rhs=constant - twice / 2),
            difference.twin("one divergence", "the two said to be the same", rhs=sp.Integer(0)),
            difference.twin("μ and p exchanged", "2KL(p‖μ)", rhs=2 * _relative(p[i], half)),
        ),
    )
