"""F, continued: expectations over samples, to the order in 1/n that is claimed, with what is left bounded."""

from __future__ import annotations

from collections.abc import Callable

from .algebra import derivative
from .instance import UNIT_DATA, UNIT_EXPERT, UNIT_MODEL
from .moments import (
    UNIT_GENERATOR_WEIGHTS,
    UNIT_SAMPLER,
    MomentIdentity,
    Sample,
    covariance,
    moment,
    n,
    tilted_moment,
)
from .partition import EVERY_DENSITY, boltzmann, x
from .proof import Derivation, Step
from .statements import Positivity, RowIdentity
from .symbols import (
    D,
    E_p,
    E_q,
    Expr,
    dc,
    discriminator_loss,
    h,
    i,
    mass_p,
    mass_q,
    model,
    p,
    q,
    sp,
    theta,
    total,
    w_p,
    w_q,
)

EVERY_SAMPLER = EVERY_DENSITY + "; q is any exact sampling density, μ = ½(p + q) too; every n"

_deviation = [Sample(h[i] * q[i], x - 1)]
_epsilon = sp.Symbol("epsilon", positive=True)


def _centred(order: int) -> Expr:
    """E_q[(w/Z − 1)^order]."""
    return total(h[i] * q[i] * (x - 1) ** order)


_KAPPA = (
    (_centred(0), sp.Integer(1)),
    (_centred(1), sp.Integer(0)),
    *((_centred(order), sp.Symbol(f"kappa_{order}", real=True)) for order in range(2, 7)),
)


_MASSES = ((mass_p, sp.Integer(1)), (mass_q, sp.Integer(1)))


def F4() -> Derivation:
    """Derive the bias of log Ẑ to 1/n², with what is left of order 1/n³."""
    given = (UNIT_MODEL, UNIT_SAMPLER)
    cv2, skew, fourth, fifth, sixth = (_centred(order) for order in (2, 3, 4, 5, 6))
    first = -cv2 / (2 * n)
    second = (skew / 3 - 3 * cv2**2 / 4) / n**2
    third = -(fourth - 3 * cv2**2) / (4 * n**3)
    expanded = MomentIdentity(
        "E[−ε²/2 + ε³/3 − ε⁴/4] = −CV²/2n + (κ₃/3 − ¾CV⁴)/n² − (κ₄ − 3CV⁴)/4n³",
        -moment(2, _deviation) / 2 + moment(3, _deviation) / 3 - moment(4, _deviation) / 4,
        first + second + third,
        given,
        _KAPPA,
    )
    odd = MomentIdentity(
        "E[ε⁵] is of order n⁻³",
        moment(5, _deviation),
        10 * cv2 * skew / n**3 + (fifth - 10 * cv2 * skew) / n**4,
        given,
        _KAPPA,
    )
    even = MomentIdentity(
        "E[ε⁶] is of order n⁻³",
        moment(6, _deviation),
        15 * cv2**3 / n**3
        + (15 * fourth * cv2 + 10 * skew**2 - 45 * cv2**3) / n**4
        + (sixth - 15 * fourth * cv2 - 10 * skew**2 + 30 * cv2**3) / n**5,
        given,
        _KAPPA,
    )
    series = [(-1) ** (order + 1) * _epsilon**order / order for order in range(1, 6)]
    rest = RowIdentity(
        "log(1 + ε) less its series to ε⁵ has the derivative −ε⁵/(1 + ε)",
        sp.diff(sp.log(1 + _epsilon) - sp.Add(*series), _epsilon),
        -(_epsilon**5) / (1 + _epsilon),
    )
    y = sp.Symbol("y", positive=True)
    bend = Positivity(
        "−log is convex, so that E[log Ẑ] ≤ log E[Ẑ] = log Z for every n",
        sp.diff(-sp.log(y), y, 2).xreplace({y: x}),
    )
    return Derivation(
        "F4",
        "E[log Ẑ_n] = log Z − CV²/2n + (κ₃/3 − ¾CV⁴)/n² + O(n⁻³), never above log Z",
        EVERY_SAMPLER + "; N finite, so that weights are bounded away from 0",
        (
            Step(
                "The mean of n weights over Z is 1 + ε; the generating function of ε is a power. Write "
                "κ_j = E(w/Z − 1)^j.",
                r"\mathbb{E}\,e^{t\varepsilon} = \Big(\sum h\,q\,e^{t(w/Z - 1)/n}\Big)^{n}",
            ),
            Step(
                "What the series leaves is, by its derivative, at most this; its expectation is of order n⁻³.",
                r"\frac{\varepsilon^6}{6 \min(1, \min w/Z)^6}",
            ),
        ),
        (expanded, odd, even, rest, bend),
        (
            expanded.twin("unbiased", "said to be no bias", rhs=sp.Integer(0)),
            expanded.twin("no ½", "−CV²/n", rhs=2 * first + second + third),
            expanded.twin("½ for ¾", "(κ₃/3 − ½CV⁴)/n²", rhs=first + (skew / 3 - cv2**2 / 2) / n**2 + third),
            odd.twin("n⁻²", "10 κ₂κ₃ at the order before", rhs=10 * cv2 * skew / n**2),
            rest.twin("order 4", "the series to ε⁴ said to leave as much", rhs=_epsilon**4 / (1 + _epsilon)),
        ),
    )


