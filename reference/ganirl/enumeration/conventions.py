"""Family I: conventions of the loss, what they move, and what a regulariser adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from .calculus import bisect, derivative, softplus
from .gradients import largest, loss_size
from .registry import Enumeration
from .space import Comparison, Space, concatenated

EXPERT_ROWS, GENERATOR_ROWS = 1.0, 4.0
SMOOTHING = 0.1
DECAY, PENALTY, TANH_SCALE = 0.3, 0.5, 2.0

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"


def pooled_mean(space: Space) -> Iterator[Comparison]:
    """I1: one mean over n_p + n_q rows: ½L_D at n_p = n_q; else ℓ* and b* move by log(n_p/n_q), log(n_q/n_p)."""
    shift = space.arithmetic.log(space.arithmetic.array(GENERATOR_ROWS / EXPERT_ROWS))
    fitted = replace(space, p=space.model, b=space.log_z)
    found, gain = pooled_optimum(fitted, EXPERT_ROWS, GENERATOR_ROWS)
    size = 8 + abs(float(space.log_z))
    yield Comparison(
        found - space.log_z, shift, 0 * shift, size, gain, name="b* − log Z at n_p : n_q = 1 : 4"
    )

    live = np.asarray((space.w_p > 0) & (space.w_q > 0), dtype=bool)
    p, q = EXPERT_ROWS * space.w_p[live], GENERATOR_ROWS * space.w_q[live]
    ratio = space.arithmetic.log(space.p[live]) - space.log_q[live]
    width = 4 + largest(space, ratio)
    logit = bisect(
        space.arithmetic,
        lambda x: q * space.sigmoid(x) - p * space.sigmoid(-x),
        0 * ratio - 3 * width,
        0 * ratio + 3 * width,
    )
    yield Comparison(logit, ratio - shift, ratio, 6 * width, 2.0, name="ℓ*")

    d, rest = (part[:, None] for part in space.discriminator(space.b))
    slope = space.mean_p(rest * space.dc) - space.mean_q(d * space.dc)
    numeric, gain = space.in_theta(lambda c: _pooled(space, c, space.b, 3.0, 3.0))
    value = _pooled(space, space.c, space.b, 3.0, 3.0)
    size, whole = loss_size(space, space.b), space.loss(space.c, space.b)
    yield Comparison(
        concatenated([whole, slope]) / 2,
        concatenated([value, numeric]),
        concatenated([whole, slope]),
        size,
        gain,
        name="pooled mean at n_p = n_q",
    )


def pooled_optimum(space: Space, expert_rows: float, generator_rows: float) -> tuple[Any, float]:
    """Return the b that minimises the pooled mean, bisected around the space's own, and the gain of its error."""

    def slope(b: Any) -> Any:
        d, rest = space.discriminator(b)
        return expert_rows * space.mean_p(rest) - generator_rows * space.mean_q(d)

    found = bisect(space.arithmetic, slope, space.b - 8, space.b + 8)
    d, rest = space.discriminator(found)
    curvature = float(np.sum((expert_rows * space.w_p + generator_rows * space.w_q) * d * rest))
    return found, 2 * (expert_rows + generator_rows) / curvature


def _pooled(space: Space, c: Any, b: Any, expert_rows: float, generator_rows: float) -> Any:
    """(n_p E_p[−log D] + n_q E_q[−log(1−D)])/(n_p + n_q)."""
    logit = space.logit(c, b)
    expert = space.mean_p(softplus(space.arithmetic, -logit))
    generator = space.mean_q(softplus(space.arithmetic, logit))
    return (expert_rows * expert + generator_rows * generator) / (expert_rows + generator_rows)


def flipped_label(space: Space) -> Iterator[Comparison]:
    """I2: with D' = P(generator) = q/(m+q) and the labels flipped, the loss is L_D and log(1−D') − log D' is ℓ."""
    seen = space.reached
    not_flipped, flipped = space.discriminator(space.b)
    log = space.arithmetic.log
    expert = -log(np.where(seen, not_flipped, space.one))
    generator = -log(np.where(seen, flipped, space.one))
    loss = space.mean_p(expert) + space.mean_q(generator)
    kept = space.mean_p(generator) + space.mean_q(expert)
    yield Comparison(loss, space.loss(space.c, space.b), kept, space.longest, name="L_D by D'")
    odds = (generator - expert)[seen]
    yield Comparison(odds, space.logit(space.c, space.b)[seen], -odds, space.longest)
    opposite = space.sigmoid((space.c + space.b + space.log_q)[seen])
    yield Comparison(opposite, flipped[seen], not_flipped[seen])


def smoothed_label(space: Space) -> Iterator[Comparison]:
    """I3: expert rows with label 1 − ε learn m* = (1−ε)pq/(q + εp)."""
    live = np.asarray((space.w_p > 0) & (space.w_q > 0), dtype=bool)
    p, q = space.p[live], space.q[live]
    w_p, w_q, log_q = space.w_p[live], space.w_q[live], space.log_q[live]

    def slope(learned: Any) -> Any:
        """∂/∂(c+b) of one trajectory's part of the smoothed loss."""
        logit = -learned - log_q
        return (1 - SMOOTHING) * w_p * space.sigmoid(-logit) - (SMOOTHING * w_p + w_q) * space.sigmoid(logit)

    law = (1 - SMOOTHING) * p * q / (q + SMOOTHING * p)
    log_p = space.arithmetic.log(p)
    width = 4 + largest(space, concatenated([log_p, log_q]))
    found = bisect(space.arithmetic, slope, 0 * law - 3 * width, 0 * law + 3 * width)
    gain = 12 * width
    yield Comparison(space.arithmetic.exp(-found), law, p, gain=gain, name="m*")
    yield Comparison(slope(-space.arithmetic.log(law)), 0 * law, slope(-log_p), size=1.0)


