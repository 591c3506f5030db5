"""Planted: an error beside a convention that was not declared."""

from __future__ import annotations

from typing import Any

from torch.nn import functional as F

from .library import Library, wrong
from .odd import _Concatenated, _Flipped


@wrong("A4", diagnosis="no-log-q")
class MeanOfAllWithoutLogQ(_Concatenated):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -self.cost(case, rows) - case.b


@wrong("A4", diagnosis="no-log-q")
class FlippedWithoutLogQ(_Flipped):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return self.cost(case, rows) + case.b


@wrong("E1", diagnosis="reward-minus-log-one-minus-d")
class MeanOfAllWithTheRewardOfGail(_Concatenated):
    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -F.logsigmoid(-self.discriminator_logit(case, rows))


@wrong("A4", "E1", diagnosis="no-log-q")
class NoLogQAndTheRewardOfGail(Library):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        return -(self.cost(case, rows) + case.b)

    def generator_reward(self, case: Any, rows: Any) -> Any:
        return -F.logsigmoid(-self.discriminator_logit(case, rows))
