"""Bytes as choices: zero is the simplest, and beyond the end of the bytes all is zero."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganirl import Precision

Array = npt.NDArray[np.float64]

# Bytes below this one are a size of every day.
_OFTEN = 208


@dataclass
class Choices:
    """Bytes read one after the other; zeros for ever beyond the end."""

    data: bytes
    position: int = 0

    def take(self, count: int) -> npt.NDArray[np.int64]:
        """Return the next bytes, 0 … 255, shape (count,)."""
        chunk = self.data[self.position : self.position + count]
        self.position += count
        return np.frombuffer(chunk.ljust(count, b"\0"), dtype=np.uint8).astype(np.int64)

    def below(self, bound: int) -> int:
        """Return a choice 0 … bound − 1."""
        return int(self.take(1)[0]) % bound

    def size(self, usual: int, rarely: int) -> int:
        """Return 1 … usual, and now and then up to ``rarely``: a bug may wait for a size."""
        byte = int(self.take(1)[0])
        beyond = byte - _OFTEN
        return 1 + byte % usual if beyond < 0 else usual + 1 + beyond % (rarely - usual)

    def indices(self, count: int, bound: int) -> npt.NDArray[np.int64]:
        """Return choices 0 … bound − 1, shape (count,)."""
        return self.take(count) % bound

    def signed(self, count: int, unit: float) -> Array:
        """Return multiples of a unit, −128 … 127 of them, 0 the simplest, then 1, −1, 2 …; shape (count,)."""
        raw = self.take(count)
        magnitude = (raw + 1) // 2
        return np.where(raw % 2 == 1, magnitude, -magnitude) * unit


def texture_of(choices: Choices) -> float:
    """Return how strongly values are given digits of their own; 0 is not at all."""
    return choices.below(64) / 64 * 0.011


def textured(values: Array, texture: float, precision: Precision) -> Array:
    """Give every value digits of its own below the dyadic ones, then round: an index-dependent factor near 1."""
    if texture == 0.0:
        return precision.round(values)
    factor = 1.0 + texture * np.cos(1.0 + np.arange(values.size, dtype=np.float64)).reshape(values.shape)
    return precision.round(values * factor)