def F5() -> Derivation:
    """Derive the bias of the self-normalised gradient to 1/n."""
    given = (UNIT_MODEL, UNIT_SAMPLER)
    (sample,) = _deviation
    top = x * dc
    exact = total(h[i] * model * dc)
    cv2, skew, fourth = (_centred(order) for order in (2, 3, 4))
    letters = (
        *_KAPPA,
        (exact, sp.Symbol("g", real=True)),
        *((total(h[i] * q[i] * top * (x - 1) ** j), sp.Symbol(f"g_{j}", real=True)) for j in (1, 2, 3)),
        (total(h[i] * q[i] * x**2 * dc), sp.Symbol("s", real=True)),
        (total(h[i] * q[i] * x**2), sp.Symbol("s_0", real=True)),
    )
    tilted = total(h[i] * q[i] * x**2 * dc) - exact * total(h[i] * q[i] * x**2)
    first = -tilted / n
    second = (total(h[i] * q[i] * top * (x - 1) ** 2) - exact * cv2) / n**2
    expanded = MomentIdentity(
        "E[A(1 − ε + ε²)] = E_{p_θ}[c'] − E_q[(w/Z)²(c' − E_{p_θ}[c'])]/n + O(n⁻²)",
        tilted_moment(0, sample, top) - tilted_moment(1, sample, top) + tilted_moment(2, sample, top),
        exact + first + second,
        given,
        letters,
    )
    cubic = MomentIdentity(
        "E[Aε³] is of order n⁻²",
        tilted_moment(3, sample, top),
        (n - 1) * (3 * cv2 * total(h[i] * q[i] * top * (x - 1)) + exact * skew) / n**3
        + total(h[i] * q[i] * top * (x - 1) ** 3) / n**3,
        given,
        letters,
    )
    quartic = MomentIdentity(
        "E[ε⁴] is of order n⁻²",
        moment(4, _deviation),
        3 * cv2**2 / n**2 + (fourth - 3 * cv2**2) / n**3,
        given,
        letters,
    )
    average = sp.Symbol("A", real=True)
    polynomial = 1 - _epsilon + _epsilon**2 - _epsilon**3
    rest = RowIdentity(
        "A/(1 + ε) = A(1 − ε + ε² − ε³) + ε⁴·A/(1 + ε), and |A/(1 + ε)| ≤ max|c'|, being an average of c'",
        average / (1 + _epsilon),
        average * polynomial + _epsilon**4 * average / (1 + _epsilon),
    )
    return Derivation(
        "F5",
        "E[Σwc'/Σw] = E_{p_θ}[c'] − E_s[(w/Z)²(c' − E_{p_θ}[c'])]/n + O(n⁻²)",
        EVERY_SAMPLER + "; c' is the derivative along any direction of θ",
        (
            Step(
                "With A the mean of w c'/Z and 1 + ε the mean of w/Z, over the same n samples, it is their ratio.",
                r"\frac{\sum_j w_j c'_j}{\sum_j w_j} = \frac{A}{1 + \varepsilon}",
            ),
        ),
        (expanded, cubic, quartic, rest),
        (
            expanded.twin("unbiased", "said to be no bias", rhs=exact),
            expanded.twin("sign", "+E_q[(w/Z)²(c' − E_{p_θ}[c'])]/n", rhs=exact - first + second),
            expanded.twin(
                "not centred", "−E_q[(w/Z)² c']/n", rhs=exact - total(h[i] * q[i] * x**2 * dc) / n + second
            ),
            rest.twin(
                "order 3",
                "ε³ for ε⁴ in what is left",
                rhs=average * polynomial + _epsilon**3 * average / (1 + _epsilon),
            ),
        ),
    )


