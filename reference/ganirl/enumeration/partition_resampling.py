"""Family F, continued: expectations over samples, exactly, by counting every sample there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ganirl.laplace import expected_log_mean, expected_ratio, reach
from ganirl.mdp import TabularMDP
from ganirl.problem import Problem
from ganirl.resampling import Resamples, most_draws, resamples

from .calculus import derivative
from .importance import log_of_mixture, weights_over_z
from .space import Comparison, Space

LARGEST = 8  # points
OUTCOMES = 1000  # count vectors of one experiment
BATCH = 2  # samples a side of a minibatch


def draws_of(space: Space) -> int:
    """As many draws, up to six, as have no more than `OUTCOMES` outcomes."""
    return most_draws(len(space.c), OUTCOMES, 6)


def finite_batches(problem: Problem, mdp: TabularMDP | None) -> str | None:
    """Say that a minibatch may have no finite b̂; None if each has one."""
    del mdp
    if (problem.log_q[problem.log_p > -np.inf] > -np.inf).all():
        return None
    return "a minibatch whose expert rows all have q = 0 has no finite b̂ (B3)"


def _proposals(space: Space) -> tuple[tuple[str, Any, Any], ...]:
    """Name, weights h·s and w/Z of the two exact proposals, q and μ."""
    log_mixture = log_of_mixture(space)
    return (
        ("q", space.w_q, weights_over_z(space, space.log_q)),
        ("μ", (space.w_p + space.w_q) / 2, weights_over_z(space, log_mixture)),
    )


def log_estimate(space: Space) -> Iterator[Comparison]:
    """F4: E[log Ẑ_n] − log Z by counts, by an integral, and by moments; never positive."""
    n = draws_of(space)
    for name, weight, x in _proposals(space):
        drawn = resamples(space.arithmetic, weight, n)
        mean = drawn.mean(x)
        bias = drawn.expectation(space.arithmetic.log(mean))
        integral = expected_log_mean(space.arithmetic, weight, x, n)
        unbiased = bias - bias if name == "q" else None
        title = f"E[log Ẑ_n] − log Z, {n} samples of {name}"
        yield Comparison(bias, integral, unbiased, 1.0, n * reach(space.arithmetic, x), title)

        deviation = mean - 1
        expanded = -(deviation**2) / 2 + deviation**3 / 3 - deviation**4 / 4
        cv2, skew, fourth = (np.sum(weight * (x - 1) ** order) for order in (2, 3, 4))
        stated = -cv2 / (2 * n) + (skew / 3 - 3 * cv2**2 / 4) / n**2 - (fourth - 3 * cv2**2) / (4 * n**3)
        size = float(np.sum(weight * (x + 1) ** 4))
        left = drawn.expectation(expanded)
        yield Comparison(left, stated, None, size, n, "E of the Taylor polynomial of order 4")

        # what is left of the logarithm after order 5 is at most |ε|⁶/6 min(1, mean)⁶, by its derivative
        sixth = drawn.expectation((deviation / np.minimum(mean, 1)) ** 6) / 6
        rest = bias - left - drawn.expectation(deviation**5) / 5
        outside = [max(0.0, float(bias)), max(0.0, abs(float(rest)) - float(sixth))]
        yield Comparison(np.array(outside), np.zeros(2), None, size, n)


def self_normalised(space: Space) -> Iterator[Comparison]:
    """F5: E[Σwc'/Σw] − E_pθ[c'] by counts, by an integral, and by moments."""
    n = draws_of(space)
    model = space.h * space.model
    exact = np.sum(model[:, None] * space.dc, axis=0)
    largest = float(np.max(np.abs(space.arithmetic.floats(space.dc))))
    for name, weight, x in _proposals(space):
        drawn = resamples(space.arithmetic, weight, n)
        mean, top = drawn.mean(x), drawn.mean(x[:, None] * space.dc)
        ratio = drawn.expectation(top / mean[:, None])
        integral = expected_ratio(space.arithmetic, weight, x, space.dc, n)
        unbiased = exact if name == "q" else None
        gain = n * reach(space.arithmetic, x)
        yield Comparison(ratio, integral, unbiased, largest, gain, f"E[Σwc'/Σw], {n} samples of {name}")

        # the ratio is A/(1 + ε) = A(1 − ε + ε²) − …: its expectation, and what is left, in powers of 1/n
        deviation = (mean - 1)[:, None]
        moment, cv2, fourth = (np.sum(weight * (x - 1) ** order) for order in (1, 2, 4))
        tilted = np.sum((weight * x**2)[:, None] * (space.dc - exact), axis=0)
        twice = np.sum((weight * x * (x - 1) ** 2)[:, None] * space.dc, axis=0) - exact * cv2
        stated = exact - tilted / n + twice / n**2
        size = largest * float(np.sum(weight * (x + 1) ** 4))
        left = drawn.expectation(top * (1 - deviation + deviation**2))
        yield Comparison(left, stated + moment, None, size, n, "E of the expansion to order 2")
        cubic = np.abs(space.arithmetic.floats(drawn.expectation(top * deviation**3)))
        allowed = cubic + largest * float((3 * (n - 1) * cv2**2 + fourth) / n**3)
        over = np.abs(space.arithmetic.floats(ratio - left)) - allowed
        yield Comparison(np.maximum(over, 0.0), np.zeros_like(over), None, size, n)


def stratified(space: Space) -> Iterator[Comparison]:
    """F8: n·Var of the mean of e^{−c}/μ, from μ and half from each side: they differ by ¼(E_p w − E_q w)²."""
    x = weights_over_z(space, log_of_mixture(space))
    half = max(1, draws_of(space) // 2)
    n = 2 * half
    pooled = resamples(space.arithmetic, (space.w_p + space.w_q) / 2, n)
    expert, generator = (resamples(space.arithmetic, weight, half) for weight in (space.w_p, space.w_q))
    both = (expert.mean(x)[:, None] + generator.mean(x)[None, :]) / 2
    chance = expert.probability[:, None] * generator.probability[None, :]
    means = pooled.expectation(pooled.mean(x)), np.sum(chance * both)
    independent = pooled.expectation((pooled.mean(x) - means[0]) ** 2)
    halves = np.sum(chance * (both - means[1]) ** 2)
    apart = (space.mean_p(x) - space.mean_q(x)) ** 2
    size = float(space.mean_mixture(x**2)) * n
    name = f"n(Var i.i.d. − Var half/half)/Z², n = {n}"
    yield Comparison(n * (independent - halves), apart / 4, apart / 2, size, n, name)
    # a point that neither side draws is missing from both means (F2)
    drawn = np.asarray(space.w_p + space.w_q > 0, dtype=bool)
    seen = np.sum((space.h * space.model)[drawn])
    yield Comparison(np.array(means), np.array([seen, seen]), None, 1.0, n, "both means over Z")


def minibatch_optimum(space: Space) -> Iterator[Comparison]:
    """F10: the gradient at a fixed b is unbiased, at the minibatch's own b̂ it is not; the bias of b̂ to 1/k."""
    expert, generator = (resamples(space.arithmetic, weight, BATCH) for weight in (space.w_p, space.w_q))
    fixed = space.b_star
    average = _expected_gradient(space, expert, generator, np.broadcast_to(fixed, (1, 1)))
    own = _expected_gradient(space, expert, generator, batch_optima(space, expert, generator))
    exact, gain = space.in_theta(lambda c: space.loss(c, fixed))
    size = float(space.loss(space.c, fixed)) + float(np.max(np.abs(space.arithmetic.floats(space.c)))) + 2
    name = f"E[∂_θL_D] of {BATCH} + {BATCH} samples at b*"
    yield Comparison(average, exact, own, size, gain + BATCH, name)

    d, rest = space.discriminator(fixed)
    variance = _covariance(space, d, d)
    together = -_covariance(space, d, d * rest)
    curvature = space.mean_p(d * rest) + space.mean_q(d * rest)
    third = -space.mean_p(d * rest * (rest - d)) - space.mean_q(d * rest * (rest - d))
    stated = together / curvature**2 - third * variance / (2 * curvature**3)
    radius = 2.0 ** np.floor(np.log2(min(0.1, float(curvature)) / 8))
    functional = _second_variation(space, space.arithmetic.array(radius))
    yield Comparison(stated, functional, None, 1.0, 2 / radius**2 / float(curvature), "lim k E[b̂ − b*]")


