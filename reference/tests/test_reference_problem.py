"""Plain finite spaces, energy-based models and the costs over them."""

import math

import numpy as np
import pytest

from ganirl import CallableCost, LinearCost, energy_based_model, finite_space
from ganirl.instances import ebm, generic, generic_transition, s4

P, Q = [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]
THETA = np.array([0.4, -0.7])


def curved(theta):
    x = np.array([0.1, -1.2, 0.8, 2.0])
    return np.sin(theta[0] * x) + np.exp(theta[1]) * x**2 + theta[0] * theta[1]


def test_a_finite_space_has_one_feature_a_point():
    problem = finite_space(P, Q)
    theta = np.array([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(problem.cost.value(theta), theta)
    assert math.isclose(
        problem.log_partition(theta), math.log(1 + math.exp(-1) + math.exp(-2)), rel_tol=1e-14
    )
    np.testing.assert_allclose(problem.data_weight, P, rtol=1e-14)
    np.testing.assert_allclose(problem.generator_weight, Q, rtol=1e-14)
    np.testing.assert_allclose(np.exp(problem.log_model(theta)).sum(), 1.0, rtol=1e-14)
    np.testing.assert_allclose(np.exp(problem.policy_logits[0]), Q, rtol=1e-14)
    np.testing.assert_array_equal(problem.steps.action[:, 0], [0, 1, 2])
    assert problem.steps.done.all()
    assert len(problem) == 3


def test_s4_has_the_stated_partition_function():
    z = math.exp(s4().problem.log_partition(s4().theta))
    assert abs(z - 2.7617676583) < 5e-11
    # E_q[e^{−c}/q] is the same sum, and the density-free mean E_q[e^{−c}] is not
    weight, c = s4().problem.generator_weight, s4().problem.cost.value(s4().theta)
    assert math.isclose(weight @ (np.exp(-c) / weight), z, rel_tol=1e-14)
    assert not math.isclose(weight @ np.exp(-c), z, rel_tol=1e-2)


def test_points_without_mass_are_allowed():
    problem = finite_space([0.6, 0.4, 0.0], [0.0, 0.5, 0.5])
    assert np.isneginf(problem.log_p[2])
    assert np.isneginf(problem.log_q[0])
    assert problem.data_weight.sum() == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.5], [1.0]), "vectors of one length"),
        (([[0.5, 0.5]], [[0.5, 0.5]]), "vectors of one length"),
        (([1.5, -0.5], [0.5, 0.5]), "must not be negative"),
        (([0.5, 0.4], [0.5, 0.5]), "log_p is not a density"),
        (([0.5, 0.5], [0.5, 0.6]), "log_q is not a density"),
        (([0.5, 0.5], [0.5, 0.5], np.zeros((3, 1))), "features has 3 rows for 2 points"),
        (([0.5, np.nan], [0.5, 0.5]), "log_p is not a density"),
    ],
)
def test_bad_spaces_are_refused_in_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        finite_space(*arguments)
    assert "\n" not in str(caught.value)


def test_with_data_changes_the_data_only():
    problem = finite_space(P, Q)
    other = problem.with_data(np.log(Q))
    np.testing.assert_array_equal(other.log_p, np.log(Q))
    assert other.log_q is problem.log_q
    with pytest.raises(ValueError, match="log_p is not a density"):
        problem.with_data(np.log(Q) + 1)


def test_complex_steps_agree_with_derivatives_by_hand():
    x = np.array([0.1, -1.2, 0.8, 2.0])
    cost = CallableCost(curved)
    by_hand = np.stack([np.cos(THETA[0] * x) * x + THETA[1], np.exp(THETA[1]) * x**2 + THETA[0]], axis=1)
    np.testing.assert_allclose(cost.gradient(THETA), by_hand, atol=1e-15)
    step = 1e-6
    differences = np.stack(
        [(cost.value(THETA + step * e) - cost.value(THETA - step * e)) / (2 * step) for e in np.eye(2)],
        axis=1,
    )
    np.testing.assert_allclose(cost.gradient(THETA), differences, atol=1e-8)
    second = np.zeros((4, 2, 2))
    second[:, 0, 0] = -np.sin(THETA[0] * x) * x**2
    second[:, 1, 1] = np.exp(THETA[1]) * x**2
    second[:, 0, 1] = second[:, 1, 0] = 1.0
    np.testing.assert_allclose(cost.hessian(THETA), second, atol=1e-9)


def test_given_derivatives_are_used():
    cost = CallableCost(
        curved, derivative=lambda theta: np.full((4, 2), 3.0), second_derivative=lambda t: np.ones(8)
    )
    np.testing.assert_array_equal(cost.gradient(THETA), np.full((4, 2), 3.0))
    np.testing.assert_array_equal(cost.hessian(THETA), np.ones(8))


def test_a_cost_that_drops_complex_numbers_is_refused_unless_it_has_a_derivative():
    def real_only(theta):
        return np.abs(theta[0]) * np.ones(3)

    with pytest.raises(TypeError, match="drops complex numbers: give CallableCost its derivative"):
        CallableCost(real_only).gradient(np.array([1.0]))
    given = CallableCost(real_only, derivative=lambda theta: np.sign(theta) * np.ones((3, 1)))
    np.testing.assert_array_equal(given.gradient(np.array([-2.0])), -np.ones((3, 1)))


@pytest.mark.parametrize("instance", [ebm, generic, generic_transition], ids=lambda make: make.__name__)
def test_the_tangent_reproduces_value_and_gradient(instance):
    problem, theta = instance().problem, instance().theta
    linear, extended = problem.linearised(theta)
    assert isinstance(linear.cost, LinearCost)
    assert extended.shape == (len(theta) + 1,)
    np.testing.assert_allclose(linear.cost.value(extended), problem.cost.value(theta), atol=1e-12)
    np.testing.assert_allclose(
        linear.cost.gradient(extended)[:, :-1], problem.cost.gradient(theta), atol=1e-14
    )
    assert math.isclose(linear.log_partition(extended), problem.log_partition(theta), rel_tol=1e-12)
    # the twin: elsewhere the tangent is not the cost
    moved = theta + 0.5
    assert not np.allclose(linear.cost.value(np.append(moved, 1.0)), problem.cost.value(moved), atol=1e-2)


def test_a_linear_cost_is_its_own_tangent():
    problem = finite_space(P, Q)
    theta = np.array([1.0, 2.0, 3.0])
    same, parameters = problem.linearised(theta)
    assert same is problem
    assert parameters is theta
    assert not problem.cost.hessian(theta).any()
    assert problem.cost.hessian(theta).shape == (3, 3, 3)


def test_an_energy_based_model_is_a_finite_space_with_its_energy_as_the_cost():
    energy = CallableCost(curved)
    problem = energy_based_model(energy, THETA, [0.1, 0.2, 0.3, 0.4], [1.0, 0.0, -1.0, 2.0])
    np.testing.assert_array_equal(problem.cost.value(THETA), curved(THETA))
    weights = np.exp([1.0, 0.0, -1.0, 2.0])
    np.testing.assert_allclose(problem.generator_weight, weights / weights.sum(), rtol=1e-14)
    assert math.isclose(problem.log_partition(THETA), math.log(np.exp(-curved(THETA)).sum()), rel_tol=1e-14)
    with pytest.raises(ValueError, match=r"generator_logits has shape \(3,\) for an energy on 4 points"):
        energy_based_model(energy, THETA, [0.25] * 4, [0.0] * 3)
