"""A right little tabular library in NumPy, wrong ones that override a method of it, and right but odd ones.

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


def _log(values: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(values)


# --- wrong ------------------------------------------------------------------------------------------------


@wrong("H12", diagnosis="trajectory-backup")
class RiskSeeking(Tabular):
    def backup(self, case: Any, following: Any) -> Any:
        return logsumexp(_log(self.dynamics(case)) + self.reward(case) + self.gamma(case) * following, axis=2)


@wrong("H12", diagnosis="trajectory-backup")
class RiskSeekingForEver(RiskSeeking):
    process = FOR_EVER


@wrong("H12", diagnosis="causal-backup")
class CausalForTrajectories(Tabular):
    process = OF_TRAJECTORIES

    def log_partition(self, case: Any) -> Any:
        return logsumexp(_log(self.start(case)) + self.soft_values(case)[0], axis=0)


@wrong("H12", diagnosis="hard-max")
class HardMax(Tabular):
    def soft(self, action_values: Any) -> Any:
        return action_values.max(axis=-1)

    def choose(self, action_values: Any, values: Any) -> Any:
        del values
        return np.exp(action_values - logsumexp(action_values, axis=-1, keepdims=True))


@wrong("D3", diagnosis="gradient-after-the-last-step")
class CountsOneStateMore(Tabular):
    process = ON_STATES

    def data(self, case: Any) -> Any:
        steps, total = case.expert.steps, 0.0
        for row, weight in enumerate(case.expert.weight):
            length = int(steps.mask[row].sum())
            last = steps.next_state[row, length - 1]
            if last < case.mdp.states:
                total = total + weight * self.gamma(case) ** length * case.mdp.features[last, 0, 0]
        return super().data(case) + total

    def model(self, case: Any) -> Any:
        _, last = self.forward(case)
        return super().model(case) + self.gamma(case) ** case.mdp.horizon * last @ case.mdp.state_features


@wrong("D3", diagnosis="model-after-the-last-step")
class ModelCountsOneStateMore(CountsOneStateMore):
    def data(self, case: Any) -> Any:
        return Tabular.data(self, case)


@wrong("D1", diagnosis="visits-averaged")
class VisitsAveraged(Tabular):
    process = ProcessConventions(occupancy_axes="sa")

    def occupancy(self, case: Any) -> Any:
        return super().occupancy(case) / case.mdp.horizon


@wrong("H12", diagnosis="discount-missing")
class NoDiscount(Tabular):
    def gamma(self, case: Any) -> Any:
        return case.theta.dtype.type(1)


@wrong("H12", diagnosis="discount-twice")
class DiscountTwice(Tabular):
    def backup(self, case: Any, following: Any) -> Any:
        return super().backup(case, self.gamma(case) * following)


@wrong("H12", diagnosis="discount-twice")
class DiscountTwiceForEver(DiscountTwice):
    process = FOR_EVER


@wrong("D3", diagnosis="data-undiscounted")
class DemonstrationsUndiscounted(Tabular):
    def data(self, case: Any) -> Any:
        steps = case.expert.steps
        return np.einsum("n,nt,ntd->d", case.expert.weight, steps.mask, steps.features)


@wrong("H12", diagnosis="reward-of-the-next-state")
class RewardOfTheNextState(Tabular):
    process = ON_STATES

    def reward(self, case: Any) -> Any:
        of_states = -(case.mdp.state_features @ case.theta)
        return np.broadcast_to(np.append(of_states, 0), case.mdp.transition.shape)


@wrong("H12", diagnosis="end-goes-on")
class EndGoesOn(Tabular):
    def end(self, left: int, actions: int) -> float:
        return left * float(np.log(actions))

    def gamma(self, case: Any) -> Any:
        return case.theta.dtype.type(1)

    process = ProcessConventions()


@wrong("D3", diagnosis="gradient-uphill")
class Uphill(Tabular):
    def demonstration_gradient(self, case: Any) -> Any:
        return self.model(case) - self.data(case)


@wrong("D3", diagnosis="data-added-up")
class AddedUp(Tabular):
    def data(self, case: Any) -> Any:
        return len(case.expert) * super().data(case)


@wrong("H12", "D1", diagnosis="start-uniform")
class UniformStart(Tabular):
    def start(self, case: Any) -> Any:
        return np.full(case.mdp.states, 1 / case.mdp.states, dtype=case.theta.dtype)


@wrong("H12", diagnosis="end-dropped")
class EndDropped(Tabular):
    def dynamics(self, case: Any) -> Any:
        live = case.mdp.transition[:, :, :-1]
        total = live.sum(axis=2, keepdims=True)
        kept = np.where(total > 0, live / np.where(total > 0, total, 1), 0)
        return np.concatenate([kept, total == 0], axis=2)

    def of_steps(self, case: Any) -> Any:
        return np.einsum("sax,saxd->sad", self.dynamics(case), case.mdp.features)


@wrong("H12", diagnosis="dynamics-left-out")
class EveryNextStateAlike(Tabular):
    process = OF_TRAJECTORIES
    hidden = ("demonstration_loss", "occupancy", "demonstration_gradient")

    def backup(self, case: Any, following: Any) -> Any:
        return logsumexp(_log(1.0 * (self.dynamics(case) > 0)) + self.reward(case) + following, axis=2)

    def log_partition(self, case: Any) -> Any:
        return logsumexp(_log(self.start(case)) + self.soft_values(case)[0], axis=0)


@wrong("H12", diagnosis="policy-over-states")
class PolicyOverStates(Tabular):
    def choose(self, action_values: Any, values: Any) -> Any:
        del values
        return np.exp(action_values - logsumexp(action_values, axis=0, keepdims=True))


@wrong("D1", diagnosis="policy-untilted")
class VisitsOfThePolicy(Tabular):
    process = OF_TRAJECTORIES

    def backup(self, case: Any, following: Any) -> Any:
        return logsumexp(_log(self.dynamics(case)) + self.reward(case) + following, axis=2)

    def log_partition(self, case: Any) -> Any:
        return logsumexp(_log(self.start(case)) + self.soft_values(case)[0], axis=0)


# --- two errors in one number -------------------------------------------------------------------------------


@wrong("D3", diagnosis="model-after-the-last-step + data-undiscounted")
class TwoErrorsInOneGradient(CountsOneStateMore):
    def data(self, case: Any) -> Any:
        steps = case.expert.steps
        return np.einsum("n,nt,ntd->d", case.expert.weight, steps.mask, steps.features)


# --- wrong in itself, with a formula that nobody knows -------------------------------------------------------


@wrong("D3", diagnosis=None)
class GradientOfAnotherObjective(Tabular):
    hidden = ()

    def demonstration_gradient(self, case: Any) -> Any:
        return super().demonstration_gradient(case) * case.theta.dtype.type(1.25)


# --- right, if odd -----------------------------------------------------------------------------------------


@odd
class Plain(Tabular):
    """As it is."""


@odd
class ForEver(Tabular):
    process = FOR_EVER


@odd
class WithTheRowAtTheEnd(Tabular):
    """Values (T + 1, S), the last row zero."""

    def soft_values(self, case: Any) -> Any:
        values = super().soft_values(case)
        return np.concatenate([values, np.zeros_like(values[:1])])


@odd
class LinearDomain(Tabular):
    """Trajectory entropy by products of e^{−c}, scaled at every step, forward and backward."""

    process = ProcessConventions(entropy="trajectory", rewards_on="state_action", occupancy_axes="tsa")

    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        mdp = case.mdp
        step = mdp.transition * np.exp(self.reward(case))
        mass, scale = np.ones(mdp.states, case.theta.dtype), case.theta.dtype.type(0)
        values, policies = [], []
        for left in range(mdp.horizon):
            ends = np.exp(-scale)
            of_action = step @ np.append(mass, ends)
            del left
            total = of_action.sum(axis=1)
            policies.insert(0, of_action / total[:, None])
            largest = total.max()
            mass, scale = total / largest, scale + np.log(largest)
            values.insert(0, np.log(mass) + scale)
        return values, policies

    def log_partition(self, case: Any) -> Any:
        return np.log(self.start(case) @ np.exp(self.soft_values(case)[0]))

    def joint(self, case: Any) -> Any:
        """Visits (T, S, A, S + 1), forward masses times backward ones over Z."""
        mdp = case.mdp
        step = mdp.transition * np.exp(self.reward(case))
        backward = np.exp(np.append(self.soft_values(case), np.zeros((1, mdp.states)), axis=0))
        backward = np.append(backward, np.ones((len(backward), 1)), axis=1)
        there, found = self.start(case), []
        for time in range(mdp.horizon):
            found.append(there[:, None, None] * step * backward[time + 1] / np.exp(self.log_partition(case)))
            there = np.einsum("s,sax->x", there, step[:, :, :-1])
        return np.stack(found).astype(case.theta.dtype)

    def occupancy(self, case: Any) -> Any:
        return self.joint(case).sum(axis=3)

    def model(self, case: Any) -> Any:
        return np.einsum("tsax,saxd->d", self.joint(case), case.mdp.features)


@odd
class OtherOrder(Tabular):
    """Sums from the last term to the first, and r̄ + γ E[V] apart."""

    def backup(self, case: Any, following: Any) -> Any:
        dynamics = self.dynamics(case)
        reward = (dynamics * self.reward(case))[:, :, ::-1].sum(axis=2)
        return reward + self.gamma(case) * (dynamics @ following)

    def soft(self, action_values: Any) -> Any:
        return np.log(np.exp(action_values)[..., ::-1].sum(axis=-1))


@odd
class StatesOnly(Tabular):
    """Rewards on states, visits of states, the one after the last step among them."""

    process = ProcessConventions(rewards_on="state", occupancy_axes="ts", visits="states", ends=False)

    def occupancy(self, case: Any) -> Any:
        visits, last = self.forward(case)
        return np.concatenate([visits.sum(axis=2), last[None]])


@odd
class DoublePrecisionInside(Tabular):
    """Computes in float64 whatever it is handed, and gives that back."""

    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        values, policies = super().solve(case)
        return [value.astype(np.float64) for value in values], [each.astype(np.float64) for each in policies]


@odd
class OfLikelihood(Tabular):
    """Descends −E_p[Σ log π], by differences of it: a fourth-order rule at steps of its own format."""

    process = ProcessConventions(objective="likelihood", occupancy_axes="tsa")
    precisions = ("float64",)
    hidden = ("demonstration_gradient", "occupancy", "log_partition")

    def demonstration_loss(self, case: Any) -> Any:
        steps, log_policy = case.expert.steps, np.log(self.policy(case))
        time = np.arange(steps.mask.shape[1])
        chosen = log_policy[time, steps.state, steps.action]
        return -float((case.expert.weight[:, None] * steps.mask * chosen).sum())


def likelihood_gradient(case: Any) -> Any:
    """−E_p[Σ ∂ log π] by complex steps of a solver that is open to them."""
    mdp, steps = case.mdp, case.expert.steps
    found = []
    for index in range(len(case.theta)):
        theta = case.theta.astype(complex)
        theta[index] += 1e-30j
        value, log_policies = np.zeros(mdp.states + 1, complex), []
        for _ in range(mdp.horizon):
            action_values = (mdp.transition * (value - mdp.features @ theta)).sum(axis=2)
            state_values = np.log(np.exp(action_values).sum(axis=1))
            log_policies.insert(0, action_values - state_values[:, None])
            value = np.append(state_values, 0.0)
        chosen = np.stack(log_policies)[np.arange(steps.mask.shape[1]), steps.state, steps.action]
        found.append(-(case.expert.weight[:, None] * steps.mask * chosen).sum().imag / 1e-30)
    return np.array(found)


OfLikelihood.hidden = ("occupancy", "log_partition")
OfLikelihood.demonstration_gradient = staticmethod(likelihood_gradient)  # type: ignore[method-assign,assignment]
