"""Three doors to one theorem: what is walked in by, and that the claims do not notice which it was.

A GAN on a plain finite space, maximum-entropy IRL on the trajectories or transitions of an MDP, and an
energy-based model over sequences each become a `Problem`; every claim is about that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .enumeration import ENUMERATIONS, Residual, enumerate_claim
from .instances import INSTANCES


@dataclass(frozen=True)
class Door:
    """One way in.

    Attributes
    ----------
    name : ``"GAN"``, ``"IRL"`` or ``"EBM"``
    title : what stands over it
    instances : names (`ganirl.instances.INSTANCES`) of what came in by it
    """

    name: str
    title: str
    instances: tuple[str, ...]


@dataclass(frozen=True)
class Passage:
    """A claim at an instance of a door: either its residual, or why it is not asked there."""

    door: str
    instance: str
    claim: str
    residual: Residual | None
    unsuited: str | None


DOORS: tuple[Door, ...] = (
    Door(
        "GAN",
        "A GAN on a plain finite space",
        ("GAN", "GAN, supports apart", "S1", "S4", "S6", "S10"),
    ),
    Door(
        "IRL",
        "Maximum-entropy inverse reinforcement learning on an MDP",
        (
            "generic",
            "stochastic, fixed start",
            "deterministic, random start",
            "deterministic, fixed start",
            "discounted",
            "eight trajectories",
            "generic transition",
        ),
    ),
    Door(
        "EBM",
        "An energy-based model with an autoregressive generator",
        ("EBM", "Ising chain", "three spins", "Ising grid", "RBM", "network"),
    ),
)


def asked(door: Door) -> tuple[tuple[str, str], ...]:
    """(instance, claim) of all that may be asked at a door, without computing any."""
    found = []
    for name in door.instances:
        instance = INSTANCES[name]()
        found += [
            (name, claim)
            for claim, each in ENUMERATIONS.items()
            if each.unsuited(instance.problem, instance.mdp) is None
        ]
    return tuple(found)


def passages(
    door: Door, claims: Iterable[str] | None = None, instances: Iterable[str] | None = None
) -> Iterator[Passage]:
    """Yield claims at the instances of a door, enumerated in float64 where they may be asked.

    Parameters
    ----------
    door : one of `DOORS`
    claims, instances : which; all by default
    """
    for name in door.instances if instances is None else instances:
        instance = INSTANCES[name]()
        for claim in ENUMERATIONS if claims is None else claims:
            reason = ENUMERATIONS[claim].unsuited(instance.problem, instance.mdp)
            found = None
            if reason is None:
                found = enumerate_claim(claim, instance.problem, instance.theta, instance.b, mdp=instance.mdp)
            yield Passage(door.name, name, claim, found, reason)
