"""What every GAIL declares: the reward by which it departs from the theorem, by design."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_REWARD = (
    "GAIL's reward is −log(1 − D) by design (Ho and Ermon 2016, algorithm 1, with D the probability of the "
    "expert): it minimises a Jensen–Shannon divergence, and log q is no part of its discriminator"
)

DEPARTURES: Mapping[str, str] = MappingProxyType(
    {"E1": _REWARD, "E3": f"{_REWARD}; the policy gradient follows that reward"}
)
