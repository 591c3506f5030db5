"""The truth of a case against sixty digits: every value lies as near as it is certified to."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from ganirl import FLOAT32, Case, Conventions, Rows, Steps
from ganirl.bounds import FloatModel
from ganirl.truth import Expected, Truth

DIGITS = 60
STATES, ACTIONS, HORIZON, DIMENSION = 2, 3, 2, 2
KINDS: dict[str, dict[str, Any]] = {
    "sum of means, log q handed over": {"log_q": "input", "loss_scale": "sum_of_means"},
    "sum, log q computed": {"log_q": "computed", "loss_scale": "sum", "log_q_constant": 0.25},
    "mean of all, no log q": {"log_q": "absent", "loss_scale": "mean_of_all", "loss_factor": 1.5},
}


def side(rng: np.random.Generator, rows: int) -> Rows:
    """Rows of one or two steps, the padding of which holds zeros."""
    mask = np.column_stack([np.ones(rows, bool), np.arange(rows) % 2 == 0])
    integers = [np.where(mask, rng.integers(0, high, mask.shape), 0) for high in (STATES, ACTIONS, STATES)]
    features = rng.normal(size=(rows, HORIZON, DIMENSION)) * mask[..., None]
    steps = Steps(*integers, np.zeros(mask.shape, bool), mask, features)
    return Rows(features.sum(axis=1), rng.normal(size=rows) - 2, rng.dirichlet(np.ones(rows)), steps)


def case_of(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    expert, generator = side(rng, 2), side(rng, 3)
    theta, table = rng.normal(size=DIMENSION), rng.normal(size=(STATES, ACTIONS))
    return Case(theta, float(rng.normal()), table, expert, generator, "float64", "trajectory")


class Exact:
    """The same case, written out row by row in sixty digits; derivatives are those of its own values."""

    def __init__(self, case: Case, conventions: Conventions) -> None:
        self.conventions = conventions
        self.rows = [
            (rows.features[i], rows.log_q[i], rows.steps, i)
            for rows in (case.expert, case.generator)
            for i in range(len(rows))
        ]
        self.theta = [mpmath.mpf(float(x)) for x in case.theta]
        self.b = mpmath.mpf(float(case.b))
        self.table = [[mpmath.mpf(float(x)) for x in row] for row in case.policy_logits]
        counts = len(case.expert), len(case.generator)
        weights = [[mpmath.mpf(float(w)) for w in rows.weight] for rows in (case.expert, case.generator)]
        self.w_p = [w / sum(weights[0]) for w in weights[0]] + [mpmath.mpf(0)] * counts[1]
        self.w_q = [mpmath.mpf(0)] * counts[0] + [w / sum(weights[1]) for w in weights[1]]
        factor = mpmath.mpf(conventions.loss_factor)
        sizes = {"sum_of_means": (1, 1), "sum": counts}.get(
            conventions.loss_scale, tuple(mpmath.mpf(n) / sum(counts) for n in counts)
        )
        self.scales = factor * sizes[0], factor * sizes[1]

    def log_likelihood(self, row: int, table: list[list[Any]]) -> Any:
        _, _, steps, i = self.rows[row]
        total = mpmath.mpf(0)
        for t in range(HORIZON):
            if steps.mask[i, t]:
                logits = table[steps.state[i, t]]
                total += logits[steps.action[i, t]] - mpmath.log(sum(mpmath.exp(x) for x in logits))
        return total

    def log_q(self, row: int) -> Any:
        if self.conventions.log_q == "absent":
            return mpmath.mpf(0)
        if self.conventions.log_q == "input":
            return mpmath.mpf(float(self.rows[row][1]))
        return self.log_likelihood(row, self.table) + mpmath.mpf(self.conventions.log_q_constant)

    def cost(self, row: int, theta: list[Any]) -> Any:
        return sum(mpmath.mpf(float(x)) * t for x, t in zip(self.rows[row][0], theta, strict=True))

    def logit(self, row: int, theta: list[Any], b: Any) -> Any:
        return -self.cost(row, theta) - b - self.log_q(row)

    def probability(self, row: int, b: Any) -> Any:
        return 1 / (1 + mpmath.exp(-self.logit(row, self.theta, b)))

    def loss(self, theta: list[Any], b: Any) -> Any:
        total = mpmath.mpf(0)
        for row in range(len(self.rows)):
            d = 1 / (1 + mpmath.exp(-self.logit(row, theta, b)))
            total -= self.scales[0] * self.w_p[row] * mpmath.log(d)
            total -= self.scales[1] * self.w_q[row] * mpmath.log(1 - d)
        return total

    def estimate(self, theta: list[Any], scales: tuple[Any, Any]) -> Any:
        """Log E_μ[e^{−c}/μ̃], μ̃ that of the case's own θ."""
        total = mpmath.mpf(0)
        for row in range(len(self.rows)):
            share = (scales[0] * self.w_p[row] + scales[1] * self.w_q[row]) / (scales[0] + scales[1])
            mixture = (mpmath.exp(-self.cost(row, self.theta) - self.b) + mpmath.exp(self.log_q(row))) / 2
            total += share * mpmath.exp(-self.cost(row, theta)) / mixture
        return mpmath.log(total)

    def surrogate(self, theta: list[Any], scales: tuple[Any, Any]) -> Any:
        data = sum(w * self.cost(row, theta) for row, w in enumerate(self.w_p))
        return data + self.estimate(theta, scales)

    def slope(self, of: Any) -> list[Any]:
        """∂/∂θ of what takes θ as a list."""
        return [
            mpmath.diff(lambda x, k=k: of([*self.theta[:k], x, *self.theta[k + 1 :]]), self.theta[k])
            for k in range(DIMENSION)
        ]

    def score(self, row: int) -> list[list[Any]]:
        """∂ Σ log π/∂ policy logits."""

        def moved(s: int, a: int, x: Any) -> Any:
            table = [list(logits) for logits in self.table]
            table[s][a] = x
            return self.log_likelihood(row, table)

        return [
            [mpmath.diff(lambda x, s=s, a=a: moved(s, a, x), self.table[s][a]) for a in range(ACTIONS)]
            for s in range(STATES)
        ]


