"""B: how the optimal log Z moves with the costs, and how flat the loss is at the optimum."""

from __future__ import annotations

from .algebra import derivative, partial
from .discriminator import BATCH
from .optimal_discriminator import only_zero
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
    cost_row,
    dc,
    discriminator_loss,
    h,
    i,
    k,
    m,
    mass_p,
    mass_q,
    p,
    population,
    q,
    sp,
    theta,
    total,
    w_p,
    w_q,
)

_by_model = {cost_row: -b - sp.log(m[i])}
_x = sp.IndexedBase("x", positive=True)
_y = sp.IndexedBase("y", positive=True)


def B9() -> Derivation:
    """Derive how b* moves with the costs, from the equation that it solves."""
    slope = E_p(1 - D) - E_q(D)  # ∂L_D/∂b, by B2
    curvature = derivative(slope, b)
    spread = D * (1 - D)
    weight = (w_p[i] + w_q[i]) * m[i] * q[i] / (m[i] + q[i]) ** 2
    by_row = slope.xreplace({c: cost_row})
    entry = RowIdentity(
        "the derivative of the slope in the cost of one row is that row's summand of ∂²L_D/∂b², so that "
        "∂b*/∂c_i = −(w^p + w^q)D(1 − D) over the sum of that",
        partial(by_row, cost_row).xreplace(_by_model),
        weight,
    )
    in_log_q = RowIdentity(
        "so is the derivative in log q_i, while the weights stay",
        q[i] * partial(by_row, q[i]).xreplace(_by_model),
        weight,
    )
    positive = Positivity(
        "that weight is positive: b* falls with every cost, at most as fast as the costs", weight
    )
    shifted = derivative(slope.xreplace({c: c + k}), k).xreplace({k: sp.Integer(0)})
    translation = SumIdentity(
        "a constant in the cost acts like b, so that b*(c + k) = b*(c) − k", shifted, curvature
    )
    along = SumIdentity(
        "along c', db*/dθ · ∂²L_D/∂b² = −2E_μ[D(1 − D)c']", -derivative(slope, theta), -2 * E_mu(spread * dc)
    )
    rate, ddc = sp.Symbol("b'", real=True), sp.Derivative(c, theta, theta)
    skewed = 2 * E_mu(spread * (1 - 2 * D) * (dc + rate) ** 2)
    bend = SumIdentity(
        "once more: with b' = db*/dθ, d²b*/dθ² · ∂²L_D/∂b² = 2E_μ[D(1 − D)(1 − 2D)(c' + b')²] − 2E_μ[D(1 − D)c''], "
        "of either sign",
        -(
            derivative(slope, theta, theta)
            + 2 * rate * derivative(slope, theta, b)
            + rate**2 * derivative(slope, b, b)
        ),
        skewed - 2 * E_mu(spread * ddc),
    )
    mirrored = slope.xreplace({c: -c - 2 * sp.log(q[i]), b: -b})
    odd = SumIdentity(
        "turning the sign of c + log q and of b turns that of the slope (up to Σw^p − Σw^q = 0): b* is odd in "
        "c + log q, and an odd function is convex only if it is linear",
        mirrored + slope,
        mass_p - mass_q,
    )
    return Derivation(
        "B9",
        "b* falls with the costs, by weights that sum to one, and is not convex",
        BATCH + ", at b = b*; c' is the derivative along any direction of θ",
        (
            Step(
                "b* solves E_p[1 − D] − E_q[D] = 0 (B2), whose derivative in b is positive (B3): differentiate it.",
                r"\frac{\partial b^*}{\partial c_i} = -\frac{\partial_{c_i} \partial_b L_D}{\partial_b^2 L_D}",
            ),
            Step(
                "Weights that are positive and sum to one make a mean of every change of the costs.",
                r"-\max_i \delta_i \le b^*(c + \delta) - b^*(c) \le -\min_i \delta_i",
            ),
        ),
        (entry, in_log_q, positive, translation, along, bend, odd),
        (
            entry.twin("no 1 − D", "(w^p + w^q) D", rhs=(w_p[i] + w_q[i]) * m[i] / (m[i] + q[i])),
            entry.twin("sign", "b* said to rise with the cost", rhs=-weight),
            in_log_q.twin("log q harmless", "said not to move b*", rhs=sp.Integer(0)),
            along.twin("weights D", "−2E_μ[D c'], as in the frozen gradient", rhs=-2 * E_mu(D * dc)),
            bend.twin("affine", "−2E_μ[D(1 − D)c''] alone", rhs=-2 * E_mu(spread * ddc)),
            bend.twin("no 1 − 2D", "the sign of D − ½ ignored", rhs=2 * E_mu(spread * (dc + rate) ** 2)),
            odd.twin("even", "b* said to be even", lhs=mirrored - slope),
            positive.twin("negative", "the weight negated", expr=-weight),
        ),
        substitute="that b* is not linear, and so not convex, is a matter of one example: in the enumeration its "
        "second derivative is not zero. It is linear for two rows that carry half of the mixture each",
    )


