"""The time as part of the state: costs that are discounted, and policies that know the time, as a plain MDP.

A cost Σ_t γ^t c_t is no sum of one function of (s, a, s'). With the time in the state it is, so that whatever
holds for an MDP holds for a discounted one: enumeration, dynamic programming, every claim.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .mdp import TabularMDP
from .step_cost import StepFunction

Array = npt.NDArray[np.float64]


def unrolled(mdp: TabularMDP, discount: float = 1.0) -> TabularMDP:
    """Return the same process whose state number t·S + s says the time t, with γ^t as one more feature.

    It has the same trajectories in the same order; states of time T are entered by a trajectory that is cut
    there, and never left.

    Parameters
    ----------
    mdp : S states, d features
    discount : γ, positive

    Returns
    -------
    TabularMDP
        S·(T + 1) states, d + 1 features

    Raises
    ------
    ValueError
        If the discount is not positive and finite.
    """
    if not (discount > 0 and np.isfinite(discount)):
        raise ValueError(f"a discount is positive and finite, not {discount!r}")
    states, actions, horizon = mdp.states, mdp.actions, mdp.horizon
    count = states * (horizon + 1)
    transition = np.zeros((count, actions, count + 1))
    features = np.zeros((*transition.shape, mdp.features.shape[-1] + 1))
    for time in range(horizon):
        here, there = (
            slice(time * states, (time + 1) * states),
            slice((time + 1) * states, (time + 2) * states),
        )
        for target, columns in ((there, slice(0, states)), (count, states)):
            transition[here, :, target] = mdp.transition[:, :, columns]
            features[here, :, target, :-1] = mdp.features[:, :, columns]
        features[here, :, :, -1] = discount**time
    transition[horizon * states :, :, count] = 1.0
    start = np.concatenate([mdp.start, np.zeros(count - states)])
    return TabularMDP(start, transition, horizon, features)


def discounted(step_cost: StepFunction) -> StepFunction:
    """Return γ^t f(φ, θ) of features (φ, γ^t), as `unrolled` has them."""

    def weighted(features: Array, theta: Array) -> npt.ArrayLike:
        return np.asarray(features[..., -1] * np.asarray(step_cost(features[..., :-1], theta)))

    return weighted
