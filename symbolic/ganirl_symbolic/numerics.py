"""N: claims about floating point, where algebra over the reals has nothing to decide.

An implementation is judged by the reference's softplus and sigmoid in float64; so what stands in the place of a
derivation is that those two agree with their values in 60 digits, at the very logits of the claim.
"""

from __future__ import annotations

from .proof import Derivation

_REALS = "an identity of real numbers cannot tell one rounding from another; in its place, "


def N1() -> Derivation:
    """Name what stands for −log D and −log(1 − D) in both tails."""
    return Derivation(
        "N1",
        "−log D and −log(1 − D) are accurate in both tails",
        "logits 0, ±1e-3, ±5, ±17, ±30, ±60, ±90, ±104 and ±200",
        substitute=_REALS
        + "the float64 softplus that judges an implementation is compared with 60 digits at these logits, "
        "and is right to five units of roundoff",
    )


def N1b() -> Derivation:
    """Name what stands for the same on a grid in float64."""
    return Derivation(
        "N1b",
        "−log D and −log(1 − D) are accurate in float64 on [−45, 45]",
        "901 logits, evenly spaced in [−45, 45]",
        substitute=_REALS
        + "the float64 softplus that judges an implementation is compared with 60 digits on this grid, "
        "and is right to five units of roundoff",
    )


def N2() -> Derivation:
    """Name what stands for a gradient that does not vanish where D is confidently wrong."""
    return Derivation(
        "N2",
        "the gradient of −log D at very negative logits is −1, not 0",
        "logits ±40, ±100 and ±150",
        substitute=_REALS
        + "the float64 sigmoid that judges an implementation's gradient is compared with 60 digits at these "
        "logits, and is right to seven units of roundoff",
    )
