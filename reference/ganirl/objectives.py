"""Both sides of the theorem as plain formulas in float64: the losses of discriminator, generator and IRL.

Every function takes plain arrays over N rows, so that one formula serves an enumerated problem and a batch:

* ``w_p``, ``w_q`` (N,): weights of the data and of the generator, each summing to one (a row of one side has
  weight zero on the other); E_p f = Σ w_p f, E_q f = Σ w_q f, E_μ f = ½(E_p f + E_q f)
* ``c``, ``log_q`` (N,) and ``b``: cost, log density of the generator, the parameter that stands for log Z
* ``dc`` (N, d): c' = ∂c/∂θ

Of lanes, many problems of one shape at once, every array has one axis more in front and ``b`` is (L, 1); what is a
number of one problem is then (L,). Weights of zero are left out there, too.

Nothing overflows for |ℓ| up to 1e4, and a row of weight zero contributes nothing, whatever its numbers are
(0·∞ := 0). The equations are those of Finn, Christiano, Abbeel and Levine (2016); brackets name claims.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .case import Steps
from .lanes import number
from .logspace import log_normalise, log_sum_exp, sigmoid, softplus
from .problem import Problem

Array = npt.NDArray[np.float64]


def expectation(weight: Array, values: Array) -> Array:
    """Σ w f over the axis of rows; rows of weight zero are left out even where f is not finite."""
    present = weight != 0
    if weight.ndim > 1:
        beside = weight.reshape(*weight.shape, *(1,) * (values.ndim - weight.ndim))
        with np.errstate(invalid="ignore"):
            each = np.where(beside != 0, beside * values, 0.0)
        return np.asarray(each.sum(axis=weight.ndim - 1))
    if present.all():
        return np.tensordot(weight, values, axes=1)
    return np.tensordot(weight[present], values[present], axes=1)


# --- discriminator -----------------------------------------------------------------------------


def discriminator_logit(c: Array, log_q: Array, b: float | Array) -> Array:
    """ℓ = −c − b − log q, so that D = σ(ℓ) [A4]; NaN where neither model nor generator has mass."""
    with np.errstate(invalid="ignore"):
        return np.asarray(-(c + b) - log_q)


def discriminator_loss(
    w_p: Array,
    w_q: Array,
    c: Array,
    log_q: Array,
    b: float | Array,
    *,
    alpha_p: float = 1.0,
    alpha_q: float = 1.0,
) -> float:
    """L_D = α_p E_p[softplus(−ℓ)] + α_q E_q[softplus(ℓ)]; unit scales are the paper's [I1]."""
    logit = discriminator_logit(c, log_q, b)
    return number(alpha_p * expectation(w_p, softplus(-logit)) + alpha_q * expectation(w_q, softplus(logit)))


def discriminator_gradient(
    w_p: Array,
    w_q: Array,
    c: Array,
    log_q: Array,
    b: float | Array,
    *,
    dc: Array,
    alpha_p: float = 1.0,
    alpha_q: float = 1.0,
) -> tuple[Array, float]:
    """∂_θL_D = α_p E_p[(1−D)c'] − α_q E_q[D c'], (d,), and ∂_bL_D, the same with c' = 1 [B2, C1]."""
    logit = discriminator_logit(c, log_q, b)
    missed, fooled = sigmoid(-logit), sigmoid(logit)
    in_theta = alpha_p * expectation(w_p, missed[..., None] * dc) - alpha_q * expectation(
        w_q, fooled[..., None] * dc
    )
    in_b = alpha_p * expectation(w_p, missed) - alpha_q * expectation(w_q, fooled)
    return in_theta, number(in_b)


def discriminator_curvature(
    w_p: Array,
    w_q: Array,
    c: Array,
    log_q: Array,
    b: float | Array,
    *,
    alpha_p: float = 1.0,
    alpha_q: float = 1.0,
) -> float:
    """∂²L_D/∂b² = α_p E_p[D(1−D)] + α_q E_q[D(1−D)], in (0, ½] for unit scales [B3]."""
    logit = discriminator_logit(c, log_q, b)
    variance = sigmoid(logit) * sigmoid(-logit)
    return number(alpha_p * expectation(w_p, variance) + alpha_q * expectation(w_q, variance))


# --- the mixture μ̃ = ½(m + q) and what is written through it ----------------------------------


def log_mixture(c: Array, log_q: Array, b: float | Array) -> Array:
    """Return log μ̃ = log ½(e^{−c−b} + q), (N,)."""
    return np.asarray(np.logaddexp(-(c + b), log_q) - np.log(2.0))


