"""Right variants of tabular code: what rewards depend on, how values are backed up, and what is counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganirl import ProcessConventions

from .tabular_library import ENOUGH, Tabular
from .variant import Shelf

SHELF = Shelf("numpy", ("float64", "float32"))

FOR_EVER = ProcessConventions(horizon="discounted", occupancy_axes="sa", occupancy_scale="discounted")


@SHELF.right(
    "tabular-plain", "Backward in time, as Ziebart writes it", "V = log Σ_a e^Q with Q = E[−c + γV]."
)
class _Plain(Tabular):
    pass


@SHELF.right(
    "tabular-for-ever",
    "Backups until nothing changes",
    "The backup contracts by γ < 1: its limit is the one V that is its own backup.",
)
class _ForEver(Tabular):
    process = FOR_EVER


@SHELF.right(
    "tabular-with-the-row-at-the-end",
    "Values have a row more, of zeros",
    "V_T = 0: after the last step there is nothing to come.",
)
class _RowAtTheEnd(Tabular):
    def soft_values(self, case: Any) -> Any:
        values = super().soft_values(case)
        return np.concatenate([values, np.zeros_like(values[:1])])


@SHELF.right(
    "tabular-linear-domain",
    "Trajectory entropy by products of e^{−c}, scaled at every step",
    "e^V is linear in e^V of what comes next, and a scale taken out of it comes back as a logarithm.",
)
class _LinearDomain(Tabular):
    process = ProcessConventions(entropy="trajectory", rewards_on="state_action", occupancy_axes="tsa")

    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        mdp = case.mdp
        step = mdp.transition * np.exp(self.reward(case))
        mass, scale = np.ones(mdp.states, case.theta.dtype), case.theta.dtype.type(0)
        values: list[Any] = []
        policies: list[Any] = []
        for _ in range(mdp.horizon):
            of_action = step @ np.append(mass, np.exp(-scale))
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


@SHELF.right(
    "tabular-other-order",
    "E[r] and γ E[V] apart, sums from the last term to the first",
    "E[r + γV] = E[r] + γ E[V], and sums do not know their order.",
)
class _OtherOrder(Tabular):
    def backup(self, case: Any, following: Any) -> Any:
        dynamics = self.dynamics(case)
        reward = (dynamics * self.reward(case))[:, :, ::-1].sum(axis=2)
        return reward + self.gamma(case) * (dynamics @ following)

    def soft(self, action_values: Any) -> Any:
        peak = action_values.max(axis=-1, keepdims=True)
        return peak[..., 0] + np.log(np.exp(action_values - peak)[..., ::-1].sum(axis=-1))


@SHELF.right(
    "tabular-rewards-of-states",
    "R(s), and visits of states, the one after the last step among them",
    "c(s,a,s′) = c(s) is constant in a and s′; T + 1 states are declared as such.",
)
class _OfStates(Tabular):
    process = ProcessConventions(rewards_on="state", occupancy_axes="ts", visits="states", ends=False)

    def backup(self, case: Any, following: Any) -> Any:
        reward = -(case.mdp.state_features @ case.theta)
        return reward[:, None] + self.dynamics(case) @ following

    def occupancy(self, case: Any) -> Any:
        visits, last = self.forward(case)
        return np.concatenate([visits.sum(axis=2), last[None]])


@SHELF.right(
    "tabular-rewards-of-actions",
    "R(s,a), with visits summed over time",
    "c(s,a,s′) = c(s,a) comes out of the expectation over s′.",
)
class _OfActions(Tabular):
    process = ProcessConventions(rewards_on="state_action", occupancy_axes="sa")

    def backup(self, case: Any, following: Any) -> Any:
        reward = -(case.mdp.action_features @ case.theta)
        return reward + self.dynamics(case) @ following


@SHELF.right(
    "tabular-rewards-of-transitions",
    "R(s,a,s′), looked up for each next state in turn",
    "E_s′[−c(s,a,s′) + γV(s′)] is a sum over s′.",
)
class _OfTransitions(Tabular):
    def backup(self, case: Any, following: Any) -> Any:
        dynamics, reward, gamma = self.dynamics(case), self.reward(case), self.gamma(case)
        total = np.zeros(dynamics.shape[:2], dtype=case.theta.dtype)
        for onward, value in enumerate(following):
            total = total + dynamics[:, :, onward] * (reward[:, :, onward] + gamma * value)
        return total


@SHELF.right(
    "tabular-discounted-visits",
    "A visit at t counts γ^t",
    "ρ_γ(s,a) = Σ_t γ^t P(s_t, a_t), as declared: −∂V/∂c of a discounted cost.",
)
class _DiscountedVisits(Tabular):
    process = ProcessConventions(discounts=True, occupancy_axes="sa", occupancy_scale="discounted")


@SHELF.right(
    "tabular-normalised-visits",
    "Visits sum to one",
    "ρ/Σρ, as declared, is the share of steps spent in (s,a).",
)
class _NormalisedVisits(Tabular):
    process = ProcessConventions(discounts=True, occupancy_axes="sa", occupancy_scale="normalised")

    def occupancy(self, case: Any) -> Any:
        visits = super().occupancy(case)
        return visits / visits.sum()


@SHELF.right(
    "tabular-advantages",
    "π is a softmax of advantages over any baseline of the state",
    "softmax(Q − k(s)) = softmax(Q): k(s) = max Q, say.",
)
class _Advantages(Tabular):
    def choose(self, action_values: Any, values: Any) -> Any:
        del values
        weight = np.exp(action_values - action_values.max(axis=1, keepdims=True))
        return weight / weight.sum(axis=1, keepdims=True)


@SHELF.right(
    "tabular-visits-by-a-linear-system",
    "Visits without a limit solve (1 − γP_πᵀ) ρ = ρ0",
    "Σ_t γ^t (P_πᵀ)^t = (1 − γP_πᵀ)⁻¹ for γ < 1.",
)
class _LinearSystem(Tabular):
    process = FOR_EVER

    def forward(self, case: Any) -> tuple[Any, Any]:
        policy = self.policy(case)
        moves = np.einsum("sa,sax->sx", policy, self.dynamics(case)[:, :, : case.mdp.states])
        system = np.eye(len(moves), dtype=moves.dtype) - self.gamma(case) * moves.T
        return (np.linalg.solve(system, self.start(case))[:, None] * policy)[None], None

    def occupancy(self, case: Any) -> Any:
        visits, _ = self.forward(case)
        return visits[0]


@SHELF.right(
    "tabular-states-one-by-one",
    "Values are overwritten state by state while they are backed up",
    "An asynchronous backup has the same fixed point, and contracts to it.",
)
class _OneByOne(Tabular):
    process = FOR_EVER

    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        dynamics, reward, gamma = self.dynamics(case), self.reward(case), self.gamma(case)
        value = np.zeros(case.mdp.states + 1, case.theta.dtype)
        for _ in range(ENOUGH):
            before = value.copy()
            for state in range(case.mdp.states):
                expected = dynamics[state] * (reward[state] + gamma * value)
                value[state] = self.soft(expected.sum(axis=1))
            if (value == before).all():
                break
        action_values = self.backup(case, value)
        values = self.soft(action_values)
        return [values], [self.choose(action_values, values)]


@SHELF.right(
    "tabular-stops-where-nothing-changes",
    "Backups stop before the horizon where no bit changes, and the steps left take the last one's",
    "A backup of the same numbers gives the same numbers: V = V′ for all steps before.",
)
class _StopsWhereNothingChanges(Tabular):
    def solve(self, case: Any) -> tuple[list[Any], list[Any]]:
        horizon, value = case.mdp.horizon, np.zeros(case.mdp.states, case.theta.dtype)
        values, policies = list[Any](), list[Any]()
        while len(values) < horizon:
            action_values = self.backup(case, np.append(value, value[:1] * 0))
            before, value = value, self.soft(action_values)
            times = horizon - len(values) if (value == before).all() else 1
            values = [value] * times + values
            policies = [self.choose(action_values, value)] * times + policies
        return values, policies


@SHELF.right(
    "tabular-float64-inside",
    "It computes values in float64 whatever it is handed",
    "Fewer roundings are no error.",
)
class _DoubleInside(Tabular):
    def backup(self, case: Any, following: Any) -> Any:
        return super().backup(case, following.astype(np.float64))


@SHELF.right(
    "tabular-gradient-with-its-loss",
    "It shows the loss that its gradient is of",
    "∂(E_p[c] + E_ρ0[V])/∂θ = E_p[φ] − E_model[φ].",
    formats=("float64",),
)
class _WithLoss(Tabular):
    precisions = ("float64",)
    hidden = ()


@SHELF.right(
    "tabular-likelihood",
    "It descends −E_p[Σ log π], by complex steps of its solver",
    "For causal entropy that differs from E_p[c] + V by what chance did, as declared; L(θ + iε) = L + iε ∂L + O(ε²).",
    formats=("float64",),
)
class _Likelihood(Tabular):
    process = ProcessConventions(objective="likelihood", occupancy_axes="tsa")
    precisions = ("float64",)
    hidden = ("occupancy", "log_partition")

    def demonstration_loss(self, case: Any) -> Any:
        steps, log_policy = case.expert.steps, np.log(self.policy(case))
        chosen = log_policy[np.arange(steps.mask.shape[1]), steps.state, steps.action]
        return -float((case.expert.weight[:, None] * steps.mask * chosen).sum())

    def demonstration_gradient(self, case: Any) -> Any:
        mdp, steps, found = case.mdp, case.expert.steps, []
        for index in range(len(case.theta)):
            theta = case.theta.astype(complex)
            theta[index] += 1e-30j
            value, log_policies = np.zeros(mdp.states + 1, complex), list[Any]()
            for _ in range(mdp.horizon):
                action_values = (mdp.transition * (value - mdp.features @ theta)).sum(axis=2)
                state_values = np.log(np.exp(action_values).sum(axis=1))
                log_policies.insert(0, action_values - state_values[:, None])
                value = np.append(state_values, 0.0)
            chosen = np.stack(log_policies)[np.arange(steps.mask.shape[1]), steps.state, steps.action]
            found.append(-(case.expert.weight[:, None] * steps.mask * chosen).sum().imag / 1e-30)
        return np.array(found)


class _SummedOver(Tabular):
    """All demonstrations added up, and as many times the model."""

    def demonstration_gradient(self, case: Any) -> Any:
        return len(case.expert) * super().demonstration_gradient(case)


_SUM = "Σ over n demonstrations is n times their mean, of the data and of the model."


@SHELF.right("tabular-sum-over-demonstrations", "Demonstrations are added up", _SUM)
class _Summed(_SummedOver):
    process = ProcessConventions(discounts=True, occupancy_axes="tsa", demonstrations="sum")


@SHELF.right(
    "tabular-sum-over-demonstrations-undeclared",
    "Demonstrations are added up, undeclared",
    _SUM,
    declared=False,
)
class _SummedUndeclared(_SummedOver):
    pass


@SHELF.right(
    "tabular-normalised-visits-undeclared",
    "Visits sum to one, undeclared",
    "ρ/Σρ is the share of steps spent in (s,a).",
    declared=False,
)
class _NormalisedUndeclared(Tabular):
    def occupancy(self, case: Any) -> Any:
        visits = super().occupancy(case)
        return visits / visits.sum()


VARIANTS = tuple(SHELF.variants)