def is_certified(found: Expected, exact: Any) -> None:
    value, reference, bound = (
        np.broadcast_to(x, np.shape(found.value)).ravel() for x in (found.value, found.reference, found.bound)
    )
    numbers = np.ravel(np.array(exact, dtype=object))
    assert len(numbers) == len(value)
    for got, true, near, allowed in zip(value, numbers, reference, bound, strict=True):
        assert abs(mpmath.mpf(float(got)) - true) <= near < 1e-12
        assert near < allowed < 1e-4


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", KINDS)
def test_values_are_as_near_to_the_truth_as_they_are_certified_to_be(kind: str, seed: int) -> None:
    case, conventions = case_of(seed), Conventions(**KINDS[kind])
    truth = Truth(case, conventions, FloatModel(FLOAT32, 8.0))
    with mpmath.workdps(DIGITS):
        exact = Exact(case, conventions)
        count, one = range(len(exact.rows)), (mpmath.mpf(1), mpmath.mpf(1))
        theta, b, generator = exact.theta, exact.b, count[len(case.expert) :]
        logits = [exact.logit(row, theta, b) for row in count]
        is_certified(truth.logit, logits)
        is_certified(truth.reward, [logits[row] for row in generator])
        is_certified(truth.probability, [exact.probability(row, b) for row in count])
        is_certified(truth.loss, exact.loss(theta, b))
        is_certified(truth.loss_by_mixture, exact.loss(theta, b))
        is_certified(truth.gradient_theta, exact.slope(lambda at: exact.loss(at, b)))
        is_certified(truth.gradient_b, mpmath.diff(lambda x: exact.loss(theta, x), b))
        second = mpmath.diff(lambda x: exact.loss(theta, x), b, 2)
        assert abs(truth.curvature - second) < 1e-14
        weight = [p + q for p, q in zip(exact.w_p, exact.w_q, strict=True)]
        is_certified(truth.balance, sum(weight[row] * exact.probability(row, b) for row in count))
        is_certified(truth.generator_loss, -sum(exact.w_q[row] * logits[row] for row in count))
        is_certified(truth.log_partition, exact.estimate(theta, one))
        is_certified(truth.surrogate_gradient, exact.slope(lambda at: exact.surrogate(at, one)))
        scaled = exact.slope(lambda at: exact.surrogate(at, exact.scales))
        is_certified(truth.scaled_surrogate_gradient, scaled)
        root = mpmath.findroot(lambda x: mpmath.diff(lambda y: exact.loss(theta, y), x), b)
        assert abs(truth.optimum.b - root) <= truth.optimum.radius < 1e-13


@pytest.mark.parametrize("kind", KINDS)
def test_policy_gradients_are_those_of_the_log_likelihood(kind: str) -> None:
    case, conventions = case_of(2), Conventions(**KINDS[kind])
    truth = Truth(case, conventions, FloatModel(FLOAT32, 8.0))
    with mpmath.workdps(DIGITS):
        exact = Exact(case, conventions)
        rows = range(len(case.expert), len(exact.rows))
        scores = np.array([exact.score(row) for row in rows], dtype=object)
        assert truth.score == pytest.approx(scores.astype(float), abs=1e-15)
        rewards = [exact.w_q[row] * exact.logit(row, exact.theta, exact.b) for row in rows]
        gradient = -sum(reward * score for reward, score in zip(rewards, scores, strict=True))
        found = truth.policy_gradient(truth.reward)
        for got, true, near in zip(
            found.value.ravel(), gradient.ravel(), found.reference.ravel(), strict=True
        ):
            assert abs(mpmath.mpf(float(got)) - true) <= near < 1e-12
        # Any constant is allowed as a baseline: it drops out where E_q[s] = 0, and here counts in the bound.
        unbalanced = sum(exact.w_q[row] * score for row, score in zip(rows, scores, strict=True))
        baseline = max(abs(exact.logit(row, exact.theta, exact.b)) for row in rows) + abs(exact.b)
        assert (found.bound >= 0.999 * np.abs((baseline * unbalanced).astype(float))).all()
        handed = truth.log_likelihood
        for row, got, allowed in zip(range(len(exact.rows)), handed.value, handed.bound, strict=True):
            true = exact.log_likelihood(row, exact.table) + mpmath.mpf(conventions.log_q_constant)
            assert abs(mpmath.mpf(float(got)) - true) <= allowed
