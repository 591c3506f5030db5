"""Checks of family C, on both sides of the theorem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ganirl.bounds import linear, weighted_sum
from ganirl.lanes import applied, dot
from ganirl.truth import REFERENCE, Expected, Truth
from ganirl_properties.cases import with_constant_feature
from ganirl_properties.observed import NotObservedError

from .check import Array, Check, Comparison, View, compare
from .loss import difference_step


def _gradient(view: View) -> Iterator[Comparison]:
    yield compare("∂L_D/∂θ", view.observed.gradient_theta(), view.truth.gradient_theta)


def _difference_in_theta(view: View) -> Iterator[Comparison]:
    if view.observed.has("discriminator_gradient"):
        return
    try:
        view.observed.gradient_theta()
    except NotObservedError:
        pass
    else:
        return
    step = difference_step(view, view.truth.loss.bound, view.truth.worst_derivative)
    for index in range(view.case.theta.shape[-1]):
        moved = []
        for sign in (-1.0, 1.0):
            theta = view.case.theta.copy()
            theta[..., index] = view.case.precision.round(theta[..., index] + sign * step)
            moved.append(view.at(replace(view.case, theta=theta)))
        low, high = moved
        width = high.case.theta[..., index] - low.case.theta[..., index]
        got = (high.observed.loss() - low.observed.loss()) / width
        truth = (high.truth.loss.value - low.truth.loss.value) / width
        bound = (low.truth.loss.bound + high.truth.loss.bound) / width
        yield compare(
            f"[L_D(θ + h) − L_D(θ − h)]/2h in θ_{index}", got, Expected(np.asarray(truth), np.asarray(bound))
        )


def _slack(view: View) -> Array:
    """|∂_θL_D − ∂_θL_cost^μ̃| ≤ max|c'|·|∂_bL_D|, for each component, (1,): what b misses b* by (C2)."""
    slope = view.truth.gradient_b
    size = np.abs(slope.value.astype(np.float64)) + slope.bound
    return np.asarray(view.truth.worst_derivative * size / min(view.truth.scales))[..., None]


def _gan_side(view: View) -> Iterator[Comparison]:
    scale = view.truth.scales[0]
    expected = view.truth.scaled_surrogate_gradient
    bound = view.truth.gradient_theta.bound / scale + expected.bound
    yield compare(
        "∂L_D/∂θ at b*, against the IRL gradient",
        view.observed.gradient_theta() / scale,
        Expected(expected.value, bound),
        slack=_slack(view),
    )


def _irl_side(view: View) -> Iterator[Comparison]:
    unscaled = replace(view.truth.conventions, loss_scale="sum_of_means", loss_factor=1.0)
    plain = replace(view.truth, conventions=unscaled)
    truth = View(view.observed, plain)
    gradient = plain.gradient_theta
    bound = gradient.bound + plain.surrogate_gradient.bound
    yield compare(
        "∂L_IRL/∂θ at b*, against the GAN gradient",
        view.observed.irl_gradient(),
        Expected(gradient.value, bound),
        slack=_slack(truth),
    )


def _both_sides(view: View) -> Iterator[Comparison]:
    alpha_p, alpha_q = view.truth.scales
    if alpha_p != alpha_q:
        return
    bound = view.truth.gradient_theta.bound / alpha_p + view.truth.surrogate_gradient.bound
    yield compare(
        "∂L_D/∂θ against its own ∂L_IRL/∂θ, both at b*",
        view.observed.gradient_theta() / alpha_p,
        Expected(view.truth.exactly(view.observed.irl_gradient()), bound),
        slack=_slack(view),
    )


def _frozen(view: View) -> Iterator[Comparison]:
    yield compare(
        "∂L_IRL/∂θ with the mixture held constant",
        view.observed.irl_gradient(),
        view.truth.surrogate_gradient,
    )


