"""Energies: exact Z by transfer matrix, by enumeration and in closed form; derivatives by complex steps."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from ganirl import CallableCost
from ganirl.energies import BoltzmannMachine, IsingChain, IsingGrid, TanhNetwork
from ganirl.logspace import log_sum_exp
from ganirl.transfer_matrix import (
    SPINS,
    Chain,
    binary_words,
    boltzmann_log_partition,
    ising_chain,
    ising_grid,
    spin_words,
)


def points_of(energy):
    if isinstance(energy, BoltzmannMachine):
        return binary_words(energy.variables).astype(float)
    if isinstance(energy, TanhNetwork):
        return np.array(list(itertools.product([-1.0, 0.5, 2.0], repeat=energy.variables)))
    return spin_words(energy.variables)


SUMMABLE = [
    IsingChain(7),
    IsingChain(7, closed=True),
    IsingChain(6, tied=False),
    IsingChain(6, closed=True, tied=False),
    IsingChain(2, closed=True),
    IsingChain(1),
    IsingGrid(3, 3),
    IsingGrid(2, 5),
    IsingGrid(5, 2),
    IsingGrid(1, 6),
    IsingGrid(6, 1),
    BoltzmannMachine(6, 3),
    BoltzmannMachine(3, 6),
    BoltzmannMachine(5, 1),
]
ENERGIES = [*SUMMABLE, TanhNetwork(3, 2), TanhNetwork(4, 3)]


def parameters(energy, scale=0.9):
    return np.random.default_rng(energy.parameters).normal(size=energy.parameters) * scale


# --- the energies are what they say, written out by hand ----------------------------------------------------


def test_a_chain_by_hand():
    theta = np.array([0.9, -0.4])
    for spins in itertools.product([-1.0, 1.0], repeat=4):
        a, b, c, d = spins
        opened = -0.9 * (a * b + b * c + c * d) + 0.4 * (a + b + c + d)
        point = np.array([spins])
        assert IsingChain(4).cost(point).value(theta)[0] == pytest.approx(opened, abs=1e-14)
        closed = IsingChain(4, closed=True).cost(point).value(theta)[0]
        assert closed == pytest.approx(opened - 0.9 * d * a, abs=1e-14)
        untied = IsingChain(4, tied=False).cost(point).value(np.array([1.0, 2, 3, 4, 5, 6, 7]))[0]
        assert untied == pytest.approx(-(a * b + 2 * b * c + 3 * c * d + 4 * a + 5 * b + 6 * c + 7 * d))


def test_a_grid_by_hand():
    theta = np.array([0.7, -1.1, 0.3])
    for spins in itertools.product([-1.0, 1.0], repeat=6):
        a, b, c, d, e, f = spins  # two rows of three
        truth = -0.7 * (a * b + b * c + d * e + e * f) + 1.1 * (a * d + b * e + c * f) - 0.3 * sum(spins)
        assert IsingGrid(2, 3).cost(np.array([spins])).value(theta)[0] == pytest.approx(truth, abs=1e-14)


def test_a_free_energy_sums_the_hidden_bits_out():
    machine, theta = BoltzmannMachine(4, 3), parameters(BoltzmannMachine(4, 3), 1.5)
    a, k, weights = machine.split(theta)
    for visible in itertools.product([0.0, 1.0], repeat=4):
        v = np.array(visible)
        joint = [
            a @ v + k @ np.array(h) + np.array(h) @ weights @ v
            for h in itertools.product([0.0, 1.0], repeat=3)
        ]
        assert machine.cost(v[None]).value(theta)[0] == pytest.approx(-math.log(sum(map(math.exp, joint))))


def test_a_network_by_hand():
    theta = np.array([1.0, -2.0, 0.5, 0.3, 0.1, -0.2, 1.5, -0.7, 0.9])  # A (2, 2), k, w, w₀
    x, y = 0.4, -1.2
    truth = 1.5 * math.tanh(x - 2 * y + 0.1) - 0.7 * math.tanh(0.5 * x + 0.3 * y - 0.2) + 0.9
    assert TanhNetwork(2, 2).cost(np.array([[x, y]])).value(theta)[0] == pytest.approx(truth, abs=1e-15)


# --- derivatives --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("energy", ENERGIES, ids=str)
def test_derivatives_are_those_of_the_values(energy):
    theta = parameters(energy)
    cost = energy.cost(points_of(energy))
    from_values = CallableCost(cost.value).gradient(theta)  # complex steps: exact to rounding
    np.testing.assert_allclose(cost.gradient(theta), from_values, atol=1e-13)
    step = 1e-200
    curvature = np.stack(
        [
            np.imag(complex_gradient(cost, theta + 1j * step * unit)) / step
            for unit in np.eye(energy.parameters)
        ],
        axis=2,
    )
    np.testing.assert_allclose(cost.hessian(theta), curvature, atol=1e-8)
    np.testing.assert_array_equal(cost.hessian(theta), cost.hessian(theta).transpose(0, 2, 1))


def complex_gradient(cost, theta):
    """c' at complex θ, by fourth-order differences of values: from values alone."""
    h = 1e-3
    columns = []
    for unit in np.eye(len(theta)):
        near = cost.value(theta + h * unit) - cost.value(theta - h * unit)
        far = cost.value(theta + 2 * h * unit) - cost.value(theta - 2 * h * unit)
        columns.append((8 * near - far) / (12 * h))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("energy", [BoltzmannMachine(6, 2), TanhNetwork(4, 2)], ids=str)
