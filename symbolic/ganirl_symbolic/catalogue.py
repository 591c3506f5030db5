"""Which module derives which claim; SymPy waits until one is built."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType

from ganirl.claims import CLAIMS as CATALOGUE

from .proof import Derivation

_MODULES = MappingProxyType(
    {
        "discriminator": ("A1", "A4", "A5", "A6", "A9", "A10"),
        "loss": ("B1", "B2", "B3", "B5"),
        "gradients": ("C1", "C2"),
        "leaks": ("C3", "C5"),
        "maxent": ("D1",),
        "generator": ("E1", "E2", "E3", "E4"),
        "sequential": ("H1", "H3"),
        "counterclaims": tuple(f"K{number}" for number in range(1, 13)),
        "numerics": ("N1", "N1b", "N2"),
        "invariance": ("S1", "S2"),
    }
)
_HOME = MappingProxyType({claim: module for module, claims in _MODULES.items() for claim in claims})

CLAIMS: tuple[str, ...] = tuple(each.id for each in CATALOGUE if each.id in _HOME)


def require(claim: str) -> str:
    """Return the id if it has a derivation.

    Raises
    ------
    KeyError
        With the ids that have one.
    """
    if claim not in _HOME:
        raise KeyError(f"no derivation for claim {claim!r}; there is one for {', '.join(CLAIMS)}")
    return claim


@cache
def derivation(claim: str) -> Derivation:
    """Build the derivation of a claim, for example ``derivation("C2")``; KeyError if there is none."""
    module = import_module(f".{_HOME[require(claim)]}", __package__)
    built: Derivation = getattr(module, claim)()
    return built


def derivations() -> tuple[Derivation, ...]:
    """All derivations, in the order of the catalogue."""
    return tuple(derivation(claim) for claim in CLAIMS)
