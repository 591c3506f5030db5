"""Generators that move: a policy by its logits, a density by tilts; and divergences by PyTorch's own ``kl_div``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from ganirl.objectives import policy_score
from ganirl_gpu.policy import trajectory_log_prob

from .space import TorchSpace


def policy_logits(space: TorchSpace) -> Tensor:
    """(S, A), the generator's."""
    return torch.tensor(space.problem.policy_logits, dtype=space.c.dtype, device=space.device)


def log_prob(space: TorchSpace, logits: Tensor) -> Tensor:
    """(N,) log q of policy logits, differentiable in them."""
    steps = space.problem.steps
    states, actions, mask = (
        torch.as_tensor(part, device=space.device) for part in (steps.state, steps.action, steps.mask)
    )
    return trajectory_log_prob(logits, states, actions, mask)


def scores(space: TorchSpace) -> Tensor:
    """(N, S, A) ∂log q/∂logits in closed form, without autograd."""
    closed = policy_score(space.problem.policy_logits, space.problem.steps)
    return torch.tensor(closed, dtype=space.c.dtype, device=space.device)


def score_mean(space: TorchSpace, signal: Tensor) -> Tensor:
    """(S, A) E_q[s x] in closed form; rows with q = 0 count as nothing, even where x is infinite."""
    reached = space.w_q > 0
    return torch.einsum("n,nsa->sa", (space.w_q * signal)[reached], scores(space)[reached])


def log_tilted(space: TorchSpace, log_density: Tensor, exponent: Tensor) -> Tensor:
    """(N,) log density of r e^{x} / Σ h r e^{x}, differentiable in x."""
    moved = log_density + exponent
    return moved - torch.logsumexp(space.log_h + moved, 0)


def weight_of(space: TorchSpace, log_density: Tensor) -> Tensor:
    """(N,) h·r of a log density."""
    return torch.exp(space.log_h + log_density)


def divergence(space: TorchSpace, log_first: Tensor, log_second: Tensor) -> Tensor:
    """KL(r‖s) of log densities (N,), over the rows where r > 0."""
    present = torch.isfinite(log_first)
    first, second = ((space.log_h + each)[present] for each in (log_first, log_second))
    return kl_div(second, first, reduction="sum", log_target=True)


def mean_size(weight: Tensor, *values: Tensor) -> float:
    """1 + Σ E|x|, the size of the terms of an expectation."""
    present = weight > 0
    return 1.0 + sum(float(weight[present] @ each[present].abs()) for each in values)


def loss_size(space: TorchSpace) -> float:
    """1 + E_q|c| + E_q|log q| + |b|, the size of the terms of L_G."""
    return mean_size(space.w_q, space.c, space.log_q) + abs(space.b)


def gradient_size(space: TorchSpace) -> float:
    """The largest E_q[|s|(1 + |c| + |log q| + |b|)] of an entry of the policy's logits."""
    terms = 1 + space.c.abs() + space.log_q.abs() + abs(space.b)
    reached = space.w_q > 0
    entries = torch.einsum("n,nsa->sa", (space.w_q * terms)[reached], scores(space)[reached].abs())
    return float(entries.max())
