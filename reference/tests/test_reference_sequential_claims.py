"""What sequences change, by routes of its own: optimisers, finite differences, brute force, and numbers recorded."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import minimize, minimize_scalar

from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.dynamic_programming import causal_entropy, trajectory_entropy
from ganirl.enumeration import ENUMERATIONS, UnsuitedError, enumerate_claim
from ganirl.enumeration.horizon import GAMMA
from ganirl.enumeration.recursion import evaluate, occupancy, soft, step_costs
from ganirl.enumeration.space import Comparison, Space, build_space
from ganirl.instances import THETA, Instance, curved_step_cost, degenerate, generic, variant
from ganirl.logspace import log_normalise, log_sum_exp, sigmoid, softplus
from ganirl.mdp import TabularMDP

Array = npt.NDArray[np.float64]

VARIANTS = {
    (stochastic, random_start): variant(stochastic, random_start)
    for stochastic in (True, False)
    for random_start in (True, False)
}
FAMILY = [claim for claim in ENUMERATIONS if claim.startswith("H")]


def space_of(instance: Instance) -> Space:
    return build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC, instance.mdp)


def part(claim: str, space: Space, name: str) -> Comparison:
    return next(each for each in ENUMERATIONS[claim].compare(space) if each.name.startswith(name))


def process_of(instance: Instance) -> TabularMDP:
    assert instance.mdp is not None
    return instance.mdp


def shorter(mdp: TabularMDP, horizon: int) -> TabularMDP:
    return TabularMDP(mdp.start, mdp.transition, horizon, mdp.features)


def costs_of(mdp: TabularMDP) -> Array:
    return mdp.cost_table(THETA, curved_step_cost)


def summed(mdp: TabularMDP, table: Array) -> Array:
    """Add a table (S, A, S + 1) up along every trajectory."""
    steps = mdp.trajectories.steps
    return np.where(steps.mask, table[steps.state, steps.action, steps.next_state], 0.0).sum(axis=1)


def best_over_policies(mdp: TabularMDP, objective: Any, seed: int = 0) -> tuple[float, Array]:
    """Maximise a function of log π (T, S, A) by BFGS on logits; derivatives are differences."""
    shape = (mdp.horizon, mdp.states, mdp.actions)
    start = np.random.default_rng(seed).standard_normal(math.prod(shape))
    found = minimize(
        lambda x: -objective(log_normalise(x.reshape(shape))), start, method="BFGS", options={"gtol": 1e-7}
    )
    return -float(found.fun), log_normalise(found.x.reshape(shape))


@pytest.mark.parametrize("claim", FAMILY)
def test_a_generator_that_leaves_out_trajectories_is_turned_away_or_handled(claim: str) -> None:
    mdp = process_of(generic())
    logits = np.array([[0.3, -0.8], [1.2, -np.inf], [-0.5, 0.9]])
    problem = mdp.problem(logits, expert_logits=np.zeros((3, 2)), step_cost=curved_step_cost)
    if ENUMERATIONS[claim].premise is None:
        assert enumerate_claim(claim, problem, THETA, 0.8, mdp=mdp).agrees
    else:
        with pytest.raises(UnsuitedError, match="leaves out trajectories"):
            enumerate_claim(claim, problem, THETA, 0.8, mdp=mdp)


@pytest.mark.parametrize("case", VARIANTS, ids=lambda case: VARIANTS[case].name)
def test_the_family_holds_on_the_four_variants(case: tuple[bool, bool]) -> None:
    instance = VARIANTS[case]
    for claim in FAMILY:
        found = enumerate_claim(claim, instance.problem, instance.theta, instance.b, mdp=instance.mdp)
        assert found.agrees, (claim, found)
        chance_alone = claim in {"H1", "H2", "H3", "H4", "H12"}
        if not chance_alone:
            assert found.twin_differs, (claim, found)
        elif case == (False, False):
            assert not found.twin_differs, (claim, found)
        elif case[0]:
            assert found.twin_differs, (claim, found)


def test_both_recursions_are_those_of_dynamic_programming() -> None:
    space, mdp = space_of(generic()), process_of(generic())
    costs = costs_of(mdp)
    for seeking, other in ((False, causal_entropy(mdp, costs)), (True, trajectory_entropy(mdp, costs))):
        found = soft(space, step_costs(space), risk_seeking=seeking)
        assert float(found.value) == pytest.approx(other.value, rel=1e-14)
        np.testing.assert_allclose(found.states, other.state_values, atol=1e-14)
        np.testing.assert_allclose(found.policy, other.log_policy, atol=1e-14)


# --- H2 ----------------------------------------------------------------------------------------------


def test_two_partition_functions_of_the_generic_instance() -> None:
    first = part("H2", space_of(generic()), "log Z")
    assert math.exp(float(first.right)) == pytest.approx(13.210375, abs=1e-6)
    assert math.exp(float(first.twin)) == pytest.approx(6609.4938, abs=1e-4)
    # brute force: every trajectory counted once, its cost added up step by step
    mdp = process_of(generic())
    assert float(first.twin) == pytest.approx(log_sum_exp(-summed(mdp, costs_of(mdp))), rel=1e-13)


# --- H4 ----------------------------------------------------------------------------------------------


def discriminator_excess(instance: Instance) -> tuple[float, float]:
    """Least L_D at the expert's own cost over b, less the optimum; and the largest pathwise difference."""
    mdp, problem = process_of(instance), instance.problem
    costs = costs_of(mdp)
    expert = causal_entropy(mdp, costs)
    log_p, cost = mdp.log_density(expert.log_policy), summed(mdp, costs)
    w_p, w_q = np.exp(problem.log_h + log_p), problem.generator_weight

    def loss(logit: Array) -> float:
        return float(w_p @ softplus(-logit) + w_q @ softplus(logit))

    at_truth = minimize_scalar(
        lambda b: loss(-cost - b - problem.log_q),
        bounds=(-20.0, 20.0),
        method="bounded",
        options={"xatol": 1e-10},
    )
    values, steps = expert.state_values, mdp.trajectories.steps
    ends = np.append(values[0], 0.0)[steps.state[:, 0]]
    return float(at_truth.fun) - loss(log_p - problem.log_q), float(np.abs(log_p + cost + ends).max())


