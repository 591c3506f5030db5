"""A cost that is the sum over steps of one function of the step's features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .case import Steps
from .cost import CallableCost

Array = npt.NDArray[np.float64]

# (features (…, d), theta) -> (…); analytic in θ and open to complex θ, as `CallableCost` asks
StepFunction = Callable[..., npt.ArrayLike]


@dataclass(frozen=True)
class StepCost:
    """c_θ(τ) = Σ_t f(φ_t, θ) over the steps that exist (claim H10: a mask, never a mean).

    The function sees existing steps only, so that it may be undefined at the zeros of the padding.

    Attributes
    ----------
    function : f, ``(features (…, d), theta) -> (…)``
    steps : N rows of at most T steps
    """

    function: StepFunction
    steps: Steps

    def value(self, theta: Array) -> Array:
        """c_θ, shape (N,)."""
        return np.asarray(self._by_step(self._existing.value(theta)).sum(axis=1))

    def gradient(self, theta: Array) -> Array:
        """c', shape (N, d)."""
        return np.asarray(self._by_step(self._existing.gradient(theta)).sum(axis=1))

    def hessian(self, theta: Array) -> Array:
        """c'', shape (N, d, d)."""
        return np.asarray(self._by_step(self._existing.hessian(theta)).sum(axis=1))

    def tangent(self, theta: Array) -> Array:
        """Step features (c', c − c'θ) of the tangent at θ, shape (N, T, d + 1).

        Their sum over t is the row's features in `Problem.linearised`.
        """
        gradient = self._existing.gradient(theta)
        intercept = self._existing.value(theta) - gradient @ theta
        return self._by_step(np.concatenate([gradient, intercept[:, None]], axis=1))

    @property
    def _existing(self) -> CallableCost:
        features = self.steps.features[self.steps.mask]
        return CallableCost(lambda theta: self.function(features, theta))

    def _by_step(self, values: Array) -> Array:
        spread = np.zeros(self.steps.mask.shape + values.shape[1:])
        spread[self.steps.mask] = values
        return spread