def discriminator_loss_by_mixture(
    w_p: Array,
    w_q: Array,
    c: Array,
    log_q: Array,
    b: float | Array,
    *,
    alpha_p: float = 1.0,
    alpha_q: float = 1.0,
) -> float:
    """L_D = b + E_p[c] − E_q[log q] + 2E_μ[log μ̃] + 2 log 2 [B1], a route that never forms ℓ.

    The paper's equation (8) lacks the 2 log 2. With side scales 2E_μ becomes α_p E_p + α_q E_q.
    """
    doubled_mixture = log_mixture(c, log_q, b) + np.log(2.0)
    data = expectation(w_p, np.broadcast_to(b, c.shape)) + expectation(w_p, c)
    data = data + expectation(w_p, doubled_mixture)
    generator = expectation(w_q, doubled_mixture) - expectation(w_q, log_q)
    return number(alpha_p * data + alpha_q * generator)


def _log_importance(w_p: Array, w_q: Array, c: Array, log_mixture: Array) -> Array:
    """Log of μ·e^{−c}/μ̃ (N,), −inf for rows of weight zero."""
    weight = 0.5 * (w_p + w_q)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(weight > 0, np.log(weight) - c - log_mixture, -np.inf)


def _tilted_mean(log_weight: Array, values: Array) -> Array:
    """Σ s f with s = softmax(log weight)."""
    return expectation(np.exp(log_normalise(log_weight)), values)


def log_partition_estimate(w_p: Array, w_q: Array, c: Array, log_mixture: Array) -> float:
    """Return log E_μ[e^{−c}/μ̃]: equal to b exactly at b* [B4]."""
    return number(log_sum_exp(_log_importance(w_p, w_q, c, log_mixture), axis=-1))


def surrogate_loss(w_p: Array, w_q: Array, c: Array, log_mixture: Array) -> float:
    """L_cost^μ̃ = E_p[c] + log E_μ[e^{−c}/μ̃] [paper, 3.2]; ``log_mixture`` stays when θ moves."""
    return number(expectation(w_p, c)) + log_partition_estimate(w_p, w_q, c, log_mixture)


def surrogate_gradient(w_p: Array, w_q: Array, c: Array, log_mixture: Array, dc: Array) -> Array:
    """∂_θL_cost^μ̃ = E_p[c'] − E_μ[w c']/E_μ[w], w = e^{−c}/μ̃, from log w, not from D [C2]; (d,)."""
    return expectation(w_p, dc) - _tilted_mean(_log_importance(w_p, w_q, c, log_mixture), dc)


def mixture_leak_gradient(w_p: Array, w_q: Array, c: Array, log_q: Array, b: float, *, dc: Array) -> Array:
    """Wrong: the surrogate's gradient with μ̃ differentiated, b constant [C3]; (d,).

    E_p[c'] − E_μ[D(1−D)c']/E_μ[D], which is E_p[c'] − 2E_μ[D(1−D)c'] at b*.
    """
    logit = discriminator_logit(c, log_q, b)
    with np.errstate(divide="ignore"):
        log_weight = np.log(0.5 * (w_p + w_q))
    log_d = np.where(log_weight > -np.inf, log_weight - softplus(-logit), -np.inf)
    log_variance = np.where(log_weight > -np.inf, log_d - softplus(logit), -np.inf)
    ratio = np.exp(log_sum_exp(log_variance) - log_sum_exp(log_d))
    return expectation(w_p, dc) - ratio * _tilted_mean(log_variance, dc)


def implicit_leak_gradient(w_p: Array, w_q: Array, c: Array, log_q: Array, b: float, *, dc: Array) -> Array:
    """Wrong: the gradient of E_p[c] + b*(θ), the surrogate differentiated through its solution b* [C3]; (d,).

    E_p[c'] − E_μ[D(1−D)c']/E_μ[D(1−D)]; meaningful at b = b*.
    """
    logit = discriminator_logit(c, log_q, b)
    with np.errstate(divide="ignore"):
        log_weight = np.log(0.5 * (w_p + w_q))
    log_variance = np.where(log_weight > -np.inf, log_weight - softplus(logit) - softplus(-logit), -np.inf)
    return expectation(w_p, dc) - _tilted_mean(log_variance, dc)


# --- maximum-entropy IRL, which is an energy-based model ---------------------------------------


def demonstration_loss(w_p: Array, c: Array, log_h: Array) -> float:
    """L_cost = E_p[c] + log Z_θ, the negative log-likelihood; needs every trajectory [D2]."""
    return float(expectation(w_p, c) + log_sum_exp(log_h - c))


