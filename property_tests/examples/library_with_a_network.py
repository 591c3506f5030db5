"""A library whose discriminator owns its network and optimiser, wrapped without touching it.

It is handed a linear network with a bias, so that the case's θ and b can be written in and gradients read out, and an
optimiser whose learning rate is 0, so that `.grad` stays where autograd left it.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ganirl import Case, Conventions, Gradient, Rows


class Discriminator:
    """Somebody's library: takes any network and any optimiser, trains on transitions, knows nothing of ganirl."""

    def __init__(self, reward_net: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        self.reward_net, self.optimiser = reward_net, optimiser

    def logits(self, inputs: Tensor, log_pi: Tensor) -> Tensor:
        return self.reward_net(inputs).squeeze(-1) - log_pi

    def reward(self, inputs: Tensor, log_pi: Tensor) -> Tensor:
        return self.logits(inputs, log_pi).detach()

    def update(self, expert: tuple[Tensor, Tensor], policy: tuple[Tensor, Tensor]) -> float:
        logits = torch.cat([self.logits(*expert), self.logits(*policy)])
        labels = torch.cat([torch.ones(len(expert[0])), torch.zeros(len(policy[0]))]).to(logits)
        loss = binary_cross_entropy_with_logits(logits, labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())


class Adapter:
    name, framework = "library with a network", "torch"
    conventions = Conventions(unit="transition", loss_scale="mean_of_all", loss_form="bce", log_z="bias")
    departures: dict[str, str] = {}  # noqa: RUF012 - plain, as an adapter's author would write it

    def _library(self, case: Case) -> tuple[Discriminator, nn.Linear]:
        network = nn.Linear(len(case.theta), 1).to(case.theta)
        with torch.no_grad():
            network.weight.copy_(-case.theta[None, :])  # reward = −c, and the bias is −b
            network.bias.fill_(-float(case.b))
        return Discriminator(network, torch.optim.SGD(network.parameters(), lr=0.0)), network

    def discriminator_logit(self, case: Case, rows: Rows) -> Tensor:
        return self._library(case)[0].logits(rows.features, rows.log_q)

    def discriminator_loss(self, case: Case) -> float:
        sides = [(rows.features, rows.log_q) for rows in (case.expert, case.generator)]
        return self._library(case)[0].update(*sides)

    def discriminator_gradient(self, case: Case) -> Gradient:
        library, network = self._library(case)
        library.update(
            (case.expert.features, case.expert.log_q), (case.generator.features, case.generator.log_q)
        )
        return Gradient(-network.weight.grad[0], -network.bias.grad[0])

    def generator_reward(self, case: Case, rows: Rows) -> Tensor:
        return self._library(case)[0].reward(rows.features, rows.log_q)


target = Adapter()
