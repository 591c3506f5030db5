"""Family G: the global optimum of the game."""

from .claim import Claim

CLAIMS: tuple[Claim, ...] = ()
