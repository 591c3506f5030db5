"""A: the best discriminator, its value, and the cost that it takes. Section 3.1 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import AlgebraError, canonical, partial
from .proof import Derivation, Step
from .statements import Positivity, RowIdentity, SumIdentity
from .symbols import Expr, b, c, cost_row, h, i, m, p, probability, q, q_hat, sp, total

_free = sp.IndexedBase("D", positive=True)
_x = sp.IndexedBase("x", positive=True)
_y = sp.IndexedBase("y", positive=True)
_by_model = {cost_row: -b - sp.log(m[i])}
_interior = {_free[i]: _x[i] / (_x[i] + _y[i])}
_best = p[i] / (p[i] + q[i])


def only_zero(expr: Expr, unknown: Expr) -> Expr:
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
        only_zero(partial(right, _free[i]), _free[i]),
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
                lhs=only_zero(partial(swapped, _free[i]), _free[i]),
            ),
            optimum.twin("half density", "p/(p + 2q) for p/(p + q)", rhs=p[i] / (p[i] + 2 * q[i])),
            convex.twin(
                "expert term negated",
                "the sign of −log D flipped",
                expr=curvature(loss(-p[i], q[i])),
            ),
        ),
    )


def _loss(guess: Expr, rest: Expr) -> Expr:
    """L_D of the population with a discriminator of one's choice."""
    return total(h[i] * (p[i] * -sp.log(guess) + q[i] * -sp.log(rest)))


def _bernoulli(guess: Expr, rest: Expr) -> Expr:
    """KL(Ber(D*)‖Ber(D))."""
    return _best * sp.log(_best / guess) + (1 - _best) * sp.log((1 - _best) / rest)


def A2() -> Derivation:
    """Derive L_D(D*) = 2 log 2 − 2 JSD, and its range."""
    both, mean = p[i] + q[i], (p[i] + q[i]) / 2
    most = sp.log(2) * total(h[i] * both)
    data, generator = total(h[i] * p[i] * sp.log(p[i] / mean)), total(h[i] * q[i] * sp.log(q[i] / mean))
    half = sp.Rational(1, 2)
    best = _loss(_best, 1 - _best)
    value = SumIdentity(
        "L_D(D*) = 2 log 2 − KL(p‖μ) − KL(q‖μ), the constant written as log 2 · Σ h(p + q)",
        best,
        most - data - generator,
    )
    above = SumIdentity(
        "2 JSD is what D = ½ loses, by A3, so that it is not negative and L_D(D*) ≤ 2 log 2",
        data + generator,
        total(h[i] * both * _bernoulli(half, half)),
    )
    surprise = -sp.log(_best)
    fails = Positivity("−log D* = log((p + q)/p) rises with q > 0", sp.diff(surprise, q[i]))
    sure = RowIdentity(
        "and begins at 0, as −log(1 − D*) does with p, so that L_D(D*) ≥ 0",
        canonical(surprise.xreplace({q[i]: sp.Integer(0)})),
        sp.Integer(0),
    )
    return Derivation(
        "A2",
        "the best discriminator's loss is 2 log 2 − 2 JSD(p, q)",
        "every N, every base measure, all densities; integrals alike",
        (Step("Put D* = p/(p + q) into the loss.", r"L_D(D^*) = E_p[-\log D^*] + E_q[-\log(1 - D^*)]"),),
        (value, above, fails, sure),
        (
            value.twin("one JSD", "the divergence counted once", rhs=most - (data + generator) / 2),
            value.twin("one log 2", "log 2 − 2 JSD", rhs=most / 2 - data - generator),
            value.twin(
                "KL(p‖q)", "another divergence", rhs=most - 2 * total(h[i] * p[i] * sp.log(p[i] / q[i]))
            ),
            above.twin(
                "half the weight", "½(p + q) for p + q", rhs=total(h[i] * mean * _bernoulli(half, half))
            ),
            fails.twin("falls", "the sign of the logarithm", expr=-fails.expr),
        ),
    )


