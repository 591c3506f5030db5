"""The truth about one case as rigorous intervals, by formulas of its own: through D = 1/(1 + e^−ℓ) alone.

Leaves of a case are exact numbers, so that an interval is as narrow as its bits. The float64 reference goes by
other routes (softplus, the mixture μ̃, log weights); that both agree is part of what is certified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ganirl.case import Rows
from ganirl.optimum import Optimum
from ganirl.truth import Expected, Truth

from .ball import Array, Backend, Balls, balls, ends, middles, total
from .optimum import enclose_optimum


@dataclass(frozen=True)
class CertifiedTruth(Truth):
    """`Truth` with balls for values and the same bounds; what is derived from them by a check is certified too.

    Compute within ``backend.working()``. Rows, costs and weights themselves stay floats, except for log q, which
    may be subtracted from what an implementation gave.

    Attributes
    ----------
    backend : where the balls come from
    """

    backend: Backend | None = None

    @classmethod
    def of(cls, truth: Truth, backend: Backend) -> CertifiedTruth:
        """Certify a truth."""
        return cls(truth.case, truth.conventions, truth.arithmetic, truth.given_logit, backend)

    @cached_property
    def plain(self) -> Truth:
        """The float64 reference: values that are certified, and all bounds."""
        return Truth(self.case, self.conventions, self.arithmetic, self.given_logit)

    @property
    def intervals(self) -> Backend:
        """The backend, which is always there."""
        if self.backend is None:
            raise ValueError("a certified truth needs a backend")
        return self.backend

    def exactly(self, numbers: Any) -> Any:
        """Return numbers as exact balls."""
        return balls(self.intervals, numbers)

    # --- rows --------------------------------------------------------------------------------------

    @cached_property
    def _features(self) -> Balls:
        held: Balls = self.exactly(self.plain.derivative)
        return held

    @cached_property
    def _log_likelihood(self) -> Balls:
        """Σ_t log π(a_t|s_t) of all rows."""
        logits = self.exactly(self.case.policy_logits)
        log_pi = logits - np.log(np.sum(np.exp(logits), axis=1))[:, None]
        return np.concatenate([self._sum_over_steps(log_pi, side) for side in self._sides])

    def _sum_over_steps(self, log_pi: Balls, rows: Rows) -> Balls:
        steps = rows.steps
        sums: Balls = np.empty(len(rows), dtype=object)
        for row in range(len(rows)):
            there = zip(steps.state[row], steps.action[row], steps.mask[row], strict=True)
            sums[row] = total(
                (log_pi[s % len(log_pi), a] for s, a, exists in there if exists), self.intervals
            )
        return sums

    @cached_property
    def true_log_q(self) -> Any:
        """Σ_t log π(a_t|s_t) as balls; the number that was handed over where log q is an input."""
        return (
            self.exactly(self._joined("log_q")) if self.conventions.log_q == "input" else self._log_likelihood
        )

    @cached_property
    def log_q(self) -> Any:
        """What stands for log q in the logit."""
        if self.conventions.log_q == "absent":
            return self.exactly(np.zeros(self.generator.stop))
        return self.true_log_q + self.conventions.log_q_constant

    @cached_property
    def _logits(self) -> Balls:
        """ℓ of all rows, given ones or −c − b − log q."""
        if self.given_logit is not None:
            given: Balls = self.exactly(self.given_logit)
            return given
        theta, b = self.exactly(self.case.theta), self.exactly(self.case.b)[()]
        logits: Balls = -(self._features @ theta) - b - self.log_q
        return logits

    @cached_property
    def weights(self) -> Any:
        """(w_p, w_q) over all rows, as balls; each sums to one."""
        w_p, w_q = self._sides_of_mean
        rest_p, rest_q = (self.exactly(np.zeros(len(side))) for side in self._sides)
        return np.concatenate([w_p, rest_q]), np.concatenate([rest_p, w_q])

    @cached_property
    def all_logits(self) -> Array:
        """ℓ of the float64 reference."""
        return self.plain.all_logits

    @cached_property
    def _d(self) -> Balls:
        """D = 1/(1 + e^−ℓ), right relatively for every ℓ."""
        held: Balls = 1 / (1 + np.exp(-self._logits))
        return held

    @cached_property
    def _rest(self) -> Balls:
        """1 − D = 1/(1 + e^ℓ)."""
        held: Balls = 1 / (1 + np.exp(self._logits))
        return held

    @cached_property
    def _sides_of_loss(self) -> tuple[Balls, Balls]:
        """(α_p w_p, α_q w_q) of the rows of either side, with w summing to one exactly."""
        shares = []
        rows = [len(side) for side in self._sides]
        for side, count in zip(self._sides, rows, strict=True):
            weight = self.exactly(side.weight)
            share = weight / total(weight, self.intervals)
            if self.conventions.loss_scale == "sum":
                share = share * count
            elif self.conventions.loss_scale == "mean_of_all":
                share = share * count / sum(rows)
            shares.append(share * self.conventions.loss_factor)
        return shares[0], shares[1]

    @cached_property
    def _sides_of_mean(self) -> tuple[Balls, Balls]:
        """(w_p, w_q) of the rows of either side."""
        weight = [self.exactly(side.weight) for side in self._sides]
        return weight[0] / total(weight[0], self.intervals), weight[1] / total(weight[1], self.intervals)

    # --- what is compared --------------------------------------------------------------------------

    @cached_property
    def logit(self) -> Expected:
        """ℓ of all rows."""
        return replace(self.plain.logit, value=self._logits)

    @cached_property
    def probability(self) -> Expected:
        """D of all rows."""
        return replace(self.plain.probability, value=self._d)

    @cached_property
    def log_likelihood(self) -> Expected:
        """Σ_t log π(a_t|s_t) of all rows, its declared constant included."""
        value = self._log_likelihood + self.conventions.log_q_constant
        return replace(self.plain.log_likelihood, value=value)

    @cached_property
    def log_partition(self) -> Expected:
        """B + log(E_p[D] + E_q[D]), as e^{−c}/μ̃ = 2e^b D."""
        mean = total(
            [
                w @ self._d[side]
                for w, side in zip(self._sides_of_mean, (self.expert, self.generator), strict=True)
            ],
            self.intervals,
        )
        value = self.exactly(self.case.b)[()] + mean.log()
        return replace(self.plain.log_partition, value=_scalar(value))

    @cached_property
    def loss(self) -> Expected:
        """α_p E_p[log(1 + e^−ℓ)] + α_q E_q[log(1 + e^ℓ)]."""
        w_p, w_q = self._sides_of_loss
        value = w_p @ np.log1p(np.exp(-self._logits[self.expert])) + w_q @ np.log1p(
            np.exp(self._logits[self.generator])
        )
        return replace(self.plain.loss, value=_scalar(value))

    @cached_property
    def loss_by_mixture(self) -> Expected:
        """The same number: B1 says so."""
        return replace(self.plain.loss_by_mixture, value=self.loss.value)

    def _slope_of(self, derivative: Balls) -> Balls:
        w_p, w_q = self._sides_of_loss
        missed, fooled = self._rest[self.expert], self._d[self.generator]
        slope: Balls = (w_p * missed) @ derivative[self.expert] - (w_q * fooled) @ derivative[self.generator]
        return slope

    @cached_property
    def gradient_theta(self) -> Expected:
        """α_p E_p[(1−D)c'] − α_q E_q[D c']."""
        return replace(self.plain.gradient_theta, value=self._slope_of(self._features))

    @cached_property
    def gradient_b(self) -> Expected:
        """α_p E_p[1−D] − α_q E_q[D]."""
        w_p, w_q = self._sides_of_loss
        value = total(w_p * self._rest[self.expert], self.intervals) - total(
            w_q * self._d[self.generator], self.intervals
        )
        return replace(self.plain.gradient_b, value=_scalar(value))

    @cached_property
    def curvature(self) -> Any:
        """α_p E_p[D(1−D)] + α_q E_q[D(1−D)]."""
        w_p, w_q = self._sides_of_loss
        variance = self._d * self._rest
        return w_p @ variance[self.expert] + w_q @ variance[self.generator]

    @cached_property
    def balance(self) -> Expected:
        """E_p[D] + E_q[D]."""
        w_p, w_q = self._sides_of_mean
        value = w_p @ self._d[self.expert] + w_q @ self._d[self.generator]
        return replace(self.plain.balance, value=_scalar(value))

    @cached_property
    def generator_loss(self) -> Expected:
        """−E_q[ℓ]."""
        value = -(self._sides_of_mean[1] @ self._logits[self.generator])
        return replace(self.plain.generator_loss, value=_scalar(value))

    @cached_property
    def reward(self) -> Expected:
        """ℓ of the generator's rows."""
        return replace(self.plain.reward, value=self._logits[self.generator])

    @cached_property
    def _score(self) -> Balls:
        """∂ log q/∂ policy logits of the generator's rows, (n_q, S, A)."""
        exponentials = np.exp(self.exactly(self.case.policy_logits))
        policy = exponentials / np.sum(exponentials, axis=1)[:, None]
        steps = self.case.generator.steps
        score: Balls = self.exactly(np.zeros((len(self.case.generator), *policy.shape)))
        for row, step in np.argwhere(steps.mask):
            state, action = steps.state[row, step], steps.action[row, step]
            score[row, state] = score[row, state] - policy[state]
            score[row, state, action] = score[row, state, action] + 1
        return score

    def policy_gradient(self, reward: Expected) -> Expected:
        """E_q[s (−r)] of rewards, balls or floats."""
        bound = self.plain.policy_gradient(replace(reward, value=middles_or_floats(reward.value)))
        weight = self._sides_of_mean[1] * reward.value
        return replace(bound, value=-np.tensordot(weight, self._score, axes=1))

    def _surrogate_gradient(self, alpha_p: float, alpha_q: float) -> Expected:
        """E_p[c'] − E_μ[D c']/E_μ[D], with μ in the proportions of the loss."""
        w_p, w_q = self._sides_of_mean
        scaled = (alpha_p, alpha_q) != (1.0, 1.0)
        share_p, share_q = self._sides_of_loss if scaled else (w_p, w_q)
        mass = np.concatenate([share_p * self._d[self.expert], share_q * self._d[self.generator]])
        tilted = (mass @ self._features) / total(mass, self.intervals)
        plain = self.plain.scaled_surrogate_gradient if scaled else self.plain.surrogate_gradient
        return replace(plain, value=w_p @ self._features[self.expert] - tilted)

    @cached_property
    def optimum(self) -> Optimum:
        """b* of the float64 reference, with its certificate; see `optimum_ends`."""
        return self.plain.optimum

    @cached_property
    def optimum_ends(self) -> tuple[float, float]:
        """An interval that b* certainly lies in: the slope of L_D is negative at one end, positive at the other."""
        w_p, w_q = self._sides_of_loss
        a = self._logits + self.exactly(self.case.b)[()]  # ℓ = a − b
        optimum = self.plain.optimum
        return enclose_optimum(
            a[self.expert],
            a[self.generator],
            w_p,
            w_q,
            self.intervals,
            guess=optimum.b,
            radius=optimum.radius,
        )

    # --- bounds are those of the float64 reference -------------------------------------------------

    @cached_property
    def worst_derivative(self) -> float:
        """max|c'|."""
        return self.plain.worst_derivative

    def log_q_error(self, arithmetic: Any) -> Array:
        """B of log q."""
        return self.plain.log_q_error(arithmetic)

    def logit_error(self, arithmetic: Any) -> Array:
        """B of ℓ."""
        return self.plain.logit_error(arithmetic)


