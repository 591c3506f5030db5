"""Where training ends: half of the likelihood's step, noise contrast, and maximum likelihood.

C5: with q = p_θ at every step the GAN's gradient is half of the likelihood's. C6: with q held, the limit is that of
noise-contrastive estimation, which under misspecification depends on q. G2: with q free, it is maximum likelihood.
Limits are compared with the roots of the same equations, found by SciPy from floor 1's gradients.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import brentq
from torch import Tensor

from ganirl import bounds, objectives
from ganirl.instances import S6_GENERATORS, s6
from ganirl.logspace import sigmoid
from ganirl.optimum import problem_optimum
from ganirl.problem import Problem
from ganirl_gpu.claims.space import hessian

from .departures import ExactLikelihood
from .doors import Adversarial, Door, EnergyBased, GuidedCost
from .ground import Batch, Ground, ground, population
from .rounding import (
    ARITHMETIC,
    Drift,
    allowance,
    derivative_of_update,
    self_normalised_mean,
    theta_allowance,
)
from .runs import Rates, Run, Step, journey, record, start, train_cost

Array = npt.NDArray[np.float64]

# A gradient of this size is far above its rounding on four points, and moves θ by 1e-11 at most.
AT_REST = 1e-12
MOST_STEPS = 3000


# --- C5 ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class HalfStep:
    """A GAN whose generator is p_θ at every step, beside exact maximum likelihood with half of the step, and with all.

    Attributes
    ----------
    gan, half, whole : θ of every step, (K + 1, d)
    difference, whole_difference : the largest difference of the GAN's θ from each
    ratio : of the former to what rounding explains, at its largest; ``allowed`` is the most that it explains
    """

    ground: str
    gan: Array = field(repr=False)
    half: Array = field(repr=False)
    whole: Array = field(repr=False)
    difference: float
    whole_difference: float
    ratio: float
    allowed: float

    @property
    def holds(self) -> bool:
        """Whether half of the step coincides and the whole step does not."""
        return self.ratio <= 1.0 and self.whole_difference > self.allowed


def half_step(where: Ground, rate: float, steps: int) -> HalfStep:
    """Run the three: the generator is p_θ as a density, whether or not a policy can reach it (claim C5)."""
    likelihood = ExactLikelihood(where)
    gan = train_cost(Adversarial(), where, where.converged, rate, steps)
    half = train_cost(likelihood, where, where.converged, rate / 2, steps)
    whole = train_cost(likelihood, where, where.converged, rate, steps)
    explained = _half_step_drift(where, half, rate)
    return HalfStep(
        where.name,
        gan,
        half,
        whole,
        difference=float(np.abs(gan - half).max()),
        whole_difference=float(np.abs(gan - whole).max()),
        ratio=float((np.abs(gan - half)[1:] / explained).max()),
        allowed=float(explained.max()),
    )


def _half_step_drift(where: Ground, path: Array, rate: float) -> Array:
    """What rounding explains of the GAN's difference from half of the likelihood's step, (K, d)."""
    drift = Drift(np.full(path.shape[1], rate))
    bounds_of_steps = []
    for now, following in itertools.pairwise(path):
        theta = torch.tensor(now)
        cost, slope = (each.numpy() for each in where.rows.cost.magnitude(theta))
        terms = where.rows.cost.basis.shape[1] + 4
        exponent = (where.rows.log_h - where.rows.cost.value(theta)).numpy()
        error = ARITHMETIC.gamma(terms) * (cost + np.abs(where.rows.log_h.numpy()))
        data = ARITHMETIC.gamma(len(where) + terms) * (where.rows.weight.numpy() @ slope)
        derivative = where.rows.cost.derivative(theta).numpy()
        likelihood = self_normalised_mean(exponent, error, derivative, slope, terms) + data
        log_z = float(bounds.log_sum_exp_error(ARITHMETIC, exponent, error))
        log_q_error = np.tile(error + log_z + 2 * ARITHMETIC.u * np.abs(exponent), 2)
        batch = where.converged(theta)
        b = float(torch.logsumexp(where.rows.log_h - where.rows.cost.value(theta), 0))
        allowed = theta_allowance(theta, batch, b, log_q_error)
        curvature = hessian(partial(_likelihood, where), theta).numpy()
        drift.advance(now, following, np.maximum(allowed, likelihood / 2), curvature / 2)
        bounds_of_steps.append(drift.bound)
    return np.stack(bounds_of_steps)


def _likelihood(where: Ground, theta: Tensor) -> Tensor:
    """E_p[c] + log Z_θ."""
    cost = where.rows.cost.value(theta)
    return where.rows.weight @ cost + torch.logsumexp(where.rows.log_h - cost, 0)


# --- C6 ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Limit:
    """Where θ ends with q held.

    Attributes
    ----------
    generator : q's name
    well_specified : whether the data are of the cost's family
    doors : (name of the door, its θ)
    root : the root of the noise-contrastive equation, by floor 1
    likelihood : the maximum of the likelihood, by floor 1
    allowed : |θ − root| that the gradient at rest explains
    """

    generator: str
    well_specified: bool
    doors: tuple[tuple[str, float], ...]
    root: float
    likelihood: float
    allowed: float
    path: Array = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether every door ends at the root, which is the likelihood's exactly if the data are of the family."""
        arrives = all(abs(theta - self.root) <= self.allowed for _, theta in self.doors)
        return arrives and (abs(self.root - self.likelihood) <= self.allowed) == self.well_specified


