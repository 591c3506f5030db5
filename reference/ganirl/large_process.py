"""A process too large to enumerate, whose log Z is known all the same, and estimators judged on it by sampling.

Ten states, three actions, thirty steps: 10²⁸ trajectories. Dynamic programming gives log Z_θ, and the exact
variance of importance weights under any policy; samples are judged with stated error rates (`ganirl.statistics`).
Two statements are judged:

* E_q[w]/Z = 1 for w = e^{−c}/q [F1]: unbounded weights, so that a case has to be chosen by its exact moments
* E_p[D] + E_q[D] = 1 at b = b* [B5]: D ∈ [0, 1] whatever is wrong, so that the miss rate holds for every wrong
  estimator. With data drawn from p_θ itself, b* is log Z_θ [B6].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .dynamic_programming import trajectory_entropy
from .importance import (
    WeightMoments,
    draw,
    draw_model,
    log_dynamics_table,
    log_policy_table,
    weight_moments,
)
from .logspace import sigmoid
from .mdp import TabularMDP
from .statistics import Hoeffding, StatisticalTest, draws_needed, judge_expectation, weights_bound

Array = npt.NDArray[np.float64]

STATES, ACTIONS, HORIZON = 10, 3, 30
BUDGET = 1_000_000  # draws that one is willing to make


@dataclass(frozen=True)
class Contract:
    """What a test promises: false-alarm rate, miss rate, and the effect that is to be found."""

    alpha: float
    beta: float
    effect: float


@dataclass(frozen=True, eq=False)
class LargeProcess:
    """The process with a policy that samples it.

    Attributes
    ----------
    mdp : the process
    costs : (S, A, S + 1)
    policy_logits : (S, A) or (T, S, A)
    log_z : by dynamic programming
    """

    mdp: TabularMDP
    costs: Array
    policy_logits: Array
    log_z: float

    @property
    def trajectories(self) -> int:
        """How many there are."""
        return sum(self.mdp.trajectory_counts)

    @property
    def estimators(self) -> Mapping[str, Array]:
        """Log weights by step, −c − log density, (T, S, A, S + 1): the right one first, then wrong ones."""
        log_policy = log_policy_table(self.mdp, self.policy_logits)
        log_dynamics = log_dynamics_table(self.mdp)
        known = np.where(log_dynamics > -np.inf, log_dynamics, 0.0)
        log_start = np.where(self.mdp.start > 0, np.log(np.maximum(self.mdp.start, 1e-300)), 0.0)
        first = (np.arange(HORIZON) == 0)[:, None, None, None]
        last = (np.arange(HORIZON) == HORIZON - 1)[:, None, None, None]
        right = -self.costs - log_policy
        return {
            "right": right,
            "dynamics in the density": right - known - np.where(first, log_start[:, None, None], 0.0),
            "start density in it": right - np.where(first, log_start[:, None, None], 0.0),
            "log π at temperature 1.05": -self.costs - log_policy / 1.05,
            "last step left out of log q": right + np.where(last, log_policy, 0.0),
        }


def large_process(spread: float, policy: str = "uniform", seed: int = 0) -> LargeProcess:
    """Return the process with costs of a standard deviation, and a policy.

    Parameters
    ----------
    spread : standard deviation of the cost of a step
    policy : ``"uniform"``; ``"model"``, whose actions are those of p_θ; ``"random"``, of normal logits times 3

    Raises
    ------
    LookupError
        If there is no such policy.
    """
    rng = np.random.default_rng([2016, seed])
    transition = np.zeros((STATES, ACTIONS, STATES + 1))
    place = np.indices((STATES, ACTIONS))
    transition[(*place, rng.integers(0, STATES, (STATES, ACTIONS)))] += 0.89
    for _ in range(2):
        transition[(*place, rng.integers(0, STATES, (STATES, ACTIONS)))] += 0.05
    transition[:, :, STATES] = 0.01
    start = np.zeros(STATES)
    start[:2] = 0.6, 0.4
    costs = spread * rng.standard_normal((STATES, ACTIONS, STATES + 1))
    mdp = TabularMDP(start, transition, HORIZON, costs[..., None])
    values = trajectory_entropy(mdp, costs)
    policies = {
        "uniform": np.zeros((STATES, ACTIONS)),
        "model": values.log_policy,
        "random": 3 * rng.standard_normal((STATES, ACTIONS)),
    }
    if policy not in policies:
        raise LookupError(f"there is no policy {policy!r}; choose one of {', '.join(policies)}")
    return LargeProcess(mdp, costs, policies[policy], values.value)


@dataclass(frozen=True)
class Case:
    """What is known of importance sampling before anything is drawn.

    Attributes
    ----------
    spread, policy : the case
    log_z : by dynamic programming
    moments : of the right weights, exact
    draws : that the contract needs; inf where float64 cannot say
    """

    spread: float
    policy: str
    log_z: float
    moments: WeightMoments
    draws: float

    @property
    def affordable(self) -> bool:
        """Whether the contract can be met within `BUDGET`."""
        return self.draws <= BUDGET


def case(spread: float, policy: str, contract: Contract, seed: int = 0) -> Case:
    """Work out what a case of importance sampling would need."""
    process = large_process(spread, policy, seed)
    moments = weight_moments(process.mdp, process.policy_logits, process.estimators["right"])
    bound = weights_bound(moments, log_scale=process.log_z)
    draws = draws_needed(bound, alpha=contract.alpha, beta=contract.beta, effect=contract.effect)
    return Case(spread, policy, process.log_z, moments, draws)


def exact_effect(process: LargeProcess, estimator: str) -> float:
    """Return log(E_q[w]/Z) of an estimator by dynamic programming: 0 for the right one."""
    moments = weight_moments(process.mdp, process.policy_logits, process.estimators[estimator])
    return moments.log_mean - process.log_z


def judge_importance(
    process: LargeProcess, estimator: str, contract: Contract, draws: int, rng: np.random.Generator
) -> StatisticalTest:
    """Judge E_q[w]/Z = 1 from draws of the policy, by Bernstein's bound for the right weights.

    α is that of the contract. So is β for wrong weights that are no more variable than the right ones; others
    have values or a spread that the right ones cannot have.
    """
    moments = weight_moments(process.mdp, process.policy_logits, process.estimators["right"])
    log_weights = draw(process.mdp, process.policy_logits, draws, rng).total(process.estimators[estimator])
    return judge_expectation(
        np.exp(np.minimum(log_weights - process.log_z, 700.0)),
        1.0,
        weights_bound(moments, log_scale=process.log_z),
        alpha=contract.alpha,
        beta=contract.beta,
        effect=contract.effect,
    )


def balance_draws(contract: Contract) -> int:
    """Pairs of trajectories that a test of E_p[D] + E_q[D] = 1 needs, whatever the process."""
    needed = draws_needed(
        Hoeffding(0.0, 2.0), alpha=contract.alpha, beta=contract.beta, effect=contract.effect
    )
    return int(needed)


def judge_balance(
    process: LargeProcess, estimator: str, contract: Contract, draws: int, rng: np.random.Generator
) -> StatisticalTest:
    """Judge E_p[D] + E_q[D] = 1 at b = log Z_θ from pairs of trajectories, one of p_θ and one of the policy."""
    omega = process.estimators[estimator]
    expert = draw_model(process.mdp, process.costs, draws, rng).total(omega)
    generator = draw(process.mdp, process.policy_logits, draws, rng).total(omega)
    values = sigmoid(expert - process.log_z) + sigmoid(generator - process.log_z)
    return judge_expectation(
        values,
        1.0,
        Hoeffding(0.0, 2.0),
        alpha=contract.alpha,
        beta=contract.beta,
        effect=contract.effect,
    )