def middles_or_floats(values: Any) -> Array:
    """Return an array of floats as it is, and balls as their middles."""
    held = np.asarray(values)
    return middles(held) if held.dtype == object else held


def _scalar(value: Any) -> Any:
    held = np.empty((), dtype=object)
    held[()] = value
    return held


# --- the reference against its own claims ----------------------------------------------------------------

OBSERVED = (
    "logit",
    "probability",
    "log_likelihood",
    "log_partition",
    "loss",
    "loss_by_mixture",
    "gradient_theta",
    "gradient_b",
    "balance",
    "generator_loss",
    "reward",
    "policy_gradient",
    "surrogate_gradient",
    "scaled_surrogate_gradient",
)


@dataclass(frozen=True)
class Breach:
    """A reference value that is farther from the truth than its own bound says.

    Attributes
    ----------
    observable : of `Truth`
    value : the reference's
    low, high : the truth lies between
    bound : of the reference alone
    certain : whether it is; else the interval is too wide to tell
    """

    observable: str
    value: float
    low: float
    high: float
    bound: float
    certain: bool

    def __str__(self) -> str:
        return (
            f"the reference's {self.observable.replace('_', ' ')}, {self.value!r}, is not within {self.bound:.3g} of "
            f"the truth, which lies in [{self.low!r}, {self.high!r}]"
        )


