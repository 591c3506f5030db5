"""Two wrong formulas at once: which pairs, at different nodes, give all that an implementation shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ganirl import Conventions

from .readings import Reading
from .wrong_formulas import RIGHT, WRONG_FORMULAS, Pipeline, WrongFormula
from .wrong_formulas.pipeline import NODES

# From the cheapest to ask a formula for to the dearest.
_CHEAPEST_FIRST = (
    *("logit", "log q", "probability", "reward", "loss", "generator loss", "IRL loss", "estimate of log Z"),
    *("IRL gradient", "gradient in b", "gradient in θ", "policy gradient", "gradient in the policy"),
)
# The nodes that an observable is made of; of those that are not here, all.
_OF_LOGIT = frozenset({"cost", "log_q", "logit"})
_NODES_OF = {
    "logit": _OF_LOGIT,
    "log q": frozenset({"log_q"}),
    "probability": _OF_LOGIT | {"probability"},
    "reward": _OF_LOGIT | {"reward"},
    "loss": _OF_LOGIT
    | {"loss_logit", "expert_term", "generator_term", "loss", "penalty", "loss_theta", "loss_b"},
}
_BETWEEN = " + "


def together(first: WrongFormula, second: WrongFormula) -> WrongFormula | None:
    """Return two formulas as one; None where both replace the same node."""
    if first.nodes.keys() & second.nodes.keys():
        return None
    return WrongFormula(
        f"{first.id}{_BETWEEN}{second.id}",
        f"{first.title}; and {second.title}",
        "",
        tuple(dict.fromkeys((*first.expected, *second.expected))),
        {**first.nodes, **second.nodes},
    )


def pairs_that_fit(
    candidates: Sequence[Pipeline], seen: Sequence[Reading], sound: set[str], tolerance: float
) -> list[Pipeline]:
    """Return the pairs of formulas that give every observable of the first case, and that both have a part in.

    Parameters
    ----------
    candidates : single formulas under the implementation's conventions, of which pairs are made
    seen : its readings on fresh cases
    sound : nodes that are seen to be right, which no formula of a pair replaces
    tolerance : of a reading, relative

    Returns
    -------
    Few of some 20,000: the others fail on the first number or two. None where the right formula gives all.
    """
    first = _of_first_case(seen)
    if not candidates:
        return []
    conventions = candidates[0].conventions
    right = Pipeline(RIGHT, conventions)
    # What is wrong comes first: a pair hardly ever gives it.
    first.sort(key=lambda reading: reading.distance(right) <= tolerance)
    if not first or first[0].distance(right) <= tolerance:
        return []
    formulas = [each.formula for each in candidates if not sound & each.formula.nodes.keys()]
    of_id = {formula.id: formula for formula in formulas}
    failing = [reading for reading in seen if not reading.distance(right) <= tolerance]
    if _always_the_same(failing):
        return []

    def needed(both: WrongFormula) -> bool:
        alone = [list(_pipelines([of_id[part]], conventions)) for part in both.id.split(_BETWEEN)]
        return all(
            any(_changes(reading, each, right, tolerance) for each in ways for reading in seen)
            and not any(all(reading.distance(each) <= tolerance for reading in failing) for each in ways)
            for ways in alone
        )

    return [
        pipeline
        for both in _pairs(formulas, conventions, first[0], tolerance)
        for pipeline in _pipelines([both], conventions)
        if all(reading.distance(pipeline) <= tolerance for reading in first) and needed(both)
    ]


def _changes(reading: Reading, pipeline: Pipeline, right: Pipeline, tolerance: float) -> bool:
    """Whether a formula gives another number than the right one here, by more than what a name may be off."""
    with np.errstate(all="ignore"):
        rightly = np.asarray(reading.formula(right))
    return not replace(reading, got=rightly).distance(pipeline) <= tolerance


def _pairs(
    formulas: Sequence[WrongFormula], conventions: Conventions, reading: Reading, tolerance: float
) -> Iterator[WrongFormula]:
    """Yield the pairs that may give a number: both have a part in it, or one that gives it alone."""
    nodes = _NODES_OF.get(reading.observable, frozenset(NODES))
    part = {formula.id for formula in formulas if nodes & formula.nodes.keys()}
    alone = {
        formula.id
        for formula in formulas
        if formula.id in part and reading.distance(Pipeline(formula, conventions)) <= tolerance
    }
    for first, second in combinations(formulas, 2):
        ids = {first.id, second.id}
        if not (ids <= part or ids & alone):
            continue
        both = together(first, second)
        if both is not None and (ids & alone or reading.distance(Pipeline(both, conventions)) <= tolerance):
            yield both


def _always_the_same(failing: Sequence[Reading]) -> bool:
    """Whether all that is wrong is one and the same number in every case: many pairs give it, and none is told."""
    numbers = np.concatenate([np.ravel(reading.got) for reading in failing])
    return bool((numbers == numbers[0]).all())


def pairs_named(ids: Iterable[str], conventions: Conventions) -> list[Pipeline]:
    """Return the pairs among ids, as pipelines."""
    of_id = {formula.id: formula for formula in WRONG_FORMULAS}
    two = [each.split(_BETWEEN) for each in ids if _BETWEEN in each]
    both = (together(*(of_id[part] for part in parts)) for parts in two if set(parts) <= of_id.keys())
    return list(_pipelines((formula for formula in both if formula is not None), conventions))


def _pipelines(formulas: Iterable[WrongFormula], conventions: Conventions) -> Iterator[Pipeline]:
    for formula in formulas:
        yield Pipeline(formula, conventions)
        if "log_q" in formula.nodes:
            yield Pipeline(formula, conventions, own_score=True)


def _of_first_case(seen: Sequence[Reading]) -> list[Reading]:
    first = {reading.observable: reading for reading in reversed(seen)}
    return [first[observable] for observable in _CHEAPEST_FIRST if observable in first]
