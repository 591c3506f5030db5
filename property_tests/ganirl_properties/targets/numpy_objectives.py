"""The built-in target ``numpy``: the reference's own objectives, as an implementation of both sides.

What it shows is that the engine finds nothing wrong with the formulas that it judges by, through the door that a
third party's code comes in by: in float32 as in float64, with gradients given in closed form.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Gradient, Rows, objectives
from ganirl.batch import log_likelihood
from ganirl.lanes import applied
from ganirl.logspace import sigmoid

Array = npt.NDArray[Any]


class NumpyTarget:
    """`ganirl.objectives` on a batch: expert rows first, each with weight zero on the other side.

    Shapes are those of one problem; it takes lanes of them as well.
    """

    name = "numpy"
    framework = "numpy"
    conventions = Conventions(log_q="computed", weights=True)
    departures = MappingProxyType[str, str]({})
    lanes = True

    def discriminator_logit(self, case: Case, rows: Rows) -> Array:
        """(n,) ℓ."""
        c = applied(rows.features, case.theta)
        return objectives.discriminator_logit(c, self.log_q(case, rows), case.b[..., None])

    def discriminator_probability(self, case: Case, rows: Rows) -> Array:
        """(n,) σ(ℓ)."""
        return sigmoid(self.discriminator_logit(case, rows))

    def discriminator_loss(self, case: Case) -> float:
        """L_D."""
        w_p, w_q, c, log_q, b, _ = self._batch(case)
        return objectives.discriminator_loss(w_p, w_q, c, log_q, b)

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L_D."""
        w_p, w_q, c, log_q, b, dc = self._batch(case)
        return Gradient(*objectives.discriminator_gradient(w_p, w_q, c, log_q, b, dc=dc))

    def discriminator_policy_gradient(self, case: Case) -> Array:
        """Zero: the closed forms differentiate in θ and b alone."""
        return np.zeros_like(case.policy_logits)

    def generator_reward(self, case: Case, rows: Rows) -> Array:
        """(n,) ℓ."""
        return self.discriminator_logit(case, rows)

    def generator_loss(self, case: Case) -> float:
        """L_G."""
        _, w_q, c, log_q, b, _ = self._batch(case)
        return objectives.generator_loss(w_q, c, log_q, b)

    def generator_gradient(self, case: Case) -> Array:
        """E_q[s(−ℓ)]."""
        rows = case.generator
        score = objectives.policy_score(case.policy_logits, rows.steps)
        c, b = applied(rows.features, case.theta), case.b[..., None]
        return objectives.generator_gradient(rows.weight, c, self.log_q(case, rows), b, score)

    def irl_loss(self, case: Case) -> float:
        """E_p[c] + log E_μ[e^{−c}/μ̃]."""
        w_p, w_q, c, log_q, b, _ = self._batch(case)
        return objectives.surrogate_loss(w_p, w_q, c, objectives.log_mixture(c, log_q, b))

    def irl_gradient(self, case: Case) -> Array:
        """E_p[c'] − E_μ[w c']/E_μ[w]."""
        w_p, w_q, c, log_q, b, dc = self._batch(case)
        return objectives.surrogate_gradient(w_p, w_q, c, objectives.log_mixture(c, log_q, b), dc)

    def log_partition(self, case: Case) -> float:
        """Log E_μ[e^{−c}/μ̃]."""
        w_p, w_q, c, log_q, b, _ = self._batch(case)
        return objectives.log_partition_estimate(w_p, w_q, c, objectives.log_mixture(c, log_q, b))

    def log_q(self, case: Case, rows: Rows) -> Array:
        """(n,) Σ log π."""
        return log_likelihood(case.policy_logits, rows)

    def _batch(self, case: Case) -> tuple[Array, Array, Array, Array, Array, Array]:
        sides = (case.expert, case.generator)
        zeros = [np.zeros_like(side.weight) for side in sides]
        features = np.concatenate([side.features for side in sides], axis=-2)
        log_q = np.concatenate([self.log_q(case, side) for side in sides], axis=-1)
        w_p = np.concatenate([case.expert.weight, zeros[1]], axis=-1)
        w_q = np.concatenate([zeros[0], case.generator.weight], axis=-1)
        return w_p, w_q, applied(features, case.theta), log_q, case.b[..., None], features


target = NumpyTarget()
