"""A tabular MDP, its trajectories, its policies and the problems that it becomes."""

import itertools
import math

import numpy as np
import pytest

from ganirl.instances import POLICY_LOGITS, curved_step_cost, generic
from ganirl.mdp import TabularMDP
from ganirl.problem import Problem
from ganirl.step_cost import StepCost

THETA = np.array([0.7, -0.9, 0.4])


def random_mdp(seed):
    states, actions, horizon, dimension, forbidden = 2, 2, 3, 2, 0.3
    rng = np.random.default_rng(seed)
    transition = rng.random((states, actions, states + 1)) * (
        rng.random((states, actions, states + 1)) > forbidden
    )
    transition[:, :, 0] += 0.1
    start = rng.random(states)
    return TabularMDP(
        start / start.sum(),
        transition / transition.sum(axis=-1, keepdims=True),
        horizon,
        rng.standard_normal((states, actions, states + 1, dimension)),
    )


def trajectories_by_hand(mdp):
    """Map ((s0, a0), (s1, a1) …, last s') → h, one trajectory at a time over every conceivable sequence."""
    found = {}
    for length in range(1, mdp.horizon + 1):
        for states in itertools.product(range(mdp.states), repeat=length):
            for actions in itertools.product(range(mdp.actions), repeat=length):
                for last in range(mdp.states + 1):
                    if length < mdp.horizon and last != mdp.states:
                        continue
                    onward = (*states[1:], last)
                    h = mdp.start[states[0]]
                    for s, a, x in zip(states, actions, onward, strict=True):
                        h *= mdp.transition[s, a, x]
                    if h > 0:
                        found[(*zip(states, actions, strict=True), last)] = h
    return found


def as_keys(steps):
    for row in range(len(steps.state)):
        length = int(steps.mask[row].sum())
        pairs = [(int(steps.state[row, t]), int(steps.action[row, t])) for t in range(length)]
        yield (*pairs, int(steps.next_state[row, length - 1]))


@pytest.mark.parametrize("seed", range(5))
def test_enumeration_agrees_with_itertools(seed):
    mdp = random_mdp(seed)
    log_h, steps = mdp.trajectories
    truth = trajectories_by_hand(mdp)
    keys = list(as_keys(steps))
    assert len(keys) == len(set(keys))
    assert set(keys) == set(truth)
    np.testing.assert_allclose(np.exp(log_h), [truth[key] for key in keys], rtol=1e-13)
    assert sum(mdp.trajectory_counts) == len(keys)
    np.testing.assert_array_equal(np.bincount(steps.mask.sum(axis=1), minlength=4)[1:], mdp.trajectory_counts)


def test_order_is_by_length_and_then_by_content():
    keys = list(as_keys(random_mdp(1).trajectories.steps))
    assert keys == sorted(keys, key=lambda key: (len(key), *np.ravel(key[:-1]), key[-1]))
    assert len(keys) > 10


def test_padding_and_the_end():
    mdp = random_mdp(3)
    steps = mdp.trajectories.steps
    for name in ("state", "action", "next_state", "done"):
        assert not getattr(steps, name)[~steps.mask].any()
    assert not steps.features[~steps.mask].any()
    np.testing.assert_array_equal(steps.done, steps.mask & (steps.next_state == mdp.states))
    # a step exists after one that did not end, and one of all steps at most ends
    np.testing.assert_array_equal(steps.mask[:, 1:], steps.mask[:, :-1] & ~steps.done[:, :-1])
    # next states chain
    inside = steps.mask[:, 1:]
    np.testing.assert_array_equal(steps.state[:, 1:][inside], steps.next_state[:, :-1][inside])
    truncated = ~steps.done.any(axis=1)
    assert truncated.any()
    assert steps.mask[truncated].all()


