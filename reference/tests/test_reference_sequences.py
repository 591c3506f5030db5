"""Autoregressive generators over V^T: densities by hand, the chain rule, and the same problem as an MDP."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from ganirl.dynamic_programming import reachability_gap
from ganirl.energies import BoltzmannMachine, IsingChain
from ganirl.enumeration import enumerate_claim
from ganirl.logspace import log_normalise
from ganirl.sequences import SequenceSpace


def logits_of(space, scale=1.0, seed=0):
    return np.random.default_rng(seed).normal(size=(space.contexts, space.symbols)) * scale


@pytest.mark.parametrize("memory", [None, 0, 1, 2, 9])
@pytest.mark.parametrize(("symbols", "length"), [(2, 4), (3, 3), (1, 2), (4, 1)])
def test_log_density_by_hand(symbols, length, memory):
    space = SequenceSpace(symbols, length, memory)
    logits = logits_of(space)
    order = length - 1 if memory is None else min(memory, length - 1)
    contexts = [w for k in range(order + 1) for w in itertools.product(range(symbols), repeat=k)]
    assert space.contexts == len(contexts)
    assert len(space) == symbols**length
    truth = []
    for word in itertools.product(range(symbols), repeat=length):
        total = 0.0
        for t, symbol in enumerate(word):
            row = logits[contexts.index(word[max(0, t - order) : t])]
            total += row[symbol] - math.log(np.exp(row).sum())
        truth.append(total)
    np.testing.assert_array_equal(space.words, list(itertools.product(range(symbols), repeat=length)))
    np.testing.assert_allclose(space.log_density(logits), truth, atol=1e-13)
    assert np.exp(space.log_density(logits)).sum() == pytest.approx(1.0, abs=1e-14)


def test_any_density_is_autoregressive_over_prefixes():
    space = SequenceSpace(3, 3)
    log_p = log_normalise(np.random.default_rng(1).normal(size=27) * 10)  # down to e^{−40}
    log_p[[4, 9, 10, 11]] = -np.inf  # 9, 10, 11: a prefix that is never drawn
    log_p = log_normalise(log_p)
    found = space.log_density(space.fitted_logits(log_p))
    finite = log_p > -np.inf
    np.testing.assert_array_equal(found > -np.inf, finite)
    np.testing.assert_allclose(found[finite], log_p[finite], atol=1e-12)


def test_with_a_short_memory_the_fit_is_the_nearest_generator():
    space = SequenceSpace(2, 5, memory=1)
    rng = np.random.default_rng(2)
    log_p = log_normalise(rng.normal(size=32) * 2)
    p, best = np.exp(log_p), space.fitted_logits(log_p)

    def divergence(logits):
        return float(p @ (log_p - space.log_density(logits)))

    nearest = divergence(best)
    assert nearest > 0.01  # p itself is out of reach
    for _ in range(20):
        assert divergence(best + rng.normal(size=best.shape) * 0.1) > nearest


def test_an_ising_chain_is_its_own_generator_with_a_memory_of_one():
    # the fit of p_θ over prefixes depends on the last spin alone, and is the transfer matrix's own sampler
    energy, theta = IsingChain(5, tied=False), np.random.default_rng(3).normal(size=9)
    space = SequenceSpace(2, 5)
    costs = energy.cost(space.coded([-1.0, 1.0])).value(theta)
    logits = space.fitted_logits(-costs)
    for t, conditional in enumerate(energy.chain(theta).log_conditionals()):
        for context in np.unique(space.context[:, t]):
            row = int(np.argmax(space.context[:, t] == context))
            before = space.words[row, t - 1] if t else 0
            np.testing.assert_allclose(logits[context], conditional[before], atol=1e-12)


def ising_problem(memory=None):
    space = SequenceSpace(2, 4, memory)
    cost = IsingChain(4, closed=True).cost(space.coded([-1.0, 1.0]))
    data = np.random.default_rng(4).random(16) ** 3
    return space, cost, space.problem(cost, logits_of(space, seed=5), data_weight=data / data.sum())


def test_the_same_problem_as_an_mdp():
    space, cost, problem = ising_problem()
    other = space.process(cost).problem(problem.policy_logits, data_weight=problem.data_weight)
    theta = np.array([0.9, -0.4])
    np.testing.assert_array_equal(other.log_h, problem.log_h)
    np.testing.assert_allclose(other.log_q, problem.log_q, atol=1e-14)
    np.testing.assert_allclose(other.cost.value(theta), cost.value(theta), atol=1e-14)
    for name in ("state", "action", "next_state", "done", "mask"):
        np.testing.assert_array_equal(getattr(other.steps, name), getattr(problem.steps, name), err_msg=name)
    np.testing.assert_array_equal(other.steps.features, problem.steps.features)
    for claim in ("B1", "C2", "E3", "D1"):
        one, two = (enumerate_claim(claim, each, theta, 0.8) for each in (problem, other))
        assert one.scale == pytest.approx(two.scale, rel=1e-12)
        assert one.twin_error == pytest.approx(two.twin_error, rel=1e-9, abs=1e-14)


def test_no_chance_and_one_start_make_the_model_reachable():
    # H3: min_π KL(q_π‖p_θ) = log Z − V_soft = 0, by dynamic programming over prefixes
    space, cost, _ = ising_problem()
    mdp, theta = space.process(cost), np.array([0.9, -0.4])
    gap = reachability_gap(mdp, mdp.cost_table(theta))
    assert abs(gap.gap) < 1e-13
    # ... whose log Z_θ is that of the transfer matrix of a ring
    assert gap.log_z == pytest.approx(IsingChain(4, closed=True).log_partition(theta), abs=1e-13)


def test_the_end_is_the_absorbing_end():
    space, _, problem = ising_problem(memory=1)
    assert space.contexts == 3
    steps = problem.steps
    assert (steps.next_state[:, -1] == 3).all()
    assert (steps.done.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(steps.next_state[:, :-1], steps.state[:, 1:])
    np.testing.assert_array_equal(steps.state[:, 1:], 1 + steps.action[:, :-1])


def test_a_cost_of_the_whole_row_is_linearised_at_its_last_step():
    space = SequenceSpace(2, 4, memory=2)
    machine = BoltzmannMachine(4, 2)
    theta = np.random.default_rng(6).normal(size=machine.parameters)
    weight = np.random.default_rng(7).random(16)
    problem = space.problem(
        machine.cost(space.coded([0.0, 1.0])), logits_of(space), data_weight=weight / weight.sum()
    )
    linear, point = problem.linearised(theta)
    np.testing.assert_allclose(linear.cost.value(point), problem.cost.value(theta), atol=1e-13)
    by_step = linear.steps.features @ point
    np.testing.assert_allclose(by_step.sum(axis=1), problem.cost.value(theta), atol=1e-13)
    assert not by_step[:, :-1].any()


def test_what_does_not_fit_is_refused():
    space = SequenceSpace(2, 3, memory=1)
    cost = IsingChain(3).cost(space.coded([-1.0, 1.0]))
    uniform = np.full(8, 0.125)
    with pytest.raises(ValueError, match=r"logits must be \(contexts, V\) = \(3, 2\), not \(2, 2\)"):
        space.problem(cost, np.zeros((2, 2)), data_weight=uniform)
    with pytest.raises(ValueError, match="exactly one of log_p and data_weight"):
        space.problem(cost, np.zeros((3, 2)))
    with pytest.raises(ValueError, match="a finite one in each context"):
        space.log_density(np.full((3, 2), -np.inf))
    with pytest.raises(ValueError, match=r"the data have shape \(7,\) for 8 sequences"):
        space.problem(cost, np.zeros((3, 2)), data_weight=uniform[:7])
    with pytest.raises(ValueError, match="must not be negative"):
        space.problem(cost, np.zeros((3, 2)), data_weight=uniform - np.eye(8)[0])
    with pytest.raises(ValueError, match="only whole prefixes know where the sequence ends"):
        space.process(cost)
    with pytest.raises(ValueError, match=r"3\^20 sequences and at most 2000000"):
        SequenceSpace(3, 20)
    with pytest.raises(ValueError, match="at least one symbol"):
        SequenceSpace(2, 3, memory=-1)
    with pytest.raises(ValueError, match=r"log_p has shape \(3,\) for 8 sequences"):
        space.fitted_logits(np.zeros(3))
