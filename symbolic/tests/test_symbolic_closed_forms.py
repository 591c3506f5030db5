"""What SymPy differentiated agrees with finite differences of losses written out by hand in mpmath."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, ClassVar

import mpmath
import pytest
import sympy as sp
from mpmath import mp, mpf

from ganirl_symbolic import derivation
from ganirl_symbolic import symbols as s
from ganirl_symbolic.instance import BALANCED, UNIT_MODEL

with mpmath.workdps(60):
    THETA, PHI = mpf("0.7"), mpf("-0.6")
Vector = list[Any]
Function = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    with mpmath.workdps(60):
        yield


def close(left: Any, right: Any, digits: int = 20) -> bool:
    return abs(mpf(str(left)) - mpf(str(right))) < mpf(10) ** -digits


def dot(*vectors: Vector) -> Any:
    return mpmath.fsum(mpmath.fprod(row) for row in zip(*vectors, strict=True))


def softplus(x: Any) -> Any:
    return mpmath.log(1 + mpmath.exp(x))


class Hand:
    """The losses of the paper, as anyone would write them."""

    def __init__(self, concrete: Any) -> None:
        def column(base: Any) -> Vector:
            return [mpf(str(sp.N(concrete.row(base, k), 60))) for k in range(1, 5)]

        self.w_p, self.w_q, self.h, self.p, self.q = (column(each) for each in (s.w_p, s.w_q, s.h, s.p, s.q))
        self.b = mpf(str(sp.N(concrete.b, 60)))
        self._costs = [sp.lambdify(s.theta, concrete.cost(k, s.theta), "mpmath") for k in range(1, 5)]
        self._densities = [sp.lambdify(s.phi, concrete.density(k), "mpmath") for k in range(1, 5)]

    def costs(self, theta: Any) -> Vector:
        return [cost(theta) for cost in self._costs]

    def densities(self, phi: Any) -> Vector:
        return [density(phi) for density in self._densities]

    def logits(self, theta: Any, b: Any, q: Vector) -> Vector:
        return [-c - b - mpmath.log(x) for c, x in zip(self.costs(theta), q, strict=True)]

    def discriminator(self, theta: Any, b: Any, q: Vector, w_p: Vector, w_q: Vector) -> Any:
        ell = self.logits(theta, b, q)
        return dot(w_p, [softplus(-x) for x in ell]) + dot(w_q, [softplus(x) for x in ell])

    def batch(self, theta: Any, b: Any) -> Any:
        return self.discriminator(theta, b, self.q, self.w_p, self.w_q)

    def mixture(self, theta: Any, b: Any) -> Vector:
        return [(mpmath.exp(-c - b) + x) / 2 for c, x in zip(self.costs(theta), self.q, strict=True)]

    def estimate(self, theta: Any, mixture: Vector) -> Any:
        """E_μ[e^{−c}/μ̃]."""
        mu = [(x + y) / 2 for x, y in zip(self.w_p, self.w_q, strict=True)]
        return dot(mu, [mpmath.exp(-c) / each for c, each in zip(self.costs(theta), mixture, strict=True)])

    def surrogate(self, theta: Any, mixture: Vector) -> Any:
        return dot(self.w_p, self.costs(theta)) + mpmath.log(self.estimate(theta, mixture))

    def optimal_b(self, theta: Any) -> Any:
        """Solve Z = F(Z), the paper's fixed point, rather than ∂_b L_D = 0."""
        return mpmath.findroot(lambda b: b - mpmath.log(self.estimate(theta, self.mixture(theta, b))), self.b)

    def log_partition(self, theta: Any) -> Any:
        return mpmath.log(dot(self.h, [mpmath.exp(-c) for c in self.costs(theta)]))


def values(claim: str, concrete: Any) -> list[tuple[Any, Any]]:
    return [
        (concrete.evaluate(each.lhs), concrete.evaluate(each.rhs))
        for each in derivation(claim).statements
        if hasattr(each, "lhs") and sp.sympify(each.lhs).has(sp.Sum)
    ]


