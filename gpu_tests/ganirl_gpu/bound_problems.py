"""What the error bounds are tried on: thousands of batches of rows, exact in their format, and the truth about them.

Truth is computed in extended precision (64 bits of NumPy's ``longdouble`` against 53), from the same exact numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ganirl.precision import Precision

from .framework import DTYPES

Array = npt.NDArray[np.float64]
Extended = npt.NDArray[np.longdouble]

# Where the compiler has no longer format than float64, nothing can be said about float64 this way.
HAS_EXTENDED = bool(np.finfo(np.longdouble).eps < 2.0**-62)


@dataclass(frozen=True)
class Rows:
    """B problems of N rows: the first ``experts`` of each are the data's, the others the generator's.

    Attributes
    ----------
    precision : all numbers are exact in it
    experts : n_p
    features : (B, N, K), the terms of a cost, horizon × dimension of them
    theta : (B, K)
    b : (B,)
    log_q : (B, N)
    counts : (B, N), multiplicities: a row's weight is its count over the sum of its side's
    x : (B, N), numbers for functions of one number, with a common offset
    g : (B, N, 2), what is averaged
    """

    precision: Precision
    experts: int
    features: Array
    theta: Array
    b: Array
    log_q: Array
    counts: Array
    x: Array
    g: Array

    @property
    def problems(self) -> int:
        """B."""
        return len(self.b)

    @property
    def terms(self) -> int:
        """K."""
        return int(self.features.shape[2])

    @property
    def sides(self) -> tuple[tuple[slice, float], tuple[slice, float]]:
        """Rows of either side, with the sign of ℓ in its term: softplus(−ℓ) and softplus(ℓ)."""
        return (slice(0, self.experts), -1.0), (slice(self.experts, self.x.shape[1]), 1.0)

    @cached_property
    def magnitude(self) -> Array:
        """Σ|φθ|, (B, N)."""
        return np.asarray((np.abs(self.features) * np.abs(self.theta[:, None, :])).sum(axis=2))

    @cached_property
    def cost(self) -> Extended:
        """Σφθ, (B, N)."""
        return np.asarray((extended(self.features) * extended(self.theta[:, None, :])).sum(axis=2))

    @cached_property
    def logit(self) -> Extended:
        """ℓ = −c − b − log q, (B, N)."""
        return -(self.cost + extended(self.b)[:, None]) - extended(self.log_q)

    @cached_property
    def weight(self) -> Extended:
        """Weights, which sum to one on each side, (B, N)."""
        held = extended(self.counts)
        return np.concatenate(
            [held[:, side] / held[:, side].sum(axis=1, keepdims=True) for side, _ in self.sides], axis=1
        )

    def tensor(self, name: str) -> Tensor:
        """One of the fields in the format itself."""
        return torch.tensor(getattr(self, name), dtype=DTYPES[self.precision.name])

    def numpy(self, name: str) -> npt.NDArray[Any]:
        """One of the fields in the format itself; NumPy has no bfloat16."""
        held: Array = getattr(self, name)
        return held.astype(self.precision.name)


def extended(values: npt.ArrayLike) -> Extended:
    """Convert, exactly."""
    return np.asarray(values).astype(np.longdouble)


def floats(values: Any) -> Array:
    """Round to float64."""
    return np.asarray(values, dtype=np.float64)


def softplus(x: Extended) -> Extended:
    """log(1 + e^x), relatively right, as |x| stays far below the format's exponents."""
    return np.asarray(np.log1p(np.exp(x)), dtype=np.longdouble)


def sigmoid(x: Extended) -> Extended:
    """1/(1 + e^−x), relatively right."""
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.longdouble)


def log_sum_exp(x: Extended) -> Extended:
    """log Σ e^x over the last axis."""
    peak = x.max(axis=-1, keepdims=True)
    return np.asarray((peak + np.log(np.exp(x - peak).sum(axis=-1, keepdims=True)))[..., 0])


def draw(
    rng: np.random.Generator, precision: Precision, problems: int, rows: int, terms: int, scale: float
) -> Rows:
    """Draw problems: logits of a size, half of them near cancellation, offsets, weights, all rounded to the format.

    Parameters
    ----------
    problems, rows, terms : B, N and K; both sides have a row at least
    scale : of costs, b and log q
    """
    size = (problems, rows)
    features = precision.round(rng.normal(size=(*size, terms)))
    theta = precision.round(rng.normal(size=(problems, terms)) * scale / np.sqrt(terms))
    b = precision.round(rng.normal(size=problems) * scale)
    log_q = -np.abs(rng.normal(size=size)) * scale
    # The second half of the problems: c + b + log q nearly cancels, as at p = q and b = log Z.
    near = -(np.einsum("bnk,bk->bn", features, theta) + b[:, None])
    log_q[problems // 2 :] = near[problems // 2 :] + rng.normal(size=size)[problems // 2 :] * min(scale, 1.0)
    offset = np.where(rng.random(problems) < 0.25, 50.0 * scale, 0.0) * rng.choice([-1.0, 1.0], problems)
    x = rng.normal(size=size) * scale + offset[:, None]
    # One large and many small numbers: what is added to the largest last is lost.
    g = rng.normal(size=(*size, 2)) + np.array([0.0, 8.0])
    counts = rng.integers(1, 9, size=size).astype(np.float64)
    counts[::2] = 1.0
    return Rows(
        precision,
        max(1, rows // 2),
        features,
        theta,
        b,
        precision.round(log_q),
        counts,
        precision.round(x),
        precision.round(g),
    )


Orders = Callable[[Tensor], Tensor]


def _one_by_one(values: Tensor) -> Tensor:
    total = values[..., 0]
    for column in range(1, values.shape[-1]):
        total = total + values[..., column]
    return total


def _sorted(values: Tensor, *, descending: bool) -> Tensor:
    order = values.abs().argsort(dim=-1, descending=descending)
    return _one_by_one(values.gather(-1, order))


def _in_pairs(values: Tensor) -> Tensor:
    while values.shape[-1] > 1:
        even = values.shape[-1] // 2 * 2
        paired = values[..., 0:even:2] + values[..., 1:even:2]
        values = torch.cat([paired, values[..., even:]], dim=-1)
    return values[..., 0]


# Ways to add up the last axis; each rounds after every addition, but for the library's own.
ORDERS: dict[str, Orders] = {
    "library": lambda values: values.sum(dim=-1),
    "forwards": _one_by_one,
    "backwards": lambda values: _one_by_one(values.flip(-1)),
    "rising": lambda values: _sorted(values, descending=False),
    "falling": lambda values: _sorted(values, descending=True),
    "pairs": _in_pairs,
}
