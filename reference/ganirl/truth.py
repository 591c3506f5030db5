"""The truth about one case, with the error that sound code may have: value and bound of every observable.

A bound is B of the implementation's arithmetic plus B of this reference's (float64), each from the numbers of the
case itself; a comparison allows S·bound.

Shapes are those of one case; the truth of lanes, many cases of one shape at once, has their number in front (see
`lanes`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from . import bounds, objectives
from .batch import Batch, log_likelihood
from .bounds import FloatModel
from .conventions import LossForm
from .lanes import contracted, dot, number
from .logspace import log_normalise, log_sum_exp, sigmoid, softplus
from .optimum import Optimum, near_optimum, optimal_b
from .precision import FLOAT64
from .score_bounds import Scores

Array = npt.NDArray[np.float64]

# What is allowed is SAFETY × bound: bounds are worst cases, the factor covers a sloppier library function.
SAFETY = 2.0
SAFETY_ACCELERATOR = 4.0

REFERENCE = FloatModel(FLOAT64, kappa=3.0)


@dataclass(frozen=True)
class Expected:
    """A true value and how far sound code, compared with this reference, may be from it.

    Attributes
    ----------
    value : of the reference
    bound : B of the implementation and of the reference
    reference : the reference's part of it: the value is certified to lie that near to the truth
    """

    value: Array
    bound: Array
    reference: Array | float = 0.0


@dataclass(frozen=True)
class Truth(Batch):
    """Reference values of one case under the declared conventions, each with its bound."""

    def exactly(self, numbers: npt.ArrayLike) -> Array:
        """Return floats that are meant as the exact numbers that they are; a certified truth makes balls of them."""
        return np.asarray(numbers, dtype=np.float64)

    @cached_property
    def _errors(self) -> dict[tuple[str, FloatModel], Array]:
        """What was worked out already: every other bound asks for these again."""
        return {}

    @cached_property
    def _forms(self) -> dict[str, Truth]:
        return {}

    def in_form(self, form: LossForm) -> Truth:
        """Return the same truth where the loss is computed in another form; asked for again, the same one."""
        if form == self.conventions.loss_form:
            return self
        if form not in self._forms:
            self._forms[form] = replace(self, conventions=replace(self.conventions, loss_form=form))
        return self._forms[form]

    def log_likelihood_error(self, arithmetic: FloatModel) -> Array:
        """Error of a Σ log π that is computed: T2' summed over steps."""
        key = ("log likelihood", arithmetic)
        if key not in self._errors:
            self._errors[key] = super().log_likelihood_error(arithmetic)
        return self._errors[key]

    def logit_error(self, arithmetic: FloatModel) -> Array:
        """B of ℓ in any order of association (T2any); of the given logits, their own last digit."""
        key = ("logit", arithmetic)
        if key not in self._errors:
            self._errors[key] = super().logit_error(arithmetic)
        return self._errors[key]

    @cached_property
    def logit(self) -> Expected:
        """ℓ of all rows (A4)."""
        reference = self.logit_error(REFERENCE)
        return Expected(self.all_logits, self.logit_error(self.arithmetic) + reference, reference)

    @cached_property
    def probability(self) -> Expected:
        """D of all rows (A4, A9)."""
        error = [
            bounds.sigmoid_error(arithmetic, self.all_logits, self.logit_error(arithmetic))
            for arithmetic in (self.arithmetic, REFERENCE)
        ]
        return Expected(sigmoid(self.all_logits), error[0] + error[1], error[1])

    @cached_property
    def log_likelihood(self) -> Expected:
        """Σ_t log π(a_t|s_t) of all rows, its declared constant included (A4); computed, or as it was handed over."""
        computed = np.concatenate(
            [log_likelihood(self.case.policy_logits, side) for side in self._sides], axis=-1
        )
        handed = np.abs(self._joined("log_q") - computed)
        constant = self.conventions.log_q_constant
        error = [
            self.log_likelihood_error(arithmetic) + arithmetic.gamma(2) * (np.abs(computed) + abs(constant))
            for arithmetic in (self.arithmetic, REFERENCE)
        ]
        return Expected(computed + constant, error[0] + error[1] + handed, error[1])

    @cached_property
    def log_partition(self) -> Expected:
        """Log E_μ[e^{−c}/μ̃] at the case's b, which is b + log 2E_μ[D] (B4); at b* it is b*."""
        log_weight, x_error = self._log_importance(*self.weights)
        value = log_sum_exp(log_weight, axis=-1)
        error = [
            bounds.log_sum_exp_error(arithmetic, log_weight, x_error(arithmetic))
            + 4 * arithmetic.u * (np.abs(self.b[..., 0]) + np.abs(value))
            for arithmetic in (self.arithmetic, REFERENCE)
        ]
        return Expected(np.asarray(value), np.asarray(error[0] + error[1]), error[1])

    def loss_error(self, arithmetic: FloatModel, form: str) -> Array:
        """B of L_D as its two means of softplus (T3 or T4, then T5)."""
        error = self.logit_error(arithmetic)
        total = 2 * arithmetic.u * np.abs(self._loss_value)
        for side, weight, scale, sign in zip(
            (self.expert, self.generator), self.weights, self.scales, (-1.0, 1.0), strict=True
        ):
            x = sign * self.all_logits[..., side]
            term = bounds.log_likelihood_ratio_term(arithmetic, x, error[..., side], form)
            total = total + scale * bounds.weighted_sum(arithmetic, weight[..., side], softplus(x), term)
        return np.asarray(total)

    @cached_property
    def _loss_value(self) -> Array:
        w_p, w_q = self.weights
        return np.asarray(
            self.scales[0] * objectives.expectation(w_p, softplus(-self.all_logits))
            + self.scales[1] * objectives.expectation(w_q, softplus(self.all_logits))
        )

    @cached_property
    def loss(self) -> Expected:
        """L_D as two means of softplus, in the declared form."""
        bound = self.loss_error(self.arithmetic, self.conventions.loss_form)
        reference = self.loss_error(REFERENCE, "log_sigmoid")
        return Expected(np.asarray(self._loss_value), np.asarray(bound + reference), reference)

    @cached_property
    def loss_by_mixture(self) -> Expected:
        """L_D through the mixture, a route that never forms ℓ (B1)."""
        if self.given_logit is not None:
            return self.loss
        w_p, w_q = self.weights
        value = objectives.discriminator_loss_by_mixture(
            w_p, w_q, self.cost, self.log_q, self.b, alpha_p=self.scales[0], alpha_q=self.scales[1]
        )
        doubled = np.abs(objectives.log_mixture(self.cost, self.log_q, self.b)) + np.log(2.0)
        magnitude = self.cost_magnitude + np.abs(self.b) + np.abs(self.log_q) + doubled
        rounding = REFERENCE.gamma(self._cost_terms + self.generator.stop + 12)
        inputs = magnitude * rounding + 3 * self.log_q_error(REFERENCE)
        reference = self.scales[0] * dot(w_p, inputs) + self.scales[1] * dot(w_q, inputs)
        bound = self.loss_error(self.arithmetic, self.conventions.loss_form)
        return Expected(np.asarray(value), np.asarray(bound + reference), reference)

    def _slope_error(self, arithmetic: FloatModel, derivative: Array, form: str) -> Array:
        error = self.logit_error(arithmetic)
        total: Array = np.zeros(())
        for side, weight, scale, sign in zip(
            (self.expert, self.generator), self.weights, self.scales, (-1.0, 1.0), strict=True
        ):
            x = sign * self.all_logits[..., side]
            r_error = bounds.sigmoid_gradient_terms(arithmetic, x, error[..., side], form)
            total = total + scale * bounds.gradient_sum(
                arithmetic, weight[..., side], sigmoid(x), r_error, derivative[..., side, :]
            )
        return total

    def _slope(self, derivative: Array) -> Expected:
        w_p, w_q = self.weights
        missed, fooled = sigmoid(-self.all_logits), sigmoid(self.all_logits)
        value = self.scales[0] * contracted(w_p * missed, derivative)
        value = value - self.scales[1] * contracted(w_q * fooled, derivative)
        bound = self._slope_error(self.arithmetic, derivative, self.conventions.loss_form)
        reference = self._slope_error(REFERENCE, derivative, "log_sigmoid")
        return Expected(value, bound + reference, reference)

    @cached_property
    def gradient_theta(self) -> Expected:
        """∂_θL_D, (d,) (C1)."""
        slope = self._slope(self.derivative)
        # Code may add a trajectory's steps one by one: their magnitudes, not that of their sum, are what rounds.
        w_p, w_q = self.weights
        steps = contracted(self.scales[0] * w_p + self.scales[1] * w_q, self._derivative_magnitude)
        return replace(slope, bound=slope.bound + self.arithmetic.gamma(self._cost_terms) * steps)

    @cached_property
    def gradient_b(self) -> Expected:
        """∂_bL_D, scalar (B2)."""
        slope = self._slope(np.ones((*self._rows, 1)))
        return Expected(slope.value[..., 0], slope.bound[..., 0], np.asarray(slope.reference)[..., 0])

    @cached_property
    def _derivative_magnitude(self) -> Array:
        """Σ_t |φ_t|, (n, d): a trajectory's steps one by one."""
        parts = [np.abs(side.steps.features).sum(axis=-2) for side in self._sides]
        return np.concatenate(parts, axis=-2)

    @cached_property
    def curvature(self) -> Array:
        """∂²L_D/∂b² (B3)."""
        w_p, w_q = self.weights
        variance = sigmoid(self.all_logits) * sigmoid(-self.all_logits)
        return np.asarray(self.scales[0] * dot(w_p, variance) + self.scales[1] * dot(w_q, variance))

    @cached_property
    def balance(self) -> Expected:
        """E_p[D] + E_q[D] (B5)."""
        w_p, w_q = self.weights
        fooled = sigmoid(self.all_logits)
        probability = self.probability
        error = probability.bound + 2 * self.arithmetic.gamma(self.generator.stop + 3) * fooled
        reference = probability.reference + 2 * REFERENCE.gamma(self.generator.stop + 3) * fooled
        weight = w_p + w_q
        return Expected(dot(weight, fooled), dot(weight, error), dot(weight, reference))

    @cached_property
    def generator_loss(self) -> Expected:
        """L_G = −E_q[ℓ] (E1, T9)."""
        _, w_q = self.weights
        side = self.generator
        error = [
            bounds.weighted_sum(
                arithmetic,
                w_q[..., side],
                self.all_logits[..., side],
                self.logit_error(arithmetic)[..., side] + two_logs,
            )
            for arithmetic, two_logs in ((self.arithmetic, self._two_logs), (REFERENCE, 0.0))
        ]
        value = -dot(w_q, np.where(w_q > 0, self.all_logits, 0.0))
        return Expected(value, np.asarray(error[0] + error[1]), error[1])

    @cached_property
    def _two_logs(self) -> Array:
        """What forming ℓ as log D − log(1−D) adds: both logs are right relatively, their difference absolutely."""
        kappa = 2 * self.arithmetic.kappa + 2
        logit = self.all_logits[..., self.generator]
        left_out = 2 * bounds.SOFTPLUS_THRESHOLD_ERROR if self.conventions.loss_form == "softplus" else 0.0
        return kappa * self.arithmetic.u * (softplus(logit) + softplus(-logit)) + left_out

    @cached_property
    def reward(self) -> Expected:
        """The reward of the generator's rows, ℓ = log D − log(1−D) (E1)."""
        side = self.generator
        reference = self.logit_error(REFERENCE)[..., side]
        error = self.logit_error(self.arithmetic)[..., side] + self._two_logs
        return Expected(self.all_logits[..., side], error + reference, reference)

    @cached_property
    def _scores(self) -> Scores:
        return Scores(self.case.policy_logits, self.case.generator.steps)

    @property
    def score(self) -> Array:
        """s = ∂ log q/∂ policy logits of the generator's rows, (n_q, S, A)."""
        return self._scores.value

    def policy_gradient(self, reward: Expected) -> Expected:
        """E_q[s (−r)] over the generator's rows, (S, A), for rewards r (E3).

        A constant baseline is allowed: it drops out as far as E_q[s] = 0 holds for the rows' weights.
        """
        _, w_q = self.weights
        weight = w_q[self.generator]
        value = -np.tensordot(weight * reward.value, self.score, axes=1)
        # π(a|s) is recomputed, and each step's part of a score rounded; a baseline may be as large as a reward.
        baseline = float(np.max(np.abs(reward.value), initial=0.0)) + abs(float(self.case.b))
        largest = np.abs(reward.value) + baseline
        error = []
        for arithmetic, received in (
            (self.arithmetic, reward.bound),
            (REFERENCE, np.broadcast_to(reward.reference, reward.value.shape)),
        ):
            rounding = arithmetic.gamma(len(weight) + self._steps + 6)
            error.append(
                np.tensordot(weight * (received + rounding * largest), self._scores.magnitude, axes=1)
                + np.tensordot(weight * largest, self._scores.error(arithmetic), axes=1)
            )
        unbalanced = np.abs(np.tensordot(weight, self.score, axes=1))
        return Expected(value, error[0] + error[1] + baseline * unbalanced, error[1])

    @cached_property
    def surrogate_gradient(self) -> Expected:
        """∂_θL_cost^μ̃ = E_p[c'] − E_μ[w c']/E_μ[w], from log w (C2, C3)."""
        return self._surrogate_gradient(1.0, 1.0)

    @cached_property
    def scaled_surrogate_gradient(self) -> Expected:
        """The same with the mixture of samples in the proportions of the loss as optimised (I1)."""
        return self._surrogate_gradient(*self.scales)

    def _surrogate_gradient(self, alpha_p: float, alpha_q: float) -> Expected:
        w_p, w_q = self.weights
        share_p, share_q = 2 * alpha_p * w_p / (alpha_p + alpha_q), 2 * alpha_q * w_q / (alpha_p + alpha_q)
        log_weight, x_error = self._log_importance(share_p, share_q)
        share = np.exp(log_normalise(log_weight))
        value = contracted(w_p, self.derivative) - contracted(share, self.derivative)
        error = []
        for arithmetic in (self.arithmetic, REFERENCE):
            data = arithmetic.gamma(self.expert.stop + 4) * contracted(w_p, np.abs(self.derivative))
            tilted = bounds.softmax_mean_error(arithmetic, log_weight, x_error(arithmetic), self.derivative)
            error.append(data + tilted + arithmetic.u * np.abs(value))
        # Code may add a trajectory's steps one by one; the reference has their sum.
        steps = self.arithmetic.gamma(self._steps + 1) * contracted(w_p + share, self._derivative_magnitude)
        return Expected(value, error[0] + error[1] + steps, error[1])

    def _log_importance(self, w_p: Array, w_q: Array) -> tuple[Array, Callable[[FloatModel], Array]]:
        """Log of μ·e^{−c}/μ̃ of all rows, never through D unless its logits are given; and its error."""
        with np.errstate(divide="ignore"):
            log_share = np.log(0.5 * (w_p + w_q))
        if self.given_logit is not None:
            # e^{−c}/μ̃ = 2e^b D: given its logits, the weights are its D.
            log_mixture = softplus(-self.given_logit) - np.log(2.0) - self.b
            cost = np.zeros_like(log_share)
        else:
            log_mixture = objectives.log_mixture(self.cost, self.log_q, self.b)
            cost = self.cost

        def error(arithmetic: FloatModel) -> Array:
            again = bounds.linear(arithmetic, self.cost_magnitude, self._cost_terms)
            return bounds.log_importance(
                arithmetic,
                self.all_logits,
                cost,
                log_mixture,
                log_share,
                self.b,
                cost_error=again if self.given_logit is None else np.zeros_like(cost),
                logit_error=self.logit_error(arithmetic),
            )

        return log_share - cost - log_mixture, error

    @cached_property
    def optimum(self) -> Optimum:
        """b* of this batch, with its certificate; the case's own b plays no part."""
        w_p, w_q = self.weights
        alpha_p, alpha_q = self._sides_weigh
        return optimal_b(
            w_p,
            w_q,
            self.cost,
            self.log_q,
            alpha_p=alpha_p,
            alpha_q=alpha_q,
            input_error=self._optimum_error,
            weight_error=REFERENCE.gamma(max(len(side) for side in self._sides) + 1),
        )

    @cached_property
    def near_optimum(self) -> Array:
        """b* of lanes, (L,), as near as ∂_bL_D can tell in float64; what is judged there allows for that slope."""
        alpha_p, alpha_q = self._sides_weigh
        return near_optimum(*self.weights, self.cost, self.log_q, alpha_p=alpha_p, alpha_q=alpha_q)

    @property
    def _sides_weigh(self) -> tuple[float, float]:
        """As their rows do, which is exact, where the scales themselves are rounded quotients."""
        if self.conventions.loss_scale == "sum_of_means":
            return 1.0, 1.0
        return float(len(self.case.expert)), float(len(self.case.generator))

    @cached_property
    def _optimum_error(self) -> Array:
        """Error of c + log q in float64."""
        cost = bounds.linear(REFERENCE, self.cost_magnitude, self._cost_terms)
        return np.asarray(cost + self.log_q_error(REFERENCE) + REFERENCE.u * np.abs(self.log_q))

    @cached_property
    def worst_derivative(self) -> float:
        """max|c'| over rows and components."""
        return number(np.max(np.abs(self.derivative), axis=(-2, -1), initial=0.0))

    def given(self, logit: Array) -> Truth:
        """Return the truth of everything else, given the implementation's own logits."""
        return replace(self, given_logit=logit)