def demonstration_gradient(w_p: Array, c: Array, log_h: Array, dc: Array) -> Array:
    """∂_θL_cost = E_p[c'] − E_{p_θ}[c'], (d,) [D1]."""
    return expectation(w_p, dc) - _tilted_mean(log_h - c, dc)


# --- generator ---------------------------------------------------------------------------------


def generator_loss(w_q: Array, c: Array, log_q: Array, b: float | Array) -> float:
    """L_G = E_q[log(1−D) − log D] = −E_q[ℓ] [E1]."""
    return -number(expectation(w_q, discriminator_logit(c, log_q, b)))


def sampler_loss(w_q: Array, c: Array, log_q: Array) -> float:
    """L_sampler = E_q[c] + E_q[log q] [paper, equation 2]; L_G = b + L_sampler [E1]."""
    return float(expectation(w_q, c) + expectation(w_q, log_q))


def generator_gradient(w_q: Array, c: Array, log_q: Array, b: float | Array, score: Array) -> Array:
    """∇_φL_G = E_q[s(−ℓ)] for scores s = ∇_φ log q (N, …) [E3]; b drops out over all of q."""
    cost = -discriminator_logit(c, log_q, b)
    return expectation(w_q, cost.reshape(*cost.shape, *(1,) * (score.ndim - cost.ndim)) * score)


def policy_score(policy_logits: Array, steps: Steps) -> Array:
    """∂ log q/∂ policy logits, (N, S, A): Σ_t 1[s_t = s](1[a_t = a] − π(a|s)) over the steps that exist."""
    policy = np.exp(log_normalise(policy_logits))
    mask = np.asarray(steps.mask, dtype=bool)
    places = np.nonzero(mask)
    lane, row = places[:-2], places[:-1]
    state, action = np.asarray(steps.state)[mask], np.asarray(steps.action)[mask]
    score: Array = np.zeros((*mask.shape[:-1], *policy_logits.shape[-2:]))
    np.add.at(score, (*row, state), -policy[(*lane, state)])
    np.add.at(score, (*row, state, action), 1.0)
    return score


# --- whole problems ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Population:
    """An enumerated problem at one θ and one b, as the arrays that every objective takes."""

    w_p: Array
    w_q: Array
    c: Array
    log_q: Array
    b: float
    dc: Array
    log_h: Array

    @property
    def logit(self) -> Array:
        """ℓ, (N,)."""
        return discriminator_logit(self.c, self.log_q, self.b)

    @property
    def log_mixture(self) -> Array:
        """Return log μ̃, (N,)."""
        return log_mixture(self.c, self.log_q, self.b)

    @property
    def discriminator_loss(self) -> float:
        """L_D."""
        return discriminator_loss(self.w_p, self.w_q, self.c, self.log_q, self.b)

    @property
    def discriminator_gradient(self) -> tuple[Array, float]:
        """∂_θL_D (d,) and ∂_bL_D."""
        return discriminator_gradient(self.w_p, self.w_q, self.c, self.log_q, self.b, dc=self.dc)

    @property
    def discriminator_curvature(self) -> float:
        """∂²L_D/∂b²."""
        return discriminator_curvature(self.w_p, self.w_q, self.c, self.log_q, self.b)

    @property
    def generator_loss(self) -> float:
        """L_G."""
        return generator_loss(self.w_q, self.c, self.log_q, self.b)

    @property
    def surrogate_loss(self) -> float:
        """L_cost^μ̃."""
        return surrogate_loss(self.w_p, self.w_q, self.c, self.log_mixture)

    @property
    def surrogate_gradient(self) -> Array:
        """∂_θL_cost^μ̃, (d,)."""
        return surrogate_gradient(self.w_p, self.w_q, self.c, self.log_mixture, self.dc)

    @property
    def demonstration_loss(self) -> float:
        """L_cost."""
        return demonstration_loss(self.w_p, self.c, self.log_h)

    @property
    def demonstration_gradient(self) -> Array:
        """∂_θL_cost, (d,)."""
        return demonstration_gradient(self.w_p, self.c, self.log_h, self.dc)


def population(problem: Problem, theta: Array, b: float) -> Population:
    """Return a problem at (θ, b) as arrays."""
    return Population(
        w_p=problem.data_weight,
        w_q=problem.generator_weight,
        c=problem.cost.value(theta),
        log_q=problem.log_q,
        b=b,
        dc=problem.cost.gradient(theta),
        log_h=problem.log_h,
    )
