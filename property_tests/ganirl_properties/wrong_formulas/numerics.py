"""Ways of computing the loss that are right on paper and lose their digits in a tail.

A form gives −log D and −log(1 − D) with their slopes in ℓ, as autodiff takes them, from numbers that are rounded
as the format under test rounds them. Where a form subtracts nearly equal numbers its result hangs on the last digit
of a sigmoid, which no two libraries share; so a form is not a number but all numbers that a sigmoid right to κu
leads to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ganirl.bounds import FloatModel
from ganirl.logspace import sigmoid

Array = npt.NDArray[np.float64]

# torch.nn.functional.softplus is the identity above this.
SOFTPLUS_THRESHOLD = 20.0


@dataclass(frozen=True)
class Rounded:
    """One way in which elementary functions may round.

    Attributes
    ----------
    shift : the relative error of the sigmoid, in units of u
    flush : whether what lies below the normal numbers becomes zero
    """

    arithmetic: FloatModel
    shift: float
    flush: bool

    def __call__(self, x: Array) -> Array:
        """Round to the format."""
        rounded = self.arithmetic.precision.round(x)
        return np.where(np.abs(rounded) < self.arithmetic.eta, 0.0, rounded) if self.flush else rounded

    def sigmoid(self, x: Array) -> Array:
        """σ(x), at most 1."""
        return np.minimum(self(sigmoid(x) * (1.0 + self.shift * self.arithmetic.u)), 1.0)

    def exp(self, x: Array) -> Array:
        """e^x; infinite beyond the format's range."""
        return self(np.exp(x) * (1.0 + self.shift * self.arithmetic.u))


@dataclass(frozen=True)
class Term:
    """−log D or −log(1 − D) of some rows, with its slope in ℓ; both (n,)."""

    value: Array
    slope: Array


# (rounding, ℓ, log q) → the term; only a ratio of densities sees log q by itself.
Way = Callable[[Rounded, Array, Array], Term]


@dataclass(frozen=True)
class NumericForm:
    """A way of computing the loss.

    Attributes
    ----------
    id, title, seen, expected : as of a `WrongFormula`
    expert, generator : how −log D and −log(1 − D) are computed
    """

    id: str
    title: str
    seen: str
    expected: tuple[str, ...]
    expert: Way = field(repr=False)
    generator: Way = field(repr=False)


def _log_of(probability: Array, complement: Array, sign: float) -> Term:
    # d log s = ds/s with ds = s(1 − s): 0/0 where s has underflowed.
    return Term(-np.log(probability), -sign * (1.0 / probability) * (probability * complement))


def _log_d(fl: Rounded, x: Array, _: Array) -> Term:
    d = fl.sigmoid(x)
    return _log_of(d, fl(1.0 - d), 1.0)


def _log_one_minus_d(fl: Rounded, x: Array, _: Array) -> Term:
    d = fl.sigmoid(x)
    return _log_of(fl(1.0 - d), d, -1.0)


def _log_sigmoid_of_minus(fl: Rounded, x: Array, _: Array) -> Term:
    d = fl.sigmoid(-x)
    return _log_of(d, fl(1.0 - d), -1.0)


