"""What an implementation says about one case, asked at most once, in NumPy and in the paper's conventions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt

from ganirl import Case, Conventions, Implementation
from ganirl.framework import Differentiating, Framework, Vectorising
from ganirl.lanes import number

from .returned import bundle, unfit

Array = npt.NDArray[np.float64]
T = TypeVar("T")
Side = Literal["expert", "generator"]

# What keeps the policy's parameters out of a loss, by where log q comes from.
_LOG_Q_IS = {"input": "log q is handed to it", "absent": "log q is no part of its discriminator"}


class NotObservedError(Exception):
    """The implementation does not show this; the message says why."""


class ObservableError(Exception):
    """An observable raised, or returned something that is not what it promises; one clear sentence."""


def _words_of(raised: BaseException) -> str:
    """Return the first line of what an exception says; nothing where it cannot even say that."""
    try:
        return next(iter(str(raised).strip().splitlines()), "")
    except Exception:  # what a library raises may fail to be written, too
        return ""


@dataclass
class Observed:
    """One implementation on one case. Values are memoised; shapes (n, 1) are accepted for (n,).

    Of lanes, many cases of one shape at once, every shape has their number in front.

    Raises
    ------
    NotObservedError
        If the implementation lacks an observable, or a gradient cannot be taken.
    ObservableError
        If the adapter raised, or returned a wrong shape.
    """

    implementation: Implementation
    framework: Framework
    case: Case
    device: str
    _values: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    def has(self, *observables: str) -> bool:
        """Whether every one of these is there."""
        return all(callable(getattr(self.implementation, name, None)) for name in observables)

    @property
    def lanes(self) -> tuple[int, ...]:
        """(L,) of L cases at once, () of one."""
        return np.shape(self.case.b)

    @property
    def conventions(self) -> Conventions:
        """The declared conventions."""
        return self.implementation.conventions

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

    # --- asking ---------------------------------------------------------------------------------------------

    def _memo(self, name: str, side: str, take: Callable[[], T]) -> T:
        key = (name, side)
        if key not in self._values:
            self._values[key] = take()
        return cast(T, self._values[key])

    def _handed(self) -> Case:
        """A fresh conversion for every call, so that code that writes into its input cannot spoil the next."""
        return self.framework.case(self.case, self.device)

    def _call(self, name: str, case: Case | None = None, side: Side | None = None) -> Any:
        if not self.has(name):
            raise NotObservedError(f"it has no {name}")
        case = case or self._handed()
        try:
            return self._asked(partial(self._ask, name, side), case)
        except (NotObservedError, ObservableError, KeyboardInterrupt):
            raise
        except BaseException as raised:  # an adapter that exits must not take the verdict with it
            message = _words_of(raised)
            said = f": {message}" if message else ""
            raise ObservableError(
                f"{name} raised {type(raised).__name__}{said}{self._hint(said)}"
            ) from raised

    def _ask(self, name: str, side: Side | None, case: Case) -> Any:
        arguments = (case,) if side is None else (case, getattr(case, side))
        return getattr(self.implementation, name)(*arguments)

    def _asked(self, ask: Callable[[Case], Any], case: Case) -> Any:
        if not self.lanes:
            return ask(case)
        if not isinstance(self.framework, Vectorising):
            raise NotObservedError(f"{self.framework.name} asks for one problem at a time")
        return self.framework.over_lanes(ask, case)

    def _hint(self, said: str) -> str:
        """Return the mend of what code in one format, or for one problem at a time, meets first."""
        if getattr(self.implementation, "lanes", False) and self.framework.name == "numpy":
            return (
                "; with lanes = True an array may have an axis more in front, or none: x[..., None], x.mean(-1) and "
                'einsum("...nd,...d->...n") serve both; take `lanes` out if it is for one problem at a time'
            )
        if self.lanes:
            return "; it was asked about many problems at once: take `lanes` out if it is for one at a time"
        if self.case.precision_name == "float32" or not re.search(
            r"dtype|double|bfloat16", said, re.IGNORECASE
        ):
            return ""
        return '; if the code is float32 alone, declare Conventions(precisions=("float32",))'

    def _rows(self, name: str, side: Side) -> Array:
        def take() -> Array:
            rows = np.shape(getattr(self.case, side).log_q)
            return self._shaped(name, self._call(name, side=side), rows, column=True)

        return self._memo(name, side, take)

    def _array(self, name: str, shape: tuple[int, ...], other: tuple[int, ...] | None = None) -> Array:
        return self._memo(name, "", lambda: self._shaped(name, self._call(name), shape, other=other))

    def _scalar(self, name: str) -> float:
        return number(
            self._memo(name, "", lambda: self._shaped(name, self._call(name), self.lanes, column=True))
        )

    def _shaped(
        self,
        name: str,
        value: Any,
        shape: tuple[int, ...],
        *,
        column: bool = False,
        other: tuple[int, ...] | None = None,
    ) -> Array:
        said = unfit(value, shape)
        if said is not None:
            raise ObservableError(f"{name} {said}")
        try:
            array = self.framework.numpy(value)
        except Exception as refusal:  # a meta tensor, say, has its own way to say that it holds no numbers
            said = f"returned {type(value).__name__}, which is no array: {refusal}"
            if isinstance(value, list | tuple):
                said = bundle(value, shape)
            raise ObservableError(f"{name} {said}") from refusal
        if array.shape in (shape, other):
            return array
        if column and shape and array.shape == (*shape, 1):
            return array[..., 0]
        if shape == () and array.size == 1:
            return array.reshape(())
        other = (*shape, 1) if column else other
        wanted = f"{shape or 'one number'}" if other is None else f"{shape} or {other}"
        hint = self._hint("") if self.lanes else ""
        raise ObservableError(f"{name} returned shape {array.shape}; expected {wanted}{hint}")

    def _differentiate(self, name: str, wrt: tuple[str, ...]) -> tuple[Array | None, ...]:
        case = self._handed()
        if self.lanes:
            return self._differentiate_lanes(name, wrt, case)
        taken: tuple[Array | None, ...] | None
        if isinstance(self.framework, Differentiating):
            value, taken = self.framework.differentiated(partial(self._call, name), case, wrt)
            self._values.setdefault((name, ""), self._shaped(name, value, ()))
        else:
            value = self._call(name, case)
            # The value has been computed with its graph: it need not be asked for again.
            self._values.setdefault((name, ""), self._shaped(name, value, ()))
            try:
                taken = self.framework.gradients(value, case, wrt)
            except Exception as raised:
                raise ObservableError(
                    f"differentiating {name} raised {type(raised).__name__}: {_words_of(raised)}"
                ) from raised
        if taken is None and not hasattr(
            value, "requires_grad"
        ):  # a number, or an array that carries no graph
            raise NotObservedError(f"{name} cannot be differentiated here, and the adapter gives no gradient")
        if taken is None or all(part is None for part in taken):
            fields = " or ".join(f"case.{field}" for field in wrt)
            raise ObservableError(
                f"no gradient of {name} reaches {fields}: its graph is cut by detach(), no_grad(), or by wrapping the "
                f"case's tensor anew, as nn.Parameter({fields.split()[0]}) does; "
                "return float(…) if only its value is meant"
            )
        return taken

    def _differentiate_lanes(self, name: str, wrt: tuple[str, ...], case: Case) -> tuple[Array | None, ...]:
        """Differentiate the sum over lanes: as no lane knows of another, that is, lane by lane, the slope of each."""
        taken: tuple[Array | None, ...] | None
        try:
            if isinstance(self.framework, Differentiating):

                def total(of: Case) -> Any:
                    values = self._call(name, of)
                    return values.sum() if hasattr(values, "sum") else values

                _, taken = self.framework.differentiated(total, case, wrt)
            else:
                values = self._call(name, case)
                self._values.setdefault((name, ""), self._shaped(name, values, self.lanes, column=True))
                taken = self.framework.gradients(values.sum(), case, wrt) if hasattr(values, "sum") else None
        except (NotObservedError, ObservableError):
            raise
        except Exception as raised:
            raise ObservableError(
                f"differentiating {name} raised {type(raised).__name__}: {_words_of(raised)}{self._hint('')}"
            ) from raised
        if taken is None or all(part is None for part in taken):
            raise NotObservedError(f"{name} cannot be differentiated many problems at a time")
        return taken
