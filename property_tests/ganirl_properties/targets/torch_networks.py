"""Networks that stand in for a library's own, so that a case can be written into it and gradients read out.

A library that owns its networks is verified by putting these in their places, after it has been built: they are linear,
at the case's θ, b and policy logits, and its optimiser, which knows the networks that it was built with, leaves them
alone. Their input is what `transitions` gives: a row's features, then its state.

    library.reward_net, library.policy.net = RewardNetwork(case), PolicyNetwork(case)
    loss = library.update(transitions(case, case.expert), transitions(case, case.generator))
    gradient = library.reward_net.gradient()
    library.policy_loss(...).backward()
    policy_gradient = library.policy.net.gradient()

Adapters outside of ganirl find them in `ganirl_gpu.networks`.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ganirl import Case, Gradient, Rows


class _Undrawn(nn.Linear):
    """A linear layer whose weights come from a case: none is drawn, and the global random state stays as it was."""

    def reset_parameters(self) -> None:
        """Leave them to be written."""


class RewardNetwork(_Undrawn):
    """−φ·θ − b of the first d columns of its first input, (n, d or more) → (n, 1); what else is there is not read.

    Parameters
    ----------
    case : in PyTorch; its θ and b are copied in
    sign : −1 for a network whose output grows where the expert is likely, as a reward does; +1 for one whose output is
        a cost, or the logit of the generator; 0 for one that is to be silent, such as a shaping term
    """

    def __init__(self, case: Case, sign: float = -1.0) -> None:
        super().__init__(len(case.theta), 1, device=case.theta.device, dtype=case.theta.dtype)
        self.sign = sign
        with torch.no_grad():
            self.weight.copy_(sign * case.theta[None, :])
            self.bias.copy_(sign * case.b.reshape(1))

    def forward(self, input: Tensor, *others: object) -> Tensor:  # noqa: A002 - nn.Linear's own name
        """Return the output, (n, 1); actions, next observations and dones may be handed over beside the input."""
        del others
        return super().forward(input[..., : self.in_features])

    def gradient(self) -> Gradient:
        """Return what backward passes have left, as the gradient in θ (d,) and in b (); zero where nothing came."""
        weight, bias = (
            torch.zeros_like(of) if of.grad is None else of.grad for of in (self.weight, self.bias)
        )
        return Gradient(self.sign * weight[0], self.sign * bias[0])


class PolicyNetwork(_Undrawn):
    """The logits of the case's policy in the state of an observation, (n, d + S) → (n, A)."""

    def __init__(self, case: Case) -> None:
        states, actions = case.policy_logits.shape
        super().__init__(
            states, actions, bias=False, device=case.theta.device, dtype=case.policy_logits.dtype
        )
        with torch.no_grad():
            self.weight.copy_(case.policy_logits.T)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - nn.Linear's own name
        """Return the logits, (n, A)."""
        return super().forward(input[..., -self.in_features :])

    def gradient(self) -> Tensor:
        """Return what backward passes have left, as the gradient in the policy logits, (S, A); zero where nothing came.

        The logits are copied in: autograd does not go on from here to the case's own, so that an adapter returns this
        as its `generator_gradient`.
        """
        weight = self.weight
        return (torch.zeros_like(weight) if weight.grad is None else weight.grad).T


class Transitions(NamedTuple):
    """Transitions as most libraries take them, in the case's format.

    Attributes
    ----------
    observation : (n, d + S), the row's features, then the state as one of S
    action : (n,) integers
    done : (n,), 1.0 where the step enters the absorbing end
    next_observation : (n, d + S), no features, then the next state; the absorbing end is all zeros
    """

    observation: Tensor
    action: Tensor
    done: Tensor
    next_observation: Tensor


def transitions(case: Case, rows: Rows) -> Transitions:
    """Return the rows of a case of unit ``"transition"`` as observations, actions, dones and next observations.

    A row's features stand in its first observation, where every network here looks.
    """
    states = len(case.policy_logits)

    def observation(features: Tensor, state: Tensor) -> Tensor:
        one_of = nn.functional.one_hot(state, states + 1)[:, :states]
        return torch.cat([features, one_of.to(features)], dim=1)

    return Transitions(
        observation(rows.features, rows.state),
        rows.action,
        rows.done.to(rows.features),
        observation(torch.zeros_like(rows.features), rows.next_state),
    )
