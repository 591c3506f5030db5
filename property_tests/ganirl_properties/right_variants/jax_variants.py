"""Right variants in JAX: compiled, mapped over rows, and the standard's own form."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ganirl import Conventions, Gradient

from .array_api import Standard
from .variant import Shelf

SHELF = Shelf("jax", ("float64", "float32", "bfloat16"))


@SHELF.right(
    "jax-array-api-standard",
    "The form for any array library",
    "table[s·A + a] of a flat table is table[s, a], and Σ w y/Σ w is the mean.",
)
class _Standard(Standard):
    pass


class _Differentiated(Standard):
    """Its gradients are those that JAX finds."""

    hidden: ClassVar[tuple[str, ...]] = ("discriminator_gradient",)


def _logit(features: Any, log_q: Any, theta: Any, b: Any) -> Any:
    return -(features @ theta) - b - log_q


_compiled_logit = jax.jit(_logit)


@SHELF.right(
    "jax-compiled", "The logit is compiled by jit", "XLA fuses and reorders; sums do not know their order."
)
class _Compiled(_Differentiated):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        log_q = jax.lax.stop_gradient(self.log_q(case, rows))
        return _compiled_logit(rows.features, log_q, case.theta, case.b)


@SHELF.right(
    "jax-row-by-row-by-vmap",
    "The loss of one row, mapped over rows, with log_sigmoid",
    "ℓ of a row depends on that row alone, and a mean of maps is a map's mean.",
)
class _Mapped(_Differentiated):
    def discriminator_logit(self, case: Any, rows: Any) -> Any:
        def of_row(features: Any, log_q: Any) -> Any:
            return -jnp.dot(features, case.theta) - case.b - log_q

        return jax.vmap(of_row)(rows.features, jax.lax.stop_gradient(self.log_q(case, rows)))

    def discriminator_loss(self, case: Any) -> Any:
        expert = -jax.nn.log_sigmoid(self.discriminator_logit(case, case.expert))
        generator = -jax.nn.log_sigmoid(-self.discriminator_logit(case, case.generator))
        return self.mean(case.expert, expert) + self.mean(case.generator, generator)


@SHELF.right(
    "jax-value-and-grad",
    "∂L_D by jax.grad of its own, with log_softmax for log π",
    "log softmax(x)_a = x_a − log Σ e^x; a derivative is a derivative whoever takes it.",
)
class _OwnGradient(Standard):
    conventions: ClassVar[Conventions] = Conventions(log_q="computed", weights=True)

    def log_q(self, case: Any, rows: Any) -> Any:
        log_pi = jax.nn.log_softmax(case.policy_logits, axis=1)[rows.steps.state, rows.steps.action]
        return jnp.where(rows.steps.mask, log_pi, 0).sum(axis=1)

    def discriminator_gradient(self, case: Any) -> Gradient:
        def loss(theta: Any, b: Any) -> Any:
            total = 0.0
            for rows, sign in ((case.expert, 1), (case.generator, -1)):
                logit = -(rows.features @ theta) - b - self.log_q(case, rows)
                total = total - self.mean(rows, jax.nn.log_sigmoid(sign * logit))
            return total

        return Gradient(*jax.grad(loss, argnums=(0, 1))(case.theta, case.b))


VARIANTS = tuple(SHELF.variants)
