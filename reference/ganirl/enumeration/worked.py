"""A claim in numbers: both sides, and the broken twin, on a named instance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.instances import INSTANCES

from . import ENUMERATIONS
from .space import build_space


@dataclass(frozen=True)
class WorkedNumber:
    """The component of a comparison in which the broken twin is farthest off.

    Attributes
    ----------
    instance : name of the instance
    points : how many trajectories it has
    quantity : what is compared; may be empty
    left, right : the two sides, by different routes
    twin : what the broken twin gives, and ``broken`` what it breaks
    """

    claim: str
    instance: str
    points: int
    quantity: str
    left: float
    right: float
    twin: float
    broken: str


def worked_number(claim: str) -> WorkedNumber | None:
    """Work a claim on its instance, (θ, b) included; None if there is no enumeration of it.

    Raises
    ------
    LookupError
        If the claim names an instance that does not exist.
    """
    enumeration = ENUMERATIONS.get(claim)
    if enumeration is None:
        return None
    instance = INSTANCES[enumeration.worked_on]()
    space = build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC, instance.mdp)
    for part in enumeration.compare(space):
        if part.twin is not None:
            sides = [np.ravel(np.asarray(each)) for each in (part.left, part.right, part.twin)]
            left, right, twin = np.broadcast_arrays(*sides)
            worst = int(np.argmax(np.abs(twin - right)))
            return WorkedNumber(
                claim,
                instance.name,
                len(instance.problem),
                part.name,
                float(left[worst]),
                float(right[worst]),
                float(twin[worst]),
                enumeration.twin,
            )
    return None
