"""Checks of family E."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ganirl.batch import log_likelihood
from ganirl.logspace import log_normalise
from ganirl.truth import Expected

from .check import Check, Comparison, View, compare
from .numerics import opposite_tails


def own_reward(view: View) -> np.ndarray:
    """Its reward with the entropy bonus that its policy optimiser adds: r − α log q, (n_q,)."""
    alpha = view.observed.conventions.entropy_coefficient
    reward = view.observed.reward()
    return reward - alpha * view.truth.true_log_q[..., view.truth.generator] if alpha else reward


def without_mean(values: np.ndarray) -> np.ndarray:
    """Return the values less their mean over rows, (n,)."""
    centred: np.ndarray = values - values.mean(axis=-1, keepdims=True)
    return centred


def _reward(view: View) -> Iterator[Comparison]:
    reward, expected = own_reward(view), view.truth.reward
    if view.observed.conventions.reward_baseline is True:
        # One constant a batch is left open; each row is compared with the mean of all, which of one row says nothing.
        if reward.shape[-1] == 1:
            return
        reward = without_mean(reward)
        bound = expected.bound + expected.bound.mean(axis=-1, keepdims=True)
        expected = Expected(without_mean(expected.value), bound)
    yield compare("generator_reward", reward, expected)


def _loss(view: View) -> Iterator[Comparison]:
    yield compare("generator_loss", view.observed.generator_loss(), view.truth.generator_loss)


def _policy_gradient(view: View) -> Iterator[Comparison]:
    got = view.observed.generator_gradient()
    if view.observed.conventions.reward_baseline == "leave_one_out":
        # On a batch that is all of q, r − mean of the others is n/(n − 1) (r − mean of all).
        rows = len(view.case.generator)
        if rows == 1:
            return
        got = got * (rows - 1) / rows
    expected = view.truth.policy_gradient(view.truth.reward)
    if view.case.generator.steps.mask.shape[1] == 1:
        yield compare("generator_gradient", got, expected)
        return
    # Code may hand each step the rewards from there on, or take a baseline off that knows the past: what it leaves
    # out drops out with E[s_t | past] = 0, as far as the rows' weights are the policy that was rounded.
    size = _return_magnitude(view)
    wide = view.truth.policy_gradient(replace(view.truth.reward, value=view.truth.exactly(size)))
    slack = float(np.max(size)) * _imbalance(view)
    yield compare("generator_gradient", got, replace(expected, bound=wide.bound), slack=slack)


def _return_magnitude(view: View) -> np.ndarray:
    """Largest rewards of any stretch of a row, (n_q,): Σ_t |c_t| + |log π_t|, and b; of rewards given, them as well."""
    truth, rows = view.truth, view.case.generator
    log_q = np.abs(log_likelihood(view.case.policy_logits, rows)) + abs(truth.conventions.log_q_constant)
    size = truth.cost_magnitude[truth.generator] + log_q + abs(float(view.case.b))
    return size if truth.given_logit is None else size + np.abs(truth.given_logit[truth.generator])


def _imbalance(view: View) -> np.ndarray:
    """Σ over pasts of |Σ w s_t| given that past, (S, A): how far each is from E[s_t | past] = 0."""
    steps, weight = view.case.generator.steps, view.case.generator.weight
    policy = np.exp(log_normalise(view.case.policy_logits))
    found = np.zeros_like(policy)
    weight = weight / weight.sum()
    for step in range(steps.mask.shape[1]):
        there = np.flatnonzero(steps.mask[:, step])
        pasts = np.concatenate([steps.state[there, : step + 1], steps.action[there, :step]], axis=1)
        of_past: dict[tuple[int, ...], np.ndarray] = {}
        for row, past in zip(there, pasts.tolist(), strict=True):
            score = -policy[steps.state[row, step]]
            score[steps.action[row, step]] += 1.0
            of_past[tuple(past)] = of_past.get(tuple(past), 0.0) + weight[row] * score
        for past, left in of_past.items():
            found[past[step]] += np.abs(left)
    return found


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
