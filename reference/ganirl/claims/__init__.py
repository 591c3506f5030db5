"""The catalogue: every claim, in the order of the families."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from . import (
    conventions,
    counterclaims,
    discriminator,
    equilibrium,
    generator,
    gradients,
    loss,
    maxent,
    numerics,
    partition,
    sequential,
)
from .claim import Claim

CLAIM_SET = "2"

CLAIMS: tuple[Claim, ...] = (
    *discriminator.CLAIMS,
    *loss.CLAIMS,
    *gradients.CLAIMS,
    *maxent.CLAIMS,
    *generator.CLAIMS,
    *partition.CLAIMS,
    *equilibrium.CLAIMS,
    *sequential.CLAIMS,
    *conventions.CLAIMS,
    *counterclaims.CLAIMS,
    *numerics.CLAIMS,
)

_BY_ID = {claim.id: claim for claim in CLAIMS}


def claim(identifier: str) -> Claim:
    """Return a claim by its id.

    Raises
    ------
    LookupError
        If there is none of that id; the sentence names those there are.
    """
    try:
        return _BY_ID[identifier]
    except KeyError:
        raise LookupError(f"there is no claim {identifier!r}; there are {', '.join(_BY_ID)}") from None


def select(patterns: Iterable[str] | None) -> tuple[Claim, ...]:
    """Return the claims that match any of the patterns (``A4``, ``c*``), in catalogue order; all for None.

    Raises
    ------
    LookupError
        If a pattern matches nothing.
    """
    if patterns is None:
        return CLAIMS
    wanted: set[str] = set()
    for pattern in patterns:
        matching = {identifier for identifier in _BY_ID if fnmatchcase(identifier.lower(), pattern.lower())}
        if not matching:
            raise LookupError(f"no claim matches {pattern!r}; there are {', '.join(_BY_ID)}")
        wanted |= matching
    return tuple(each for each in CLAIMS if each.id in wanted)


__all__ = ["CLAIMS", "CLAIM_SET", "Claim", "claim", "select"]
