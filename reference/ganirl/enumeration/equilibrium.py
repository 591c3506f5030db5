"""Family G: where both players stand still, with and without restrictions, and what each player's loss measures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ganirl.mdp import TabularMDP
from ganirl.problem import Problem

from .calculus import derivative, softplus
from .contrast import contrast_optimum
from .divergences import (
    best_logit,
    covered,
    generator_loss_at_best,
    jensen_shannon,
    kullback_leibler,
    logs_of_densities,
)
from .gradients import loss_size
from .maxent import likelihood, likelihood_optimum, tilted
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_CAUCHY = "derivatives are Cauchy integrals: rounding times 1/r, and 5^−points ≤ u of truncation"


def full_data(problem: Problem, mdp: TabularMDP | None) -> str | None:
    """Premise of G1."""
    del mdp
    if (problem.data_weight == 0).any() or (problem.generator_weight == 0).any():
        return "data or generator leave a trajectory out, and the claim is about full support"
    return None


# --- slopes from values alone --------------------------------------------------------------------


def _slopes_in_costs(space: Space) -> Any:
    """∂L_D/∂c_τ of each row, (N,)."""

    def rows(delta: Any) -> Any:
        logit = space.logit(space.c + delta, space.b)
        data = space.w_p * softplus(space.arithmetic, -logit)
        return data + np.where(space.reached, space.w_q * softplus(space.arithmetic, logit), 0)

    return derivative(space.arithmetic, rows, space.arithmetic.array(RADIUS))


def _slope_in_log_z(space: Space) -> Any:
    """∂L_D/∂b."""
    return space.in_b(lambda delta: space.loss(space.c, space.b + delta))


def _slope_along(space: Space, direction: Any) -> Any:
    """d/dδ L_G of q ∝ q e^{δg}, the density in the logit moving with the samples; g (N,), taken as |g| ≤ 1."""
    seen = space.reached
    h, c, log_q, g = (each[seen] for each in (space.h, space.c, space.log_q, direction))
    scale = 1 + np.max(np.abs(g))

    def loss(delta: Any) -> Any:
        weights = space.arithmetic.exp(log_q + delta * (g / scale))
        mass = np.sum(h * weights)
        log_moved = log_q + delta * (g / scale) - space.arithmetic.log(mass)
        return np.sum(h * weights / mass * (c + space.b + log_moved))

    return scale * derivative(space.arithmetic, loss, space.arithmetic.array(RADIUS / 2))


def _slopes_along_features(space: Space) -> Any:
    """The same in the directions of c', (d,)."""
    return np.stack([_slope_along(space, direction) for direction in space.dc.T])


def _generator_loss(space: Space) -> Any:
    return -space.mean_q(space.logit(space.c, space.b))


def _values(space: Space) -> Any:
    """D, L_D and L_G."""
    logit = space.logit(space.c, space.b)
    return concatenated([space.sigmoid(logit), space.loss(space.c, space.b), _generator_loss(space)])


def _size(space: Space) -> float:
    floats = space.arithmetic.floats
    return (
        2 + abs(float(space.b)) + sum(float(np.max(np.abs(floats(each)))) for each in (space.c, space.log_q))
    )


# --- G1 ------------------------------------------------------------------------------------------


def free_equilibrium(space: Space) -> Iterator[Comparison]:
    """G1: at q = p_θ = p, b = log Z nothing moves; elsewhere the players' slopes, squared, add up to more than 0."""
    d, rest = space.discriminator(space.b)
    residual = space.p * rest - space.q * d  # (p − m)(1 − D), by q D = m(1 − D)
    apart = space.arithmetic.log(space.q / space.model)
    apart = apart - space.mean_q(apart)
    players = np.sum((space.h * residual) ** 2), space.mean_q(apart**2)
    logit = space.logit(space.c, space.b)
    slopes = np.sum(_slopes_in_costs(space) ** 2), _slope_along(space, -logit)
    size = _size(space) ** 2
    yield Comparison(
        players[0] + players[1],
        slopes[0] + slopes[1],
        players[0],
        size,
        4 / RADIUS,
        "sum of the slopes squared",
    )

    matched = space.with_costs(-space.arithmetic.log(space.p) - space.b).with_generator(space.p, space.b)
    half = 0 * space.one + space.one / 2
    even = concatenated([half + 0 * space.p, 2 * space.log_2, 0 * space.one, space.b])
    size, gain = _size(matched), max(1.0, matched.rounding / space.rounding)
    unmatched = space.with_costs(matched.c)
    yield Comparison(
        even,
        concatenated([_values(matched), matched.log_z]),
        concatenated([_values(unmatched), unmatched.log_z]),
        size,
        gain,
        "D, L_D, L_G and log Z at q = p = p_θ",
    )
    # the generator is at its optimum there too, and D = ½, but the cost is not
    halfway = space.with_generator(space.model, space.log_z)
    still, moving = (
        concatenated([_slopes_in_costs(each), _slope_in_log_z(each), _slopes_along_features(each)])
        for each in (matched, halfway)
    )
    yield Comparison(
        0 * still, still, moving, size * (1 + _steepest(space)), 4 * gain / RADIUS, "slopes at q = p = p_θ"
    )


