"""Planted: wrong implementations in NumPy, which shows numbers and no gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ganirl import Conventions, Implementation, wrap

from .library import WRONG, Planted


def log_q(case: Any, rows: Any) -> Any:
    table = case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True)
    return np.where(rows.steps.mask, table[rows.steps.state, rows.steps.action], 0).sum(axis=1)


def logit(case: Any, rows: Any) -> Any:
    return -(rows.features @ case.theta) - case.b - log_q(case, rows)


def loss(case: Any) -> Any:
    expert, generator = logit(case, case.expert), logit(case, case.generator)
    return np.logaddexp(0, -expert).mean() + np.logaddexp(0, generator).mean()


def _loss_without_log_q(case: Any) -> Any:
    network = [rows.features @ case.theta + case.b for rows in (case.expert, case.generator)]
    return np.logaddexp(0, network[0]).mean() + np.logaddexp(0, -network[1]).mean()


def _generator_term_of_expert(case: Any) -> Any:
    expert, generator = logit(case, case.expert), logit(case, case.generator)
    return np.logaddexp(0, expert).mean() + np.logaddexp(0, -generator).mean()


def _reward_of_gail(case: Any, rows: Any) -> Any:
    return np.logaddexp(0, logit(case, rows))


def _plant(name: str, roots: tuple[str, ...], diagnosis: str, **observables: Callable[..., Any]) -> None:
    def make() -> Implementation:
        return wrap(name=name, conventions=Conventions(log_q="computed"), **observables)

    WRONG[name] = Planted(make, roots, diagnosis, "float64")


def _irl_loss_of_the_generator_alone(case: Any) -> Any:
    rows = case.generator
    partition = np.logaddexp.reduce(-(rows.features @ case.theta) - log_q(case, rows)) - np.log(len(rows))
    return (case.expert.features @ case.theta).mean() + partition


_plant("NumpyLossWithoutLogQ", ("B1",), "loss-without-log-q", discriminator_loss=_loss_without_log_q)
_plant(
    "NumpyLabelsSwapped",
    ("B1",),
    "labels-swapped",
    discriminator_logit=logit,
    discriminator_loss=_generator_term_of_expert,
)
_plant(
    "NumpyRewardOfGail",
    ("E1",),
    "reward-minus-log-one-minus-d",
    discriminator_loss=loss,
    generator_reward=_reward_of_gail,
)
_plant(
    "NumpyIrlLossOfTheGeneratorAlone",
    ("C3",),
    "partition-generator-only",
    irl_loss=_irl_loss_of_the_generator_alone,
)
_plant("NumpyRewardOnly", ("E1",), "reward-sign", generator_reward=lambda case, rows: -logit(case, rows))
_plant(
    "NumpyLogitOnly",
    ("A4",),
    "log-q-doubled",
    discriminator_logit=lambda case, rows: logit(case, rows) - log_q(case, rows),
)
