"""Family G: the global optimum of the game."""

from __future__ import annotations

from .registry import Enumeration

ENUMERATIONS: tuple[Enumeration, ...] = ()
