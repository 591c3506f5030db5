"""B: the optimal Z as a fixed point, as an estimate, and as a bridge. Section 3.2.1 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import canonical, derivative, merge
from .discriminator import BATCH
from .instance import BALANCED, UNIT_DATA, UNIT_EXPERT, UNIT_GENERATOR_ROWS, UNIT_MODEL
from .loss import Z, in_partition
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .symbols import (
    D,
    E_mu,
    E_p,
    E_q,
    Expr,
    b,
    c,
    discriminator_loss,
    h,
    i,
    log_partition,
    m,
    mass_p,
    mixture,
    model,
    p,
    population,
    q,
    sp,
    total,
    w_p,
    w_q,
)

_slack = sp.IndexedBase("s", positive=True)
_estimate = E_mu(sp.exp(-c) / mixture)


def _in_z(expr: Expr, order: int = 1) -> Expr:
    """∂^k/∂Z^k of a sum in which b stands for log Z, written in b again."""
    summand, frame = merge(expr)
    found = sp.diff(summand.xreplace({b: sp.log(Z)}), Z, order)
    return sp.Sum(found.xreplace({Z: sp.exp(b)}), frame)


def B4() -> Derivation:
    """Derive that the optimal Z is the fixed point of F(Z) = E_μ[e^{−c}/μ̃], which the iteration reaches."""
    loss, over_z = discriminator_loss(), sp.exp(-b)
    slope = SumIdentity("∂L_D/∂Z = 1/Z − F(Z)/Z²", _in_z(loss), over_z * mass_p - over_z**2 * _estimate)
    fixed = SumIdentity(
        "Z − F(Z) = Z ∂L_D/∂b, so that the fixed points of F are the stationary points of L_D",
        sp.exp(b) * mass_p - _estimate,
        sp.exp(b) * derivative(loss, b),
    )
    first = SumIdentity("F'(Z) = 2 E_μ[D²]", _in_z(_estimate), 2 * E_mu(D**2))
    second = SumIdentity(
        "F''(Z) = −4 E_μ[D²(1 − D)]/Z", _in_z(_estimate, 2), -4 * over_z * E_mu(D**2 * (1 - D))
    )
    rising = Positivity("F rises", merge(_in_z(_estimate))[0])
    below = Positivity("F' stays below Σ (w^p + w^q) = 2", w_p[i] + w_q[i] - merge(_in_z(_estimate))[0])
    bent = Positivity("F is strictly concave: −Z F'' > 0", -sp.exp(b) * merge(_in_z(_estimate, 2))[0])
    start, steepest, flattest = _limits()
    rate = NamedSumIdentity(
        "at Z* the slope of log F in log Z is 2 E_μ[D²]",
        sp.exp(b) * _in_z(_estimate) / _estimate,
        2 * E_mu(D**2),
        (BALANCED,),
    )
    curvature = NamedSumIdentity(
        "at Z* that rate is 1 − ∂²L_D/∂b², so that it is below 1",
        2 * E_mu(D**2),
        1 - derivative(loss, b, b),
        (BALANCED,),
    )
    least = NamedSumIdentity(
        "at Z* the rate exceeds ½ by a mean of squares",
        2 * E_mu(D**2) - sp.Rational(1, 2),
        2 * E_mu((D - sp.Rational(1, 2)) ** 2),
        (BALANCED, UNIT_EXPERT, UNIT_GENERATOR_ROWS),
    )
    return Derivation(
        "B4",
        "the optimal Z is the fixed point of the self-consistent estimate",
        BATCH,
        (
            Step(
                "Take Z itself for the parameter, and call the paper's estimate F.",
                r"F(Z) = E_\mu\left[e^{-c}/\tilde\mu_Z\right], \quad \tilde\mu_Z = \tfrac12(e^{-c}/Z + q)",
            ),
            Step(
                "F(Z) − Z is −Z ∂L_D/∂b: positive below Z*, negative above (B3). F rises, so that a step from "
                "below Z* stays below it, and from above it above: the iteration is monotone and bounded.",
                r"Z < Z^* \Rightarrow Z < F(Z) < F(Z^*) = Z^*",
            ),
        ),
        (
            slope,
            fixed,
            first,
            second,
            rising,
            below,
            bent,
            RowIdentity("F(0+) = 0", start, sp.Integer(0)),
            RowIdentity("F'(0+) = Σ (w^p + w^q) = 2", steepest, w_p[i] + w_q[i]),
            RowIdentity("F'(∞) = 0 where q > 0: F leaves the diagonal once", flattest, sp.Integer(0)),
            rate,
            curvature,
            least,
        ),
        (
            slope.twin(
                "mixture without its ½", "F(Z)/2 for F(Z)", rhs=over_z * mass_p - over_z**2 * _estimate / 2
            ),
            slope.twin("1/Z once", "1/Z − F(Z)/Z", rhs=over_z * mass_p - over_z * _estimate),
            first.twin("mixture held", "F' = 0 if μ̃ did not move with Z", rhs=0 * mass_p),
            first.twin("no square", "2 E_μ[D]", rhs=2 * E_mu(D)),
            second.twin("no 1 − D", "−4 E_μ[D²]/Z", rhs=-4 * over_z * E_mu(D**2)),
            rate.twin("at any Z", "said of every Z", given=()),
            curvature.twin("rate ∂²L_D/∂b²", "the complement taken for the rate", rhs=derivative(loss, b, b)),
            bent.twin("convex", "F'' said to be positive", expr=-bent.expr),
            below.twin(
                "bound ½", "F' said to stay below ½", expr=below.expr - sp.Rational(3, 4) * (w_p[i] + w_q[i])
            ),
        ),
        substitute="that a bounded monotone sequence converges, to a fixed point of the continuous F, is analysis; "
        "the enumeration takes one step from either side, and a test iterates to the end",
    )


def _limits() -> tuple[Expr, Expr, Expr]:
    """Limits of the summands of F as Z → 0, and of F' as Z → 0 and Z → ∞."""
    value, slope = in_partition(_estimate), in_partition(_in_z(_estimate))
    return (
        sp.limit(value, Z, 0, "+"),
        sp.limit(slope, Z, 0, "+"),
        sp.limit(slope, Z, sp.oo),
    )


