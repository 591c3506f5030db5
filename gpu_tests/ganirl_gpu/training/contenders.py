"""Who is laid beside the yardstick: runs that coincide with it, and runs that part."""

from __future__ import annotations

from dataclasses import dataclass

from .departures import ExactLikelihood, leaking_mixture, leaking_partition
from .doors import Adversarial, Door, EnergyBased, GuidedCost
from .ground import Ground
from .solvers import Descended, Held, certified, held_at_first, trained


@dataclass(frozen=True)
class Contender:
    """A run to lay beside the yardstick.

    Attributes
    ----------
    name : of the run
    door : how it trains
    claim : the claim that says that it coincides, or that it parts
    reason : in a few words
    """

    name: str
    door: Door
    claim: str
    reason: str


YARDSTICK = Contender("GAN", Adversarial(), "C1", "L_D and L_G, b trained to the minimum")
COINCIDING = (
    Contender("guided cost learning", GuidedCost(), "C2", "the surrogate, Z re-estimated"),
    Contender("energy-based model", EnergyBased(), "C2", "weighted energies, no discriminator"),
)
SOLVED = Contender("GAN, b solved", Adversarial(certified), "C4", "b* solved anew, not trained")
REORDERED = Contender("GAN, rows shuffled", Adversarial(), "C1", "the same sums in another order")


def parting(ground: Ground) -> tuple[Contender, ...]:
    """Return the runs that must part on any rows of a ground."""
    return (
        Contender("GAN, b held", Adversarial(Held(ground.b)), "C2", "b is not b*"),
        Contender("guided cost, Z held", GuidedCost(held_at_first), "C2", "Z is not re-estimated"),
        Contender("GAN, b lags", Adversarial(Descended()), "C2", "one gradient step in b a step"),
        Contender("leak through μ̃", GuidedCost(trained, leaking_mixture), "C3", "μ̃ is differentiated, too"),
        Contender(
            "leak through Z*(θ)", GuidedCost(trained, leaking_partition), "C3", "Z* is differentiated, too"
        ),
        Contender("exact likelihood", ExactLikelihood(ground), "C5", "Z by enumeration"),
    )


NO_BASELINE = Contender(
    "GAN, no baseline", Adversarial(baseline=False), "E3", "b is a baseline: its mean is 0 over q alone"
)
