"""The truth of a case against sixty digits: every value lies as near as it is certified to."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

from ganirl import FLOAT32, Case, Conventions, Rows, Steps
from ganirl.bounds import FloatModel
from ganirl.certified import CertifiedTruth, FlintBalls, ends, reference_values
from ganirl.truth import Truth

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

    def score(self, row: int) -> Any:
        """∂ Σ log π/∂ policy logits."""

        def moved(s: int, a: int, x: Any) -> Any:
            table = [list(logits) for logits in self.table]
            table[s][a] = x
            return self.log_likelihood(row, table)

        slopes = [
            [mpmath.diff(lambda x, s=s, a=a: moved(s, a, x), self.table[s][a]) for a in range(ACTIONS)]
            for s in range(STATES)
        ]
        return np.array(slopes, dtype=object)

    def values(self, generator: range) -> dict[str, Any]:
        """Every observable by its name."""
        rows, theta, b, one = range(len(self.rows)), self.theta, self.b, (mpmath.mpf(1), mpmath.mpf(1))
        logits, d = [self.logit(row, theta, b) for row in rows], [self.probability(row, b) for row in rows]
        constant = mpmath.mpf(self.conventions.log_q_constant)
        return {
            "logit": logits,
            "reward": [logits[row] for row in generator],
            "probability": d,
            "log_likelihood": [self.log_likelihood(row, self.table) + constant for row in rows],
            "loss": self.loss(theta, b),
            "loss_by_mixture": self.loss(theta, b),
            "gradient_theta": self.slope(lambda at: self.loss(at, b)),
            "gradient_b": mpmath.diff(lambda x: self.loss(theta, x), b),
            "balance": sum((self.w_p[row] + self.w_q[row]) * d[row] for row in rows),
            "generator_loss": -sum(self.w_q[row] * logits[row] for row in rows),
            "log_partition": self.estimate(theta, one),
            "surrogate_gradient": self.slope(lambda at: self.surrogate(at, one)),
            "scaled_surrogate_gradient": self.slope(lambda at: self.surrogate(at, self.scales)),
            "policy_gradient": -sum(self.w_q[row] * logits[row] * self.score(row) for row in generator),
        }

    def optimum(self) -> Any:
        return mpmath.findroot(lambda x: mpmath.diff(lambda y: self.loss(self.theta, y), x), self.b)

    def curvature(self) -> Any:
        return mpmath.diff(lambda x: self.loss(self.theta, x), self.b, 2)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def made(kind: str, seed: int) -> tuple[Truth, Exact, dict[str, Any]]:
    case, conventions = case_of(seed), Conventions(**KINDS[kind])
    with mpmath.workdps(DIGITS):
        exact = Exact(case, conventions)
        return (
            Truth(case, conventions, FloatModel(FLOAT32, 8.0)),
            exact,
            {
                name: np.ravel(np.array(value, dtype=object))
                for name, value in exact.values(range(len(case.expert), len(exact.rows))).items()
            },
        )


@pytest.mark.parametrize("seed", range(2))
def test_values_are_as_near_to_the_truth_as_they_are_certified_to_be(kind: str, seed: int) -> None:
    truth, exact, values = made(kind, seed)
    found = reference_values(truth)
    assert set(found) == set(values)
    with mpmath.workdps(DIGITS):
        for name, numbers in values.items():
            value, near, bound = (
                np.broadcast_to(part, np.shape(found[name].value)).ravel()
                for part in (found[name].value, found[name].reference, found[name].bound)
            )
            assert len(numbers) == len(value)
            for got, true, close, allowed in zip(value, numbers, near, bound, strict=True):
                assert abs(mpmath.mpf(float(got)) - true) <= close < 1e-12, name
                assert close <= allowed, name
                # the rounding of float32; these two allow for more, on purpose
                assert allowed < 1e-4 or name in ("log_likelihood", "policy_gradient"), name
        handed = np.concatenate([truth.case.expert.log_q, truth.case.generator.log_q])
        apart = np.abs(handed - [float(exact.log_likelihood(row, exact.table)) for row in range(len(handed))])
        assert truth.log_likelihood.bound == pytest.approx(apart, abs=1e-4)
        assert abs(truth.curvature - exact.curvature()) < 1e-14
        assert abs(truth.optimum.b - exact.optimum()) <= truth.optimum.radius < 1e-13


def test_intervals_hold_the_truth(kind: str) -> None:
    pytest.importorskip("flint", reason="balls are those of python-flint, an extra")
    truth, exact, values = made(kind, 0)
    backend = FlintBalls(128)
    with backend.working(), mpmath.workdps(DIGITS):
        certified = CertifiedTruth.of(truth, backend)
        found = reference_values(certified)
        assert set(found) == set(values)
        for name, numbers in values.items():
            lows, highs = (part.ravel() for part in ends(found[name].value))
            assert len(numbers) == len(lows)
            for low, true, high in zip(lows, numbers, highs, strict=True):
                assert mpmath.mpf(float(low)) <= true <= mpmath.mpf(float(high)) < low + 1e-14, name
        low, high = certified.curvature.ends
        assert low <= exact.curvature() <= high
        low, high = certified.optimum_ends
        assert low <= exact.optimum() <= high < low + 1e-14


def test_policy_gradients_allow_for_a_constant_baseline(kind: str) -> None:
    """E_q[s] is not zero over a few rows: a baseline as large as a reward moves what sound code returns."""
    truth, exact, _ = made(kind, 2)
    rows = range(len(truth.case.expert), len(exact.rows))
    with mpmath.workdps(DIGITS):
        assert truth.score == pytest.approx(np.array([exact.score(row) for row in rows], float), abs=1e-15)
        unbalanced = sum(exact.w_q[row] * exact.score(row) for row in rows)
        baseline = max(abs(exact.logit(row, exact.theta, exact.b)) for row in rows) + abs(exact.b)
        least = np.abs((baseline * unbalanced).astype(float))
    bound = truth.policy_gradient(truth.reward).bound
    assert (least * (1 - 1e-12) <= bound).all()
    assert (bound <= least + 1e-4).all()
