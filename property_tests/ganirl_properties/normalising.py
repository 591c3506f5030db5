"""Rewards or advantages that are divided by their spread, batch by batch: which spread it is, read off the numbers.

A factor that each batch has of its own is no factor of what is right, and what guards the division differs from one
library to another: 1e-8, 1e-5, nothing. The factor is measured, and compared with one over the spread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt

from .readings import Reading
from .wrong_formulas import Pipeline, WrongFormula

Array = npt.NDArray[np.float64]

# Batches that have to agree.
_FEWEST = 3

# Below that a spread is rounding.
_SPREAD = 1e-3


@dataclass(frozen=True)
class _Batch:
    """One reading: what is right, what was got, and the spread of the rewards.

    Attributes
    ----------
    got, right : (n,)
    spread : of the rewards, over n
    rows : n of the rewards
    scale : the size of what goes into a number
    """

    got: Array
    right: Array
    spread: float
    rows: int
    scale: float

    def over(self, less: int) -> float:
        """Return the spread over n − less."""
        return self.spread * float(np.sqrt(self.rows / (self.rows - less)))

    def factor(self, of: Array, tolerance: float) -> float | None:
        """Return what a vector is to be multiplied with to be what was got; None where nothing does."""
        square = float(of @ of)
        if square <= (tolerance * self.scale) ** 2 * len(of):
            return None
        found = float(self.got @ of) / square
        allowed = tolerance * (abs(found) * self.scale + np.abs(self.got))
        return found if bool((np.abs(found * of - self.got) <= allowed).all()) else None


def normalised_rewards(pool: Sequence[Reading], right: Pipeline, tolerance: float) -> str | None:
    """Say that a reward is what it should be over its spread, with or without its mean; None if it is not."""
    batches, lost = [], False
    for each in pool:
        wanted = _numbers(each, right)
        spread = float(wanted.std())
        if len(wanted) == 1:
            lost = lost or not np.isfinite(each.got).all()
        elif spread > _SPREAD:
            batches.append(_Batch(np.ravel(each.got), wanted, spread, len(wanted), each.scale))
    for less, (above, of) in product((0, 1), _ABOVE.items()):
        guard = _guard(batches, of, less, tolerance)
        if guard is not None:
            alone = "; of one row alone it is no number" if lost else ""
            return f"is {above}/{_spread(less, guard)} of each batch, r being what it should be{alone}"
    return None


def _centred(batch: _Batch) -> Array:
    return np.asarray(batch.right - batch.right.mean())


def _as_it_is(batch: _Batch) -> Array:
    return batch.right


# What stands above the spread.
_ABOVE: Mapping[str, Callable[[_Batch], Array]] = {"(r − mean r)": _centred, "r": _as_it_is}


def normalised_policy_gradient(pool: Sequence[Reading], right: Pipeline, tolerance: float) -> str | None:
    """Say that a policy gradient is what it should be over the spread of the rewards, or has lengths of its own.

    Over all of q a constant that all rewards share leaves it as it is: whether their mean was taken off is not seen.
    """
    batches = []
    for each in pool:
        rows, spread = _rewards(each, right)
        if rows > 1 and spread > _SPREAD:
            batches.append(_Batch(np.ravel(each.got), _numbers(each, right), spread, round(rows), each.scale))
    for less in (0, 1):
        guard = _guard(batches, _as_it_is, less, tolerance)
        if guard is not None:
            return f"is what it should be, divided by {_spread(less, guard)} of each batch's rewards r"
    factors = [batch.factor(batch.right, tolerance) for batch in batches]
    told = [factor for factor in factors if factor is not None]
    # Of a policy with two actions in one state, any gradient is a multiple.
    free = sum(np.count_nonzero(np.abs(batch.right) > tolerance * batch.scale) > 2 for batch in batches)
    if len(told) < max(len(factors), _FEWEST) or free < _FEWEST or min(told) <= 0:
        return None
    return f"has the right direction and, batch by batch, {min(told):.3g} to {max(told):.3g} times the length"


def _guard(
    batches: Sequence[_Batch], of: Callable[[_Batch], Array], less: int, tolerance: float
) -> float | None:
    """Return ε where every batch is multiplied by 1/(spread + ε); None where there is no such ε."""
    guards, spreads = [], []
    for batch in batches:
        factor = batch.factor(of(batch), tolerance)
        if factor is None or not factor > 0:
            return None
        guards.append(1.0 / factor - batch.over(less))
        spreads.append(batch.over(less))
    if len(guards) < _FEWEST:
        return None
    guard = float(np.median(guards))
    # A spread loses the digits that the rewards have in common.
    slack = tolerance * (np.array(spreads) + max(batch.scale for batch in batches))
    if not (np.abs(np.array(guards) - guard) <= slack).all():
        return None
    return guard if abs(guard) > float(slack.max()) else 0.0


def _spread(less: int, guard: float) -> str:
    name = f"std(r, over n{' − 1' if less else ''})"
    return f"({name} {'−' if guard < 0 else '+'} {abs(guard):.1g})" if guard else name


def _numbers(reading: Reading, pipeline: Pipeline) -> Array:
    return np.ravel(np.asarray(reading.formula(pipeline), dtype=np.float64))


def _rewards(reading: Reading, right: Pipeline) -> tuple[float, float]:
    """Return how many rewards a policy gradient was made of, and their spread over n."""

    def asked(take: Callable[[Array, Array], float]) -> float:
        def everywhere(weight: Array, rewards: Array, score: Array) -> Array:
            return np.full_like(score[0], take(weight, rewards))

        formula = WrongFormula("", "", "", (), {"policy_gradient": everywhere})
        return float(_numbers(reading, replace(right, formula=formula))[0])

    rows = asked(lambda weight, rewards: float(len(rewards)))
    spread = asked(
        lambda weight, rewards: float(np.sqrt(weight @ (rewards - weight @ rewards) ** 2 / weight.sum()))
    )
    return rows, spread
