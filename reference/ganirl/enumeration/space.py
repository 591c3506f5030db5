"""A problem at (θ, b) in the numbers of an `Arithmetic`, and what is compared on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ganirl.arithmetic import Arithmetic
from ganirl.mdp import TabularMDP
from ganirl.optimum import optimal_b
from ganirl.problem import Problem

from .calculus import derivative, log_sum_exp, sigmoid, softplus, total

Array = npt.NDArray[np.float64]

RADIUS = 0.5  # for derivatives in b and in logits: the next singularity is π away


@dataclass(frozen=True)
class Comparison:
    """Two sides of a statement, and what a broken twin puts in place of the first.

    Attributes
    ----------
    left, right : arrays of one shape, by different routes
    twin : the broken left side; None if this part of the claim has none
    size : magnitude of the terms that were summed; that of the sides by default
    gain : how much more than one rounding the route makes of each error, k!/r^k for a derivative
    name : what is compared, for a reader: ``"∂L_D/∂θ"``
    """

    left: Any
    right: Any
    twin: Any = None
    size: float = 0.0
    gain: float = 1.0
    name: str = ""


@dataclass(frozen=True, eq=False)
class Space:
    """N trajectories with densities p and q with respect to h, and a family of costs around θ.

    The family is c(θ + δ) = c + c'δ + ½ δ·c''δ with the problem's float64 numbers, taken as exact. A claim
    about derivatives at θ holds for every family, so that nothing is lost, and δ may be complex.
    Densities are normalised again in this arithmetic.
    """

    arithmetic: Arithmetic
    problem: Problem
    theta: Array
    mdp: TabularMDP | None
    h: Any
    p: Any
    q: Any
    c: Any
    dc: Any
    d2c: Any
    b: Any

    @property
    def process(self) -> TabularMDP:
        """The MDP; an enumeration that reads it says so by ``needs_mdp``."""
        if self.mdp is None:
            raise ValueError("this space was not made of an MDP")
        return self.mdp

    # --- densities -------------------------------------------------------------------------------

    @cached_property
    def w_p(self) -> Any:
        """(N,) h·p."""
        return self.h * self.p

    @cached_property
    def w_q(self) -> Any:
        """(N,) h·q."""
        return self.h * self.q

    @cached_property
    def reached(self) -> Any:
        """(N,) whether q > 0."""
        return np.asarray(self.q > 0, dtype=bool)

    @cached_property
    def log_q(self) -> Any:
        """(N,), with 0 where q = 0; use `reached`."""
        return self.arithmetic.log(np.where(self.reached, self.q, self.one))

    @cached_property
    def one(self) -> Any:
        """1 in this arithmetic."""
        return self.arithmetic.array(1.0)

    @cached_property
    def log_2(self) -> Any:
        """Return log 2."""
        return self.arithmetic.log(2 * self.one)

    @cached_property
    def log_z(self) -> Any:
        """Return log Z_θ."""
        return self.log_partition(self.c)

    @cached_property
    def model(self) -> Any:
        """(N,) p_θ."""
        return self.arithmetic.exp(-self.c - self.log_z)

    def mean_p(self, values: Any) -> Any:
        """E_p[f]."""
        return total(self.w_p, values)

    def mean_q(self, values: Any) -> Any:
        """E_q[f]."""
        return total(self.w_q, values)

    def mean_mixture(self, values: Any) -> Any:
        """E_μ[f] = ½(E_p[f] + E_q[f])."""
        return (self.mean_p(values) + self.mean_q(values)) / 2

    def with_costs(self, c: Any) -> Space:
        """Return the same space with other costs of the same derivatives."""
        return replace(self, c=c)

    def with_generator(self, q: Any, b: Any) -> Space:
        """Return the same space with another generator, at another b."""
        return replace(self, q=q, b=b)

    # --- functions of the cost (N,) and of b, real or complex ------------------------------------

    def logit(self, c: Any, b: Any) -> Any:
        """ℓ = −c − b − log q; ∞ where q = 0."""
        return np.where(self.reached, -(c + b) - self.log_q, self.arithmetic.array(np.inf))

    def loss(self, c: Any, b: Any) -> Any:
        """L_D by softplus of the logit."""
        logit = self.logit(c, b)
        return self.mean_p(softplus(self.arithmetic, -logit)) + self.mean_q(softplus(self.arithmetic, logit))

    def log_mixture(self, c: Any, b: Any) -> Any:
        """Return log μ̃ = log ½(m + q), from the larger of the two."""
        larger = np.asarray(self.arithmetic.real(self.logit(c, b)) > 0, dtype=bool)
        log_m = -(c + b)
        gap = np.where(self.reached, np.where(larger, self.log_q - log_m, log_m - self.log_q), 0)
        tail = np.where(self.reached, self.arithmetic.log(1 + self.arithmetic.exp(gap)), 0)
        return np.where(larger, log_m, self.log_q) + tail - self.log_2

    def estimate(self, c: Any, log_mixture: Any) -> Any:
        """Return log E_μ[e^{−c}/μ̃]."""
        weight = (self.w_p + self.w_q) / 2
        present = np.asarray(weight > 0, dtype=bool)
        terms = self.arithmetic.log(weight[present]) - c[present] - log_mixture[present]
        return log_sum_exp(self.arithmetic, terms)

    def log_partition(self, c: Any) -> Any:
        """Return log Σ h e^{−c}."""
        return log_sum_exp(self.arithmetic, self.arithmetic.log(self.h) - c)

    def discriminator(self, b: Any) -> tuple[Any, Any]:
        """(D, 1 − D) = (m, q)/(m + q), as densities, without a sigmoid."""
        exponents = -(self.c + b)
        shift = np.where(np.asarray(exponents > self.log_q, dtype=bool), exponents, self.log_q)
        m = self.arithmetic.exp(exponents - shift)
        q = np.where(self.reached, self.arithmetic.exp(self.log_q - shift), 0)
        return m / (m + q), q / (m + q)

    def sigmoid(self, x: Any) -> Any:
        """σ(x)."""
        return sigmoid(self.arithmetic, x)

    # --- derivatives, from values alone ----------------------------------------------------------

    def in_b(self, function: Callable[[Any], Any], order: int = 1) -> Any:
        """∂^k f/∂b^k of a function of the change of b."""
        return derivative(self.arithmetic, function, self.arithmetic.array(RADIUS), order)

    def radius(self, direction: Array) -> float:
        """Radius of a circle in θ that moves no cost by more than 0.16, a fifth of what the losses allow."""
        slope = np.abs(self.arithmetic.floats(self.dc) @ direction).max()
        bend = np.abs(np.einsum("nij,i,j->n", self.arithmetic.floats(self.d2c), direction, direction)).max()
        return float(2.0 ** np.floor(np.log2(1.0 / (8.0 * slope + 4.0 * np.sqrt(bend) + 1e-3))))

    def along(self, direction: Array) -> Callable[[Any], Any]:
        """Return the cost c(θ + δ·direction), (N,), as a function of δ."""
        unit = self.arithmetic.array(direction)
        slope = np.sum(self.dc * unit, axis=1)
        bend = np.sum(self.d2c * unit[:, None] * unit, axis=(1, 2)) / 2
        return lambda delta: self.c + delta * (slope + delta * bend)

    def in_theta(self, function: Callable[[Any], Any], shrink: float = 1.0) -> tuple[Any, float]:
        """∂f/∂θ (d,) of a function of the cost (N,), and the gain of its error."""
        parts, gain = [], 1.0
        for direction in np.eye(self.dc.shape[1]):
            cost, radius = self.along(direction), self.radius(direction) * shrink
            values = self._on_circle(function, cost)
            parts.append(derivative(self.arithmetic, values, self.arithmetic.array(radius)))
            gain = max(gain, 1.0 / radius)
        return np.stack(parts), gain

    @staticmethod
    def _on_circle(function: Callable[[Any], Any], cost: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda delta: function(cost(delta))

    # --- the optimum -----------------------------------------------------------------------------

    @cached_property
    def b_star(self) -> Any:
        """argmin_b L_D, by Newton's method on values of the loss alone."""
        floats = self.arithmetic.floats
        with np.errstate(divide="ignore"):
            log_q = np.log(floats(self.q))
        start = optimal_b(floats(self.w_p), floats(self.w_q), floats(self.c), log_q).b
        b = self.arithmetic.array(start)
        for _ in range(8):
            loss = self._loss_around(b)
            step = -self.in_b(loss) / self.in_b(loss, 2)
            b = b + step
            if abs(float(step)) ** 2 <= self.arithmetic.unit_roundoff:
                break
        return b

    def _loss_around(self, b: Any) -> Callable[[Any], Any]:
        return lambda delta: self.loss(self.c, b + delta)

    @cached_property
    def curvature(self) -> float:
        """∂²L_D/∂b² at b*, for error bounds."""
        d, rest = self.discriminator(self.b_star)
        return float(self.mean_p(d * rest) + self.mean_q(d * rest))

    # --- rounding --------------------------------------------------------------------------------

    @cached_property
    def longest(self) -> float:
        """L = max(|c| + |log q|) + |b|, the size of exponents."""
        floats = self.arithmetic.floats
        return float(np.max(np.abs(floats(self.c)) + np.abs(floats(self.log_q)))) + abs(float(self.b))

    @cached_property
    def rounding(self) -> float:
        """Relative error of a sum over the space: N terms in any order, functions of exponents of size L."""
        return self.arithmetic.unit_roundoff * (len(self.c) + 64) * (1.0 + self.longest)