def test_these_are_curved_in_their_parameters(energy):
    assert np.abs(energy.cost(points_of(energy)).hessian(parameters(energy))).max() > 0.1


def test_a_free_energy_is_finite_for_huge_weights():
    machine = BoltzmannMachine(4, 2)
    theta = parameters(machine, 2000.0)
    cost = machine.cost(binary_words(4))
    assert np.isfinite(cost.value(theta)).all()
    assert np.isfinite(cost.gradient(theta)).all()
    np.testing.assert_allclose(CallableCost(cost.value).gradient(theta), cost.gradient(theta), atol=1e-12)


# --- exact Z ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.3, 3.0, 300.0])
@pytest.mark.parametrize("energy", SUMMABLE, ids=str)
def test_log_partition_is_that_of_enumeration(energy, scale):
    # at scale 300 the weights span thousands of nats: neither route may leave the log domain
    theta = parameters(energy, scale)
    cost = energy.cost(points_of(energy))
    log_z = float(log_sum_exp(-cost.value(theta)))
    assert energy.log_partition(theta) == pytest.approx(log_z, rel=1e-13, abs=1e-13)
    model = np.exp(-cost.value(theta) - log_z)
    tolerance = 1e-12 * (1 + scale)  # relative error of e^{−E} is u|E|
    np.testing.assert_allclose(
        energy.log_partition_gradient(theta), -model @ cost.gradient(theta), atol=tolerance * energy.variables
    )


@pytest.mark.parametrize("coupling", [0.01, 1.0, -1.0, 40.0, -40.0, 1000.0])
@pytest.mark.parametrize("length", [1, 2, 3, 10, 1001])
def test_the_chain_has_its_closed_forms(coupling, length):
    # open, without a field: Z = 2 (2 cosh J)^{n−1}; with one, the ring has λ₊ⁿ + λ₋ⁿ (Ising 1925)
    log_cosh = abs(coupling) + math.log1p(math.exp(-2 * abs(coupling)))
    opened = IsingChain(length).log_partition(np.array([coupling, 0.0]))
    assert opened == pytest.approx(math.log(2) + (length - 1) * log_cosh, rel=1e-13)
    # λ± = e^J (cosh f ± √(sinh² f + e^{−4J})), taken at f = 0: 2 cosh J and 2 sinh J
    ratio = math.tanh(coupling) ** length
    closed = IsingChain(length, closed=True).log_partition(np.array([coupling, 0.0]))
    if ratio > -0.9999:
        assert closed == pytest.approx(length * log_cosh + math.log1p(ratio), rel=1e-12)


@pytest.mark.parametrize(("coupling", "field"), [(0.8, 0.5), (-0.8, 0.5), (3.0, -0.01), (-2.0, 4.0)])
def test_the_ring_with_a_field(coupling, field):
    root = math.sqrt(math.sinh(field) ** 2 + math.exp(-4 * coupling))
    larger, smaller = (math.exp(coupling) * (math.cosh(field) + sign * root) for sign in (1, -1))
    for length in (3, 4, 25):
        truth = math.log(larger**length + smaller**length)
        found = IsingChain(length, closed=True).log_partition(np.array([coupling, field]))
        assert found == pytest.approx(truth, rel=1e-12)


def test_a_frustrated_ring_of_odd_length():
    # J → −∞ on a triangle: six of eight words have one broken bond, E = −|J|; Z = 6 e^{|J|} + 2 e^{−3|J|}
    assert IsingChain(3, closed=True).log_partition(np.array([-500.0, 0.0])) == pytest.approx(
        500.0 + math.log(6)
    )


