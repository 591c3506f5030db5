"""How far rounding may take sound doors apart: in one step from the same parameters, and over a whole run.

One step: each door's gradients are within `allowance` of the exact ones, whatever the order of summation and of
association and however b* is solved; two doors from the same parameters are within twice that. A run: a difference
e between two runs obeys, to first order, e_{k+1} = M_k e_k + ρ_k, where M_k is the derivative of a step of
training and ρ_k at most what one step allows, so that |e_k| ≤ Σ_j |M_{k−1} ⋯ M_{j+1}| |ρ_j|. Nothing is tuned; what is
left out is of the size of the square of the bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ganirl import bounds
from ganirl.bounds import FloatModel
from ganirl.logspace import log_sum_exp, sigmoid, softplus
from ganirl.precision import FLOAT64
from ganirl_gpu.framework import framework

from .ground import Batch, Ground
from .runs import Rates, State

Array = npt.NDArray[np.float64]

ARITHMETIC = FloatModel(FLOAT64, framework.kappa("float64", "cpu"))


@dataclass(frozen=True, eq=False)
class Allowance:
    """How far one sound door may be from the exact update; θ (d,), policy logits (S, A)."""

    theta: Array
    policy: Array

    @property
    def parameters(self) -> Array:
        """Both, (d + SA,)."""
        return np.concatenate([self.theta, self.policy.ravel()])


@dataclass(frozen=True, eq=False)
class _Numbers:
    """The rows of both sides joined, as NumPy sees them, with the errors that their numbers may have."""

    cost: Array  # (n,), Σ|terms of c|
    slope: Array  # (n, d), Σ|terms of c'|
    derivative: Array  # (n, d), c'
    terms: int  # of c
    log_q: Array
    log_q_error: Array
    logit: Array
    logit_error: Array
    weight: tuple[Array, Array]  # of each side, on its own rows
    weight_error: Array  # relative, of the generator's rows
    split: int  # where the generator's rows begin


def _numbers(theta: Tensor, batch: Batch, b: float, log_q_error: Array) -> _Numbers:
    magnitudes = [side.cost.magnitude(theta) for side in batch.sides]
    cost, slope = (torch.cat(parts).numpy() for parts in zip(*magnitudes, strict=True))
    terms = batch.expert.cost.basis.shape[1] + 4
    log_q = torch.cat([side.log_q for side in batch.sides]).numpy()
    value = torch.cat([side.cost.value(theta) for side in batch.sides]).numpy()
    split = len(batch.expert.weight)
    weight_error = np.full(len(log_q) - split, 2 * ARITHMETIC.u)
    if batch.population:
        exponent = np.abs(batch.generator.log_h.numpy() + log_q[split:])
        weight_error = (ARITHMETIC.kappa + 2 + 2 * exponent) * ARITHMETIC.u + log_q_error[split:]
    return _Numbers(
        cost=cost,
        slope=slope,
        derivative=torch.cat([side.cost.derivative(theta) for side in batch.sides]).numpy(),
        terms=terms,
        log_q=log_q,
        log_q_error=log_q_error,
        logit=-value - b - log_q,
        logit_error=bounds.logit(ARITHMETIC, cost, terms, b, np.abs(log_q), log_q_error),
        weight=(batch.expert.weight.numpy(), batch.generator.weight.numpy()),
        weight_error=weight_error,
        split=split,
    )


def policy_log_q_error(policy_logits: Tensor, batch: Batch) -> Array:
    """Error of log q of all rows under a tabular policy, (n,)."""
    logits = policy_logits.numpy()
    columns = [bounds.log_softmax(ARITHMETIC, logits, logits[:, a]) for a in range(logits.shape[1])]
    visits = torch.cat([side.visits for side in batch.sides]).numpy()
    log_q = torch.cat([side.log_q for side in batch.sides]).abs().numpy()
    steps = ARITHMETIC.gamma(batch.expert.mask.shape[1]) * log_q
    return np.asarray(np.tensordot(visits, np.stack(columns, axis=1), 2) + steps)


def theta_allowance(theta: Tensor, batch: Batch, b: float, log_q_error: Array) -> Array:
    """Bound the rounding of the gradient in θ, (d,), with b within rounding of b*.

    It is the larger of the bounds of the two forms of the gradient, E_p[(1−D)c'] − E_q[Dc'] and the self-normalised
    mean, and what the rounding of b̂ adds: the derivative in b of either form is at most max|c'|, and
    |b̂ − b*| ≤ −log(1 − r/A), where r bounds the slope ∂_bL_D that a solver may take for zero and A = ∂²L_D/∂b².
    """
    return _theta(_numbers(theta, batch, b, log_q_error), b)


def allowance(state: State, batch: Batch, b: float) -> Allowance:
    """Bound the rounding of one update at a state, with b within rounding of b*."""
    numbers = _numbers(state.theta, batch, b, policy_log_q_error(state.policy_logits, batch))
    return Allowance(_theta(numbers, b), _policy(state, batch, numbers, b))


def _theta(numbers: _Numbers, b: float) -> Array:
    forms = np.maximum(_contrast(numbers, numbers.slope), _self_normalised(numbers, b))
    return np.asarray(forms + numbers.slope.max(axis=0) * _solver(numbers, b))


def _contrast(numbers: _Numbers, derivative: Array) -> Array:
    """E_p[(1−D)c'] − E_q[Dc']; with c' = 1 the slope in b."""
    total = np.zeros(derivative.shape[1])
    expert, generator = np.s_[: numbers.split], np.s_[numbers.split :]
    for rows, weight, sign, weight_error in (
        (expert, numbers.weight[0], -1.0, np.zeros(1)),
        (generator, numbers.weight[1], 1.0, numbers.weight_error),
    ):
        x = sign * numbers.logit[rows]
        r = sigmoid(x)
        error = bounds.sigmoid_gradient_terms(ARITHMETIC, x, numbers.logit_error[rows], "log_sigmoid")
        total += bounds.gradient_sum(ARITHMETIC, weight, r, error + r * weight_error, derivative[rows])
        total += ARITHMETIC.gamma(numbers.terms) * ((weight * r) @ derivative[rows])
    return total


