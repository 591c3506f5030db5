"""What is tried: a bound, the truth that it is about, and sound ways to compute it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ganirl.bounds import FloatModel
from ganirl_gpu.bound_problems import Array, Extended, Rows

# (library, form, values (B, …))
Computed = Iterator[tuple[str, str, Array]]


@dataclass(frozen=True)
class Experiment:
    """One bound, the truth that it is about, and ways to compute it.

    Attributes
    ----------
    bound : id, as in `ganirl.bounds`
    quantity : what is computed, a formula
    truth : of problems, (B, …)
    error : the bound, of the shape of the truth or to be broadcast to it
    forms : what sound code gives
    """

    bound: str
    quantity: str
    truth: Callable[[Rows], Extended]
    error: Callable[[FloatModel, Rows], Array]
    forms: Callable[[Rows], Computed]


def host(values: Tensor) -> Array:
    """Return a tensor's numbers."""
    return values.detach().double().numpy()


def numpy_works(rows: Rows) -> bool:
    """Whether NumPy has this format."""
    return rows.precision.name != "bfloat16"


def per_problem(rows: Rows, error: Callable[[int], Array | float]) -> Array:
    """Call a bound that is of one problem for each of them."""
    return np.array([error(problem) for problem in range(rows.problems)], dtype=np.float64)


def _torch_kappa(name: str) -> float:
    return 2.0 if name == "bfloat16" else 3.0


def _numpy_kappa(name: str) -> float:
    return 8.0 if name == "float32" else 3.0


# κ by library and format, as their frameworks say.
KAPPA = {"torch": _torch_kappa, "numpy": _numpy_kappa}