def reference_values(truth: Truth, names: Iterable[str] = OBSERVED) -> dict[str, Expected]:
    """Observables of a truth, by name; all by default."""
    return {
        name: truth.policy_gradient(truth.reward) if name == "policy_gradient" else getattr(truth, name)
        for name in names
    }


def breaches(values: Mapping[str, Expected], certified: CertifiedTruth) -> Iterator[Breach]:
    """Yield what reference values are certainly wrong by more than their own bound, or cannot be shown not to be.

    Parameters
    ----------
    values : by observable, floats with the bound of the reference alone in ``reference``
    certified : the truth about the same case
    """
    with certified.intervals.working():
        exact = reference_values(certified, values)
        for name, claimed in values.items():
            distance = np.abs(np.asarray(claimed.value, dtype=np.float64) - exact[name].value)
            allowed = np.broadcast_to(claimed.reference, np.shape(claimed.value))
            nearest, farthest = ends(distance)
            for place in np.argwhere(~(farthest <= allowed)):
                index = tuple(place)
                held: Any = np.asarray(exact[name].value, dtype=object)
                low, high = held[index].ends
                certain = bool(nearest[index] > allowed[index])
                value = float(np.asarray(claimed.value)[index])
                yield Breach(name, value, low, high, float(allowed[index]), certain)
