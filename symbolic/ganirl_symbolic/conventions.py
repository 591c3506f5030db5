"""I: conventions of the loss: its scale, its labels, their smoothing."""

from __future__ import annotations

from .algebra import canonical, derivative, merge
from .discriminator import BATCH
from .proof import Derivation, Step
from .statements import Positivity, RowIdentity, SumIdentity
from .symbols import (
    D,
    E_p,
    E_q,
    Expr,
    b,
    c,
    complement,
    cost_row,
    dc,
    discriminator_loss,
    i,
    log_partition,
    logit,
    m,
    model,
    p,
    population,
    probability,
    q,
    sp,
    theta,
    w_p,
    w_q,
)

rows_p, rows_q, count, ratio = sp.symbols("n_p n_q n nu", positive=True)
smoothing = sp.Symbol("epsilon", positive=True)


def pooled(n_p: Expr, n_q: Expr) -> Expr:
    """Return one mean over n_p + n_q rows, whose sides have the weights w^p and w^q."""
    return (n_p * E_p(-sp.log(D)) + n_q * E_q(-sp.log(complement()))) / (n_p + n_q)


def _row_slope(loss: Expr, order: int = 1) -> Expr:
    """Derivative of a loss's summand in the cost of one trajectory, with c = −b − log m."""
    summand = merge(loss)[0].xreplace({c: cost_row})
    return sp.diff(summand, cost_row, order).xreplace({cost_row: -b - sp.log(m[i])})


def _in_population(expr: Expr) -> Expr:
    return expr.xreplace({w_p[i]: p[i], w_q[i]: q[i]})


def I1() -> Derivation:
    """Derive what one mean over all rows does to values, gradients and log Z."""
    loss, scaled = discriminator_loss(), pooled(rows_p, rows_q)
    half = SumIdentity("at n_p = n_q the pooled mean is ½ L_D", pooled(count, count), loss / 2)
    slope = SumIdentity(
        "and its gradient half that of L_D",
        derivative(pooled(count, count), theta),
        derivative(loss, theta) / 2,
    )
    best = rows_p * w_p[i] * q[i] / (rows_q * w_q[i])
    optimum = RowIdentity(
        "on each trajectory the pooled mean is stationary where m/q = n_p w^p/(n_q w^q): in the population "
        "ℓ* = log(n_p p/(n_q q))",
        canonical(_row_slope(scaled)).xreplace({m[i]: best}),
        sp.Integer(0),
    )
    convex = Positivity("there alone: it is strictly convex in the cost", _row_slope(scaled, 2))
    at_data = {p[i]: rows_q / rows_p * model}
    fitted = SumIdentity(
        "in the population m = p n_p/n_q is stationary in θ, whatever the features",
        population(derivative(scaled, theta)).xreplace(at_data),
        sp.Integer(0),
    )
    fitted_b = SumIdentity("and in b", population(derivative(scaled, b)).xreplace(at_data), sp.Integer(0))
    moved = {b: log_partition + sp.log(rows_q / rows_p)}
    shift = RowIdentity(
        "m = p_θ n_p/n_q is b = log Z + log(n_q/n_p)",
        model.xreplace(moved),
        rows_p / rows_q * sp.exp(-c - log_partition),
    )
    balance = RowIdentity(
        "at q = p, D is then n_p/(n_p + n_q) everywhere, not ½",
        D.xreplace({q[i]: rows_q / rows_p * model}),
        rows_p / (rows_p + rows_q),
    )
    noise = RowIdentity(
        "D at b + log ν is m/(m + νq): the pooled mean is noise contrast with ν = n_q/n_p",
        D.xreplace({b: b + sp.log(ratio)}),
        probability(ratio * q[i]),
    )
    return Derivation(
        "I1",
        "one mean over all rows: half the loss for equal counts, else log Z moves by log(n_q/n_p)",
        BATCH,
        (
            Step(
                "Take one mean over the n_p + n_q rows of both sides.",
                r"\frac{n_p E_p[-\log D] + n_q E_q[-\log(1 - D)]}{n_p + n_q}",
            ),
        ),
        (half, slope, optimum, convex, fitted, fitted_b, shift, balance, noise),
        (
            half.twin("no ½", "the pooled mean said to be L_D", rhs=loss),
            half.twin("any counts", "½ L_D for n_p ≠ n_q", lhs=scaled),
            slope.twin("no ½", "the gradient said to be that of L_D", rhs=derivative(loss, theta)),
            optimum.twin(
                "ratio inverted",
                "n_q w^p/(n_p w^q)",
                lhs=canonical(_row_slope(scaled)).xreplace(
                    {m[i]: rows_q * w_p[i] * q[i] / (rows_p * w_q[i])}
                ),
            ),
            convex.twin("concave", "the curvature negated", expr=-_row_slope(scaled, 2)),
            fitted.twin(
                "no shift",
                "m = p said to be stationary",
                lhs=population(derivative(scaled, theta)).xreplace({p[i]: model}),
            ),
            shift.twin(
                "sign of the shift",
                "b = log Z + log(n_p/n_q)",
                lhs=model.xreplace({b: log_partition + sp.log(rows_p / rows_q)}),
            ),
            balance.twin("D = ½", "½ said to mean convergence", rhs=sp.Rational(1, 2)),
            noise.twin("sign of log ν", "b − log ν", lhs=D.xreplace({b: b - sp.log(ratio)})),
        ),
    )


