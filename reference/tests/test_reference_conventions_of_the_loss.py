"""Scales, labels, smoothing and regularisers in numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from ganirl import finite_space
from ganirl.arithmetic import FLOAT64_ARITHMETIC
from ganirl.enumeration import ENUMERATIONS
from ganirl.enumeration.contrast import contrast_optimum
from ganirl.enumeration.conventions import pooled_optimum
from ganirl.enumeration.space import Comparison, Space, build_space
from ganirl.instances import Instance, ebm, generic, s1, s6


def space_of(instance: Instance) -> Space:
    return build_space(instance.problem, instance.theta, instance.b, FLOAT64_ARITHMETIC, instance.mdp)


def comparisons(claim: str, instance: Instance) -> dict[str, Comparison]:
    return {each.name: each for each in ENUMERATIONS[claim].compare(space_of(instance))}


@pytest.mark.parametrize(
    ("expert_rows", "generator_rows", "shift"), [(1.0, 4.0, 1.386294), (3.0, 1.0, -1.098612), (5.0, 5.0, 0.0)]
)
def test_log_z_moves_by_the_ratio_of_rows(expert_rows: float, generator_rows: float, shift: float) -> None:
    space = space_of(ebm())
    fitted = replace(space, p=space.model, b=space.log_z)
    found, _ = pooled_optimum(fitted, expert_rows, generator_rows)
    assert float(found - space.log_z) == pytest.approx(shift, abs=5e-7)


def test_at_equilibrium_d_is_the_share_of_expert_rows() -> None:
    space = space_of(ebm())
    truth = replace(space, p=space.model, q=space.model, b=space.log_z)
    found, _ = pooled_optimum(truth, 1.0, 4.0)
    d, _ = truth.discriminator(found)
    assert d == pytest.approx(0.2, abs=1e-12)


def test_unequal_counts_move_the_parameter_too_where_the_cost_cannot_be_the_data() -> None:
    """The pooled mean is noise contrast with ν = n_q/n_p, whose θ depends on ν."""
    problem = s6("skewed left", theta=0.0).problem

    def pooled(at: np.ndarray) -> float:
        logit = -problem.cost.value(at[:1]) - at[1] - problem.log_q
        return float(
            (
                problem.data_weight @ np.logaddexp(0, -logit)
                + 4 * (problem.generator_weight @ np.logaddexp(0, logit))
            )
            / 5
        )

    found = minimize(pooled, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15}).x
    space = build_space(problem, np.array([0.0]), 0.8, FLOAT64_ARITHMETIC)
    equal, contrasted = contrast_optimum(space, 1.0), contrast_optimum(space, 4.0)
    assert equal is not None
    assert contrasted is not None
    assert found[0] == pytest.approx(float(contrasted[0]), abs=1e-6)
    assert abs(found[0] - float(equal[0])) > 0.05


def test_one_sided_smoothing_on_three_points() -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    learned = comparisons("I3", s1())["m*"].left
    assert learned == pytest.approx([0.36, 0.245, 0.173], abs=5e-4)

    def slope(x: float, row: int) -> float:
        d = 1 / (1 + np.exp(-x))
        return -p[row] * (0.9 * (1 - d) - 0.1 * d) + q[row] * d

    by_hand = [q[row] * np.exp(brentq(slope, -30, 30, args=(row,), xtol=1e-13)) for row in range(3)]
    assert learned == pytest.approx(by_hand, abs=1e-10)
    # the more the data outweigh the generator, the more is lost: not a constant factor
    assert np.ptp(learned / p) > 0.1


def test_flipped_labels_exchange_the_rewards() -> None:
    space = space_of(generic())
    d, flipped = space.discriminator(space.b)
    gail = np.log(flipped)  # what GAIL's paper pays is −log of its D, the probability of the policy
    logit = space.logit(space.c, space.b)
    assert gail - np.log(d) == pytest.approx(-logit, abs=1e-9)
    assert float(space.mean_q(-gail)) == pytest.approx(float(space.mean_q(-np.log(1 - d))), rel=1e-9)


def test_a_linear_cost_hides_the_gradient_penalty() -> None:
    """∂_x c does not depend on θ there, if x is another coordinate than the parameter's own."""
    named = comparisons("I4", s6())["∂/∂θ with a gradient penalty"]
    assert named.twin == pytest.approx(named.left)
    curved = comparisons("I4", ebm())["∂/∂θ with a gradient penalty"]
    assert np.abs(curved.twin - curved.left).max() > 1e-2


def test_each_regulariser_is_told_by_itself_on_the_generic_instance() -> None:
    found = comparisons("I4", generic())
    assert len(found) == 4
    for name, each in found.items():
        assert np.abs(each.left - each.right).max() < 1e-9, name
        assert np.abs(each.twin - each.right).max() > 1e-3, name


def test_weight_decay_moves_the_optimum_even_where_the_cost_can_be_the_data() -> None:
    problem = s6("skewed right", well_specified=True, theta=0.0).problem

    def loss(at: np.ndarray, decay: float) -> float:
        logit = -problem.cost.value(at[:1]) - at[1] - problem.log_q
        value = problem.data_weight @ np.logaddexp(0, -logit) + problem.generator_weight @ np.logaddexp(
            0, logit
        )
        return float(value + decay / 2 * at[0] ** 2)

    options = {"xatol": 1e-9, "fatol": 1e-15}
    plain, decayed = (
        minimize(loss, np.zeros(2), args=(decay,), method="Nelder-Mead", options=options).x[0]
        for decay in (0.0, 0.1)
    )
    assert plain == pytest.approx(0.4, abs=1e-5)
    assert decayed < 0.35


def test_equal_counts_halve_value_and_gradient_whatever_they_are() -> None:
    problem = finite_space([0.5, 0.3, 0.2], [0.2, 0.3, 0.5])
    named = {
        each.name: each
        for each in ENUMERATIONS["I1"].compare(
            build_space(problem, np.array([0.0, 1.0, 2.0]), 0.8, FLOAT64_ARITHMETIC)
        )
    }
    pooled = named["pooled mean at n_p = n_q"]
    assert pooled.left == pytest.approx(pooled.right, abs=1e-13)
    assert pooled.twin == pytest.approx(2 * pooled.left)
