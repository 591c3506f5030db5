"""The built-in targets ``econirl-gail`` and ``econirl-gail-linear``: GAIL of econirl, as released, in JAX.

What was read in the source of econirl 0.1.1:

- the discriminator is a table of logits (the default) or linear in features, without log π
  (``TabularDiscriminator`` and ``LinearDiscriminator``, estimation/adversarial/discriminator.py); D is the
  probability of the expert;
- ``update`` takes a gradient step of binary cross-entropy with logits: of the sum of both means for the linear
  one, of the *sum* over all rows for the table. Both report the sum of both means; so the table's report is not
  what its step descends, and is not observed. The step is large here, 2^200, so that what is left of the old
  parameters is below rounding: parameters that were moved by −2^200·g give g;
- both sides have as many rows (``GAILEstimator._optimize``, contrib/gail.py), where the sum is n times that of means;
- the policy is fed −log(1 − D) = softplus(ℓ) (``get_reward_matrix("gail")``), and is the *soft* optimum of that
  (``GAILEstimator._compute_policy``): the optimiser adds the entropy. ``entropy_coef`` is 0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from econirl.estimation.adversarial.discriminator import LinearDiscriminator, TabularDiscriminator

from ganirl import Case, Conventions, Gradient, Rows

from .econirl_cases import Array, Tables, once_a_case, side_of, tables, versions
from .gail import DEPARTURES

# A power of two, so that dividing by it is exact.
_STEP = 2.0**200


class EconirlGAIL:
    """GAIL on transitions, with a table of logits for its discriminator."""

    name = "econirl-gail"
    framework = "numpy"
    departures = DEPARTURES
    conventions = Conventions(
        unit="transition",
        expert_label=1,
        loss_scale="sum",
        loss_form="softplus",
        reward="−log(1 − D)",
        entropy_coefficient=1.0,
        entropy_in="values",
        log_q="absent",
        log_z="bias",
        equal_batches=True,
        precisions=("float64",),
    )

    def __init__(self) -> None:
        self.versions = versions()

    def discriminator_logit(self, case: Case, rows: Rows) -> Any:
        """(n,) logits, high for the expert."""
        given = tables(case)
        return given.of_rows(self.make(given).forward(*given.every), side_of(case, rows))

    def discriminator_probability(self, case: Case, rows: Rows) -> Any:
        """(n,) D, the probability of the expert."""
        given = tables(case)
        return given.of_rows(self.make(given).probability(*given.every), side_of(case, rows))

    def discriminator_gradient(self, case: Case) -> Gradient:
        """∂L/∂θ and ∂L/∂b by which `update` moved the parameters."""
        gradient, size = self._updated(case)[1], len(case.theta)
        return Gradient(gradient[:size], gradient[size])

    def generator_reward(self, case: Case, rows: Rows) -> Any:
        """(n,) what soft value iteration is fed for these states and actions."""
        given = tables(case)
        return given.of_rows(self.make(given).get_reward_matrix("gail"), side_of(case, rows))

    def make(self, given: Tables) -> Any:
        """Return a discriminator whose logits are those of the case."""
        states, actions, _ = given.features.shape
        discriminator = TabularDiscriminator(states, actions)
        discriminator.logits = jnp.asarray(np.asarray(given.features) @ np.asarray(given.weights))
        return discriminator

    def moved(self, discriminator: Any, given: Tables) -> Array:
        """(d',) how a discriminator's step moves −θ and −b, of which every logit of the table is linear."""
        found: Array = np.einsum("sa,sak->k", np.asarray(discriminator.logits), np.asarray(given.features))
        return found

    @once_a_case
    def _updated(self, case: Case) -> tuple[float, Array]:
        given = tables(case)
        discriminator = self.make(given)
        sides = (*given.batch("expert"), *given.batch("generator"))
        loss = discriminator.update(*sides, learning_rate=_STEP)
        # Parameters rise with −θ and −b, and were moved against the gradient: the signs cancel.
        return float(loss), self.moved(discriminator, given) / _STEP


class EconirlLinearGAIL(EconirlGAIL):
    """GAIL on transitions, with a discriminator that is linear in features."""

    name = "econirl-gail-linear"
    conventions = replace(EconirlGAIL.conventions, loss_scale="sum_of_means")

    def discriminator_loss(self, case: Case) -> float:
        """Return the loss that `update` reports."""
        return self._updated(case)[0]

    def make(self, given: Tables) -> Any:
        """Return a discriminator whose logits are those of the case."""
        discriminator = LinearDiscriminator(given.features)
        discriminator.weights = given.weights
        return discriminator

    def moved(self, discriminator: Any, given: Tables) -> Array:
        """(d',) what a discriminator's step left in its weights."""
        del given
        return np.asarray(discriminator.weights)


target = EconirlGAIL()
linear = EconirlLinearGAIL()
