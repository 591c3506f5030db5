"""Family A in PyTorch."""

from __future__ import annotations

from .registry import TorchCheck

CHECKS: tuple[TorchCheck, ...] = ()
