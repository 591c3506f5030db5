"""What every GAIL declares: the reward by which it departs from the theorem, by design."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ganirl import Departure

_REWARD = (
    "GAIL's reward is −log(1 − D) by design (Ho and Ermon 2016, algorithm 1, with D the probability of the "
    "expert): it minimises a Jensen–Shannon divergence, and log q is no part of its discriminator"
)

_FORMULA = "reward-minus-log-one-minus-d"

DEPARTURES: Mapping[str, str] = MappingProxyType(
    {
        "E1": Departure(_REWARD, _FORMULA),
        "E3": Departure(f"{_REWARD}; the policy gradient follows that reward", _FORMULA),
    }
)
