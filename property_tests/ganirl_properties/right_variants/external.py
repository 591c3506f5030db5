"""A right variant behind the door of any language: a process that is asked in lines of JSON."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any, ClassVar

from ganirl import Conventions
from ganirl_properties.targets.external import ExternalTarget

from .variant import Shelf

SHELF = Shelf("external", ("float64", "float32", "bfloat16"))
SCRIPT = Path(__file__).with_name("plain_python.py")


@SHELF.right(
    "exec-plain-python",
    "A process without any library, whose sums are rounded once",
    "It is ℓ = −c − b − log q and L_D = −E_p[log σ(ℓ)] − E_q[log σ(−ℓ)]; JSON holds a float64 exactly.",
)
class _PlainPython:
    conventions: ClassVar[Conventions] = Conventions(weights=True)
    hidden: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.process = ExternalTarget(f"{shlex.quote(sys.executable)} {shlex.quote(str(SCRIPT))}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.process, name)


VARIANTS = tuple(SHELF.variants)
