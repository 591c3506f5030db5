"""The named instances have their stated numbers, and the rules tell generic from degenerate."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar

from ganirl import LinearCost, finite_space
from ganirl.dynamic_programming import reachability_gap
from ganirl.instances import (
    INSTANCES,
    S6_GENERATORS,
    THETA,
    B,
    broken_rules,
    curved_step_cost,
    degenerate,
    ebm,
    generic,
    generic_transition,
    s1,
    s4,
    s6,
    s10,
    variant,
)
from ganirl.logspace import sigmoid, softplus

EVERY = {make.__name__: make for make in (generic, generic_transition, degenerate, s1, s4, s6, s10, ebm)}


def loss(problem, theta, b):
    logit = -problem.cost.value(theta) - b - problem.log_q
    return float(problem.data_weight @ softplus(-logit) + problem.generator_weight @ softplus(logit))


def best_b(problem, theta):
    def slope(b):
        logit = -problem.cost.value(theta) - b - problem.log_q
        return problem.data_weight @ sigmoid(-logit) - problem.generator_weight @ sigmoid(logit)

    return brentq(slope, -50.0, 50.0, xtol=1e-14)


@pytest.mark.parametrize("name", EVERY)
def test_every_instance_is_normalised_and_named(name):
    instance = EVERY[name]()
    assert instance.name
    count = len(instance.problem)
    for weight in (
        instance.problem.data_weight,
        instance.problem.generator_weight,
        instance.batch_expert_weight,
        instance.batch_generator_weight,
    ):
        assert weight.shape == (count,)
        assert (weight >= 0).all()
        assert math.isclose(weight.sum(), 1.0, rel_tol=1e-12)
    assert not np.allclose(instance.batch_generator_weight, instance.problem.generator_weight)
    assert not np.allclose(instance.batch_expert_weight, instance.batch_generator_weight)


@pytest.mark.parametrize("name", EVERY)
def test_every_instance_is_drawn_once(name):
    assert EVERY[name]() is EVERY[name]()


def test_the_generic_instance_is_as_stated():
    instance = generic()
    assert len(instance.problem) == 4376
    assert instance.mdp.trajectory_counts == (6, 34, 192, 4144)
    assert (instance.mdp.transition == 0).sum() == 1
    np.testing.assert_array_equal(instance.mdp.start, [0.5, 0.3, 0.2])
    np.testing.assert_array_equal(instance.theta, [0.7, -0.9, 0.4])
    assert instance.b == 0.8
    features, theta = instance.problem.steps.features, instance.theta
    by_hand = (features @ np.sin(theta) + 0.3 * (features[:, :, 0] * theta[1]) ** 2).sum(axis=1)
    np.testing.assert_allclose(instance.problem.cost.value(theta), by_hand, atol=1e-13)
    # the draw itself: a change in the stream of random numbers would move every number of a report
    assert abs(instance.problem.log_partition(theta) - 2.5810025133530) < 1e-12


def test_the_generic_instances_break_no_rule():
    for instance in (generic(), generic_transition(), ebm()):
        b_star = best_b(instance.problem, instance.theta)
        assert broken_rules(instance.problem, instance.theta, instance.b, b_star, curved=True) == ()


def test_the_transition_twin_has_the_occupancies_of_the_generic_instance():
    twin, mdp = generic_transition(), generic().mdp
    assert twin.problem.unit == "transition"
    assert len(twin.problem) == (mdp.transition > 0).sum() == 23
    occupied = mdp.data_occupancy(generic().problem.data_weight).sum(axis=0)
    found = np.zeros((3, 2))
    np.add.at(
        found, (twin.problem.steps.state[:, 0], twin.problem.steps.action[:, 0]), twin.problem.data_weight
    )
    np.testing.assert_allclose(found, occupied / occupied.sum(), atol=1e-13)


def test_the_degenerate_twin_breaks_the_rules_that_it_should():
    instance = degenerate()
    assert len(instance.problem) == 16
    assert set(broken_rules(instance.problem, instance.theta, instance.b)) == {
        "q is uniform",
        "b is 0",
        "transitions are deterministic",
        "fewer than 2 start states",
        "fewer than 3 lengths",
        "log q is a function of length",
    }


def breaking(rule):
    """Return an instance that breaks a rule: (problem, theta, b, b_star)."""
    problem, mdp = generic().problem, generic().mdp
    short = dataclasses.replace(mdp, horizon=3)
    uniform = mdp.problem(np.zeros((3, 2)), data_weight=problem.data_weight)
    plain = finite_space([0.6, 0.3, 0.1], [0.2, 0.5, 0.3])
    five = finite_space([0.3, 0.3, 0.2, 0.1, 0.1], [0.2, 0.4, 0.2, 0.1, 0.1])
    by_rule = {
        "p equals q": (problem.with_data(problem.log_q), THETA, B, None),
        "p equals p_θ": (problem.with_data(problem.log_model(THETA)), THETA, B, None),
        "q equals p_θ": (five, -np.log([0.2, 0.4, 0.2, 0.1, 0.1]), B, None),
        "p is uniform": (five.with_data(np.log(np.full(5, 0.2))), np.arange(5.0), B, None),
        "p_θ is uniform": (five, np.ones(5), B, None),
        "b is 0": (problem, THETA, 0.0, None),
        "b equals log Z": (problem, THETA, problem.log_partition(THETA), None),
        "b equals b*": (problem, THETA, B, B),
        "fewer than 5 points": (plain, np.arange(3.0), B, None),
        "c is linear in θ": (
            mdp.problem(generic().problem.policy_logits, log_p=problem.log_p),
            THETA,
            B,
            None,
        ),
        "horizon below 4": (
            short.problem(problem.policy_logits, expert_logits=-problem.policy_logits),
            THETA,
            B,
            None,
        ),
        "log q is a function of length": (uniform, THETA, B, None),
    }
    return by_rule[rule]


@pytest.mark.parametrize(
    "rule",
    [
        "p equals q",
        "p equals p_θ",
        "q equals p_θ",
        "p is uniform",
        "p_θ is uniform",
        "b is 0",
        "b equals log Z",
        "b equals b*",
        "fewer than 5 points",
        "c is linear in θ",
        "horizon below 4",
        "log q is a function of length",
    ],
)
def test_each_rule_sees_its_own_break(rule):
    problem, theta, b, b_star = breaking(rule)
    assert rule in broken_rules(problem, theta, b, b_star, curved=True)


def test_rules_on_time_do_not_apply_to_a_plain_space():
    assert broken_rules(ebm().problem, ebm().theta, ebm().b, curved=True) == ()


def test_linear_costs_are_generic_unless_curvature_matters():
    problem, theta = generic().problem.linearised(THETA)
    assert isinstance(problem.cost, LinearCost)
    assert broken_rules(problem, theta, B) == ()
    assert broken_rules(problem, theta, B, curved=True) == ("c is linear in θ",)


def test_variants_differ_in_chance_only():
    names = {
        variant(stochastic, random_start).name
        for stochastic in (True, False)
        for random_start in (True, False)
    }
    assert len(names) == 4
    assert len(np.unique(variant(False, False).problem.steps.mask.sum(axis=1))) == 3
    assert set(broken_rules(variant(False, True).problem, THETA, B)) == {"transitions are deterministic"}
    assert set(broken_rules(variant(True, False).problem, THETA, B)) == {"fewer than 2 start states"}
    np.testing.assert_array_equal(variant(True, True).mdp.transition, generic().mdp.transition)


@pytest.mark.parametrize("chance", ["stochastic", "deterministic"])
@pytest.mark.parametrize("start", ["random", "fixed"])
def test_what_is_called_fixed_is_fixed_and_what_is_called_random_is_not(chance, start):
    if (chance, start) == ("stochastic", "random"):
        instance = INSTANCES["generic"]()
    else:
        instance = INSTANCES[f"{chance}, {start} start"]()
    assert np.count_nonzero(instance.mdp.start) > 1 if start == "random" else max(instance.mdp.start) == 1.0
    possible = np.count_nonzero(instance.mdp.transition, axis=2)
    assert possible.max() > 1 if chance == "stochastic" else possible.max() == 1


def test_s1_reproduces_the_sign_error_of_the_printed_form():
    # erratum P2: at c = −log p the right form gives 2 log 2 − 2 JSD, and σ(c − log q) is worse than a coin
    problem = s1().problem
    costs = -problem.log_p
    assert abs(loss(problem, costs, 0.0) - 1.253466) < 1e-6
    logit = costs - problem.log_q
    printed = problem.data_weight @ softplus(-logit) + problem.generator_weight @ softplus(logit)
    assert abs(printed - 2.519334) < 1e-6


def test_s4_has_the_stated_self_consistent_partition_function():
    assert abs(math.exp(best_b(s4().problem, s4().theta)) - 3.2767694395) < 1e-9
    assert abs(math.exp(s4().problem.log_partition(s4().theta)) - 2.7617676583) < 1e-10


@pytest.mark.parametrize(
    ("generator", "truth"), [("uniform", -0.0914), ("skewed left", -0.3839), ("skewed right", 0.2125)]
)
def test_s6_reproduces_the_fixed_points_of_noise_contrast(generator, truth):
    problem = s6(generator).problem
    found = minimize(lambda x: loss(problem, x[:1], x[1]), [0.0, 1.0], method="BFGS", options={"gtol": 1e-9})
    assert abs(found.x[0] - truth) < 5e-5
    assert abs(found.x[0] + 0.120493) > 1e-2  # the likelihood's optimum is elsewhere (claim C6)


def test_s6_has_the_stated_likelihood_optimum_and_is_free_of_q_if_well_specified():
    problem = s6().problem
    found = minimize_scalar(lambda x: problem.data_weight @ -problem.log_model(np.array([x])))
    assert abs(found.x + 0.120493) < 1e-6
    weight = np.exp(problem.log_model(np.array([found.x])))
    assert abs(weight @ np.log(weight / problem.data_weight) - 0.505) < 5e-4
    for generator in S6_GENERATORS:
        matched = s6(generator, well_specified=True).problem
        at_truth = best_b(matched, np.array([0.4]))
        assert math.isclose(at_truth, matched.log_partition(np.array([0.4])), rel_tol=1e-12)
    with pytest.raises(ValueError, match="S6 has no generator 'flat'; choose one of uniform, skewed left"):
        s6("flat")


def test_s10_reproduces_the_optima_of_divergence_and_variance():
    model = s10().problem.data_weight

    def q(t):
        return s10(float(t)).problem.generator_weight

    def divergence(t):
        return q(t) @ np.log(q(t) / model)

    def variance(t):
        return (model**2 / q(t)).sum() - 1

    by_divergence = minimize_scalar(divergence, bounds=(0, 4), method="bounded").x
    by_variance = minimize_scalar(variance, bounds=(0, 4), method="bounded").x
    assert abs(by_divergence - 1.815) < 5e-4
    assert abs(by_variance - 0.214) < 5e-4
    assert abs(variance(by_divergence) - 33.1) < 0.05
    assert abs(variance(by_variance) - 0.69) < 5e-3


def test_the_energy_based_model_is_curved():
    instance = ebm()
    assert len(instance.problem) >= 6
    assert np.abs(instance.problem.cost.hessian(instance.theta)).max() > 0.1
    step = 1e-6
    differences = np.stack(
        [
            (instance.problem.cost.value(THETA + step * e) - instance.problem.cost.value(THETA - step * e))
            / (2 * step)
            for e in np.eye(3)
        ],
        axis=1,
    )
    np.testing.assert_allclose(instance.problem.cost.gradient(THETA), differences, atol=1e-7)


def test_the_draws_are_pinned():
    """A change in the stream of random numbers, or in the recipe, would move every number of a report."""
    weight = generic().problem.data_weight
    # cubed uniforms: N Σ w² → E[u⁶]/E[u³]² = 16/7, where plain uniforms give 4/3
    assert abs(len(weight) * weight @ weight - 16 / 7) < 0.1
    gaps = {
        (True, True): 0.7578879857626,
        (True, False): 0.6590021188453,
        (False, True): 0.0564073235960,
        (False, False): 0.0,
    }
    for case, truth in gaps.items():
        instance = variant(*case)
        gap = reachability_gap(instance.mdp, instance.mdp.cost_table(THETA, curved_step_cost)).gap
        assert abs(gap - truth) < 1e-12
