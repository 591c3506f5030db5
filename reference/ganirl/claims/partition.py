"""Family F: the partition function, estimated by importance sampling."""

from .claim import Claim

CLAIMS: tuple[Claim, ...] = ()
