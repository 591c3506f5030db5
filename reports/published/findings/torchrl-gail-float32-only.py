"""torchrl 0.14.1, GAILLoss: labels are float32 whatever the network's dtype. Exits 1 while another dtype raises."""

import sys

import torch
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import MLP
from torchrl.objectives import GAILLoss

failed = 0
for dtype in (torch.float32, torch.float64, torch.bfloat16):
    network = MLP(
        in_features=2, out_features=1, depth=0, activation_class=torch.nn.Sigmoid, activate_last_layer=True
    ).to(dtype)
    loss = GAILLoss(TensorDictModule(network, ["observation", "action"], ["d_logits"]))
    names = ("observation", "action", "collector_observation", "collector_action")
    batch = TensorDict({name: torch.ones(3, 1, dtype=dtype) for name in names}, [3])
    try:
        print(dtype, loss(batch)["loss"].item())
    except RuntimeError as refusal:
        print(dtype, "RuntimeError:", refusal)
        failed += 1
sys.exit(failed > 0)
