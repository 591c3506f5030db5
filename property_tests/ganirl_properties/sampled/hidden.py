"""An implementation without what it draws: one call of that decides nothing."""

from __future__ import annotations

from typing import Any

from ganirl import OBSERVABLES, Implementation
from ganirl_properties.errors import UsageError
from ganirl_properties.search import Redeclared


class WithoutSampled(Redeclared):
    """The same implementation, of which every observable that draws is not there."""

    def __getattr__(self, name: str) -> Any:
        if name in self.conventions.sampled:
            raise AttributeError(f"{name} is sampled")
        return super().__getattr__(name)


def without_sampled(implementation: Implementation) -> Implementation:
    """Return the implementation itself if it draws nothing, else what is left of it.

    Raises
    ------
    UsageError
        If what is declared as sampled is no observable, or none that it has.
    """
    sampled = implementation.conventions.sampled
    for name in sampled:
        if name not in OBSERVABLES:
            raise UsageError(
                f"{implementation.name} declares {name!r} as sampled, which is no observable; there are "
                f"{', '.join(OBSERVABLES)}"
            )
        if not callable(getattr(implementation, name, None)):
            raise UsageError(f"{implementation.name} declares {name} as sampled, and has none")
    return WithoutSampled(implementation, implementation.conventions) if sampled else implementation