@pytest.mark.parametrize(
    ("case", "excess", "pathwise"),
    [
        ((True, True), 0.301513, 6.084131),
        ((True, False), 0.252923, 6.084131),
        ((False, True), 0.021172, 0.0),
        ((False, False), 0.0, 0.0),
    ],
    ids=["chance and start", "chance", "start", "neither"],
)
def test_the_experts_cost_loses_what_chance_brought(
    case: tuple[bool, bool], excess: float, pathwise: float
) -> None:
    found, difference = discriminator_excess(VARIANTS[case])
    assert found == pytest.approx(excess, abs=1e-6)
    assert difference == pytest.approx(pathwise, abs=1e-6)
    enumerated = part("H4", space_of(VARIANTS[case]), "min_b")
    assert float(enumerated.right) == pytest.approx(found, abs=1e-12)


# --- H5 ----------------------------------------------------------------------------------------------


def test_the_optimum_of_transitions_by_descent_and_for_two_generators() -> None:
    instance = generic()
    mdp, costs = process_of(instance), costs_of(process_of(instance))
    expert = causal_entropy(mdp, costs).log_policy
    data, found = mdp.occupancy(expert), []
    for logits in (instance.problem.policy_logits, -instance.problem.policy_logits):
        log_pi, samples = mdp.log_policy(logits), mdp.occupancy(logits)

        def loss(flat: Array, log_pi: Array = log_pi, samples: Array = samples) -> tuple[float, Array]:
            logit = flat.reshape(data.shape) - log_pi
            slope = samples * sigmoid(logit) - data * sigmoid(-logit)
            return float((data * softplus(-logit) + samples * softplus(logit)).sum()), slope.ravel()

        best = minimize(
            loss, np.zeros(data.size), jac=True, method="BFGS", options={"gtol": 1e-11, "maxiter": 9999}
        )
        found.append(best.x.reshape(data.shape))
        ratio = np.log(data.sum(axis=-1) / samples.sum(axis=-1))[:, :, None]
        np.testing.assert_allclose(found[-1], expert + ratio, atol=1e-6)
        # at the start nothing was chosen yet; later the twin, log π_E alone, is off
        np.testing.assert_allclose(found[-1][0], expert[0], atol=1e-6)
        assert np.abs(found[-1] - expert).max() > 0.1
    assert np.abs(found[0] - found[1]).max() > 0.3