def test_c1_is_the_slope_in_theta(world):
    concrete = world(5)
    hand = Hand(concrete)
    slope = mpmath.diff(lambda theta: hand.batch(theta, hand.b), THETA)
    batch, (population, *_) = values("C1", concrete), values("C1c", concrete)
    assert all(close(side, slope) for pair in batch for side in pair)
    w_p, w_q = ([x * y for x, y in zip(hand.h, each, strict=True)] for each in (hand.p, hand.q))
    slope = mpmath.diff(lambda theta: hand.discriminator(theta, hand.b, hand.q, w_p, w_q), THETA)
    assert all(close(side, slope) for side in population)


def test_b2_and_b3_are_derivatives_in_b(world):
    concrete = world(5)
    hand = Hand(concrete)
    one, two, three = (mpmath.diff(lambda b: hand.batch(THETA, b), hand.b, order) for order in (1, 2, 3))
    assert all(close(side, one) for pair in values("B2", concrete) for side in pair)
    second, third = values("B3", concrete)
    assert all(close(side, two) for side in second)
    assert all(close(side, three) for side in third)
    assert 0 < two <= 0.5
    assert abs(three) <= 1 / (3 * mpmath.sqrt(3))


def test_b3_slopes_run_from_minus_one_to_the_mass_of_the_expert(world):
    hand = Hand(world(5))
    low, high = (mpmath.diff(lambda b: hand.batch(THETA, b), b) for b in (-200, 200))
    assert close(low, -1)
    assert close(high, 1)


def test_c2_and_c3_are_the_surrogates_three_gradients(world):
    concrete = world(5)
    concrete.meet((BALANCED,))
    hand = Hand(concrete)
    assert close(hand.optimal_b(THETA), hand.b)
    now = hand.mixture(THETA, hand.b)
    frozen = mpmath.diff(lambda theta: hand.surrogate(theta, now), THETA)
    leak = mpmath.diff(lambda theta: hand.surrogate(theta, hand.mixture(theta, hand.b)), THETA)
    full = mpmath.diff(lambda theta: dot(hand.w_p, hand.costs(theta)) + hand.optimal_b(theta), THETA)
    slope = mpmath.diff(lambda theta: hand.batch(theta, hand.b), THETA)
    for each, pair in zip((frozen, leak, full), values("C3", concrete), strict=True):
        assert all(close(side, each) for side in pair)
    assert close(frozen, slope)
    assert min(abs(leak - slope), abs(full - slope), abs(leak - full)) > 0.001


def test_c5_is_half_the_likelihood(world):
    concrete = world(5)
    concrete.meet((UNIT_MODEL,))
    hand = Hand(concrete)
    w_p = [x * y for x, y in zip(hand.h, hand.p, strict=True)]
    model = [mpmath.exp(-c - hand.log_partition(THETA)) for c in hand.costs(THETA)]
    w_q = [x * y for x, y in zip(hand.h, model, strict=True)]
    slope = mpmath.diff(lambda theta: hand.discriminator(theta, hand.b, model, w_p, w_q), THETA)
    likelihood = mpmath.diff(lambda theta: dot(w_p, hand.costs(theta)) + hand.log_partition(theta), THETA)
    assert close(slope, likelihood / 2)
    assert abs(slope) > 0.001
    assert all(close(side, slope) for side in values("C5", concrete)[0])


def test_d1_is_gradient_and_hessian_of_log_partition(world):
    concrete = world(5)
    hand = Hand(concrete)
    gradient, hessian, _ = values("D1", concrete)
    assert all(close(side, mpmath.diff(hand.log_partition, THETA)) for side in gradient)
    assert all(close(side, mpmath.diff(hand.log_partition, THETA, 2)) for side in hessian)


