"""A right little tabular library in NumPy; a variant does one thing of it in another way.

Written from the equations, time step by time step and next state by next state, without the project's solvers.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ganirl import Conventions, ProcessConventions

ENOUGH = 400  # backups where there is no limit


def of_process(process: ProcessConventions, precisions: tuple[str, ...] | None = None) -> Conventions:
    """Return conventions of tabular code."""
    return Conventions(unit="process", process=process, precisions=precisions)


class Tabular:
    """Fixed or discounted horizons, causal entropy unless a subclass backs up otherwise."""

    process: ClassVar[ProcessConventions] = ProcessConventions(discounts=True, occupancy_axes="tsa")
    precisions: ClassVar[tuple[str, ...] | None] = None
    conventions: ClassVar[Conventions] = of_process(process)
    hidden: ClassVar[tuple[str, ...]] = ("demonstration_loss",)

    def __init_subclass__(cls) -> None:
        cls.conventions = of_process(cls.process, cls.precisions)

    # --- nodes ---------------------------------------------------------------------------------------------

    def dynamics(self, case: Any) -> Any:
        """(S, A, S + 1) P."""
        return case.mdp.transition

    def start(self, case: Any) -> Any:
        """(S,) ρ0."""
        return case.mdp.start

    def gamma(self, case: Any) -> Any:
        """γ, in the format at hand."""
        return case.theta.dtype.type(case.mdp.discount)

    def reward(self, case: Any) -> Any:
        """(S, A, S + 1) −φ·θ."""
        return -(case.mdp.features @ case.theta)

    def end(self, left: int, actions: int) -> float:
        """V of the absorbing end."""
        del left, actions
        return 0.0

    def backup(self, case: Any, following: Any) -> Any:
        """Q from V of what comes next, the end's last."""
        expected = self.dynamics(case) * (self.reward(case) + self.gamma(case) * following)
        return np.asarray(expected.sum(axis=2))

    def soft(self, action_values: Any) -> Any:
        """Log Σ_a e^Q."""
        return np.logaddexp.reduce(action_values, axis=-1)

    def choose(self, action_values: Any, values: Any) -> Any:
        """π = e^{Q − V}."""
        return np.exp(action_values - values[:, None])

    # --- passes --------------------------------------------------------------------------------------------

    @property
    def fixed(self) -> bool:
        """Whether there are T steps."""
        return self.process.horizon == "fixed"

    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        """V and π, from the first step on."""
        mdp, dtype = case.mdp, case.theta.dtype
        value, values, policies = np.zeros(mdp.states, dtype), list[Any](), list[Any]()
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
        """(count,) γ^t."""
        return self.gamma(case) ** np.arange(count, dtype=case.theta.dtype)

    # --- observables ---------------------------------------------------------------------------------------

    def log_partition(self, case: Any) -> Any:
        """E_ρ0[V]."""
        return (
            self.start(case) @ self.soft_values(case)[0]
            if self.fixed
            else self.start(case) @ self.soft_values(case)
        )

    def soft_values(self, case: Any) -> Any:
        """(T, S) or (S,) V."""
        values, _ = self.solve(case)
        return np.stack(values) if self.fixed else values[0]

    def policy(self, case: Any) -> Any:
        """(T, S, A) or (S, A) π."""
        _, policies = self.solve(case)
        return np.stack(policies) if self.fixed else policies[0]

    def occupancy(self, case: Any) -> Any:
        """Visits, along the declared axes."""
        visits, _ = self.forward(case)
        if self.process.occupancy_scale == "discounted":
            visits = visits * self.powers(case, len(visits))[:, None, None]
        away = tuple(place for place, axis in enumerate("tsa") if axis not in self.process.occupancy_axes)
        return visits.sum(axis=away)

    def of_steps(self, case: Any) -> Any:
        """φ averaged over what comes next, (S, A, d)."""
        return np.einsum("sax,saxd->sad", case.mdp.transition, case.mdp.features)

    def data(self, case: Any) -> Any:
        """(d,) E_p[Σ γ^t φ]."""
        steps = case.expert.steps
        powers = self.powers(case, steps.mask.shape[1])
        return np.einsum("n,nt,t,ntd->d", case.expert.weight, steps.mask, powers, steps.features)

    def model(self, case: Any) -> Any:
        """(d,) E_model[Σ γ^t φ]."""
        visits, _ = self.forward(case)
        return np.einsum("t,tsa,sad->d", self.powers(case, len(visits)), visits, self.of_steps(case))

    def demonstration_gradient(self, case: Any) -> Any:
        """(d,) E_p[φ] − E_model[φ]."""
        return self.data(case) - self.model(case)

    def demonstration_loss(self, case: Any) -> Any:
        """E_p[c] + V."""
        return self.data(case) @ case.theta + self.log_partition(case)
