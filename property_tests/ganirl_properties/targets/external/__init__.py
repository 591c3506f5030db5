"""Any language: a target that is a command, asked over standard input and output."""

from __future__ import annotations

from pathlib import Path

from .target import ExternalTarget

PREFIX = "exec:"
HARNESS = Path(__file__).with_name("ganirl_harness.py")

__all__ = ["HARNESS", "PREFIX", "ExternalTarget"]
