"""Family K: counter-claims, what fails when the theorem is read loosely."""

from .claim import Claim

CLAIMS: tuple[Claim, ...] = ()
