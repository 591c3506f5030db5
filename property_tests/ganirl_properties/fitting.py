"""Which formulas give readings: the candidates, what contradicts one, and the nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ganirl import Conventions

from .readings import Reading
from .search import Search
from .wrong_formulas import RIGHT, WRONG_FORMULAS, Pipeline, WrongFormula

# Two formulas that come this near to each other are the same on what was seen.
SAME = 1e-12


def of_observable(pool: list[Reading], observable: str) -> list[Reading]:
    """Return the readings of one observable."""
    return [reading for reading in pool if reading.observable == observable]


# The observable that shows a node itself, not merely what follows from it.
_SHOWN_BY = {"reward": "reward", "logit": "logit"}


def uncontradicted(
    candidates: list[Pipeline], seen: list[Reading], observable: str, tolerance: float
) -> list[Pipeline]:
    """Leave out what replaces a node that is seen to be right: the error then lies further down."""
    if not candidates:
        return []
    others = [reading for reading in seen if reading.observable != observable]
    sound = sound_nodes(candidates[0].conventions, others, tolerance)
    return [pipeline for pipeline in candidates if not sound & pipeline.formula.nodes.keys()]


# One function and its derivatives.
_OF_ONE_LOSS = ("loss", "gradient in θ", "gradient in b")


def coherent(
    search: Search, candidates: list[Pipeline], seen: list[Reading], observable: str, tolerance: float
) -> list[Pipeline]:
    """Leave out what cannot explain a loss, or a slope of it, because it errs where another of the three is right."""
    if observable not in _OF_ONE_LOSS or not candidates:
        return candidates
    # A gradient that is handed over need not be that of the loss beside it.
    of_one = _OF_ONE_LOSS[1:] if search.implementation_has("discriminator_gradient") else _OF_ONE_LOSS
    right = Pipeline(RIGHT, candidates[0].conventions)
    for name in of_one if observable in of_one else ():
        pool = of_observable(seen, name) if name != observable else []
        if distance_of(right, pool, tolerance) <= tolerance:
            candidates = [each for each in candidates if distance_of(each, pool, tolerance) <= tolerance]
    return candidates


def sound_nodes(conventions: Conventions, seen: list[Reading], tolerance: float) -> set[str]:
    """Return the nodes that are seen to be right."""
    right = Pipeline(RIGHT, conventions)
    return {
        node
        for node, shown in _SHOWN_BY.items()
        if (pool := of_observable(seen, shown)) and distance_of(right, pool, tolerance) <= tolerance
    }


def candidates_of(search: Search) -> Iterator[Pipeline]:
    """Yield every known wrong formula under the implementation's conventions."""
    conventions = search.implementation.conventions
    # A discriminator without log q, whose density nothing else shows, has no formula of log q to be wrong.
    without = {"log_q", "loss_score"} if _no_log_q(search) else set()
    for formula in WRONG_FORMULAS:
        if without & formula.nodes.keys():
            continue
        yield Pipeline(formula, conventions)
        if "log_q" in formula.nodes:
            # The policy may be trained through the same wrong log q as the discriminator reads.
            yield Pipeline(formula, conventions, own_score=True)


def _no_log_q(search: Search) -> bool:
    shows = any(map(search.implementation_has, ("log_q", "discriminator_policy_gradient")))
    return search.implementation.conventions.log_q == "absent" and not shows


def nearest_of(
    pool: list[Reading],
    candidates: list[Pipeline],
    tolerance: float,
    preferred: tuple[str, ...],
    further: Callable[[], list[Reading]] = list,
) -> WrongFormula | None:
    """Return the preferred formula, or else the nearest, of those that agree with all readings.

    Where the right formula agrees, nothing tells wrong ones apart, but for one that is named already and is nearer.
    Where several are the same on what was seen, further readings are asked for; what these leave together is parted
    by where it is wrong, the error being sought next to it: a reward is turned over, not the logit.
    """
    rightly = Pipeline(RIGHT, candidates[0].conventions)
    # Most formulas give what is right wherever they differ from this one: they part at once where it is wrong.
    wrong = next((place for place, each in enumerate(pool) if not each.distance(rightly) <= tolerance), 0)
    pool = [pool[wrong], *pool[:wrong], *pool[wrong + 1 :]]
    right = distance_of(rightly, pool, tolerance)
    found: list[tuple[float, Pipeline]] = []
    for pipeline in candidates:
        if right <= tolerance and pipeline.formula.id not in preferred:
            continue
        distance = distance_of(pipeline, pool, tolerance)
        if distance <= tolerance and distance < right:
            found.append((distance, pipeline))
    found = [each for each in found if each[1].formula.id in preferred] or found
    nearest = min((distance for distance, _ in found), default=0.0)
    same = [pipeline for distance, pipeline in found if distance <= nearest * (1.0 + SAME) + SAME]
    more = further() if len(same) > 1 else []
    same = [each for each in same if distance_of(each, more, tolerance) <= tolerance] or same
    return max((each.formula for each in same), key=lambda formula: formula.earliest_node, default=None)


def distance_of(pipeline: Pipeline, pool: list[Reading], tolerance: float) -> float:
    """Return the largest error, relative to what goes into a number; infinite once it is beyond the tolerance."""
    worst = 0.0
    for reading in pool:
        worst = max(worst, reading.distance(pipeline))
        if not worst <= tolerance:
            return float("inf")
    return worst
