"""S: what the discriminator's loss must not depend on."""

from __future__ import annotations

from .algebra import derivative
from .discriminator import BATCH
from .proof import Derivation, Step
from .statements import NamedSumIdentity, RowIdentity, SumIdentity
from .symbols import (
    D,
    E_p,
    E_q,
    Expr,
    complement,
    discriminator_loss,
    h,
    i,
    mass_p,
    model,
    p,
    phi,
    population,
    probability,
    q_phi,
    score,
    sp,
    total,
    w_p,
    w_q,
)


def S1() -> Derivation:
    """Derive that the discriminator's loss has no gradient in the policy's parameters."""
    live = derivative(discriminator_loss(q_phi), phi)
    guess = probability(q_phi)
    detached = SumIdentity(
        "with log q handed in as a number, ∂L_D/∂φ = 0", derivative(discriminator_loss(), phi), sp.Integer(0)
    )
    leak = SumIdentity(
        "with log q_φ left attached it would be E_p[(1 − D) s] − E_q[D s]",
        live,
        E_p((1 - guess) * score) - E_q(guess * score),
    )
    residual = SumIdentity(
        "in the population that leak is Σ h (p − m)(1 − D) s: zero at m = p, and in general not elsewhere",
        population(leak.rhs),
        total(h[i] * (p[i] - model) * (1 - guess) * score),
    )
    return Derivation(
        "S1",
        "the discriminator's loss does not train the policy",
        BATCH + "; samples and log q are data, s is the score of q_φ",
        (
            Step(
                "In L_D the generator's density is data, like its samples.",
                r"\ell = -c - b - \mathrm{sg}(\log q_\phi)",
            ),
        ),
        (detached, leak, residual),
        (
            detached.twin("attached", "log q_φ differentiated as well", lhs=live),
            leak.twin("harmless", "the leak said to vanish, like E_q[s]", rhs=0 * mass_p),
            leak.twin("generator rows only", "−E_q[D s]", rhs=-E_q(guess * score)),
            residual.twin("no 1 − D", "Σ h (p − m) s", rhs=total(h[i] * (p[i] - model) * score)),
        ),
    )


def S2() -> Derivation:
    """Derive that the loss is a function of the weighted sets of rows."""
    scale_p, scale_q = sp.symbols("alpha beta", positive=True)
    share = sp.IndexedBase("t", positive=True)[i]
    expert, generator = -sp.log(D), -sp.log(complement())

    def means(p_weight: Expr, q_weight: Expr) -> Expr:
        """Sum two weighted means."""
        left = total(p_weight * expert) / total(p_weight)
        return left + total(q_weight * generator) / total(q_weight)

    def pooled(p_weight: Expr, q_weight: Expr) -> Expr:
        """Take one weighted mean over all rows."""
        return (total(p_weight * expert) + total(q_weight * generator)) / (total(p_weight) + total(q_weight))

    scaled = NamedSumIdentity(
        "scaling the weights of a side, or repeating its rows α times, changes nothing",
        means(scale_p * w_p[i], scale_q * w_q[i]),
        means(w_p[i], w_q[i]),
    )
    split = SumIdentity(
        "splitting each row into two with shares t and 1 − t of its weight changes no sum",
        total(share * w_p[i] * expert) + total((1 - share) * w_p[i] * expert),
        E_p(expert),
    )
    w_j, w_k, f_j, f_k = (
        sp.Symbol(name, positive=name[0] == "w", real=True) for name in ("w_j", "w_k", "f_j", "f_k")
    )
    swapped = RowIdentity(
        "exchanging two rows, weights and all, changes no sum; transpositions generate every permutation",
        w_k * f_k + w_j * f_j,
        w_j * f_j + w_k * f_k,
    )
    return Derivation(
        "S2",
        "L_D does not see the order, the duplication or the scale of the rows of a side",
        "every N, every weighting, every θ and b",
        (
            Step(
                "Write L_D as the sum of two weighted means.",
                r"L_D = \frac{\sum w^p (-\log D)}{\sum w^p} + \frac{\sum w^q (-\log(1 - D))}{\sum w^q}",
            ),
        ),
        (scaled, split, swapped),
        (
            scaled.twin(
                "sums for means",
                "not divided by the total weight",
                lhs=scale_p * E_p(expert) + scale_q * E_q(generator),
                rhs=E_p(expert) + E_q(generator),
            ),
            scaled.twin(
                "pooled mean",
                "one mean over all rows, the sides scaled apart",
                lhs=pooled(scale_p * w_p[i], scale_q * w_q[i]),
                rhs=pooled(w_p[i], w_q[i]),
            ),
            split.twin("copies at full weight", "each row twice, not divided", lhs=2 * E_p(expert)),
            swapped.twin(
                "weights left behind", "rows exchanged, their weights not", lhs=w_j * f_k + w_k * f_j
            ),
        ),
    )
