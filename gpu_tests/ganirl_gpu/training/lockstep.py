"""Runs step beside step: which coincide, within which bound, and which part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .contenders import COINCIDING, REORDERED, YARDSTICK, Contender, parting
from .doors import Adversarial, Door, GuidedCost
from .ground import Batch, Ground, Reordered, Sampler
from .rounding import Allowance, Drift, allowance, derivative_of_update, parameter_rates
from .runs import Rates, Run, Step, Update, journey, record, update
from .solvers import Held

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Coincidence:
    """A run that coincides with the yardstick, or does not.

    Attributes
    ----------
    contender : the run
    run : what it did
    step_theta, step_policy : largest difference of the two updates from the same parameters, over all steps
    step_ratio : largest such difference over what rounding allows, of any parameter
    drift_theta, drift_policy : largest difference of the parameters themselves, over all steps
    drift_ratio : largest such difference over what rounding explains
    """

    contender: Contender
    run: Run = field(repr=False)
    step_theta: float
    step_policy: float
    step_ratio: float
    drift_theta: float
    drift_policy: float
    drift_ratio: float

    @property
    def holds(self) -> bool:
        """Whether rounding explains every difference; NaN is not explained."""
        return self.step_ratio <= 1.0 and self.drift_ratio <= 1.0


@dataclass(frozen=True, eq=False)
class Parting:
    """A run that leaves the yardstick.

    Attributes
    ----------
    contender : the run
    run : what it did
    theta, policy : largest difference over all steps
    last_theta : of θ after the last step
    since : the first step after which rounding does not explain the difference; 0 if it always does
    ratio : the last difference over what rounding explains, of the parameter that left most
    """

    contender: Contender
    run: Run = field(repr=False)
    theta: float
    policy: float
    last_theta: float
    since: int
    ratio: float

    @property
    def holds(self) -> bool:
        """Whether it parts by more than rounding explains."""
        return self.ratio > 1.0


@dataclass(frozen=True)
class WrongB:
    """Claim C2 where b ≠ b*: |∂_θL_D − ∂_θL_cost^μ̃| ≤ max|c'|·|∂_bL_D|, at every step of a run with b held.

    Attributes
    ----------
    largest, smallest : the difference, of the component and step where it is largest, of the step where it is least
    ratio : largest difference over its bound
    """

    largest: float
    smallest: float
    ratio: float

    @property
    def holds(self) -> bool:
        """Whether the bound holds at every step, and says something."""
        return self.ratio <= 1.0 and self.smallest > 0.0


@dataclass(frozen=True, eq=False)
class Lockstep:
    """The three doors on one ground, step beside step.

    Attributes
    ----------
    ground : its name
    yardstick : the GAN's run, b trained to the minimum of L_D at every step
    coincidences, partings : the others; the first coincidence is the yardstick with its rows shuffled
    wrong_b : the bound of C2 along the run with b held
    bound : (K + 1, d + SA), what rounding explains of a difference from the yardstick
    """

    ground: str
    yardstick: Run = field(repr=False)
    coincidences: tuple[Coincidence, ...]
    partings: tuple[Parting, ...]
    wrong_b: WrongB
    bound: Array = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether what should coincide does, and what should part does."""
        coincide = all(each.holds for each in self.coincidences)
        return coincide and all(each.holds for each in self.partings) and self.wrong_b.holds

    @property
    def runs(self) -> Mapping[str, Run]:
        """Every run by its name."""
        named = {YARDSTICK.name: self.yardstick}
        named |= {each.contender.name: each.run for each in self.coincidences}
        return MappingProxyType(named | {each.contender.name: each.run for each in self.partings})


def lockstep(
    ground: Ground,
    sampler: Sampler,
    rates: Rates,
    steps: int,
    *,
    coinciding: tuple[Contender, ...] = COINCIDING,
    departing: tuple[Contender, ...] | None = None,
    tick: Callable[[str], None] = lambda name: None,
) -> Lockstep:
    """Train through every door from one start, and compare.

    Parameters
    ----------
    ground, sampler, rates, steps : one training run, for all
    coinciding : doors that should give the yardstick's run
    departing : doors that should not; `parting` of the ground by default
    tick : called with a run's name after each of its steps; there are `runs_of` of them
    """
    departing = parting(ground) if departing is None else departing
    entrants = {each.name: (each.door, sampler) for each in coinciding}
    entrants = {REORDERED.name: (REORDERED.door, Reordered(sampler)), **entrants}
    yardstick, bound, steps_apart = _side_by_side(ground, sampler, rates, steps, entrants, tick)

    coincidences = []
    for contender in (REORDERED, *coinciding):
        door, rows = entrants[contender.name]
        taken = _ticking(journey(door, ground, rows, rates, steps), tick, contender.name)
        run = record(ground, taken)
        coincidences.append(_coincidence(contender, run, yardstick, bound, steps_apart[contender.name]))
    partings = []
    for contender in departing:
        taken = _ticking(journey(contender.door, ground, sampler, rates, steps), tick, contender.name)
        partings.append(_parting(contender, record(ground, taken), yardstick, bound))
    wrong_b = wrong_b_bound(ground, sampler, rates, steps, tick)
    return Lockstep(ground.name, yardstick, tuple(coincidences), tuple(partings), wrong_b, bound)


def runs_of(coinciding: tuple[Contender, ...], departing: tuple[Contender, ...]) -> int:
    """Return how many runs a lockstep makes: the yardstick, its rows shuffled, and the one that tests C2's bound."""
    return 3 + len(coinciding) + len(departing)


