"""torchrl 0.14.1, GAILLoss: where D has saturated the loss is 100 and its gradient 0. Exits 1 while it is so."""

import sys

import numpy as np
import torch
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import MLP
from torchrl.objectives import GAILLoss

linear = {"in_features": 2, "out_features": 1, "depth": 0}
network = MLP(**linear, activation_class=torch.nn.Sigmoid, activate_last_layer=True)
loss = GAILLoss(TensorDictModule(network, ["observation", "action"], ["d_logits"]))
torch.nn.init.ones_(network[0].weight)  # the logit is observation + action
zero, wrong = torch.zeros(1, 1), 0
for logit in (1.0, 10.0, 17.0, 30.0, 89.0):
    torch.nn.init.zeros_(network[0].bias)
    sides = {"observation": zero - logit, "action": zero, "collector_observation": zero + logit}
    found = loss(TensorDict({**sides, "collector_action": zero}, [1]))["loss"]
    (slope,) = torch.autograd.grad(found, network[0].weight)
    true = (
        2 * np.logaddexp(0.0, logit),
        2 * logit / (1 + np.exp(-logit)),
    )  # −log D − log(1 − D), and its slope
    print(f"|logit| {logit:5.1f}: loss {found.item():8.4f} true {true[0]:8.4f}", end="; ")
    print(f"slope {slope[0, 0].item():8.4f} true {true[1]:8.4f}")
    wrong += not np.allclose([found.item(), slope[0, 0].item()], true, rtol=1e-3)
sys.exit(wrong > 0)
