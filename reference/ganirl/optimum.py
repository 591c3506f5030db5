"""The optimal b* = log Z*, with a radius in which it is certain to lie.

b* solves ∂_bL_D = α_p E_p[σ(−ℓ)] − α_q E_q[σ(ℓ)] = 0. Written so, it loses everything where both terms round
to one; the complement E_q[σ(−ℓ)] = E_p[σ(ℓ)] loses everything where the first form is good, and mixtures of
both cases defeat either. Here each row is split by the sign of its logit, σ(|ℓ|) = 1 − σ(−|ℓ|):
tails are computed, ones are added exactly. With v = α_p w_p + α_q w_q and ℓ = a − b, a = −c − log q,

    ∂_bL_D = K + T₊ − T₋,  K = α_p P(ℓ<0) − α_q Q(ℓ≥0),  T₊ = Σ_{ℓ≥0} v σ(−ℓ),  T₋ = Σ_{ℓ<0} v σ(ℓ)

is the first form for sides separated with the right sign, the second for the wrong one, and accurate between.
All is scaled by e^{min|ℓ|}: nothing underflows, and the certificate, a ratio, does not notice.

Weights sum to one only up to rounding, which moves b* without limit where the curvature vanishes. So the
defect of a side is given to its heaviest row, exactly, and the radius covers the difference to sharing it.

A batch is a dozen rows, for which lists are several times faster than arrays; only `_Equation.at` has both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .logspace import sigmoid
from .precision import FLOAT64
from .problem import Problem

Array = npt.NDArray[np.float64]

_U, _KAPPA, _TINY = FLOAT64.unit_roundoff, FLOAT64.kappa, FLOAT64.tiny
_LARGEST_EXPONENT = 700.0
_LARGEST_DEFECT = 1e-9
_MOST_STEPS = 500
_ROWS_FOR_ARRAYS = 48
_MARGIN = 1e-6


class NoFiniteOptimumError(ValueError):
    """L_D has no finite minimiser in b (claim B3)."""


@dataclass(frozen=True)
class Optimum:
    """b* and its certificate.

    Attributes
    ----------
    b : the computed b̂
    radius : |b̂ − b*| is at most this; inf where nothing can be certified
    """

    b: float
    radius: float


def optimal_b(
    w_p: Array,
    w_q: Array,
    c: Array,
    log_q: Array,
    *,
    alpha_p: float = 1.0,
    alpha_q: float = 1.0,
    input_error: npt.ArrayLike = 0.0,
    weight_error: float = 0.0,
) -> Optimum:
    """Return b* = argmin_b L_D for any weights [B3, B5], with a certified radius.

    Parameters
    ----------
    w_p, w_q : (N,) weights, each summing to one
    c, log_q : (N,)
    alpha_p, alpha_q : scales of the sides of L_D
    input_error : absolute error of c + log q, a number or (N,); the radius then holds for the exact inputs
    weight_error : relative error of each weight; the radius then holds for the exact ones, which sum to one

    Raises
    ------
    NoFiniteOptimumError
        If no data lie where q > 0, no generator mass where c < ∞, or L_D is infinite for every b.
    ValueError
        If weights are negative or do not sum to one.
    """
    equation = _equation(
        w_p,
        w_q,
        c,
        log_q,
        alpha_p=alpha_p,
        alpha_q=alpha_q,
        input_error=input_error,
        weight_error=weight_error,
    )
    b = equation.root()
    return Optimum(b, equation.radius(b))


def distance_to_optimum(
    b: float,
    w_p: Array,
    w_q: Array,
    c: Array,
    log_q: Array,
    *,
    alpha_p: float = 1.0,
    alpha_q: float = 1.0,
    input_error: npt.ArrayLike = 0.0,
    weight_error: float = 0.0,
) -> float:
    """Bound |b − b*| for somebody else's b, by ∂_bL_D there; inf if none is certain. See `optimal_b`."""
    equation = _equation(
        w_p,
        w_q,
        c,
        log_q,
        alpha_p=alpha_p,
        alpha_q=alpha_q,
        input_error=input_error,
        weight_error=weight_error,
    )
    return equation.radius(b)


def near_optimum(
    w_p: Array, w_q: Array, c: Array, log_q: Array, *, alpha_p: float = 1.0, alpha_q: float = 1.0
) -> Array:
    """Return b* of many problems at once, (L,), to where ∂_bL_D is lost in rounding; nothing is certified.

    Parameters
    ----------
    w_p, w_q : (L, N) weights, each summing to one
    c, log_q : (L, N), finite
    alpha_p, alpha_q : scales of the sides of L_D
    """
    a, data, generator = -(c + log_q), alpha_p * w_p, alpha_q * w_q
    used = data + generator > 0
    apart = np.log(alpha_q / alpha_p)
    low = np.where(used, a, np.inf).min(axis=-1) + apart - _MARGIN
    high = np.where(used, a, -np.inf).max(axis=-1) + apart + _MARGIN
    b: Array = 0.5 * (low + high)
    for _ in range(_MOST_STEPS):
        logit = a - b[..., None]
        slope = np.sum(data * sigmoid(-logit) - generator * sigmoid(logit), axis=-1)
        curvature = np.sum((data + generator) * sigmoid(logit) * sigmoid(-logit), axis=-1)
        low, high = np.where(slope <= 0, b, low), np.where(slope >= 0, b, high)
        with np.errstate(all="ignore"):
            newton = b - slope / curvature
        digits = 4 * _U * (1.0 + np.abs(b))
        # A last step may end a rounding beyond the bracket, whose other end may still be far.
        taken = ((low < newton) & (newton < high)) | (np.abs(newton - b) <= digits)
        found: Array = np.where(taken, newton, 0.5 * (low + high))
        if np.all(np.abs(found - b) <= digits):
            return found
        b = found
    return b


