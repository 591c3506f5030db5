"""What shows the loose statements of Finn et al. (2016): each quantity as it is said, and as it is, by enumeration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize_scalar

from .dynamic_programming import reachability_gap
from .instances import (
    S6_GENERATORS,
    curved_step_cost,
    generic,
    generic_transition,
    s1,
    s4,
    s6,
    s10,
    variant,
)
from .logspace import log_sum_exp, sigmoid, softplus
from .objectives import (
    demonstration_gradient,
    discriminator_gradient,
    discriminator_loss,
    generator_loss,
    log_mixture,
    population,
    sampler_loss,
    surrogate_gradient,
)
from .optimum import optimal_b, problem_optimum
from .problem import Problem

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """One quantity, read as printed and as it is true.

    Attributes
    ----------
    quantity : what is computed, and on which instance
    printed : what the printed statement gives, or says
    true : what it is
    """

    quantity: str
    printed: float
    true: float


def missing_constant() -> tuple[Shown, ...]:
    """P1: L_D through the mixture, without and with 2 log 2, on S1 with the model's own c and b = 0.8."""
    instance = s1()
    at = population(instance.problem, instance.theta, instance.b)
    mixture = log_mixture(at.c, at.log_q, at.b)
    printed = at.b + at.w_p @ at.c - at.w_q @ at.log_q + (at.w_p + at.w_q) @ mixture
    return (Shown("L_D on three points (S1)", float(printed), at.discriminator_loss),)


def sign_of_the_energy() -> tuple[Shown, ...]:
    """P2: the discriminator σ(E − log q) against σ(−E − log Z − log q), with E = −log p."""
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    energy = -np.log(p)

    def loss(bias: float) -> float:
        logit = energy - np.log(q) + bias
        return float(p @ softplus(-logit) + q @ softplus(logit))

    right = discriminator_loss(p, q, energy, np.log(q), 0.0)
    best: Any = minimize_scalar(loss, bounds=(-20.0, 20.0), method="bounded", options={"xatol": 1e-12})
    return (
        Shown("L_D with the energy of the data, E = −log p", loss(0.0), right),
        Shown("the same with the best bias", float(best.fun), right),
        Shown("the same of a coin, D ≡ ½", 2 * float(np.log(2.0)), right),
    )


def sign_of_the_likelihood() -> tuple[Shown, ...]:
    """P3: E_p[−E] − log Z against E_p[E] + log Z, where E = −log p makes the latter the entropy of p."""
    p = np.array([0.5, 0.3, 0.2])
    energy = -np.log(p)
    log_z = float(log_sum_exp(-energy))
    return (Shown("−E_p[log p_θ]", float(-(p @ energy) - log_z), float(p @ energy + log_z)),)


def sign_of_the_bias() -> tuple[Shown, ...]:
    """P4: log Z as the bias, against −log Z: D of the first point of S4, where p_θ/(p_θ + q) is asked for."""
    instance = s4()
    at = population(instance.problem, instance.theta, 0.0)
    log_z = instance.problem.log_partition(instance.theta)
    logit = -at.c - at.log_q
    return (
        Shown(
            "D of the first of four points (S4)",
            float(sigmoid(logit[:1] + log_z)[0]),
            float(sigmoid(logit[:1] - log_z)[0]),
        ),
    )


def unbiased_estimate() -> tuple[Shown, ...]:
    """P5: the expectation of e^{−c}/½(p̃ + q) with p̃ = p_θ, and the self-consistent Z, on S4."""
    instance = s4()
    at = population(instance.problem, instance.theta, 0.0)
    z = float(np.exp(instance.problem.log_partition(instance.theta)))
    p, q, mu = at.w_p, at.w_q, (at.w_p + at.w_q) / 2
    model = np.exp(instance.problem.log_model(instance.theta))
    weight = np.exp(-at.c)
    star = float(np.exp(problem_optimum(instance.problem, instance.theta).b))
    return (
        Shown("Z; the mean of e^{−c}/½(p_θ + q) is (S4)", float(mu @ (weight / ((model + q) / 2))), z),
        Shown("Z; the self-consistent Z* is", star, z),
        Shown(
            "Z; the mean of e^{−c}/½(p + q), with the exact p, is", float(mu @ (weight / ((p + q) / 2))), z
        ),
    )


