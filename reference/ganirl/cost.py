"""Costs c_θ over a finite space: linear in features, or any callable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Cost(Protocol):
    """A family of costs c_θ on N points, θ in R^d, twice differentiable."""

    def value(self, theta: Array) -> Array:
        """c_θ, shape (N,)."""
        ...

    def gradient(self, theta: Array) -> Array:
        """c' = ∂c/∂θ, shape (N, d)."""
        ...

    def hessian(self, theta: Array) -> Array:
        """c'' = ∂²c/∂θ², shape (N, d, d)."""
        ...


@dataclass(frozen=True)
class LinearCost:
    """c_θ = φ·θ with a feature table φ of shape (N, d)."""

    features: Array

    def value(self, theta: Array) -> Array:
        """φ·θ, shape (N,)."""
        return self.features @ theta

    def gradient(self, theta: Array) -> Array:
        """φ, shape (N, d), for every θ."""
        del theta
        return self.features

    def hessian(self, theta: Array) -> Array:
        """Zero, shape (N, d, d)."""
        count, dimension = self.features.shape
        return np.zeros((count, dimension, len(theta)))


@dataclass(frozen=True)
class CallableCost:
    """Any cost: ``function(theta) -> (N,)``, with derivatives given or taken by complex steps.

    Without ``derivative`` the function must be analytic in θ and accept complex θ (sums, products, exp, log, sin;
    not abs or maximum): the complex step i·1e-200 then gives c' to rounding, with nothing to tune
    (Squire and Trapp 1998). Second derivatives without ``second_derivative`` are central differences of c'.
    """

    function: Callable[..., npt.ArrayLike]
    derivative: Callable[[Array], npt.ArrayLike] | None = None
    second_derivative: Callable[[Array], npt.ArrayLike] | None = None

    def value(self, theta: Array) -> Array:
        """c_θ, shape (N,)."""
        return np.asarray(self.function(theta), dtype=np.float64)

    def gradient(self, theta: Array) -> Array:
        """c', shape (N, d)."""
        if self.derivative is not None:
            return np.asarray(self.derivative(theta), dtype=np.float64)
        step = 1e-200
        columns = []
        for direction in np.eye(len(theta)):
            shifted = np.asarray(self.function(theta + 1j * step * direction))
            if not np.iscomplexobj(shifted):
                raise TypeError("this cost drops complex numbers: give CallableCost its derivative")
            columns.append(np.imag(shifted) / step)
        return np.stack(columns, axis=1)

    def hessian(self, theta: Array) -> Array:
        """c'', shape (N, d, d)."""
        if self.second_derivative is not None:
            return np.asarray(self.second_derivative(theta), dtype=np.float64)
        step = 1e-5
        return np.stack(
            [
                (self.gradient(theta + step * direction) - self.gradient(theta - step * direction))
                / (2 * step)
                for direction in np.eye(len(theta))
            ],
            axis=2,
        )
