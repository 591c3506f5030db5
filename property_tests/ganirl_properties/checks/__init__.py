"""The checks: one checkable property a claim, or more where a claim can be seen from several sides."""

from . import conventions, discriminator, gauge, generator, gradients, loss, matched, numerics, process
from .check import Check, Comparison, View, compare

CHECKS: tuple[Check, ...] = (
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

__all__ = ["CHECKS", "Check", "Comparison", "View", "compare"]
