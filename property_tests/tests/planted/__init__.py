"""Implementations written by hand, as a library's author would write them: wrong ones, and right but odd ones."""

from . import odd, wrong_densities, wrong_generators, wrong_in_numpy, wrong_losses, wrong_numerics
from .library import ODD, WRONG, Planted

__all__ = [
    "ODD",
    "WRONG",
    "Planted",
    "odd",
    "wrong_densities",
    "wrong_generators",
    "wrong_in_numpy",
    "wrong_losses",
    "wrong_numerics",
]
