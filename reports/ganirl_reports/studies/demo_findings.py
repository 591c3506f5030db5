"""What the demo runs, and what it finds: runs step beside step, half a step, and where training ends."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ganirl.instances import generic, s6
from ganirl_gpu.training import (
    COINCIDING,
    NO_BASELINE,
    SOLVED,
    Adversarial,
    Contender,
    EnergyBased,
    Equilibrium,
    Ground,
    GuidedCost,
    HalfStep,
    Limit,
    Lockstep,
    Minibatches,
    Parting,
    Rates,
    Sampler,
    equilibrium,
    ground,
    half_step,
    lockstep,
    noise_contrastive_limits,
    parting,
    population,
    runs_of,
)

from .study import Progress

RATES = Rates(theta=0.2, policy=0.3)
RATES_TO_REST = Rates(theta=0.8, policy=2.0)
HALF_STEP_RATE = 0.3
# b* of a population of thousands of rows takes floor 1's certified solver half as long as all else.
MOST_ROWS_TO_SOLVE = 200

DOORS = (
    ("GAN", Adversarial()),
    ("guided cost learning", GuidedCost()),
    ("energy-based model", EnergyBased()),
)


@dataclass(frozen=True, eq=False)
class Arrangement:
    """One ground, one way of drawing rows, and the runs on it."""

    title: str
    ground: Ground
    sampler: Sampler
    coinciding: tuple[Contender, ...]
    departing: tuple[Contender, ...]

    @property
    def runs(self) -> int:
        """How many."""
        return runs_of(self.coinciding, self.departing)


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that was run.

    Attributes
    ----------
    locksteps : (title, runs step beside step)
    halves : C5, one a ground
    limits, equilibria : C6 and G2, on S6
    """

    locksteps: tuple[tuple[str, Lockstep], ...]
    halves: tuple[HalfStep, ...]
    limits: tuple[Limit, ...]
    equilibria: tuple[Equilibrium, ...]

    @property
    def passed(self) -> bool:
        """Whether everything coincides, parts and ends as the theorem says."""
        parts: tuple[Sequence[Any], ...] = (
            [each for _, each in self.locksteps],
            self.halves,
            self.limits,
            self.equilibria,
        )
        return all(each.holds for part in parts for each in part)


def arrangements(seed: int) -> tuple[Arrangement, ...]:
    """Two grounds, each with all of its trajectories and with minibatches."""
    found = []
    for title, instance in (("generic", generic()), ("S6", s6())):
        where = ground(instance)
        few = (SOLVED,) if len(where) <= MOST_ROWS_TO_SOLVE else ()
        # Over all of q a baseline drops out (claim E3): there the GAN without one must coincide.
        found += [
            Arrangement(f"{title}, all", where, population, (*COINCIDING, *few, NO_BASELINE), parting(where)),
            Arrangement(
                f"{title}, minibatches",
                where,
                Minibatches(seed),
                (*COINCIDING, SOLVED),
                (*parting(where), NO_BASELINE),
            ),
        ]
    return tuple(found)


def find(*, seed: int, steps: int, progress: Progress | None) -> Findings:
    """Run everything; progress is told step by step."""
    arranged = arrangements(seed)
    planned = steps * sum(each.runs for each in arranged) + len(arranged[::2]) + 3 + len(DOORS)
    tick = _Counter(planned, progress)
    locksteps = tuple(
        (
            each.title,
            lockstep(
                each.ground,
                each.sampler,
                RATES,
                steps,
                coinciding=each.coinciding,
                departing=each.departing,
                tick=tick,
            ),
        )
        for each in arranged
    )
    halves = []
    for each in arranged[::2]:
        halves.append(half_step(each.ground, HALF_STEP_RATE, steps))
        tick("half of the step")
    limits = noise_contrastive_limits(tick=tick)
    equilibria = []
    for name, door in DOORS:
        equilibria.append(equilibrium(name, door, RATES_TO_REST))
        tick("to rest")
    return Findings(locksteps, tuple(halves), limits, tuple(equilibria))


class _Counter:
    """Turns the names of what was done into progress."""

    def __init__(self, planned: int, progress: Progress | None) -> None:
        self.planned, self.progress, self.done, self.shown = planned, progress, 0, 0.0

    def __call__(self, name: str) -> None:
        self.done += 1
        now = time.monotonic()
        # A terminal need not hear of every step.
        if self.progress is not None and (now - self.shown > 0.05 or self.done == self.planned):
            self.progress(self.done, self.planned, name)
            self.shown = now


def numbers(findings: Findings, *, seed: int, steps: int) -> dict[str, Any]:
    """Everything that was measured, as JSON data."""
    return {
        "seed": seed,
        "steps": steps,
        "rates": {"theta": RATES.theta, "policy": RATES.policy},
        "grounds": [
            {
                "ground": title,
                "holds": found.holds,
                "coincide": [
                    {
                        "run": each.contender.name,
                        "claim": each.contender.claim,
                        "holds": each.holds,
                        "step": {
                            "theta": each.step_theta,
                            "policy": each.step_policy,
                            "ratio": each.step_ratio,
                        },
                        "drift": {
                            "theta": each.drift_theta,
                            "policy": each.drift_policy,
                            "ratio": each.drift_ratio,
                        },
                    }
                    for each in found.coincidences
                ],
                "part": [_parting_data(each) for each in found.partings],
                "wrong_b": {
                    "holds": found.wrong_b.holds,
                    "smallest": found.wrong_b.smallest,
                    "largest": found.wrong_b.largest,
                    "ratio": found.wrong_b.ratio,
                },
                "explained": found.bound.max(axis=1).tolist(),
                "theta": {name: each.theta.tolist() for name, each in found.runs.items()},
            }
            for title, found in findings.locksteps
        ],
        "half_step": [
            {
                "ground": each.ground,
                "holds": each.holds,
                "half": each.difference,
                "whole": each.whole_difference,
                "allowed": each.allowed,
            }
            for each in findings.halves
        ],
        "limits": [
            {
                "generator": each.generator,
                "holds": each.holds,
                "theta": dict(each.doors),
                "root": each.root,
                "likelihood": each.likelihood,
                "allowed": each.allowed,
            }
            for each in findings.limits
        ],
        "equilibria": [
            {
                "door": each.door,
                "holds": each.holds,
                "theta": each.theta,
                "likelihood": each.likelihood,
                "allowed": each.allowed,
                "half": each.half,
                "loss": each.loss,
                "offset": each.offset,
                "divergence": each.divergence,
            }
            for each in findings.equilibria
        ],
    }


def _parting_data(each: Parting) -> dict[str, Any]:
    return {
        "run": each.contender.name,
        "claim": each.contender.claim,
        "holds": each.holds,
        "theta": each.theta,
        "policy": each.policy,
        "last_theta": each.last_theta,
        "since": each.since,
        "ratio": each.ratio,
    }
