"""Which estimate of Z is unbiased: published numbers of instance S4, limits, and the exceptions to them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from ganirl import finite_space
from ganirl.enumeration import UnsuitedError, enumerate_claim
from ganirl.enumeration.space import Space
from ganirl.instances import s4, s10
from ganirl.optimum import optimal_b
from ganirl.unbiasedness import (
    averaged_log_bias,
    fixed_point_map,
    log_bias,
    minibatch_bias,
    minibatch_limit,
    population_estimates,
    proposals,
    sample_bias,
    space_of,
)

Z = 2.7617676583


@pytest.fixture(scope="module")
def space() -> Space:
    return space_of(s4())


@pytest.fixture(scope="module")
def well_specified() -> Space:
    return space_of(s4(), well_specified=True)


def test_table_of_population_estimates(space: Space) -> None:
    found = population_estimates(space)
    assert found.partition == pytest.approx(Z, abs=5e-11)
    assert found.from_generator == pytest.approx(Z, abs=5e-11)
    assert found.from_mixture == pytest.approx(Z, abs=5e-11)
    assert found.from_model == pytest.approx(2.9655251903, abs=5e-11)
    assert found.self_consistent == pytest.approx(3.2767694395, abs=5e-11)


def test_the_map_depends_on_its_parameter_and_has_one_fixed_point(space: Space) -> None:
    values = [fixed_point_map(space, z) for z in (0.5, 1, 2, 5, 20)]
    assert values == pytest.approx([0.842, 1.477, 2.421, 4.094, 6.652], abs=5e-4)
    star = population_estimates(space).self_consistent
    assert fixed_point_map(space, star) == pytest.approx(star, abs=1e-12)


def test_self_consistent_is_consistent_where_the_model_is_one_side(well_specified: Space) -> None:
    found = population_estimates(well_specified)
    assert found.self_consistent == pytest.approx(found.partition, abs=1e-12)
    assert found.from_model == pytest.approx(found.partition, abs=1e-12)


@pytest.mark.parametrize("proposal", ["q", "μ"])
@pytest.mark.parametrize("draws", [1, 2, 8, 64])
def test_exact_densities_are_unbiased_for_every_n(space: Space, proposal: str, draws: int) -> None:
    assert sample_bias(space, proposal, draws).mean == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("proposal", ["q", "μ"])
def test_log_estimate_is_low_by_the_delta_method_with_a_bounded_rest(space: Space, proposal: str) -> None:
    found = [sample_bias(space, proposal, draws) for draws in (1, 2, 4, 8, 16, 32, 64)]
    assert all(each.log < 0 for each in found)
    assert all(each.log == pytest.approx(each.log_integral, abs=1e-11) for each in found)
    # the coefficient of n⁻³, of moments up to the sixth
    weight, x = proposals(space)[proposal]
    m2, m3, m4 = (weight @ (x - 1) ** order for order in (2, 3, 4))
    limit = -(m4 - 3 * m2**2) / 4 + 2 * m2 * m3 - 5 * m2**3 / 2
    rest = [each.log_residual for each in found]
    assert max(map(abs, rest)) < 0.26
    assert rest[-1] == pytest.approx(limit, rel=0.05)
    assert abs(rest[-1] - limit) < 0.6 * abs(rest[-2] - limit)


@pytest.mark.parametrize(("proposal", "log"), [("q", -0.004869326403), ("μ", -0.000689730271)])
def test_sixty_four_samples(space: Space, proposal: str, log: float) -> None:
    found = sample_bias(space, proposal, 64)
    assert found.log == pytest.approx(log, abs=5e-13)
    halved = sample_bias(space, proposal, 32)
    gap, before = (np.abs(each.gradient - each.gradient_predicted).max() for each in (found, halved))
    assert gap < 1e-4
    assert before / gap == pytest.approx(4.0, rel=0.1)  # what the first order leaves is of order n⁻²
    assert np.abs(found.gradient).max() > 1e-3


def test_averaging_minibatches_does_not_help_and_one_larger_batch_does(space: Space) -> None:
    single = log_bias(space, "q", 2)
    assert averaged_log_bias(space, "q", 2, 5) == pytest.approx(single, abs=1e-13)
    assert single == pytest.approx(-0.141830623243, abs=1e-11)
    assert log_bias(space, "q", 10) == pytest.approx(-0.0313042086574, abs=1e-11)


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_gradient_is_unbiased_at_a_fixed_b_and_at_no_other(
    space: Space, well_specified: Space, size: int
) -> None:
    for each in (space, well_specified):
        found = minibatch_bias(each, size)
        assert np.abs(found.gradient_fixed).max() < 1e-15
        assert np.abs(found.gradient_own).max() * size > 0.03


def test_own_optimum_is_biased_at_the_rate_of_an_m_estimator(well_specified: Space) -> None:
    optimum, partition = minibatch_limit(well_specified)
    assert optimum == pytest.approx(0.0137776, abs=5e-8)
    assert partition == pytest.approx(0.3985675, abs=5e-8)
    biases = {size: minibatch_bias(well_specified, size) for size in (4, 8)}
    gaps = [
        [size * each.optimum - optimum, size * each.partition - partition] for size, each in biases.items()
    ]
    assert np.divide(gaps[1], gaps[0]) == pytest.approx([0.5, 0.5], abs=0.06)


def test_self_consistent_weights_have_an_effective_sample_size_of_half_at_least() -> None:
    """Absurd batches: any costs, any log q, unrelated to the weights; with the least that can be reached."""
    rng = np.random.default_rng(7)
    shares = []
    for _ in range(2000):
        points = int(rng.integers(2, 9))
        w_p, w_q = (rng.dirichlet(np.full(points, 0.3)) for _ in range(2))
        c, log_q = rng.normal(size=(2, points)) * rng.choice([0.1, 3.0, 30.0])
        b = optimal_b(w_p, w_q, c, log_q).b
        d = 1 / (1 + np.exp(np.clip(c + b + log_q, -700, 700)))
        shares.append(1 / (2 * ((w_p + w_q) @ d**2)))
    assert min(shares) >= 0.5 - 1e-9
    assert min(shares) < 0.5001
    assert max(shares) <= 1 + 1e-9


def test_kish_needs_as_many_on_both_sides() -> None:
    """All weights alike, 1 expert for 99 generator samples: Kish's size is 4 of 100."""
    weights = np.array([0.5, *np.full(99, 0.5 / 99)])
    assert weights.sum() ** 2 / (weights**2).sum() / 100 == pytest.approx(0.0396, abs=5e-5)
    even = np.full(100, 0.01)
    assert even.sum() ** 2 / (even**2).sum() / 100 == pytest.approx(1.0)


