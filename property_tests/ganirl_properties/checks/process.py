"""Checks of tabular code: log Z, soft values, policy, visits, and the gradient over demonstrations.

Two of them need no declared convention: whatever a library's value is, its visits are that value's derivative in the
costs, and whatever its objective is, its gradient is that of it. They hold the library against differences of its
own numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganirl.case import Unit
from ganirl.process_solution import first_states
from ganirl.truth import Expected
from ganirl_properties.observed import NotObservedError, ObservableError

from .check import Check, Comparison, View, compare

Array = npt.NDArray[np.float64]


def _log_partition(view: View) -> Iterator[Comparison]:
    if view.process.conventions.entropy == "causal":
        raise NotObservedError("with causal entropy its log_partition is V_soft and not log Z: H12 judges it")
    yield compare("log Z", view.observed.log_partition(), view.process.log_partition)


def _value(view: View) -> Iterator[Comparison]:
    if view.process.conventions.entropy == "trajectory":
        raise NotObservedError("with trajectory entropy its log_partition is log Z: H2 judges it")
    yield compare("V_soft", view.observed.log_partition(), view.process.log_partition)


def _soft_values(view: View) -> Iterator[Comparison]:
    got, expected = view.observed.soft_values(), view.process.soft_values
    count = len(got)
    yield compare("V(s)", got, Expected(expected.value[:count], expected.bound[:count]))


def _policy(view: View) -> Iterator[Comparison]:
    yield compare("π(a|s)", view.observed.policy(), view.process.policy)


def _occupancy(view: View) -> Iterator[Comparison]:
    yield compare("visits", view.observed.occupancy(), view.process.occupancy)


def _gradient(view: View) -> Iterator[Comparison]:
    expected = view.process.demonstration_gradient
    yield compare("∂/∂θ over demonstrations", view.observed.demonstration_gradient(), expected)


# --- against itself ---------------------------------------------------------------------------------------


def own_value(view: View) -> float:
    """Its log Z or V_soft; where it gives none, what its soft values make of the start."""
    if view.observed.has("log_partition"):
        return view.observed.log_partition()
    if view.observed.has("soft_values"):
        process = view.process
        return first_states(process.process.start, view.observed.soft_values()[0], process.conventions)[0]
    raise NotObservedError("it has no log_partition and no soft_values to take differences of")


def _own_visits(view: View) -> Iterator[Comparison]:
    got = own_features(view)
    truth = view.process
    size = np.abs(truth.process.features)
    # The bound of what its visits of each kind are, once more in features.
    error = float(np.max(truth.occupancy.bound)) * truth.occupancy.value.size * size.max(axis=(0, 1, 2))
    error = error + truth.model_features(*truth.visits, size) * 4 * truth.arithmetic.u * size[..., 0].size
    noise = float(truth.log_partition.bound)
    yield from _derivative(view, "its visits in features", -got, own_value, error, noise)


def _own_objective(view: View) -> Iterator[Comparison]:
    truth, bound = view.process, view.process.demonstration_gradient.bound
    got = view.observed.demonstration_gradient()
    if view.observed.has("demonstration_loss"):
        loss = _own_loss
    else:
        if truth.conventions.objective != "dual":
            raise NotObservedError("it has no demonstration_loss, and its value is no part of −E_p[Σ log π]")
        loss = _dual_of_own_value
    yield from _derivative(view, "its demonstration gradient", got, loss, bound, truth.objective_error)


def _own_loss(view: View) -> float:
    found = view.observed.demonstration_loss()
    if not np.isfinite(found):  # a difference of it would have a bound that says nothing
        raise ObservableError(f"demonstration_loss gave {found:g}, of which there is no gradient")
    return found


def _dual_of_own_value(view: View) -> float:
    return view.process.scale * (view.process.data_cost + own_value(view))


# Wide steps leave a process whose Z is finite by a margin; narrower ones are all but noise in a coarse format.
_WIDEST = 1 / 32


def _derivative(
    view: View, what: str, got: Array, function: Callable[[View], float], error: Array, noise: float
) -> Iterator[Comparison]:
    """Compare numbers with central differences of the implementation's own function of θ.

    Truncation is read off the function itself, by a difference twice as wide (its h² term is four times as large),
    rounding is that of its values: T12 with both curvatures measured.
    """
    noise *= view.safety
    expected, bound = np.empty_like(got), np.empty_like(got)
    for index in range(len(got)):
        size = 1.0 + float(np.abs(view.case.mdp.features[..., index]).max())
        step = min(_WIDEST, float((15.0 * noise) ** (1.0 / 3.0)) / size)
        values, points = [], []
        for times in (-2.0, -1.0, 0.0, 1.0, 2.0):
            moved = _moved(view, index, times * step)
            values.append(function(moved))
            points.append(float(moved.case.theta[index]))
        narrow = (values[3] - values[1]) / (points[3] - points[1])
        wide = (values[4] - values[0]) / (points[4] - points[0])
        rounding = 2.0 * noise / (points[3] - points[1])
        bend = (abs(values[3] - 2.0 * values[2] + values[1]) + 4.0 * noise) / step**2
        lopsided = abs(points[3] - 2.0 * points[2] + points[1]) + abs(points[4] - 2.0 * points[2] + points[0])
        expected[index] = narrow
        bound[index] = abs(wide - narrow) + 2.0 * rounding + bend * lopsided
    # Noise is allowed for already: what is left to the factor of safety is the gradient's own error.
    total = error + bound / view.safety
    yield compare(f"{what}, against differences", got, Expected(expected, total))


def _moved(view: View, index: int, by: float) -> View:
    def make(view: View) -> tuple[View, ...]:
        theta = view.case.theta.copy()
        theta[index] = view.case.precision.round(theta[index] + by)
        return (view.at(replace(view.case, theta=theta)),)

    return view.beside(f"θ_{index} + {by!r}", make)[0]


def own_features(view: View) -> Array:
    """Σ γ^t φ of its own visits, (d,).

    Raises
    ------
    NotObservedError
        If its visits leave open what that is.
    """
    truth = view.process
    of, process = truth.conventions, truth.process
    if of.occupancy_scale.endswith("normalised"):
        raise NotObservedError("its visits are normalised: how many there are is left open")
    if of.rewards_on != "state" and "a" not in of.occupancy_axes:
        raise NotObservedError("its visits are those of states, and rewards depend on more")
    if of.rewards_on == "transition" and of.entropy == "trajectory":
        raise NotObservedError("rewards depend on the next state, which the model tilts")
    if of.last_state and of.visits == "steps":
        raise NotObservedError("its visits leave out the state after the last step, whose reward counts")
    timed, counts = "t" in of.occupancy_axes, of.occupancy_scale == "counts"
    if counts and not timed and process.discount != 1.0:
        raise NotObservedError("its visits are not discounted and have no axis of time")
    visits = view.observed.occupancy()
    if timed:
        powers = process.discount ** np.arange(len(visits)) if counts else np.ones(len(visits))
        if of.visits == "states" and not of.last_state:
            visits, powers = visits[:-1], powers[:-1]
        visits = np.tensordot(powers, visits, axes=1)
    elif of.visits == "states" and not of.last_state:
        visits = visits - truth.solution.last * truth.powers[-1]
    if "a" in of.occupancy_axes:
        features = np.einsum("sax,saxd->sad", process.transition, process.features)
        return np.asarray(np.einsum("sa,sad->d", visits, features))
    return np.asarray(visits @ process.state_features)


@dataclass(frozen=True)
class ProcessCheck(Check):
    """One way to see a claim in tabular code, on processes that are drawn or that a check arranges itself."""

    def suits(self, unit: Unit) -> bool:
        """Whether it is tabular code."""
        return unit == "process"


CHECKS = (
    ProcessCheck(
        "H2",
        "log Z",
        "log Z of a process against its dynamic programme (trajectory entropy)",
        ("log_partition",),
        "process",
        _log_partition,
    ),
    ProcessCheck(
        "H12",
        "soft values",
        "V of a process against the backup of its entropy",
        ("soft_values",),
        "process",
        _soft_values,
    ),
    ProcessCheck("H12", "policy", "π = e^{Q − V} of a process", ("policy",), "process", _policy),
    ProcessCheck(
        "H12", "value", "E_ρ0[V] of a process (causal entropy)", ("log_partition",), "process", _value
    ),
    ProcessCheck(
        "D1",
        "visits",
        "its visits against −∂ log Z/∂c, or −∂V_soft/∂c",
        ("occupancy",),
        "process",
        _occupancy,
    ),
    ProcessCheck(
        "D1",
        "own value",
        "its visits against differences of its own log Z or V",
        ("occupancy",),
        "process",
        _own_visits,
    ),
    ProcessCheck(
        "D3", "gradient", "its demonstration gradient against E_p[φ] − E_model[φ]", (), "process", _gradient
    ),
    ProcessCheck(
        "D3",
        "own objective",
        "its demonstration gradient against differences of its own objective",
        (),
        "process",
        _own_objective,
    ),
)