def B10() -> Derivation:
    """Derive the curvature at a well-specified optimum, and that it dies out with the horizon."""
    slope, curvature = (population(derivative(discriminator_loss(), *([b] * order))) for order in (1, 2))
    fitted = {c: -b - sp.log(p[i])}
    shared = p[i] * q[i] / (p[i] + q[i])
    flat = SumIdentity("at m = p the slope in b is 0, so that b = b*", slope.xreplace(fitted), sp.Integer(0))
    value = SumIdentity(
        "at m = p ∂²L_D/∂b² = Σ h pq/(p + q)", curvature.xreplace(fitted), total(h[i] * shared)
    )
    x, y = _x[i], _y[i]
    gap = RowIdentity(
        "with p = x², q = y²: ½√(pq) exceeds pq/(p + q) by a square, so that ∂²L_D/∂b² ≤ ½ Σ h √(pq)",
        x * y / 2 - x**2 * y**2 / (x**2 + y**2),
        x * y * (x - y) ** 2 / (2 * (x**2 + y**2)),
    )
    s, u, v = sp.symbols("s u v", positive=True)
    chance = p[i] / (p[i] + q[i])
    share = RowIdentity(
        "log of pq/(p + q) over p^s q^(1−s) is (1−s) log D* + s log(1 − D*)",
        sp.log(shared) - s * sp.log(p[i]) - (1 - s) * sp.log(q[i]),
        (1 - s) * sp.log(chance) + s * sp.log(1 - chance),
    )
    free = sp.IndexedBase("D", positive=True)
    ascent = sp.diff((1 - s) * sp.log(free[i]) + s * sp.log(1 - free[i]), free[i])
    top = RowIdentity("which has its only stationary point at D* = 1 − s", only_zero(ascent, free[i]), 1 - s)
    capped = Positivity(
        "and is strictly concave, with s = u/(u + v): at most (1−s) log(1−s) + s log s, so that "
        "∂²L_D/∂b² ≤ s^s (1−s)^(1−s) Σ h p^s q^(1−s)",
        -sp.diff(ascent, free[i]).xreplace({s: u / (u + v), free[i]: x / (x + y)}),
    )
    p_step, q_step = (sp.IndexedBase(name, positive=True)[i] for name in ("p'", "q'"))

    def logs(data: Expr, generator: Expr) -> Expr:
        return s * sp.log(data) + (1 - s) * sp.log(generator)

    steps = RowIdentity(
        "p^s q^(1−s) of a step more is a product, so that its sum over T independent steps is a T-th power",
        logs(p[i] * p_step, q[i] * q_step),
        logs(p[i], q[i]) + logs(p_step, q_step),
    )
    return Derivation(
        "B10",
        "at a well-specified optimum the loss is as flat as p and q are apart",
        "every N, every base measure, all densities positive, c = −log p − b; integrals alike",
        (
            Step(
                "Differentiate L_D twice in b, then let the model be the data.",
                r"\frac{\partial^2 L_D}{\partial b^2}\Big|_{m = p} = \sum h\,\frac{p\,q}{p + q}",
            ),
        ),
        (flat, value, gap, share, top, capped, steps),
        (
            value.twin("its bound", "½ Σ h √(pq) for it", rhs=total(h[i] * sp.sqrt(p[i] * q[i]) / 2)),
            value.twin("any cost", "said of every cost", lhs=curvature),
            flat.twin("any cost", "said of every cost", lhs=slope),
            gap.twin("bound ¼", "¼√(pq) said to exceed it", lhs=x * y / 4 - x**2 * y**2 / (x**2 + y**2)),
            share.twin(
                "exponents exchanged", "p^(1−s) q^s", rhs=s * sp.log(chance) + (1 - s) * sp.log(1 - chance)
            ),
            top.twin("at s", "the stationary point said to be at D* = s", rhs=s),
            capped.twin("convex", "a minimum there", expr=-capped.expr),
        ),
        substitute="that a sum over pairs of a product is the product of the sums is summed out in the enumeration; "
        "that no bound with a smaller rate than min_s Σ h p^s q^(1−s) holds is Chernoff's theorem (1952), and is "
        "seen in a test that sums up to 3200 steps exactly",
    )
