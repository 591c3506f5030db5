"""Scores of a policy, step by step; their bound covers what a format does to them, and little more."""

from __future__ import annotations

import numpy as np
import pytest

from ganirl import PRECISIONS, Steps
from ganirl.bounds import FloatModel
from ganirl.score_bounds import Scores

STATES, ACTIONS, ROWS, STEPS = 3, 4, 6, 5


def some_scores(scale: float = 1.0) -> Scores:
    rng = np.random.default_rng(7)
    mask = np.arange(STEPS) < rng.integers(1, STEPS + 1, ROWS)[:, None]
    state, action = rng.integers(0, STATES, mask.shape) * mask, rng.integers(0, ACTIONS, mask.shape) * mask
    logits = PRECISIONS["bfloat16"].round(scale * rng.normal(size=(STATES, ACTIONS)))
    return Scores(logits, Steps(state, action, state, mask & False, mask, np.zeros((*mask.shape, 1))))


def step_by_step(scores: Scores, policy: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores, what is added up in them, and visits, by plain loops."""
    steps = scores.steps
    value, size = np.zeros((2, ROWS, STATES, ACTIONS))
    visits = np.zeros((ROWS, STATES))
    for row, step in zip(*np.nonzero(steps.mask), strict=True):
        at, chosen = steps.state[row, step], steps.action[row, step]
        visits[row, at] += 1.0
        for action in range(ACTIONS):
            value[row, at, action] += (action == chosen) - policy[at, action]
            size[row, at, action] += (action == chosen) + policy[at, action]
    return value, size, visits


def softmax(logits: np.ndarray) -> np.ndarray:
    mass = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
def test_scores_are_those_of_each_step(scale: float) -> None:
    scores = some_scores(scale)
    value, size, visits = step_by_step(scores, softmax(scores.policy_logits))
    np.testing.assert_allclose(scores.value, value, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(scores.magnitude, size, rtol=1e-12, atol=1e-14)
    assert scores.visits.tolist() == visits.tolist()


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
def test_the_bound_covers_a_policy_in_its_format_and_little_more(name: str, scale: float) -> None:
    scores, precision = some_scores(scale), PRECISIONS[name]
    to_format = precision.round
    mass = to_format(
        np.exp(to_format(scores.policy_logits - scores.policy_logits.max(axis=1, keepdims=True)))
    )
    total = np.zeros((STATES, 1))
    for action in range(ACTIONS):
        total = to_format(total + mass[:, action : action + 1])
    value, _, visits = step_by_step(scores, to_format(mass / total))
    bound = scores.error(FloatModel(precision, precision.kappa))
    off = np.abs(value - scores.value)
    assert np.all(off <= bound + 1e-12)
    there = np.broadcast_to(visits[:, :, None] > 0, bound.shape)
    assert np.all(bound[~there] == 0.0)
    # Of an exponential and a sum of four: some dozens of roundings of π, and of the sizes of its logits.
    largest = float(np.abs(scores.policy_logits).max())
    policy = softmax(scores.policy_logits)
    limit = visits[:, :, None] * np.minimum(policy * 64.0 * (1.0 + largest) * precision.unit_roundoff, 1.0)
    assert np.all(bound <= limit)
    assert np.all(bound[there] > 0.0)