def test_e3_is_the_gradient_of_the_tied_loss(world):
    concrete = world(5)
    hand = Hand(concrete)

    def loss(phi: Any) -> Any:
        q = hand.densities(phi)
        return -dot(hand.h, q, hand.logits(THETA, hand.b, q))

    gradient = mpmath.diff(loss, PHI)
    assert all(close(side, gradient) for pair in values("E3", concrete) for side in pair)


def test_e2_is_the_divergence_from_the_true_model(world):
    concrete = world(5)
    hand = Hand(concrete)
    offset = hand.log_partition(THETA)
    model = [mpmath.exp(-c - offset) for c in hand.costs(THETA)]
    logs = [mpmath.log(x / y) for x, y in zip(hand.q, model, strict=True)]
    divergence = dot(hand.h, hand.q, logs)
    loss = -dot(hand.h, hand.q, hand.logits(THETA, hand.b, hand.q))
    assert divergence > 0
    assert close(loss, divergence + hand.b - offset)
    concrete.values[s.log_partition] = sp.Float(str(offset), 60)
    assert all(close(side, loss) for side in values("E2", concrete)[0])


def test_s1_leak_is_the_gradient_with_the_samples_held(world):
    concrete = world(5)
    hand = Hand(concrete)

    def loss(phi: Any) -> Any:
        return hand.discriminator(THETA, hand.b, hand.densities(phi), hand.w_p, hand.w_q)

    leak = mpmath.diff(loss, PHI)
    assert abs(leak) > 0.001
    live = next(each for each in derivation("S1").statements if "attached" in each.name)
    assert close(concrete.evaluate(live.lhs), leak)
    assert close(concrete.evaluate(live.rhs), leak)


def test_a10_optimum_is_found_by_descent(world):
    hand = Hand(world(5))
    scored = [x * y for x, y in zip(hand.q, (mpf(2), mpf("0.3"), mpf(1), mpf("1.7")), strict=True)]
    for p, q, q_hat in zip(hand.p, hand.q, scored, strict=True):

        def loss(cost: Any, p: Any = p, q: Any = q, q_hat: Any = q_hat) -> Any:
            ell = -cost - hand.b - mpmath.log(q_hat)
            return p * softplus(-ell) + q * softplus(ell)

        found = mpmath.findroot(lambda cost, loss=loss: mpmath.diff(loss, cost), 0)
        assert close(mpmath.exp(-found - hand.b), p * q_hat / q)


def test_a1_no_other_discriminator_has_a_smaller_loss(world):
    hand = Hand(world(5))
    best = [x / (x + y) for x, y in zip(hand.p, hand.q, strict=True)]

    def loss(chances: Vector) -> Any:
        rows = zip(hand.h, hand.p, hand.q, chances, strict=True)
        return mpmath.fsum(-h * (p * mpmath.log(x) + q * mpmath.log(1 - x)) for h, p, q, x in rows)

    for k, step in product(range(4), (mpf("-0.05"), mpf("1e-9"), mpf("0.05"))):
        assert loss([x + step * x * (1 - x) * (row == k) for row, x in enumerate(best)]) > loss(best)


def test_section_4_prints_the_wrong_sign():
    p, q = [mpf(x) / 10 for x in (5, 3, 2)], [mpf(x) / 10 for x in (2, 3, 5)]

    def loss(sign: int) -> Any:
        ell = [sign * mpmath.log(x) - mpmath.log(y) for x, y in zip(p, q, strict=True)]
        return dot(p, [softplus(-x) for x in ell]) + dot(q, [softplus(x) for x in ell])

    assert close(loss(1), "1.253466", 6)
    assert close(loss(-1), "2.519334", 6)