def B5() -> Derivation:
    """Derive what holds at the optimal log Z, in three forms."""
    slope = derivative(discriminator_loss(), b)
    half = SumIdentity("2 E_μ[D] − 1 = −∂L_D/∂b", 2 * E_mu(D) - mass_p, -slope)
    means = SumIdentity("E_p[D] + E_q[D] − 1 = −∂L_D/∂b", E_p(D) + E_q(D) - mass_p, -slope)
    rates = SumIdentity("false negatives minus false positives = ∂L_D/∂b", E_p(1 - D) - E_q(D), slope)
    return Derivation(
        "B5",
        "at b*: E_μ[D] = ½, mean D(expert) + mean D(generator) = 1, false negatives = false positives",
        BATCH,
        (
            Step(
                "Each of the three differs from its stated value by the slope of L_D in b, "
                "so that each holds if and only if b = b*.",
                r"\frac{\partial L_D}{\partial b}\Big|_{b^*} = 0",
            ),
        ),
        (half, means, rates),
        (
            half.twin("E_μ[D] = 1", "the ½ dropped", lhs=E_mu(D) - mass_p),
            means.twin("difference of means", "E_p[D] − E_q[D] for the sum", lhs=E_p(D) - E_q(D) - mass_p),
            rates.twin("q-side negated", "E_p[1 − D] + E_q[D]", lhs=E_p(1 - D) + E_q(D)),
        ),
    )


