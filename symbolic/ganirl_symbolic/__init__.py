"""Why the claims are true: a derivation a claim, for general N, with broken twins that must not cancel."""

from .catalogue import CLAIMS, derivation, derivations
from .proof import Derivation, Judgement, ProofResult, Statement, Step, Twin, TwinResult
from .proving import prove

__all__ = [
    "CLAIMS",
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