def _clamped(low: float) -> dict[str, Way]:
    def inside(fl: Rounded, d: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        floor, ceiling = fl(np.asarray(low)), fl(np.asarray(1.0 - low))
        return np.clip(d, floor, ceiling), (d >= floor) & (d <= ceiling)

    def expert(fl: Rounded, x: Array, _: Array) -> Term:
        d = fl.sigmoid(x)
        kept, passes = inside(fl, d)
        return Term(-np.log(kept), np.where(passes, -(1.0 / kept) * (d * fl(1.0 - d)), 0.0))

    def generator(fl: Rounded, x: Array, _: Array) -> Term:
        d = fl.sigmoid(x)
        kept, passes = inside(fl, d)
        rest = fl(1.0 - kept)
        return Term(-np.log(rest), np.where(passes, (1.0 / rest) * (d * fl(1.0 - d)), 0.0))

    return {"expert": expert, "generator": generator}


def _with_epsilon(epsilon: float) -> dict[str, Way]:
    def term(fl: Rounded, probability: Array, complement: Array, sign: float) -> Term:
        inner = fl(probability + epsilon)
        return Term(-np.log(inner), -sign * probability * complement / inner)

    def expert(fl: Rounded, x: Array, _: Array) -> Term:
        d = fl.sigmoid(x)
        return term(fl, d, fl(1.0 - d), 1.0)

    def generator(fl: Rounded, x: Array, _: Array) -> Term:
        d = fl.sigmoid(x)
        return term(fl, fl(1.0 - d), d, -1.0)

    return {"expert": expert, "generator": generator}


def _entropy_slope(d: Array, target: float) -> Array:
    # torch: (D − target)/max(D(1 − D), 1e-12), times the sigmoid's own D(1 − D).
    spread = d * (1.0 - d)
    return (d - target) / np.maximum(spread, 1e-12) * spread


def _entropy_of_d(fl: Rounded, x: Array, _: Array) -> Term:
    d = fl.sigmoid(x)
    return Term(np.minimum(-np.log(d), 100.0), _entropy_slope(d, 1.0))


def _entropy_of_one_minus_d(fl: Rounded, x: Array, _: Array) -> Term:
    d = fl.sigmoid(x)
    return Term(np.minimum(-np.log1p(-d), 100.0), _entropy_slope(d, 0.0))


def _log_of_ratio(fl: Rounded, mine: Array, other: Array, sign: float) -> Term:
    # D = m/S, S = m + q, and autodiff's ∂D/∂m = 1/S − (m/S)/S, ∂(q/S)/∂m = −(q/S)/S.
    total = fl(mine + other)
    share = fl(mine / total)
    inner = fl(share / total)
    slope = mine * (fl(1.0 / total) - inner) if sign > 0 else -other * inner
    return Term(-np.log(share), -(1.0 / share) * slope)


def _log_of_densities(fl: Rounded, x: Array, log_q: Array) -> Term:
    return _log_of_ratio(fl, fl.exp(x + log_q), fl.exp(log_q), 1.0)


def _log_of_densities_turned(fl: Rounded, x: Array, log_q: Array) -> Term:
    return _log_of_ratio(fl, fl.exp(log_q), fl.exp(x + log_q), -1.0)


def _log_of_odds(fl: Rounded, x: Array, log_q: Array) -> Term:
    return _log_of_densities(fl, x, np.zeros_like(log_q))


def _log_of_odds_turned(fl: Rounded, x: Array, log_q: Array) -> Term:
    return _log_of_densities_turned(fl, x, np.zeros_like(log_q))


def _log_one_plus_exp(fl: Rounded, x: Array, _: Array) -> Term:
    odds = fl.exp(x)
    return Term(np.log(fl(1.0 + odds)), odds / fl(1.0 + odds))


def _torch_softplus(fl: Rounded, x: Array, _: Array) -> Term:
    above = x > SOFTPLUS_THRESHOLD
    odds = fl.exp(np.minimum(x, SOFTPLUS_THRESHOLD))
    return Term(np.where(above, x, np.log1p(odds)), np.where(above, 1.0, odds / (1.0 + odds)))


def _of_minus(softplus: Way) -> Way:
    """−log D = softplus(−ℓ)."""

    def expert(fl: Rounded, x: Array, log_q: Array) -> Term:
        term = softplus(fl, -x, log_q)
        return Term(term.value, -term.slope)

    return expert


_TAILS = ("N1", "N1b", "N2")

# The first two are wrong where D is not small, too, and have a name among the formulas of the loss.
_EPSILONS = {"log-with-epsilon": 1e-6, "log-with-small-epsilon": 1e-8, "log-with-smaller-epsilon": 1e-10}

NUMERIC_FORMS = (
    NumericForm(
        "log-of-sigmoid",
        "D is rounded before its logarithm is taken: log(sigmoid(ℓ)) and log(1 − sigmoid(ℓ))",
        "torch.log(torch.sigmoid(x)) for F.logsigmoid(x)",
        _TAILS,
        _log_d,
        _log_one_minus_d,
    ),
    NumericForm(
        "log-of-both-sigmoids",
        "D is rounded before its logarithm is taken: log(sigmoid(ℓ)) and log(sigmoid(−ℓ))",
        "torch.log(torch.sigmoid(x)) for F.logsigmoid(x)",
        _TAILS,
        _log_d,
        _log_sigmoid_of_minus,
    ),
    *(
        NumericForm(
            f"probability-clamped-1e-{digits}",
            f"D is clamped to [1e-{digits}, 1 − 1e-{digits}] before its logarithm is taken",
            "clamp() against log(0); the gradient vanishes where it holds",
            _TAILS,
            **_clamped(10.0**-digits),
        )
        for digits in (6, 7, 8)
    ),
    *(
        NumericForm(
            name,
            f"{epsilon:.0e} is added inside the logarithms",
            "log(D + ε) against log(0)",
            _TAILS,
            **_with_epsilon(epsilon),
        )
        for name, epsilon in _EPSILONS.items()
    ),
    NumericForm(
        "bce-on-probabilities",
        "binary cross-entropy is taken of probabilities, which caps the loss at 100 and drops the gradient",
        "F.binary_cross_entropy(torch.sigmoid(x), …) for F.binary_cross_entropy_with_logits(x, …)",
        _TAILS,
        _entropy_of_d,
        _entropy_of_one_minus_d,
    ),
    NumericForm(
        "density-ratio",
        "D is the ratio m/(m + q) of exponentials, which overflow and underflow",
        "Finn et al. 2016, section 3.1, taken literally",
        _TAILS,
        _log_of_densities,
        _log_of_densities_turned,
    ),
    NumericForm(
        "ratio-of-exponentials",
        "D is the ratio exp(ℓ)/(1 + exp(ℓ)), which overflows",
        "a sigmoid by hand",
        _TAILS,
        _log_of_odds,
        _log_of_odds_turned,
    ),
    NumericForm(
        "log-one-plus-exp",
        "softplus is written log(1 + exp(x)), which overflows and is 0 in the other tail",
        "log(1 + exp(x)) for F.softplus(x)",
        _TAILS,
        _of_minus(_log_one_plus_exp),
        _log_one_plus_exp,
    ),
    NumericForm(
        "torch-softplus",
        "F.softplus is the identity above 20 and leaves out up to 2e-9; −F.logsigmoid(−x) does not",
        "F.softplus(x)",
        ("N1b",),
        _of_minus(_torch_softplus),
        _torch_softplus,
    ),
)