def F8() -> Derivation:
    """Derive what stratification saves."""
    given = (UNIT_DATA, UNIT_SAMPLER)
    weight = 2 * boltzmann / (p[i] + q[i])
    expert, generator = ([total(h[i] * side[i] * weight**order) for order in (1, 2)] for side in (p, q))
    # by definition of μ, a moment under it is half the sum of those under p and q
    pooled = [(left + right) / 2 for left, right in zip(expert, generator, strict=True)]
    halves = [Sample(h[i] * side[i], weight / 2, n / 2) for side in (p, q)]
    letters = (
        *((total(h[i] * side[i]), sp.Integer(1)) for side in (p, q)),
        *(
            (total(h[i] * side[i] * value**j), sp.Symbol(f"{letter}^{{{name}}}_{j}", real=True))
            for side, name in ((p, "p"), (q, "q"))
            for value, letter in ((weight, "W"), (weight / 2, "H"))
            for j in (1, 2)
        ),
    )
    stratified = n * (moment(2, halves) - moment(1, halves) ** 2)
    variance = pooled[1] - pooled[0] ** 2
    mean = MomentIdentity(
        "half from p and half from q, the mean has the expectation of the mixture",
        moment(1, halves),
        pooled[0],
        given,
        letters,
    )
    gain = (expert[0] - generator[0]) ** 2 / 4
    saved = MomentIdentity(
        "n Var(i.i.d.) − n Var(half/half) = ¼(E_p[w] − E_q[w])², for every even n",
        variance - stratified,
        gain,
        given,
        letters,
    )
    return Derivation(
        "F8",
        "half the samples from each side have a variance smaller by (E_p[w] − E_q[w])²/4n",
        EVERY_DENSITY + "; every even n, any weights (w = e^{−c}/μ is one choice)",
        (
            Step(
                "The two halves are independent: their generating functions multiply.",
                r"\mathbb{E}\,e^{t\bar w} = \Big(\sum h\,p\,e^{tw/n}\Big)^{n/2} \Big(\sum h\,q\,e^{tw/n}\Big)^{n/2}",
            ),
            Step(
                "A moment under μ is half the sum of those under p and q; n Var of n independent samples is Var_μ(w), "
                "as in F6.",
                r"\mathbb{E}_\mu[w^j] = \tfrac12(\mathbb{E}_p[w^j] + \mathbb{E}_q[w^j])",
            ),
        ),
        (mean, saved),
        (
            saved.twin("½", "½ for ¼", rhs=2 * gain),
            saved.twin("nothing", "stratification said to change nothing", rhs=sp.Integer(0)),
            mean.twin("one side", "the expectation of the expert's half", rhs=expert[0]),
        ),
    )