def problem_optimum(problem: Problem, theta: Array) -> Optimum:
    """Return b* of a whole problem at θ."""
    return optimal_b(problem.data_weight, problem.generator_weight, problem.cost.value(theta), problem.log_q)


@dataclass(frozen=True)
class _Side:
    """Weights α·w of one side in order of a, and what its heaviest row gets so that they sum to α."""

    scale: float  # α
    weight: list[float]
    moved: float  # how much weight the exact rows may have more or less than these
    corrections: list[float]
    heaviest: int

    def exact(self, start: int, stop: int, sign: float) -> list[float]:
        """Weights of some rows, as floats whose sum is exact."""
        terms = [sign * weight for weight in self.weight[start:stop]]
        if start <= self.heaviest < stop:
            terms += [sign * correction for correction in self.corrections]
        return terms


@dataclass(frozen=True)
class _Slope:
    """∂_bL_D at one b as ones and tails, times e^shift."""

    shift: float  # min |ℓ|
    ones: float  # K
    rising: float  # T₊
    falling: float  # T₋
    curvature: float  # ∂²L_D/∂b² = Σ v σ(ℓ)σ(−ℓ)

    @property
    def value(self) -> float:
        return self.ones + (self.rising - self.falling)

    def step(self) -> float:
        """To where K + T₊e^δ = T₋e^−δ, exact while no logit changes its sign; ±inf if that is nowhere."""
        root = math.hypot(self.ones, 2.0 * math.sqrt(self.rising * self.falling))
        if self.ones > 0:
            top, bottom = 2.0 * self.falling, self.ones + root
        else:
            top, bottom = root - self.ones, 2.0 * self.rising
        return math.log(top) - math.log(bottom) if top > 0 and bottom > 0 else math.inf


@dataclass(frozen=True)
class _Equation:
    """Rows in order of a where generator and model both have mass; the others do not depend on b."""

    a: list[float]
    error: list[float]  # absolute error of a
    data: _Side
    generator: _Side
    beyond: bool  # whether data lie where q = 0
    weight: list[float]  # v
    arrays: tuple[Array, Array] | None = None  # a and v
    _ones: dict[int, float] = field(default_factory=dict)

    def ones(self, below: int) -> float:
        """K if the first rows have ℓ < 0, to one rounding."""
        if below not in self._ones:
            terms = self.data.exact(0, below, 1.0) + self.generator.exact(below, len(self.a), -1.0)
            self._ones[below] = math.fsum(terms)
        return self._ones[below]

    def at(self, b: float) -> _Slope:
        below = sum(a < b for a in self.a) if self.arrays is None else int(self.arrays[0].searchsorted(b))
        shift = min(abs(a - b) for a in self.a[max(below - 1, 0) : below + 1])
        if self.arrays is None:
            sums = [0.0, 0.0]
            curvature = 0.0
            for row, (a, weight) in enumerate(zip(self.a, self.weight, strict=True)):
                distance = abs(a - b)
                sigmoid = 1.0 / (1.0 + math.exp(-distance))
                tail = weight * math.exp(shift - distance) * sigmoid
                sums[row >= below] += tail
                curvature += tail * sigmoid
            falling, rising = sums
        else:
            distances = np.abs(self.arrays[0] - b)
            sigmoids = 1.0 / (1.0 + np.exp(-distances))
            tails = self.arrays[1] * np.exp(shift - distances) * sigmoids
            falling, rising = float(tails[:below].sum()), float(tails[below:].sum())
            curvature = float(tails @ sigmoids)
        ones = self.ones(below) * math.exp(min(shift, _LARGEST_EXPONENT))
        return _Slope(shift, ones, rising, falling, curvature)

    def bracket(self) -> tuple[float, float]:
        """Where ∂_bL_D ≤ 0 and ≥ 0: there every σ is compared with that of the outermost row."""
        data, generator = math.fsum(self.data.weight), math.fsum(self.generator.weight)
        low = self.a[0] + math.log(generator / self.data.scale)
        high = self.a[-1] + math.log(self.generator.scale / data)
        margin = 1e-9 * (1.0 + abs(low) + abs(high))
        return low - margin, high + margin

    def root(self) -> float:
        low, high = self.bracket()
        b, checkpoint = 0.5 * (low + high), math.inf
        for iteration in range(_MOST_STEPS):
            slope = self.at(b)
            low, high = (low, b) if slope.value > 0 else (b, high)
            if abs(slope.value) < 0.5 * slope.curvature:
                step = -slope.value / slope.curvature
                # Newton's error is at most half the step squared, because |∂³L_D| ≤ ∂²L_D
                if abs(step) < 1e-8:
                    return b + step
            else:
                step = slope.step()
            candidate = b + step
            if iteration % 4 == 3:  # one-sided steps may leave the bracket wide: then halve it
                if high - low > 0.25 * checkpoint:
                    candidate = math.inf
                checkpoint = high - low
            if not low < candidate < high:
                candidate = 0.5 * (low + high)
                if not low < candidate < high:
                    break
            b = candidate
        return b

    def radius(self, b: float) -> float:
        """|b − b*| ≤ −log(1 − r/A), as |d log σ'(x)/dx| ≤ 1: ∂²L_D falls no faster than e^−|δ|."""
        slope = self.at(b)
        tails, error = 0.0, 0.0
        for a, weight, input_error in zip(self.a, self.weight, self.error, strict=True):
            distance = abs(a - b)
            tail = weight * math.exp(slope.shift - distance)
            # the rounding of a, of a − b and of shift − |ℓ|; in σ: two exp, a sum, a quotient, two products
            logit_error = input_error + _U * (abs(a) + 2.0 * distance)
            error += tail * ((2 * _KAPPA + 6) * _U + math.expm1(min(logit_error, _LARGEST_EXPONENT)))
            tails += tail
        error += len(self.a) * (_U * tails + _TINY) + (_KAPPA + 3) * _U * (abs(slope.ones) + tails)
        scale = math.exp(min(slope.shift, _LARGEST_EXPONENT))
        for side, beyond in ((self.data, self.beyond), (self.generator, False)):
            # moving weight among rows with logits of one sign moves tails alone
            missed = any(w for a, w in zip(self.a, side.weight, strict=True) if a < b)
            seen = beyond or any(w for a, w in zip(self.a, side.weight, strict=True) if a >= b)
            error += side.moved * (scale if missed and seen else 1.0)
        residual, curvature = abs(slope.value) + error, slope.curvature - 2.0 * error
        return -math.log1p(-residual / curvature) * (1.0 + 1e-12) if residual < curvature else math.inf


