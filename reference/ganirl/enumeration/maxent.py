"""Family D: the likelihood of maximum-entropy IRL, which is an energy-based model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .calculus import derivative
from .registry import Enumeration
from .space import Comparison, Space


def partition_function(space: Space) -> Iterator[Comparison]:
    """D1: ∂log Z = −E[c'] and ∂²log Z = Cov(c') − E[c''], under p_θ."""
    weight, dc = space.h * space.model, space.dc
    mean = np.sum(weight[:, None] * dc, axis=0)
    gradient, gain = space.in_theta(space.log_partition)
    yield Comparison(-mean, gradient, None, 1 + abs(float(space.log_z)), gain)

    centred = dc - mean
    covariance = np.sum(weight[:, None, None] * centred[:, :, None] * centred[:, None, :], axis=0)
    hessian, gain = _hessian(space)
    curved = np.sum(weight[:, None, None] * space.d2c, axis=0)
    yield Comparison(covariance - curved, hessian, covariance, 1 + abs(float(space.log_z)), gain)


def _hessian(space: Space) -> tuple[Any, float]:
    """∂²log Z/∂θ∂θ (d, d) by polarisation of second derivatives along e_i and e_i + e_j."""
    units = np.eye(space.dc.shape[1])
    gain = 2.0

    def along(direction: Any) -> Any:
        nonlocal gain
        radius = space.radius(direction)
        gain = max(gain, 6 / radius**2)
        values = _composed(space.log_partition, space.along(direction))
        return derivative(space.arithmetic, values, space.arithmetic.array(radius), 2)

    pure = [along(unit) for unit in units]
    rows = [
        [
            pure[i] if i == j else (along(units[i] + units[j]) - pure[i] - pure[j]) / 2
            for j in range(len(units))
        ]
        for i in range(len(units))
    ]
    return np.array(rows), gain


def _composed(function: Callable[[Any], Any], cost: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda delta: function(cost(delta))


ENUMERATIONS = (
    Enumeration(
        "D1",
        "−E[c'] and Cov(c') − E[c''] under p_θ, against the derivatives of log Σ h e^{−c}, from its values",
        "no E[c'']: the covariance alone",
        "derivatives are Cauchy integrals of radius r: rounding times 1/r, 6/r² for the Hessian",
        partition_function,
    ),
)
