"""Bytes as choices: zero is the simplest, and beyond the end of the bytes all is zero."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganirl import Precision

Array = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Shape = int | tuple[int, ...]

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

    def byte(self) -> int:
        """Return the next byte, of which the shape of what is decoded may depend."""
        return int(self.take(1)[0])

    def below(self, bound: int) -> int:
        """Return a choice 0 … bound − 1."""
        return self.byte() % bound

    def size(self, usual: int, rarely: int) -> int:
        """Return 1 … usual, and now and then up to ``rarely``: a bug may wait for a size."""
        byte = self.byte()
        beyond = byte - _OFTEN
        return 1 + byte % usual if beyond < 0 else usual + 1 + beyond % (rarely - usual)

    def indices(self, shape: Shape, bound: int) -> npt.NDArray[np.int64]:
        """Return choices 0 … bound − 1 of a shape."""
        return self._shaped(shape) % bound

    def signed(self, shape: Shape, unit: float) -> Array:
        """Return multiples of a unit of a shape, −128 … 127 of them, 0 the simplest, then 1, −1, 2 …."""
        raw = self._shaped(shape)
        magnitude = (raw + 1) // 2
        return np.where(raw % 2 == 1, magnitude, -magnitude) * unit

    def _shaped(self, shape: Shape) -> npt.NDArray[np.int64]:
        sizes = (shape,) if isinstance(shape, int) else shape
        taken = self.take(math.prod(sizes))
        return taken.reshape(*taken.shape[:-1], *sizes)


class LaneChoices(Choices):
    """The bytes of many cases of one shape, read side by side: what is taken has a lane for each in front.

    A byte on which the shape may depend is that of the first lane, and is written into the others. What was decoded
    of all lanes at once is what `Choices` decodes of the row of each.

    Attributes
    ----------
    lanes : (L, K), the bytes of each
    """

    def __init__(self, lanes: Bytes) -> None:
        super().__init__(b"")
        self.lanes = lanes

    def take(self, count: int) -> npt.NDArray[np.int64]:
        """Return the next bytes of each, 0 … 255, shape (L, count).

        Raises
        ------
        ValueError
            If there are no more.
        """
        chunk = self.lanes[:, self.position : self.position + count]
        if chunk.shape[1] < count:
            raise ValueError(f"lanes of {self.lanes.shape[1]} bytes are too short")
        self.position += count
        return chunk.astype(np.int64)

    def byte(self) -> int:
        """Return the next byte, the same one for all."""
        if self.position < self.lanes.shape[1]:
            self.lanes[:, self.position] = self.lanes[0, self.position]
        return int(self.take(1)[0, 0])


def texture_of(choices: Choices) -> float:
    """Return how strongly values are given digits of their own; 0 is not at all."""
    return choices.below(64) / 64 * 0.011


def textured(values: Array, texture: float, precision: Precision, axes: int = 1) -> Array:
    """Give every value digits of its own below the dyadic ones, then round: an index-dependent factor near 1.

    The index counts the numbers of the last axes; what is before them are lanes, which are all alike.
    """
    if texture == 0.0:
        return precision.round(values)
    shape = values.shape[values.ndim - axes :]
    factor = 1.0 + texture * np.cos(1.0 + np.arange(math.prod(shape), dtype=np.float64)).reshape(shape)
    return precision.round(values * factor)