def B6() -> Derivation:
    """Derive what the optimal Z says of the true one."""
    slope = population(derivative(discriminator_loss(), b))
    offset = sp.exp(log_partition - b)
    p_model = sp.exp(-c - log_partition)
    missed = total(h[i] * p_model * (1 - D))
    ratio = SumIdentity(
        "E_p[1 − D] − (Z_θ/Z) E_{p_θ}[1 − D] = ∂L_D/∂b, so that Z*/Z_θ = E_{p_θ}[1 − D]/E_p[1 − D]",
        total(h[i] * p[i] * (1 - D)) - offset * missed,
        slope,
    )
    residual = SumIdentity(
        "∂L_D/∂b = Σ h (p − m)(1 − D), where m = p_θ at b = log Z_θ; by B3 it is 0 there if and only if Z* = Z_θ",
        slope,
        total(h[i] * (p[i] - model) * (1 - D)),
    )
    generator = NamedSumIdentity(
        "at q = p_θ it is 0 for every p",
        slope.xreplace({q[i]: model}),
        sp.Integer(0),
        (UNIT_DATA, UNIT_MODEL),
    )
    data = SumIdentity("at p = p_θ it is 0 for every q", slope.xreplace({p[i]: model}), sp.Integer(0))
    most = sp.Symbol("M", positive=True)
    bound = Positivity(
        "if p_θ ≤ M p then E_{p_θ}[1 − D] ≤ M E_p[1 − D], summand by summand (and for the least M likewise)",
        h[i] * (most * p[i] - (most * p[i] - _slack[i])) * q[i] / (m[i] + q[i]),
    )
    return Derivation(
        "B6",
        "Z* is the true Z_θ if and only if Σ h (p − p_θ)(1 − D) = 0",
        "every N, every base measure, all densities",
        (
            Step(
                "Write the slope with detailed balance, q D = m (1 − D).",
                r"\frac{\partial L_D}{\partial b} = E_p[1 - D] - E_q[D]"
                r" = E_p[1 - D] - \frac{Z_\theta}{Z} E_{p_\theta}[1 - D]",
            ),
        ),
        (ratio, residual, generator, data, bound),
        (
            ratio.twin("D for 1 − D", "E_p[D] and E_{p_θ}[D]", lhs=_with_d(p_model, offset)),
            ratio.twin("Z* = Z_θ", "the ratio said to be 1", lhs=total(h[i] * p[i] * (1 - D)) - missed),
            residual.twin("no 1 − D", "Σ h (p − m)", rhs=total(h[i] * (p[i] - model))),
            generator.twin("any generator", "said of every q", lhs=slope),
            data.twin("any data", "said of every p", lhs=slope),
            bound.twin("p_θ above M p", "the inequality reversed", expr=-bound.expr),
        ),
    )


def _with_d(p_model: Expr, offset: Expr) -> Expr:
    return total(h[i] * p[i] * D) - offset * total(h[i] * p_model * D)


def B7() -> Derivation:
    """Derive that L_D, convex in log Z, is not convex in Z, yet has one minimum."""
    loss = discriminator_loss()
    slope, curvature = derivative(loss, b), derivative(loss, b, b)
    chain = SumIdentity("∂L_D/∂Z = (∂L_D/∂b)/Z: the signs are the same", _in_z(loss), sp.exp(-b) * slope)
    second = SumIdentity(
        "∂²L_D/∂Z² = (∂²L_D/∂b² − ∂L_D/∂b)/Z²", _in_z(loss, 2), sp.exp(-2 * b) * (curvature - slope)
    )
    bent = in_partition(sp.exp(2 * b) * _in_z(loss, 2))
    end = RowIdentity(
        "as Z → ∞ each summand of Z² ∂²L_D/∂Z² tends to −w^p where q > 0 (and is 0 where q = 0 = w^q), "
        "so that L_D is concave in Z far out",
        sp.limit(bent, Z, sp.oo),
        -w_p[i],
    )
    outside = RowIdentity(
        "where q = 0 = w^q the summand is 0",
        canonical(bent.xreplace({q[i]: sp.Integer(0), w_q[i]: sp.Integer(0)})),
        sp.Integer(0),
    )
    start = RowIdentity("as Z → 0 it tends to w^q: L_D is convex there", sp.limit(bent, Z, 0, "+"), w_q[i])
    monotone = Positivity("Z rises with log Z, so that L_D falls up to Z* and rises after it", sp.exp(b))
    return Derivation(
        "B7",
        "L_D is not convex in Z, but falls and then rises",
        BATCH + "; concave far out wherever p{q > 0} > 0",
        (
            Step(
                "Change the variable from log Z to Z.",
                r"\frac{\partial}{\partial Z} = \frac1Z \frac{\partial}{\partial b}",
            ),
        ),
        (chain, second, start, end, outside, monotone),
        (
            second.twin("convexity carried over", "∂²L_D/∂b² over Z²", rhs=sp.exp(-2 * b) * curvature),
            chain.twin("no 1/Z", "∂L_D/∂b itself", rhs=slope),
            end.twin("convex", "said to tend to +w^p", rhs=w_p[i]),
            start.twin("limits exchanged", "−w^p at Z → 0", rhs=-w_p[i]),
            outside.twin("convex", "w^p where q = 0", rhs=w_p[i]),
        ),
    )