def _steepest(space: Space) -> float:
    return float(np.max(np.abs(space.arithmetic.floats(space.dc))))


# --- G2 and G3, along the first parameter ---------------------------------------------------------


def _first_parameter(space: Space, t: Any) -> Space:
    """Return the space at c + t ∂c/∂θ_1, with that affine family alone."""
    return replace(space, c=tilted(space)(t), dc=space.dc[:, :1], d2c=0 * space.d2c[:, :1, :1])


def _slopes_of_loss(space: Space) -> tuple[Any, float]:
    """(∂L_D/∂θ_1, ∂L_D/∂b), and the gain of their error."""
    in_theta, gain = space.in_theta(lambda c: space.loss(c, space.b))
    return concatenated([in_theta, _slope_in_log_z(space)]), max(gain, 1 / RADIUS)


def free_generator(space: Space) -> Iterator[Comparison]:
    """G2: q = p_θ and b = log Z leave D = ½ and half the likelihood's gradient; at its optimum all stand still."""
    here = _first_parameter(space, space.arithmetic.array(0.0))
    converged = here.with_generator(here.model, here.log_z)
    t = likelihood_optimum(space)
    if t is not None:
        fitted = _first_parameter(space, t)
        yield from _likeliest(space, fitted, fitted.with_generator(fitted.model, fitted.log_z))
    slopes, gain = _slopes_of_loss(converged)
    exact, _ = here.in_theta(_likelihood_of(here))
    yield Comparison(
        concatenated([exact / 2, 0 * space.one]),
        slopes,
        concatenated([exact, 0 * space.one]),
        loss_size(converged, converged.b),
        gain,
        "∂L_D/∂(θ_1, b) at q = p_θ",
    )


def _likelihood_of(space: Space) -> Callable[[Any], Any]:
    return lambda c: likelihood(space, c)


def _likeliest(space: Space, fitted: Space, converged: Space) -> Iterator[Comparison]:
    """At the optimum of the likelihood: no slope, D = ½, and q is not p."""
    more = max(1.0, converged.rounding / space.rounding)
    loss = _generator_loss(converged)
    if not bool(np.any(np.asarray(space.p == 0, dtype=bool))):
        yield Comparison(
            kullback_leibler(space, converged.q, space.p),
            generator_loss_at_best(converged),
            loss,
            logs_of_densities(converged),
            more,
            "KL(q‖p), although D = ½",
        )
    live = np.asarray(space.p > 0, dtype=bool)
    entropy = -np.sum(space.w_p[live] * space.arithmetic.log(space.p[live]))
    yield Comparison(
        kullback_leibler(space, space.p, converged.q),
        likelihood(fitted, fitted.c) - entropy,
        loss,
        logs_of_densities(converged),
        more,
        "KL(p‖q), although D = ½",
    )
    half = 0 * space.one + space.one / 2
    best = concatenated([half + 0 * space.p, 2 * (space.log_2 - jensen_shannon(converged)), loss])
    yield Comparison(
        concatenated([half + 0 * space.p, 2 * space.log_2, 0 * space.one]),
        _values(converged),
        best,
        _size(converged),
        more,
        "D, L_D and L_G",
    )
    other = replace(fitted, b=fitted.b_star)
    (still, gain), (moving, _) = _slopes_of_loss(converged), _slopes_of_loss(other)
    along = _slopes_along_features(converged)
    size = loss_size(converged, converged.b) + _size(converged) * (1 + _steepest(fitted))
    yield Comparison(
        0 * concatenated([still, along]),
        concatenated([still, along]),
        concatenated([moving, along]),
        size,
        (gain + 4 / RADIUS) * more,
        "slopes at the optimum of the likelihood",
    )


def restricted_generator(space: Space) -> Iterator[Comparison]:
    """G3: with q held to a class, ∂L_D = 0 is noise contrast, not likelihood, and L_G orders q by KL(q‖p_θ)."""
    found, likeliest = contrast_optimum(space), likelihood_optimum(space)
    if found is not None and likeliest is not None:
        yield from _contrasted(space, found, likeliest)
    yield from _ordered(space)