class Maze:
    """Two states, two actions, three steps, stochastic transitions and start."""

    START = (mpf("0.6"), mpf("0.4"))
    NEXT: ClassVar = {(0, 0): mpf("0.9"), (0, 1): mpf("0.35"), (1, 0): mpf("0.2"), (1, 1): mpf("0.55")}
    COST: ClassVar = {(0, 0): mpf("0.3"), (0, 1): mpf("-0.8"), (1, 0): mpf("1.1"), (1, 1): mpf("0.4")}
    STEPS = 3

    def chance(self, state: int, action: int, following: int) -> Any:
        stay = self.NEXT[state, action]
        return stay if following == 0 else 1 - stay

    def soft(self) -> tuple[Any, dict[tuple[int, int, int], Any]]:
        """Soft value at the start, and the soft-optimal policy (t, s, a)."""
        value: Vector = [mpf(0), mpf(0)]
        policy = {}
        for t in reversed(range(self.STEPS)):
            score = {
                (state, a): -self.COST[state, a] + dot([self.chance(state, a, k) for k in (0, 1)], value)
                for state, a in product((0, 1), repeat=2)
            }
            value = [mpmath.log(mpmath.exp(score[k, 0]) + mpmath.exp(score[k, 1])) for k in (0, 1)]
            policy |= {(t, k, a): mpmath.exp(x - value[k]) for (k, a), x in score.items()}
        return dot(list(self.START), value), policy

    def trajectories(self) -> Iterator[tuple[Any, Any, list[tuple[int, int, int]]]]:
        """Dynamics h, cost and the steps (t, s, a)."""
        for states in product((0, 1), repeat=self.STEPS):
            for actions in product((0, 1), repeat=self.STEPS):
                h = self.START[states[0]]
                for state, a, following in zip(states, actions, states[1:], strict=False):
                    h *= self.chance(state, a, following)
                steps = list(zip(range(self.STEPS), states, actions, strict=True))
                yield h, mpmath.fsum(self.COST[state, a] for _, state, a in steps), steps

    def log_partition(self) -> Any:
        return mpmath.log(mpmath.fsum(h * mpmath.exp(-c) for h, c, _ in self.trajectories()))

    def divergence(self, policy: dict[tuple[int, int, int], Any]) -> Any:
        """KL(q_π‖p_θ), trajectory by trajectory."""
        log_Z = self.log_partition()
        densities = (
            (h, c, mpmath.fprod(policy[step] for step in steps)) for h, c, steps in self.trajectories()
        )
        return mpmath.fsum(h * q * (mpmath.log(q) + c + log_Z) for h, c, q in densities)


def test_h3_gap_is_log_partition_minus_soft_value_by_enumeration():
    maze = Maze()
    soft_value, best = maze.soft()
    gap = maze.divergence(best)
    assert close(gap, maze.log_partition() - soft_value)
    assert gap > 0.001
    for t, state, shift in product(range(3), (0, 1), (mpf("-0.1"), mpf("0.02"))):
        chance = best[t, state, 0] + shift * best[t, state, 0] * best[t, state, 1]
        other = best | {(t, state, 0): chance, (t, state, 1): 1 - chance}
        assert maze.divergence(other) > gap


def test_h3_excess_of_another_policy_is_its_divergence_step_by_step():
    maze = Maze()
    soft_value, best = maze.soft()
    other = {step: mpf("0.3") if step[2] == 0 else mpf("0.7") for step in best}
    excess = mpmath.fsum(
        h * mpmath.fprod(other[step] for step in steps) * mpmath.log(other[step] / best[step])
        for h, _, steps in maze.trajectories()
        for step in steps
    )
    assert close(maze.divergence(other), maze.log_partition() - soft_value + excess)


def test_h1_dynamics_cancel_by_enumeration():
    maze = Maze()
    _, best = maze.soft()
    differences = []
    for h, cost, steps in maze.trajectories():
        model, q = mpmath.exp(-cost - mpf("0.8")), mpmath.fprod(best[step] for step in steps)
        differences.append(abs(mpmath.log(h * model) - mpmath.log(h * q) - mpmath.log(model / q)))
        assert close(h * model / (h * model + h * q), model / (model + q))
        assert abs(model / (model + h * q) - model / (model + q)) > 1e-6
    assert max(differences) < mpf(10) ** -40
    assert len(differences) == 64
    assert mp.dps == 60