def I2() -> Derivation:
    """Derive what changes, and what does not, where D is the probability of the generator."""
    flipped = q[i] / (model + q[i])
    loss = E_p(-sp.log(sp.together(1 - flipped))) + E_q(-sp.log(flipped))
    swapped = E_p(-sp.log(flipped)) + E_q(-sp.log(sp.together(1 - flipped)))
    sigmoid = RowIdentity("D' = σ(−ℓ) is 1 − D", 1 / (1 + sp.exp(logit())), 1 - D)
    density = RowIdentity("that is q/(m + q)", flipped, 1 - D)
    value = SumIdentity("E_p[−log(1 − D')] + E_q[−log D'] = L_D", loss, discriminator_loss())
    slope = SumIdentity(
        "its gradient is E_p[D' c'] − E_q[(1 − D') c']",
        derivative(loss, theta),
        E_p(flipped * dc) - E_q((1 - flipped) * dc),
    )
    odds = RowIdentity(
        "its log-odds are −ℓ, so that the generator's reward is minus them",
        sp.log(flipped) - sp.log(sp.together(1 - flipped)),
        -logit(),
    )
    return Derivation(
        "I2",
        "D as the probability of the generator: the logit changes its sign, the loss does not change",
        BATCH,
        (Step("Label the generator 1 and the expert 0.", r"D' = 1 - D = \sigma(-\ell)"),),
        (sigmoid, density, value, slope, odds),
        (
            sigmoid.twin("logit kept", "σ(ℓ)", lhs=1 / (1 + sp.exp(-logit()))),
            value.twin("labels kept", "E_p[−log D'] + E_q[−log(1 − D')]", lhs=swapped),
            slope.twin(
                "D' read as D",
                "E_p[(1 − D')c'] − E_q[D' c']",
                rhs=E_p((1 - flipped) * dc) - E_q(flipped * dc),
            ),
            odds.twin("reward kept", "log D' − log(1 − D') paid to the generator", rhs=logit()),
        ),
    )


def I3() -> Derivation:
    """Derive what one-sided label smoothing learns in place of p."""
    eased = -(1 - smoothing) * sp.log(D) - smoothing * sp.log(complement())
    loss = E_p(eased) + E_q(-sp.log(complement()))
    slope = canonical(_row_slope(loss))
    best = (1 - smoothing) * w_p[i] * q[i] / (w_q[i] + smoothing * w_p[i])
    law, both = _in_population(best), smoothing * (E_q(-sp.log(D)) - E_q(-sp.log(complement())))
    stationary = RowIdentity(
        "on each trajectory the loss is stationary at m* = (1 − ε) w^p q/(w^q + ε w^p)",
        slope.xreplace({m[i]: best}),
        sp.Integer(0),
    )
    convex = Positivity("there alone: it is strictly convex in the cost", _row_slope(loss, 2))
    short = RowIdentity(
        "in the population m* = (1 − ε) pq/(q + εp), which falls short of p by εp(p + q)/(q + εp)",
        p[i] - law,
        smoothing * p[i] * (p[i] + q[i]) / (q[i] + smoothing * p[i]),
    )
    positive = Positivity("so that m* < p wherever p > 0, for every ε > 0", p[i] - law)
    return Derivation(
        "I3",
        "one-sided label smoothing learns (1 − ε) pq/(q + εp) in place of p",
        BATCH + "; unconstrained cost, 0 < ε < 1",
        (
            Step(
                "Give the expert's rows the label 1 − ε.",
                r"E_p[-(1 - \varepsilon)\log D - \varepsilon\log(1 - D)] + E_q[-\log(1 - D)]",
            ),
        ),
        (stationary, convex, short, positive),
        (
            stationary.twin("harmless", "m* = p q/q", lhs=slope.xreplace({m[i]: w_p[i] * q[i] / w_q[i]})),
            stationary.twin(
                "both sides smoothed",
                "the generator's labels ε, too",
                lhs=canonical(_row_slope(loss + both)).xreplace({m[i]: best}),
            ),
            stationary.twin(
                "no ε p", "(1 − ε) p", lhs=slope.xreplace({m[i]: (1 - smoothing) * w_p[i] * q[i] / w_q[i]})
            ),
            convex.twin("concave", "the curvature negated", expr=-_row_slope(loss, 2)),
            short.twin("constant factor", "m* = (1 − ε) p", rhs=smoothing * p[i]),
            positive.twin("m* > p", "the difference negated", expr=law - p[i]),
        ),
    )
