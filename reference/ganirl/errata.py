"""Loose statements of Finn, Christiano, Abbeel and Levine (2016), each with the number that shows it.

Thirteen places where a literal implementer goes wrong: a constant, a sign, a quantifier. None of them touches the
theorem; each has cost somebody a debugging session. `ERRATA` says what is printed and what is true; `numbers`
computes both, now, by enumeration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Erratum:
    """A loose statement.

    Attributes
    ----------
    id : ``"P1"`` …
    where : section or equation
    printed : what is there
    true : what is true
    claims : the claims that say it in full
    numbers : computes what shows it
    """

    id: str
    where: str
    printed: str
    true: str
    claims: tuple[str, ...]
    numbers: Callable[[], tuple[Shown, ...]] = field(repr=False)


# --- the numbers -----------------------------------------------------------------------------------


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
    best = minimize_scalar(loss, bounds=(-20.0, 20.0), method="bounded", options={"xatol": 1e-12})
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

    by_kl, by_variance = _least(kl, -1.0, 5.0), _least(chi2, -3.0, 3.0)
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

    return float(brentq(slope, -5.0, 5.0, xtol=1e-13))


def _likelihood_theta(problem: Problem) -> float:
    def slope(theta: float) -> float:
        return float(population(problem, np.array([theta]), 0.0).demonstration_gradient[0])

    return float(brentq(slope, -5.0, 5.0, xtol=1e-13))


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


def _least(function: Callable[[float], float], low: float, high: float) -> float:
    return float(minimize_scalar(function, bounds=(low, high), method="bounded", options={"xatol": 1e-10}).x)


ERRATA: tuple[Erratum, ...] = (
    Erratum(
        "P1",
        "eq. (8), section 3.2.1",
        "L_D = log Z + E_p[c] − E_q[log q] + 2E_μ[log μ̃]",
        "a constant 2 log 2 = 1.386294… is missing, since D is m/(2μ̃); gradients do not notice, values do",
        ("B1",),
        missing_constant,
    ),
    Erratum(
        "P2",
        "section 4",
        "the discriminator's output is σ(E_θ − log q)",
        "it is σ(−E_θ − log Z − log q); as printed, the energy of the data itself does worse than a coin",
        ("A4",),
        sign_of_the_energy,
    ),
    Erratum(
        "P3",
        "section 4",
        "L_energy as E_p[−E] − log Z (copies differ in the sign)",
        "only E_p[E] + log Z is the negative log-likelihood",
        ("D2",),
        sign_of_the_likelihood,
    ),
    Erratum(
        "P4",
        "section 3.1",
        "log Z is the bias of the sigmoid",
        "the bias is −log Z",
        ("A4",),
        sign_of_the_bias,
    ),
    Erratum(
        "P5",
        "section 4 and discussion",
        "an unbiased estimate of the partition function",
        "unbiased with the exact density in the denominator; with p̃ = p_θ there it is biased even with infinite "
        "data, unless Σ (p − p_θ)(1 − D) = 0. What is unbiased is the gradient of L_D at a fixed b",
        ("F2", "F3", "B6"),
        unbiased_estimate,
    ),
    Erratum(
        "P6",
        "section 2.3.2",
        "q is optimised to minimise the variance of the estimate",
        "KL(q‖p_θ) and the variance Z²χ²(p_θ‖q) share no optimum but the unconstrained one",
        ("F9",),
        divergence_and_variance,
    ),
    Erratum(
        "P7",
        "section 3.2.2",
        "the gradient equals that of the MaxEnt IRL objective",
        "it equals the gradient of the importance-sampled surrogate at Z*, with μ̃ and Z held constant; the "
        "likelihood's gradient is another one",
        ("C2", "C5"),
        surrogate_not_likelihood,
    ),
    Erratum(
        "P8",
        "section 4",
        "consistent even if the generator cannot match the data",
        "true if the energies can represent p up to a constant, identifiably; otherwise the limit depends on q",
        ("C6",),
        consistency,
    ),
    Erratum(
        "P9",
        "section 2.3.1",
        "stochastic dynamics are largely the same",
        "the dynamics cancel in D (H1), but no policy reaches p_θ (H3); a random start is enough",
        ("H1", "H3", "K6"),
        unreachable_model,
    ),
    Erratum(
        "P10",
        "summary of section 3.2",
        "the generator's loss is exactly cost minus entropy",
        "plus b; and as b is not log Z_θ in general, the loss can be negative where the divergence is not",
        ("E1", "E2"),
        generator_has_b,
    ),
    Erratum(
        "P11",
        "section 3.1",
        "the optimal discriminator is independent of the generator",
        "true of m where q > 0 if p is representable; false if it is not, and false for single transitions",
        ("A7", "C6", "H5"),
        independent_of_the_generator,
    ),
    Erratum(
        "P12",
        "Fu, Luo and Levine 2018, section 3",
        "the policy maximises E[log(1 − D) − log D]",
        "it minimises that; its own algorithm 1 and appendix have the right sign, log D − log(1 − D)",
        ("E1",),
        reward_sign,
    ),
    Erratum(
        "P13",
        "Fu, Luo and Levine 2018, appendix A.2",
        "the gradient matches that of MaxEnt IRL when p̂ = e^f π equals p_θ",
        "samples come from data and policy while the mixture has p̂: at a soft-optimal policy it is half of it",
        ("C5",),
        half_at_the_optimum,
    ),
)
