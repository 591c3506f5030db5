"""An implementation without what it draws: one call of that decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ganirl import OBSERVABLES, Conventions, Implementation
from ganirl_properties.errors import UsageError


@dataclass(frozen=True)
class WithoutSampled:
    """The same implementation, of which every observable that draws is not there."""

    implementation: Implementation

    @property
    def name(self) -> str:
        """As declared."""
        return self.implementation.name

    @property
    def conventions(self) -> Conventions:
        """As declared."""
        return self.implementation.conventions

    @property
    def departures(self) -> Mapping[str, str]:
        """As declared."""
        return self.implementation.departures

    @property
    def framework(self) -> str:
        """As declared."""
        return self.implementation.framework

    def __getattr__(self, name: str) -> Any:
        if name in self.implementation.conventions.sampled:
            raise AttributeError(f"{name} is sampled")
        return getattr(self.implementation, name)


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
    return WithoutSampled(implementation) if sampled else implementation
