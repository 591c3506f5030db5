"""What is to be tested in one format: the cases, chosen by exact numbers before anything is drawn, and the budget."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganirl import Implementation
from ganirl.claims import Claim
from ganirl_properties.checks import View
from ganirl_properties.search import Search

from . import process, rows
from .contract import FEWEST_TOLERANCES, LARGEST_EFFECT, SamplingContract
from .quantity import Quantity, SampledCheck

Array = npt.NDArray[np.float64]

CHECKS: tuple[SampledCheck, ...] = (*rows.CHECKS, *process.CHECKS)
# Cases that are weighed for each check.
_WEIGHED = 32


@dataclass(frozen=True, eq=False)
class Trial:
    """One test of one check on one case.

    Attributes
    ----------
    check : what claim it is of
    drawn : the observable that is called
    quantity : what is asked
    effect : (k,), δ
    data : the bytes that its case was decoded from; none of a case that was not
    """

    check: SampledCheck
    drawn: str
    quantity: Quantity
    effect: Array
    data: bytes = b""

    @property
    def share(self) -> float:
        """δ as a share of the range; the largest of k."""
        return float((self.effect / self.quantity.width).max())


@dataclass(frozen=True, eq=False)
class Plan:
    """All tests of one format.

    Attributes
    ----------
    trials : by claim
    unseen : claim → why it is not tested, though the implementation draws what shows it
    """

    trials: dict[str, tuple[Trial, ...]]
    unseen: dict[str, str]

    @property
    def numbers(self) -> int:
        """How many are judged, over all claims: the budget α is shared equally among them."""
        return sum(len(trial.quantity) for trials in self.trials.values() for trial in trials)


def plan(
    implementation: Implementation, search: Search, claims: Sequence[Claim], contract: SamplingContract
) -> Plan:
    """Choose the cases of every claim that draws can show.

    Parameters
    ----------
    implementation : with what it samples
    search : of the same conventions, whose kind of cases is weighed
    claims : that are judged
    contract : what is promised
    """
    trials: dict[str, tuple[Trial, ...]] = {}
    unseen: dict[str, str] = {}
    weighed = search.redeclared(implementation.conventions, _WEIGHED)
    for claim in claims:
        found: list[Trial] = []
        for check in CHECKS:
            drawn = check.drawn_by(implementation) if check.claim == claim.id else None
            if drawn is None or not check.suits(implementation.conventions.unit):
                continue
            chosen = list(_chosen(check, drawn, weighed, contract))
            if not chosen:
                unseen[claim.id] = (
                    f"{drawn} is sampled, and no case here shows by draws more than rounding may do in "
                    f"{search.precision.name}"
                )
            found += chosen
        if found:
            trials[claim.id] = tuple(found)
            unseen.pop(claim.id, None)
    return Plan(trials, unseen)


def _chosen(check: SampledCheck, drawn: str, search: Search, contract: SamplingContract) -> Iterator[Trial]:
    """Yield one trial for each spread that the contract asks for: the case whose rows are nearest to that."""
    candidates = []
    with np.errstate(all="ignore"):
        for data, view in search.views(check.setting):
            trial = trial_on(view, data, check, drawn, contract)
            if trial is not None:
                candidates.append(trial)
    if any(trial.quantity.telling for trial in candidates):
        candidates.sort(key=lambda trial: -trial.quantity.telling)
        candidates = candidates[: max(len(candidates) // 4, len(contract.spreads))]
    for spread in contract.spreads:
        if candidates:
            nearest = min(candidates, key=lambda trial: abs(math.log(trial.quantity.spread / spread)))
            candidates.remove(nearest)
            yield nearest


def trial_on(
    view: View, data: bytes, check: SampledCheck, drawn: str, contract: SamplingContract
) -> Trial | None:
    """Return the test of those numbers that draws can move, or None if there are none that rounding lets show."""
    made = check.quantity(view)
    if made is None:
        return None
    effect = np.maximum(contract.effect * made.width, FEWEST_TOLERANCES * made.tolerance)
    finite = np.isfinite(made.low + made.high + made.expected + made.tolerance)
    shown = finite & (made.width > 0) & (effect <= LARGEST_EFFECT * made.width)
    return Trial(check, drawn, made.only(shown), effect[shown], data) if shown.any() else None
