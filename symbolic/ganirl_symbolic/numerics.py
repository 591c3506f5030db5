"""N: claims about floating point, where algebra over the reals has nothing to decide."""

from __future__ import annotations

from .derivation import Derivation

_REALS = "an identity of real numbers cannot tell one rounding from another; in its place: "


def N1() -> Derivation:
    """Name what stands for −log D and −log(1 − D) in the tails, in the dtype under test."""
    return Derivation(
        "N1",
        "−log D and −log(1 − D) are accurate in both tails",
        "the listed logits, from 0 to ±200, in float32",
        substitute=_REALS
        + "the losses at logits 0, ±1e-3, ±5, ±17, ±30, ±60, ±90, ±104 and ±200 are evaluated to 60 digits "
        "and compared with the float formula within the forward error bound of softplus",
    )


def N1b() -> Derivation:
    """Name what stands for the same in float64, on a grid."""
    return Derivation(
        "N1b",
        "−log D and −log(1 − D) are accurate in float64 on [−45, 45]",
        "901 logits in [−45, 45], float64",
        substitute=_REALS
        + "the softplus of 901 logits in [−45, 45] is evaluated to 60 digits and compared with the float64 "
        "formula within its forward error bound",
    )


def N2() -> Derivation:
    """Name what stands for a gradient that does not vanish where D is confidently wrong."""
    return Derivation(
        "N2",
        "the gradient of −log D at very negative logits is −1, not 0",
        "logits −40, −100 and −150, float32",
        substitute=_REALS
        + "the gradient −σ(−ℓ) is evaluated to 60 digits at ℓ = −40, −100, −150, where it is −1 to every "
        "digit of the dtype, and compared with the gradient that the float formula gives",
    )
