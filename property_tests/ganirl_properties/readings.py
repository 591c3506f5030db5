"""What an implementation gives on fresh cases, observable by observable, beside how a formula gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from ganirl import Case

from .cases import Setting
from .checks import View
from .checks.far import far_out
from .checks.generator import own_reward
from .checks.rare import long_trajectories, rare_actions
from .observed import NotObservedError, ObservableError
from .search import Search
from .wrong_formulas import Pipeline

Array = npt.NDArray[np.float64]

# Which claims speak about which observable: a name found for one observable is given to its claims.
CLAIMS_OF = {
    "log q": ("A4",),
    "logit": ("A4", "A5", "A6", "A9", "B5"),
    "probability": ("A4", "A5", "A6", "A9", "B5"),
    "loss": ("B1", "B3", "A6", "I1", "N1", "N1b", "S2"),
    "gradient in θ": ("C1", "A6", "A7", "C2", "C5", "N2"),
    "gradient in b": ("B2", "B3"),
    "gradient in the policy": ("S1",),
    "reward": ("E1", "E3", "A6"),
    "generator loss": ("E1", "A6"),
    "policy gradient": ("E3",),
    "IRL gradient": ("C3", "C2", "D4", "A6"),
    "IRL loss": ("C3", "A6"),
    "estimate of log Z": ("B4", "B5"),
}

# What is seen by differences of the loss where the gradient itself is not.
_BY_DIFFERENCES = {"gradient in θ": ("C1",), "gradient in b": ("B2",)}

_SETTINGS: tuple[Setting, ...] = ("batch", "population")


def claims_of_observable(observable: str, seen: Sequence[str]) -> tuple[str, ...]:
    """Return the claims that a name for this observable is given to, those that were judged by it included."""
    claims = CLAIMS_OF[observable]
    if observable == "loss":
        claims += tuple(claim for name, more in _BY_DIFFERENCES.items() if name not in seen for claim in more)
    if observable == "reward" and "policy gradient" in seen:
        claims = tuple(claim for claim in claims if claim != "E3")
    return claims


def judged_by(seen: Sequence[Reading], claim: str) -> list[Reading]:
    """Return of all that was seen what a claim is judged by."""
    shown = [each.observable for each in seen]
    return [each for each in seen if claim in claims_of_observable(each.observable, shown)]


@dataclass(frozen=True)
class Reading:
    """One observable of one case.

    Attributes
    ----------
    got : the implementation's numbers
    formula : how a pipeline gives them
    scale : the size of what goes into the number: its result may have cancelled
    """

    observable: str
    got: Array
    formula: Callable[[Pipeline], Array]
    scale: float

    def distance(self, pipeline: Pipeline) -> float:
        """Return how far a formula is from the implementation, relatively; infinite where either is not finite."""
        with np.errstate(all="ignore"):
            return self._apart(np.asarray(self.formula(pipeline)), self.got)

    def changed(self, pipeline: Pipeline, other: Pipeline) -> float:
        """Return how far two formulas are from each other there, in the same measure."""
        with np.errstate(all="ignore"):
            return self._apart(np.asarray(self.formula(pipeline)), np.asarray(self.formula(other)))

    def _apart(self, expected: Array, got: Array) -> float:
        if expected.shape != got.shape:
            return float("inf")
        relative = np.abs(expected - got) / (self.scale + np.abs(expected))
        largest = float(np.max(relative, initial=0.0))
        return largest if np.isfinite(largest) else float("inf")


def readings(search: Search, cases: int, *, given_own_logits: bool = False) -> list[Reading]:
    """Ask for every observable on fresh cases; what it does not have, or what raises, is left out."""
    return [
        reading
        for setting in _SETTINGS
        for view in _moderate_views(search, setting, cases)
        for reading in readings_on(view, setting, given_own_logits=given_own_logits)
    ]


def readings_on(view: View, setting: Setting, *, given_own_logits: bool = False) -> list[Reading]:
    """Ask for every observable on one case of a setting."""
    if given_own_logits:
        return list(_given_logits(view)) if setting == "batch" else []
    return list(_of_population(view) if setting == "population" else _of_batch(view))


def is_moderate(view: View) -> bool:
    """Whether no row is so far out in a tail that what becomes of digits there has names of its own."""
    return float(np.abs(view.truth.logit.value).max()) <= _FAR


# Beyond it an exponential overflows in float32, and what a formula gives is no longer what its code gives.
_FAR = 80.0


def _moderate_views(search: Search, setting: Setting, cases: int) -> list[View]:
    """Fresh cases without rows far out in a tail: what becomes of digits there has names of its own."""
    drawn = (view for _, view in search.fresh(cases + cases // 2).views(setting))
    return list(islice(filter(is_moderate, drawn), cases))


def rare_readings(search: Search) -> list[Reading]:
    """Return D, log q and rewards where the policy hardly ever acts: what guards a logarithm shows there."""
    first = search.views("batch")[0][1]
    views = [*rare_actions(first), *long_trajectories(first)]
    return [reading for view in views for reading in (*_of_discriminator(view), *_reward(view))]


def far_rewards(search: Search, *, given_own_logits: bool = False) -> list[Reading]:
    """Return rewards where D and 1 − D round to 0 or 1: a reward that is made of a rounded D shows there."""
    take = _given_logits if given_own_logits else _reward
    found = [reading for view in far_out(search.views("batch")[0][1]) for reading in take(view)]
    return [reading for reading in found if reading.observable == "reward"]


def rewards_before_the_bonus(search: Search, cases: int) -> list[Reading]:
    """Return rewards as they are given, without the entropy bonus that is declared, on fresh cases and far out."""
    views = [*_moderate_views(search, "batch", cases), *far_out(search.views("batch")[0][1])]
    return [reading for view in views for reading in _reward(view, own=False)]


# Here D and 1 − D have lost no digits that a logarithm would miss.
_MODERATE = 5.0


def moderate_rewards(search: Search, cases: int) -> list[Reading]:
    """Rewards of rows whose |ℓ| is at most 5, where a reward made of a rounded D still has its digits."""
    found: list[Reading] = []
    for view in _moderate_views(search, "batch", cases):
        try:
            got = own_reward(view)
        except (NotObservedError, ObservableError):
            continue
        kept = np.abs(view.truth.logit.value[view.truth.generator]) <= _MODERATE
        if kept.any():
            found.append(Reading("reward", got[kept], _some_rewards(view.case, kept), _size(view)))
    return found


def rewards_far_out(search: Search, cases: int) -> Array:
    """Rewards of rows where D, or 1 − D, rounds to 0 in any format: what guards a logarithm keeps them finite."""
    found: list[Array] = [np.zeros(0)]
    for _, view in search.fresh(cases).views("batch"):
        try:
            got = own_reward(view)
        except (NotObservedError, ObservableError):
            continue
        found.append(got[np.abs(view.truth.logit.value[view.truth.generator]) > _FAR])
    return np.concatenate(found)


def _some_rewards(case: Case, kept: npt.NDArray[np.bool_]) -> Callable[[Pipeline], Array]:
    return lambda pipeline: pipeline.reward(case)[kept]


def _asked(
    name: str, take: Callable[[], npt.ArrayLike], formula: Callable[[Pipeline], Array], scale: float
) -> Iterator[Reading]:
    try:
        yield Reading(name, np.asarray(take(), dtype=np.float64), formula, scale)
    except (NotObservedError, ObservableError):
        return


def _size(view: View) -> float:
    truth = view.truth
    return float(np.max(truth.cost_magnitude + np.abs(truth.true_log_q))) + abs(float(view.case.b)) + 1.0


def _score_size(view: View) -> float:
    return float(np.max(np.abs(view.truth.score), initial=0.0)) + 1e-3


def _of_population(view: View) -> Iterator[Reading]:
    case, observed = view.case, view.observed
    scale = _size(view) * _score_size(view)
    yield from _asked(
        "policy gradient", observed.generator_gradient, lambda p: p.generator_gradient(case), scale
    )


def batch_policy_gradients(search: Search, cases: int) -> list[Reading]:
    """Return policy gradients of mere batches, of which no claim speaks: they part what is the same in expectation."""
    views = _moderate_views(search, "batch", cases)
    return [reading for view in views for reading in _of_population(view)]


def _of_discriminator(view: View) -> Iterator[Reading]:
    case, observed, size = view.case, view.observed, _size(view)
    yield from _asked("logit", view.logits, lambda p: p.logits(case), size)
    yield from _asked(
        "log q",
        lambda: np.concatenate([observed.log_q("expert"), observed.log_q("generator")]),
        lambda p: p.log_q(case),
        size,
    )
    yield from _asked("probability", view.probabilities, lambda p: p.probabilities(case), 1.0)


def _reward(view: View, *, own: bool = True) -> Iterator[Reading]:
    case = view.case
    take = (lambda: own_reward(view)) if own else view.observed.reward
    yield from _asked("reward", take, lambda p: p.reward(case), _size(view))


def _of_batch(view: View) -> Iterator[Reading]:
    case, observed, truth = view.case, view.observed, view.truth
    size, scales = _size(view), sum(truth.scales)
    steep = truth.worst_derivative * scales + 1e-3
    yield from _of_discriminator(view)
    yield from _asked("loss", observed.loss, lambda p: p.loss(case), size)
    yield from _asked("gradient in θ", observed.gradient_theta, lambda p: p.gradient(case)[0], steep)
    yield from _asked("gradient in b", observed.gradient_b, lambda p: p.gradient(case)[1], scales)
    yield from _asked(
        "gradient in the policy",
        observed.policy_gradient_of_loss,
        lambda p: p.gradient_in_policy(case),
        scales * _score_size(view),
    )
    yield from _reward(view)
    yield from _asked("generator loss", observed.generator_loss, lambda p: p.generator_loss(case), size)
    yield from _asked("IRL gradient", observed.irl_gradient, lambda p: p.irl_gradient(case), steep)
    yield from _asked("IRL loss", observed.irl_loss, lambda p: p.irl_loss(case), size)
    yield from _asked("estimate of log Z", observed.log_partition, lambda p: p.log_partition(case), size)


def _given_logits(view: View) -> Iterator[Reading]:
    try:
        logits = view.logits()
    except (NotObservedError, ObservableError):
        return
    case, observed = view.case, view.observed
    sides = logits[view.truth.expert], logits[view.truth.generator]
    size = float(np.max(np.abs(logits))) + 1.0
    scales = sum(view.truth.scales)
    yield from _asked("loss", observed.loss, lambda p: np.real(np.asarray(p.loss_of(case, sides))), size)
    yield from _asked("reward", lambda: own_reward(view), lambda p: p.reward(case, sides[1]), size)
    yield from _asked(
        "gradient in the policy",
        observed.policy_gradient_of_loss,
        lambda p: p.gradient_in_policy(case, sides),
        scales * _score_size(view),
    )
