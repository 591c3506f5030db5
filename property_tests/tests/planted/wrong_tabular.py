"""Planted: wrong tabular code."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl import ProcessConventions

from .tabular import FOR_EVER, OF_TRAJECTORIES, ON_STATES, WRONG, Tabular, log, logsumexp, wrong

__all__ = ["WRONG"]


@wrong("H12", diagnosis="trajectory-backup")
class RiskSeeking(Tabular):
    def backup(self, case: Any, following: Any) -> Any:
        return logsumexp(log(self.dynamics(case)) + self.reward(case) + self.gamma(case) * following, axis=2)


@wrong("H12", diagnosis="trajectory-backup")
class RiskSeekingForEver(RiskSeeking):
    process = FOR_EVER


@wrong("H12", diagnosis="causal-backup")
class CausalForTrajectories(Tabular):
    process = OF_TRAJECTORIES

    def log_partition(self, case: Any) -> Any:
        return logsumexp(log(self.start(case)) + self.soft_values(case)[0], axis=0)


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
        return logsumexp(log(1.0 * (self.dynamics(case) > 0)) + self.reward(case) + following, axis=2)

    def log_partition(self, case: Any) -> Any:
        return logsumexp(log(self.start(case)) + self.soft_values(case)[0], axis=0)


@wrong("H12", diagnosis="policy-over-states")
class PolicyOverStates(Tabular):
    def choose(self, action_values: Any, values: Any) -> Any:
        del values
        return np.exp(action_values - logsumexp(action_values, axis=0, keepdims=True))


@wrong("D1", diagnosis="policy-untilted")
class VisitsOfThePolicy(Tabular):
    process = OF_TRAJECTORIES

    def backup(self, case: Any, following: Any) -> Any:
        return logsumexp(log(self.dynamics(case)) + self.reward(case) + following, axis=2)

    def log_partition(self, case: Any) -> Any:
        return logsumexp(log(self.start(case)) + self.soft_values(case)[0], axis=0)


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