# --- H6 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("horizon", "agrees"), [(1, True), (2, False), (3, False)])
def test_a_bonus_a_step_is_the_entropy_term_for_one_step_alone(horizon: int, agrees: bool) -> None:
    instance = generic()
    mdp = shorter(process_of(instance), horizon)
    logits, path = instance.problem.policy_logits, -summed(mdp, costs_of(mdp))
    log_h = mdp.trajectories.log_h
    visits = mdp.occupancy(logits).sum(axis=(0, 2))

    def returns(x: Array, entropy: float) -> float:
        log_q = mdp.log_density(x)
        return float(np.exp(log_h + log_q) @ (path - entropy * log_q))

    def bonus(x: Array) -> float:
        """Entropy of each step, the visits held where they are."""
        log_pi = log_normalise(x)
        return float(-visits @ (np.exp(log_pi) * log_pi).sum(axis=1))

    def slope(function: Any) -> Array:
        units = np.eye(logits.size).reshape(-1, *logits.shape) * 1e-5
        return np.array([(function(logits + e) - function(logits - e)) / 2e-5 for e in units])

    whole = slope(lambda x: returns(x, 1.0))
    with_bonus = slope(lambda x: returns(x, 0.0)) + slope(bonus)
    assert (np.abs(whole - with_bonus).max() < 1e-8) == agrees
    assert agrees or np.abs(whole - with_bonus).max() > 1e-2


# --- H7 ----------------------------------------------------------------------------------------------


def marginal_divergences(instance: Instance) -> tuple[float, list[float], float]:
    """KL of trajectories, of the pair at each time (or the end met before), and of pooled occupancies."""
    mdp, problem = process_of(instance), instance.problem
    expert = causal_entropy(mdp, costs_of(mdp)).log_policy
    whole = float(problem.generator_weight @ (problem.log_q - mdp.log_density(expert)))
    q, p = mdp.occupancy(problem.policy_logits), mdp.occupancy(expert)

    def divergence(x: Array, y: Array) -> float:
        live = x > 1e-15
        return float(x[live] @ np.log(x[live] / y[live]))

    each = [
        divergence(np.append(x, 1 - x.sum()), np.append(y, 1 - y.sum())) for x, y in zip(q, p, strict=True)
    ]
    pooled = [table.sum(axis=0).ravel() / table.sum() for table in (q, p)]
    return whole, each, divergence(pooled[0], pooled[1])


def test_no_marginal_divergence_is_above_that_of_trajectories_but_their_sum_is() -> None:
    whole, each, pooled = marginal_divergences(generic())
    np.testing.assert_allclose(
        [whole, *each, pooled], [1.266524, 0.497755, 0.412958, 0.289313, 0.227383, 0.434471], atol=1e-6
    )
    # Σ_t KL(d_t‖d_t^E) has KL of the states beside that of the actions: 1.427 > 1.267, no lower bound
    assert max(each) < whole < sum(each)
    for instance in (*VARIANTS.values(), degenerate()):
        whole, each, pooled = marginal_divergences(instance)
        assert max(each) < whole
        if instance.name == "degenerate":  # of one length, pooling is a mean over time
            assert pooled < np.mean(each) < whole


def test_losses_of_steps_do_not_add_up_to_that_of_trajectories() -> None:
    found = part("H7", space_of(generic()), "L_D of trajectories")
    assert [float(found.left), float(found.twin)] == pytest.approx([1.962966, 5.146309], abs=1e-6)
    # at logits of zero, T steps cost 2T log 2
    instance = degenerate()
    horizon = process_of(instance).horizon
    zero = np.zeros(len(instance.problem))
    by_trajectory = instance.problem.data_weight @ softplus(
        zero
    ) + instance.problem.generator_weight @ softplus(zero)
    by_steps = sum(process_of(instance).occupancy(np.zeros((3, 2))).sum() * math.log(2) for _ in range(2))
    assert by_trajectory == pytest.approx(2 * math.log(2))
    assert by_steps == pytest.approx(horizon * by_trajectory)


# --- H8 ----------------------------------------------------------------------------------------------


def least_loss(instance: Instance, cost: Array) -> float:
    problem = instance.problem

    def loss(b: float) -> float:
        logit = -cost - b - problem.log_q
        return float(problem.data_weight @ softplus(-logit) + problem.generator_weight @ softplus(logit))

    return float(minimize_scalar(loss, bounds=(-30.0, 30.0), method="bounded", options={"xatol": 1e-10}).fun)


