"""Why the claims are true: one derivation a claim, for general N, each with a broken twin that must not cancel."""

from .catalogue import derivation, derivations
from .derivation import Derivation, Judgement, ProofResult, Statement, Step, Twin, TwinResult
from .prove import prove

__all__ = [
    "Derivation",
    "Judgement",
    "ProofResult",
    "Statement",
    "Step",
    "Twin",
    "TwinResult",
    "derivation",
    "derivations",
    "prove",
]
