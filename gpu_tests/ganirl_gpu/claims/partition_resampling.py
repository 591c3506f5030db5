"""Family F in PyTorch, continued: this package's estimates on every sample that there is, by counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.enumeration.space import Comparison
from ganirl.laplace import expected_log_mean, expected_ratio
from ganirl.resampling import resamples
from ganirl_gpu.objectives import discriminator_loss
from ganirl_gpu.partition import importance_log_partition, optimal_log_partition

from .space import TorchSpace, gradient

DRAWS = 4


def _outcomes(space: TorchSpace, weight: Tensor, draws: int) -> tuple[Tensor, Tensor]:
    """Counts (M, N) and probabilities (M,) of all samples."""
    drawn = resamples(FLOAT64_ARITHMETIC, _numbers(weight), draws)
    counts, probability = (
        torch.as_tensor(np.asarray(each, dtype=np.float64)).to(space.c)
        for each in (drawn.counts, drawn.probability)
    )
    return counts, probability


def _numbers(values: Tensor) -> npt.NDArray[np.float64]:
    return np.asarray(values.detach().double().cpu().numpy(), dtype=np.float64)


def _expected_log_z(space: TorchSpace, cost: Tensor) -> Tensor:
    """E[log Ẑ] over all samples of q, differentiable in the cost."""
    counts, probability = _outcomes(space, space.w_q, DRAWS)
    log_z = torch.stack([importance_log_partition(cost, space.log_q, row) for row in counts])
    return probability @ log_z


def log_estimate(space: TorchSpace) -> Iterator[Comparison]:
    """F4: E[log Ẑ_n] over all samples of q."""
    integral = expected_log_mean(
        FLOAT64_ARITHMETIC, _numbers(space.w_q), _numbers(torch.exp(-space.c - space.log_q)), DRAWS
    )
    found = _expected_log_z(space, space.c)
    right = torch.tensor(float(integral), dtype=found.dtype, device=found.device)
    size = 1 + abs(float(space.log_z))
    yield Comparison(found, right, space.log_z, size, DRAWS, f"E[log Ẑ_n], {DRAWS} samples of q")


def self_normalised(space: TorchSpace) -> Iterator[Comparison]:
    """F5: E[∂_θ log Ẑ_n] over all samples of q."""
    ratio = expected_ratio(
        FLOAT64_ARITHMETIC,
        _numbers(space.w_q),
        _numbers(torch.exp(-space.c - space.log_q)),
        _numbers(space.dc),
        DRAWS,
    )
    found = gradient(lambda delta: _expected_log_z(space, space.cost(delta)), space.here())
    right = -torch.as_tensor(np.asarray(ratio, dtype=np.float64)).to(found)
    unbiased = -space.w_model @ space.dc
    size = float(space.dc.abs().max())
    yield Comparison(found, right, unbiased, size, DRAWS, f"E[∂_θ log Ẑ_n], {DRAWS} samples of q")


def stratified(space: TorchSpace) -> Iterator[Comparison]:
    """F8: the variance of Ẑ/Z over all samples of μ, less that of half p, half q."""
    log_mixture = torch.logaddexp(space.log_p, space.log_q) - math.log(2)

    def estimates(rows: Tensor) -> Tensor:
        found = [importance_log_partition(space.c, log_mixture, row) for row in rows]
        return torch.exp(torch.stack(found) - space.log_z)

    pooled, chance = _outcomes(space, (space.w_p + space.w_q) / 2, DRAWS)
    halves = [_outcomes(space, weight, DRAWS // 2) for weight in (space.w_p, space.w_q)]
    rows = (halves[0][0][:, None] + halves[1][0][None, :]).reshape(-1, len(space.c))
    together = (halves[0][1][:, None] * halves[1][1][None, :]).reshape(-1)
    variances = [
        weight @ (estimates(counts) - 1) ** 2 for counts, weight in ((pooled, chance), (rows, together))
    ]
    x = torch.exp(-space.c - space.log_z - log_mixture)
    apart = (space.mean_p(x) - space.mean_q(x)) ** 2
    size = DRAWS * float(space.mean_mixture(x**2))
    name = f"n(Var i.i.d. − Var half/half)/Z², n = {DRAWS}"
    yield Comparison(DRAWS * (variances[0] - variances[1]), apart / 4, apart / 2, size, DRAWS, name)


def minibatch_optimum(space: TorchSpace) -> Iterator[Comparison]:
    """F10: E[∂_θL_D] of one expert's and one generator's sample, at b* and at each minibatch's own b̂."""
    experts, expert_chance = _outcomes(space, space.w_p, 1)
    generators, generator_chance = _outcomes(space, space.w_q, 1)
    score = space.logit(space.c, 0.0)
    own = [[optimal_log_partition(score, score, row, column) for column in generators] for row in experts]

    def expected(delta: Tensor, b: list[list[Tensor]]) -> Tensor:
        score = space.logit(space.cost(delta), 0.0)
        losses = [
            [
                discriminator_loss(score - at, score - at, row, column)
                for column, at in zip(generators, line, strict=True)
            ]
            for row, line in zip(experts, b, strict=True)
        ]
        return expert_chance @ torch.stack([torch.stack(line) for line in losses]) @ generator_chance

    fixed = [[space.b_star for _ in generators] for _ in experts]
    at_fixed, at_own = (gradient(partial(expected, b=b), space.here()) for b in (fixed, own))
    d = torch.sigmoid(space.logit(space.c, space.b_star))[:, None]
    exact = space.mean_p((1 - d) * space.dc) - space.mean_q(d * space.dc)
    size = float(space.dc.abs().max()) + 2
    yield Comparison(at_fixed, exact, at_own, size, 4.0, "E[∂_θL_D] of 1 + 1 samples at b*")
