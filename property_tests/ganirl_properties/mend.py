"""A convention that was not declared, and what would be right under it."""

from __future__ import annotations

from dataclasses import dataclass

from ganirl import Conventions


@dataclass(frozen=True)
class Mend:
    """A convention that was not declared.

    Attributes
    ----------
    conventions : with the convention that would make the implementation right
    touches : claims that see it; every one of them must hold under it
    sentence : "correct up to …"
    """

    conventions: Conventions
    touches: frozenset[str]
    sentence: str
