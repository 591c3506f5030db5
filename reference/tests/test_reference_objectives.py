"""Objectives against numbers known by hand, against differences and complex steps, and against each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ganirl import finite_space, objectives
from ganirl.instances import ebm, generic, s1, s4
from ganirl.objectives import population
from ganirl.optimum import optimal_b, problem_optimum

Array = npt.NDArray[np.float64]


def central(function: Callable[[Array], float], at: Array, step: float = 1e-5) -> Array:
    return np.array(
        [(function(at + step * unit) - function(at - step * unit)) / (2 * step) for unit in np.eye(len(at))]
    )


def batch(seed: int, rows: int = 9, scale: float = 1.0) -> tuple[Array, Array, Array, Array, float]:
    rng = np.random.default_rng(seed)
    w_p, w_q = rng.dirichlet(np.ones(rows)), rng.dirichlet(np.ones(rows))
    return w_p, w_q, scale * rng.normal(size=rows), scale * rng.normal(size=rows), scale * rng.normal()


# --- known numbers -----------------------------------------------------------------------------------


def test_s4_partition_functions() -> None:
    instance = s4()
    costs, problem = instance.theta, instance.problem
    log_z = problem.log_partition(costs)
    assert np.exp(log_z) == pytest.approx(2.7617676583, abs=1e-10)
    p, q = problem.data_weight, problem.generator_weight

    def estimate(z: float) -> float:
        mixture = objectives.log_mixture(costs, problem.log_q, np.log(z))
        return float(np.exp(objectives.log_partition_estimate(p, q, costs, mixture)))

    assert estimate(np.exp(log_z)) == pytest.approx(2.9655251903, abs=1e-10)
    assert [estimate(z) for z in (0.5, 1, 2, 5, 20)] == pytest.approx(
        [0.842, 1.477, 2.421, 4.094, 6.652], abs=5e-4
    )
    exact_mixture = np.log((p + q) / 2)
    assert objectives.log_partition_estimate(p, q, costs, exact_mixture) == pytest.approx(log_z, abs=1e-15)


def test_s1_is_convex_in_b_but_not_in_z() -> None:
    instance = s1()
    at_ten = population(instance.problem, instance.theta, np.log(10.0))
    slope, curvature = at_ten.discriminator_gradient[1], at_ten.discriminator_curvature
    assert 0 < curvature <= 0.5
    assert (curvature - slope) / 100 == pytest.approx(-4.5e-3, abs=5e-5)


def test_sign_of_the_sigmoid_reading() -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    energy = -np.log(p)
    right = objectives.discriminator_loss(p, q, energy, np.log(q), 0.0)
    assert right == pytest.approx(1.253466, abs=1e-6)
    printed = objectives.discriminator_loss(p, q, -energy, np.log(q), 0.0)
    assert printed == pytest.approx(2.519334, abs=1e-6)


def test_value_at_the_optimum_is_the_jensen_shannon_divergence() -> None:
    rng = np.random.default_rng(1)
    p, q = rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(6))
    mixture = (p + q) / 2
    jensen_shannon = (p @ np.log(p / mixture) + q @ np.log(q / mixture)) / 2
    value = objectives.discriminator_loss(p, q, -np.log(p) - 0.7, np.log(q), 0.7)
    assert value == pytest.approx(2 * np.log(2) - 2 * jensen_shannon, abs=1e-15)


# --- two forms of one loss -----------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
@pytest.mark.parametrize("seed", range(5))
def test_mixture_form_is_the_loss(seed: int, scale: float) -> None:
    w_p, w_q, c, log_q, b = batch(seed, scale=scale)
    for alphas in ({}, {"alpha_p": 0.2, "alpha_q": 0.8}):
        direct = objectives.discriminator_loss(w_p, w_q, c, log_q, b, **alphas)
        by_mixture = objectives.discriminator_loss_by_mixture(w_p, w_q, c, log_q, b, **alphas)
        assert by_mixture == pytest.approx(direct, rel=1e-14, abs=1e-14 * scale)


def test_generator_loss_is_the_sampler_loss_and_b() -> None:
    _, w_q, c, log_q, b = batch(3)
    loss = objectives.generator_loss(w_q, c, log_q, b)
    assert loss == pytest.approx(b + objectives.sampler_loss(w_q, c, log_q), abs=1e-15)


def test_generator_loss_is_a_divergence() -> None:
    instance = generic()
    at = population(instance.problem, instance.theta, instance.b)
    log_model = instance.problem.log_model(instance.theta)
    divergence = at.w_q @ (at.log_q - log_model)
    offset = instance.b - instance.problem.log_partition(instance.theta)
    assert at.generator_loss == pytest.approx(divergence + offset, abs=1e-13)


def test_self_consistent_estimate_is_b_at_the_optimum() -> None:
    instance = generic()
    b = problem_optimum(instance.problem, instance.theta).b
    at = population(instance.problem, instance.theta, b)
    estimate = objectives.log_partition_estimate(at.w_p, at.w_q, at.c, at.log_mixture)
    assert estimate == pytest.approx(b, abs=1e-13)


# --- gradients -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [ebm, generic])
def test_gradients_against_central_differences(make: Callable[[], object]) -> None:
    instance = make()
    problem, theta, b = instance.problem, instance.theta, instance.b  # type: ignore[attr-defined]
    at = population(problem, theta, b)
    in_theta, in_b = at.discriminator_gradient
    assert in_theta == pytest.approx(
        central(lambda x: population(problem, x, b).discriminator_loss, theta), abs=1e-8
    )
    step = np.array([b])
    assert in_b == pytest.approx(
        central(lambda x: population(problem, theta, float(x[0])).discriminator_loss, step)[0], abs=1e-9
    )
    slope_above, slope_below = (
        population(problem, theta, b + h).discriminator_gradient[1] for h in (1e-5, -1e-5)
    )
    assert at.discriminator_curvature == pytest.approx((slope_above - slope_below) / 2e-5, abs=1e-9)
    assert at.demonstration_gradient == pytest.approx(
        central(lambda x: population(problem, x, b).demonstration_loss, theta), abs=1e-8
    )

    frozen = at.log_mixture
    assert at.surrogate_gradient == pytest.approx(
        central(lambda x: objectives.surrogate_loss(at.w_p, at.w_q, problem.cost.value(x), frozen), theta),
        abs=1e-8,
    )
    leaking = objectives.mixture_leak_gradient(at.w_p, at.w_q, at.c, at.log_q, b, dc=at.dc)
    assert leaking == pytest.approx(
        central(lambda x: population(problem, x, b).surrogate_loss, theta), abs=1e-8
    )

    def through_optimum(x: Array) -> float:
        return population(problem, x, problem_optimum(problem, x).b).surrogate_loss

    b_star = problem_optimum(problem, theta).b
    implicit = objectives.implicit_leak_gradient(at.w_p, at.w_q, at.c, at.log_q, b_star, dc=at.dc)
    assert implicit == pytest.approx(central(through_optimum, theta), abs=1e-7)


def test_gradient_against_complex_steps() -> None:
    w_p, w_q, c, log_q, b = batch(4)
    dc = np.random.default_rng(5).normal(size=(9, 3))
    alpha_p, alpha_q = 0.3, 1.7

    def textbook(theta: npt.NDArray[np.complex128]) -> complex:
        logit = -(c + dc @ theta[:3]) - (b + theta[3]) - log_q
        return complex(alpha_p * w_p @ np.log(1 + np.exp(-logit)) + alpha_q * w_q @ np.log(1 + np.exp(logit)))

    steps = [textbook(1e-200j * unit).imag / 1e-200 for unit in np.eye(4)]
    in_theta, in_b = objectives.discriminator_gradient(
        w_p, w_q, c, log_q, b, dc=dc, alpha_p=alpha_p, alpha_q=alpha_q
    )
    assert [*in_theta, in_b] == pytest.approx(steps, abs=2e-15)


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
def test_gradients_are_equal_at_the_optimum(scale: float) -> None:
    w_p, w_q, c, log_q, _ = batch(6, scale=scale)
    b = optimal_b(w_p, w_q, c, log_q).b
    dc = np.random.default_rng(7).normal(size=(9, 2))
    in_theta, in_b = objectives.discriminator_gradient(w_p, w_q, c, log_q, b, dc=dc)
    surrogate = objectives.surrogate_gradient(w_p, w_q, c, objectives.log_mixture(c, log_q, b), dc)
    assert abs(in_b) < 1e-15 * scale + 1e-14
    assert surrogate == pytest.approx(in_theta, abs=1e-14 * scale)


def test_generator_gradient_against_central_differences() -> None:
    instance = generic()
    assert instance.mdp is not None
    problem, mdp = instance.problem, instance.mdp
    at = population(problem, instance.theta, instance.b)
    score = objectives.policy_score(problem.policy_logits, problem.steps)
    assert score.shape == (len(problem), *problem.policy_logits.shape)
    assert objectives.expectation(at.w_q, score) == pytest.approx(np.zeros((3, 2)), abs=1e-15)

    def loss(flat: Array) -> float:
        log_q = mdp.log_density(flat.reshape(3, 2))
        return objectives.generator_loss(np.exp(problem.log_h + log_q), at.c, log_q, instance.b)

    numeric = central(loss, problem.policy_logits.ravel()).reshape(3, 2)
    gradients = [objectives.generator_gradient(at.w_q, at.c, at.log_q, b, score) for b in (instance.b, -7.0)]
    assert gradients[0] == pytest.approx(numeric, abs=1e-9)
    assert gradients[1] == pytest.approx(gradients[0], abs=1e-14)


# --- edges ---------------------------------------------------------------------------------------------


def test_rows_off_the_support_count_for_nothing() -> None:
    p, q = np.array([0.6, 0.4, 0.0, 0.0]), np.array([0.0, 0.5, 0.5, 0.0])
    features = np.array([[0.0], [0.3], [0.7], [np.inf]])
    problem = finite_space(p, q, features=np.where(np.isfinite(features), features, 0.0))
    at = population(problem, np.ones(1), 0.2)
    c = features[:, 0]  # the last point is impossible for data, generator and model alike
    losses = objectives.discriminator_loss(at.w_p, at.w_q, c, at.log_q, 0.2)
    assert losses == pytest.approx(
        objectives.discriminator_loss_by_mixture(at.w_p, at.w_q, c, at.log_q, 0.2), abs=1e-15
    )
    gradient, slope = objectives.discriminator_gradient(at.w_p, at.w_q, c, at.log_q, 0.2, dc=at.dc)
    assert np.isfinite([*gradient, slope]).all()
    for leak in (objectives.mixture_leak_gradient, objectives.implicit_leak_gradient):
        assert np.isfinite(leak(at.w_p, at.w_q, c, at.log_q, 0.2, dc=at.dc)).all()
    assert np.isfinite(objectives.surrogate_gradient(at.w_p, at.w_q, c, at.log_mixture, at.dc)).all()
    assert np.isfinite(objectives.generator_loss(at.w_q, c, at.log_q, 0.2))


def test_extreme_logits_stay_finite() -> None:
    w_p, w_q, c, log_q, b = batch(8, scale=1e4)
    dc = np.random.default_rng(9).normal(size=(9, 2))
    mixture = objectives.log_mixture(c, log_q, b)
    values = [
        objectives.discriminator_loss(w_p, w_q, c, log_q, b),
        objectives.discriminator_curvature(w_p, w_q, c, log_q, b),
        objectives.surrogate_loss(w_p, w_q, c, mixture),
        *objectives.surrogate_gradient(w_p, w_q, c, mixture, dc),
        *objectives.mixture_leak_gradient(w_p, w_q, c, log_q, b, dc=dc),
        *objectives.implicit_leak_gradient(w_p, w_q, c, log_q, b, dc=dc),
        objectives.demonstration_loss(w_p, c, np.zeros(9)),
    ]
    assert np.isfinite(values).all()


def test_population_is_the_functions() -> None:
    instance = s4()
    at = population(instance.problem, instance.theta, instance.b)
    assert at.discriminator_loss == objectives.discriminator_loss(at.w_p, at.w_q, at.c, at.log_q, at.b)
    assert at.logit == pytest.approx(-at.c - at.b - at.log_q, abs=1e-15)
    assert at.demonstration_loss == pytest.approx(at.w_p @ at.c + np.log(2.7617676583), abs=1e-10)
