"""Forward error bounds: how far sound code may be from the truth, from the numbers of that very problem.

A bound covers every order of summation and of association, because the code under test is not ours: sound code
may add its terms in any order. Names T1 … T11 are those of the documentation's table of bounds. All are absolute
errors, computed in float64; x may be an array.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .logspace import log_sum_exp, sigmoid, softplus
from .precision import Precision

Array = npt.NDArray[np.float64]

# torch.nn.functional.softplus is the identity above 20, where it leaves out log1p(e^-20) = 2.06e-9.
SOFTPLUS_THRESHOLD_ERROR = 2.1e-9


@dataclass(frozen=True)
class FloatModel:
    """The arithmetic under test: a format, and how good its elementary functions are (κ)."""

    precision: Precision
    kappa: float

    @property
    def u(self) -> float:
        """Unit roundoff."""
        return self.precision.unit_roundoff

    @property
    def eta(self) -> float:
        """Below this no relative bound holds (underflow)."""
        return self.precision.tiny

    def gamma(self, terms: float) -> float:
        """γ_n = nu/(1 − nu), the relative error of n roundings in any order.

        Raises
        ------
        ValueError
            Where nu ≥ 1: the format cannot promise anything about so many terms.
        """
        rounding = terms * self.u
        if rounding >= 1.0:
            raise ValueError(
                f"{terms:g} roundings in {self.precision.name} have no error bound: use smaller batches"
            )
        return rounding / (1.0 - rounding)


def linear(arithmetic: FloatModel, magnitude: Array, terms: int) -> Array:
    """c = Σ φθ of some number of terms, in any order; magnitude is Σ|φθ| (T1)."""
    return arithmetic.gamma(terms) * magnitude


def logit(
    arithmetic: FloatModel,
    cost_magnitude: Array,
    terms: int,
    b: float,
    log_q_magnitude: Array,
    log_q_error: Array,
) -> Array:
    """ℓ = −Σφθ − b − log q in any order of association (T2any)."""
    gamma = arithmetic.gamma(terms + 3)
    return gamma * (cost_magnitude + abs(b) + log_q_magnitude) + log_q_error * (1.0 + gamma)


def log_softmax(arithmetic: FloatModel, logits: Array, chosen: Array) -> Array:
    """Log π_a from logits x (last axis) by any sound form: log_softmax, Categorical, x − logsumexp(x) (T2')."""
    count = logits.shape[-1]
    total = log_sum_exp(logits, axis=-1)
    peak = logits.max(axis=-1)
    log_pi = chosen - total
    relative = (count - 1) + (2 + arithmetic.kappa) * np.log(count) + 2 * arithmetic.kappa
    spread = np.abs(total) + np.abs(chosen - peak) + np.abs(total - peak) + 2 * np.abs(log_pi)
    bound: Array = arithmetic.u * (relative + spread)
    return bound


def log_likelihood_ratio_term(arithmetic: FloatModel, x: Array, x_error: Array, form: str) -> Array:
    """softplus(x) = −log D or −log(1−D), written as ``form``: T3, and T4 for binary cross-entropy.

    ``"log_sigmoid"`` is right relatively in both tails; ``"bce"`` (x − logsigmoid(x)) only absolutely;
    ``"softplus"`` drops 2e-9 above its threshold; ``"any"`` allows for each of them.
    """
    u, kappa = arithmetic.u, arithmetic.kappa
    value = softplus(x)
    capped = np.minimum(x_error, 50.0)
    bound = (
        (2 * kappa + 1) * u * value + x_error * np.minimum(1.0, sigmoid(x) * np.exp(capped)) + arithmetic.eta
    )
    if form in ("bce", "any"):
        bound = bound + (2 * kappa + 1) * u * softplus(-x) + u * np.abs(x)
    if form in ("softplus", "any"):
        bound = bound + SOFTPLUS_THRESHOLD_ERROR
    return bound


def weighted_sum(arithmetic: FloatModel, weight: Array, value: Array, error: Array) -> Array:
    """Σ w y by any means: weights rounded, products, mean by division or by 1/n, any order (T5)."""
    terms = len(weight) + 3
    gamma = arithmetic.gamma(terms)
    active = weight > 0
    bound: Array = np.asarray(
        np.sum(weight[active] * (error[active] * (1.0 + gamma) + gamma * np.abs(value[active])))
    )
    return bound


def sigmoid_error(arithmetic: FloatModel, x: Array, x_error: Array) -> Array:
    """σ(x), absolutely: a relative error of σ, or of 1 − σ where it is computed as the complement."""
    growth = np.expm1(np.minimum(x_error, 50.0))
    slope = np.minimum(sigmoid(x) * sigmoid(-x) * growth, 1.0)
    return (arithmetic.kappa + 4) * arithmetic.u + slope + arithmetic.eta


def sigmoid_gradient_terms(arithmetic: FloatModel, x: Array, x_error: Array, form: str) -> Array:
    """Error of r = σ(x) as the derivative of softplus(x) by autodiff or by hand, for T8 and T11.

    Relative accuracy where the form has it; binary cross-entropy and softplus(·) add an absolute part.
    """
    u, kappa = arithmetic.u, arithmetic.kappa
    r = sigmoid(x)
    growth = np.expm1(np.minimum(x_error, 50.0))
    bound = r * ((kappa + 5) * u + np.minimum(sigmoid(-x) * growth, 1.0)) + arithmetic.eta
    if form in ("bce", "any"):
        bound = bound + (kappa + 4) * u
    if form in ("softplus", "any"):
        bound = bound + SOFTPLUS_THRESHOLD_ERROR
    return np.minimum(bound, 1.0)


def gradient_sum(arithmetic: FloatModel, weight: Array, r: Array, r_error: Array, derivative: Array) -> Array:
    """Σ w r c', component by component: ``derivative`` is (n, k); T8 (and T11 with derivative 1)."""
    gamma = arithmetic.gamma(len(weight) + 4)
    magnitude = np.abs(derivative)
    bound: Array = np.sum(weight[:, None] * magnitude * (r_error * (1 + gamma) + gamma * r)[:, None], axis=0)
    return bound


def log_sum_exp_error(arithmetic: FloatModel, x: Array, x_error: Array) -> Array:
    """Log Σ e^x, log-mean-exp included (T6)."""
    count = len(x)
    value = float(log_sum_exp(x))
    share = np.exp(x - value)
    worst = float(np.max(np.where(share > 0, np.minimum(x_error, 50.0), 0.0), initial=0.0))
    relative = (count - 1) + (2 + arithmetic.kappa) * np.log(count) + 2 * arithmetic.kappa
    inherited = np.sum(share * x_error) * np.exp(2 * worst)
    return np.asarray(inherited + arithmetic.u * (relative + 2 * abs(value) + np.log(count)))


def softmax_mean_error(arithmetic: FloatModel, x: Array, x_error: Array, g: Array) -> Array:
    """Σ s g with s = softmax(x), component by component: ``g`` is (n, k) (T7)."""
    count = len(x)
    share = np.exp(x - float(log_sum_exp(x)))
    worst = float(np.max(np.where(share > 0, np.minimum(x_error, 50.0), 0.0), initial=0.0))
    from_peak = np.where(share > 0, np.abs(x - np.max(x)), 0.0)
    relative = (
        np.expm1(np.minimum(x_error, 50.0) + worst)
        + arithmetic.u * (from_peak + np.sum(share * from_peak))
        + (count + 2 * arithmetic.kappa + 3) * arithmetic.u
    )
    weight = share * (relative + arithmetic.gamma(count)) + arithmetic.eta
    bound: Array = np.sum(weight[:, None] * np.abs(g), axis=0)
    return bound
