"""Is it so, exactly? Both sides of each claim over the whole enumerated space, by different routes.

>>> import numpy as np
>>> from ganirl import finite_space
>>> from ganirl.enumeration import enumerate_claim
>>> problem = finite_space([0.55, 0.25, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4])
>>> enumerate_claim("C2", problem, np.array([0.2, 0.1, 1.0, 0.4]), 0.8).agrees
True

Every formula runs in any `Arithmetic`: in float64, and in sixty digits with `ganirl_symbolic.digits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from ganirl.arithmetic import FLOAT64_ARITHMETIC, Arithmetic
from ganirl.mdp import TabularMDP
from ganirl.problem import Problem

from . import (
    causal,
    conditioning,
    contrast,
    conventions,
    counterclaims,
    discriminator,
    energy_based,
    equilibrium,
    generator,
    gradients,
    hessian,
    horizon,
    loss,
    maxent,
    optimal_discriminator,
    optimal_z,
    partition,
    sequential,
    shaping,
    transition_level,
)
from .registry import Enumeration, Residual, UnsuitedError, residual
from .space import build_space

ENUMERATIONS: Mapping[str, Enumeration] = MappingProxyType(
    {
        enumeration.claim: enumeration
        for family in (
            optimal_discriminator,
            discriminator,
            loss,
            optimal_z,
            conditioning,
            gradients,
            contrast,
            hessian,
            maxent,
            energy_based,
            generator,
            partition,
            equilibrium,
            sequential,
            causal,
            transition_level,
            shaping,
            horizon,
            conventions,
            counterclaims,
        )
        for enumeration in family.ENUMERATIONS
    }
)


def enumerate_claim(
    claim: str,
    problem: Problem,
    theta: npt.ArrayLike,
    b: float,
    *,
    arithmetic: Arithmetic = FLOAT64_ARITHMETIC,
    mdp: TabularMDP | None = None,
) -> Residual:
    """Compute both sides of a claim, and its broken twin, on a problem at (θ, b).

    Parameters
    ----------
    mdp : the process that the problem was made of, if any: H3 needs it, and beyond float64 so does E3, where
        Σ h q must be one to all digits

    Raises
    ------
    KeyError
        If there is no enumeration of that claim.
    UnsuitedError
        If the claim says nothing of that problem, or could not be computed on it; the sentence says why.
    NoFiniteOptimumError
        If the claim speaks of b* and there is none.
    """
    if claim not in ENUMERATIONS:
        raise KeyError(f"no enumeration of claim {claim!r}; there is one of {', '.join(ENUMERATIONS)}")
    reason = ENUMERATIONS[claim].unsuited(problem, mdp)
    if reason is not None:
        raise UnsuitedError(f"claim {claim} is not enumerated here: {reason}")
    space = build_space(problem, np.asarray(theta, dtype=np.float64), b, arithmetic, mdp)
    return residual(ENUMERATIONS[claim], space)


__all__ = ["ENUMERATIONS", "Enumeration", "Residual", "UnsuitedError", "enumerate_claim"]