@pytest.mark.parametrize(
    ("name", "at_start", "at_end", "gauge"),
    [
        ("free ends", (0.7, -1.1, 0.4), (0.7, -1.1, 0.4, 0.0), False),
        ("constant start alone", (1.3, 1.3, 1.3), (0.7, -1.1, 0.4, 0.0), False),
        ("constant end alone", (0.7, -1.1, 0.4), (0.5, 0.5, 0.5, 0.5), False),
        ("constant both", (1.3, 1.3, 1.3), (0.5, 0.5, 0.5, 0.5), True),
    ],
)
def test_a_potential_is_absorbed_by_b_iff_its_ends_are_constant(
    name: str, at_start: tuple[float, ...], at_end: tuple[float, ...], gauge: bool
) -> None:
    del name
    instance = generic()
    steps, cost = instance.problem.steps, instance.problem.cost.value(instance.theta)
    between = np.array([-0.9, 0.2, 1.6])
    shaping, count = np.zeros(len(cost)), steps.mask.sum(axis=1)
    for row, length in enumerate(count):
        states = [*steps.state[row, :length], steps.next_state[row, length - 1]]
        potential = [at_start[states[0]], *(between[s] for s in states[1:-1]), at_end[states[-1]]]
        shaping[row] = sum(later - now for now, later in pairwise(potential))
    moved = abs(least_loss(instance, cost - shaping) - least_loss(instance, cost))
    assert (moved < 1e-10) == gauge
    assert gauge or moved > 1e-3


# --- H9 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [(True, True), (False, False)], ids=["chance", "none"])
def test_the_nearest_policy_to_a_discounted_model_by_descent(case: tuple[bool, bool]) -> None:
    mdp = shorter(process_of(VARIANTS[case]), 3)
    log_h, steps = mdp.trajectories
    costs = costs_of(mdp)
    chosen = np.where(steps.mask, costs[steps.state, steps.action, steps.next_state], 0.0)
    path = chosen @ GAMMA ** np.arange(3)
    log_z = log_sum_exp(log_h - path)
    decay = GAMMA ** np.arange(3)

    def nearness(log_pi: Array) -> float:
        """−KL(q_π‖p_θ)."""
        log_q = mdp.log_density(log_pi)
        return float(-np.exp(log_h + log_q) @ (log_q + path + log_z))

    def discounted_return(log_pi: Array) -> float:
        """E_π[Σ γ^t(−c_t − log π_t)], what discounted-entropy RL maximises."""
        taken = np.where(steps.mask, log_pi[np.arange(3), steps.state, steps.action], 0.0)
        return float(np.exp(log_h + taken.sum(axis=1)) @ ((-chosen - taken) @ decay))

    problem = mdp.problem(
        generic().problem.policy_logits, expert_logits=np.zeros((3, 2)), step_cost=curved_step_cost
    )
    space = build_space(problem, THETA, 0.8, FLOAT64_ARITHMETIC, mdp)
    enumerated = part("H9", space, "least KL")
    nearest, _ = best_over_policies(mdp, nearness)
    assert -nearest == pytest.approx(float(enumerated.right), abs=1e-7)
    _, standard = best_over_policies(mdp, discounted_return)
    assert -nearness(standard) == pytest.approx(float(enumerated.twin), abs=1e-6)
    assert float(enumerated.twin) > float(enumerated.right) + 1e-3


@pytest.mark.parametrize(
    ("case", "least", "standard"),
    [
        ((True, True), 0.441635, 0.477121),
        ((True, False), 0.360567, 0.399905),
        ((False, True), 0.075607, 0.116002),
        ((False, False), 0.0, 0.030900),
    ],
    ids=["chance and start", "chance", "start", "neither"],
)
def test_how_far_discounted_entropy_is_off(case: tuple[bool, bool], least: float, standard: float) -> None:
    found = part("H9", space_of(VARIANTS[case]), "least KL")
    assert [float(found.left), float(found.twin)] == pytest.approx([least, standard], abs=1e-6)


