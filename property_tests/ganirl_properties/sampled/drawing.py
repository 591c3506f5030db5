"""One test: an observable asked again and again, until the draws say something."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ganirl import Implementation
from ganirl.framework import Framework
from ganirl.sequential import OutOfRangeError, Question, Rates, SequentialTest, Verdict, bets
from ganirl.sequential_normal import FEWEST_TO_FAIL, MOST_ERROR, NormalTest
from ganirl_properties.observed import Observed

from .contract import CONTRACTS
from .plan import Trial

Array = npt.NDArray[np.float64]

# What a seed is below: old generators take no more.
SEEDS = 2**31
NOT_FINITE = "a draw is not finite"


@dataclass(frozen=True)
class Source:
    """What is called for a draw."""

    implementation: Implementation
    framework: Framework
    device: str

    def draw(self, trial: Trial, seed: int) -> Array:
        """Return the numbers of a trial in one call, (k,).

        Raises
        ------
        NotObservedError, ObservableError
            As `Observed` does.
        """
        case = replace(trial.quantity.view.case, seed=seed)
        return trial.quantity.observe(Observed(self.implementation, self.framework, case, self.device))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the draws of one trial say.

    Attributes
    ----------
    trial : what was asked
    verdict : of the test
    first_seed : of the first draw; `seed_after` says those of the others
    values : (draws, k)
    index : of the number with most evidence against it
    mean, expected : of that number
    constant : whether every draw was the same
    approximation : what a normal approximation may be off by, where the test is one, else None
    because : why it is one, or that a draw is not finite
    undecided : why a normal approximation says nothing, and what to do about it
    """

    trial: Trial
    verdict: Verdict
    first_seed: int
    values: Array
    index: int
    mean: float
    expected: float
    constant: bool
    approximation: float | None = None
    because: str = ""
    undecided: str = ""

    @property
    def draws(self) -> int:
        """How many it took."""
        return len(self.values)

    @property
    def of_number(self) -> Array:
        """(draws,) of the number with most evidence against it."""
        return self.values[:, self.index]


def first_seed(*entropy: int) -> int:
    """Return a seed below 2³¹ that only the entropy decides."""
    return int(np.random.default_rng(entropy).integers(SEEDS))


def seed_after(first: int, draws: int) -> int:
    """Return the seed of the next draw: below 2³¹, and none of them twice."""
    return (first + draws) % SEEDS


def outcome(
    trial: Trial, rates: Rates, most_free: int, source: Source, first: int, limit: int | None = None
) -> Outcome:
    """Draw until the test of a trial is decided.

    Parameters
    ----------
    trial : what is asked
    rates : of each number
    most_free : draws after which a normal approximation gives up
    source : what is called
    first : seed of the first draw
    limit : the most draws, where they are to be fewer than β needs, and only a bounded test is to decide

    Raises
    ------
    NotObservedError, ObservableError
        As `Observed` does.
    OutOfRangeError
        If a limit is given and a draw is out of its range; else a normal approximation goes on.
    """
    quantity = trial.quantity
    declared_free = source.implementation.conventions.draws == "free"
    free = not quantity.by_meaning and (declared_free or not quantity.bounded)
    because = "nothing bounds a draw" if free else ""
    test: SequentialTest | NormalTest = (
        _normal(trial, rates, most_free) if free else SequentialTest(_question(trial), rates, limit)
    )
    constant = True
    seen: list[Array] = []
    while test.verdict is None:
        if isinstance(test, NormalTest) and constant and len(seen) >= FEWEST_TO_FAIL:
            break  # it never varied, and is not what is claimed: more of the same tells nothing
        values = source.draw(trial, seed_after(first, len(seen)))
        seen.append(values)
        constant = constant and np.array_equal(values, seen[0], equal_nan=True)
        try:
            test.draw(values)
        except OutOfRangeError as outside:
            if limit is not None:
                raise
            of_what = "rows" if quantity.view.case.process is None else "uniform rollouts"
            what = "probability" if quantity.by_meaning else f"average of {of_what}"
            because = f"{outside}, where every {what} is"
            test = _normal(trial, rates, max(most_free, test.most))
            for values in seen:
                if test.verdict is None:
                    test.draw(values)
    worst = test.worst
    normal, verdict = isinstance(test, NormalTest), test.verdict or "inconclusive"
    undecided = ""
    if isinstance(test, NormalTest) and verdict == "inconclusive":
        undecided = _undecided(test, averages=declared_free and quantity.bounded)
    if isinstance(test, NormalTest) and test.not_finite:
        because = NOT_FINITE
    return Outcome(
        trial,
        verdict,
        first,
        np.array(seen),
        worst,
        math.nan if because == NOT_FINITE else float(test.mean[worst]),
        float(quantity.expected[worst]),
        constant,
        test.approximation_error if isinstance(test, NormalTest) else None,
        because if normal else "",
        undecided,
    )


def _undecided(test: NormalTest, *, averages: bool) -> str:
    """Say why a normal approximation decides nothing, and the mend."""
    worst, error = test.worst, float(test.errors[test.worst])
    if not test.varies[worst]:
        why = "it was the same every time, so that nobody knows how far a rare draw is off"
    elif error > MOST_ERROR:
        why = (
            f"some draws are so far off that its probabilities may be wrong by {error:.2g}, and it decides nothing "
            f"above {MOST_ERROR:g}"
        )
    else:
        why = "the draws vary too much to be so few"
    mend = ["average more draws in one call"]
    if test.most < max(contract.most_free for contract in CONTRACTS.values()):
        mend.append("choose a --profile that takes more of them")
    if averages:
        mend.append('state Conventions(draws="averages") if each averages some of what the code is handed')
    return f"{why}; to have a verdict, {', or '.join(mend)}"


def stakes_of(trial: Trial) -> int:
    """Return of how many stakes the wealth of its test is the mean."""
    return len(bets(_question(trial)).share)


def _question(trial: Trial) -> Question:
    made = trial.quantity
    return Question(made.expected, made.tolerance, trial.effect, made.low, made.high)


def _normal(trial: Trial, rates: Rates, limit: int) -> NormalTest:
    return NormalTest(trial.quantity.expected, trial.quantity.tolerance, trial.effect, rates, limit)
