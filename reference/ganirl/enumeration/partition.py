"""Family F: the partition function, estimated by importance sampling, over the whole population."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .calculus import derivative, log_sum_exp, total
from .importance import covered, log_of_mixture, positive, weights_over_z
from .partition_resampling import (
    LARGEST,
    finite_batches,
    log_estimate,
    minibatch_optimum,
    self_normalised,
    stratified,
)
from .registry import Enumeration
from .space import RADIUS, Comparison, Space, concatenated

_ALGEBRA = "rounding of sums and exponents alone: (N + 64)(1 + L)u of the terms, L = max|c| + |b| + |log q|"
_COUNTS = "rounding of logs of multinomial probabilities, times n"
_CAUCHY = "derivatives are Cauchy integrals: rounding times k!/r^k, and 5^−points ≤ u of truncation"


def importance_sampling(space: Space) -> Iterator[Comparison]:
    """F1: E_q[e^{−c}/q] is Σ h e^{−c} over what q reaches, and too small by the rest."""
    ratio = np.where(space.reached, space.arithmetic.exp(-space.c - space.log_q), 0)
    sampled = space.mean_q(ratio)
    unweighted = space.mean_q(space.arithmetic.exp(-space.c))
    log_h = space.arithmetic.log(space.h)
    seen = space.arithmetic.exp(log_sum_exp(space.arithmetic, (log_h - space.c)[space.reached]))
    yield Comparison(sampled, seen, unweighted, name="E_q[e^{−c}/q]")
    missed = np.sum(np.where(space.reached, 0, space.h * space.arithmetic.exp(-space.c)))
    yield Comparison(sampled + missed, space.arithmetic.exp(space.log_z), name="Z")


def mixture_sampling(space: Space) -> Iterator[Comparison]:
    """F2: E_μ[e^{−c}/μ] is Σ h e^{−c} over what p or q reaches."""
    present = positive(space.p + space.q)
    sampled = space.mean_mixture(space.arithmetic.exp(-space.c - log_of_mixture(space)))
    modelled = space.estimate(space.c, space.log_mixture(space.c, space.log_z))
    log_h = space.arithmetic.log(space.h)
    seen = space.arithmetic.exp(log_sum_exp(space.arithmetic, (log_h - space.c)[present]))
    yield Comparison(sampled, seen, space.arithmetic.exp(modelled), name="E_μ[e^{−c}/μ]")


def modelled_data(space: Space) -> Iterator[Comparison]:
    """F3: with p̃ for p in the denominator E_μ[e^{−c}/μ̃] − Z = Σ h e^{−c}(p − p̃)/(p̃ + q)."""
    z = space.arithmetic.exp(space.log_z)
    for b, name in ((space.log_z, "E_μ[e^{−c}/μ̃] − Z at p̃ = p_θ"), (space.b, "E_μ[e^{−c}/μ̃] − Z at p̃ = m")):
        estimate = space.arithmetic.exp(space.estimate(space.c, space.log_mixture(space.c, b)))
        d, _ = space.discriminator(b)
        m = space.arithmetic.exp(-space.c - b)
        # e^{−c}/(m + q) = e^b D
        bias = space.arithmetic.exp(b) * np.sum(space.h * (space.p - m) * d)
        unbiased = z - z if b is space.log_z else None
        yield Comparison(estimate - z, bias, unbiased, float(estimate + z), name=name)
    d, _ = space.discriminator(space.log_z)
    estimate = space.arithmetic.exp(space.estimate(space.c, space.log_mixture(space.c, space.log_z)))
    means = space.mean_p(d) - total(space.h * space.model, d)
    yield Comparison(z * means, estimate - z, None, float(estimate + z), name="Z(E_p[D] − E_pθ[D])")


def weight_variance(space: Space) -> Iterator[Comparison]:
    """F6: Var_q(w) = Z²χ²(p_θ‖q), and ESS/n = 1/(1 + χ²)."""
    x = weights_over_z(space, space.log_q)
    second, mean = space.mean_q(x**2), space.mean_q(x)
    gap = (space.model - space.q) ** 2
    chi_squared = np.sum(space.h * gap / space.q)
    reverse = np.sum(space.h * gap / space.model)
    size = float(second)
    yield Comparison(second - mean**2, chi_squared, reverse, size, name="Var_q(w)/Z²")
    yield Comparison(mean**2 / second, 1 / (1 + chi_squared), name="ESS/n")
    # at q = p_θ every weight is Z
    best = space.with_generator(space.model, space.log_z)
    ideal = weights_over_z(best, best.log_q)
    yield Comparison(best.mean_q(ideal**2) - best.mean_q(ideal) ** 2, space.one - space.one, None, 1.0)


def self_consistent_sample_size(space: Space) -> Iterator[Comparison]:
    """F7: w/Z = 2D ∈ [0, 2], and at b* ESS/n = 1/E_μ[(w/Z)²] = 1/(2ρ) ∈ [½, 1], ρ = 1 − ∂²L_D/∂b²."""
    gain = 2 / RADIUS**2

    def sample_size(b: Any) -> Any:
        weights = space.arithmetic.exp(-space.c - b - space.log_mixture(space.c, b))
        return 1 / space.mean_mixture(weights**2)

    curvature = space.in_b(lambda delta: space.loss(space.c, space.b_star + delta), 2)
    found, by_rate = sample_size(space.b_star), 1 / (2 * (1 - curvature))
    size = float(space.loss(space.c, space.b_star)) + 2
    yield Comparison(found, by_rate, sample_size(space.log_z), size, gain, "ESS/n at b*")

    d, _ = space.discriminator(space.b)
    weights = space.arithmetic.exp(-space.c - space.b - space.log_mixture(space.c, space.b))
    yield Comparison(weights, 2 * d, None, 2.0, name="w/Z")
    extremes = [float(np.max(space.arithmetic.floats(weights))) - 2, 0.5 - float(found), float(found) - 1]
    yield Comparison(np.maximum(extremes, 0.0), np.zeros(3), None, size, gain)


def best_proposal(space: Space) -> Iterator[Comparison]:
    """F9: E_q[w²] − Z² = Σ h q (w − Z)²; of q_t ∝ q^{1+t}, the slopes of χ² and of KL differ."""
    x = weights_over_z(space, space.log_q)
    size = float(space.mean_q(x**2))
    score = space.log_q - space.mean_q(space.log_q)  # ∂ log q_t/∂t at t = 0

    def log_normaliser(t: Any) -> Any:
        return log_sum_exp(space.arithmetic, space.arithmetic.log(space.h) + (1 + t) * space.log_q)

    def chi_squared(t: Any) -> Any:
        log_ratio = -2 * (space.c + space.log_z) - (1 + t) * space.log_q + log_normaliser(t)
        return np.sum(space.h * space.arithmetic.exp(log_ratio))

    radius = 2.0 ** -np.ceil(np.log2(4 * (1 + np.max(np.abs(space.arithmetic.floats(space.log_q))))))
    slope = derivative(space.arithmetic, chi_squared, space.arithmetic.array(radius))
    divergence = space.mean_q((space.c + space.log_q) * score)
    scale = size * (2 + float(np.max(np.abs(space.arithmetic.floats(score)))))
    name = "∂χ²(p_θ‖q_t)/∂t for q_t ∝ q^{1+t}"
    yield Comparison(-space.mean_q(x**2 * score), slope, divergence, scale, 1 / radius, name)
    squares = space.mean_q((x - 1) ** 2)
    yield Comparison(space.mean_q(x**2) - 1, squares, None, size + 1, name="E_q[w²]/Z² − 1")

    # along any q + tδ with Σ hδ = 0, E_q[w²] is stationary at q = p_θ and curved upwards
    step = space.q - space.model

    def second_moment(t: Any) -> Any:
        return np.sum(space.h * space.model / (1 + t * step / space.model))

    bend = np.sum(space.h * step**2 / space.model)
    reach = 2.0 ** -np.ceil(np.log2(8 * (1 + np.max(np.abs(space.arithmetic.floats(step / space.model))))))
    circle = space.arithmetic.array(reach)
    slopes = [derivative(space.arithmetic, second_moment, circle, order) for order in (1, 2)]
    stated = concatenated([space.one - space.one, 2 * bend])
    yield Comparison(
        concatenated(slopes), stated, None, 1.0, 2 / reach**2, "∂_t, ∂_t² of E[w²]/Z² at q = p_θ"
    )


ENUMERATIONS = (
    Enumeration(
        "F1",
        "Σ h q·e^{−c}/q over what q reaches, against exp log Σ h e^{−c} there, and with the rest against Z",
        "importance weights left out: E_q[e^{−c}]",
        _ALGEBRA,
        importance_sampling,
        worked_on="S4",
    ),
    Enumeration(
        "F2",
        "the mean over μ of e^{−c}/μ, against exp log Σ h e^{−c} over what p or q reaches",
        "the model p_θ for the data's density p in the denominator",
        _ALGEBRA,
        mixture_sampling,
        worked_on="S4",
    ),
    Enumeration(
        "F3",
        "E_μ[e^{−c}/μ̃] − Z, from logs, against Σ h e^{−c}(p − p̃)/(p̃ + q), for p̃ = p_θ and for p̃ = m",
        "the estimate said to be unbiased: no difference",
        _ALGEBRA,
        modelled_data,
        worked_on="S4",
    ),
    Enumeration(
        "F4",
        "E[log Ẑ_n] − log Z over all samples, by multinomial counts, against ∫(e^{−t} − φ(t)^n)dt/t; the expansion "
        "of the logarithm against its moments; what is left against its bound; from q and from the exact μ",
        "log Ẑ said to be unbiased: no difference",
        _COUNTS + "; of the integral, times its range",
        log_estimate,
        largest=LARGEST,
        premise=covered,
        worked_on="S4",
    ),
    Enumeration(
        "F5",
        "E[Σwc'/Σw] over all samples, by multinomial counts, against ∫E[wc'e^{−tw/n}]φ(t)^{n−1}dt; the expansion "
        "to 1/n² against moments; what is left against its bound; from q and from the exact μ",
        "the ratio said to be unbiased: E_pθ[c']",
        _COUNTS + "; of the integral, times its range",
        self_normalised,
        largest=LARGEST,
        premise=covered,
        worked_on="S4",
    ),
    Enumeration(
        "F6",
        "E_q[w²] − E_q[w]², w/Z from logs, against χ²(p_θ‖q) from densities; and the effective sample size",
        "χ² the other way round, of q from p_θ",
        _ALGEBRA,
        weight_variance,
        premise=covered,
        worked_on="S4",
    ),
    Enumeration(
        "F7",
        "1/E_μ[(w/Z)²] at b*, from w = e^{−c}/μ̃, against 1/(2 − 2∂²L_D/∂b²), from values of the loss",
        "the true log Z_θ in place of b*",
        _CAUCHY,
        self_consistent_sample_size,
        worked_on="S4",
    ),
    Enumeration(
        "F8",
        "the variances of both means over all samples, by multinomial counts, against ¼(E_p w − E_q w)²",
        "½ for ¼",
        _COUNTS,
        stratified,
        largest=LARGEST,
        worked_on="S4",
    ),
    Enumeration(
        "F9",
        "the slope of χ²(p_θ‖q_t) in the temperature of q, from its values, against −E_q[(w/Z)² s]; E_q[w²] − Z² "
        "as a sum of squares; first and second derivative of E_q[w²] at q = p_θ",
        "the slope of KL(q_t‖p_θ) for that of the variance",
        _CAUCHY,
        best_proposal,
        premise=covered,
        hidden="the generator is uniform: its temperature changes nothing",
        worked_on="S10",
    ),
    Enumeration(
        "F10",
        "the gradient at b* of every minibatch, by multinomial counts, against that of the population; "
        "C/A² − BV/(2A³) against the second variation of b* in the weights, from values of b*",
        "the gradient of each minibatch at its own b̂",
        _COUNTS + "; derivatives are Cauchy integrals of radius r: rounding times 1/r, 2/r²",
        minibatch_optimum,
        largest=LARGEST,
        premise=finite_batches,
        worked_on="S4",
    ),
)
