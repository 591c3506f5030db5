"""The checks: one checkable property a claim, or more where a claim can be seen from several sides."""

from . import conventions, discriminator, gauge, generator, gradients, loss, matched, numerics, process
from .check import Check, Comparison, View, compare
from .elsewhere import elsewhere

_DRAWN: tuple[Check, ...] = (
    *discriminator.CHECKS,
    *gauge.CHECKS,
    *matched.CHECKS,
    *loss.CHECKS,
    *gradients.CHECKS,
    *generator.CHECKS,
    *conventions.CHECKS,
    *numerics.CHECKS,
    *process.CHECKS,
)
CHECKS: tuple[Check, ...] = (*_DRAWN, *(other for check in _DRAWN for other in elsewhere(check)))


def kind_of(claim: str, check: str) -> str:
    """Return the kind of a check by its name; its name where there is none so called."""
    return next((each.kind for each in CHECKS if (each.claim, each.name) == (claim, check)), check)


__all__ = ["CHECKS", "Check", "Comparison", "View", "compare", "kind_of"]
