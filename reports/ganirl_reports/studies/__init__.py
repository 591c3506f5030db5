"""Studies: tables and figures that show one thing about the theorem, each from one command.

``ganirl report NAME --output DIR`` runs a study and writes it as Markdown, HTML, JSON and SVG.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import cast

from .study import RunStudy

# name → what it shows; each is a module of this package
STUDIES: Mapping[str, str] = MappingProxyType(
    {
        "unbiasedness": "Which estimates of Z, of log Z and of their gradients are unbiased, exactly.",
        "bounds": "How near sound code comes to the error bounds, format by format.",
        "errata": "The loose statements of Finn et al. (2016), each with the number that shows it.",
        "device": "Every observable and claim on the devices that are here, in every format.",
        "matrix": "Every claim: its derivation, enumeration, property, PyTorch check, and what it needs.",
    }
)


def study_runner(name: str) -> RunStudy:
    """Return the function that runs a study; its module, and what that needs, is imported now.

    Raises
    ------
    KeyError
        If there is no such study.
    """
    if name not in STUDIES:
        raise KeyError(f"there is no study {name!r}; there are {', '.join(STUDIES)}")
    return cast(RunStudy, import_module(f".{name}", __package__).run)


__all__ = ["STUDIES", "RunStudy", "study_runner"]
