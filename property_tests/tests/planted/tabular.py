"""A right little tabular library in NumPy; planted code overrides a method of it.

Written from the equations, time step by time step and next state by next state, without the project's solvers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ganirl import Conventions, Implementation, ProcessConventions, wrap

logsumexp = np.logaddexp.reduce
NAMES = (
    *("log_partition", "soft_values", "policy", "occupancy"),
    *("demonstration_gradient", "demonstration_loss"),
)
ENOUGH = 400  # backups where there is no limit


class Tabular:
    """Fixed or discounted horizons, causal entropy unless a subclass backs up otherwise."""

    process: ClassVar[ProcessConventions] = ProcessConventions(discounts=True, occupancy_axes="tsa")
    precisions: ClassVar[tuple[str, ...] | None] = None
    hidden: ClassVar[tuple[str, ...]] = ("demonstration_loss",)

    # --- nodes ---------------------------------------------------------------------------------------------

    def dynamics(self, case: Any) -> Any:
        return case.mdp.transition

    def start(self, case: Any) -> Any:
        return case.mdp.start

    def gamma(self, case: Any) -> Any:
        return case.theta.dtype.type(case.mdp.discount)

    def reward(self, case: Any) -> Any:
        return -(case.mdp.features @ case.theta)

    def end(self, left: int, actions: int) -> float:
        del left, actions
        return 0.0

    def backup(self, case: Any, following: Any) -> Any:
        """Q from V of what comes next, the end's last."""
        expected = self.dynamics(case) * (self.reward(case) + self.gamma(case) * following)
        return np.asarray(expected.sum(axis=2))

    def soft(self, action_values: Any) -> Any:
        return logsumexp(action_values, axis=-1)

    def choose(self, action_values: Any, values: Any) -> Any:
        return np.exp(action_values - values[:, None])

    # --- passes --------------------------------------------------------------------------------------------

    @property
    def fixed(self) -> bool:
        return self.process.horizon == "fixed"

    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        """V and π, from the first step on."""
        mdp, dtype = case.mdp, case.theta.dtype
        value, values, policies = np.zeros(mdp.states, dtype), [], []
        for left in range(mdp.horizon if self.fixed else ENOUGH):
            action_values = self.backup(case, np.append(value, dtype.type(self.end(left, mdp.actions))))
            before, value = value, self.soft(action_values)
            values.insert(0, value)
            policies.insert(0, self.choose(action_values, value))
            if not self.fixed and (value == before).all():
                break
        return values, policies

    def forward(self, case: Any) -> tuple[Any, Any]:
        """Visits (T, S, A) and the state after the last step; without a limit, enough steps to count them all."""
        _, policies = self.solve(case)
        steps = policies if self.fixed else policies[:1] * ENOUGH
        there, found = self.start(case), []
        for policy in steps:
            found.append(there[:, None] * policy)
            there = np.einsum("sa,sax->x", found[-1], self.dynamics(case)[:, :, : case.mdp.states])
        return np.stack(found), there

    def powers(self, case: Any, count: int) -> Any:
        return self.gamma(case) ** np.arange(count, dtype=case.theta.dtype)

    # --- observables ---------------------------------------------------------------------------------------

    def log_partition(self, case: Any) -> Any:
        return (
            self.start(case) @ self.soft_values(case)[0]
            if self.fixed
            else self.start(case) @ self.soft_values(case)
        )

    def soft_values(self, case: Any) -> Any:
        values, _ = self.solve(case)
        return np.stack(values) if self.fixed else values[0]

    def policy(self, case: Any) -> Any:
        _, policies = self.solve(case)
        return np.stack(policies) if self.fixed else policies[0]

    def occupancy(self, case: Any) -> Any:
        visits, _ = self.forward(case)
        if self.process.occupancy_scale == "discounted":
            visits = visits * self.powers(case, len(visits))[:, None, None]
        away = tuple(place for place, axis in enumerate("tsa") if axis not in self.process.occupancy_axes)
        return visits.sum(axis=away)

    def of_steps(self, case: Any) -> Any:
        """φ averaged over what comes next, (S, A, d)."""
        return np.einsum("sax,saxd->sad", case.mdp.transition, case.mdp.features)

    def data(self, case: Any) -> Any:
        steps = case.expert.steps
        powers = self.powers(case, steps.mask.shape[1])
        return np.einsum("n,nt,t,ntd->d", case.expert.weight, steps.mask, powers, steps.features)

    def model(self, case: Any) -> Any:
        visits, _ = self.forward(case)
        return np.einsum("t,tsa,sad->d", self.powers(case, len(visits)), visits, self.of_steps(case))

    def demonstration_gradient(self, case: Any) -> Any:
        return self.data(case) - self.model(case)

    def demonstration_loss(self, case: Any) -> Any:
        return self.data(case) @ case.theta + self.log_partition(case)


@dataclass(frozen=True)
class PlantedProcess:
    """A wrong tabular library: claims that must be violated, and the formula to be named for the first."""

    make: Callable[[], Implementation]
    roots: tuple[str, ...]
    diagnosis: str | None


WRONG: dict[str, PlantedProcess] = {}
ODD: dict[str, Callable[[], Implementation]] = {}


def implementation(author: type[Tabular]) -> Implementation:
    library = author()
    return wrap(
        name=author.__name__,
        conventions=Conventions(unit="process", process=author.process, precisions=author.precisions),
        **{name: getattr(library, name) for name in NAMES if name not in author.hidden},
    )


def wrong(*roots: str, diagnosis: str | None) -> Callable[[type[Tabular]], type[Tabular]]:
    def register(author: type[Tabular]) -> type[Tabular]:
        WRONG[author.__name__] = PlantedProcess(lambda: implementation(author), roots, diagnosis)
        return author

    return register


def odd(author: type[Tabular]) -> type[Tabular]:
    ODD[author.__name__] = lambda: implementation(author)
    return author


ON_STATES = ProcessConventions(discounts=True, rewards_on="state", occupancy_axes="ts")
SUMMED_STATES = ProcessConventions(rewards_on="state", occupancy_axes="s")
FOR_EVER = ProcessConventions(horizon="discounted", occupancy_axes="sa", occupancy_scale="discounted")
OF_TRAJECTORIES = ProcessConventions(entropy="trajectory", rewards_on="state_action")


def log(values: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(values)
