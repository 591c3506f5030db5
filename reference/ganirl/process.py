"""What tabular code is handed beside demonstrations: a small Markov decision process, exact in its format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, eq=False)
class Process:
    """S live states, A actions, an absorbing end (number S, of which nothing is ever counted), and linear costs.

    The cost of a step is c = φ(s,a,s')·θ; a library of rewards takes −c. Arrays are NumPy's in the reference, and
    those of the implementation's own framework once they are handed over.

    Attributes
    ----------
    start : (S,), ρ0
    transition : (S, A, S + 1), P(s'|s,a); the last column enters the end, and is zero for a library without one
    horizon : T, the number of steps; where episodes have no limit, only that of the longest demonstration
    discount : γ, 1.0 for code that has none
    features : (S, A, S + 1, d), φ(s,a,s'); constant along the axes that the declared `rewards_on` does not see
    """

    start: Any
    transition: Any
    horizon: int
    discount: float
    features: Any

    @property
    def states(self) -> int:
        """S, without the end."""
        return int(self.transition.shape[0])

    @property
    def actions(self) -> int:
        """A."""
        return int(self.transition.shape[1])

    @property
    def live(self) -> Any:
        """(S, A, S), P without the end; its rows sum to one where there is none."""
        return self.transition[:, :, :-1]

    @property
    def state_features(self) -> Any:
        """(S, d), φ(s), for code whose rewards are those of states."""
        return self.features[:, 0, 0]

    @property
    def action_features(self) -> Any:
        """(S, A, d), φ(s,a), for code whose rewards are those of states and actions."""
        return self.features[:, :, 0]

    def costs(self, theta: Any) -> Any:
        """(S, A, S + 1), c(s,a,s') = φ·θ."""
        return self.features @ theta

    def converted(self, number: Callable[[Any], Any]) -> Process:
        """Return the process with its arrays converted, for a framework."""
        return replace(
            self,
            start=number(self.start),
            transition=number(self.transition),
            features=number(self.features),
        )
