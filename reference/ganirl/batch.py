"""The rows of a case as one list, with what sound code may get wrong of their costs, log densities and logits.

Shapes are those of one case; of lanes, each has their number in front (see `lanes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from . import bounds, objectives
from .bounds import FloatModel
from .case import Case, Rows
from .conventions import Conventions
from .lanes import applied, picked
from .logspace import log_normalise

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """One case under the declared conventions: expert rows first, then the generator's.

    Attributes
    ----------
    case : NumPy arrays, exact in the format under test
    conventions : of the implementation: where log q comes from, side scales, form of the loss
    arithmetic : of the implementation
    given_logit : (n_p + n_q,) the implementation's own logits in place of the truth, to ask whether the rest of it
        is right given those
    """

    case: Case
    conventions: Conventions
    arithmetic: FloatModel
    given_logit: Array | None = None

    @cached_property
    def expert(self) -> slice:
        """The expert's rows."""
        return slice(0, len(self.case.expert))

    @cached_property
    def generator(self) -> slice:
        """The generator's rows."""
        return slice(len(self.case.expert), len(self.case.expert) + len(self.case.generator))

    def _joined(self, name: str) -> Array:
        axis = np.ndim(self.case.b)
        return np.concatenate([getattr(side, name) for side in self._sides], axis=axis)

    @cached_property
    def b(self) -> Array:
        """The parameter that stands for log Z, beside rows: (1,), or (L, 1) of lanes."""
        return np.asarray(self.case.b, dtype=np.float64)[..., None]

    @property
    def _rows(self) -> tuple[int, ...]:
        """The shape of a number a row: (n,), or (L, n) of lanes."""
        return (*np.shape(self.case.b), self.generator.stop)

    @cached_property
    def scales(self) -> tuple[float, float]:
        """(α_p, α_q) of the loss as optimised."""
        return self.conventions.side_scales(len(self.case.expert), len(self.case.generator))

    @cached_property
    def weights(self) -> tuple[Array, Array]:
        """(w_p, w_q) over all rows; each sums to one."""
        of_p, of_q = (side.weight / side.weight.sum(axis=-1, keepdims=True) for side in self._sides)
        w_p = np.concatenate([of_p, np.zeros_like(of_q)], axis=-1)
        return w_p, np.concatenate([np.zeros_like(of_p), of_q], axis=-1)

    @cached_property
    def derivative(self) -> Array:
        """c' = φ, (n, d)."""
        return self._joined("features")

    @cached_property
    def cost(self) -> Array:
        """c = φ·θ, (n,)."""
        return applied(self.derivative, self.case.theta)

    @cached_property
    def log_q(self) -> Array:
        """What stands for log q in this implementation's logit, its declared constant included; zero if absent."""
        if self.conventions.log_q == "absent":
            return np.zeros(self._rows)
        return self.true_log_q + self.conventions.log_q_constant

    @cached_property
    def true_log_q(self) -> Array:
        """Σ_t log π(a_t|s_t); the number that was handed over where log q is an input."""
        if self.conventions.log_q == "input":
            return self._joined("log_q")
        return np.concatenate(
            [log_likelihood(self.case.policy_logits, side) for side in self._sides], axis=-1
        )

    @property
    def _sides(self) -> tuple[Rows, Rows]:
        return self.case.expert, self.case.generator

    @cached_property
    def all_logits(self) -> Array:
        """ℓ of all rows."""
        if self.given_logit is not None:
            return self.given_logit
        return objectives.discriminator_logit(self.cost, self.log_q, self.b)

    @cached_property
    def cost_magnitude(self) -> Array:
        """Σ_t Σ_k |φ_tk θ_k|: code may sum over steps or over features first."""
        parts = [applied(np.abs(side.steps.features), np.abs(self.case.theta)) for side in self._sides]
        return np.concatenate([part.sum(axis=-1) for part in parts], axis=-1)

    @cached_property
    def _cost_terms(self) -> int:
        return self._steps * int(self.case.theta.shape[-1]) + 1

    @cached_property
    def _steps(self) -> int:
        """The most steps that a row may have, T."""
        return int(self.case.expert.steps.mask.shape[-1])

    def log_likelihood_error(self, arithmetic: FloatModel) -> Array:
        """Error of a Σ log π that is computed: T2' summed over steps."""
        return np.concatenate(
            [_log_likelihood_error(arithmetic, self.case.policy_logits, side) for side in self._sides],
            axis=-1,
        )

    def log_q_error(self, arithmetic: FloatModel) -> Array:
        """Error of log q: none for one that was handed over, T2' summed over steps for one that is computed."""
        if self.conventions.log_q != "computed":
            return np.zeros(self._rows)
        return self.log_likelihood_error(arithmetic)

    def logit_error(self, arithmetic: FloatModel) -> Array:
        """B of ℓ in any order of association (T2any); of the given logits, their own last digit."""
        if self.given_logit is not None:
            return arithmetic.gamma(3) * np.abs(self.given_logit)
        return bounds.logit(
            arithmetic,
            self.cost_magnitude,
            self._cost_terms,
            self.b,
            np.abs(self.log_q),
            self.log_q_error(arithmetic),
        )


def log_likelihood(policy_logits: Array, rows: Rows) -> Array:
    """Σ_t log π(a_t|s_t) over the steps that exist, (n,)."""
    steps = rows.steps
    state = steps.state % policy_logits.shape[-2]
    log_pi = picked(log_normalise(policy_logits), state, steps.action)
    return np.asarray(np.sum(np.where(steps.mask, log_pi, 0.0), axis=-1))


def _log_likelihood_error(arithmetic: FloatModel, policy_logits: Array, rows: Rows) -> Array:
    steps = rows.steps
    state = steps.state % policy_logits.shape[-2]
    of_action = bounds.log_softmax(arithmetic, policy_logits[..., None, :], policy_logits)
    summation = arithmetic.gamma(steps.mask.shape[-1]) * np.abs(log_normalise(policy_logits))
    per_step = picked(of_action + summation, state, steps.action)
    return np.asarray(np.where(steps.mask, per_step, 0.0).sum(axis=-1))
