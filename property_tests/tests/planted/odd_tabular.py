"""Planted: tabular code that is right, if odd."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl import ProcessConventions

from .tabular import FOR_EVER, ODD, Tabular, odd

__all__ = ["ODD", "LinearDomain"]


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
