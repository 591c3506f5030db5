"""E5: the generator's two losses, each alone and both together. Sections 2.1 and 3.2.3 of Finn et al. (2016)."""

from __future__ import annotations

from .algebra import derivative, partial
from .generator import POPULATION, tied
from .instance import UNIT_GENERATOR
from .proof import Derivation, Step
from .statements import NamedSumIdentity, Positivity, RowIdentity, SumIdentity
from .symbols import (
    E_q,
    Expr,
    b,
    complement,
    generator_loss,
    h,
    i,
    model,
    phi,
    population,
    probability,
    q,
    q_old,
    q_phi,
    score,
    sp,
    total,
)

ratio, kappa = sp.symbols("t kappa", positive=True)
FIRST = ratio * sp.log(1 + ratio)
SECOND = ratio * sp.log(ratio / (1 + ratio))


def _f_divergence(f: Expr) -> Expr:
    """Σ h m f(q/m)."""
    return total(h[i] * model * f.xreplace({ratio: q[i] / model}))


def _excess(loss: Expr, frozen: Expr) -> Expr:
    """Gradient of E_q[loss] with log q moving in it, less that with log q held."""
    held = derivative(tied(frozen), phi).xreplace({q_old[i]: q_phi})
    return derivative(tied(loss), phi) - held


def E5() -> Derivation:
    """Derive what E_q[−log D] and E_q[log(1 − D)] are alone, and what only their sum is."""
    non_saturating = population(E_q(-sp.log(probability())))
    saturating = population(E_q(sp.log(complement())))
    both = population(generator_loss())
    first = SumIdentity("E_q[−log D] = Σ h m f(q/m), f = t log(1 + t)", non_saturating, _f_divergence(FIRST))
    second = SumIdentity(
        "E_q[log(1 − D)] = Σ h m f(q/m), f = t log t/(1 + t)", saturating, _f_divergence(SECOND)
    )
    relative = SumIdentity(
        "their sum is Σ h m f(q/m), f = t log t: a KL (E2)", both, _f_divergence(ratio * sp.log(ratio))
    )
    bends = sp.diff(FIRST, ratio, 2), sp.diff(SECOND, ratio, 2)
    bend_1 = RowIdentity("of E_q[−log D], f'' = (t + 2)/(1 + t)²", bends[0], (ratio + 2) / (1 + ratio) ** 2)
    bend_2 = RowIdentity("of E_q[log(1 − D)], f'' = 1/(t(1 + t)²)", bends[1], 1 / (ratio * (1 + ratio) ** 2))
    bend = RowIdentity("they add up to 1/t, the curvature of the KL", sum(bends), 1 / ratio)

    def level(name: str, loss: Expr, f: Expr) -> RowIdentity:
        slope = sp.diff(f, ratio).xreplace({ratio: kappa})
        return RowIdentity(
            f"at q = κ e^{{−c−b}} the slope of {name} in q is one multiple of h in all rows: q = p_θ is stationary",
            partial(loss, q[i]).xreplace({q[i]: kappa * model}),
            h[i] * slope,
        )

    levels = (
        level("E_q[−log D]", non_saturating, FIRST),
        level("E_q[log(1 − D)]", saturating, SECOND),
    )
    guess = probability(q_phi)
    losses = -sp.log(guess), sp.log(complement(q_phi))
    excess_1 = _excess(losses[0], -sp.log(probability(q_old[i])))
    excess_2 = _excess(losses[1], sp.log(complement(q_old[i])))
    gap_1 = SumIdentity("of −log D, log q inside D adds E_q[(1 − D) s]", excess_1, tied((1 - guess) * score))
    gap_2 = SumIdentity("of log(1 − D), log q inside D adds E_q[D s]", excess_2, tied(guess * score))
    gap = SumIdentity("of their sum it adds E_q[s], which is 0", excess_1 + excess_2, tied(score))
    turn_1, turn_2 = (derivative(tied(loss), phi, b) for loss in losses)
    moves_1 = SumIdentity(
        "the gradient of E_q[−log D] moves with b by E_q[(1 − D²) s]", turn_1, tied((1 - guess**2) * score)
    )
    moves_2 = SumIdentity("that of E_q[log(1 − D)] by E_q[D² s]", turn_2, tied(guess**2 * score))
    moves = SumIdentity("that of their sum by E_q[s], which is 0", turn_1 + turn_2, tied(score))
    drift = NamedSumIdentity(
        "E_q[s] = Σ h ∇q = 0: neither b nor log q inside D moves the gradient of the sum",
        tied(score),
        sp.Integer(0),
        (UNIT_GENERATOR,),
    )
    return Derivation(
        "E5",
        "both halves of L_G have the optimum p_θ; only their sum is a KL, with gradients free of b and of log q in D",
        POPULATION + "; every direction of φ",
        (
            Step(
                "With m = e^{−c−b} and t = q/m, D = 1/(1 + t): either half is an f-divergence from m.",
                r"-\log D = \log(1 + t), \qquad \log(1 - D) = \log\frac{t}{1 + t}",
            ),
        ),
        (
            first,
            second,
            relative,
            bend_1,
            bend_2,
            bend,
            Positivity("E_q[−log D] is strictly convex in q", bends[0]),
            Positivity(
                "E_q[log(1 − D)] is strictly convex in q, so that the stationary q is the only minimum",
                bends[1],
            ),
            *levels,
            gap_1,
            gap_2,
            gap,
            moves_1,
            moves_2,
            moves,
            drift,
        ),
        (
            relative.twin("−log D alone", "the non-saturating loss said to be the KL", lhs=non_saturating),
            relative.twin("log(1 − D) alone", "the saturating loss said to be the KL", lhs=saturating),
            first.twin("f of the other half", "t log t/(1 + t)", rhs=_f_divergence(SECOND)),
            bend_1.twin("KL's curvature", "1/t", rhs=1 / ratio),
            bend_2.twin("not squared", "1/(t(1 + t))", rhs=1 / (ratio * (1 + ratio))),
            levels[0].twin("any q", "stationary said of every q", lhs=partial(non_saturating, q[i])),
            gap.twin("−log D alone", "tied and frozen said to agree for one half", lhs=excess_1),
            gap.twin("log(1 − D) alone", "tied and frozen said to agree for one half", lhs=excess_2),
            moves.twin("−log D alone", "one half said not to see b", lhs=turn_1),
            drift.twin("weighed by D", "E_q[D s] said to vanish, too", lhs=tied(guess * score)),
            moves.twin("log(1 − D) alone", "one half said not to see b", lhs=turn_2),
        ),
    )
