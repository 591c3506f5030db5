"""E5: the generator's two losses, each alone and both together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import derivative, softplus
from .divergences import kullback_leibler
from .policy import own_logits, scores
from .recursion import in_logits, own_density
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_SHIFT = 1.7  # of b, to see whether a gradient depends on it


def both_losses(space: Space) -> Iterator[Comparison]:
    """E5: E_q[−log D] and E_q[log(1−D)] are f-divergences; what the sum has, and neither half."""
    yield from _divergences(space)
    yield from _gradients(space)
    yield from _common_optimum(space)


def _size(space: Space) -> float:
    parts = (space.mean_q(np.abs(space.c)), abs(space.b), space.mean_q(np.abs(space.log_q)))
    return 1 + sum(float(each) for each in parts)


def _halves(space: Space, logit: Any) -> tuple[Any, Any]:
    """−log D and log(1−D) of a logit, real or complex."""
    return softplus(space.arithmetic, -logit), -softplus(space.arithmetic, logit)


def _divergences(space: Space) -> Iterator[Comparison]:
    """Σ h m f(q/m) against the losses; the curvature of each in q against q(1−D²) and q D²."""
    seen, log = space.reached, space.arithmetic.log
    logit = space.logit(space.c, space.b)[seen]
    ratio, weight, mass = space.arithmetic.exp(-logit), space.w_q[seen], space.h[seen]
    measure = mass * space.arithmetic.exp(-(space.c + space.b)[seen])
    first = np.sum(measure * ratio * log(1 + ratio))
    second = np.sum(measure * ratio * log(ratio / (1 + ratio)))
    losses = [np.sum(weight * half) for half in _halves(space, logit)]
    reverse = kullback_leibler(space, space.q, space.model) + space.b - space.log_z
    yield Comparison(
        concatenated([first, second, first + second]),
        concatenated([*losses, reverse]),
        concatenated([first, second, first]),
        _size(space),
        name="E_q[−log D], E_q[log(1−D)] and KL(q‖p_θ) + b − log Z",
    )

    d, rest = (part[seen] for part in space.discriminator(space.b))

    def each(delta: Any) -> Any:
        """Both losses, row by row, with q(1 + δ)."""
        moved = _halves(space, logit - log(1 + delta))
        return np.stack([weight * (1 + delta) * half for half in moved])

    radius = 0.2  # 1 + δ and 1 + q(1 + δ)/m vanish at |δ| ≥ 1
    bend = derivative(space.arithmetic, each, space.arithmetic.array(radius), 2)
    curvature = np.stack([weight * rest * (1 + d), weight * d * d])
    yield Comparison(curvature, bend, np.stack([weight, weight]), _size(space), 4 / radius**2, "q² f''/m")


def _gradients(space: Space) -> Iterator[Comparison]:
    """Tied against frozen log q, and b against b + 1.7: E_q[(1−D)s] and E_q[D s] cancel in the sum alone."""
    seen, logits, duration = space.reached, own_logits(space), space.problem.steps.mask.shape[1]
    h, c, here = space.h[seen], space.c[seen], own_density(space, logits)[seen]
    other = space.b + space.arithmetic.array(_SHIFT)

    def excess(values: Any) -> Any:
        """(2, 2): tied minus frozen, and at the other b minus at b; of each half."""
        # an action that is taken T times moves log q by Tδ, so that δ goes a T-th of the way
        log_q = own_density(space, logits + (values - logits) / duration)[seen]
        weight = h * space.arithmetic.exp(log_q)
        tied, frozen, moved = (
            np.stack(_halves(space, -(c + b) - old))
            for b, old in ((space.b, log_q), (space.b, here), (other, log_q))
        )
        return np.stack([np.sum(weight * (tied - frozen), axis=1), np.sum(weight * (moved - tied), axis=1)])

    numeric, possible = in_logits(space, excess)
    weight = (h * space.arithmetic.exp(here))[:, None] * scores(space)[seen][:, possible]
    losses, moved = (np.stack(_halves(space, -(c + b) - here)) for b in (space.b, other))
    d, d_moved = (space.sigmoid(-(c + b) - here) for b in (space.b, other))
    gaps, shifts = np.stack([1 - d, d]), moved - losses + np.stack([d - d_moved, d_moved - d])
    names = (
        "∇ tied − ∇ frozen, of −log D, log(1−D) and both",
        "∇ at b + 1.7 − ∇ at b, of −log D, log(1−D) and both",
    )
    for closed, found, name in zip((gaps, shifts), np.moveaxis(numeric * duration, 1, 0), names, strict=True):
        halves = [np.sum(weight * each[:, None], axis=0) for each in closed]
        nothing = 0 * halves[0]
        both = np.stack([found[:, 0], found[:, 1], found[:, 0] + found[:, 1]])
        gain = 4 * duration / RADIUS
        yield Comparison(
            np.stack([*halves, nothing]), both, np.stack([nothing] * 3), _size(space) + _SHIFT, gain, name
        )


def _common_optimum(space: Space) -> Iterator[Comparison]:
    """At q = p_θ, b whatever it is, the slopes of all three vanish along every tilt q e^{δg}."""
    live = np.asarray(space.model > 0, dtype=bool)
    h, c, log = space.h[live], space.c[live], space.arithmetic.log
    log_model = -c - space.log_z
    directions = space.dc[live] / (1 + np.max(np.abs(space.dc)))

    def tilted(log_start: Any, direction: Any) -> Any:
        def losses(delta: Any) -> Any:
            log_q = log_start + delta * direction
            weight = h * space.arithmetic.exp(log_q)
            log_q, weight = log_q - log(np.sum(weight)), weight / np.sum(weight)
            return np.stack([np.sum(weight * half) for half in _halves(space, -(c + space.b) - log_q)])

        return derivative(space.arithmetic, losses, space.arithmetic.array(RADIUS / 2))

    found = np.stack([tilted(log_model, direction) for direction in directions.T])
    yield Comparison(0 * found, found, None, _size(space), 4 / RADIUS, "slopes of both halves at q = p_θ")


HALVES = Enumeration(
    "E5",
    "Σ h m f(q/m) against E_q[−log D], E_q[log(1−D)] and KL(q‖p_θ); q f'' against their second derivatives; the "
    "gradient that comes of log q in D, and that of a change of b, in closed form against derivatives in the "
    "policy's logits; slopes of both halves at q = p_θ",
    "one half taken for the sum: its divergence for KL, its gradient for one without b and with log q frozen",
    "derivatives are Cauchy integrals: rounding times k!/r^k, and 5^−points ≤ u of truncation",
    both_losses,
)
