"""A finite trajectory space with everything that the theorem speaks about. One theorem, three doors.

A GAN on a plain table, MaxEnt IRL on the trajectories of an MDP and an energy-based model each become the same
`Problem`: a base measure h, densities p and q with respect to it, and a family of costs, all in log space.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .case import Steps, Unit
from .cost import Cost, LinearCost
from .logspace import log_normalise, log_sum_exp
from .step_cost import StepCost

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """N trajectories, enumerated.

    Attributes
    ----------
    log_h : (N,), log base measure: 0 for counting, log ρ0(s0) Π P(s'|s,a) for an MDP
    log_p : (N,), log density of the data with respect to h (−inf off its support)
    log_q : (N,), log density of the generator with respect to h: Σ log π for an MDP
    cost : the family c_θ
    policy_logits : (S, A), a generator whose softmax makes q; a plain table is one state with N actions
    steps : the rows step by step, (N, T)
    unit : whether a row is a trajectory or a transition
    """

    log_h: Array
    log_p: Array
    log_q: Array
    cost: Cost
    policy_logits: Array
    steps: Steps
    unit: Unit = "trajectory"

    def __post_init__(self) -> None:
        for name in ("log_p", "log_q"):
            total = float(log_sum_exp(self.log_h + getattr(self, name)))
            if not abs(total) < 1e-9:
                raise ValueError(
                    f"{name} is not a density with respect to h: its log total mass is {total:.3g}"
                )

    def __len__(self) -> int:
        return len(self.log_h)

    @property
    def data_weight(self) -> Array:
        """(N,) h·p, sums to one."""
        weights: Array = np.exp(self.log_h + self.log_p)
        return weights

    @property
    def generator_weight(self) -> Array:
        """(N,) h·q, sums to one."""
        weights: Array = np.exp(self.log_h + self.log_q)
        return weights

    def log_partition(self, theta: Array) -> float:
        """Log Z_θ = log Σ h e^{−c} by enumeration."""
        return float(log_sum_exp(self.log_h - self.cost.value(theta)))

    def log_model(self, theta: Array) -> Array:
        """(N,) log p_θ = −c − log Z_θ."""
        return -self.cost.value(theta) - self.log_partition(theta)

    def with_data(self, log_p: Array) -> Problem:
        """Return the same space with other data."""
        return replace(self, log_p=log_p)

    def linearised(self, theta: Array) -> tuple[Problem, Array]:
        """Return the problem with c replaced by its tangent at θ, and the parameters that reproduce c there.

        A cost that is linear in features is what an implementation can be handed. The tangent
        c(θ₀) + c'(θ₀)(θ − θ₀) is linear in (θ, 1) with features (c', c − c'θ₀), and has the value and the
        gradient of c at θ₀, so that every claim about values and first derivatives carries over unchanged.
        """
        if isinstance(self.cost, LinearCost):
            return self, theta
        gradient = self.cost.gradient(theta)
        intercept = self.cost.value(theta) - gradient @ theta
        features = np.concatenate([gradient, intercept[:, None]], axis=1)
        steps = self.steps
        if isinstance(self.cost, StepCost):
            steps = replace(steps, features=self.cost.tangent(theta))
        else:
            # a cost of the whole row, charged at its last step
            charged = np.zeros((*steps.mask.shape, features.shape[1]))
            charged[np.arange(len(self)), steps.mask.sum(axis=1) - 1] = features
            steps = replace(steps, features=charged)
        return replace(self, cost=LinearCost(features), steps=steps), np.append(theta, 1.0)


def one_step(log_q: Array, features: Array) -> tuple[Array, Steps]:
    """Policy logits (1, N) and steps of a plain space: one state, whose actions are the N points."""
    count = len(log_q)
    column = np.zeros((count, 1), dtype=np.int64)
    steps = Steps(
        state=column,
        action=np.arange(count)[:, None],
        next_state=column,
        done=np.ones((count, 1), dtype=bool),
        mask=np.ones((count, 1), dtype=bool),
        features=features[:, None, :],
    )
    return log_q[None, :].copy(), steps


def finite_space(
    p: npt.ArrayLike, q: npt.ArrayLike, features: npt.ArrayLike | None = None, cost: Cost | None = None
) -> Problem:
    """Return a plain finite space, the GAN's door: densities p and q over N points, counting measure.

    Parameters
    ----------
    p, q : (N,) probabilities; each must sum to one
    features : (N, d) for a linear cost; by default one feature a point, so that θ is the cost itself
    cost : a cost of its own instead of the linear one

    Raises
    ------
    ValueError
        If p or q is not a probability vector, or the lengths differ.
    """
    data, generator = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if data.shape != generator.shape or data.ndim != 1:
        raise ValueError(
            f"p and q must be vectors of one length, not of shapes {data.shape} and {generator.shape}"
        )
    if (data < 0).any() or (generator < 0).any():
        raise ValueError("p and q must not be negative")
    table = np.eye(len(data)) if features is None else np.asarray(features, dtype=np.float64)
    if len(table) != len(data):
        raise ValueError(f"features has {len(table)} rows for {len(data)} points")
    with np.errstate(divide="ignore"):
        log_p, log_q = np.log(data), np.log(generator)
    policy_logits, steps = one_step(log_q, table)
    return Problem(np.zeros(len(data)), log_p, log_q, cost or LinearCost(table), policy_logits, steps)


def energy_based_model(
    energy: Cost, theta: npt.ArrayLike, data: npt.ArrayLike, generator_logits: npt.ArrayLike
) -> Problem:
    """Return an energy-based model on a plain space, the EBM's door: c_θ is the energy, q the sampler.

    Parameters
    ----------
    energy : the family E_θ on N points
    theta : a parameter, used only to learn N
    data : (N,) probabilities of the data
    generator_logits : (N,) unnormalised log densities of the sampler
    """
    count = len(energy.value(np.asarray(theta, dtype=np.float64)))
    log_q = log_normalise(np.asarray(generator_logits, dtype=np.float64))
    if log_q.shape != (count,):
        raise ValueError(f"generator_logits has shape {log_q.shape} for an energy on {count} points")
    return finite_space(
        data, np.exp(log_q), features=energy.gradient(np.asarray(theta, dtype=np.float64)), cost=energy
    )