def test_divergence_and_variance_have_different_optima_in_a_restricted_family() -> None:
    costs, levels = np.array([0.0, 2.5, 2.0, -0.5]), np.arange(4.0)
    model = np.exp(-costs) / np.exp(-costs).sum()

    def generator(t: float) -> np.ndarray:
        return np.exp(t * levels) / np.exp(t * levels).sum()

    def divergence(t: float) -> float:
        q = generator(t)
        return float(q @ np.log(q / model))

    def chi_squared(t: float) -> float:
        return float(((model - generator(t)) ** 2 / generator(t)).sum())

    by_divergence = minimize_scalar(divergence, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10}).x
    by_variance = minimize_scalar(chi_squared, bounds=(-5, 5), method="bounded", options={"xatol": 1e-10}).x
    assert by_divergence == pytest.approx(1.815, abs=5e-4)
    assert by_variance == pytest.approx(0.214, abs=5e-4)
    assert chi_squared(by_divergence) == pytest.approx(33.1, abs=0.05)
    assert chi_squared(by_variance) == pytest.approx(0.69, abs=5e-3)
    instance = s10()
    found = enumerate_claim("F9", instance.problem, instance.theta, instance.b)
    assert found.agrees
    assert found.twin_differs


@pytest.mark.parametrize("claim", ["F4", "F5", "F6", "F9"])
def test_a_generator_that_misses_a_point_is_not_asked(claim: str) -> None:
    problem = finite_space([0.5, 0.3, 0.2], [0.4, 0.6, 0.0])
    with pytest.raises(UnsuitedError, match="the generator never draws"):
        enumerate_claim(claim, problem, [0.0, 1.0, 2.0], 0.4)


def test_a_minibatch_without_an_optimum_is_not_asked() -> None:
    problem = finite_space([0.5, 0.3, 0.2], [0.4, 0.6, 0.0])
    with pytest.raises(UnsuitedError, match="has no finite b̂"):
        enumerate_claim("F10", problem, [0.0, 1.0, 2.0], 0.4)
    covered = finite_space([0.5, 0.5, 0.0], [0.4, 0.3, 0.3])
    assert enumerate_claim("F10", covered, [0.0, 1.0, 2.0], 0.4).agrees