def test_h_times_a_policy_is_a_distribution_and_h_alone_is_not():
    mdp = random_mdp(2)
    log_h = mdp.trajectories.log_h
    policy = np.random.default_rng(0).standard_normal((2, 2))
    assert math.isclose(np.exp(log_h + mdp.log_density(policy)).sum(), 1.0, rel_tol=1e-13)
    time_indexed = np.random.default_rng(0).standard_normal((3, 2, 2))
    assert math.isclose(np.exp(log_h + mdp.log_density(time_indexed)).sum(), 1.0, rel_tol=1e-13)
    assert np.exp(log_h).sum() > 1.5  # one for each choice of actions


def test_a_time_indexed_policy_is_read_in_order():
    mdp = random_mdp(2)
    logits = np.random.default_rng(0).standard_normal((3, 2, 2))
    assert not np.allclose(mdp.log_density(logits), mdp.log_density(logits[::-1]))
    np.testing.assert_array_equal(mdp.log_density(logits[:1].repeat(3, axis=0)), mdp.log_density(logits[0]))


def test_occupancy_agrees_with_enumeration():
    mdp = random_mdp(4)
    logits = np.random.default_rng(1).standard_normal((3, 2, 2))
    weight = np.exp(mdp.trajectories.log_h + mdp.log_density(logits))
    np.testing.assert_allclose(mdp.occupancy(logits), mdp.data_occupancy(weight), atol=1e-14)
    assert not np.allclose(mdp.occupancy(logits[0]), mdp.data_occupancy(weight))


def test_problem_takes_data_in_three_ways():
    mdp = random_mdp(0)
    logits = np.array([[0.3, -0.8], [1.2, 0.1]])
    expert = np.array([[-1.0, 0.4], [0.2, 0.9]])
    by_policy = mdp.problem(logits, expert_logits=expert)
    by_density = mdp.problem(logits, log_p=by_policy.log_p)
    by_weight = mdp.problem(logits, data_weight=by_policy.data_weight)
    np.testing.assert_array_equal(by_policy.log_p, mdp.log_density(expert))
    np.testing.assert_array_equal(by_density.log_p, by_policy.log_p)
    np.testing.assert_allclose(by_weight.log_p, by_policy.log_p, atol=1e-12)
    for problem in (by_policy, by_density, by_weight):
        assert math.isclose(problem.data_weight.sum(), 1.0, rel_tol=1e-12)
        assert math.isclose(problem.generator_weight.sum(), 1.0, rel_tol=1e-12)
    with pytest.raises(ValueError, match="log_p is not a density"):
        mdp.problem(logits, log_p=by_policy.log_p + 0.1)
    with pytest.raises(ValueError, match="log_p is not a density"):
        mdp.problem(logits, data_weight=by_policy.data_weight * 1.1)
    with pytest.raises(ValueError, match="exactly one of"):
        mdp.problem(logits)
    with pytest.raises(ValueError, match="exactly one of"):
        mdp.problem(logits, expert_logits=expert, log_p=by_policy.log_p)


def test_a_linear_cost_is_the_sum_of_step_features():
    mdp = random_mdp(0)
    problem = mdp.problem(np.zeros((2, 2)), expert_logits=np.ones((2, 2)))
    theta = np.array([0.3, -1.1])
    by_hand = [
        sum(mdp.features[s, a, x] @ theta for (s, a), x in zip(key[:-1], onward_of(key), strict=True))
        for key in as_keys(problem.steps)
    ]
    np.testing.assert_allclose(problem.cost.value(theta), by_hand, atol=1e-13)
    np.testing.assert_allclose(
        problem.cost.value(theta), (problem.steps.features @ theta).sum(axis=1), atol=1e-13
    )


def onward_of(key):
    return [pair[0] for pair in key[1:-1]] + [key[-1]]