def _ticking(steps: Iterable[Step], tick: Callable[[str], None], name: str) -> Iterator[Step]:
    for step in steps:
        yield step
        tick(name)


@dataclass(frozen=True)
class _Apart:
    """Differences of one step from the same parameters, and what rounding allows."""

    theta: float
    policy: float
    ratio: float


def _side_by_side(
    ground: Ground,
    sampler: Sampler,
    rates: Rates,
    steps: int,
    entrants: Mapping[str, tuple[Door, Sampler]],
    tick: Callable[[str], None],
) -> tuple[Run, Array, dict[str, list[_Apart]]]:
    """Train the yardstick; at each of its states ask the others for their updates, too."""
    apart: dict[str, list[_Apart]] = {name: [] for name in entrants}
    drift = Drift(parameter_rates(rates, ground))
    taken, explained = [], [drift.bound]
    journeyed = journey(YARDSTICK.door, ground, sampler, rates, steps)
    for step in _ticking(journeyed, tick, YARDSTICK.name):
        b = float(step.change.b)
        allowed = allowance(step.before, step.batch, b)
        for name, (door, rows) in entrants.items():
            batch = step.batch
            if rows is not sampler:
                batch = rows(ground, step.before.policy_logits, step.index)
            apart[name].append(_step_apart(step.change, update(door, step.before, batch), allowed))
        derivative = derivative_of_update(step.before, step.batch, b)
        drift.advance(step.before.parameters, step.after.parameters, allowed.parameters, derivative)
        explained.append(drift.bound)
        taken.append(step)
    return record(ground, taken), np.stack(explained), apart


def _step_apart(ours: Update, theirs: Update, allowed: Allowance) -> _Apart:
    in_theta = (ours.theta - theirs.theta).abs().numpy()
    in_policy = (ours.policy - theirs.policy).abs().numpy()
    both = np.concatenate([in_theta, in_policy.ravel()])
    return _Apart(float(in_theta.max()), float(in_policy.max()), _ratio(both, 2 * allowed.parameters))


def _ratio(difference: Array, bound: Array) -> float:
    """Largest difference over its bound; NaN if any is, and 0 where nothing differs."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.where(difference == 0.0, 0.0, difference / bound).max())


def _coincidence(
    contender: Contender, run: Run, yardstick: Run, bound: Array, apart: list[_Apart]
) -> Coincidence:
    theta, policy = _differences(run, yardstick)
    return Coincidence(
        contender,
        run,
        step_theta=float(np.max([each.theta for each in apart])),
        step_policy=float(np.max([each.policy for each in apart])),
        step_ratio=float(np.max([each.ratio for each in apart])),
        drift_theta=float(theta.max()),
        drift_policy=float(policy.max()),
        drift_ratio=_ratio(np.abs(run.parameters - yardstick.parameters), bound),
    )


def _parting(contender: Contender, run: Run, yardstick: Run, bound: Array) -> Parting:
    theta, policy = _differences(run, yardstick)
    ratios = [
        _ratio(*each) for each in zip(np.abs(run.parameters - yardstick.parameters), bound, strict=True)
    ]
    unexplained = np.flatnonzero(~(np.array(ratios) <= 1.0))
    return Parting(
        contender,
        run,
        theta=float(theta.max()),
        policy=float(policy.max()),
        last_theta=float(theta[-1]),
        since=int(unexplained[0]) if len(unexplained) else 0,
        ratio=ratios[-1],
    )


def _differences(run: Run, yardstick: Run) -> tuple[Array, Array]:
    """Largest difference of θ and of the policy's logits at each step, (K + 1,)."""
    theta = np.abs(run.theta - yardstick.theta).max(axis=1)
    policy = np.abs(run.policy_logits - yardstick.policy_logits).max(axis=(1, 2))
    return np.asarray(theta), np.asarray(policy)


def wrong_b_bound(
    ground: Ground,
    sampler: Sampler,
    rates: Rates,
    steps: int,
    tick: Callable[[str], None] = lambda name: None,
) -> WrongB:
    """Train a GAN with b held at the ground's wrong value, and compare both gradients at each of its states."""
    gan, irl = Adversarial(Held(ground.b)), GuidedCost(Held(ground.b))
    differences, ratios = [], []
    for step in _ticking(journey(gan, ground, sampler, rates, steps), tick, "the bound of C2"):
        other, _ = irl.cost_gradient(step.before.theta, step.batch, step.before.b)
        difference = (step.change.theta - other).abs().numpy()
        rounding = 2 * allowance(step.before, step.batch, ground.b).theta
        differences.append(float(difference.max()))
        ratios.append(_ratio(difference, gradient_gap(step.before.theta, step.batch, ground.b) + rounding))
    return WrongB(max(differences), min(differences), float(np.max(ratios)))


def gradient_gap(theta: Tensor, batch: Batch, b: float) -> Array:
    """max|c'|·|∂_bL_D|, (d,): how far both gradients may be apart at a wrong b, in exact arithmetic (claim C2)."""
    rates = []
    steepest = torch.zeros_like(theta)
    for side, sign in zip(batch.sides, (1.0, -1.0), strict=True):
        logit = -side.cost.value(theta) - b - side.log_q
        rates.append(sign * (side.weight @ torch.sigmoid(-sign * logit)))
        steepest = torch.maximum(steepest, side.cost.derivative(theta).abs().amax(0))
    return (steepest * (rates[0] + rates[1]).abs()).numpy()