def batch_optima(space: Space, expert: Resamples, generator: Resamples) -> Any:
    """(M_p, M_q) b̂ of every minibatch: bisection in float64, then Newton's method in the arithmetic itself."""
    floats = space.arithmetic.floats
    score = floats(np.where(space.reached, -space.c - space.log_q, 0))
    shares = [
        np.asarray(drawn.counts[:, space.reached] / drawn.draws, dtype=np.float64)
        for drawn in (expert, generator)
    ]
    score = score[space.reached]
    low, high = np.full((2, len(shares[0]), len(shares[1])), [[[score.min() - 2]], [[score.max() + 2]]])
    for _ in range(60):
        middle = (low + high) / 2
        d = 1 / (1 + np.exp(np.clip(middle[:, :, None] - score, -700, 700)))
        rising = np.einsum("pn,pqn->pq", shares[0], 1 - d) - np.einsum("qn,pqn->pq", shares[1], d)
        low, high = np.where(rising > 0, low, middle), np.where(rising > 0, middle, high)
    b = space.arithmetic.array((low + high) / 2)
    present = space.arithmetic.array(shares[0])[:, None, :], space.arithmetic.array(shares[1])[None, :, :]
    exact = (-space.c - space.log_q)[space.reached]
    polish = 0 if space.arithmetic.unit_roundoff > 1e-20 else 3
    for _ in range(polish):
        odds = space.arithmetic.exp(exact - b[:, :, None])
        d = odds / (1 + odds)
        slope = np.sum(present[0] * (1 - d), axis=2) - np.sum(present[1] * d, axis=2)
        b = b - slope / np.sum((present[0] + present[1]) * d * (1 - d), axis=2)
    return b