def _self_normalised(numbers: _Numbers, b: float) -> Array:
    """E_p[c'] − Σ w c'/Σ w, w = e^{−c}/μ̃ = 2e^b D."""
    share = np.concatenate(numbers.weight) / 2
    present = share > 0
    log_weight = np.log(share[present]) + np.log(2.0) + b - softplus(-numbers.logit[present])
    magnitude = numbers.cost + abs(b) + np.abs(numbers.log_q)
    error = 2 * ARITHMETIC.gamma(numbers.terms + 3) * magnitude + (2 * ARITHMETIC.kappa + 4) * ARITHMETIC.u
    error = error + numbers.log_q_error
    error[numbers.split :] += numbers.weight_error
    mean = self_normalised_mean(
        log_weight, error[present], numbers.derivative[present], numbers.slope[present], numbers.terms
    )
    data = numbers.weight[0] @ numbers.slope[: numbers.split]
    return np.asarray(mean + ARITHMETIC.gamma(len(share) + numbers.terms + 3) * data)


def self_normalised_mean(
    exponent: Array, exponent_error: Array, derivative: Array, slope: Array, terms: int
) -> Array:
    """Σ s c' with s = softmax(exponent), where c' is itself a sum of terms whose magnitudes add to ``slope``."""
    share = np.exp(exponent - float(log_sum_exp(exponent)))
    own = ARITHMETIC.gamma(terms) * (share @ slope)
    return np.asarray(bounds.softmax_mean_error(ARITHMETIC, exponent, exponent_error, derivative) + own)


def _solver(numbers: _Numbers, b: float) -> float:
    """|b̂ − b*| of any solver that stops where it sees no slope, or moves by four units in the last place."""
    rows = len(numbers.logit)
    slope = float(_contrast(numbers, np.ones((rows, 1)))[0])
    # A slope written 1 − 2·mean(D) rounds by the number of rows, however small it is.
    slope += ARITHMETIC.gamma(rows + ARITHMETIC.kappa + 3) + 16 * ARITHMETIC.u * (1.0 + abs(b))
    spread = sigmoid(numbers.logit) * sigmoid(-numbers.logit)
    curvature = float(np.concatenate(numbers.weight) @ spread)
    left = 2.0 * slope / curvature
    return float(-np.log1p(-left)) if left < 1.0 else np.inf


