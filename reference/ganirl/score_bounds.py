"""Forward error bounds of a policy's scores s = Σ_t 1[s_t = s](1[a_t = a] − π(a|s)), for gradients weighted by them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from . import bounds, objectives
from .bounds import FloatModel
from .case import Steps
from .logspace import log_normalise

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """The scores of n rows under a policy, what they are made of, and how far sound code may be from them.

    Attributes
    ----------
    policy_logits : (S, A)
    steps : of the rows
    """

    policy_logits: Array
    steps: Steps

    @cached_property
    def value(self) -> Array:
        """s = ∂ log q/∂ policy logits, (n, S, A)."""
        return objectives.policy_score(self.policy_logits, self.steps)

    @cached_property
    def visits(self) -> Array:
        """How often a row is in each state, (n, S)."""
        found: Array = np.zeros((len(self.steps.mask), len(self.policy_logits)))
        row, step = np.nonzero(self.steps.mask)
        np.add.at(found, (row, self.steps.state[row, step]), 1.0)
        return found

    @cached_property
    def magnitude(self) -> Array:
        """What is added up in a score: 1[a_t = a] + π(a|s) over visits of s, (n, S, A)."""
        expected = self.visits[:, :, None] * np.exp(log_normalise(self.policy_logits))
        return np.asarray(np.maximum(self.value + expected, 0.0) + expected)

    def error(self, arithmetic: FloatModel) -> Array:
        """Error of the scores through π = softmax(logits), (n, S, A) (T2', an exponential)."""
        logits = self.policy_logits
        of_log = bounds.log_softmax(arithmetic, logits[:, None, :], logits)
        relative = np.expm1(np.minimum(of_log, 50.0)) + arithmetic.kappa * arithmetic.u
        policy = np.exp(log_normalise(logits))
        return np.asarray(self.visits[:, :, None] * np.minimum(policy * relative, 1.0))