def _expected_gradient(space: Space, expert: Resamples, generator: Resamples, b: Any) -> Any:
    """(d,) E of mean_p[(1 − D)c'] − mean_q[Dc'] over all minibatches, D at b (M_p or 1, M_q or 1)."""
    exponents = np.where(space.reached, -space.c - space.log_q, 0) - b[:, :, None]
    d = np.where(space.reached, space.sigmoid(exponents), space.one)
    chance = expert.probability[:, None] * generator.probability[None, :]
    k_p = expert.counts.astype(d.dtype)[:, None, :] / expert.draws
    k_q = generator.counts.astype(d.dtype)[None, :, :] / generator.draws
    row = np.sum(chance[:, :, None] * (k_p * (1 - d) - k_q * d), axis=(0, 1))
    return np.sum(row[:, None] * space.dc, axis=0)


def _covariance(space: Space, f: Any, g: Any) -> Any:
    """Cov_p(f, g) + Cov_q(f, g)."""
    sides = (space.mean_p, space.mean_q)
    parts = [mean(f * g) - mean(f) * mean(g) for mean in sides]
    return parts[0] + parts[1]


def _second_variation(space: Space, radius: Any) -> Any:
    """½ Σ_i w_i ∂²b*/∂s² along w + s(e_i − w), over both sides, from values of b* alone.

    Since Σ_i w_i (e_i − w)(e_i − w)ᵀ is the covariance of one draw, this is the limit of k·E[b̂ − b*].
    """
    found = space.one - space.one
    for side, weight in enumerate((space.w_p, space.w_q)):
        for point in np.flatnonzero(np.asarray(weight > 0, dtype=bool)):
            corner = space.arithmetic.array(np.eye(len(weight))[point])
            bend = derivative(space.arithmetic, _balance_along(space, side, corner - weight), radius, 2)
            found = found + weight[point] * bend / 2
    return found


def _balance_along(space: Space, side: int, direction: Any) -> Any:
    """b* as a function of how far a side's weights moved, by Newton's method; real or complex."""

    def optimum(shift: Any) -> Any:
        w_p, w_q = space.w_p + (1 - side) * shift * direction, space.w_q + side * shift * direction
        b = space.b_star
        for _ in range(12):
            logit = space.logit(space.c, b)
            d, rest = space.sigmoid(logit), space.sigmoid(-logit)
            spread = np.where(space.reached, d * rest, 0)
            step = (np.sum(w_q * d) - np.sum(w_p * rest)) / np.sum((w_p + w_q) * spread)
            b = b + step
            if abs(complex(step)) ** 2 <= space.arithmetic.unit_roundoff / 16:
                break
        return b

    return optimum