def A3() -> Derivation:
    """Derive the excess loss of any other discriminator, a Bernoulli divergence on every trajectory."""
    other, rest = _interior[_free[i]], _y[i] / (_x[i] + _y[i])
    both = h[i] * (p[i] + q[i])
    gap = SumIdentity(
        "L_D(D) − L_D(D*) = Σ h (p + q) KL(Ber(D*)‖Ber(D)), with D = x/(x + y) anything between 0 and 1",
        _loss(other, rest) - _loss(_best, 1 - _best),
        total(both * _bernoulli(other, rest)),
    )
    divergence = _bernoulli(_free[i], 1 - _free[i])
    slope = sp.diff(divergence, _free[i])
    zero = RowIdentity("the divergence is 0 at D = D*", divergence.xreplace({_free[i]: _best}), sp.Integer(0))
    flat = RowIdentity("so is its slope in D", slope.xreplace({_free[i]: _best}), sp.Integer(0))
    convex = Positivity(
        "it is strictly convex in D, and so is positive elsewhere",
        sp.diff(slope, _free[i]).xreplace(_interior),
    )
    wrong = total(both / 2 * _bernoulli(other, rest))
    reverse = other * sp.log(other / _best) + rest * sp.log(rest / (1 - _best))
    return Derivation(
        "A3",
        "another discriminator loses the Bernoulli divergence from D*, and never gains",
        "every N, every base measure, all densities positive, every D; integrals alike",
        (
            Step(
                "Compare a discriminator with the best one, trajectory by trajectory.",
                r"p \log\frac{D^*}{D} + q \log\frac{1 - D^*}{1 - D}",
            ),
        ),
        (gap, zero, flat, convex),
        (
            gap.twin("half the weight", "½(p + q) for p + q", rhs=wrong),
            gap.twin("KL reversed", "KL(Ber(D)‖Ber(D*))", rhs=total(both * reverse)),
            flat.twin(
                "at ½",
                "said to be least at D = ½",
                lhs=slope.xreplace({_free[i]: sp.Rational(1, 2)}),
            ),
            convex.twin("concave", "the divergence negated", expr=-convex.expr),
        ),
    )


def A7() -> Derivation:
    """Derive that an unconstrained cost learns the data's density, whatever the generator's is."""
    guess = probability().xreplace({c: cost_row})
    slope = partial(_loss(guess, sp.together(1 - guess)), cost_row).xreplace(_by_model)
    chance = m[i] / (m[i] + q[i])
    stationary = RowIdentity("∂L_D/∂c = h (p − m)(1 − D)", slope, h[i] * (p[i] - m[i]) * (1 - chance))
    learned = RowIdentity(
        "its only zero is m = p, and no q is left in it", only_zero(canonical(slope), m[i]), p[i]
    )
    gap = RowIdentity(
        "D − D* = q (m − p)/((m + q)(p + q)), so that D = D* if and only if m = p where q > 0",
        chance - _best,
        q[i] * (m[i] - p[i]) / ((m[i] + q[i]) * (p[i] + q[i])),
    )
    convex = Positivity(
        "L_D is strictly convex in the cost of each trajectory",
        sp.diff(partial(_loss(guess, sp.together(1 - guess)), cost_row), cost_row).xreplace(_by_model),
    )
    unseen = RowIdentity(
        "where q = 0 the slope is 0 for every cost: c is not identified there",
        canonical(slope).xreplace({q[i]: sp.Integer(0)}),
        sp.Integer(0),
    )
    endless = Positivity(
        "where p = 0 < q the loss falls with c for ever", -canonical(slope).xreplace({p[i]: sp.Integer(0)})
    )
    return Derivation(
        "A7",
        "the optimum is e^{−c−b} = p, for every generator",
        "every N, every base measure, unconstrained cost, every q > 0",
        (
            Step(
                "Differentiate in the cost of one trajectory, and write c = −b − log m.",
                rf"\frac{{\partial L_D}}{{\partial c_i}} = {sp.latex(sp.factor(canonical(slope)))}",
            ),
        ),
        (stationary, learned, gap, convex, unseen, endless),
        (
            stationary.twin("no 1 − D", "the likelihood's residual", rhs=h[i] * (p[i] - m[i])),
            stationary.twin("D for 1 − D", "the other weight", rhs=h[i] * (p[i] - m[i]) * chance),
            learned.twin("density ratio", "m = p/q, as without log q in the logit", rhs=p[i] / q[i]),
            gap.twin("sign", "D* − D", lhs=_best - chance),
            endless.twin("rises", "the loss said to rise with c", expr=-endless.expr),
        ),
    )


def A10() -> Derivation:
    """Derive m* = p q̂/q when samples come from q but q̂ enters the logit."""

    def slope(expert: Expr, scored: Expr) -> Expr:
        guess = probability(scored).xreplace({c: cost_row})
        loss = total(h[i] * (expert * -sp.log(guess) + q[i] * -sp.log(sp.together(1 - guess))))
        return partial(loss, cost_row)

    def optimum(expert: Expr, scored: Expr) -> Expr:
        return only_zero(canonical(slope(expert, scored).xreplace(_by_model)), m[i])

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
