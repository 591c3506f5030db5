"""Sampled checks of tabular code: log Z by importance sampling, visits by counting rollouts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ganirl.logspace import log_sum_exp
from ganirl.process_solution import costs_of_states
from ganirl_properties.checks import View

from .quantity import Quantity, SampledCheck
from .rows import JENSEN

Array = npt.NDArray[np.float64]


def uniform_log_weights(view: View) -> tuple[float, float] | None:
    """Log of the least and of the largest e^{−c}/q of a trajectory whose actions are drawn uniformly.

    None where episodes have no limit, so that neither exists.
    """
    process, of = view.case.mdp, view.process.conventions
    if of.horizon != "fixed":
        return None
    possible = process.transition > 0
    costs = np.where(possible, process.costs(view.case.theta), 0.0)
    ends = []
    for sign in (1.0, -1.0):
        value = np.zeros(process.states)
        if of.last_state:
            value = -sign * costs_of_states(process, costs)
        for _ in range(process.horizon):
            onward = sign * (np.log(process.actions) - costs) + np.append(value, 0.0)
            value = np.where(possible, onward, -np.inf).max(axis=(1, 2))
        ends.append(sign * float(value[process.start > 0].max()))
    return ends[1], ends[0]


def uniform_moments(view: View) -> tuple[float, float, float]:
    """E[log w], E[w] and E[w²] of that weight, for a fixed horizon."""
    process, of = view.case.mdp, view.process.conventions
    possible = process.transition > 0
    costs = np.where(possible, process.costs(view.case.theta), 0.0)
    step = np.log(process.actions) - costs
    beyond = -costs_of_states(process, costs) if of.last_state else np.zeros(process.states)
    logs, values = beyond, [np.exp(order * beyond) for order in (1, 2)]
    for _ in range(process.horizon):
        logs = (process.transition * (step + np.append(logs, 0.0))).sum(axis=2).mean(axis=1)
        values = [
            (process.transition * np.exp(order * step) * np.append(value, 1.0)).sum(axis=2).mean(axis=1)
            for order, value in zip((1, 2), values, strict=True)
        ]
    first, second = (float(process.start @ value) for value in values)
    return float(process.start @ logs), first, second


def _partition(view: View) -> Quantity | None:
    of = view.process.conventions
    if of.entropy != "trajectory" or of.start != "modelled" or view.case.mdp.horizon == 1:
        return None  # one step more tells a weight of many factors from a weight of one
    expected = view.process.log_partition
    log_z, bound = float(expected.value), float(np.minimum(expected.bound, 50.0))
    ends = uniform_log_weights(view)
    low, high = ends if ends is not None else (log_z - 1.0, log_z + 1.0)
    # Each trajectory's own sum of costs, in any order, and a log-mean-exp of them.
    steps = view.case.mdp.horizon * (len(view.case.theta) + 2) + 12
    size = abs(low) + abs(high) + float(log_sum_exp(np.zeros(steps)))
    of_each = bound + 4 * view.model.gamma(steps) * (size + _largest_cost(view) * view.case.mdp.horizon)
    tolerance = view.safety * of_each
    mean_log, first, second = uniform_moments(view) if ends is not None else (log_z, 1.0, 1.0)
    if view.truth.conventions.unbiased == "log Z":
        return Quantity(
            view,
            "log_partition",
            lambda seen: np.array([seen.log_partition()]),
            np.array([log_z]),
            np.array([tolerance]),
            np.array([low]),
            np.array([high]),
            bounded=ends is not None,
            remark=JENSEN,
            unit=1.0,
            telling=max(log_z - mean_log, 0.0) / max(high - low, 1e-300),
        )
    largest = float(np.exp(high - log_z))
    return Quantity(
        view,
        "e^log_partition over Z",
        lambda seen: np.exp(np.array([seen.log_partition() - log_z])),
        np.ones(1),
        np.array([largest * np.expm1(min(tolerance, 50.0))]),
        np.array([np.exp(low - log_z)]),
        np.array([largest]),
        bounded=ends is not None,
        telling=np.sqrt(max(second / first**2 - 1.0, 0.0)) / largest,
    )


def _largest_cost(view: View) -> float:
    process = view.case.mdp
    sizes = np.abs(process.features) @ np.abs(view.case.theta)
    return float(np.where(process.transition > 0, sizes, 0.0).max())


def _visits(view: View) -> Quantity:
    """Of one trajectory, which is in a state at a time or is not."""
    truth, of, process = view.process, view.process.conventions, view.case.mdp
    expected = truth.occupancy
    value = expected.value.ravel()
    times = process.horizon + (of.visits == "states")
    if of.occupancy_scale.endswith("normalised") or "t" in of.occupancy_axes:
        high = np.ones_like(value)
    else:
        discount = process.discount if of.occupancy_scale == "discounted" else 1.0
        high = np.full_like(value, float(np.sum(discount ** np.arange(float(times)))))
    bounded = of.horizon == "fixed"
    if not bounded:
        high = np.maximum(1.0, value)
    return Quantity(
        view,
        "visits",
        lambda seen: seen.occupancy().ravel(),
        value,
        view.safety * (np.broadcast_to(expected.bound, expected.value.shape).ravel() + view.model.u * high),
        np.zeros_like(value),
        high,
        bounded=bounded,
        places=tuple(np.ndindex(expected.value.shape)),
    )


CHECKS = (
    SampledCheck("H2", "log Z", "log_partition", "process", _partition),
    SampledCheck("D1", "visits", "occupancy", "process", _visits),
)
