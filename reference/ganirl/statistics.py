"""Is the expectation what it should be? Tests by sampling, with stated error rates and an honest "inconclusive".

For spaces too large to enumerate. A test has three numbers, chosen before anything is drawn:

* α, the false-alarm rate: where the expectation is what it should be, it fails with probability at most α
* β, the miss rate: where it is off by δ or more, it passes with probability at most β
* δ, the effect that matters

From a bound on deviations of a mean follow n, the verdict, and the smallest effect that n samples would find with
probability 1 − β. A sample that is too small says so: it is inconclusive, and never passes for want of evidence.

>>> weights = Hoeffding(0.0, 2.0)  # self-consistent weights w/Z = 2D
>>> int(draws_needed(weights, alpha=1e-9, beta=1e-9, effect=0.05))
67419
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from .importance import WeightMoments

Verdict = Literal["passed", "failed", "inconclusive"]


class Concentration(Protocol):
    """A bound on how far the mean of n independent values is from its expectation."""

    def radius(self, draws: float, rate: float, variance: float = 0.0) -> float:
        """Return r with P(mean − E > r) ≤ rate, and the same below; ``variance`` is that of the sample."""
        ...

    def refuses(self, sample: npt.NDArray[np.float64]) -> str | None:
        """Return why the bound cannot hold for a sample, which then is not of what it was stated for; or None."""
        ...


@dataclass(frozen=True)
class Hoeffding:
    """Values in [low, high], whatever their distribution (Hoeffding 1963)."""

    low: float
    high: float

    def radius(self, draws: float, rate: float, variance: float = 0.0) -> float:
        """(high − low) √(log(1/rate)/2n)."""
        del variance
        return (self.high - self.low) * math.sqrt(-math.log(rate) / (2 * draws))

    def refuses(self, sample: npt.NDArray[np.float64]) -> str | None:
        """Return a sentence if a value lies outside."""
        return _outside(sample, self.low, self.high)


@dataclass(frozen=True)
class Bernstein:
    """Values of at most that variance, and at most ``largest`` away from their expectation (Bernstein 1924).

    Both must hold for everything that the test is to tell apart: for the right expectation they give α, and for
    a wrong one β.
    """

    variance: float
    largest: float

    def radius(self, draws: float, rate: float, variance: float = 0.0) -> float:
        """Solve exp(−n r²/(2σ² + ⅔ M r)) = rate."""
        del variance
        share = -math.log(rate) / draws
        linear = self.largest * share / 3
        return linear + math.sqrt(linear**2 + 2 * self.variance * share)

    def refuses(self, sample: npt.NDArray[np.float64]) -> str | None:
        """Return a sentence if two values are further apart than both can be from their expectation."""
        spread = float(np.ptp(sample))
        if spread <= 2 * self.largest * (1 + 1e-9):
            return None
        return f"two values are {spread:.6g} apart, and none is further than {self.largest:.6g} from the mean"


@dataclass(frozen=True)
class EmpiricalBernstein:
    """Values in [low, high], with the variance that the sample itself shows (Maurer and Pontil 2009)."""

    low: float
    high: float

    def radius(self, draws: float, rate: float, variance: float = 0.0) -> float:
        """√(2V log(2/rate)/n) + 7(high − low) log(2/rate)/(3(n − 1)), V the unbiased sample variance."""
        if draws < 2:
            return math.inf
        nats = math.log(2 / rate)
        slow = 7 * (self.high - self.low) * nats / (3 * (draws - 1))
        return math.sqrt(2 * variance * nats / draws) + slow

    def refuses(self, sample: npt.NDArray[np.float64]) -> str | None:
        """Return a sentence if a value lies outside."""
        return _outside(sample, self.low, self.high)


@dataclass(frozen=True)
class StatisticalTest:
    """What a sample says of an expectation.

    Attributes
    ----------
    expected : what the expectation should be
    estimate : the mean of the sample
    interval : low and high, which contain the expectation with probability at least 1 − α
    draws : n
    alpha, beta, effect : rates, and the effect δ that was to be told
    minimum_detectable_effect : the smallest that n samples find with probability at least 1 − β
    verdict : failed, the interval does not contain what was expected, or a value is impossible; passed, no effect
        of δ is compatible with the sample (at rate β); inconclusive, the sample is too small to say
    because : in a sentence
    impossible : whether it failed by a value that the bound excludes; the interval then means nothing
    """

    expected: float
    estimate: float
    interval: tuple[float, float]
    draws: int
    alpha: float
    beta: float
    effect: float
    minimum_detectable_effect: float
    verdict: Verdict
    because: str
    impossible: bool = False


def detectable_effect(
    concentration: Concentration, draws: float, *, alpha: float, beta: float, variance: float = 0.0
) -> float:
    """Return the smallest effect that n draws find with probability 1 − β, at a false-alarm rate of α."""
    both = concentration.radius(draws, alpha / 2, variance), concentration.radius(draws, beta, variance)
    return sum(both)


def draws_needed(
    concentration: Concentration, *, alpha: float, beta: float, effect: float, variance: float = 0.0
) -> float:
    """Return the least n whose detectable effect is no larger than the effect asked for; inf if there is none.

    Parameters
    ----------
    variance : of the values, where the bound reads it off the sample; the n is then a plan, not a promise

    Raises
    ------
    ValueError
        If a rate is not between 0 and 1, or the effect is not positive.
    """
    _check_rates(alpha, beta, effect)

    def suffices(draws: float) -> bool:
        return detectable_effect(concentration, draws, alpha=alpha, beta=beta, variance=variance) <= effect

    high = 1.0
    while not suffices(high):
        high *= 2
        if not math.isfinite(high) or high > 1e300:
            return math.inf
    low = high / 2
    while high - low > max(1.0, 4 * math.ulp(high)):
        middle = math.floor((low + high) / 2)
        low, high = (low, middle) if suffices(middle) else (middle, high)
    return high


def judge_expectation(
    sample: npt.ArrayLike,
    expected: float,
    concentration: Concentration,
    *,
    alpha: float,
    beta: float,
    effect: float,
) -> StatisticalTest:
    """Judge whether independent values have the expectation that they should have.

    Parameters
    ----------
    sample : (n,), independent and of one distribution
    expected : what their expectation should be
    concentration : a bound that holds for them whether they are right or wrong
    alpha, beta, effect : the contract; see the module

    Raises
    ------
    ValueError
        If the sample is empty, or a rate is not between 0 and 1.
    """
    _check_rates(alpha, beta, effect)
    values = np.asarray(sample, dtype=np.float64)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"a sample has shape (n,) with n > 0, not {values.shape}")
    n, mean = len(values), float(values.mean())
    variance = float(values.var(ddof=1)) if n > 1 else 0.0
    to_fail, to_pass = (concentration.radius(n, rate, variance) for rate in (alpha / 2, beta))
    distance = abs(mean - expected)
    impossible = concentration.refuses(values) if np.isfinite(values).all() else "a value is not finite"
    verdict: Verdict = "inconclusive"
    if impossible is not None:
        verdict, because = "failed", f"{impossible}: what has the right expectation cannot give that"
    elif distance > to_fail:
        verdict = "failed"
        because = f"the mean is {distance:.4g} from {expected:.6g}, and chance explains {to_fail:.4g} of that"
    elif distance + to_pass <= effect:
        verdict = "passed"
        because = f"an expectation {effect:.4g} or more from {expected:.6g} is excluded"
    else:
        because = (
            f"{n} samples find effects of {to_fail + to_pass:.4g}, and {effect:.4g} was to be found: "
            "draw more, or choose a case of larger effective sample size"
        )
    return StatisticalTest(
        expected=expected,
        estimate=mean,
        interval=(mean - to_fail, mean + to_fail),
        draws=n,
        alpha=alpha,
        beta=beta,
        effect=effect,
        minimum_detectable_effect=to_fail + to_pass,
        verdict=verdict,
        because=because,
        impossible=impossible is not None,
    )


def two_point_verdicts(
    bound: Hoeffding, draws: int, mean: npt.ArrayLike, *, alpha: float, beta: float, effect: float
) -> dict[Verdict, npt.NDArray[np.float64]]:
    """Exact probability of each verdict for values that are ``low`` or ``high``, by the binomial distribution.

    These are the most variable values of that range. What is expected is its middle.

    Parameters
    ----------
    mean : (M,), true expectations
    """
    heads = np.arange(draws + 1)
    middle, width = (bound.low + bound.high) / 2, bound.high - bound.low
    distance = np.abs(bound.low + width * heads / draws - middle)
    failed = distance > bound.radius(draws, alpha / 2)
    passed = ~failed & (distance + bound.radius(draws, beta) <= effect)
    chance = (np.atleast_1d(np.asarray(mean, dtype=np.float64)) - bound.low) / width
    weights = binom.pmf(heads[None, :], draws, chance[:, None])
    masks: dict[Verdict, npt.NDArray[np.bool_]] = {
        "passed": passed,
        "failed": failed,
        "inconclusive": ~(passed | failed),
    }
    return {verdict: np.asarray(weights @ mask) for verdict, mask in masks.items()}


def weights_bound(*moments: WeightMoments, log_scale: float) -> Bernstein:
    """Bernstein's bound for weights over e^scale, from exact moments: of the right weights, and of wrong ones too.

    A wrong estimator is found with the stated power if its own moments are among those given.

    Parameters
    ----------
    log_scale : log Z_θ, in whose units the weights are judged
    """
    variances, largest = [], []
    for each in moments:
        mean = _exp(each.log_mean - log_scale)
        variances.append(each.relative_variance * mean**2 if mean < math.inf else math.inf)
        largest.append(max(mean, each.largest_over(log_scale) - mean) if mean < math.inf else math.inf)
    return Bernstein(max(variances), max(largest))


def _exp(nats: float) -> float:
    return math.exp(nats) if nats < 300 else math.inf


def _check_rates(alpha: float, beta: float, effect: float) -> None:
    if not (0 < alpha < 1 and 0 < beta < 1):
        raise ValueError(f"rates lie between 0 and 1, not α = {alpha} and β = {beta}")
    if not effect > 0:
        raise ValueError(f"an effect to be found is positive, not {effect}")


def _outside(sample: npt.NDArray[np.float64], low: float, high: float) -> str | None:
    slack = 1e-9 * (high - low)
    worst = sample[np.argmax(np.maximum(low - sample, sample - high))]
    if low - slack <= worst <= high + slack:
        return None
    return f"a value of {worst:.6g} lies outside [{low:g}, {high:g}]"
