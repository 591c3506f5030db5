"""Which known wrong formula gives the implementation's numbers, on cases that no claim has seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .checks import View
from .observed import NotObservedError, ObservableError
from .report import Diagnosis
from .search import Finding, Search
from .wrong_formulas import RIGHT, WRONG_FORMULAS, Pipeline, WrongFormula

Array = npt.NDArray[np.float64]

FRESH_CASES = 10

# Which claims speak about which observable: a name found for one observable is given to its claims.
_CLAIMS_OF = {
    "logit": ("A4", "A5", "A6", "A9", "B5"),
    "probability": ("A4", "A5", "A9", "B5"),
    "loss": ("B1", "B3", "N1", "N1b", "S2"),
    "gradient in θ": ("C1", "C2", "C5", "N2"),
    "gradient in b": ("B2", "B3"),
    "reward": ("E1", "E3"),
    "generator loss": ("E1",),
    "policy gradient": ("E3",),
    "IRL gradient": ("C2", "C3"),
}


@dataclass(frozen=True)
class _Reading:
    """One observable of one case: the implementation's numbers, and how a formula gives them."""

    observable: str
    got: Array
    formula: Callable[[Pipeline], Array]
    scale: float


def diagnose(
    search: Search, violated: dict[str, Finding], preferred: tuple[str, ...] = ()
) -> dict[str, Diagnosis]:
    """Name what is wrong, claim by claim.

    First a single wrong formula is looked for that gives *every* observable on fresh cases. Where there is none,
    each observable is looked at by itself, the loss and the reward given the implementation's own logits, so that
    two independent errors are both named.

    Returns
    -------
    claim → diagnosis; a claim without one matches no known formula.
    """
    named: dict[str, Diagnosis] = {}
    readings = _readings(search)
    if not readings:
        return named
    tolerance = np.sqrt(search.precision.unit_roundoff)
    conventions = search.implementation.conventions
    whole = _first_match([Pipeline(formula, conventions) for formula in WRONG_FORMULAS], readings, tolerance)
    if whole is not None:
        sentence = f"on {FRESH_CASES} fresh cases its {_joined(sorted({r.observable for r in readings}))} are those of this formula"
        return {claim: Diagnosis(whole.id, whole.title, sentence, FRESH_CASES) for claim in violated}
    for given_own_logits in (False, True):
        pool = _readings(search, given_own_logits=True) if given_own_logits else readings
        for observable in dict.fromkeys(reading.observable for reading in pool):
            wanted = [claim for claim in _CLAIMS_OF[observable] if claim in violated and claim not in named]
            if not wanted:
                continue
            own = [reading for reading in pool if reading.observable == observable]
            right = _first_match([Pipeline(RIGHT, conventions)], own, tolerance)
            found = right or _first_match([Pipeline(f, conventions) for f in WRONG_FORMULAS], own, tolerance)
            if found is None or found is RIGHT:
                continue
            given = ", given its own logits," if given_own_logits else ""
            sentence = f"on {FRESH_CASES} fresh cases its {observable}{given} is that of this formula"
            for claim in wanted:
                named[claim] = Diagnosis(found.id, found.title, sentence, FRESH_CASES)
    return named


def _first_match(
    pipelines: list[Pipeline], readings: list[_Reading], tolerance: float
) -> WrongFormula | None:
    for pipeline in pipelines:
        if all(_agrees(pipeline, reading, tolerance) for reading in readings):
            return pipeline.formula
    return None


def _agrees(pipeline: Pipeline, reading: _Reading, tolerance: float) -> bool:
    with np.errstate(all="ignore"):
        expected = reading.formula(pipeline)
    if expected.shape != reading.got.shape:
        return False
    return bool(np.all(np.abs(expected - reading.got) <= tolerance * (reading.scale + np.abs(expected))))


def _readings(search: Search, *, given_own_logits: bool = False) -> list[_Reading]:
    """Ask for every observable on fresh cases; what it does not have, or what raises, is left out."""
    fresh = search.fresh(FRESH_CASES)
    found: list[_Reading] = []
    for setting in ("batch", "population"):
        for _, view in fresh.views(setting):  # type: ignore[arg-type]
            asked = (
                _given_logits(view)
                if given_own_logits
                else _of_case(view, population=setting == "population")
            )
            while True:
                try:
                    found.append(next(asked))
                except StopIteration:
                    break
                except (NotObservedError, ObservableError):
                    break
    return found


def _try(take: Callable[[], npt.ArrayLike]) -> Array | None:
    try:
        return np.asarray(take(), dtype=np.float64)
    except (NotObservedError, ObservableError):
        return None


def _of_case(view: View, *, population: bool) -> Iterator[_Reading]:
    case, observed, truth = view.case, view.observed, view.truth
    # Tolerances are relative to what goes into a number, not to a result that may have cancelled.
    size = float(np.max(truth.cost_magnitude + np.abs(truth.true_log_q))) + abs(float(case.b)) + 1.0
    steep = truth.worst_derivative * sum(truth.scales) + 1e-3
    score = float(np.max(np.abs(truth.score), initial=0.0)) + 1e-3
    sources: list[tuple[str, Callable[[], npt.ArrayLike], Callable[[Pipeline], Array], float]]
    if population:
        sources = [
            (
                "policy gradient",
                observed.generator_gradient,
                lambda p: p.generator_gradient(case),
                size * score,
            )
        ]
    else:
        sources = [
            ("logit", view.logits, lambda p: p.logits(case), size),
            ("loss", observed.loss, lambda p: p.loss(case), size),
            ("gradient in θ", observed.gradient_theta, lambda p: p.gradient(case)[0], steep),
            ("gradient in b", observed.gradient_b, lambda p: p.gradient(case)[1], sum(truth.scales)),
            ("reward", observed.reward, lambda p: p.reward(case), size),
            (
                "generator loss",
                observed.generator_loss,
                lambda p: np.asarray(-(case.generator.weight @ p.reward(case))),
                size,
            ),
            ("IRL gradient", observed.irl_gradient, lambda p: p.irl_gradient(case), steep),
        ]
    for name, take, formula, scale in sources:
        got = _try(take)
        if got is not None:
            yield _Reading(name, got, formula, scale)


def _given_logits(view: View) -> Iterator[_Reading]:
    logits = _try(view.logits)
    if logits is None:
        return
    case, observed = view.case, view.observed
    sides = logits[view.truth.expert], logits[view.truth.generator]
    size = float(np.max(np.abs(logits))) + 1.0
    loss, rewards = _try(observed.loss), _try(observed.reward)
    if loss is not None:
        yield _Reading("loss", loss, lambda p: np.real(np.asarray(p.loss_of(case, sides))), size)
    if rewards is not None:
        yield _Reading("reward", rewards, lambda p: p.reward(case, sides[1]), size)


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