def irl_loss(truth: Truth) -> Expected:
    """L_cost^μ̃ = E_p[c] + log E_μ[e^{−c}/μ̃], eq. (4): a mean (T1, T5), the estimate of log Z (T6), and their sum."""
    w_p, _ = truth.weights
    cost, side = applied(truth.exactly(truth.derivative), truth.exactly(truth.case.theta)), truth.expert
    mean, partition = dot(w_p, cost), truth.log_partition
    magnitude = truth.cost_magnitude[..., side]
    terms = truth.case.expert.steps.mask.shape[-1] * truth.case.theta.shape[-1] + 1
    share = truth.case.expert.weight / truth.case.expert.weight.sum(axis=-1, keepdims=True)
    bound = partition.bound
    for arithmetic in (truth.arithmetic, REFERENCE):
        of_mean = weighted_sum(arithmetic, share, magnitude, linear(arithmetic, magnitude, terms))
        bound = bound + of_mean + arithmetic.gamma(2) * (dot(share, magnitude) + np.abs(partition.value))
    return Expected(np.asarray(mean + partition.value), bound)


def _value(view: View) -> Iterator[Comparison]:
    yield compare("irl_loss", view.observed.irl_loss(), irl_loss(view.truth))


def _constant_of_irl(view: View) -> Iterator[Comparison]:
    # E_p[1] − E_μ[w]/E_μ[w]: what a leak through the mixture turns into ½ at a converged generator.
    other = view.at(with_constant_feature(view.case, view.case.precision.round(1.0)))
    got, truth = other.observed.irl_gradient()[..., -1:], other.truth.surrogate_gradient
    nothing = Expected(other.truth.exactly(np.zeros_like(got)), truth.bound[..., -1:])
    yield compare("∂L_IRL in a constant of the cost", got, nothing, slack=np.abs(truth.value[..., -1:]))


def _half_likelihood(view: View) -> Iterator[Comparison]:
    truth, case = view.truth, view.case
    if truth.conventions.log_q == "absent":
        raise NotObservedError("log q is no part of its discriminator, so that q = p_θ does not make D = ½")
    alpha_p, alpha_q = truth.scales
    w_p, _ = truth.weights
    # p_θ over the atoms themselves, each once: c carries −log of the policy's mass (see population_case).
    actions, first = np.unique(case.generator.steps.action[:, 0], return_index=True)
    atoms = truth.exactly(case.generator.features[first])
    mass = np.exp(-(atoms @ case.theta))
    model = mass / np.sum(mass)
    expected = 0.5 * (alpha_p * (w_p @ truth.derivative) - alpha_q * (model @ atoms))
    # What the premises miss by: the rows' weights from p_θ, b from log Z_θ, a log q that was handed over rounded.
    weight = truth.weights[1][truth.generator]
    share = np.array([weight[case.generator.steps.action[:, 0] == action].sum() for action in actions])
    off = np.abs(truth.all_logits).max()  # |σ(x) − ½| ≤ |x|/4
    slack = truth.worst_derivative * (
        alpha_q * np.abs(share - model).sum() + 0.25 * (alpha_p + alpha_q) * off
    )
    yield compare(
        "∂L_D/∂θ at q = p_θ, b = log Z_θ, against ½ ∂L_cost/∂θ",
        view.observed.gradient_theta(),
        Expected(expected, truth.gradient_theta.bound),
        slack=slack,
    )


CHECKS = (
    Check("C1", "gradient", "∂L_D/∂θ against E_p[(1−D)c'] − E_q[D c']", (), "batch", _gradient),
    Check(
        "C1",
        "difference",
        "central differences of L_D in θ",
        ("discriminator_loss",),
        "batch",
        _difference_in_theta,
    ),
    Check("C2", "GAN side", "∂L_D/∂θ at b* against E_p[c'] − E_μ[w c']/E_μ[w]", (), "optimum", _gan_side),
    Check("C2", "IRL side", "∂L_IRL/∂θ at b* against E_p[(1−D)c'] − E_q[D c']", (), "optimum", _irl_side),
    Check("C2", "both sides", "its ∂L_D/∂θ against its own ∂L_IRL/∂θ at b*", (), "optimum", _both_sides),
    Check(
        "C3", "frozen", "∂L_IRL/∂θ at any b against the surrogate with μ̃ held constant", (), "batch", _frozen
    ),
    Check(
        "C3",
        "value",
        "L_IRL at any b against eq. (4), E_p[c] + log E_μ[e^{−c}/μ̃]",
        ("irl_loss",),
        "batch",
        _value,
    ),
    Check(
        "D4",
        "constant",
        "∂L_IRL in a constant added to the cost, against 0",
        (),
        "batch",
        _constant_of_irl,
    ),
    Check(
        "C5", "half", "∂L_D/∂θ at q = p_θ against half the likelihood's", (), "converged", _half_likelihood
    ),
)
