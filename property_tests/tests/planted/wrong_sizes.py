"""Planted: right up to a size, of rows, steps or actions."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional as F

from .library import Library, LossOfLogits


class NoMoreThanSixteenRows(LossOfLogits):
    """A minibatch of a size of its own."""

    def loss_of(self, expert: Tensor, generator: Tensor) -> Tensor:
        return -F.logsigmoid(expert[:16]).mean() - F.logsigmoid(-generator[:16]).mean()


class NoMoreThanEightSteps(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        log_pi = F.log_softmax(case.policy_logits, dim=1)[rows.steps.state, rows.steps.action]
        return (log_pi * rows.steps.mask)[:, :8].sum(dim=1)


class NoMoreThanFiveActions(Library):
    def log_q(self, case: Any, rows: Any) -> Tensor:
        log_pi = F.log_softmax(case.policy_logits[:, :5], dim=1)[
            rows.steps.state, rows.steps.action.clamp(max=4)
        ]
        return (log_pi * rows.steps.mask).sum(dim=1)


SIZES = {"B1": NoMoreThanSixteenRows, "A4": NoMoreThanEightSteps, "A4 of actions": NoMoreThanFiveActions}
