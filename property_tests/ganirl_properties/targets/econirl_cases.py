"""What the adapters of econirl share: a case laid out as the tables that the library works on.

econirl is tabular: rewards, costs and policies are arrays over states and actions, and a batch is state and
action numbers. Here every step of a case is a state of its own, with the step's features, and with the policy
of the state that it stands for; so features may depend on the next state, of which the library knows nothing.
Importing econirl switches JAX to float64 for the whole process (``econirl._jax_config``).
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from importlib.metadata import version
from typing import Any, Literal, NamedTuple, TypeVar
from unittest import mock

import econirl  # noqa: F401  (switches JAX to float64 before any array is made)
import jax.numpy as jnp
import numpy as np
import optax
from econirl.core.bellman import SoftBellmanOperator
from econirl.core.types import DDCProblem, Trajectory

from ganirl import Case, Rows

Array = np.ndarray[Any, Any]
Side = Literal["expert", "generator"]
T = TypeVar("T")


def once_a_case(asked: Callable[..., T]) -> Callable[..., T]:
    """Keep the last answer of a function (or method) of a case: several observables come from one run of the library.

    Whoever asks hands over a fresh copy each time, so that cases are told apart by what is in them.
    """
    last: list[tuple[tuple[Any, ...], bytes, T]] = []

    @wraps(asked)
    def kept(*given: Any) -> T:
        *of, case = given
        content = pickle.dumps(case)
        if not last or last[0][:2] != (tuple(of), content):
            last[:] = [(tuple(of), content, asked(*given))]
        return last[0][2]

    return kept


class Tables(NamedTuple):
    """A case as econirl is handed it: N states, one for each step, A actions. Arrays are JAX's.

    Attributes
    ----------
    features : (N, A, d'), a step's φ whatever the action, and a constant 1 on the first step of a row
    weights : (d',), −θ and −b: rewards are features @ weights
    policy : (N, A), π by the library's own softmax
    action : (N,) the action of each step, NumPy's
    lengths : of the rows of each side; the states of the expert's rows come first
    size : d; of d' = d + 1 and more, the constant is number d, and what follows is 0
    """

    features: Any
    weights: Any
    policy: Any
    action: Array
    lengths: Mapping[Side, Array]
    size: int

    def batch(self, side: Side) -> tuple[Any, Any]:
        """(n,) states and (n,) actions of the transitions of a side."""
        states = self._states(side)
        return jnp.asarray(states), jnp.asarray(self.action[states])

    def trajectories(self, side: Side) -> list[Trajectory]:
        """Return the rows of a side."""
        ends = np.cumsum(self.lengths[side])[:-1]
        return [
            Trajectory(*map(jnp.asarray, (own, self.action[own], own)))
            for own in np.split(self._states(side), ends)
        ]

    @property
    def every(self) -> tuple[Any, Any]:
        """(N,) states and (N,) actions of all there are: what is said of each row alone is asked in one shape."""
        return jnp.asarray(np.arange(len(self.action))), jnp.asarray(self.action)

    def of_rows(self, values: Any, side: Side) -> Array:
        """(n,) the entries of (N,) values, or of an (N, A) table, at the transitions of a side."""
        states, found = self._states(side), np.asarray(values)
        taken: Array = found[states] if found.ndim == 1 else found[states, self.action[states]]
        return taken

    def _states(self, side: Side) -> Array:
        expert, generator = self.lengths["expert"].sum(), self.lengths["generator"].sum()
        return np.arange(expert) if side == "expert" else expert + np.arange(generator)

    @property
    def problem(self) -> DDCProblem:
        """N states and A actions, without a future."""
        return DDCProblem(*self.features.shape[:2], discount_factor=0.0)

    @property
    def still(self) -> Any:
        """(A, N, N) transitions of a process in which nobody moves."""
        states, actions, _ = self.features.shape
        one = np.eye(states, dtype=self.features.dtype)
        return jnp.asarray(np.broadcast_to(one, (actions, states, states)))

    @property
    def nothing(self) -> Any:
        """(N,) zeros: a potential or values that play no part."""
        return jnp.asarray(np.zeros(self.features.shape[0], dtype=self.features.dtype))


def side_of(case: Case, rows: Rows) -> Side:
    """Return whose rows these are."""
    return "expert" if rows is case.expert else "generator"


@once_a_case
def tables(case: Case) -> Tables:
    """Lay a case out: first the expert's steps, then the generator's."""
    sides = (case.expert.steps, case.generator.steps)
    masks = [np.asarray(steps.mask) for steps in sides]
    state, action, phi, first = (
        np.concatenate([values[mask] for values, mask in zip(both, masks, strict=True)])
        for both in (
            [steps.state for steps in sides],
            [steps.action for steps in sides],
            [steps.features for steps in sides],
            [np.broadcast_to(np.arange(mask.shape[1]) == 0, mask.shape) for mask in masks],
        )
    )
    count, size = phi.shape
    # JAX compiles every operation anew for every shape: of the shapes that do not matter there are few.
    states, actions, wide = _room(count, 128), _room(case.policy_logits.shape[1], 8), _room(size + 1, 8)
    features = np.zeros((states, actions, wide), dtype=phi.dtype)
    features[:count, :, :size] = phi[:, None]
    features[:count, :, size] = first[:, None]
    weights = np.zeros(wide, dtype=phi.dtype)
    weights[: size + 1] = -np.append(case.theta, case.b)
    policy = np.zeros((states, actions), dtype=phi.dtype)
    policy[:count] = _policy(case)[state][:, :actions]
    expert, generator = (mask.sum(axis=1) for mask in masks)
    return Tables(
        jnp.asarray(features),
        jnp.asarray(weights),
        jnp.asarray(policy),
        np.pad(action, (0, states - count)),
        {"expert": expert, "generator": generator},
        size,
    )


def _room(count: int, least: int) -> int:
    return max(least, 1 << (count - 1).bit_length())


def _policy(case: Case) -> Array:
    """(S', A'), the softmax of the policy logits, as the library takes it of action values."""
    given = np.asarray(case.policy_logits)
    states, actions = (_room(count, 8) for count in given.shape)
    values = np.full((states, actions), -np.inf, dtype=given.dtype)  # −∞: what cannot be chosen
    values[:, 0] = 0.0
    values[: given.shape[0], : given.shape[1]] = given
    nowhere, nothing = np.zeros((actions, states, states), given.dtype), np.zeros(states, given.dtype)
    operator = SoftBellmanOperator(DDCProblem(states, actions, discount_factor=0.0), jnp.asarray(nowhere))
    return np.asarray(operator.apply(jnp.asarray(values), jnp.asarray(nothing)).policy)


@contextmanager
def recorded_gradients() -> Iterator[list[Any]]:
    """Hand the library an optimiser that keeps the gradients that reach it and takes no step.

    The estimators make their optimiser themselves, by ``optax.adam``, whose steps hide the gradient's size.
    """
    found: list[Any] = []

    def keep(gradients: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        del params
        found.append(gradients)
        return optax.tree.zeros_like(gradients), state

    optimiser = optax.GradientTransformation(lambda params: optax.EmptyState(), keep)
    with mock.patch.object(optax, "adam", return_value=optimiser):
        yield found


class SeenEnough(Exception):  # noqa: N818  (no error: a way out of a fit)
    """What was asked for has been seen, and may be handed over; the rest of the fit would only take time."""

    def __init__(self, value: Any = None) -> None:
        super().__init__()
        self.value = value


def versions() -> Mapping[str, str]:
    """Versions of what the adapters run."""
    return {library: version(library) for library in ("econirl", "jax")}
