"""Sound ways to compute what has an error bound, in PyTorch and NumPy, beside the bound and the truth.

Every form is right in exact arithmetic and stable; what differs is the order in which it adds and rounds.
"""

from . import exponentials, gradients, losses, numbers, sums, weights
from .experiment import KAPPA, Experiment

EXPERIMENTS: tuple[Experiment, ...] = (
    *sums.EXPERIMENTS,
    *numbers.EXPERIMENTS,
    *exponentials.EXPERIMENTS,
    *weights.EXPERIMENTS,
    *losses.EXPERIMENTS,
    *gradients.EXPERIMENTS,
)

__all__ = ["EXPERIMENTS", "KAPPA", "Experiment"]
