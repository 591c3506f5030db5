"""Networks that stand in for a library's own, for adapters: a case is written in, and gradients are read out.

They are those of `ganirl_properties.targets.torch_networks`, which the built-in targets use, too.
"""

from __future__ import annotations

from ganirl_properties.targets.torch_networks import (
    PolicyNetwork,
    RewardNetwork,
    Transitions,
    transitions,
)

__all__ = ["PolicyNetwork", "RewardNetwork", "Transitions", "transitions"]