def _equation(
    w_p: Array,
    w_q: Array,
    c: Array,
    log_q: Array,
    *,
    alpha_p: float,
    alpha_q: float,
    input_error: npt.ArrayLike,
    weight_error: float,
) -> _Equation:
    data, generator = np.asarray(w_p).tolist(), np.asarray(w_q).tolist()
    a = [-(cost + density) for cost, density in zip(c.tolist(), log_q.tolist(), strict=True)]
    infinite = [row for row, value in enumerate(a) if not math.isfinite(value)]
    lost = any(data[i] > 0 and not c[i] < math.inf for i in infinite)
    if lost or any(generator[i] > 0 and not log_q[i] > -math.inf for i in infinite):
        raise NoFiniteOptimumError(
            "L_D is infinite for every b: data lie where c = ∞, or generator rows where q = 0"
        )
    used = [i for i, value in enumerate(a) if (data[i] > 0 or generator[i] > 0) and math.isfinite(value)]
    order = sorted(used, key=a.__getitem__)
    sides = (
        _side(alpha_p, data, order, "w_p", weight_error),
        _side(alpha_q, generator, order, "w_q", weight_error),
    )
    if not any(sides[0].weight):
        raise NoFiniteOptimumError("no data lie where q > 0: L_D falls for ever as b grows, Z* = ∞")
    if not any(sides[1].weight):
        raise NoFiniteOptimumError("the generator has no mass where c < ∞: L_D falls for ever with b, Z* = 0")
    errors = np.broadcast_to(np.asarray(input_error, dtype=np.float64), len(a)).tolist()
    threshold = [a[i] for i in order]
    weight = [w + v for w, v in zip(sides[0].weight, sides[1].weight, strict=True)]
    return _Equation(
        a=threshold,
        error=[errors[i] for i in order],
        data=sides[0],
        generator=sides[1],
        beyond=any(data[i] > 0 for i in infinite),
        weight=weight,
        arrays=(np.array(threshold), np.array(weight)) if len(order) >= _ROWS_FOR_ARRAYS else None,
    )


def _side(alpha: float, weights: list[float], order: list[int], name: str, weight_error: float) -> _Side:
    if alpha <= 0 or min(weights) < 0:
        raise ValueError(f"{name} must not be negative, and its scale must be positive")
    terms = [alpha * weight for weight in weights]
    terms.append(-alpha)
    corrections: list[float] = []
    while defect := -math.fsum(terms):
        corrections.append(defect)
        terms.append(defect)
    total = math.fsum(corrections)
    if not abs(total) <= _LARGEST_DEFECT * alpha:
        raise ValueError(f"{name} must sum to one, not to {math.fsum(weights):.17g}")
    heaviest = weights.index(max(weights))
    place = order.index(heaviest) if heaviest in order else -1
    # What each weight is off by is no more than that much of the side, moved from row to row.
    moved = abs(total) + weight_error * alpha
    return _Side(alpha, [terms[i] for i in order], moved, corrections, place)
