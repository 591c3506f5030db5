"""log q of trajectories under a tabular policy."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import log_softmax


def trajectory_log_prob(policy_logits: Tensor, states: Tensor, actions: Tensor, mask: Tensor) -> Tensor:
    """Return log q(τ) = Σ_t log π(a_t|s_t) over the steps that exist, shape (n,) (claims A4, H1, H10).

    The dynamics are left out: they are in p and in q alike and cancel in D. Steps are summed, never averaged,
    and padding counts for nothing.

    Parameters
    ----------
    policy_logits : (S, A), π(·|s) is the softmax of row s
    states, actions : (n, T) integers
    mask : (n, T), true where the step exists

    Raises
    ------
    ValueError
        If a shape is another.
    """
    if policy_logits.ndim != 2:
        raise ValueError(f"policy_logits must have shape (S, A), not {tuple(policy_logits.shape)}")
    if states.ndim != 2 or states.shape != actions.shape or states.shape != mask.shape:
        shapes = f"{tuple(states.shape)}, {tuple(actions.shape)} and {tuple(mask.shape)}"
        raise ValueError(f"states, actions and mask must share one shape (n, T); they have {shapes}")
    log_pi = log_softmax(policy_logits, dim=-1)[states, actions]
    return torch.where(mask.bool(), log_pi, torch.zeros_like(log_pi)).sum(dim=-1)
