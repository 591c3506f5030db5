"""A right little library in NumPy, with derivatives by hand; a variant does one thing of it in another way.

Written from the equations, in the format that it is handed, without the project's own objectives.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ganirl import Conventions, Gradient

Array = npt.NDArray[Any]

COMPUTED = Conventions(log_q="computed")


def softplus(x: Array) -> Array:
    """Log(1 + e^x), elementwise."""
    return np.asarray(np.logaddexp(0, x), dtype=x.dtype)


def sigmoid(x: Array) -> Array:
    """1/(1 + e^−x), elementwise, right relatively in both tails."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, small) / (1 + small))


def log_sum_exp(x: Array, axis: int = -1) -> Array:
    """Log Σ e^x along an axis, that stays."""
    peak = x.max(axis=axis, keepdims=True)
    return np.asarray(peak + np.log(np.exp(x - peak).sum(axis=axis, keepdims=True)))


class Library:
    """Trajectory AIRL, D = σ(−c − b − log q) and reward log D − log(1 − D), with guided cost learning beside it."""

    conventions: ClassVar[Conventions] = COMPUTED
    hidden: ClassVar[tuple[str, ...]] = ()

    # --- nodes ------------------------------------------------------------------------------------------------

    def log_policy(self, case: Any) -> Array:
        """(S, A) log π."""
        return np.asarray(case.policy_logits - log_sum_exp(case.policy_logits))

    def log_q(self, case: Any, rows: Any) -> Array:
        """(n,) Σ_t log π."""
        steps = rows.steps
        return np.asarray(
            np.where(steps.mask, self.log_policy(case)[steps.state, steps.action], 0).sum(axis=1)
        )

    def cost(self, case: Any, rows: Any) -> Array:
        """(n,) c = φ·θ."""
        return np.asarray(rows.features @ case.theta)

    def weight(self, rows: Any) -> Array:
        """(n,) of a mean over rows."""
        count = len(rows.features)
        return np.full(count, 1 / count, dtype=rows.features.dtype)

    def minus_log_sigmoid(self, x: Array) -> Array:
        """−log σ(x), elementwise."""
        return softplus(-x)

    # --- the GAN's side ---------------------------------------------------------------------------------------

    def discriminator_logit(self, case: Any, rows: Any) -> Array:
        """(n,) ℓ."""
        return np.asarray(-self.cost(case, rows) - case.b - self.log_q(case, rows))

    def discriminator_probability(self, case: Any, rows: Any) -> Array:
        """(n,) D."""
        return sigmoid(self.discriminator_logit(case, rows))

    def logits(self, case: Any) -> tuple[Array, Array]:
        """ℓ of the expert's rows and of the generator's."""
        return self.discriminator_logit(case, case.expert), self.discriminator_logit(case, case.generator)

    def discriminator_loss(self, case: Any) -> Any:
        """E_p[−log D] + E_q[−log(1 − D)]."""
        expert, generator = self.logits(case)
        return self.loss_of(expert, generator)

    def loss_of(self, expert: Array, generator: Array) -> Any:
        """L_D of ℓ."""
        return self.minus_log_sigmoid(expert).mean() + self.minus_log_sigmoid(-generator).mean()

    def residuals(self, case: Any) -> tuple[Array, Array]:
        """∂L_D/∂ℓ of the expert's rows, −w(1 − D), and of the generator's, w D."""
        expert, generator = self.logits(case)
        return -self.weight(case.expert) * sigmoid(-expert), self.weight(case.generator) * sigmoid(generator)

    def discriminator_gradient(self, case: Any) -> Gradient:
        """∂L_D, from ∂ℓ/∂θ = −φ and ∂ℓ/∂b = −1."""
        expert, generator = self.residuals(case)
        in_theta = -(expert @ case.expert.features) - generator @ case.generator.features
        return Gradient(in_theta, -expert.sum() - generator.sum())

    def discriminator_policy_gradient(self, case: Any) -> Array:
        """(S, A), zero: log q is held constant in the loss."""
        return np.zeros_like(case.policy_logits)

    # --- the generator ----------------------------------------------------------------------------------------

    def generator_reward(self, case: Any, rows: Any) -> Array:
        """(n,) ℓ."""
        return self.discriminator_logit(case, rows)

    def generator_loss(self, case: Any) -> Any:
        """−E_q[ℓ]."""
        return -self.generator_reward(case, case.generator).mean()

    def score(self, case: Any, rows: Any) -> Array:
        """(n, T, S, A) ∂ log π(a_t|s_t)/∂ policy logits, zero where there is no step."""
        steps, (states, actions) = rows.steps, case.policy_logits.shape
        policy = np.exp(self.log_policy(case))
        there = np.eye(states, dtype=policy.dtype)[steps.state] * steps.mask[..., None]
        taken = np.eye(actions, dtype=policy.dtype)[steps.action] - policy[steps.state]
        return np.asarray(there[..., :, None] * taken[..., None, :])

    def generator_gradient(self, case: Any) -> Array:
        """(S, A) −E_q[s ℓ]."""
        rows = case.generator
        score = self.score(case, rows).sum(axis=1)
        return np.asarray(-np.tensordot(self.weight(rows) * self.generator_reward(case, rows), score, axes=1))

    # --- guided cost learning ---------------------------------------------------------------------------------

    def log_weights(self, case: Any) -> Array:
        """(n_p + n_q,) log of μ e^{−c}/μ̃ with the mixtures μ of samples and μ̃ = ½(e^{−c−b} + q)."""
        found = []
        for rows in (case.expert, case.generator):
            cost, log_q = self.cost(case, rows), self.log_q(case, rows)
            log_mixture = np.logaddexp(-cost - case.b, log_q) - np.log(cost.dtype.type(2))
            found.append(np.log(self.weight(rows) / 2) - cost - log_mixture)
        return np.concatenate(found)

    def log_partition(self, case: Any) -> Any:
        """Log E_μ[e^{−c}/μ̃]."""
        return log_sum_exp(self.log_weights(case))[0]

    def irl_loss(self, case: Any) -> Any:
        """E_p[c] + log E_μ[e^{−c}/μ̃]."""
        return self.cost(case, case.expert).mean() + self.log_partition(case)

    def irl_gradient(self, case: Any) -> Array:
        """E_p[φ] − E_w[φ], with μ̃ held constant."""
        log_weights = self.log_weights(case)
        share = np.exp(log_weights - log_sum_exp(log_weights))
        features = np.concatenate([case.expert.features, case.generator.features])
        return np.asarray(case.expert.features.mean(axis=0) - share @ features)
