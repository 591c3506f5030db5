"""Checks of family E."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganirl.truth import Expected

from .check import Check, Comparison, View, compare
from .numerics import opposite_tails


def own_reward(view: View) -> np.ndarray:
    """Its reward with the entropy bonus that its policy optimiser adds: r − α log q, (n_q,)."""
    alpha = view.observed.conventions.entropy_coefficient
    reward = view.observed.reward()
    return reward - alpha * view.truth.true_log_q[view.truth.generator] if alpha else reward


def _reward(view: View) -> Iterator[Comparison]:
    reward, expected = own_reward(view), view.truth.reward
    if view.observed.conventions.reward_baseline:
        # One constant a batch is left open; each row is compared with the mean of all.
        reward = reward - reward.mean()
        bound = expected.bound + expected.bound.mean()
        expected = Expected(expected.value - expected.value.mean(), bound)
    yield compare("generator_reward", reward, expected)


def _loss(view: View) -> Iterator[Comparison]:
    yield compare("generator_loss", view.observed.generator_loss(), view.truth.generator_loss)


def _policy_gradient(view: View) -> Iterator[Comparison]:
    expected = view.truth.policy_gradient(view.truth.reward)
    yield compare("generator_gradient", view.observed.generator_gradient(), expected)


def _gradient_of_reward(view: View) -> Iterator[Comparison]:
    if view.observed.has("generator_gradient") or view.observed.has("policy_loss"):
        return
    truth = view.truth
    _, w_q = truth.weights
    got = -np.tensordot(w_q[truth.generator] * own_reward(view), truth.score, axes=1)
    yield compare("E_q[s·(−reward)]", got, truth.policy_gradient(truth.reward))


CHECKS = (
    Check(
        "E1",
        "reward",
        "its reward against ℓ = −c − b − log q, row by row",
        ("generator_reward",),
        "batch",
        _reward,
    ),
    Check(
        "E1",
        "reward tails",
        "its reward at ℓ from 0 to ±200",
        ("generator_reward",),
        None,
        _reward,
        opposite_tails,
    ),
    Check("E1", "loss", "L_G against b + E_q[c] + E_q[log q]", ("generator_loss",), "batch", _loss),
    Check(
        "E3",
        "gradient",
        "its policy gradient against E_q[s(−ℓ)] over all of q",
        (),
        "population",
        _policy_gradient,
    ),
    Check(
        "E3",
        "reward",
        "the policy gradient that its reward gives, over all of q",
        ("generator_reward",),
        "population",
        _gradient_of_reward,
    ),
)
