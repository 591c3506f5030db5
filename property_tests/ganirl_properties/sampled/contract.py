"""What a run by sampling promises, by profile."""

from __future__ import annotations

from dataclasses import dataclass

# An effect is at least so many tolerances: nearer, rounding and a fault are one.
FEWEST_TOLERANCES = 4.0
# Of a range; where rounding leaves no smaller effect, there is nothing to test.
LARGEST_EFFECT = 0.25


@dataclass(frozen=True)
class SamplingContract:
    """Rates of a whole run, and what is to be found.

    Attributes
    ----------
    alpha : probability of any false alarm in the run, all tests together
    beta : probability that a test does not fail where the expectation is δ away
    effect : δ, as a share of the range that the case gives a draw
    spreads : one case for each: how wide that range is, in units of what is expected
    most_free : draws after which a test by a normal approximation gives up
    """

    alpha: float
    beta: float
    effect: float
    spreads: tuple[float, ...]
    most_free: int = 2**15


CONTRACTS = {
    "smoke": SamplingContract(alpha=1e-4, beta=0.01, effect=1 / 8, spreads=(1.5,), most_free=2**12),
    "default": SamplingContract(alpha=1e-4, beta=0.01, effect=1 / 32, spreads=(0.75, 3.0)),
    "thorough": SamplingContract(alpha=1e-4, beta=0.01, effect=1 / 64, spreads=(0.5, 1.0, 2.0, 4.0)),
}
