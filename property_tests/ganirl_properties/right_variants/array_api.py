"""A right variant that keeps to the array API standard: it asks its arrays for their namespace."""

from __future__ import annotations

from typing import Any, ClassVar

from ganirl import Conventions, Gradient

from .variant import Shelf

SHELF = Shelf("array-api-strict", ("float64", "float32"))


def _softplus(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.abs(x)))


def _sigmoid(xp: Any, x: Any) -> Any:
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(x), small) / (1 + small)


class Standard:
    """AIRL and nothing beyond the standard: no indexing by arrays, no method of an array."""

    conventions: ClassVar[Conventions] = Conventions(log_q="computed", weights=True)
    hidden: ClassVar[tuple[str, ...]] = ()

    def log_q(self, case: Any, rows: Any) -> Any:
        """(n,) Σ_t log π, by `take` from a flat table."""
        xp, steps = case.theta.__array_namespace__(), rows.steps
        logits = case.policy_logits
        peak = xp.max(logits, axis=1, keepdims=True)
        log_pi = logits - peak - xp.log(xp.sum(xp.exp(logits - peak), axis=1, keepdims=True))
        place = xp.reshape(steps.state * logits.shape[1] + steps.action, (-1,))
        chosen = xp.reshape(xp.take(xp.reshape(log_pi, (-1,)), place), steps.mask.shape)
        return xp.sum(xp.where(steps.mask, chosen, xp.zeros_like(chosen)), axis=1)

    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        """(n,) ℓ."""
        return -(rows.features @ case.theta) - case.b - self.log_q(case, rows)

    def discriminator_probability(self, case: Any, rows: Any) -> Any:
        """(n,) D."""
        return _sigmoid(case.theta.__array_namespace__(), self.discriminator_logit(case, rows))

    def discriminator_loss(self, case: Any) -> Any:
        """L_D."""
        xp = case.theta.__array_namespace__()
        expert = _softplus(xp, -self.discriminator_logit(case, case.expert))
        generator = _softplus(xp, self.discriminator_logit(case, case.generator))
        return self.mean(case.expert, expert) + self.mean(case.generator, generator)

    def mean(self, rows: Any, values: Any) -> Any:
        """Σ w y/Σ w."""
        xp = values.__array_namespace__()
        return xp.sum(rows.weight * values) / xp.sum(rows.weight)

    def discriminator_gradient(self, case: Any) -> Gradient:
        """∂L_D, from ∂ℓ/∂θ = −φ and ∂ℓ/∂b = −1."""
        xp = case.theta.__array_namespace__()
        in_theta, in_b = 0, 0
        for rows, sign in ((case.expert, 1), (case.generator, -1)):
            logit = self.discriminator_logit(case, rows)
            slope = sign * rows.weight / xp.sum(rows.weight) * _sigmoid(xp, -sign * logit)
            in_theta, in_b = in_theta + slope @ rows.features, in_b + xp.sum(slope)
        return Gradient(in_theta, in_b)

    def generator_reward(self, case: Any, rows: Any) -> Any:
        """(n,) ℓ."""
        return self.discriminator_logit(case, rows)

    def generator_loss(self, case: Any) -> Any:
        """−E_q[ℓ]."""
        return -self.mean(case.generator, self.generator_reward(case, case.generator))


@SHELF.right(
    "array-api-standard",
    "Nothing beyond the array API: flat tables, take, where",
    "table[s·A + a] of a flat table is table[s, a], and Σ w y/Σ w is the mean.",
)
class _Strict(Standard):
    pass


VARIANTS = tuple(SHELF.variants)