DOORS: tuple[tuple[str, Door], ...] = (
    ("GAN", Adversarial()),
    ("guided cost learning", GuidedCost()),
    ("energy-based model", EnergyBased()),
)


def noise_contrastive_limits(
    *, rate: float = 1.0, well_specified: bool = False, tick: Callable[[str], None] = lambda name: None
) -> tuple[Limit, ...]:
    """Train θ on S6 against each of its generators, held, until the gradient rests (claim C6)."""
    found = []
    for name in S6_GENERATORS:
        instance = s6(name, well_specified, theta=-0.5 if well_specified else 0.4)
        where = ground(instance)
        rows = where.population(where.policy_logits)
        held = partial(_held, rows)
        paths = [train_cost(door, where, held, rate, MOST_STEPS, tolerance=AT_REST) for _, door in DOORS]
        root, steepness = _root(partial(_noise_contrast, instance.problem))
        rounding = allowance(start(where), rows, float(where.b)).theta[0]
        found.append(
            Limit(
                name,
                well_specified,
                tuple((door, float(path[-1, 0])) for (door, _), path in zip(DOORS, paths, strict=True)),
                root,
                _root(partial(_likelihood_slope, instance.problem))[0],
                2 * (AT_REST + float(rounding)) / steepness,
                paths[0],
            )
        )
        tick(f"q {name}")
    return tuple(found)


def _held(rows: Batch, theta: Tensor) -> Batch:
    """Return the same rows whatever θ is."""
    del theta
    return rows


def _noise_contrast(problem: Problem, theta: float) -> float:
    """∂_θ min_b L_D by floor 1."""
    at = np.array([theta])
    w_p, w_q, c = problem.data_weight, problem.generator_weight, problem.cost.value(at)
    b, dc = problem_optimum(problem, at).b, problem.cost.gradient(at)
    return float(objectives.discriminator_gradient(w_p, w_q, c, problem.log_q, b, dc=dc)[0][0])


def _likelihood_slope(problem: Problem, theta: float) -> float:
    """∂_θ(E_p[c] + log Z_θ) by floor 1."""
    at = np.array([theta])
    c, dc = problem.cost.value(at), problem.cost.gradient(at)
    return float(objectives.demonstration_gradient(problem.data_weight, c, problem.log_h, dc)[0])


def _root(slope: Callable[[float], float]) -> tuple[float, float]:
    """Where a slope vanishes, and how steeply, for one θ between −3 and 3."""
    root = cast(float, brentq(slope, -3.0, 3.0, xtol=1e-15, rtol=4 * np.finfo(float).eps))
    return root, (slope(root + 1e-4) - slope(root - 1e-4)) / 2e-4


# --- G2 ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Equilibrium:
    """Where θ and q end together on S6, whose cost cannot represent the data.

    Attributes
    ----------
    door : how it was trained
    theta, likelihood : θ at rest, and the maximum of the likelihood by floor 1
    allowed : |θ − likelihood| that the gradients at rest explain
    half : max|D − ½|
    loss : L_D − 2 log 2
    offset : b − log Z_θ
    divergence : KL(q‖p)
    run : the whole way
    """

    door: str
    theta: float
    likelihood: float
    allowed: float
    half: float
    loss: float
    offset: float
    divergence: float
    run: Run = field(repr=False)

    @property
    def holds(self) -> bool:
        """Whether it is maximum likelihood, with D ≡ ½ and yet q ≠ p."""
        arrives = abs(self.theta - self.likelihood) <= self.allowed
        blind = max(self.half, abs(self.loss), abs(self.offset)) <= 1e-9
        return arrives and blind and self.divergence > 0.1


def equilibrium(name: str, door: Door, rates: Rates) -> Equilibrium:
    """Train θ and q together on S6 until both gradients rest (claim G2)."""
    instance = s6()
    where, problem = ground(instance), instance.problem
    taken: list[Step] = []
    for step in journey(door, where, population, rates, MOST_STEPS):
        taken.append(step)
        if max(float(step.change.theta.abs().max()), float(step.change.policy.abs().max())) <= AT_REST:
            break
    last = taken[-1]
    b = float(last.change.b)
    theta = last.after.theta.numpy()
    density = where.rows.log_prob(last.after.policy_logits).numpy()
    logit = objectives.discriminator_logit(problem.cost.value(theta), density, b)
    q = np.exp(density)
    loss = objectives.discriminator_loss(problem.data_weight, q, problem.cost.value(theta), density, b)
    left = AT_REST + allowance(last.before, last.batch, b).parameters
    # The logits of a softmax have a direction that changes nothing: hence the pseudo-inverse.
    reach = np.abs(np.linalg.pinv(derivative_of_update(last.before, last.batch, b))) @ left
    return Equilibrium(
        name,
        float(theta[0]),
        _root(partial(_likelihood_slope, problem))[0],
        2 * float(reach[0]),
        float(np.abs(sigmoid(logit) - 0.5).max()),
        loss - 2 * math.log(2),
        b - problem.log_partition(theta),
        float(q @ (density - problem.log_p)),
        record(where, taken),
    )