def _policy(state: State, batch: Batch, numbers: _Numbers, b: float) -> Array:
    """Each row's score times its cost, log q and b, all added."""
    side, generator = batch.generator, np.s_[numbers.split :]
    visits = side.visits.numpy()
    chance = torch.softmax(state.policy_logits, -1).numpy()
    score = visits + visits.sum(-1, keepdims=True) * chance
    weight = numbers.weight[1]
    # log D and log(1 − D) round relatively each, and are at most |ℓ| + 2 log 2 together.
    size = numbers.cost[generator] + abs(b) + np.abs(numbers.log_q[generator]) + 2 * np.log(2.0)
    size = size + weight @ size  # the baseline
    terms = len(weight) + numbers.terms + side.mask.shape[1] + 12 * ARITHMETIC.kappa + 8
    relative = (ARITHMETIC.gamma(terms) + 2 * numbers.weight_error) * size
    relative = relative + 2 * (numbers.logit_error[generator] + weight @ numbers.logit_error[generator])
    # π(a|s) of each score moves with the logits that it is computed from.
    spread = 1.0 + float(state.policy_logits.abs().max())
    return np.asarray(np.einsum("n,nsa->sa", weight * relative * spread, score))


def derivative_of_update(state: State, batch: Batch, b: float) -> Array:
    """∂(gradients of θ and of the policy)/∂(θ, policy logits), (k, k), with b following b*(θ, policy).

    By autograd of closed forms. The rows stay as they are; the weights of population rows follow the policy.
    """
    width, shape = len(state.theta), state.policy_logits.shape
    expert, generator = batch.sides

    def field_of(point: Tensor) -> Tensor:
        theta, policy, log_z = point[:width], point[width:-1].reshape(shape), point[-1]
        log_q = [side.log_prob(policy) for side in batch.sides]
        weight = torch.exp(generator.log_h + log_q[1]) if batch.population else generator.weight
        costs = [side.cost.value(theta) for side in batch.sides]
        missed = expert.weight * torch.sigmoid(costs[0] + log_z + log_q[0])
        fooled = weight * torch.sigmoid(-costs[1] - log_z - log_q[1])
        in_theta = missed @ expert.cost.derivative(theta) - fooled @ generator.cost.derivative(theta)
        price = costs[1] + log_q[1]
        centred = weight * (price - weight @ price)
        in_policy = torch.einsum("n,nsa->sa", centred, generator.score(policy))
        return torch.cat([in_theta, in_policy.reshape(-1), (missed.sum() - fooled.sum())[None]])

    at = torch.cat([state.theta, state.policy_logits.reshape(-1), torch.tensor([b], dtype=torch.float64)])
    leaf = at.requires_grad_()
    rows = [torch.autograd.grad(each, leaf, retain_graph=True)[0] for each in field_of(leaf)]
    whole = torch.stack(rows).numpy()
    in_b, slope = whole[:-1, -1], whole[-1]
    return np.asarray(whole[:-1, :-1] - np.outer(in_b, slope[:-1] / slope[-1]))


@dataclass
class Drift:
    """The bound on the difference of two runs, step by step.

    Attributes
    ----------
    rates : the step size of each parameter, (k,)
    products : for each step j so far M_{k−1} ⋯ M_{j+1}, (k, k)
    rounding : for each step j what it may add, (k,)
    """

    rates: Array
    products: Array = field(init=False)
    rounding: Array = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.rates)
        self.products, self.rounding = np.zeros((0, size, size)), np.zeros((0, size))

    def advance(self, before: Array, after: Array, allowed: Array, derivative: Array) -> None:
        """Take in one more step.

        Parameters
        ----------
        before, after : (k,) the parameters
        allowed : (k,) how far one sound door's gradients may be from the exact ones; two doors are compared
        derivative : (k, k) of the gradients in the parameters
        """
        size = len(self.rates)
        onward = np.eye(size) - self.rates[:, None] * derivative
        # x − ηg rounds its product and its difference.
        rounded = 2 * ARITHMETIC.u * (np.abs(after) + np.abs(after - before))
        added = 2 * (self.rates * allowed + rounded)
        self.products = np.concatenate([onward @ self.products, np.eye(size)[None]])
        self.rounding = np.concatenate([self.rounding, added[None]])

    @property
    def bound(self) -> Array:
        """Largest difference that rounding explains after the steps so far, (k,)."""
        return np.asarray(np.einsum("jkl,jl->k", np.abs(self.products), self.rounding))


def parameter_rates(rates: Rates, ground: Ground) -> Array:
    """Return the step size of each parameter, (d + SA,)."""
    sizes = (ground.theta.numel(), ground.policy_logits.numel())
    return np.repeat([rates.theta, rates.policy], sizes)
