"""Which module derives which claim; SymPy waits until one is built."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import MappingProxyType

from ganirl.claims import CLAIMS as CATALOGUE

from .proof import Derivation

_MODULES = MappingProxyType(
    {
        "discriminator": ("A4", "A5", "A6", "A8", "A9"),
        "optimal_discriminator": ("A1", "A2", "A3", "A7", "A10"),
        "loss": ("B1", "B2", "B3"),
        "optimal_z": ("B4", "B5", "B6", "B7", "B8"),
        "conditioning": ("B9", "B10"),
        "gradients": ("C1", "C1c", "C2"),
        "leaks": ("C3", "C4", "C5"),
        "contrast": ("C6",),
        "hessian": ("C8",),
        "maxent": ("D1", "D5"),
        "likelihood": ("D2", "D3", "D4", "D6"),
        "generator": ("E1", "E2", "E3", "E4", "E8"),
        "halves": ("E5",),
        "policy_gradients": ("E6", "E7", "E9"),
        "equilibrium": ("G1", "G2", "G3", "G4"),
        "partition": ("F1", "F2", "F3", "F6", "F7", "F9"),
        "resampling": ("F4", "F5", "F8", "F10"),
        "sequential": ("H1", "H2"),
        "causal": ("H3", "H4", "H12"),
        "transition_level": ("H5", "H6", "H7"),
        "horizon": ("H8", "H9", "H10", "H11"),
        "counterclaims": tuple(f"K{number}" for number in range(1, 13)),
        "numerics": ("N1", "N1b", "N2"),
        "conventions": ("I1", "I2", "I3"),
        "regularisers": ("I4",),
        "invariance": ("S1", "S2"),
    }
)
_HOME = MappingProxyType({claim: module for module, claims in _MODULES.items() for claim in claims})

CLAIMS: tuple[str, ...] = tuple(each.id for each in CATALOGUE if each.id in _HOME)

# An identity of real numbers says nothing of rounding: a substitute stands in the place of their derivations.
SUBSTITUTED = frozenset(_MODULES["numerics"])


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
