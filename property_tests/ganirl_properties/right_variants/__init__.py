"""Right implementations that look odd: what no claim may fail, `ganirl power` counts as a false alarm where it does.

Frameworks that are not installed are left out: their variants are not imported.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec

from .variant import RightVariant

# Where variants are written, and the module without which they cannot be.
_MODULES = (
    ("numpy_conventions", "numpy"),
    ("numpy_parameters", "numpy"),
    ("numpy_forms", "numpy"),
    ("numpy_generators", "numpy"),
    ("tabular", "numpy"),
    ("external", "numpy"),
    ("array_api", "array_api_strict"),
    ("torch_losses", "torch"),
    ("torch_densities", "torch"),
    ("torch_generators", "torch"),
    ("jax_variants", "jax"),
)


@cache
def right_variants() -> tuple[RightVariant, ...]:
    """Return every variant whose framework is installed here."""
    return tuple(
        variant
        for module, needed in _MODULES
        if find_spec(needed) is not None
        for variant in import_module(f".{module}", __name__).VARIANTS
    )


__all__ = ["RightVariant", "right_variants"]
