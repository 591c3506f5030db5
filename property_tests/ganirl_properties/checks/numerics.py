"""Checks of families N and S."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ganirl import Case, Conventions, Precision, Rows, Steps
from ganirl.batch import log_likelihood
from ganirl.truth import Expected, Truth
from ganirl_properties.cases import absorb_b
from ganirl_properties.observed import NotObservedError
from ganirl_properties.paths import taken_rows

from .check import Array, Check, Comparison, View, compare

TAILS = (0.0, 1e-3, 5.0, 17.0, 30.0, 60.0, 90.0, 104.0, 200.0)
GRID = np.linspace(-45.0, 45.0, 901)
SATURATED = (40.0, 100.0, 150.0)
NEAR_THRESHOLD = (20.5, 24.0)
MILD = 5.0

POLICY_LOGITS = ((0.3, -0.8), (1.2, 0.1))
B = 0.8


def single_rows(expert: float, generator: float, precision: Precision, conventions: Conventions) -> Case:
    """Return one row a side whose logits are as asked, up to the rounding of the feature that makes them so."""
    logits = precision.round(np.array(POLICY_LOGITS))
    b = precision.round(B)

    def side(logit: float, state: int, action: int) -> Rows:
        cell = np.array([[state]])
        done = np.ones((1, 1), dtype=bool)
        steps = Steps(cell, np.array([[action]]), np.array([[2]]), done, done, np.zeros((1, 1, 1)))
        blank = Rows(np.zeros((1, 1)), np.zeros(1), np.ones(1), steps)
        log_q = log_likelihood(logits, blank)
        used = 0.0 if conventions.log_q == "absent" else float(log_q[0]) + conventions.log_q_constant
        feature = precision.round(np.array([[-logit - float(b) - used]]))
        return Rows(feature, precision.round(log_q), np.ones(1), replace(steps, features=feature[:, None, :]))

    case = Case(
        np.ones(1), b, logits, side(expert, 0, 0), side(generator, 1, 1), precision.name, conventions.unit
    )
    return absorb_b(case) if conventions.log_z == "absent" else case


def opposite_tails(view: View) -> Iterator[View]:
    """One row a side at ℓ and −ℓ, from 0 to ±200."""
    for size in TAILS:
        for logit in sorted({size, -size}):
            yield _opposite(view, logit)


def tail_views(view: View) -> Iterator[View]:
    """All that N1 and N2 look at, and two points above the threshold of torch's softplus, which N1b sees."""
    yield from opposite_tails(view)
    yield from _saturated_views(view)
    for size in NEAR_THRESHOLD:
        yield _opposite(view, size)
        yield _opposite(view, -size)


def mild_views(view: View) -> Iterator[View]:
    """Those of N1 that are no tails: a loss that is wrong there is wrong everywhere."""
    for size in TAILS:
        if size <= MILD:
            yield _opposite(view, size)
            yield _opposite(view, -size)


def _grid_views(view: View) -> Iterator[View]:
    for logit in GRID:
        yield _opposite(view, float(logit))


def _opposite(view: View, logit: float) -> View:
    # ℓ on the expert and −ℓ on the generator: both terms are softplus(−ℓ), so that neither hides the other's tail.
    return view.at(single_rows(logit, -logit, view.case.precision, view.observed.conventions))


def _tail(view: View) -> Iterator[Comparison]:
    # A form that is not declared is judged as the best one; "correct up to" its form is what it then may be.
    declared = view.truth.conventions.loss_form
    truth = view.truth.in_form("log_sigmoid" if declared == "any" else declared)
    yield compare("discriminator_loss", view.observed.loss(), truth.loss)


def _saturated_views(view: View) -> Iterator[View]:
    for size in SATURATED:
        for logit in (-size, size):
            yield view.at(single_rows(logit, logit, view.case.precision, view.observed.conventions))


def _saturated(view: View) -> Iterator[Comparison]:
    yield compare(
        "∂L_D/∂θ where D has rounded to 0 or 1", view.observed.gradient_theta(), view.truth.gradient_theta
    )


def _no_policy_gradient(view: View) -> Iterator[Comparison]:
    got = view.observed.policy_gradient_of_loss()
    yield compare(
        "∂L_D/∂policy logits",
        got,
        Expected(view.truth.exactly(np.zeros_like(got)), np.full_like(got, view.model.eta)),
    )


def _rearranged(view: View, name: str, repeat: int) -> Iterator[Comparison]:
    def side(rows: Rows) -> Rows:
        # Backwards from the second row: neither the first row nor, of four, the last stays in its place.
        order = np.tile(np.roll(np.arange(len(rows))[::-1], 2), repeat)
        other = taken_rows(rows, order)
        return replace(other, weight=other.weight / repeat)

    other = view.at(replace(view.case, expert=side(view.case.expert), generator=side(view.case.generator)))
    growth = repeat if view.observed.conventions.loss_scale == "sum" else 1
    own, rearranged = view.observed.loss(), other.observed.loss()
    bound = _own_rounding(view, own) * growth + _own_rounding(other, rearranged)
    expected = Expected(view.truth.exactly(own) * growth, bound)
    yield compare(f"discriminator_loss {name}", rearranged, expected)


def _own_rounding(view: View, own: float) -> Array:
    """Return the error of a loss that need not be the right one, whose rows are as they are.

    What it holds beyond the right loss, a penalty say, is a sum of one term a row too, computed in any order: n − 1
    additions, the mean's division and product, the coefficient's product and the addition to the rest; and a term's
    own function may round otherwise at another place of a vector, by κ. So γ_{n+3+κ} of it, beside the right one's
    bound. Nothing is known of a loss that is NaN or inf.
    """
    right, bound = view.truth.loss.value, view.truth.loss.bound
    if right.dtype == object:  # a certified one: how large it is takes no interval
        right = Truth(view.case, view.observed.conventions, view.model).loss.value
    beyond = np.maximum(np.abs(own) - np.abs(right.astype(np.float64)), 0.0)
    rows = view.truth.generator.stop
    own_bound = bound + view.model.gamma(rows + 3 + view.model.kappa) * beyond
    return np.asarray(np.where(np.isfinite(beyond), own_bound, bound))


def _symmetric(view: View) -> Iterator[Comparison]:
    yield from _rearranged(view, "of the rows in another order", 1)
    if view.model.u * 64 >= 1:
        raise NotObservedError("batches of twice the size have no bound in this format")
    yield from _rearranged(view, "of both batches twice over", 2)


CHECKS = (
    Check(
        "N1",
        "tails",
        "L_D of one row a side, ℓ from 0 to ±200",
        ("discriminator_loss",),
        None,
        _tail,
        opposite_tails,
    ),
    Check(
        "N1b",
        "grid",
        "L_D of one row a side, 901 ℓ in [−45, 45]",
        ("discriminator_loss",),
        None,
        _tail,
        _grid_views,
    ),
    Check("N2", "saturated", "∂L_D/∂θ at |ℓ| = 40, 100, 150", (), None, _saturated, _saturated_views),
    Check("S1", "policy", "∂L_D/∂policy logits", (), "batch", _no_policy_gradient),
    Check(
        "S2",
        "symmetry",
        "L_D of permuted and of duplicated batches",
        ("discriminator_loss",),
        "batch",
        _symmetric,
    ),
)
