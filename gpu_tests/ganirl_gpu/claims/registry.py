"""What a PyTorch check of a claim is, and what it finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch

from ganirl.enumeration import Residual
from ganirl.enumeration.space import Comparison
from ganirl_gpu.framework import framework

from .space import TorchSpace


@dataclass(frozen=True)
class TorchCheck:
    """A claim in PyTorch: what autograd, or an objective of this package, gives, against the closed form.

    Attributes
    ----------
    claim : its id
    description : what is computed, and against what
    twin : what the broken twin breaks
    compare : from a space to comparisons of tensors; see `ganirl.enumeration.space.Comparison`
    dtypes : formats in which its bound says anything
    """

    claim: str
    description: str
    twin: str
    compare: Callable[[TorchSpace], Iterable[Comparison]] = field(repr=False)
    dtypes: tuple[str, ...] = ("float64", "float32")


def residual(check: TorchCheck, space: TorchSpace) -> Residual:
    """Evaluate a check: the part that comes nearest to its tolerance, and the twin that is told best."""
    worst, twin = (-1.0, 0.0, 0.0, 0.0), (-1.0, 0.0, 0.0)
    with framework.arithmetic():
        for part in check.compare(space):
            left, right = _flat(part.left), _flat(part.right)
            scale = max(part.size, _largest(left), _largest(right))
            tolerance = space.rounding * part.gain * scale
            error = _largest(left - right)
            ratio = math.inf if not error <= tolerance else error / tolerance if tolerance else 0.0
            worst = max(worst, (ratio, error, scale, tolerance), key=lambda each: each[0])
            if part.twin is not None:
                twin_error = _largest(_flat(part.twin) - right)
                twin_ratio = twin_error / tolerance if tolerance else math.inf
                twin = max(twin, (twin_ratio, twin_error, tolerance), key=lambda each: each[0])
    return Residual(check.claim, *worst[1:], *twin[1:])


def _flat(value: object) -> torch.Tensor:
    """In float64 and on the host, which is exact for every format; a Python number is not made a float32."""
    kind = None if isinstance(value, torch.Tensor) else torch.float64
    return torch.as_tensor(value, dtype=kind).detach().to("cpu", torch.float64).reshape(-1)


def _largest(values: torch.Tensor) -> float:
    """Largest |x|; NaN if any is."""
    return float(values.abs().max())
