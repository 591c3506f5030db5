"""Where training ends: noise contrast or likelihood, half the Fisher information, matched features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from ganirl import finite_space
from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.cost import CallableCost, LinearCost
from ganirl.enumeration import ENUMERATIONS, UnsuitedError, enumerate_claim
from ganirl.enumeration.contrast import contrast_optimum
from ganirl.enumeration.maxent import likelihood_optimum
from ganirl.enumeration.space import Comparison, Space, build_space
from ganirl.instances import S6_GENERATORS, Instance, ebm, generic, s6, variant
from ganirl.objectives import demonstration_loss, discriminator_loss
from ganirl.optimum import problem_optimum
from ganirl.problem import Problem

MLE = -0.120493
NOISE_CONTRAST = {"uniform": -0.0914, "skewed left": -0.3839, "skewed right": 0.2125}


def space_of(instance: Instance) -> Space:
    return build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC, instance.mdp)


def comparisons(claim: str, instance: Instance) -> dict[str, Comparison]:
    return {each.name: each for each in ENUMERATIONS[claim].compare(space_of(instance))}


def gan_optimum(problem: Problem, ratio: float = 1.0) -> Any:
    """(θ, b) that minimise the NumPy objective, with ν generator rows for each of the data in D."""

    def loss(at: Any) -> float:
        costs, log_q = problem.cost.value(at[:-1]), problem.log_q + np.log(ratio)
        logit = -costs - at[-1] - log_q
        expert, generator = np.logaddexp(0, -logit), np.logaddexp(0, logit)
        assert ratio != 1 or discriminator_loss(
            problem.data_weight, problem.generator_weight, costs, log_q, at[-1]
        ) == pytest.approx(problem.data_weight @ expert + problem.generator_weight @ generator)
        return float(problem.data_weight @ expert + ratio * problem.generator_weight @ generator)

    return _minimum(loss, np.zeros(2))


def _minimum(function: Callable[[Any], float], start: Any) -> Any:
    found = minimize(function, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15})
    return found.x


def likelihood_minimum(problem: Problem) -> float:
    def loss(theta: Any) -> float:
        return demonstration_loss(problem.data_weight, problem.cost.value(theta), problem.log_h)

    return float(_minimum(loss, np.zeros(1))[0])


@pytest.mark.parametrize("generator", S6_GENERATORS)
def test_with_a_cost_that_cannot_be_the_data_the_fixed_point_is_the_generators(generator: str) -> None:
    instance = s6(generator)
    theta, _ = gan_optimum(instance.problem)
    assert theta == pytest.approx(NOISE_CONTRAST[generator], abs=5e-5)
    assert abs(theta - MLE) > 0.02
    found = comparisons("C6", instance)["θ_1 where L_D is least"]
    assert float(found.left) == pytest.approx(theta, abs=1e-6)
    assert float(found.twin) == pytest.approx(likelihood_minimum(instance.problem), abs=1e-6)
    assert float(found.twin) == pytest.approx(MLE, abs=5e-7)


@pytest.mark.parametrize("generator", S6_GENERATORS)
@pytest.mark.parametrize("ratio", [1.0, 100.0])
def test_with_a_cost_that_can_be_the_data_every_generator_finds_it(generator: str, ratio: float) -> None:
    instance = s6(generator, well_specified=True, theta=0.0)
    found = contrast_optimum(space_of(instance), ratio)
    assert found is not None
    assert float(found[0]) == pytest.approx(0.4, abs=1e-12)
    theta, b = gan_optimum(instance.problem, ratio)
    assert theta == pytest.approx(0.4, abs=1e-5)
    assert b == pytest.approx(instance.problem.log_partition(np.array([0.4])), abs=1e-5)


@pytest.mark.parametrize(
    ("ratio", "theta"), [(1.0, -0.3839), (100.0, -0.1341), (1e4, -0.12064), (1e6, -0.120494)]
)
def test_more_generator_rows_bring_the_likelihood(ratio: float, theta: float) -> None:
    instance = s6("skewed left", theta=0.0)
    found = contrast_optimum(space_of(instance), ratio)
    assert found is not None
    assert float(found[0]) == pytest.approx(theta, abs=6e-5 if ratio < 1e4 else 6e-6 if ratio < 1e6 else 1e-6)
    # the bias falls as 1/ν
    assert abs(float(found[0]) - MLE) < 2 / ratio


def test_a_generator_of_the_models_own_shape_finds_the_likelihoods_optimum() -> None:
    space = space_of(s6("skewed left", theta=MLE))
    best = likelihood_optimum(space)
    fitted = space.with_costs(space.c + best * space.dc[:, 0])
    for ratio in (1.0, 7.0):
        found = contrast_optimum(space.with_generator(fitted.model, space.b), ratio)
        assert found is not None
        assert float(found[0]) == pytest.approx(float(best), abs=1e-12)


def test_data_that_do_not_cover_the_generator_have_no_certain_fixed_point() -> None:
    problem = finite_space([0.6, 0.4, 0.0], [0.0, 0.5, 0.5], features=[[0.0], [0.3], [0.7]])
    space = build_space(problem, np.array([1.0]), 0.4, FLOAT64_ARITHMETIC)
    assert contrast_optimum(space) is None
    # and rightly: the more the third point costs, the lower the loss
    losses = []
    for theta in (1.0, 3.0, 10.0, 30.0):
        at = np.array([theta])
        best = problem_optimum(problem, at).b
        costs = problem.cost.value(at)
        losses.append(
            discriminator_loss(problem.data_weight, problem.generator_weight, costs, problem.log_q, best)
        )
    assert losses == sorted(losses, reverse=True)
    # what is left then is the second point alone, with D = .4/(.4 + .5)
    assert losses[-1] == pytest.approx(-0.4 * np.log(4 / 9) - 0.5 * np.log(5 / 9), abs=1e-4)


def test_solving_for_b_in_the_surrogate_hides_at_the_true_generator() -> None:
    plain, costs = (
        finite_space([0.55, 0.25, 0.15, 0.05], [0.1, 0.2, 0.3, 0.4]),
        np.array([0.2, 0.1, 1.0, 0.4]),
    )
    assert enumerate_claim("C4", plain, costs, 0.8).twin_differs
    converged = finite_space(plain.data_weight, np.exp(plain.log_model(costs)))
    found = enumerate_claim("C4", converged, costs, 0.8)
    assert found.agrees
    assert not found.twin_differs


def test_half_the_fisher_information_in_numbers() -> None:
    """Three points, one feature: Cov by hand, and min_b L_D by differences of the NumPy objective."""
    feature, theta = np.array([0.0, 1.0, 3.0]), 0.6
    model = np.exp(-theta * feature)
    model /= model.sum()
    fisher = model @ feature**2 - (model @ feature) ** 2
    problem = finite_space(model, model, features=feature[:, None])

    def profile(at: float) -> float:
        costs = problem.cost.value(np.array([at]))
        b = problem_optimum(problem, np.array([at])).b
        return discriminator_loss(problem.data_weight, problem.generator_weight, costs, problem.log_q, b)

    step = 1e-3
    second = (profile(theta + step) - 2 * profile(theta) + profile(theta - step)) / step**2
    assert second == pytest.approx(fisher / 2, rel=1e-5)


def test_a_linear_cost_hides_the_curvature_of_the_cost_in_the_hessian() -> None:
    instance = s6("skewed left")
    first = comparisons("C8", instance)["∂²L_D/∂θ²"]
    assert first.twin == pytest.approx(first.right, abs=1e-9)
    curved = comparisons("C8", ebm())["∂²L_D/∂θ²"]
    assert float(np.abs(curved.twin - curved.right).max()) > 0.1


def test_a_curved_cost_can_make_the_loss_concave() -> None:
    """Convexity is for costs affine in θ alone: here ∂²L_D/∂θ² is negative."""
    cost = CallableCost(
        lambda theta: np.array([0.0, 0.3, 0.9]) - 2.0 * theta[0] ** 2 * np.array([1.0, 0.0, 0.5])
    )
    problem = finite_space([0.6, 0.3, 0.1], [0.2, 0.3, 0.5], features=np.zeros((3, 1)), cost=cost)
    space = build_space(problem, np.array([0.01]), 0.8, FLOAT64_ARITHMETIC)
    hessian = next(iter(ENUMERATIONS["C8"].compare(space))).right
    assert float(hessian[0, 0]) < -0.05


def test_matched_features_of_every_parameter() -> None:
    rng = np.random.default_rng(7)
    features = rng.normal(size=(12, 3))
    problem = finite_space(rng.dirichlet(np.ones(12)), rng.dirichlet(np.ones(12)), features=features)

    def slope(theta: Any) -> Any:
        return problem.data_weight @ features - np.exp(problem.log_model(theta)) @ features

    def loss(theta: Any) -> float:
        return demonstration_loss(problem.data_weight, features @ theta, problem.log_h)

    best = minimize(loss, np.zeros(3), jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    assert problem.data_weight @ features == pytest.approx(
        np.exp(problem.log_model(best)) @ features, abs=1e-8
    )
    # along the first parameter alone, from that optimum, there is nowhere to go
    space = build_space(problem, best, 0.8, FLOAT64_ARITHMETIC)
    assert float(likelihood_optimum(space)) == pytest.approx(0.0, abs=1e-7)


def test_data_on_the_edge_of_the_features_have_no_finite_optimum() -> None:
    edge = finite_space([0.0, 0.0, 1.0], [0.2, 0.3, 0.5], features=[[0.0], [0.5], [1.0]])
    assert likelihood_optimum(build_space(edge, np.array([0.3]), 0.8, FLOAT64_ARITHMETIC)) is None
    losses = [
        demonstration_loss(edge.data_weight, edge.cost.value(np.array([t])), edge.log_h)
        for t in (0.0, -5.0, -50.0)
    ]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(0.0, abs=1e-9)
    inside = finite_space([0.01, 0.0, 0.99], [0.2, 0.3, 0.5], features=[[0.0], [0.5], [1.0]])
    assert likelihood_optimum(build_space(inside, np.array([0.3]), 0.8, FLOAT64_ARITHMETIC)) is not None


@pytest.mark.parametrize("stochastic", [True, False])
@pytest.mark.parametrize("random_start", [True, False])
def test_the_base_measure_matters_wherever_there_is_chance(stochastic: bool, random_start: bool) -> None:
    instance = variant(stochastic, random_start)
    found = enumerate_claim("D5", instance.problem, instance.theta, instance.b, mdp=instance.mdp)
    assert found.agrees
    assert found.twin_differs == (stochastic or random_start)


def test_a_learned_normaliser_is_never_below_the_likelihood() -> None:
    problem, theta = ebm().problem, ebm().theta
    costs = problem.cost.value(theta)
    exact = demonstration_loss(problem.data_weight, costs, problem.log_h)
    log_z = problem.log_partition(theta)
    for b in log_z + np.array([-2.0, -0.3, -1e-3, 1e-3, 0.3, 2.0]):
        drawn = problem.generator_weight @ np.exp(-costs - problem.log_q)
        loss = problem.data_weight @ costs + b + np.exp(-b) * drawn - 1
        assert loss > exact
        assert loss - exact == pytest.approx(np.exp(log_z - b) - 1 - (log_z - b), abs=1e-12)


def test_a_learned_normaliser_needs_a_generator_that_covers_the_model() -> None:
    problem = finite_space([0.6, 0.4, 0.0], [0.0, 0.5, 0.5])
    with pytest.raises(UnsuitedError, match="q = 0 on a trajectory of finite cost"):
        enumerate_claim("D6", problem, [0.0, 0.3, 0.7], 0.4)


def test_only_the_model_is_identified() -> None:
    """A constant feature: two parameters, one distribution, and D4 says what is left of their difference."""
    features = np.column_stack([[0.0, 0.4, 1.1, 2.0], np.ones(4)])
    problem = replace(
        finite_space([0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.3, 0.4], features=features), cost=LinearCost(features)
    )
    near, far = np.array([0.7, 0.0]), np.array([0.7, 5.0])
    assert problem.log_model(near) == pytest.approx(problem.log_model(far), abs=1e-13)
    assert enumerate_claim("D4", problem, far, 0.8).agrees
    assert problem.log_partition(near) - problem.log_partition(far) == pytest.approx(5.0)


def test_the_population_form_is_not_for_batches() -> None:
    """C1 holds for the batch weights of the generic instance; the form for the population does not."""
    instance = generic()
    problem, b = instance.problem, instance.b
    w_p, w_q = instance.batch_expert_weight, instance.batch_generator_weight
    costs, dc = problem.cost.value(instance.theta), problem.cost.gradient(instance.theta)
    logit = -costs - b - problem.log_q
    d, rest = 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(logit))
    slope = (w_p * rest) @ dc - (w_q * d) @ dc
    step = 1e-6
    for j in range(3):
        move = step * dc[:, j]
        ends = [discriminator_loss(w_p, w_q, costs + s * move, problem.log_q, b) for s in (1, -1)]
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(slope[j], abs=1e-8)
    model = np.exp(problem.log_h - costs - b)
    assert np.abs(((w_p - model) * rest) @ dc - slope).max() > 0.1