def B8() -> Derivation:
    """Derive that ∂L_D/∂b = 0 is the equation of the acceptance ratio, and L_D noise contrast's objective."""
    loss = discriminator_loss()
    slope = derivative(loss, b)
    odds = sp.exp(-c) / q[i]  # ratio of the unnormalised densities
    work = -sp.log(odds)

    def fermi(x: Expr) -> Expr:
        return 1 / (1 + sp.exp(x))

    ratio = SumIdentity(
        "Bennett: E_p[f(log r − b)] − E_q[f(b − log r)] = ∂L_D/∂b, r = e^{−c}/q and f(x) = 1/(1 + e^x)",
        E_p(fermi(-work - b)) - E_q(fermi(b + work)),
        slope,
    )
    half = sp.Rational(1, 2)
    bridge = SumIdentity(
        "Meng and Wong: Z E_p[1/(½r + ½Z)] − E_q[r/(½r + ½Z)] = 2 ∂L_D/∂b",
        sp.exp(b) * E_p(1 / (half * odds + half * sp.exp(b))) - E_q(odds / (half * odds + half * sp.exp(b))),
        2 * slope,
    )
    alpha = sp.IndexedBase(r"\alpha", positive=True)[i]
    any_bridge = SumIdentity(
        "if the data were drawn from p_θ, Z_θ E_p[q α] = E_q[e^{−c} α] for any function α: "
        "that is what makes it an estimator of Z_θ",
        sp.exp(log_partition) * total(h[i] * sp.exp(-c - log_partition) * q[i] * alpha),
        total(h[i] * q[i] * sp.exp(-c) * alpha),
    )
    contrast = SumIdentity(
        "Gutmann and Hyvärinen: with G = log m − log q and as much noise as data, L_D is minus their objective",
        loss,
        -E_p(sp.log(_posterior(1))) - E_q(sp.log(1 - _posterior(1))),
    )
    return Derivation(
        "B8",
        "Z* is the acceptance-ratio estimate of Z_θ, and L_D is noise-contrastive estimation",
        BATCH + "; the data stand for draws of p_θ, which they are only if the cost is well specified",
        (
            Step(
                "D is the Fermi function of b − log r, the work of going from q to e^{−c} less log Z.",
                r"D = f(b - \log r), \quad 1 - D = f(\log r - b), \quad r = e^{-c}/q",
            ),
        ),
        (ratio, bridge, any_bridge, contrast),
        (
            ratio.twin(
                "sign of the work", "f(−x) for f(x)", lhs=E_p(fermi(work + b)) - E_q(fermi(-b - work))
            ),
            ratio.twin(
                "one-sided",
                "1 − E_q[r]/Z, importance sampling from q alone",
                lhs=mass_p - sp.exp(-b) * E_q(odds),
            ),
            bridge.twin(
                "geometric bridge",
                "α = (r Z)^{−½} for 1/(½r + ½Z)",
                lhs=sp.exp(b) * E_p(1 / sp.sqrt(odds * sp.exp(b))) - E_q(odds / sp.sqrt(odds * sp.exp(b))),
            ),
            any_bridge.twin(
                "other data",
                "said of data that are not p_θ's",
                lhs=sp.exp(log_partition) * total(h[i] * p[i] * q[i] * alpha),
            ),
            contrast.twin(
                "twice the noise",
                "two rows of noise for one of data, ν = 2",
                rhs=-E_p(sp.log(_posterior(2))) - 2 * E_q(sp.log(1 - _posterior(2))),
            ),
        ),
    )


def _posterior(noise: int) -> Expr:
    """1/(1 + ν e^{−G}), G = log m − log q, for ν rows of noise a row of data."""
    return 1 / (1 + noise * sp.exp(c + b + sp.log(q[i])))
