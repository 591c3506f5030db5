"""Dynamic programming against enumeration, brute force, and direct minimisation over policies."""

import itertools
import math

import numpy as np
import pytest
from scipy.optimize import minimize

from ganirl.dynamic_programming import (
    causal_entropy,
    log_partition_gradient,
    model_occupancy,
    reachability_gap,
    trajectory_entropy,
)
from ganirl.instances import THETA, curved_step_cost, generic, variant
from ganirl.logspace import log_normalise, log_sum_exp
from ganirl.mdp import TabularMDP

CASES = {
    (stochastic, random_start): variant(stochastic, random_start)
    for stochastic in (True, False)
    for random_start in (True, False)
}


def costs_of(instance):
    return instance.mdp.cost_table(THETA, curved_step_cost)


def brute_force_log_partition(mdp, costs):
    """Sum h e^{−c} over every conceivable sequence, one at a time."""
    total = 0.0
    for states in itertools.product(range(mdp.states + 1), repeat=mdp.horizon + 1):
        for actions in itertools.product(range(mdp.actions), repeat=mdp.horizon):
            term, ended = mdp.start[states[0]] if states[0] < mdp.states else 0.0, False
            for s, a, x in zip(states, actions, states[1:], strict=False):
                if ended:
                    # one representative of what happens after the end
                    term *= x == mdp.states and a == 0
                elif s < mdp.states:
                    term *= mdp.transition[s, a, x] * math.exp(-costs[s, a, x])
                    ended = x == mdp.states
            total += term
    return math.log(total)


def brute_force_soft_value(mdp, costs, state, left):
    if left == 0 or state == mdp.states:
        return 0.0
    return math.log(
        sum(
            math.exp(
                sum(
                    mdp.transition[state, a, x]
                    * (-costs[state, a, x] + brute_force_soft_value(mdp, costs, x, left - 1))
                    for x in range(mdp.states + 1)
                )
            )
            for a in range(mdp.actions)
        )
    )


def small_mdp(seed=7):
    rng = np.random.default_rng(seed)
    transition = rng.random((2, 2, 3))
    transition[0, 1, 0] = 0.0
    transition /= transition.sum(axis=-1, keepdims=True)
    return TabularMDP(np.array([0.6, 0.4]), transition, 3, rng.standard_normal((2, 2, 3, 2)))


def test_both_backups_agree_with_brute_force():
    mdp = small_mdp()
    costs = mdp.cost_table(np.array([1.3, -0.8]))
    log_z, v_soft = trajectory_entropy(mdp, costs).value, causal_entropy(mdp, costs).value
    by_hand = mdp.start @ [brute_force_soft_value(mdp, costs, s, 3) for s in range(2)]
    assert math.isclose(log_z, brute_force_log_partition(mdp, costs), rel_tol=1e-13)
    assert math.isclose(v_soft, by_hand, rel_tol=1e-13)
    assert log_z > v_soft + 1e-2


@pytest.mark.parametrize("case", CASES, ids=lambda case: CASES[case].name)
def test_log_z_agrees_with_enumeration(case):
    instance = CASES[case]
    costs = costs_of(instance)
    enumerated = instance.problem.log_partition(THETA)
    assert math.isclose(trajectory_entropy(instance.mdp, costs).value, enumerated, rel_tol=1e-13)
    # twins: the other backup, and a model that goes on after the end
    agrees = math.isclose(causal_entropy(instance.mdp, costs).value, enumerated, rel_tol=1e-9)
    assert agrees == (case == (False, False))
    longer = TabularMDP(instance.mdp.start, instance.mdp.transition, 5, instance.mdp.features)
    assert not math.isclose(trajectory_entropy(longer, costs).value, enumerated, rel_tol=1e-3)


@pytest.mark.parametrize("case", CASES, ids=lambda case: CASES[case].name)
def test_gap_is_zero_if_and_only_if_nothing_is_left_to_chance(case):
    gap = reachability_gap(CASES[case].mdp, costs_of(CASES[case])).gap
    if case == (False, False):
        assert abs(gap) < 1e-14
    else:
        assert gap > 1e-2


