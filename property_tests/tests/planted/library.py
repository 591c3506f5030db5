"""Planted code in PyTorch: a wrong library overrides a method of the right one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ganirl import Implementation
from ganirl_properties.right_variants.torch_library import CreditOfSteps, Library, LossOfLogits
from ganirl_properties.right_variants.variant import implementation_of

__all__ = ["WRONG", "CreditOfSteps", "Library", "LossOfLogits", "Planted", "implementation", "wrong"]


def implementation(author: type[Library]) -> Implementation:
    """Wrap a library class, as its adapter would."""
    return implementation_of(author, author.__name__, "torch")


@dataclass(frozen=True)
class Planted:
    """A wrong implementation, with what the verifier has to say about it.

    Attributes
    ----------
    roots : claims that must be violated, not merely blocked
    diagnosis : id of the wrong formula to be named for the first root; None if there is none to name
    dtype : the format in which it is judged
    """

    make: Callable[[], Implementation]
    roots: tuple[str, ...]
    diagnosis: str | None
    dtype: str


WRONG: dict[str, Planted] = {}


def wrong(
    *roots: str, diagnosis: str | None, dtype: str = "float64"
) -> Callable[[type[Library]], type[Library]]:
    """Register a wrong library."""

    def register(author: type[Library]) -> type[Library]:
        WRONG[author.__name__] = Planted(lambda: implementation(author), roots, diagnosis, dtype)
        return author

    return register
