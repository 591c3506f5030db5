"""Family E in PyTorch, step by step and sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from ganirl.enumeration.space import Comparison
from ganirl.step_cost import StepCost
from ganirl_gpu.objectives import policy_loss

from .moving import gradient_size, log_prob, log_tilted, mean_size, policy_logits
from .registry import TorchCheck
from .space import TorchSpace, gradient, hessian

DISCOUNT = 0.9


def rewards_to_go(space: TorchSpace) -> Iterator[Comparison]:
    """E6: surrogates of log π_t times rewards to go, as one writes them, against `policy_loss`."""
    assert space.mdp is not None  # the check is not asked without a process
    steps, cost = space.problem.steps, space.problem.cost
    table = space.mdp.cost_table(space.theta, cost.function if isinstance(cost, StepCost) else None)
    state, action, onward, mask = (
        torch.as_tensor(each, device=space.device)
        for each in (steps.state, steps.action, steps.next_state, steps.mask)
    )
    costs = torch.tensor(table, dtype=space.c.dtype, device=space.device)[state, action, onward]
    costs = torch.where(mask, costs, torch.zeros_like(costs))
    start = policy_logits(space)

    def log_pi(logits: Tensor) -> Tensor:
        chosen = torch.log_softmax(logits, -1)[state, action]
        return torch.where(mask & torch.isfinite(chosen), chosen, torch.zeros_like(chosen))

    def trained(signal: Tensor) -> Tensor:
        """Gradient of Σ w Σ_t log π_t x_t, the signal x (N, T) held."""
        return gradient(lambda logits: (space.w_q[:, None] * log_pi(logits) * signal).sum(), start)

    def with_bonus(logits: Tensor) -> Tensor:
        """Rewards to go of the cost alone, less an entropy a step: the bonus of a policy optimiser."""
        entropy = torch.special.entr(torch.softmax(logits, -1)).sum(-1)[state]
        bonus = torch.where(mask, entropy, torch.zeros_like(entropy))
        return (space.w_q[:, None] * (log_pi(logits) * _to_go(costs) - bonus)).sum()

    whole = gradient(
        lambda logits: policy_loss(
            log_prob(space, logits), space.logit(space.c, space.log_z_parameter), space.w_q
        ),
        start,
    )
    entropy = log_pi(start)
    to_go = _to_go(costs + entropy)
    times = torch.arange(mask.shape[1], device=space.device)
    baseline = 3.0 * state - 0.5 * times - 1.5 + (to_go[:, :1] - to_go) / 2
    faded = torch.stack([_faded(entropy, time) for time in range(mask.shape[1])], 1)
    terms = _to_go(costs.abs() + entropy.abs()) + baseline.abs() + 1
    size = mean_size(space.w_q, torch.where(mask, terms, torch.zeros_like(terms)).sum(1))
    yield Comparison(
        trained(to_go - baseline),
        whole,
        trained(to_go - baseline - action),
        size,
        4.0,
        "∇L_G with a baseline",
    )
    yield Comparison(trained(to_go), whole, gradient(with_bonus, start), size, 4.0, "∇L_G by rewards to go")
    discounted = trained(_to_go(costs) + faded)
    yield Comparison(trained(to_go), whole, discounted, size, 4.0, "∇L_G, undiscounted")


def _to_go(values: Tensor) -> Tensor:
    """Σ_{u ≥ t} x_u, (N, T)."""
    return values.flip(1).cumsum(1).flip(1)


def _faded(values: Tensor, time: int) -> Tensor:
    """Σ_{u ≥ t} γ^{u−t} x_u, (N,), of one t."""
    ahead = values[:, time:]
    powers = np.power(DISCOUNT, np.arange(ahead.shape[1]))
    return ahead @ torch.tensor(powers, dtype=values.dtype, device=values.device)


def pathwise_gradient(space: TorchSpace) -> Iterator[Comparison]:
    """E7: the mean of −ℓ over fixed rows, log q attached, has no gradient in the policy; `policy_loss` has one."""
    b, start = space.log_z_parameter, policy_logits(space)
    reached = torch.isfinite(space.log_q)

    def mean(logits: Tensor) -> Tensor:
        log_q = log_prob(space, logits)[reached]
        return (space.w_q[reached] * (space.c[reached] + b + log_q)).sum()

    def trained(logits: Tensor) -> Tensor:
        return policy_loss(log_prob(space, logits), space.logit(space.c, b), space.w_q)

    nothing = gradient(mean, start)
    found, size = gradient(trained, start), gradient_size(space)
    yield Comparison(torch.zeros_like(nothing), nothing, found, size, 4.0, "∇ through log q alone")


def variance_of_offset(space: TorchSpace) -> Iterator[Comparison]:
    """E9: gradients of single samples of p_θ, in tilts by c', vary by (b − log Z)² tr F; F is Fisher's, by autograd."""
    tilt = space.dc / (1 + space.dc.abs().max())
    start = torch.zeros(tilt.shape[1], dtype=tilt.dtype, device=tilt.device)

    def log_q(phi: Tensor) -> Tensor:
        return log_tilted(space, space.log_model, tilt @ phi)

    score = _of_each_row(log_q, start)
    information = -hessian(lambda phi: space.w_model @ log_q(phi), start).trace()
    offset = space.log_z_parameter - space.log_z
    size = (1 + abs(float(offset))) ** 2 * (float(information) + space.rounding)

    def moments(b: Tensor) -> tuple[Tensor, Tensor]:
        sample = score * -space.logit(space.c, b, space.log_model)[:, None]
        mean = space.w_model @ sample
        return mean, (space.w_model @ (sample - mean) ** 2).sum()

    mean, variance = moments(space.log_z_parameter)
    yield Comparison(offset**2 * information, variance, 0 * variance, size, 4.0, "tr Var of s(−ℓ)")
    yield Comparison(torch.zeros_like(mean), mean, None, 1 + abs(float(offset)), 4.0, "E_q[s(−ℓ)]")
    _, quiet = moments(space.log_z)
    yield Comparison(torch.zeros_like(quiet), quiet, None, size, 4.0, "tr Var at b = log Z")


def _of_each_row(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """(N, d) gradient of each of N values: backwards through a combination u of them, then in u."""
    leaf = at.clone().requires_grad_()
    values = function(leaf)
    shares = torch.zeros_like(values, requires_grad=True)
    (combined,) = torch.autograd.grad(values, leaf, shares, create_graph=True)
    columns = [torch.autograd.grad(each, shares, retain_graph=True)[0] for each in combined]
    return torch.stack(columns, 1)


STEPWISE = TorchCheck(
    "E6",
    "gradients of Σ_t log π_t (R_t − B), B of state, time and past, and without B, against that of `policy_loss`",
    "a baseline of the action; an entropy bonus a step for −log π in the rewards; later entropy discounted",
    rewards_to_go,
    dtypes=("float64",),  # over the thousands of trajectories of a process the bound of float32 says nothing
)
PATHWISE = TorchCheck(
    "E7",
    "the gradient of the mean of −ℓ over fixed rows, log q attached, against 0",
    "the gradient of `policy_loss` in its place",
    pathwise_gradient,
)
VARIANCE = TorchCheck(
    "E9",
    "the variance of s(−ℓ) over the samples of p_θ, each sample's score by autograd, against (b − log Z)² tr F with F "
    "the Hessian of E_q[log q], by autograd twice",
    "no variance: b taken for log Z",
    variance_of_offset,
)
