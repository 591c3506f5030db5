"""A problem at (θ, b) as tensors: costs and log Z are leaves, so that autograd is the other route.

The enumeration of floor 1 takes derivatives from values alone, by Cauchy integrals; here they are PyTorch's own,
of the objectives that one trains with. The two floors share no formula but the statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ganirl.mdp import TabularMDP
from ganirl.precision import PRECISIONS
from ganirl.problem import Problem
from ganirl_gpu.framework import DTYPES
from ganirl_gpu.objectives import discriminator_loss
from ganirl_gpu.partition import optimal_log_partition

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TorchSpace:
    """N trajectories on a device, in a format.

    The cost is c(θ + δ) = c + c'δ + ½ δ·c''δ with the problem's numbers, rounded to the format and then exact:
    ``cost(delta)`` is differentiable twice, in δ (d,).

    Attributes
    ----------
    problem, theta, b, mdp : what it was made of, in NumPy
    dtype_name, device : where it lives
    log_h, log_p, log_q : (N,), −∞ off their supports
    c, dc, d2c : (N,), (N, d), (N, d, d)
    log_z_parameter : scalar b
    """

    problem: Problem
    theta: Array
    b: float
    mdp: TabularMDP | None
    dtype_name: str
    device: str
    log_h: Tensor
    log_p: Tensor
    log_q: Tensor
    c: Tensor
    dc: Tensor
    d2c: Tensor
    log_z_parameter: Tensor

    # --- weights and densities ---------------------------------------------------------------------

    @cached_property
    def w_p(self) -> Tensor:
        """(N,) h·p, normalised again in this format."""
        return torch.softmax(self.log_h + self.log_p, 0)

    @cached_property
    def w_q(self) -> Tensor:
        """(N,) h·q, normalised again in this format."""
        return torch.softmax(self.log_h + self.log_q, 0)

    @cached_property
    def log_z(self) -> Tensor:
        """Return log Z_θ = log Σ h e^{−c}."""
        return self.log_partition(self.c)

    @cached_property
    def log_model(self) -> Tensor:
        """(N,) log p_θ."""
        return -self.c - self.log_z

    @cached_property
    def w_model(self) -> Tensor:
        """(N,) h·p_θ."""
        return torch.softmax(self.log_h - self.c, 0)

    def mean_p(self, values: Tensor) -> Tensor:
        """E_p[f] over the first axis; rows off the support count as nothing, even where f is infinite."""
        return total(self.w_p, values)

    def mean_q(self, values: Tensor) -> Tensor:
        """E_q[f] over the first axis."""
        return total(self.w_q, values)

    def mean_mixture(self, values: Tensor) -> Tensor:
        """E_μ[f] = ½(E_p[f] + E_q[f])."""
        return (self.mean_p(values) + self.mean_q(values)) / 2

    # --- differentiable functions of costs (N,) and of b -------------------------------------------

    def cost(self, delta: Tensor) -> Tensor:
        """(N,) c(θ + δ)."""
        return self.c + self.dc @ delta + torch.einsum("nij,i,j->n", self.d2c, delta, delta) / 2

    def here(self) -> Tensor:
        """δ = 0 (d,), a leaf that requires gradients."""
        return torch.zeros(self.dc.shape[1], dtype=self.c.dtype, device=self.device, requires_grad=True)

    def logit(self, c: Tensor, b: Tensor | float, log_q: Tensor | None = None) -> Tensor:
        """(N,) ℓ = −c − b − log q."""
        return -(c + b) - (self.log_q if log_q is None else log_q)

    def loss(self, c: Tensor, b: Tensor | float) -> Tensor:
        """L_D, by this package's objective."""
        logit = self.logit(c, b)
        return discriminator_loss(logit, logit, self.w_p, self.w_q)

    def log_partition(self, c: Tensor) -> Tensor:
        """Return log Σ h e^{−c}."""
        return torch.logsumexp(self.log_h - c, 0)

    @cached_property
    def b_star(self) -> Tensor:
        """argmin_b L_D, by this package's solver."""
        logit = self.logit(self.c, 0.0)
        return optimal_log_partition(logit, logit, self.w_p, self.w_q)

    # --- rounding ----------------------------------------------------------------------------------

    @cached_property
    def rounding(self) -> float:
        """Relative error of a sum over the space: N terms in any order, functions of exponents of size L."""
        live = torch.where(torch.isfinite(self.log_q), self.log_q, 0.0)
        longest = float((self.c.abs() + live.abs()).max()) + abs(self.b)
        return PRECISIONS[self.dtype_name].unit_roundoff * (len(self.c) + 64) * (1.0 + longest)


def total(weight: Tensor, values: Tensor) -> Tensor:
    """Σ w f over the first axis, without the rows of weight zero."""
    present = weight > 0
    columns = weight[present].reshape(-1, *(1 for _ in range(values.ndim - 1)))
    return (columns * values[present]).sum(0)


def gradient(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """∂f/∂x of a scalar function by autograd; x is not changed."""
    leaf = at.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(function(leaf), leaf)
    return found


def hessian(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """∂²f/∂x² (d, d) of a scalar function by autograd, twice."""
    leaf = at.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(leaf), leaf, create_graph=True)
    rows = [torch.autograd.grad(each, leaf, retain_graph=True, allow_unused=True)[0] for each in slope]
    return torch.stack([torch.zeros_like(leaf) if row is None else row for row in rows])


def torch_space(
    problem: Problem,
    theta: npt.ArrayLike,
    b: float,
    *,
    mdp: TabularMDP | None = None,
    dtype: str = "float64",
    device: str = "cpu",
) -> TorchSpace:
    """Move a problem at (θ, b) to a device and a format.

    Raises
    ------
    KeyError
        If there is no such format.
    """
    at = np.asarray(theta, dtype=np.float64)

    def tensor(values: npt.ArrayLike) -> Tensor:
        return torch.tensor(np.asarray(values, dtype=np.float64), dtype=DTYPES[dtype], device=device)

    bend = problem.cost.hessian(at)
    return TorchSpace(
        problem=problem,
        theta=at,
        b=b,
        mdp=mdp,
        dtype_name=dtype,
        device=device,
        log_h=tensor(problem.log_h),
        log_p=tensor(problem.log_p),
        log_q=tensor(problem.log_q),
        c=tensor(problem.cost.value(at)),
        dc=tensor(problem.cost.gradient(at)),
        d2c=tensor((bend + bend.transpose(0, 2, 1)) / 2),
        log_z_parameter=tensor(b),
    )
