"""Known wrong formulas: each the right pipeline with one node replaced, named as one would tell the author."""

from . import density, losses, rewards
from .pipeline import RIGHT, Pipeline, WrongFormula

WRONG_FORMULAS: tuple[WrongFormula, ...] = (*density.FORMULAS, *losses.FORMULAS, *rewards.FORMULAS)

__all__ = ["RIGHT", "WRONG_FORMULAS", "Pipeline", "WrongFormula"]
