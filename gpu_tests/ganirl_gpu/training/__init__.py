"""The same training run through three doors: a GAN, guided cost learning, an energy-based model.

From one start, handed the same rows, the three give the same parameters to rounding as long as b = b* (claim C2);
what breaks a condition parts them.

>>> from ganirl.instances import s6
>>> from ganirl_gpu.training import Rates, ground, lockstep, population
>>> lockstep(ground(s6()), population, Rates(theta=0.2, policy=0.3), steps=3).holds
True
"""

from __future__ import annotations

from .contenders import COINCIDING, NO_BASELINE, REORDERED, SOLVED, YARDSTICK, Contender, parting
from .departures import ExactLikelihood
from .doors import Adversarial, Door, EnergyBased, GuidedCost
from .ground import Batch, Ground, Minibatches, Reordered, Sampler, Side, ground, population
from .limits import Equilibrium, HalfStep, Limit, equilibrium, half_step, noise_contrastive_limits
from .lockstep import Coincidence, Lockstep, Parting, WrongB, lockstep, runs_of
from .runs import Rates, Run, State, Update, train, train_cost, update

__all__ = [
    "COINCIDING",
    "NO_BASELINE",
    "REORDERED",
    "SOLVED",
    "YARDSTICK",
    "Adversarial",
    "Batch",
    "Coincidence",
    "Contender",
    "Door",
    "EnergyBased",
    "Equilibrium",
    "ExactLikelihood",
    "Ground",
    "GuidedCost",
    "HalfStep",
    "Limit",
    "Lockstep",
    "Minibatches",
    "Parting",
    "Rates",
    "Reordered",
    "Run",
    "Sampler",
    "Side",
    "State",
    "Update",
    "WrongB",
    "equilibrium",
    "ground",
    "half_step",
    "lockstep",
    "noise_contrastive_limits",
    "parting",
    "population",
    "runs_of",
    "train",
    "train_cost",
    "update",
]
