"""The built-in target ``irl-maxent``: maximum entropy IRL of the library irl-maxent, as released.

What was read in the source of irl-maxent 0.1.0 (maxent.py, trajectory.py, gridworld.py):

- ``local_action_probabilities`` is the backward pass that its docstring takes from algorithm 1 of Ziebart et al.
  (2008): Z(s,a) = e^{r(s)} Σ_s' P Z(s'), from Z = 1 in terminal states, 2·S times; the last policy is used for every
  step;
- ``expected_svf_from_policy`` lets the given dynamics run, never out of a terminal state, until no visit changes by
  more than ε: the second part of that algorithm, by the docstring. Where chance decides, p_θ moves otherwise, so that
  only deterministic processes are asked for;
- ``irl`` climbs the mean over demonstrations of Σ φ(s), last states included, minus Σ visits·φ. Its first states are
  those of the demonstrations; here both parts are asked for by themselves, with the case's;
- "Any action can be taken in any state" (gridworld.py): the end is one more state, terminal, without features, in
  which each action stays.

Reward weights are −θ, and their gradient is uphill, so that it is downhill in θ. The causal variant needs
``numpy.float``, which NumPy 1.24 took away: property_tests/examples/external/irl_maxent_causal.py asks it from outside.
"""

from __future__ import annotations

from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from irl_maxent import maxent
from irl_maxent.trajectory import Trajectory

from ganirl import Case, Conventions, ProcessConventions

Array = npt.NDArray[Any]

# The ε of the library's forward pass is an argument; with its default of 1e-5 the last digits would be missing.
_EPSILON = 1e-12


class IrlMaxent:
    """The functions of ``irl_maxent.maxent`` for trajectory entropy.

    Parameters
    ----------
    name : how reports call it
    staying : how many actions stay in the end; None for all. Code that keeps Z = 1 there cannot tell
    """

    framework = "numpy"
    departures = MappingProxyType[str, str]({})
    versions = MappingProxyType({"irl-maxent": version("irl-maxent")})
    conventions = Conventions(
        unit="process",
        precisions=("float64",),
        process=ProcessConventions(
            entropy="trajectory",
            horizon="first_exit",
            start="given",
            rewards_on="state",
            deterministic=True,
            sweeps=2,
            tolerance=_EPSILON,
            occupancy_axes="s",
        ),
    )

    def __init__(self, name: str, staying: int | None = None) -> None:
        self.name = name
        self.staying = staying

    def policy(self, case: Case) -> Array:
        """(S, A)."""
        table, rewards = self._transitions(case), self._features(case) @ -case.theta
        found = maxent.local_action_probabilities(table, [case.mdp.states], rewards)
        return np.asarray(found[:-1])

    def occupancy(self, case: Case) -> Array:
        """(S,) expected visits."""
        return self._visits(case)[:-1]

    def demonstration_gradient(self, case: Case) -> Array:
        """(d,) E_p[Σ φ] − E[Σ φ], the two parts of what ``irl`` hands to its optimiser."""
        features = self._features(case)
        data = maxent.feature_expectation_from_trajectories(features, _demonstrations(case))
        return np.asarray(data - features.T.dot(self._visits(case)))

    def _visits(self, case: Case) -> Array:
        """(S + 1,)."""
        found = maxent.compute_expected_svf(
            self._transitions(case),
            np.append(case.mdp.start, 0.0),
            [case.mdp.states],
            self._features(case) @ -case.theta,
            _EPSILON,
        )
        return np.asarray(found)

    def _transitions(self, case: Case) -> Array:
        """P[from, to, action], (S + 1, S + 1, A)."""
        process = case.mdp
        table = np.zeros((process.states + 1, process.states + 1, process.actions))
        table[:-1] = process.transition.transpose(0, 2, 1)
        table[-1, -1, : self.staying] = 1.0
        return table

    def _features(self, case: Case) -> Array:
        """(S + 1, d); the end has none."""
        return np.pad(case.mdp.state_features, ((0, 1), (0, 0)))


def _demonstrations(case: Case) -> list[Any]:
    steps = case.expert.steps
    rows = zip(steps.state, steps.action, steps.next_state, steps.mask, strict=True)
    return [
        Trajectory(list(zip(state[there], action[there], onward[there], strict=True)))
        for state, action, onward, there in rows
    ]


target = IrlMaxent("irl-maxent")
