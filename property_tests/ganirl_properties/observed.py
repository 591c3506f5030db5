"""What an implementation says about one case, asked at most once, in NumPy and in the paper's conventions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ganirl.framework import Differentiating

from .asking import Array, Asking, NotObservedError, ObservableError, Side

__all__ = ["NotObservedError", "ObservableError", "Observed", "Side"]

# What keeps the policy's parameters out of a loss, by where log q comes from.
_LOG_Q_IS = {"input": "log q is handed to it", "absent": "log q is no part of its discriminator"}


class Observed(Asking):
    """Every observable of one implementation on one case; see `Asking`."""

    def logit(self, side: Side) -> Array:
        """ℓ of a side, (n,), as if D were the probability of the expert."""
        values = self._rows("discriminator_logit", side)
        return values if self.conventions.expert_label == 1 else -values

    def probability(self, side: Side) -> Array:
        """D of a side, (n,), as the probability of the expert."""
        values = self._rows("discriminator_probability", side)
        return values if self.conventions.expert_label == 1 else 1.0 - values

    def reward(self) -> Array:
        """What the policy optimiser is fed for the generator's rows, (n_q,)."""
        return self._rows("generator_reward", "generator")

    def log_partition(self) -> float:
        """Its estimate of log Z."""
        return self._scalar("log_partition")

    def log_q(self, side: Side) -> Array:
        """Its own Σ log π of a side, (n,)."""
        return self._rows("log_q", side)

    def loss(self) -> float:
        """L_D as optimised."""
        return self._scalar("discriminator_loss")

    def generator_loss(self) -> float:
        """L_G."""
        return self._scalar("generator_loss")

    def irl_loss(self) -> float:
        """L_IRL, the loss of guided cost learning."""
        return self._scalar("irl_loss")

    def gradient_theta(self) -> Array:
        """∂_θL_D, (d,)."""
        return self._gradient()[0]

    def gradient_b(self) -> Array:
        """∂_bL_D, a scalar."""
        in_b = self._gradient()[1]
        if in_b is None:
            raise NotObservedError("it has no gradient in b")
        return in_b

    def _gradient(self) -> tuple[Array, Array | None]:
        def take() -> tuple[Array, Array | None]:
            if self.has("discriminator_gradient"):
                result = self._call("discriminator_gradient")
                in_theta, in_b = self._pair(result)
            else:
                taken = self._differentiate("discriminator_loss", ("theta", "b"))
                in_theta, in_b = (np.zeros(self.lanes) if part is None else part for part in taken)
                if taken[0] is None:
                    in_theta = np.zeros(self.case.theta.shape)
                if self.conventions.log_z == "absent":
                    in_b = None
            theta = self._shaped("discriminator_gradient in θ", in_theta, self.case.theta.shape)
            b = (
                None
                if in_b is None
                else self._shaped("discriminator_gradient in b", in_b, self.lanes, column=True)
            )
            return theta, b

        return self._memo("gradient", "", take)

    def _pair(self, result: Any) -> tuple[Any, Any]:
        if not isinstance(result, Sequence) or len(result) != 2:
            raise ObservableError(
                f"discriminator_gradient returned {type(result).__name__}; expected Gradient(theta, b)"
            )
        return result[0], result[1]

    def policy_gradient_of_loss(self) -> Array:
        """∂L_D/∂policy logits as the code sees it, (S, A); zero if the loss does not depend on them."""

        def take() -> Array:
            shape = self.case.policy_logits.shape
            if self.has("discriminator_policy_gradient"):
                result = self._call("discriminator_policy_gradient")
                return (
                    np.zeros(shape) if result is None else self._shaped("its policy gradient", result, shape)
                )
            if self.conventions.log_q != "computed":
                raise NotObservedError(
                    f"{_LOG_Q_IS[self.conventions.log_q]}, so that no policy parameter reaches this loss"
                )
            own = self.has("discriminator_gradient")
            unseen = NotObservedError(
                "discriminator_gradient says nothing about the policy; "
                "discriminator_policy_gradient would show what of the loss reaches it"
            )
            # A value without a graph is trained in what its library differentiates it in, and that is said already.
            if own and isinstance(self.framework, Differentiating):
                raise unseen
            # With θ beside it: a loss that does not see the policy is as it should be, not one whose graph is cut.
            try:
                _, taken = self._differentiate("discriminator_loss", ("theta", "policy_logits"))
            except NotObservedError:
                if not own:
                    raise
                raise unseen from None
            return np.zeros(shape) if taken is None else taken

        return self._memo("policy_gradient_of_loss", "", take)

    def irl_gradient(self) -> Array:
        """∂_θ of the guided-cost-learning loss, (d,)."""

        def take() -> Array:
            if self.has("irl_gradient"):
                return self._shaped("irl_gradient", self._call("irl_gradient"), self.case.theta.shape)
            (taken,) = self._differentiate("irl_loss", ("theta",))
            return np.zeros(self.case.theta.shape) if taken is None else taken

        return self._memo("irl_gradient", "", take)

    def generator_gradient(self) -> Array:
        """Return the gradient of the generator's loss in the policy logits, (S, A)."""

        def take() -> Array:
            shape = self.case.policy_logits.shape
            if self.has("generator_gradient"):
                return self._shaped("generator_gradient", self._call("generator_gradient"), shape)
            (taken,) = self._differentiate("policy_loss", ("policy_logits",))
            return np.zeros(shape) if taken is None else taken

        return self._memo("generator_gradient", "", take)

    # --- of tabular code ------------------------------------------------------------------------------------

    def soft_values(self) -> Array:
        """V, (T, S) or (T + 1, S), as it gives them; (1, S) where there is no limit."""
        process = self.case.mdp
        if self.conventions.of_process.horizon != "fixed":
            return self._array("soft_values", (process.states,))[None]
        shape = (process.horizon, process.states)
        return self._array("soft_values", shape, (process.horizon + 1, process.states))

    def policy(self) -> Array:
        """π, (T, S, A); (1, S, A) where there is no limit."""
        process = self.case.mdp
        shape = (process.states, process.actions)
        if self.conventions.of_process.horizon != "fixed":
            return self._array("policy", shape)[None]
        return self._array("policy", (process.horizon, *shape))

    def occupancy(self) -> Array:
        """Visits along the declared axes, at the declared scale."""
        process, of = self.case.mdp, self.conventions.of_process
        steps = process.horizon + (of.visits == "states")
        sizes = {"t": steps, "s": process.states, "a": process.actions}
        shape = tuple(sizes[axis] for axis in of.occupancy_axes)
        try:
            return self._array("occupancy", shape)
        except ObservableError as unfit:
            if (
                of.occupancy_axes == "ts"
                and of.visits == "steps"
                and str((steps + 1, *shape[1:])) in str(unfit)
            ):
                mend = 'it counts the state after the last step: declare ProcessConventions(visits="states")'
                raise ObservableError(f"{unfit}; {mend}") from unfit
            raise

    def demonstration_loss(self) -> float:
        """What its demonstration gradient is meant to be the gradient of."""
        return self._scalar("demonstration_loss")

    def demonstration_gradient(self) -> Array:
        """∂/∂θ of the IRL objective, (d,)."""

        def take() -> Array:
            if self.has("demonstration_gradient"):
                result = self._call("demonstration_gradient")
                return self._shaped("demonstration_gradient", result, self.case.theta.shape)
            (taken,) = self._differentiate("demonstration_loss", ("theta",))
            return np.zeros(self.case.theta.shape) if taken is None else taken

        return self._memo("demonstration_gradient", "", take)
