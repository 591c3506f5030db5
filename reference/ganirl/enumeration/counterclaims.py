"""Family K: counter-claims, what fails when the theorem is read loosely."""

from __future__ import annotations

from .registry import Enumeration

ENUMERATIONS: tuple[Enumeration, ...] = ()
