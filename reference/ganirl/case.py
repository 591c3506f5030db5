"""What an implementation is handed: two batches of rows at one θ and one b, exact in the format under test.

Every number that a case gives (θ, b, policy logits, features, weights) is exact in the case's format, so that
rounding the input is never mistaken for an error of the code. Arrays are NumPy's in the reference, and those of
the implementation's own framework once they are handed over; shapes are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .precision import PRECISIONS, Precision
from .process import Process

Unit = Literal["trajectory", "transition", "process"]


@dataclass(frozen=True)
class Steps:
    """The steps of n trajectories, padded to T; a transition is a trajectory of one step.

    Attributes
    ----------
    state, action, next_state : (n, T) integers
    done : (n, T) booleans, true where the step ends its trajectory by entering the absorbing end
    mask : (n, T) booleans, true where the step exists; padding holds state 0, action 0, features 0
    features : (n, T, d), φ of each step; a row's features are their sum
    """

    state: Any
    action: Any
    next_state: Any
    done: Any
    mask: Any
    features: Any


@dataclass(frozen=True)
class Rows:
    """One side of a batch: n trajectories (or transitions).

    Attributes
    ----------
    features : (n, d); the cost is linear, c = features @ theta
    log_q : (n,), log density of the generator, Σ_t log π(a_t|s_t), dynamics left out (claim H1)
    weight : (n,), sums to one; 1/n each for an implementation that only averages
    steps : the same rows step by step
    """

    features: Any
    log_q: Any
    weight: Any
    steps: Steps

    @property
    def state(self) -> Any:
        """(n,) states of one-step rows."""
        return self._only_step(self.steps.state)

    @property
    def action(self) -> Any:
        """(n,) actions of one-step rows."""
        return self._only_step(self.steps.action)

    @property
    def next_state(self) -> Any:
        """(n,) next states of one-step rows."""
        return self._only_step(self.steps.next_state)

    @property
    def done(self) -> Any:
        """(n,) flags of one-step rows."""
        return self._only_step(self.steps.done)

    def _only_step(self, values: Any) -> Any:
        if values.shape[-1] != 1:
            raise ValueError(
                f"these rows are trajectories of up to {values.shape[-1]} steps: use rows.steps, or declare "
                'Conventions(unit="transition")'
            )
        return values[..., 0]

    def __len__(self) -> int:
        return int(self.features.shape[-2])


@dataclass(frozen=True)
class Case:
    """A batch of expert rows and a batch of generator rows, at one θ and one b.

    Attributes
    ----------
    theta : (d,), parameters of the linear cost
    b : scalar, the parameter that stands for log Z; D = σ(−c − b − log q)
    policy_logits : (S, A), the generator: π(a|s) is the softmax of row s
    expert, generator : the two sides; their sizes differ unless the implementation needs them equal
    precision_name : ``"float64"``, ``"float32"`` or ``"bfloat16"``
    unit : whether a row is a trajectory or a transition; or ``"process"``, for tabular code
    process : what tabular code is to solve at θ; the expert's rows are demonstrations in it, the generator's the same
        again, and b and the policy logits are zero and mean nothing
    seed : below 2³¹, another one for every draw of an observable that is declared as sampled: whoever starts a
        generator with it gets the same verdict again
    """

    theta: Any
    b: Any
    policy_logits: Any
    expert: Rows
    generator: Rows
    precision_name: str
    unit: Unit
    process: Process | None = None
    seed: int = 0

    @property
    def mdp(self) -> Process:
        """The process of a case for tabular code.

        Raises
        ------
        ValueError
            For a case of another unit.
        """
        if self.process is None:
            raise ValueError(
                f'a case of unit "{self.unit}" has no process; declare Conventions(unit="process")'
            )
        return self.process

    @property
    def precision(self) -> Precision:
        """The format under test."""
        return PRECISIONS[self.precision_name]
