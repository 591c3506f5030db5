"""Costs to train: c_θ(τ) = Σ_k B_k(τ) g_k(θ), with c' in closed form beside PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ganirl.cost import LinearCost
from ganirl.instances import curved_step_cost
from ganirl.problem import Problem
from ganirl.step_cost import StepCost


@dataclass(frozen=True, eq=False)
class BasisCost:
    """n rows of a cost that is a basis times functions of θ.

    One door differentiates ``value`` by autograd, another calls ``derivative``: they share no derivative.

    Attributes
    ----------
    basis : (n, K), B, summed over the steps of each row
    coefficients : g, (d,) → (K,)
    slopes : g' = ∂g/∂θ, (d,) → (K, d)
    """

    basis: Tensor
    coefficients: Callable[[Tensor], Tensor]
    slopes: Callable[[Tensor], Tensor]

    def value(self, theta: Tensor) -> Tensor:
        """c_θ, shape (n,)."""
        return self.basis @ self.coefficients(theta)

    def derivative(self, theta: Tensor) -> Tensor:
        """c' = ∂c/∂θ, shape (n, d)."""
        return self.basis @ self.slopes(theta)

    def magnitude(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Σ_k|B_k g_k| (n,) and Σ_k|B_k g'_k| (n, d): what rounds, whatever cancels."""
        size = self.basis.abs()
        return size @ self.coefficients(theta).abs(), size @ self.slopes(theta).abs()

    def take(self, rows: Tensor) -> BasisCost:
        """Return the cost of some of the rows."""
        return replace(self, basis=self.basis[rows])


def trainable_cost(problem: Problem) -> BasisCost:
    """Return a problem's cost in PyTorch, float64.

    Raises
    ------
    TypeError
        If it is neither linear nor the generic instance's step cost.
    """
    cost = problem.cost
    if isinstance(cost, LinearCost):
        return BasisCost(
            torch.tensor(cost.features), lambda theta: theta, lambda theta: torch.eye(len(theta)).to(theta)
        )
    if isinstance(cost, StepCost) and cost.function is curved_step_cost:
        # Features are zero beyond a trajectory's end, so that a step that does not exist costs nothing.
        features = torch.tensor(cost.steps.features)
        basis = torch.cat([features.sum(1), features[..., :1].square().sum(1)], dim=1)
        return BasisCost(basis, _curved, _curved_slopes)
    raise TypeError(f"a {type(cost).__name__} cannot be trained here: it has no derivative in PyTorch")


def _curved(theta: Tensor) -> Tensor:
    """(sin θ, 0.3 θ_1²): `ganirl.instances.curved_step_cost`, summed over steps."""
    return torch.cat([torch.sin(theta), 0.3 * theta[1:2].square()])


def _curved_slopes(theta: Tensor) -> Tensor:
    pick = torch.zeros_like(theta)
    pick[1] = 0.6
    return torch.cat([torch.diag(torch.cos(theta)), (pick * theta)[None]])
