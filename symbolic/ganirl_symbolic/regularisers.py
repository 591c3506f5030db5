"""I4: what weight decay, a gradient penalty, clipping and a bounded cost add to the gradient of L_D."""

from __future__ import annotations

from .algebra import derivative
from .discriminator import BATCH
from .proof import Derivation, Step
from .statements import SumIdentity
from .symbols import (
    D,
    E_p,
    E_q,
    Expr,
    c,
    c_jk,
    complement,
    dc,
    discriminator_loss,
    i,
    mass_p,
    probability,
    sp,
    theta,
    theta_j,
    theta_k,
    total,
    w_p,
    w_q,
)

decay, penalty, bound = sp.symbols("lambda gamma kappa", positive=True)
inside = sp.IndexedBase(r"\iota", positive=True)
edge = sp.IndexedBase(r"\ell^{\kappa}", real=True)


def _clipped_loss() -> Expr:
    """L_D with the logit of a row either its own (ι = 1) or the constant edge (ι = 0)."""
    free = inside[i] * (w_p[i] * -sp.log(D) + w_q[i] * -sp.log(complement()))
    return total(free + (1 - inside[i]) * _at_edge())


def _at_edge() -> Expr:
    return w_p[i] * sp.log(1 + sp.exp(-edge[i])) + w_q[i] * sp.log(1 + sp.exp(edge[i]))


def I4() -> Derivation:
    """Derive what each regulariser adds, exactly."""
    loss = discriminator_loss()
    slope = derivative(loss, theta)
    decayed = SumIdentity(
        "weight decay adds λθ: where L_D is stationary its sum with λθ²/2 is not, unless θ = 0",
        derivative(loss + decay / 2 * theta**2 * mass_p, theta),
        slope + decay * theta * mass_p,
    )
    # the second argument of the cost is its input here, x
    loss_x, steep = loss.xreplace({c: c_jk}), sp.Derivative(c_jk, theta_k)
    cross = sp.Derivative(c_jk, theta_j, theta_k)
    penalised = SumIdentity(
        "a penalty γ/2 E_p[(∂_x c)²] on the cost's slope in its input adds γ E_p[∂_x c ∂_x c']",
        derivative(loss_x + penalty / 2 * E_p(steep**2), theta_j),
        derivative(loss_x, theta_j) + penalty * E_p(steep * cross),
    )
    own = w_p[i] * -sp.log(D) + w_q[i] * -sp.log(complement())
    changed = SumIdentity(
        "with ι = 0 on rows whose logit is clipped, L_D changes by their terms at the edge minus their own",
        _clipped_loss() - loss,
        total((1 - inside[i]) * (_at_edge() - own)),
    )
    lost = total((1 - inside[i]) * (w_p[i] * (1 - D) - w_q[i] * D) * dc)
    clipped = SumIdentity(
        "and its gradient loses their part", derivative(_clipped_loss(), theta), slope - lost
    )
    squashed = bound * sp.tanh(c / bound)
    chance, narrow = probability().xreplace({c: squashed}), 1 - sp.tanh(c / bound) ** 2
    bounded = SumIdentity(
        "a cost κ tanh(u/κ) has 1 − tanh²(u/κ) beside each u', so that large costs stop learning",
        derivative(loss.xreplace({c: squashed}), theta),
        E_p((1 - chance) * narrow * dc) - E_q(chance * narrow * dc),
    )
    return Derivation(
        "I4",
        "each regulariser changes the gradient of L_D by a term of its own",
        BATCH + "; c' is the derivative along any direction of θ",
        (Step("Add to the loss, or change the logit, and differentiate.", r"\partial_\theta L_D"),),
        (decayed, penalised, changed, clipped, bounded),
        (
            decayed.twin("harmless", "nothing added", rhs=slope),
            decayed.twin("no ½", "2λθ", rhs=slope + 2 * decay * theta * mass_p),
            penalised.twin("harmless", "nothing added", rhs=derivative(loss_x, theta_j)),
            changed.twin("harmless", "the value said to stay", rhs=0 * mass_p),
            clipped.twin("harmless", "nothing lost", rhs=slope),
            bounded.twin(
                "harmless", "the gradient in u said to be C1's", rhs=E_p((1 - chance) * dc) - E_q(chance * dc)
            ),
        ),
    )