@pytest.mark.parametrize("case", CASES, ids=lambda case: CASES[case].name)
def test_the_soft_optimal_policy_attains_the_gap(case):
    instance = CASES[case]
    problem, costs = instance.problem, costs_of(instance)
    solution = causal_entropy(instance.mdp, costs)
    np.testing.assert_allclose(log_sum_exp(solution.log_policy, axis=-1), 0.0, atol=1e-14)
    assert math.isclose(
        divergence(problem, instance.mdp, solution.log_policy),
        reachability_gap(instance.mdp, costs).gap,
        rel_tol=1e-12,
        abs_tol=1e-13,
    )
    # the twin: the policy of the risk-seeking backup is worse wherever chance moves the states
    seeking = divergence(problem, instance.mdp, trajectory_entropy(instance.mdp, costs).log_policy)
    if instance.name.startswith("stochastic"):
        assert seeking > reachability_gap(instance.mdp, costs).gap + 1e-3
    else:
        assert math.isclose(seeking, reachability_gap(instance.mdp, costs).gap, rel_tol=1e-12, abs_tol=1e-13)


def divergence(problem, mdp, logits):
    """KL(q_π‖p_θ) by enumeration."""
    log_q = mdp.log_density(logits)
    weight = np.exp(problem.log_h + log_q)
    return float(weight @ (log_q - problem.log_model(THETA)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: CASES[case].name)
def test_no_policy_comes_nearer_than_the_gap(case):
    instance = CASES[case]
    mdp = TabularMDP(instance.mdp.start, instance.mdp.transition, 3, instance.mdp.features)
    costs = mdp.cost_table(THETA, curved_step_cost)
    log_h, steps = mdp.trajectories
    c = np.where(steps.mask, costs[steps.state, steps.action, steps.next_state], 0.0).sum(axis=1)
    log_model = -c - log_sum_exp(log_h - c)
    shape = (3, mdp.states, mdp.actions)

    def objective(flat):
        log_q = mdp.log_density(flat.reshape(shape))
        weight = np.exp(log_h + log_q)
        # the gradient is E_q[(log q − log p_θ) s], s the score of each step's softmax (claim E3)
        signal = weight * (log_q - log_model)
        taken = mdp.data_occupancy(signal)
        gradient = taken - taken.sum(axis=-1, keepdims=True) * np.exp(log_normalise(flat.reshape(shape)))
        return float(weight @ (log_q - log_model)), gradient.ravel()

    start = np.random.default_rng(0).standard_normal(np.prod(shape))
    found = minimize(objective, start, jac=True, method="BFGS", options={"gtol": 1e-10})
    assert abs(found.fun - reachability_gap(mdp, costs).gap) < 1e-8
    assert objective(start)[0] > found.fun + 1e-3


@pytest.mark.parametrize("case", CASES, ids=lambda case: CASES[case].name)
def test_model_occupancy_and_the_gradient_of_log_z(case):
    instance = CASES[case]
    mdp, problem, costs = instance.mdp, instance.problem, costs_of(instance)
    weight = np.exp(problem.log_h + problem.log_model(THETA))
    occupied = model_occupancy(mdp, costs)
    np.testing.assert_allclose(occupied.sum(axis=-1), mdp.data_occupancy(weight), atol=1e-14)
    np.testing.assert_allclose(occupied[0].sum(), 1.0, rtol=1e-14)
    gradient = log_partition_gradient(mdp, costs, mdp.cost_gradient_table(THETA, curved_step_cost))
    np.testing.assert_allclose(gradient, -weight @ problem.cost.gradient(THETA), atol=1e-13)
    step = 1e-6
    differences = [
        (problem.log_partition(THETA + step * e) - problem.log_partition(THETA - step * e)) / (2 * step)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(gradient, differences, atol=1e-8)
    # the twin: expected features under the soft-optimal policy are the gradient of V_soft, not of log Z
    causal = mdp.occupancy(causal_entropy(mdp, costs).log_policy).sum(axis=0)[:, :, None] * mdp.transition
    other = -np.einsum("sax,saxd->d", causal, mdp.cost_gradient_table(THETA, curved_step_cost))
    assert np.allclose(other, gradient, atol=1e-9) == (case == (False, False))
    value = [
        causal_entropy(mdp, mdp.cost_table(THETA + step * e, curved_step_cost)).value
        - causal_entropy(mdp, mdp.cost_table(THETA - step * e, curved_step_cost)).value
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(other, np.array(value) / (2 * step), atol=1e-8)


def test_no_value_after_the_end_and_after_the_horizon():
    # one state, one action, certain to end at once, cost 5: nothing may be added to −5
    mdp = TabularMDP(np.array([1.0]), np.array([[[0.0, 1.0]]]), 9, np.zeros((1, 1, 2, 1)))
    costs = np.array([[[np.nan, 5.0]]])
    assert trajectory_entropy(mdp, costs).value == -5.0
    assert causal_entropy(mdp, costs).value == -5.0
    forever = TabularMDP(np.array([1.0]), np.array([[[1.0, 0.0]]]), 9, np.zeros((1, 1, 2, 1)))
    costs = np.array([[[5.0, np.nan]]])
    assert trajectory_entropy(forever, costs).value == -45.0
    np.testing.assert_array_equal(
        causal_entropy(forever, costs).state_values[:, 0], np.arange(-45.0, 1.0, 5.0)
    )


@pytest.mark.parametrize("scale", [400.0, -400.0, 5000.0])
def test_disconnected_states_with_a_cost_gap_of_400(scale):
    # states 0 and 1 never meet; state 1 costs 400 more a step, and state 2 is never reached at all
    transition = np.zeros((3, 2, 4))
    transition[0, :, 0] = transition[1, :, 1] = transition[2, :, 2] = 0.9
    transition[:, :, 3] = 0.1
    mdp = TabularMDP(np.array([0.5, 0.5, 0.0]), transition, 6, np.zeros((3, 2, 4, 1)))
    costs = np.zeros((3, 2, 4))
    costs[0, :, :] = [[0.3], [-0.2]]
    costs[1, :, :] = scale
    costs[2, :, :] = -2 * abs(scale)
    log_h, steps = mdp.trajectories
    c = np.where(steps.mask, costs[steps.state, steps.action, steps.next_state], 0.0).sum(axis=1)
    log_z = float(log_sum_exp(log_h - c))
    assert math.isclose(trajectory_entropy(mdp, costs).value, log_z, rel_tol=1e-13)
    occupied = model_occupancy(mdp, costs)
    assert np.isfinite(occupied).all()
    np.testing.assert_allclose(
        occupied.sum(axis=-1), mdp.data_occupancy(np.exp(log_h - c - log_z)), rtol=1e-9, atol=1e-300
    )
    assert np.isfinite(causal_entropy(mdp, costs).value)
    # the twin: the same recursion in the linear domain is lost
    with np.errstate(all="ignore"):
        kernel = mdp.transition * np.exp(-costs)
        mass = np.ones(4)
        for _ in range(6):
            mass = np.append(np.einsum("sax,x->s", kernel, mass), 1.0)
        linear = np.log(mass[:3])
    assert not np.isfinite(linear).all()


def test_impossible_transitions_may_cost_anything_and_possible_ones_may_not():
    instance = generic()
    costs = costs_of(instance).copy()
    truth = reachability_gap(instance.mdp, costs)
    costs[instance.mdp.transition == 0] = np.nan
    assert reachability_gap(instance.mdp, costs) == truth
    assert np.isfinite(model_occupancy(instance.mdp, costs)).all()
    costs[0, 0, 0] = np.inf
    with pytest.raises(ValueError, match="not finite; forbid a transition by its probability"):
        trajectory_entropy(instance.mdp, costs)
    with pytest.raises(
        ValueError, match=r"costs must be \(S, A, S \+ 1\) = \(3, 2, 4\), not of shape \(3, 2\)"
    ):
        causal_entropy(instance.mdp, np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"cost_gradients must be \(3, 2, 4, 'd'\)"):
        log_partition_gradient(instance.mdp, np.zeros((3, 2, 4)), np.zeros((3, 2, 4)))


def test_a_step_constant_adds_its_expected_length_to_first_order():
    # log Z moves by −E[length] a unit of a constant per step: lengths vary, so it is no gauge (claim H10)
    instance = generic()
    weight = np.exp(instance.problem.log_h + instance.problem.log_model(THETA))
    lengths = instance.problem.steps.mask.sum(axis=1)
    gradient = log_partition_gradient(instance.mdp, costs_of(instance), np.ones((3, 2, 4, 1)))
    assert math.isclose(gradient[0], -(weight @ lengths), rel_tol=1e-13)
    assert not math.isclose(gradient[0], -4.0, rel_tol=1e-3)
