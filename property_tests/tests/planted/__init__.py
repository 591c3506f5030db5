"""Wrong implementations written by hand, as a library's author would write them; right ones are shipped."""

from . import wrong_densities, wrong_generators, wrong_in_numpy, wrong_losses, wrong_numerics
from .library import WRONG, Planted

__all__ = [
    "WRONG",
    "Planted",
    "wrong_densities",
    "wrong_generators",
    "wrong_in_numpy",
    "wrong_losses",
    "wrong_numerics",
]
