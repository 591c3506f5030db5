"""A discriminator to train with: the paper's D, made of a cost network, log Z and log q."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from . import objectives


class Batch(NamedTuple):
    """One side of a batch.

    Attributes
    ----------
    inputs : (n, …), what the cost network takes
    log_q : (n,), log density of the generator at these rows, expert rows included
    weight : (n,) or None, non-negative, of any scale
    """

    inputs: Tensor
    log_q: Tensor
    weight: Tensor | None = None


class Discriminator(nn.Module):
    """D = e^{−c}/Z / (e^{−c}/Z + q) = σ(−c − log Z − log q) (section 3.1).

    Only the cost and log Z are learned; q is the generator's own density, handed in. Minimising ``loss``
    trains the cost, which is an energy and minus a reward; ``reward`` trains the generator.

    Parameters
    ----------
    cost_network : maps inputs to (n,) or (n, 1)
    log_partition : the initial value of log Z; if the network has an output bias, only their sum means
        anything (claim A6)

    Examples
    --------
    >>> import torch
    >>> discriminator = Discriminator(torch.nn.Linear(3, 1))
    >>> discriminator(torch.zeros(5, 3), torch.zeros(5)).shape
    torch.Size([5])
    """

    def __init__(self, cost_network: nn.Module, log_partition: float = 0.0) -> None:
        super().__init__()
        self.cost_network = cost_network
        like = next(cost_network.parameters(), torch.empty(()))
        self.log_partition = nn.Parameter(torch.full((), log_partition, dtype=like.dtype, device=like.device))

    def cost(self, inputs: Tensor) -> Tensor:
        """Return c, shape (n,).

        Raises
        ------
        ValueError
            If the network returns neither (n,) nor (n, 1).
        """
        output: Tensor = self.cost_network(inputs)
        count = inputs.shape[0]
        if output.shape not in ((count,), (count, 1)):
            raise ValueError(
                f"the cost network returned shape {tuple(output.shape)} for {count} rows; "
                f"({count},) or ({count}, 1) is needed"
            )
        return output.reshape(count)

    def forward(self, inputs: Tensor, log_q: Tensor) -> Tensor:
        """Return the logit ℓ = −c − log Z − log q, shape (n,)."""
        return objectives.discriminator_logit(self.cost(inputs), self.log_partition, log_q)

    def loss(self, expert: Batch, generator: Batch) -> Tensor:
        """Return L_D = E_p[−log D] + E_q[−log(1 − D)].

        log q is detached: the discriminator's loss must not train the policy.
        """
        return objectives.discriminator_loss(
            self(expert.inputs, expert.log_q.detach()),
            self(generator.inputs, generator.log_q.detach()),
            expert.weight,
            generator.weight,
        )

    def reward(self, inputs: Tensor, log_q: Tensor, *, detach: bool = True) -> Tensor:
        """Return log D − log(1 − D) = ℓ, shape (n,): what the generator maximises (section 3.2.3; claim A5).

        Its expectation is already return plus entropy: an entropy bonus on top counts the entropy twice.
        """
        logit: Tensor = self(inputs, log_q)
        return logit.detach() if detach else logit