def test_a_square_of_four_spins():
    # 2 words with all bonds kept, 12 with two broken, 2 with all broken
    for coupling in (0.3, 2.0):
        truth = math.log(2 * math.exp(4 * coupling) + 12 + 2 * math.exp(-4 * coupling))
        assert IsingGrid(2, 2).log_partition(np.array([coupling, coupling, 0.0])) == pytest.approx(truth)


def test_a_grid_is_summed_by_rows_or_by_columns():
    # 4 × 7 spins cannot be enumerated quickly; 2⁴ and 2⁷ values a row are two different products
    rng = np.random.default_rng(5)
    right, down, field = rng.normal(size=(4, 6)) * 3, rng.normal(size=(3, 7)) * 3, rng.normal(size=(4, 7))
    by_rows = ising_grid(right, down, field).log_partition()
    by_columns = ising_grid(down.T, right.T, field.T).log_partition()
    assert by_rows == pytest.approx(by_columns, rel=1e-14)


def test_a_machine_is_summed_over_either_layer():
    rng = np.random.default_rng(6)
    a, k, weights = rng.normal(size=11) * 5, rng.normal(size=9) * 5, rng.normal(size=(9, 11)) * 5
    over_hidden = boltzmann_log_partition(a, k, weights)
    over_visible = boltzmann_log_partition(k, a, weights.T)  # the layers exchanged
    assert over_hidden == pytest.approx(over_visible, rel=1e-14)


# --- the chain ----------------------------------------------------------------------------------------------


def random_chain(closed):
    """Sites of 3, 2 and 4 values with a forbidden pair, and all their words' log weights."""
    rng = np.random.default_rng(7)
    sizes = (3, 2, 4)
    sites = tuple(rng.normal(size=size) * 2 for size in sizes)
    following = (*sizes[1:], sizes[0]) if closed else sizes[1:]
    bonds = tuple(rng.normal(size=(one, other)) * 2 for one, other in zip(sizes, following, strict=False))
    bonds[0][1, 0] = -np.inf
    words = list(itertools.product(*map(range, sizes)))
    weights = [
        sum(site[x] for site, x in zip(sites, word, strict=True))
        + sum(bond[word[t], word[(t + 1) % 3]] for t, bond in enumerate(bonds))
        for word in words
    ]
    return Chain(sites, bonds), np.array(words), np.array(weights)


@pytest.mark.parametrize("closed", [False, True])
def test_marginals_are_those_of_enumeration(closed):
    chain, words, weights = random_chain(closed)
    assert chain.log_partition() == pytest.approx(float(log_sum_exp(weights)), rel=1e-14)
    chance = np.exp(weights - log_sum_exp(weights))
    for t, marginal in enumerate(chain.site_marginals()):
        np.testing.assert_allclose(marginal, np.bincount(words[:, t], chance), atol=1e-14)
    for t, joint in enumerate(chain.bond_marginals()):
        truth = np.zeros(joint.shape)
        np.add.at(truth, (words[:, t], words[:, (t + 1) % 3]), chance)
        np.testing.assert_allclose(joint, truth, atol=1e-14)


def test_an_open_chain_draws_from_itself():
    chain, words, weights = random_chain(closed=False)
    first, *later = chain.log_conditionals()
    along = first[0, words[:, 0]] + sum(each[words[:, t], words[:, t + 1]] for t, each in enumerate(later))
    np.testing.assert_allclose(along, weights - log_sum_exp(weights), atol=1e-13)
    with pytest.raises(ValueError, match="on a ring the next variable depends on the first one"):
        random_chain(closed=True)[0].log_conditionals()


def test_a_twin_without_the_closing_bond_is_told():
    theta = np.array([0.9, -0.4])
    open_z, closed_z = (IsingChain(6, closed=closed).log_partition(theta) for closed in (False, True))
    assert abs(open_z - closed_z) > 0.1


def test_chains_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="a chain of 2 sites has 1 bonds, or 2 if closed, not 3"):
        Chain((SPINS, SPINS), (np.eye(2),) * 3)
    with pytest.raises(ValueError, match=r"bond 0 must be of shape \(2, 3\)"):
        Chain((SPINS, np.zeros(3)), (np.eye(2),))
    with pytest.raises(ValueError, match="a chain of 0 sites"):
        ising_chain([], [])
