"""The built-in target ``torchrl-gail``: the discriminator's loss of torchrl's GAIL, as released.

What was read in the source of torchrl 0.14.1:

- ``GAILLoss.forward`` (objectives/gail.py) hands what the network writes under ``"d_logits"`` to ``nn.BCELoss``:
  it is D, a probability, in spite of its name. D is read here as the loss reads it;
- the expert's label is 1, the loss is the sum of both cross-entropies row by row, averaged over the rows
  (``reduction="mean"``, the default): the sum of both means. Both sides have the batch size of one tensordict;
- labels are float32, so that no other format works;
- there is no log π, and no gradient penalty by default (``use_grad_penalty=False``);
- the reward is not part of the library: its example script takes −log(1 − D + 1e-8) of what the network returns.
  No policy is part of the loss, either.

The network is the library's own ``MLP`` without hidden layers: linear, its bias −b, and a sigmoid at its end. Row
features are the observation; the action is handed over with a weight of 0.
"""

from __future__ import annotations

from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import torch
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import MLP
from torchrl.objectives import GAILLoss

from ganirl import Case, Conventions, Gradient, Rows


class TorchrlGail:
    """`GAILLoss` with its defaults, on a linear network into which every case is written."""

    name = "torchrl-gail"
    framework = "torch"
    conventions = Conventions(
        unit="transition",
        expert_label=1,
        loss_scale="sum_of_means",
        log_q="absent",
        log_z="bias",
        weights=False,
        equal_batches=True,
        precisions=("float32",),
    )
    departures = MappingProxyType[str, str]({})

    def __init__(self) -> None:
        self.versions = {library: version(library) for library in ("torchrl", "tensordict")}

    def discriminator_probability(self, case: Case, rows: Rows) -> torch.Tensor:
        """(n, 1) D, the network's output that the loss reads."""
        loss, network = _built(case)
        observation, action = _inputs(rows)
        batch = TensorDict({"observation": observation, "action": action}, [len(rows)])
        with torch.no_grad():
            found: torch.Tensor = network(batch)[loss.tensor_keys.discriminator_pred]
        return found

    def discriminator_loss(self, case: Case) -> torch.Tensor:
        """Return what the optimiser of the discriminator is to differentiate."""
        return _loss(_built(case)[0], case).detach()

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L/∂θ and ∂L/∂b by autograd through the loss, into the network, whose weight is −θ and bias is −b."""
        loss, network = _built(case)
        linear = network.module[0]
        weight, bias = torch.autograd.grad(_loss(loss, case), (linear.weight, linear.bias))
        return Gradient(-weight[0, :-1], -bias[0])


def _built(case: Case) -> tuple[Any, Any]:
    """Return the loss and the network that it was given, set to the case, leaving the random state as it was."""
    with torch.random.fork_rng(devices=[]):
        network = MLP(
            in_features=len(case.theta) + 1,
            out_features=1,
            depth=0,
            activation_class=torch.nn.Sigmoid,
            activate_last_layer=True,
            device=case.theta.device,
        )
    with torch.no_grad():
        network[0].weight.copy_(torch.cat([-case.theta, torch.zeros_like(case.theta[:1])])[None])
        network[0].bias.fill_(-case.b)
    discriminator = TensorDictModule(network, in_keys=["observation", "action"], out_keys=["d_logits"])
    return GAILLoss(discriminator), discriminator


def _loss(loss: Any, case: Case) -> torch.Tensor:
    keys = loss.tensor_keys
    batch = TensorDict({}, [len(case.expert)])
    batch[keys.expert_observation], batch[keys.expert_action] = _inputs(case.expert)
    batch[keys.collector_observation], batch[keys.collector_action] = _inputs(case.generator)
    found: torch.Tensor = loss(batch)["loss"]
    return found


def _inputs(rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    return rows.features, rows.action[:, None].to(rows.features)


target = TorchrlGail()
