"""Known wrong formulas: each the right pipeline with one node replaced, named as one would tell the author."""

from collections.abc import Mapping
from types import MappingProxyType

from . import batches, density, estimates, losses, policies, rewards, sequences, slopes
from .pipeline import RIGHT, Pipeline, WrongFormula

WRONG_FORMULAS: tuple[WrongFormula, ...] = (
    *density.FORMULAS,
    *sequences.FORMULAS,
    *batches.FORMULAS,
    *losses.FORMULAS,
    *slopes.FORMULAS,
    *estimates.FORMULAS,
    *rewards.FORMULAS,
    *policies.FORMULAS,
)

# Counter-claim → the wrong formulas that commit it; the others are about training, or about what no code shows.
COUNTERCLAIMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "K1": ("no-log-q",),
        "K2": ("no-log-z",),
        "K3": ("mixture-leak", "implicit-leak"),
        "K4": ("no-log-q",),
        "K5": ("reward-log-d", "reward-minus-log-one-minus-d"),
        "K9": ("no-importance-weights",),
    }
)

__all__ = ["COUNTERCLAIMS", "RIGHT", "WRONG_FORMULAS", "Pipeline", "WrongFormula"]