def test_a_step_cost_sums_existing_steps_only():
    problem = generic().problem
    by_table = generic().mdp.cost_table(THETA, curved_step_cost)
    steps = problem.steps
    by_step = by_table[steps.state, steps.action, steps.next_state]
    np.testing.assert_allclose(
        problem.cost.value(THETA), np.where(steps.mask, by_step, 0).sum(axis=1), atol=1e-13
    )
    shifted = generic().mdp.problem(
        POLICY_LOGITS,
        data_weight=problem.data_weight,
        step_cost=lambda f, theta: curved_step_cost(f, theta) + 1,
    )
    difference = shifted.cost.value(THETA) - problem.cost.value(THETA)
    np.testing.assert_allclose(difference, steps.mask.sum(axis=1), atol=1e-12)
    # the twin: without the mask, the padding would count (claim H10)
    assert not np.allclose(difference, steps.mask.shape[1])


def test_a_step_cost_may_be_undefined_at_the_padding():
    mdp = generic().mdp
    cost = StepCost(lambda f, theta: np.log((f**2).sum(axis=-1)) * theta[0], mdp.trajectories.steps)
    assert np.isfinite(cost.value(THETA)).all()
    assert np.isfinite(cost.gradient(THETA)).all()


def test_derivatives_of_a_step_cost_agree_with_finite_differences():
    cost = generic().problem.cost
    step = 1e-6
    gradient = np.stack(
        [(cost.value(THETA + step * e) - cost.value(THETA - step * e)) / (2 * step) for e in np.eye(3)],
        axis=1,
    )
    np.testing.assert_allclose(cost.gradient(THETA), gradient, atol=1e-8)
    features, mask = generic().problem.steps.features, generic().problem.steps.mask
    by_hand = features * np.cos(THETA)
    by_hand[:, :, 1] += 0.6 * features[:, :, 0] ** 2 * THETA[1]
    np.testing.assert_allclose(cost.gradient(THETA), (by_hand * mask[:, :, None]).sum(axis=1), atol=1e-13)
    curvature = np.zeros((*features.shape, 3))
    curvature[..., range(3), range(3)] = -features * np.sin(THETA)
    curvature[..., 1, 1] += 0.6 * features[..., 0] ** 2
    np.testing.assert_allclose(
        cost.hessian(THETA), (curvature * mask[:, :, None, None]).sum(axis=1), atol=1e-8
    )
    assert np.abs(cost.hessian(THETA)).max() > 0.1


def test_step_tangents_sum_to_the_linearised_problem():
    problem = generic().problem
    linear, extended = problem.linearised(THETA)
    tangent = problem.cost.tangent(THETA)
    np.testing.assert_allclose(tangent.sum(axis=1), linear.cost.features, atol=1e-13)
    np.testing.assert_allclose((tangent @ extended).sum(axis=1), problem.cost.value(THETA), atol=1e-13)
    assert not tangent[~problem.steps.mask].any()


def test_a_gradient_of_the_tables_is_that_of_the_cost():
    mdp, problem = generic().mdp, generic().problem
    table = mdp.cost_gradient_table(THETA, curved_step_cost)
    steps = problem.steps
    by_step = np.where(steps.mask[:, :, None], table[steps.state, steps.action, steps.next_state], 0)
    np.testing.assert_allclose(problem.cost.gradient(THETA), by_step.sum(axis=1), atol=1e-13)
    np.testing.assert_array_equal(mdp.cost_gradient_table(THETA), mdp.features)
    np.testing.assert_allclose(mdp.cost_table(THETA), mdp.features @ THETA, atol=1e-14)


