"""Family F: the partition function, estimated by importance sampling."""

from __future__ import annotations

from .registry import Enumeration

ENUMERATIONS: tuple[Enumeration, ...] = ()
