"""Family I: conventions of the loss, and what they move."""

from .claim import Claim

CLAIMS: tuple[Claim, ...] = ()