def test_the_transition_problem_is_normalised_and_has_the_stated_densities():
    mdp = random_mdp(1)
    logits, expert = np.array([[0.3, -0.8], [1.2, 0.1]]), np.array([[-1.0, 0.4], [0.2, 0.9]])
    problem = mdp.transition_problem(logits, expert_logits=expert)
    assert problem.unit == "transition"
    assert problem.steps.mask.shape == (len(problem), 1)
    assert math.isclose(problem.generator_weight.sum(), 1.0, rel_tol=1e-13)
    assert math.isclose(problem.data_weight.sum(), 1.0, rel_tol=1e-13)
    # h·q is how often the generator makes each transition, and h·p how often the expert does: by enumeration
    for weight, policy in ((problem.generator_weight, logits), (problem.data_weight, expert)):
        log_h, steps = mdp.trajectories
        visits = np.zeros(mdp.transition.shape)
        row, time = np.nonzero(steps.mask)
        indices = (steps.state[row, time], steps.action[row, time], steps.next_state[row, time])
        np.add.at(visits, indices, np.exp(log_h + mdp.log_density(policy))[row])
        place = problem.steps.state[:, 0], problem.steps.action[:, 0], problem.steps.next_state[:, 0]
        np.testing.assert_allclose(weight, (visits / visits.sum())[place], atol=1e-14)
    # claim H5: the optimum is log π_E + log d_E/d_π, which is log π_E only where the state marginals match
    states = [
        occupancy.sum(axis=(0, 2)) / occupancy.sum() for occupancy in map(mdp.occupancy, (expert, logits))
    ]
    log_expert = mdp.log_policy(expert)[0][problem.steps.state[:, 0], problem.steps.action[:, 0]]
    ratio = np.log(states[0] / states[1])[problem.steps.state[:, 0]]
    np.testing.assert_allclose(problem.log_p, log_expert + ratio, atol=1e-13)
    assert np.abs(ratio).max() > 1e-3


def test_a_transition_problem_takes_an_occupancy_of_any_total():
    mdp = random_mdp(1)
    logits, expert = np.array([[0.3, -0.8], [1.2, 0.1]]), np.array([[-1.0, 0.4], [0.2, 0.9]])
    truth = mdp.transition_problem(logits, expert_logits=expert)
    occupancy = mdp.occupancy(expert)
    for given in (occupancy, occupancy.sum(axis=0), 7 * occupancy):
        np.testing.assert_allclose(
            mdp.transition_problem(logits, expert_occupancy=given).log_p, truth.log_p, atol=1e-13
        )
    curved = mdp.transition_problem(
        logits, expert_logits=expert, step_cost=lambda f, theta: np.exp(f @ theta)
    )
    theta = np.array([0.3, -0.2])
    np.testing.assert_allclose(curved.cost.value(theta), np.exp(truth.cost.value(theta)), atol=1e-13)


def test_an_expert_where_the_generator_never_goes_is_refused():
    # from state 0, action 0 stays and action 1 goes to state 1
    transition = np.zeros((2, 2, 3))
    transition[:, 0, 0] = transition[:, 1, 1] = 1.0
    mdp = TabularMDP(np.array([1.0, 0.0]), transition, 3, np.zeros((2, 2, 3, 1)))
    stays, moves = np.array([[0.0, -np.inf], [0.0, 0.0]]), np.zeros((2, 2))
    with pytest.raises(ValueError, match=r"the expert visits states \[1\], which the generator never visits"):
        mdp.transition_problem(stays, expert_logits=moves)
    problem = mdp.transition_problem(moves, expert_logits=stays)
    assert len(problem) == 4
    assert len(mdp.transition_problem(stays, expert_logits=stays)) == 2


def test_a_generator_that_never_takes_an_action_has_density_zero_there():
    mdp = random_mdp(0)
    problem = mdp.problem(np.array([[0.0, -np.inf], [0.0, 0.0]]), expert_logits=np.zeros((2, 2)))
    takes_it = ((problem.steps.state == 0) & (problem.steps.action == 1) & problem.steps.mask).any(axis=1)
    np.testing.assert_array_equal(np.isneginf(problem.log_q), takes_it)
    assert 0 < takes_it.sum() < len(problem)


