"""Expectations over n independent draws as one integral, for any number of points and any n.

The mean of n draws of X > 0 enters through E e^{−t·mean} = φ(t)^n, φ(t) = E e^{−tX/n}, alone:

    E log(mean X) = ∫ (e^{−t} − φ(t)^n) dt/t              (Frullani), for E X = 1
    E[ΣXg / ΣX] = ∫ E[Xg e^{−tX/n}] φ(t)^{n−1} dt         (1/S = ∫ e^{−tS} dt)

With t = e^u the integrands are analytic for |Im u| < π/2 and fall off on both sides, so that the trapezoidal
rule with step s errs by about e^{−π²/s} (Trefethen and Weideman 2014). It shares nothing with the enumeration of
samples in `ganirl.resampling`, and serves four thousand trajectories at n = 10⁶ as well as four at n = 2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arithmetic import Arithmetic


def expected_log_mean(arithmetic: Arithmetic, weight: Any, values: Any, draws: int) -> Any:
    """E log((1/n) Σ X_j) over n independent draws.

    Parameters
    ----------
    weight, values : (N,), probabilities, which sum to one, and X > 0

    Raises
    ------
    ValueError
        If a value of positive weight is not positive and finite, or n < 1.
    """
    weight, values = _positive_part(arithmetic, weight, values, draws)
    mean = np.sum(weight * values)
    scaled = values / mean
    # near t = 0 the integrand is −CV² t²/2n
    spread = float(np.sum(weight * (scaled - 1) ** 2)) / draws
    nodes, step = _nodes(arithmetic, scaled, (_nats(arithmetic) + math.log1p(spread)) / 2)
    powers = _transform(arithmetic, weight, scaled, nodes, draws) ** draws
    return arithmetic.log(mean) + step * np.sum(arithmetic.exp(-nodes) - powers)


def expected_ratio(arithmetic: Arithmetic, weight: Any, values: Any, numerator: Any, draws: int) -> Any:
    """E[Σ X_j g_j / Σ X_j] over n independent draws, (…).

    Parameters
    ----------
    weight, values : (N,), probabilities, which sum to one, and X > 0
    numerator : (N, …), g

    Raises
    ------
    ValueError
        As for `expected_log_mean`.
    """
    present = np.asarray(weight > 0, dtype=bool)
    weight, values = _positive_part(arithmetic, weight, values, draws)
    scaled = values / np.sum(weight * values)
    nodes, step = _nodes(arithmetic, scaled, _nats(arithmetic))
    damped = arithmetic.exp(-nodes[:, None] * scaled / draws)
    rest = np.sum(damped * weight, axis=1) ** (draws - 1)
    density = np.sum((step * nodes * rest)[:, None] * damped, axis=0) * weight * scaled
    return np.tensordot(density, numerator[present], axes=1)


def reach(arithmetic: Arithmetic, values: Any) -> float:
    """Return the range of u that is summed over: an absolute error of each φ^n counts so many times."""
    scaled = arithmetic.floats(values)
    return 2 * _nats(arithmetic) + math.log(float(scaled.max() / scaled.min())) + 8


def _positive_part(arithmetic: Arithmetic, weight: Any, values: Any, draws: int) -> tuple[Any, Any]:
    present = np.asarray(weight > 0, dtype=bool)
    floats = arithmetic.floats(values[present])
    if not ((floats > 0) & np.isfinite(floats)).all():
        raise ValueError("a weight that may be drawn is not positive and finite")
    if draws < 1:
        raise ValueError(f"{draws} draws have no mean")
    return weight[present], values[present]


def _nats(arithmetic: Arithmetic) -> float:
    """−log u, with a margin for what a node or a tail may be worth."""
    return -math.log(arithmetic.unit_roundoff) + 4


def _nodes(arithmetic: Arithmetic, scaled: Any, below: float) -> tuple[Any, Any]:
    """t = e^u on a grid of u from −below to where t·min X exceeds −log u, and the step."""
    nats = _nats(arithmetic)
    high = math.log(2 * nats) - math.log(float(np.min(arithmetic.floats(scaled))))
    step = math.pi**2 / (nats + 4)
    grid = np.arange(math.floor(-below / step), math.ceil(high / step) + 1)
    exact = arithmetic.array([step])
    return arithmetic.exp(arithmetic.array(grid.astype(np.float64)) * exact), exact[0]


def _transform(arithmetic: Arithmetic, weight: Any, scaled: Any, nodes: Any, draws: int) -> Any:
    """φ(t) = E e^{−tX/n} at every node."""
    return np.sum(arithmetic.exp(-nodes[:, None] * scaled / draws) * weight, axis=1)