def build_space(
    problem: Problem, theta: Array, b: float, arithmetic: Arithmetic, mdp: TabularMDP | None = None
) -> Space:
    """Convert a problem; with its MDP, h is rebuilt from the dynamics, normalised in this arithmetic."""
    h = arithmetic.exp(arithmetic.array(problem.log_h))
    if mdp is not None and problem.unit == "trajectory":
        h = dynamics(problem, arithmetic, mdp)
    p, q = (arithmetic.exp(arithmetic.array(log)) for log in (problem.log_p, problem.log_q))
    hessian = problem.cost.hessian(theta)
    return Space(
        arithmetic=arithmetic,
        problem=problem,
        theta=theta,
        mdp=mdp,
        h=h,
        p=p / np.sum(h * p),
        q=q / np.sum(h * q),
        c=arithmetic.array(problem.cost.value(theta)),
        dc=arithmetic.array(problem.cost.gradient(theta)),
        d2c=arithmetic.array((hessian + hessian.transpose(0, 2, 1)) / 2),  # differences leave it unsymmetric
        b=arithmetic.array(b),
    )


def dynamics(problem: Problem, arithmetic: Arithmetic, mdp: TabularMDP) -> Any:
    """H = ρ0(s0) Π P(s'|s,a), (N,), from the process itself."""
    start, transition = start_and_transition(arithmetic, mdp)
    steps = problem.steps
    chances = transition[steps.state, steps.action, steps.next_state]
    return start[steps.state[:, 0]] * np.prod(np.where(steps.mask, chances, 1), axis=1)


def start_and_transition(arithmetic: Arithmetic, mdp: TabularMDP) -> tuple[Any, Any]:
    """Return ρ0 (S,) and P (S, A, S + 1), normalised in this arithmetic."""
    start, transition = arithmetic.array(mdp.start), arithmetic.array(mdp.transition)
    return start / np.sum(start), transition / np.sum(transition, axis=2)[:, :, None]


def concatenated(parts: Iterable[Any]) -> Any:
    """Join scalars and arrays into one vector."""
    return np.concatenate([np.ravel(np.asarray(part)) for part in parts])