def divergence_and_variance() -> tuple[Shown, ...]:
    """P6: the t that minimises KL(q_t‖p_θ) and the one that minimises the variance of the weights, on S10."""

    def model_and_generator(t: float) -> tuple[Array, Array]:
        problem = s10(t).problem
        return problem.data_weight, problem.generator_weight

    def kl(t: float) -> float:
        model, q = model_and_generator(t)
        return float(q @ np.log(q / model))

    def chi2(t: float) -> float:
        model, q = model_and_generator(t)
        return float(model @ (model / q) - 1)

    def centred(q: Array) -> Array:
        # ∂_t log q_t
        feature = np.arange(float(len(q)))
        return np.asarray(feature - q @ feature)

    def kl_slope(t: float) -> float:
        model, q = model_and_generator(t)
        return float((q * centred(q)) @ np.log(q / model))

    def chi2_slope(t: float) -> float:
        model, q = model_and_generator(t)
        return float(-(model**2 / q) @ centred(q))

    by_kl, by_variance = _least(kl, kl_slope, -1.0, 5.0), _least(chi2, chi2_slope, -3.0, 3.0)
    return (
        Shown(
            "the t for which the weights of q_t ∝ e^{tφ} vary least; minimising KL gives (S10)",
            by_kl,
            by_variance,
        ),
        Shown("χ²(p_θ‖q_t), their relative variance, at both", chi2(by_kl), chi2(by_variance)),
    )


def surrogate_not_likelihood() -> tuple[Shown, ...]:
    """P7: ∂_θL_D at b*, against the likelihood's gradient and the surrogate's, on the generic instance."""
    instance = generic()
    b = problem_optimum(instance.problem, instance.theta).b
    at = population(instance.problem, instance.theta, b)
    gan = at.discriminator_gradient[0]
    exact = demonstration_gradient(at.w_p, at.c, at.log_h, at.dc)
    surrogate = surrogate_gradient(at.w_p, at.w_q, at.c, at.log_mixture, at.dc)
    return (
        Shown("∂L_D/∂θ₀ at b*, generic instance; the likelihood's is", float(exact[0]), float(gan[0])),
        Shown("the same; the surrogate's, μ̃ held constant, is", float(surrogate[0]), float(gan[0])),
    )


def consistency() -> tuple[Shown, ...]:
    """P8: the θ that each generator leads to, against maximum likelihood, where the cost cannot represent p (S6)."""
    likelihood = _likelihood_theta(s6().problem)
    return tuple(
        Shown(
            f"θ learned against a generator that is {name} (S6)",
            likelihood,
            contrastive_theta(s6(name).problem),
        )
        for name in S6_GENERATORS
    )


def unreachable_model() -> tuple[Shown, ...]:
    """P9: how far the nearest policy stays from p_θ, with and without chance."""
    found = []
    for stochastic, random_start in ((True, True), (True, False), (False, True), (False, False)):
        instance = variant(stochastic, random_start)
        assert instance.mdp is not None
        gap = reachability_gap(instance.mdp, instance.mdp.cost_table(instance.theta, curved_step_cost)).gap
        found.append(Shown(f"min KL(q_π‖p_θ): {instance.name}", 0.0, gap))
    return tuple(found)


def generator_has_b() -> tuple[Shown, ...]:
    """P10: L_G against cost minus entropy; and, at b*, a loss below zero although KL(q‖p_θ) is not."""
    instance = generic()
    at = population(instance.problem, instance.theta, instance.b)
    loss, sampler = generator_loss(at.w_q, at.c, at.log_q, at.b), sampler_loss(at.w_q, at.c, at.log_q)
    # a generator near p_θ, and data on its rare point
    p, q = np.array([0.05, 0.15, 0.8]), np.array([0.5, 0.3, 0.2])
    c = -np.log(np.array([0.47, 0.34, 0.19]))
    star = optimal_b(p, q, c, np.log(q)).b
    return (
        Shown("L_G on the generic instance, b = 0.8; cost minus entropy is", sampler, loss),
        Shown(
            "L_G at b* of three points, against KL(q‖p_θ)",
            float(q @ (np.log(q) + c)),
            generator_loss(q, c, np.log(q), star),
        ),
    )


