"""Family I: conventions of the loss, and what they move."""

from __future__ import annotations

from .registry import Enumeration

ENUMERATIONS: tuple[Enumeration, ...] = ()
