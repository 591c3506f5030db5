"""Forward error bounds: how far sound code may be from the truth, from the numbers of that very problem.

A bound covers every order of summation and of association, because the code under test is not ours: sound code
may add its terms in any order. Names T1 … T11 are those of the documentation's table of bounds. All are absolute
errors, computed in float64; x may be an array. Sums are over the last axis (n,), or over n of (n, k), and any axes
in front are lanes, a problem each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .lanes import contracted, dot
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
    b: float | Array,
    log_q_magnitude: Array,
    log_q_error: Array,
) -> Array:
    """ℓ = −Σφθ − b − log q in any order of association (T2any)."""
    gamma = arithmetic.gamma(terms + 3)
    bound: Array = gamma * (cost_magnitude + np.abs(b) + log_q_magnitude) + log_q_error * (1.0 + gamma)
    return bound


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
    gamma = arithmetic.gamma(weight.shape[-1] + 3)
    with np.errstate(invalid="ignore"):
        each = weight * (error * (1.0 + gamma) + gamma * np.abs(value))
    return np.asarray(np.sum(np.where(weight > 0, each, 0.0), axis=-1))


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
    bound = r * ((kappa + 5) * u + sigmoid(-x) * growth) + arithmetic.eta
    if form in ("bce", "any"):
        bound = bound + (kappa + 4) * u
    if form in ("softplus", "any"):
        bound = bound + SOFTPLUS_THRESHOLD_ERROR
    return np.minimum(bound, 1.0)


def gradient_sum(arithmetic: FloatModel, weight: Array, r: Array, r_error: Array, derivative: Array) -> Array:
    """Σ w r c', component by component: ``derivative`` is (n, k); T8 (and T11 with derivative 1)."""
    gamma = arithmetic.gamma(weight.shape[-1] + 4)
    return contracted(weight * (r_error * (1 + gamma) + gamma * r), np.abs(derivative))


def log_sum_exp_error(arithmetic: FloatModel, x: Array, x_error: Array) -> Array:
    """Log Σ e^x, log-mean-exp included (T6)."""
    count = x.shape[-1]
    value = log_sum_exp(x, axis=-1)
    share = np.exp(x - value[..., None])
    worst = np.max(np.where(share > 0, np.minimum(x_error, 50.0), 0.0), axis=-1, initial=0.0)
    relative = (count - 1) + (2 + arithmetic.kappa) * np.log(count) + 2 * arithmetic.kappa
    inherited = dot(share, x_error) * np.exp(2 * worst)
    return np.asarray(inherited + arithmetic.u * (relative + 2 * np.abs(value) + np.log(count)))


def softmax_mean_error(arithmetic: FloatModel, x: Array, x_error: Array, g: Array) -> Array:
    """Σ s g with s = softmax(x), component by component: ``g`` is (n, k) (T7).

    An error common to all x drops out of s, so that errors ε of x weigh deviations from ḡ = Σ s g: Σ s̃ g − ḡ =
    Σ s (e^ε − 1)(g − ḡ)/Σ s e^ε. The rest is rounding, in whichever form: shifted by the largest x or by
    log Σ e^x, divided by the sum of exponentials or not. An error of that sum is common: it weighs |ḡ| alone.
    """
    count = x.shape[-1]
    total = log_sum_exp(x, axis=-1)[..., None]
    share = np.exp(x - total)
    mean = contracted(share, g)
    capped = np.where(share > 0, np.minimum(x_error, 50.0), 0.0)
    inherited = share * np.expm1(capped) * np.exp(np.max(capped, axis=-1, initial=0.0, keepdims=True))
    below = np.where(share > 0, total - x, 0.0)
    each = share * (arithmetic.u * below + arithmetic.gamma(arithmetic.kappa + 3 + count)) + arithmetic.eta
    relative = (count - 1) + (2 + arithmetic.kappa) * np.log(count) + 2 * arithmetic.kappa + np.abs(total)
    spread = contracted(inherited, np.abs(g - mean[..., None, :])) + contracted(each, np.abs(g))
    return np.asarray(spread + arithmetic.u * relative * np.abs(mean))


def log_importance(
    arithmetic: FloatModel,
    logit: Array,
    cost: Array,
    log_mixture: Array,
    log_share: Array,
    b: float | Array,
    *,
    cost_error: Array,
    logit_error: Array,
) -> Array:
    """Log(share·e^{−c}/μ̃), from log μ̃ = log ½(e^{−c−b} + q) or from log D, in any order of association.

    As log D it inherits (1 − D) of the logit's error; the cost that stands beside μ̃ may have been computed once
    more, with an error of its own. The sum c + b enters μ̃ with weight D. Rows of share zero have none.
    """
    u, kappa = arithmetic.u, arithmetic.kappa
    capped = np.minimum(logit_error, 50.0)
    inherited = np.minimum(1.0, sigmoid(-logit) * np.exp(capped)) * logit_error + cost_error
    present = np.isfinite(log_share)
    share = np.where(present, np.abs(log_share), 0.0)
    rounding = (
        u * sigmoid(logit) * np.abs(cost + b)
        + u * (np.abs(log_mixture) + np.log(2.0))
        + arithmetic.gamma(3) * (np.abs(cost) + np.abs(log_mixture) + share)
        + (2 * kappa + 1) * u * (np.log(2.0) + softplus(-logit))
        + kappa * u * (share + 1.0)
    )
    return np.where(present, inherited + rounding, 0.0)


def matrix_product(
    magnitude: Array,
    value: Array,
    terms: int,
    inputs: str,
    *,
    truncated: bool = False,
    output: str = "float32",
) -> Array:
    """c = Σφθ of float32 numbers by matrix units that round their inputs (T10).

    Parameters
    ----------
    magnitude, value : Σ|φθ| and Σφθ
    terms : how many
    inputs : ``"tf32"`` (11 significant bits) or ``"bfloat16"`` (8); their products are exact in float32
    truncated : inputs are cut off instead of rounded, and sums, too: twice the error of either
    output : ``"bfloat16"`` if the result is rounded once more
    """
    u = {"tf32": 2.0**-11, "bfloat16": 2.0**-8}[inputs] * (2.0 if truncated else 1.0)
    accumulated = terms * 2.0**-24 * (2.0 if truncated else 1.0)
    accumulated /= 1.0 - accumulated
    bound = ((1.0 + u) ** 2 * (1.0 + accumulated) - 1.0) * magnitude
    if output == "bfloat16":
        bound = bound + 2.0**-8 * (np.abs(value) + bound)
    return bound


def central_difference(
    arithmetic: FloatModel,
    points: tuple[float, float, float],
    errors: tuple[float, float],
    *,
    slope: float,
    second: float,
    third: float,
) -> float:
    """[f(b₊) − f(b₋)]/(b₊ − b₋) as f′(b), at the points that rounding leaves (T12).

    Parameters
    ----------
    points : (b₋, b, b₊)
    errors : of f at b₋ and at b₊
    slope : a bound of |f′|, for the rounding of the quotient itself
    second, third : bounds of |f″| and |f‴| between the points; for L_D in b they are ½ and 1/(3√3)
    """
    low, centre, high = points
    below, above = centre - low, high - centre
    curved = third / 6.0 * (above**2 - above * below + below**2) + second / 2.0 * abs(above - below)
    inherited = sum(errors) / (above + below)
    return curved + inherited + arithmetic.gamma(3) * (abs(slope) + curved + inherited)


def best_difference_step(error: float, third: float) -> float:
    """Return the half width (3E/M₃)^⅓ that balances an error E of f against its third derivative (T12)."""
    return float((3.0 * error / third) ** (1.0 / 3.0))