GOOD = {
    "start": np.array([0.5, 0.5]),
    "transition": np.full((2, 2, 3), 1 / 3),
    "horizon": 3,
    "features": np.zeros((2, 2, 3, 1)),
}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("start", np.array([0.5, 0.6]), "start must sum to one"),
        ("start", np.array([1.5, -0.5]), "start has a negative probability"),
        ("start", np.array([np.nan, 1.0]), "start has a number that is not finite"),
        ("start", np.eye(2), r"start must be \(S,\)"),
        (
            "transition",
            np.full((2, 2, 3), 0.3),
            "transition must sum to one over its last axis; it is off by 0.1",
        ),
        ("transition", np.full((2, 2, 2), 0.5), r"transition must be \(S, A, S \+ 1\) with S = 2"),
        ("transition", np.full((2, 2, 3), [1.5, -0.5, 0.0]), "transition has a negative probability"),
        ("features", np.zeros((2, 2, 3)), r"features must be \(2, 2, 3, 'd'\)"),
        ("features", np.full((2, 2, 3, 1), np.inf), "features has a number that is not finite"),
        ("horizon", 0, "horizon must be an integer of at least 1, not 0"),
        ("horizon", 2.5, "horizon must be an integer of at least 1, not 2.5"),
    ],
)
def test_bad_processes_are_refused_in_one_sentence(field, value, message):
    TabularMDP(**GOOD)
    with pytest.raises(ValueError, match=message) as caught:
        TabularMDP(**GOOD | {field: value})
    assert "\n" not in str(caught.value)


def test_bad_arguments_are_refused_in_one_sentence():
    mdp = TabularMDP(**GOOD)
    expert = np.zeros((2, 2))
    with pytest.raises(ValueError, match=r"a generator has logits \(S, A\) = \(2, 2\), not \(3, 2, 2\)"):
        mdp.problem(np.zeros((3, 2, 2)), expert_logits=expert)
    with pytest.raises(ValueError, match="policy logits must be"):
        mdp.log_policy(np.zeros(2))
    with pytest.raises(ValueError, match="with a finite one in each state"):
        mdp.log_policy(np.array([[0.0, 0.0], [-np.inf, -np.inf]]))
    with pytest.raises(ValueError, match="with a finite one in each state"):
        mdp.log_policy(np.array([[0.0, np.nan], [0.0, 0.0]]))
    with pytest.raises(ValueError, match=r"log_p has shape \(3,\)"):
        mdp.problem(expert, log_p=np.zeros(3))
    with pytest.raises(ValueError, match="data_weight must not be negative"):
        mdp.problem(expert, data_weight=-np.ones(sum(mdp.trajectory_counts)))
    with pytest.raises(ValueError, match="exactly one of"):
        mdp.transition_problem(expert)
    with pytest.raises(ValueError, match="expert_occupancy must be"):
        mdp.transition_problem(expert, expert_occupancy=np.zeros(3))
    with pytest.raises(ValueError, match="with a positive total"):
        mdp.transition_problem(expert, expert_occupancy=np.zeros((2, 2)))


def test_an_enumeration_that_is_too_large_is_refused_and_counted_exactly():
    mdp = TabularMDP(GOOD["start"], GOOD["transition"], 60, GOOD["features"])
    # 2 starts, 4 ways to go on and 2 to end: 2·4^{l−1}·2 of length l < T, and at the horizon all 6 ways count
    truth = sum(2 * 4 ** (length - 1) * 2 for length in range(1, 60)) + 2 * 4**59 * 6
    assert sum(mdp.trajectory_counts) == truth
    with pytest.raises(ValueError, match=f"this MDP has {truth} trajectories .* use dynamic programming"):
        _ = mdp.trajectories


def test_a_process_cannot_be_changed_behind_its_enumeration():
    transition = GOOD["transition"].copy()
    mdp = TabularMDP(GOOD["start"], transition, 2, GOOD["features"])
    transition[0] = [0.0, 0.0, 1.0]
    assert mdp.transition[0, 0, 0] > 0
    with pytest.raises(ValueError, match="read-only"):
        mdp.transition[0, 0, 0] = 0.0


def test_a_problem_is_returned():
    assert isinstance(TabularMDP(**GOOD).problem(np.zeros((2, 2)), expert_logits=np.ones((2, 2))), Problem)
