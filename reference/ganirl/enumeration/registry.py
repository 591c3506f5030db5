"""What an enumeration is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.problem import Problem

from .space import Comparison, Space


class UnsuitedError(ValueError):
    """The claim says nothing of that problem, or cannot be computed on it; the sentence says why."""


@dataclass(frozen=True)
class Enumeration:
    """A claim computed over the whole space, both sides by different routes.

    Attributes
    ----------
    claim : its id
    description : what is summed, and against what
    twin : what the broken twin breaks
    tolerance : why the two sides may differ, and by how much
    needs_mdp : whether the process itself is needed, and trajectories
    largest : most points of a space on which it can be computed; None for any number
    premise : why it says nothing of a problem (with its MDP, if any), or None where it does
    hidden : why the degenerate instance cannot tell the twin; empty if it can
    worked_on : name of the instance (`ganirl.instances.INSTANCES`) on which a reader is shown the numbers
    """

    claim: str
    description: str
    twin: str
    tolerance: str
    compare: Callable[[Space], Iterable[Comparison]] = field(repr=False)
    needs_mdp: bool = False
    largest: int | None = None
    premise: Callable[[Problem, TabularMDP | None], str | None] | None = field(default=None, repr=False)
    hidden: str = ""
    worked_on: str = "generic"

    def unsuited(self, problem: Problem, mdp: TabularMDP | None = None) -> str | None:
        """Return why this claim is not to be asked on a problem; None if it is."""
        if self.needs_mdp and (mdp is None or problem.unit != "trajectory"):
            return "it is about the trajectories of an MDP: give enumerate_claim its mdp"
        if self.largest is not None and len(problem) > self.largest:
            return f"it takes all tuples of samples, of at most {self.largest} points, and there are {len(problem)}"
        return None if self.premise is None else self.premise(problem, mdp)


@dataclass(frozen=True)
class Residual:
    """How far the two sides are apart.

    Attributes
    ----------
    claim : its id
    error : largest absolute difference, of the part that comes nearest to its tolerance
    scale : size of the quantities compared there
    tolerance : what that part may differ by
    twin_error : largest absolute difference of the broken twin
    twin_tolerance : what the twin's part may differ by
    """

    claim: str
    error: float
    scale: float
    tolerance: float
    twin_error: float
    twin_tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether the claim holds; False for NaN."""
        return self.error <= self.tolerance

    @property
    def twin_differs(self) -> bool:
        """Whether the broken twin is told from the claim."""
        return self.twin_error > self.twin_tolerance


def residual(enumeration: Enumeration, space: Space) -> Residual:
    """Evaluate an enumeration on a space."""
    floats = space.arithmetic.floats
    worst, twin = (-1.0, 0.0, 0.0, 0.0), (-1.0, 0.0, 0.0)
    for part in enumeration.compare(space):
        left, right = (floats(np.ravel(np.asarray(side))) for side in (part.left, part.right))
        scale = max(part.size, float(np.abs(left).max()), float(np.abs(right).max()))
        tolerance = space.rounding * part.gain * scale
        error = _distance(part.left, part.right, space)
        ratio = np.inf if not error <= tolerance else error / tolerance if tolerance else 0.0
        worst = max(worst, (ratio, error, scale, tolerance), key=lambda each: each[0])
        if part.twin is not None:
            twin_error = _distance(part.twin, part.right, space)
            twin_ratio = twin_error / tolerance if tolerance else np.inf
            twin = max(twin, (twin_ratio, twin_error, tolerance), key=lambda each: each[0])
    return Residual(enumeration.claim, *worst[1:], *twin[1:])


def _distance(left: object, right: object, space: Space) -> float:
    """Largest |left − right|, subtracted in the arithmetic itself; NaN if any is."""
    difference = np.ravel(np.asarray(left) - np.asarray(right))
    return float(np.abs(space.arithmetic.floats(difference)).max())