def F10() -> Derivation:
    """Derive the unbiased gradient at a fixed b, and the first-order bias of a minibatch's own b̂."""
    unit = (UNIT_EXPERT, UNIT_GENERATOR_WEIGHTS)
    size = sp.Symbol("k", positive=True)

    def batch(expert: Expr, generator: Expr) -> list[Sample]:
        return [Sample(w_p[i], expert, size), Sample(w_q[i], generator, size)]

    gradient = batch((1 - D) * dc, -D * dc)
    slope = MomentIdentity(
        "at a fixed b the gradient of L_D on k + k samples has the gradient as its expectation, for every k",
        moment(1, gradient),
        derivative(discriminator_loss(), theta),
        unit,
        _MASSES,
    )
    balance, spread = batch(1 - D, -D), batch(D * (1 - D), D * (1 - D))
    noise = _variance(E_p, D, D) + _variance(E_q, D, D)
    together = -_variance(E_p, D, D * (1 - D)) - _variance(E_q, D, D * (1 - D))
    variance = MomentIdentity(
        "k Var(∂_b L_D of a minibatch) = V = Var_p(D) + Var_q(D)",
        size * (moment(2, balance) - moment(1, balance) ** 2),
        noise,
        unit,
        _MASSES,
    )
    mixed = MomentIdentity(
        "k Cov(∂_b L_D, ∂_b² L_D of a minibatch) = C = −Cov_p(D, D(1 − D)) − Cov_q(D, D(1 − D))",
        size * covariance(balance, spread),
        together,
        unit,
        _MASSES,
    )
    first, second = _root()
    g, a, A, B = _NOISE
    linear = RowIdentity("the root of a minibatch's slope, to first order in its noise", first, -g / A)
    bent = RowIdentity(
        "and its term of second order, whatever the noise of the third derivative is",
        second,
        a * g / A**2 - B * g**2 / (2 * A**3),
    )
    return Derivation(
        "F10",
        "at a fixed b a minibatch's gradient of L_D is unbiased; its own b̂ is biased by (C/A² − BV/2A³)/k",
        "every N, every weighting the minibatches are drawn from, every b, every k",
        (
            Step(
                "Near b* the slope of a minibatch is g + (A + a)δ + ½Bδ² + …, with noise g, a of mean 0 and size "
                "k^{−1/2}; solve it order by order.",
                r"\hat b - b^{*} = -\frac{g}{A} + \frac{a g}{A^2} - \frac{B g^2}{2 A^3} + O(k^{-3/2})",
            ),
            Step(
                "Take expectations: E[g] = 0, k E[g²] = V, k E[a g] = C.",
                r"k\,\mathbb{E}[\hat b - b^{*}] \to \frac{C}{A^2} - \frac{B V}{2 A^3}",
            ),
        ),
        (slope, variance, mixed, linear, bent),
        (
            slope.twin("pooled", "the mean over all 2k rows", lhs=moment(1, gradient) / 2),
            slope.twin("one side", "the generator's rows left out", lhs=moment(1, gradient[:1])),
            variance.twin("expert alone", "V = Var_p(D)", rhs=_variance(E_p, D, D)),
            mixed.twin("sign", "+Cov(D, D(1 − D))", rhs=-together),
            bent.twin("no curvature", "the term Bg²/2A³ left out", rhs=a * g / A**2),
        ),
        substitute="that the terms of order k^{−3/2} average to O(k⁻²) is the usual argument for M-estimators, by "
        "hand; the limit is enumerated as the second variation of b* in the weights",
    )


def _variance(mean: Callable[[Expr], Expr], f: Expr, g: Expr) -> Expr:
    """Covariance of f and g under one side's weights."""
    return mean(f * g) - mean(f) * mean(g)


_NOISE = (*sp.symbols("g a", real=True), sp.Symbol("A", positive=True), sp.Symbol("B", real=True))


def _root() -> tuple[Expr, Expr]:
    """Coefficients of λ and λ² in the root of a slope whose noise is of size λ."""
    g, a, A, B = _NOISE
    size, u, third, one, two = sp.symbols("lambda u R delta_1 delta_2", real=True)
    root = size * one + size**2 * two
    slope = size * g + (A + size * a) * root + (B + size * u) * root**2 / 2 + third * root**3 / 6
    orders = [sp.diff(slope, size, order).xreplace({size: sp.Integer(0)}) for order in (1, 2)]
    (first,) = sp.solve(orders[0], one)
    (second,) = sp.solve(orders[1], two)
    return first, second.xreplace({one: first})
