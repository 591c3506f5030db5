"""Does it hold in PyTorch? Each claim by autograd and the objectives of this package, on any device.

>>> from ganirl.instances import s4
>>> from ganirl_gpu.claims import check_claim
>>> check_claim("D1", s4()).agrees
True
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ganirl.enumeration import ENUMERATIONS, Residual, UnsuitedError
from ganirl.instances import Instance

from . import (
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
    transition_level,
)
from .registry import TorchCheck, residual
from .space import TorchSpace, torch_space

TORCH_CHECKS: Mapping[str, TorchCheck] = MappingProxyType(
    {
        check.claim: check
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
            transition_level,
            horizon,
            conventions,
            counterclaims,
        )
        for check in family.CHECKS
    }
)


def check_claim(claim: str, instance: Instance, *, dtype: str = "float64", device: str = "cpu") -> Residual:
    """Check a claim on an instance, and its broken twin.

    Raises
    ------
    KeyError
        If there is no PyTorch check of that claim.
    UnsuitedError
        If the claim says nothing of that instance.
    """
    if claim not in TORCH_CHECKS:
        raise KeyError(f"no PyTorch check of claim {claim!r}; there is one of {', '.join(TORCH_CHECKS)}")
    enumeration = ENUMERATIONS.get(claim)
    reason = None if enumeration is None else enumeration.unsuited(instance.problem, instance.mdp)
    if reason is not None:
        raise UnsuitedError(f"claim {claim} is not checked here: {reason}")
    space = torch_space(
        instance.problem, instance.theta, instance.b, mdp=instance.mdp, dtype=dtype, device=device
    )
    return residual(TORCH_CHECKS[claim], space)


__all__ = ["TORCH_CHECKS", "TorchCheck", "TorchSpace", "check_claim", "torch_space"]
