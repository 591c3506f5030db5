"""What is unbiased and what is not: expectations over every sample that there is, on a small space.

Each function takes a space (`ganirl.enumeration.space.Space`, in float64) and returns numbers, for tables and
figures. The claims are F1 to F10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .arithmetic import FLOAT64_ARITHMETIC
from .enumeration.importance import log_of_mixture, weights_over_z
from .enumeration.partition_resampling import batch_optima
from .enumeration.space import Space, build_space
from .instances import Instance
from .laplace import expected_log_mean
from .resampling import Resamples, resamples

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PopulationEstimates:
    """What estimates of Z tend to with ever more samples.

    Attributes
    ----------
    partition : Z_θ
    from_generator : E_q[e^{−c}/q]
    from_mixture : E_μ[e^{−c}/μ], μ = ½(p + q) exactly
    from_model : E_μ[e^{−c}/μ̃] with p_θ for p, at the true Z
    self_consistent : Z*, where E_μ[e^{−c}/μ̃] is its own Z
    """

    partition: float
    from_generator: float
    from_mixture: float
    from_model: float
    self_consistent: float


@dataclass(frozen=True)
class SampleBias:
    """Biases of estimates from n samples, exactly.

    Attributes
    ----------
    draws : n
    mean : E[Ẑ_n] − Z
    log : E[log Ẑ_n] − log Z, by counting samples
    log_integral : the same by an integral
    log_predicted : −CV²/2n
    log_residual : what F4's expansion to 1/n² leaves, times n³
    gradient : E[Σwc'/Σw] − E_{p_θ}[c'], (d,)
    gradient_predicted : −E_s[(w/Z)²(c' − E_{p_θ}[c'])]/n, (d,)
    """

    draws: int
    mean: float
    log: float
    log_integral: float
    log_predicted: float
    log_residual: float
    gradient: Array
    gradient_predicted: Array


@dataclass(frozen=True)
class MinibatchBias:
    """Biases of what k + k samples give, exactly.

    Attributes
    ----------
    size : k
    optimum : E[b̂] − b*
    partition : E[e^{b̂}] − Z*
    gradient_own : E[∂_θL_D at the minibatch's own b̂] − ∂_θL_D at b*, (d,)
    gradient_fixed : E[∂_θL_D at b*] − ∂_θL_D at b*, (d,)
    """

    size: int
    optimum: float
    partition: float
    gradient_own: Array
    gradient_fixed: Array


def space_of(instance: Instance, *, well_specified: bool = False) -> Space:
    """Return an instance in float64; well specified, the data are those of its own model p_θ."""
    space = build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC)
    return replace(space, p=space.model) if well_specified else space


def population_estimates(space: Space) -> PopulationEstimates:
    """Return what the estimates of Z tend to."""
    weight = np.exp(-space.c)
    return PopulationEstimates(
        partition=float(np.exp(space.log_z)),
        from_generator=float(space.mean_q(weight / space.q)),
        from_mixture=float(space.mean_mixture(weight / np.exp(log_of_mixture(space)))),
        from_model=fixed_point_map(space, float(np.exp(space.log_z))),
        self_consistent=float(np.exp(space.b_star)),
    )


def fixed_point_map(space: Space, partition: float) -> float:
    """F(Z) = E_μ[e^{−c}/μ̃_Z], whose fixed point is Z*."""
    return float(np.exp(space.estimate(space.c, space.log_mixture(space.c, np.log(partition)))))


def proposals(space: Space) -> dict[str, tuple[Array, Array]]:
    """Weights h·s and w/Z of the exact proposals, the generator q and the mixture μ."""
    return {
        "q": (space.w_q, weights_over_z(space, space.log_q)),
        "μ": ((space.w_p + space.w_q) / 2, weights_over_z(space, log_of_mixture(space))),
    }


def sample_bias(space: Space, proposal: str, draws: int) -> SampleBias:
    """Biases of the mean weight, of its logarithm and of the self-normalised gradient, from n samples."""
    weight, x = proposals(space)[proposal]
    drawn = resamples(FLOAT64_ARITHMETIC, weight, draws)
    mean = drawn.mean(x)
    log = float(drawn.expectation(np.log(mean)))
    exact = (space.h * space.model) @ space.dc
    ratio = drawn.expectation(drawn.mean(x[:, None] * space.dc) / mean[:, None])
    cv2, skew = (float(weight @ (x - 1) ** order) for order in (2, 3))
    first = -cv2 / (2 * draws)
    return SampleBias(
        draws=draws,
        mean=float(np.exp(space.log_z) * (drawn.expectation(mean) - 1)),
        log=log,
        log_integral=float(expected_log_mean(FLOAT64_ARITHMETIC, weight, x, draws)),
        log_predicted=first,
        log_residual=(log - first - (skew / 3 - 0.75 * cv2**2) / draws**2) * draws**3,
        gradient=ratio - exact,
        gradient_predicted=-(weight * x**2) @ (space.dc - exact) / draws,
    )


def log_bias(space: Space, proposal: str, draws: int) -> float:
    """E[log Ẑ_n] − log Z by an integral, for any n."""
    weight, x = proposals(space)[proposal]
    return float(expected_log_mean(FLOAT64_ARITHMETIC, weight, x, draws))


def averaged_log_bias(space: Space, proposal: str, draws: int, minibatches: int) -> float:
    """E of the average of log Ẑ_n over independent minibatches, less log Z: by counting all their samples."""
    weight, x = proposals(space)[proposal]
    drawn = resamples(FLOAT64_ARITHMETIC, weight, draws)
    chance, log = drawn.probability, np.log(drawn.mean(x))
    together, average = np.ones(1), np.zeros(1)
    for _ in range(minibatches):
        together = (together[:, None] * chance).ravel()
        average = (average[:, None] + log / minibatches).ravel()
    return float(together @ average)


def minibatch_bias(space: Space, size: int) -> MinibatchBias:
    """Biases of b̂, of e^{b̂} and of the gradient, solved on k + k samples, over all of them."""
    expert, generator = (resamples(FLOAT64_ARITHMETIC, weight, size) for weight in (space.w_p, space.w_q))
    b = batch_optima(space, expert, generator)
    chance = expert.probability[:, None] * generator.probability[None, :]
    d, rest = space.discriminator(space.b_star)
    exact = space.mean_p(rest[:, None] * space.dc) - space.mean_q(d[:, None] * space.dc)
    return MinibatchBias(
        size=size,
        optimum=float(np.sum(chance * (b - space.b_star))),
        partition=float(np.sum(chance * (np.exp(b) - np.exp(space.b_star)))),
        gradient_own=_mean_gradient(space, expert, generator, b) - exact,
        gradient_fixed=_mean_gradient(space, expert, generator, np.full((1, 1), space.b_star)) - exact,
    )


def minibatch_limit(space: Space) -> tuple[float, float]:
    """Limits of k·E[b̂ − b*] and k·E[e^{b̂} − Z*] [F10]."""
    d, rest = space.discriminator(space.b_star)
    sides = (space.w_p, space.w_q)

    def covariance(f: Array, g: Array) -> float:
        return sum(float(w @ (f * g) - (w @ f) * (w @ g)) for w in sides)

    slope = float(sum(w @ (d * rest) for w in sides))
    third = -float(sum(w @ (d * rest * (rest - d)) for w in sides))
    noise = covariance(d, d)
    optimum = -covariance(d, d * rest) / slope**2 - third * noise / (2 * slope**3)
    return optimum, float(np.exp(space.b_star)) * (optimum + noise / (2 * slope**2))


def _mean_gradient(space: Space, expert: Resamples, generator: Resamples, b: Array) -> Array:
    """(d,) E[mean_p[(1 − D)c'] − mean_q[Dc']] over all minibatches, D at b (M_p or 1, M_q or 1)."""
    found = np.zeros(space.dc.shape[1])
    score = -space.c - space.log_q
    for place, (row, chance) in enumerate(zip(expert.counts, expert.probability, strict=True)):
        d = 1 / (1 + np.exp(b[min(place, len(b) - 1)][:, None] - score))
        inner = row / expert.draws * (1 - d) - generator.counts / generator.draws * d
        found += chance * (generator.probability @ inner) @ space.dc
    return found