def regularisers(space: Space) -> Iterator[Comparison]:
    """I4: the gradient of L_D with weight decay, a gradient penalty, a clipped logit, a bounded cost."""
    d, rest = (part[:, None] for part in space.discriminator(space.b))
    plain = space.mean_p(rest * space.dc) - space.mean_q(d * space.dc)
    size = loss_size(space, space.b) + float(np.max(np.abs(space.theta))) ** 2
    theta = space.arithmetic.array(space.theta)

    def decayed(j: int) -> Callable[[Any], Any]:
        cost = space.along(np.eye(len(theta))[j])
        return lambda delta: (
            space.loss(cost(delta), space.b)
            + DECAY / 2 * (np.sum(theta * theta) + delta * (2 * theta[j] + delta))
        )

    numeric, gain = _gradient(space, decayed)
    yield Comparison(plain + DECAY * theta, numeric, plain, size, gain, name="∂/∂θ with weight decay")

    slopes = space.dc[:, 0]  # the first parameter read as an input x of the cost

    def penalised(j: int) -> Callable[[Any], Any]:
        cost, bend = space.along(np.eye(len(theta))[j]), space.d2c[:, 0, j]
        return lambda delta: (
            space.loss(cost(delta), space.b)
            + PENALTY / 2 * space.mean_p((slopes + delta * bend) * (slopes + delta * bend))
        )

    added = PENALTY * space.mean_p(slopes[:, None] * space.d2c[:, 0, :])
    numeric, gain = _gradient(space, penalised)
    steep = size + largest(space, slopes) ** 2
    yield Comparison(plain + added, numeric, plain, steep, gain, name="∂/∂θ with a gradient penalty")

    logit = space.logit(space.c, space.b)
    beyond, ends = _clipped(space)

    def clipped(c: Any) -> Any:
        inner = np.where(beyond, ends, space.logit(c, space.b))
        return space.mean_p(softplus(space.arithmetic, -inner)) + space.mean_q(
            softplus(space.arithmetic, inner)
        )

    outside = np.where(beyond, 1, 0)[:, None] * space.dc
    lost = space.mean_p(space.sigmoid(-logit)[:, None] * outside) - space.mean_q(d * outside)
    numeric, gain = space.in_theta(clipped)
    yield Comparison(plain - lost, numeric, plain, size, gain, name="∂/∂θ with clipped logits")

    def bounded(c: Any) -> Any:
        return TANH_SCALE * (2 * space.sigmoid(2 * c / TANH_SCALE) - 1)

    squashed = space.with_costs(bounded(space.c))
    slope = (4 * space.sigmoid(2 * space.c / TANH_SCALE) * space.sigmoid(-2 * space.c / TANH_SCALE))[:, None]
    d, rest = (part[:, None] for part in squashed.discriminator(space.b))
    numeric, gain = space.in_theta(lambda c: space.loss(bounded(c), space.b))
    chained = space.mean_p(rest * slope * space.dc) - space.mean_q(d * slope * space.dc)
    yield Comparison(chained, numeric, plain, size, gain, name="∂/∂θ with a tanh cost")


def _clipped(space: Space) -> tuple[Any, Any]:
    """Say which logits the clip at ±κ changes, (N,), and to what; κ lies between two of the middle ones."""
    logit = space.arithmetic.floats(space.logit(space.c, space.b))
    sizes = np.sort(np.abs(logit[np.isfinite(logit)]))
    middle = len(sizes) // 2
    bound = float(sizes[max(middle - 1, 0)] + sizes[middle]) / 2
    beyond = np.abs(logit) > bound
    return beyond, space.arithmetic.array(np.copysign(bound, logit))


def _gradient(space: Space, along: Callable[[int], Callable[[Any], Any]]) -> tuple[Any, float]:
    """∂f/∂θ (d,) of functions of δ_j, one a parameter, and the gain of its error."""
    parts, gain = [], 1.0
    for j, direction in enumerate(np.eye(space.dc.shape[1])):
        radius = space.radius(direction)
        parts.append(derivative(space.arithmetic, along(j), space.arithmetic.array(radius)))
        gain = max(gain, 1.0 / radius)
    return np.stack(parts), gain


ENUMERATIONS = (
    Enumeration(
        "I1",
        "b* and ℓ* of one mean over rows in the proportion 1 : 4, bisected, against log Z + log 4 (data from the "
        "model) and log p/(4q); at n_p = n_q value and gradient against ½L_D",
        "no shift; no ½",
        _ALGEBRA + "; a bisection ends at u of its bracket, b* by 1/∂²L more",
        pooled_mean,
    ),
    Enumeration(
        "I2",
        "E_p[−log(1−D')] + E_q[−log D'] and log(1−D') − log D' with D' = q/(m+q), against L_D and ℓ",
        "D flipped, labels or the reward not",
        _ALGEBRA,
        flipped_label,
    ),
    Enumeration(
        "I3",
        "the minimiser in m on every trajectory with label 0.9 on the expert's rows, bisected, against "
        "(1−ε)pq/(q+εp)",
        "smoothing said to be harmless: p",
        _ALGEBRA + "; a bisection ends at u of its bracket",
        smoothed_label,
        worked_on="S1",
    ),
    Enumeration(
        "I4",
        "derivatives of L_D with weight decay, a gradient penalty, logits clipped at their median size, a cost "
        "κ tanh(u/κ); from values, against the gradient of L_D with what each adds",
        "the gradient of L_D itself",
        "derivatives are Cauchy integrals of radius r: rounding times 1/r",
        regularisers,
    ),
)