def _contrasted(space: Space, found: tuple[Any, float], likeliest: Any) -> Iterator[Comparison]:
    at, other = (_first_parameter(space, t) for t in (found[0], likeliest))
    at, other = (replace(each, b=each.b_star) for each in (at, other))
    (still, gain), (moving, _) = _slopes_of_loss(at), _slopes_of_loss(other)
    # what is left of ∂L_D at the computed optimum is at most its curvature times the error of the optimum
    gain = (gain + found[1]) * max(1.0, at.rounding / space.rounding)
    size = loss_size(at, at.b) * (1 + _steepest(at))
    yield Comparison(0 * still, still, moving, size, gain, "∂L_D/∂(θ_1, b) at the equilibrium")
    exact, _ = at.in_theta(_likelihood_of(at))
    left = space.mean_p(at.dc) - np.sum((space.h * at.model)[:, None] * at.dc, axis=0)
    yield Comparison(left, exact, 0 * exact, size, gain, "∂L_cost/∂θ_1 at the equilibrium")


def _ordered(space: Space) -> Iterator[Comparison]:
    """L_G(q') − L_G(q) = KL(q'‖p_θ) − KL(q‖p_θ), of generators q' ∝ q e^{±g}."""
    direction = space.dc[:, 0] / (1 + np.max(np.abs(space.dc[:, 0])))
    moved = [space.q * space.arithmetic.exp(sign * direction) for sign in (-1, 1)]
    others = [space.with_generator(each / np.sum(space.h * each), space.b) for each in moved]

    def differences(function: Callable[[Space], Any]) -> Any:
        return np.stack([function(each) - function(space) for each in others])

    yield Comparison(
        differences(lambda each: kullback_leibler(space, each.q, space.model)),
        differences(_generator_loss),
        differences(lambda each: kullback_leibler(space, space.model, each.q)),
        _size(space),
        4.0,
        "L_G(q') − L_G(q)",
    )


# --- G4 ------------------------------------------------------------------------------------------


def two_divergences(space: Space) -> Iterator[Comparison]:
    """G4: at D*, found row by row, L_G is KL(q‖p), L_D is 2 log 2 − 2JSD, and they differ by 2KL(μ‖p)."""
    seen, logit = space.reached, best_logit(space)
    loss = np.sum(space.w_p[seen] * softplus(space.arithmetic, -logit)) + np.sum(
        space.w_q[seen] * softplus(space.arithmetic, logit)
    )
    generator = generator_loss_at_best(space)
    reverse, twice = kullback_leibler(space, space.q, space.p), 2 * jensen_shannon(space)
    size = logs_of_densities(space)
    yield Comparison(reverse, generator, twice, size, name="L_G at D = D*")
    yield Comparison(2 * space.log_2 - twice, loss, 2 * space.log_2 - reverse, size, name="L_D at D = D*")
    rest = 2 * kullback_leibler(space, (space.p + space.q) / 2, space.p)
    yield Comparison(rest, generator + loss - 2 * space.log_2, 0 * rest, size, name="L_G + L_D − 2 log 2")


ENUMERATIONS = (
    Enumeration(
        "G1",
        "Σ h((p−m)(1−D))² + Var_q log(q/p_θ), against the slopes of L_D in each row's cost and of L_G along −ℓ, "
        "squared; ½, 2 log 2, 0, log Z and no slope, against values and slopes at c = −log p − b, q = p",
        "one player alone: the cost stands still with another generator, or the generator with another cost",
        _CAUCHY,
        free_equilibrium,
        premise=full_data,
    ),
    Enumeration(
        "G2",
        "at q = p_θ, b = log Z: half the derivative of L_cost, against that of L_D in θ_1; where L_cost is least, no "
        "slope, D = ½, L_D = 2 log 2 and L_G = 0, and KL(q‖p) and KL(p‖q) by L_G(D*) and by L_cost − H(p)",
        "D = ½ taken for q = p; another generator",
        _CAUCHY,
        free_generator,
        worked_on="S6",
    ),
    Enumeration(
        "G3",
        "slopes of L_D in (θ_1, b) at the optimum of noise contrast, against 0, and that of L_cost there, against "
        "(E_p − E_pθ)c'; L_G(q') − L_G(q) against KL(q'‖p_θ) − KL(q‖p_θ) for generators near q",
        "the optimum of the likelihood; the divergence reversed",
        _CAUCHY + "; for an optimum times the inverse Hessian",
        restricted_generator,
        premise=covered,
        worked_on="S6",
    ),
    Enumeration(
        "G4",
        "KL(q‖p), 2 log 2 − 2JSD(p, q) and 2KL(μ‖p), against L_G, L_D and their sum at the logit that minimises L_D, "
        "by bisection of each row's slope",
        "one divergence taken for the other",
        "rounding of sums and exponents: (N + 64)(1 + L)u of the logs of both densities",
        two_divergences,
        premise=covered,
    ),
)
