"""The claims about sequences in sixty digits, and what an induction over time comes to with numbers."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from ganirl.enumeration import ENUMERATIONS, enumerate_claim
from ganirl.mdp import TabularMDP
from ganirl_symbolic import derivation
from ganirl_symbolic.digits import SIXTY_DIGITS

THETA = np.array([0.7, -0.9])
LOGITS = np.array([[0.3, -0.8], [1.2, 0.1]])
FAMILY = [claim for claim in ENUMERATIONS if claim.startswith("H")]
CHANCE_ALONE = {"H1", "H2", "H3", "H4", "H12"}


def curved(features: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return np.asarray(features[..., 0] * np.sin(theta[0]) + 0.3 * (features[..., 1] * theta[1]) ** 2 + 0.2)


def small_mdp(chance: bool) -> TabularMDP:
    """Two states and an end, two actions, two steps; without chance one start."""
    rng = np.random.default_rng(4)
    transition = rng.random((2, 2, 3)) ** 2
    transition[0, :, 0] = transition[1, :, 1] = 0.0
    if not chance:
        transition = np.eye(3)[np.array([[1, 2], [2, 0]])]
    transition /= transition.sum(axis=2, keepdims=True)
    start = np.array([0.7, 0.3]) if chance else np.array([1.0, 0.0])
    return TabularMDP(start, transition, 2, rng.normal(size=(2, 2, 3, 2)))


@pytest.mark.parametrize("chance", [True, False], ids=["chance", "no chance"])
@pytest.mark.parametrize("claim", FAMILY)
def test_sixty_digits(claim: str, chance: bool) -> None:
    mdp = small_mdp(chance)
    data = np.random.default_rng(5).random(sum(mdp.trajectory_counts)) ** 2
    problem = mdp.problem(LOGITS, data_weight=data / data.sum(), step_cost=curved)
    found = enumerate_claim(claim, problem, THETA, 0.8, arithmetic=SIXTY_DIGITS, mdp=mdp)
    assert found.agrees, found
    assert found.error < 1e-56
    if chance or claim not in CHANCE_ALONE:
        assert found.twin_differs, found
        assert found.twin_error > 1e-4
    else:
        assert found.twin_error < 1e-56


def induction(statement: str) -> tuple[sp.Expr, sp.Expr]:
    """Sides of a step of H8's induction, as functions of γ^t, γ, Φ_0, Φ and Φ'."""
    found = next(each for each in derivation("H8").statements if each.name.startswith(statement))
    return found.lhs, found.rhs  # type: ignore[attr-defined]


def test_the_induction_of_shaping_run_for_seven_steps() -> None:
    left, right = induction("with γ, by induction")
    names = {str(symbol): symbol for symbol in left.free_symbols | right.free_symbols}
    gamma, potential = Fraction(3, 4), [Fraction(n * n % 7 - 3, 5) for n in range(8)]
    total = Fraction(0)
    for time in range(7):
        total += gamma**time * (gamma * potential[time + 1] - potential[time])
        numbers = {
            "g": gamma**time, "gamma": gamma, "Φ_0": potential[0], "Φ": potential[time], "Φ'": potential[time + 1],
        }  # fmt: skip
        point = {
            names[name]: sp.Rational(value.numerator, value.denominator) for name, value in numbers.items()
        }
        assert (
            sp.Rational(total.numerator, total.denominator) == left.xreplace(point) == right.xreplace(point)
        )
    assert total == gamma**7 * potential[7] - potential[0]
    assert total != sum(gamma * later - now for now, later in pairwise(potential))


def test_chances_of_three_steps_by_applying_the_rule_for_two_twice() -> None:
    left = next(each for each in derivation("H7").statements if "of two steps: σ" in each.name).lhs  # type: ignore[attr-defined]
    one, two = sorted(left.free_symbols, key=str)

    def together(x: sp.Rational, y: sp.Rational) -> sp.Rational:
        """D of two steps from their odds."""
        return left.xreplace({one: x, two: y})

    odds = [sp.Rational(2, 3), sp.Rational(5, 7), sp.Rational(9, 4)]
    first = together(odds[0], odds[1])
    whole = together(first / (1 - first), odds[2])
    product = odds[0] * odds[1] * odds[2]
    assert whole == product / (1 + product)
    assert whole != sp.prod(x / (1 + x) for x in odds)
