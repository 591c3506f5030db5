"""What wrong numbers have in common where no known formula gives them: a sentence for the author to begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .normalising import normalised_policy_gradient, normalised_rewards
from .readings import Reading, claims_of_observable, readings
from .search import Search
from .wrong_formulas import RIGHT, Pipeline, WrongFormula
from .wrong_formulas.pipeline import Side

Array = npt.NDArray[np.float64]

CASES = 10

# Where rounding is some per cent, anything is near to something simple.
_COARSE = 0.01

# Cases with a number at a cap, and with one that is right beside it: one number alone is a coincidence.
_CASES_TO_TELL = 3


@dataclass(frozen=True)
class _Numbers:
    """One observable on all fresh cases, number by number.

    Attributes
    ----------
    got, right : (n,)
    allowed : (n,) what rounding may do, generously
    case : (n,) of which case it is
    """

    observable: str
    got: Array
    right: Array
    allowed: Array
    case: npt.NDArray[np.int64]

    def near(self, guess: Array) -> bool:
        """Whether a guess is what was got."""
        return bool((np.abs(guess - self.got) <= self.allowed).all())

    def in_many_cases(self, where: npt.NDArray[np.bool_]) -> bool:
        """Whether there are enough cases with such a number to tell from them."""
        return len(np.unique(self.case[where])) >= _CASES_TO_TELL


def relation(search: Search, claim: str) -> str | None:
    """Say how what a claim is judged by differs from what is right; None if there is nothing simple to say."""
    tolerance = float(np.sqrt(search.precision.unit_roundoff))
    if tolerance > _COARSE or search.implementation.conventions.unit == "process":
        return None
    right = Pipeline(RIGHT, search.implementation.conventions)
    seen = readings(search, CASES)
    shown = list(dict.fromkeys(reading.observable for reading in seen))
    wrong: list[tuple[_Numbers, list[Reading]]] = []
    sound: set[str] = set()
    for observable in shown:
        pool = [each for each in seen if each.observable == observable]
        if all(each.distance(right) <= tolerance for each in pool):
            sound.add(observable)
        elif claim in claims_of_observable(observable, shown):
            wrong.append((_numbers(pool, right, tolerance), pool))
    for numbers, pool in wrong:
        normalised = _NORMALISED.get(numbers.observable)
        if normalised is not None and (told := normalised(pool, right, tolerance)) is not None:
            return f"on {CASES} fresh cases its {numbers.observable} {told}"
        for take in (_not_finite, _scaled, _shifted, _constant, _capped):
            told = take(numbers)
            if told is not None:
                return f"on {CASES} fresh cases its {numbers.observable} {told}"
        if numbers.observable in _MIXED and (told := _mixed(numbers, pool, right)) is not None:
            return f"on {CASES} fresh cases its {numbers.observable} {told}"
        if numbers.observable in _SLOPES and "loss" in sound:
            return f"on {CASES} fresh cases its loss is right, and its {numbers.observable} is not the slope of it"
    return None


_SLOPES = ("gradient in θ", "gradient in b")

_NORMALISED: Mapping[str, Callable[[list[Reading], Pipeline, float], str | None]] = {
    "reward": normalised_rewards,
    "policy gradient": normalised_policy_gradient,
}


def _numbers(pool: list[Reading], right: Pipeline, tolerance: float) -> _Numbers:
    got, wanted, allowed = [], [], []
    with np.errstate(all="ignore"):
        for each in pool:
            expected = np.ravel(np.asarray(each.formula(right), dtype=np.float64))
            got.append(np.ravel(each.got))
            wanted.append(expected)
            allowed.append(tolerance * (each.scale + np.abs(expected)))
    case = np.repeat(np.arange(len(pool)), [len(each) for each in got])
    return _Numbers(
        pool[0].observable, np.concatenate(got), np.concatenate(wanted), np.concatenate(allowed), case
    )


def _not_finite(numbers: _Numbers) -> str | None:
    lost = ~np.isfinite(numbers.got)
    if not lost.any():
        return None
    return f"is inf or NaN in {int(lost.sum())} of {len(lost)} numbers"


def _scaled(numbers: _Numbers) -> str | None:
    square = float(numbers.right @ numbers.right)
    # Of one number alone, any number is a multiple.
    if square == 0.0 or np.count_nonzero(np.abs(numbers.right) > 4.0 * numbers.allowed) < 3:
        return None
    factor = float(numbers.got @ numbers.right) / square
    if not numbers.near(factor * numbers.right):
        return None
    return "is zero" if numbers.near(0.0 * numbers.right) else f"is {_short(factor)} times what it should be"


def _shifted(numbers: _Numbers) -> str | None:
    shift = float(np.median(numbers.got - numbers.right))
    if len(numbers.got) < 3 or not numbers.near(numbers.right + shift):
        return None
    return f"is what it should be {'plus' if shift > 0 else 'minus'} {_short(abs(shift))}"


def _constant(numbers: _Numbers) -> str | None:
    got = numbers.got
    if np.ptp(got) > numbers.allowed.min() or not numbers.in_many_cases(np.isfinite(got)):
        return None
    return f"is always {_short(float(np.median(got)))}"


def _capped(numbers: _Numbers) -> str | None:
    low, high = float(numbers.got.min()), float(numbers.got.max())
    right, allowed = numbers.right, numbers.allowed
    above, below = right > high + allowed, right < low - allowed
    if not numbers.near(np.clip(right, low, high)):
        return None
    # The lowest number of what is capped above is right, and not a cap.
    beside = np.ones_like(above)
    if above.any():
        beside &= right < high - allowed
    if below.any():
        beside &= right > low + allowed
    capped = [where for where in (above, below) if where.any()]
    if not all(numbers.in_many_cases(where) for where in (beside, *capped)):
        return None
    if above.any() and below.any():
        return f"is clipped to {_short(low)} … {_short(high)}, and right between"
    if above.any():
        return f"is never above {_short(high)}, and right below"
    return f"is never below {_short(low)}, and right above" if below.any() else None


# Rows that are a sum of a cost, b and log q, and the node of the pipeline that makes them so.
_MIXED: Mapping[str, Callable[[str], WrongFormula]] = {
    "reward": lambda part: _part("reward", lambda x, side, c, lq: _parts(side, c, lq)[part]),
    "logit": lambda part: _part("logit", lambda side, c, lq: _parts(side, c, lq)[part]),
}


def _part(node: str, function: Callable[..., Array]) -> WrongFormula:
    return WrongFormula("", "", "", (), {node: function})


def _parts(side: Side, c: Array, lq: Array) -> dict[str, Array]:
    return {"c": c, "b": np.full(len(c), side.b), "log q": lq}


def _mixed(numbers: _Numbers, pool: list[Reading], right: Pipeline) -> str | None:
    names = ["c", "b"] if right.conventions.log_q == "absent" else ["c", "b", "log q"]
    columns = []
    for name in names:
        of_part = replace(right, formula=_MIXED[numbers.observable](name))
        columns.append(np.concatenate([np.real(np.ravel(each.formula(of_part))) for each in pool]))
    basis = np.stack(columns, axis=1)
    weights, _, rank, _ = np.linalg.lstsq(
        basis / numbers.allowed[:, None], numbers.got / numbers.allowed, rcond=None
    )
    if (
        rank < len(names)
        or len(numbers.got) <= 2 * len(names)
        or not numbers.near(np.asarray(basis @ weights, dtype=np.float64))
    ):
        return None
    terms = [
        f"{'−' if weight < 0 else '+'} {_short(abs(weight))} {name}"
        for weight, name in zip(weights, names, strict=True)
    ]
    return f"is {' '.join(terms)}; it should be {' '.join(f'− {name}' for name in names)}"


def _short(value: float) -> str:
    told = f"{value + 0.0:.4g}"  # the same in every format; no "-0"
    return f"{value:.6g}" if told == "1" else told