def independent_of_the_generator() -> tuple[Shown, ...]:
    """P11: what two generators teach: trajectory level, p representable; p not representable; transition level."""
    well = [
        contrastive_theta(s6(name, well_specified=True).problem) for name in ("skewed left", "skewed right")
    ]
    wrong = [contrastive_theta(s6(name).problem) for name in ("skewed left", "skewed right")]
    return (
        Shown("θ from a second generator, p representable (S6); the first gave", well[0], well[1]),
        Shown("the same, p not representable", wrong[0], wrong[1]),
        _transition_optimum(),
    )


def reward_sign() -> tuple[Shown, ...]:
    """P12: KL(q‖p_θ) after one small step of a policy that maximises the printed reward, and the right one."""
    instance = s4()
    at = population(instance.problem, instance.theta, instance.problem.log_partition(instance.theta))
    logits = np.log(at.w_q)

    def after(step: float) -> float:
        # the policy gradient of E_q[log D − log(1−D)] in the logits of a softmax
        moved = logits + step * at.w_q * (at.logit - at.w_q @ at.logit)
        q = np.exp(moved - log_sum_exp(moved))
        return float(q @ (np.log(q) + at.c) + at.b)

    return (Shown("KL(q‖p_θ) after a step of 1, from " + f"{after(0.0):.4f} (S4)", after(-1.0), after(1.0)),)


def half_at_the_optimum() -> tuple[Shown, ...]:
    """P13: at q = p_θ the gradient of L_D is half of the likelihood's."""
    instance = generic()
    at = population(instance.problem, instance.theta, instance.problem.log_partition(instance.theta))
    log_model = instance.problem.log_model(instance.theta)
    exact = demonstration_gradient(at.w_p, at.c, at.log_h, at.dc)
    gan, _ = discriminator_gradient(at.w_p, np.exp(at.log_h + log_model), at.c, log_model, at.b, dc=at.dc)
    return (Shown("∂L_D/∂θ₀ at q = p_θ, generic instance", float(exact[0]), float(gan[0])),)


def contrastive_theta(problem: Problem) -> float:
    """Return the θ of a one-parameter family at which both slopes of L_D vanish: noise-contrastive estimation."""

    def slope(theta: float) -> float:
        at = np.array([theta])
        b = problem_optimum(problem, at).b
        return float(population(problem, at, b).discriminator_gradient[0][0])

    found: Any = brentq(slope, -5.0, 5.0, xtol=1e-13)
    return float(found)


def _likelihood_theta(problem: Problem) -> float:
    def slope(theta: float) -> float:
        return float(population(problem, np.array([theta]), 0.0).demonstration_gradient[0])

    found: Any = brentq(slope, -5.0, 5.0, xtol=1e-13)
    return float(found)


def _transition_optimum() -> Shown:
    """f* = log p − log h of a transition is log π_E only where the generator visits the states as the expert does."""
    problem = generic_transition().problem
    steps = problem.steps
    state = steps.state[:, 0]
    expert_policy = np.zeros(len(problem))
    for each in np.unique(state):
        here = state == each
        mass = problem.data_weight[here].sum()
        for action in np.unique(steps.action[here, 0]):
            rows = here & (steps.action[:, 0] == action)
            expert_policy[rows] = problem.data_weight[rows].sum() / mass
    # the optimum of a transition's m is p, its density with respect to h = d_π(s)·P
    worst = int(np.argmax(np.abs(problem.log_p - np.log(expert_policy))))
    return Shown(
        "the optimal f of one transition; were it independent, log π_E (generic instance)",
        float(np.log(expert_policy[worst])),
        float(problem.log_p[worst]),
    )


def _least(
    function: Callable[[float], float], slope: Callable[[float], float], low: float, high: float
) -> float:
    """Return where a function is least: near its least value, whose digits are half lost there, its slope is zero."""
    near: Any = minimize_scalar(function, bounds=(low, high), method="bounded", options={"xatol": 1e-7})
    found: Any = brentq(slope, near.x - 1e-4, near.x + 1e-4, xtol=1e-14)
    return float(found)
