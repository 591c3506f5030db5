"""Which way of computing the loss gives the implementation's numbers in the tails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .checks import View
from .checks.numerics import tail_views
from .observed import NotObservedError, ObservableError
from .search import Finding, Search
from .wrong_formulas.numerics import NUMERIC_FORMS, NumericForm, Rounded, Term

Array = npt.NDArray[np.float64]

# Fresh cases with many rows on which a form has to hold beside the tails.
BATCHES = 10


@dataclass(frozen=True)
class Span:
    """Where a number may lie; ``undefined`` where it may be NaN."""

    low: Array
    high: Array
    undefined: Array

    def holds(self, got: Array, allowed: Array) -> bool:
        """Whether every component lies there, up to what rounding allows besides."""
        inside = (got >= self.low - allowed) & (got <= self.high + allowed)
        return bool(np.all(np.where(np.isnan(got), self.undefined, inside)))

    @property
    def openness(self) -> float:
        """How little it says: 0 for one number, 1 for anything."""
        with np.errstate(invalid="ignore"):
            width = (self.high - self.low) / (1.0 + np.abs(self.low))
        width = np.where(np.isnan(width), 0.0, np.clip(width, 0.0, 1.0))  # always NaN, or always infinite
        return float(np.mean(width))


@dataclass(frozen=True)
class _Reading:
    view: View
    observable: str
    got: Array
    truth: Array
    allowed: Array

    @property
    def wrong(self) -> bool:
        return not bool(np.all(np.abs(self.got - self.truth) <= self.allowed))


def form_of(search: Search, preferred: tuple[str, ...] = ()) -> NumericForm | None:
    """Return the form that gives every loss and gradient in the tails and on fresh batches.

    None if the right one does, or none does. Of several the preferred one, then the one that leaves least open.
    A loss whose form is not declared is looked at as the best one first, as N1 does, then as any.
    """
    seen: list[_Reading] = []
    fitting: list[NumericForm] = []
    for as_best in (True, False):
        seen = list(_readings(search, as_best=as_best))
        fitting = [form for form in NUMERIC_FORMS if all(_agrees(form, reading) for reading in seen)]
        if fitting and any(reading.wrong for reading in seen):
            break
    else:
        return None
    return min(
        fitting,
        key=lambda form: (
            form.id not in preferred,
            sum(_span_of(form, reading).openness for reading in seen),
        ),
    )


def reproduced(form: NumericForm, view: View) -> bool:
    """Whether a form gives the loss and the gradients of a case."""
    return all(_agrees(form, reading) for reading in _of(view))


# Of the cases on which a claim fails, those that it fails worst on.
_MOST_FAILURES = 20


def explains(form: NumericForm, search: Search, finding: Finding) -> bool:
    """Whether a form gives the numbers where a claim fails: one that fits elsewhere explains no other error."""
    worst = sorted(finding.failures, key=lambda failure: -failure.judgement.ratio)[:_MOST_FAILURES]
    return all(reproduced(form, search.view_of(failure.case)) for failure in worst)


def _readings(search: Search, *, as_best: bool) -> Iterator[_Reading]:
    for view in tail_views(search.views("batch")[0][1]):
        yield from _of(view, as_best=as_best)
    for _, view in search.fresh(BATCHES).views("batch"):
        yield from _of(view, as_best=as_best)


def _of(view: View, *, as_best: bool = False) -> Iterator[_Reading]:
    observed, truth = view.observed, view.truth
    if as_best and truth.conventions.loss_form == "any":
        truth = truth.in_form("log_sigmoid")
    for observable, take, expected in (
        ("loss", observed.loss, truth.loss),
        ("gradient in θ", observed.gradient_theta, truth.gradient_theta),
        ("gradient in b", observed.gradient_b, truth.gradient_b),
    ):
        try:
            got = np.asarray(take(), dtype=np.float64)
        except (NotObservedError, ObservableError):
            continue
        yield _Reading(view, observable, got, expected.value, view.safety * expected.bound)


def _agrees(form: NumericForm, reading: _Reading) -> bool:
    return _span_of(form, reading).holds(reading.got, reading.allowed)


def _span_of(form: NumericForm, reading: _Reading) -> Span:
    with np.errstate(all="ignore"):
        return _span(form, reading.view, reading.observable)


def _span(form: NumericForm, view: View, observable: str) -> Span:
    truth, model = view.truth, view.model
    factors = {
        "loss": np.ones((truth.generator.stop, 1)),
        "gradient in θ": -truth.derivative,
        "gradient in b": -np.ones((truth.generator.stop, 1)),
    }[observable]
    ways = [
        Rounded(model, shift, flush) for shift in (-model.kappa, 0.0, model.kappa) for flush in (False, True)
    ]
    # Code whose D is the generator's probability has −ℓ for its logit, and the two terms in each other's place.
    turned = view.observed.conventions.expert_label == 0
    sign, terms = (-1.0, (form.generator, form.expert)) if turned else (1.0, (form.expert, form.generator))
    low, high = np.zeros(factors.shape[1]), np.zeros(factors.shape[1])
    undefined = np.zeros(factors.shape[1], dtype=bool)
    for side, weight, scale, term in zip(
        (truth.expert, truth.generator),
        truth.weights,
        truth.scales,
        terms,
        strict=True,
    ):
        logits, log_q = sign * truth.all_logits[side], truth.log_q[side]
        found = [_part(term(way, logits, log_q), observable, sign) for way in ways]
        parts = scale * weight[side][:, None] * factors[side] * np.stack(found)[:, :, None]
        unclear = np.isnan(parts)
        undefined |= unclear.any(axis=(0, 1))
        low = low + np.where(unclear, np.inf, parts).min(axis=0).sum(axis=0)
        high = high + np.where(unclear, -np.inf, parts).max(axis=0).sum(axis=0)
    shape = () if observable != "gradient in θ" else low.shape
    undefined |= np.isnan(low) | np.isnan(high) | (low == -np.inf) & (high == np.inf)
    return Span(low.reshape(shape), high.reshape(shape), undefined.reshape(shape))


def _part(term: Term, observable: str, sign: float) -> Array:
    return term.value if observable == "loss" else sign * term.slope