# --- H10 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "mean"), [(0.5, 3.763503), (0.0, 3.483787), (-0.5, 2.932227)])
def test_a_constant_a_step_moves_the_mean_length(k: float, mean: float) -> None:
    instance = generic()
    mdp, lengths = process_of(instance), instance.problem.steps.mask.sum(axis=1)
    log_weight = instance.problem.log_h - summed(mdp, costs_of(mdp) - k)
    assert np.exp(log_weight - log_sum_exp(log_weight)) @ lengths == pytest.approx(mean, abs=1e-6)
    # a constant a trajectory moves nothing, and neither does one a step where there is one length
    still = instance.problem.log_h - summed(mdp, costs_of(mdp)) + k
    assert np.exp(still - log_sum_exp(still)) @ lengths == pytest.approx(3.483787, abs=1e-6)
    only = process_of(degenerate())
    before, after = (trajectory_entropy(only, costs_of(only) - each).log_policy for each in (0.0, k))
    np.testing.assert_allclose(before, after, atol=1e-14)


def test_a_mean_over_time_and_a_value_after_the_end_are_other_models() -> None:
    instance = generic()
    mdp, problem = process_of(instance), instance.problem
    cost, lengths = summed(mdp, costs_of(mdp)), problem.steps.mask.sum(axis=1)
    truth = trajectory_entropy(mdp, costs_of(mdp)).value
    ended = problem.steps.done.any(axis=1)
    assert log_sum_exp(problem.log_h - cost) == pytest.approx(truth, rel=1e-13)
    for wrong in (cost / lengths, cost - 0.5 * ended):
        assert abs(log_sum_exp(problem.log_h - wrong) - truth) > 1e-2


# --- H11 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sign", "longer"), [(1.0, True), (-1.0, False)], ids=["-log(1-D)", "log D"])
def test_a_signed_reward_leaves_the_expert_for_longer_or_shorter_episodes(sign: float, longer: bool) -> None:
    """From the expert itself, D ≡ ½ left as it is: the return rises as the length does, or as it falls."""
    mdp, logits = process_of(generic()), generic().problem.policy_logits
    reward = sign * math.log(2)

    def length(flat: Array) -> float:
        return float(mdp.occupancy(flat.reshape(logits.shape)).sum())

    found = minimize(lambda x: -reward * length(x), logits.ravel(), method="BFGS", options={"maxiter": 5})
    assert (length(found.x) > length(logits.ravel()) + 0.1) == longer
    assert (length(found.x) < length(logits.ravel()) - 0.1) == (not longer)


# --- H12 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VARIANTS, ids=lambda case: VARIANTS[case].name)
def test_the_soft_bellman_backup_is_the_best_causal_entropy_by_ascent(case: tuple[bool, bool]) -> None:
    mdp = shorter(process_of(VARIANTS[case]), 2)
    log_h, path = mdp.trajectories.log_h, summed(mdp, costs_of(mdp))

    def causal(log_pi: Array) -> float:
        log_q = mdp.log_density(log_pi)
        return float(np.exp(log_h + log_q) @ (-path - log_q))

    best, _ = best_over_policies(mdp, causal)
    soft_value, log_z = causal_entropy(mdp, costs_of(mdp)).value, trajectory_entropy(mdp, costs_of(mdp)).value
    assert best == pytest.approx(soft_value, abs=1e-8)
    # over densities of trajectories, free to move the dynamics, the same is log Z; in units of √h, for h is uneven
    unit = np.exp(log_h / 2)

    def free(z: Array) -> tuple[float, Array]:
        """−E_w[−c − log w/h] and its gradient, w ∝ (h^½ z)²."""
        root = unit * z
        w = root**2 / (root @ root)
        gain = -path - np.log(w) + log_h
        return float(-w @ gain), -2 * w * (gain - w @ gain) / z

    start = 1 + np.random.default_rng(1).random(len(log_h))
    found = minimize(
        free, start, jac=True, method="L-BFGS-B", options={"ftol": 0.0, "gtol": 1e-9, "maxiter": 9999}
    )
    assert -found.fun == pytest.approx(log_z, abs=1e-8)
    assert (log_z > soft_value + 1e-3) == (case != (False, False))


def test_recursions_of_the_space_are_those_of_the_mdp() -> None:
    space, mdp = space_of(generic()), process_of(generic())
    log_pi = np.array(mdp.log_policy(generic().problem.policy_logits))
    np.testing.assert_allclose(occupancy(space, np.exp(log_pi)), mdp.occupancy(log_pi), atol=1e-15)
    mean_length = evaluate(space, log_pi, np.ones(log_pi.shape))
    lengths = generic().problem.steps.mask.sum(axis=1)
    assert float(mean_length) == pytest.approx(generic().problem.generator_weight @ lengths, rel=1e-13)
