"""Each loose statement of the paper has the number that shows it, computed here by other means."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from ganirl.errata import ERRATA, Erratum


def shown(identifier: str) -> list[tuple[float, float]]:
    (erratum,) = (each for each in ERRATA if each.id == identifier)
    return [(each.printed, each.true) for each in erratum.numbers()]


def test_they_are_thirteen_in_order() -> None:
    assert [each.id for each in ERRATA] == [f"P{number}" for number in range(1, 14)]
    assert all(each.where and each.printed and each.true and each.claims for each in ERRATA)


@pytest.mark.parametrize("erratum", ERRATA, ids=lambda each: each.id)
def test_printed_and_true_differ_somewhere(erratum: Erratum) -> None:
    numbers = erratum.numbers()
    assert all(math.isfinite(each.printed) and math.isfinite(each.true) for each in numbers)
    assert max(abs(each.printed - each.true) for each in numbers) > 1e-2


def test_the_missing_constant() -> None:
    ((printed, true),) = shown("P1")
    assert true - printed == pytest.approx(2 * math.log(2), abs=1e-14)


def test_the_sign_of_the_energy() -> None:
    printed, biased, coin = shown("P2")
    assert printed == pytest.approx((2.519334, 1.253466), abs=1e-6)
    assert biased[0] == pytest.approx(1.386877, abs=1e-6)
    assert biased[0] > coin[0]


def test_the_likelihood_of_the_data_is_its_entropy() -> None:
    ((printed, true),) = shown("P3")
    assert true == pytest.approx(-sum(x * math.log(x) for x in (0.5, 0.3, 0.2)))
    assert printed == -true


def test_the_bias_by_hand() -> None:
    ((_, true),) = shown("P4")
    masses = np.exp(-np.array([0.2, 0.1, 1.0, 0.4]))
    model = masses[0] / masses.sum()
    assert true == pytest.approx(model / (model + 0.1), abs=1e-15)


def test_the_estimates_of_z() -> None:
    model, star, exact = shown("P5")
    assert model == pytest.approx((2.9655251903, 2.7617676583), abs=1e-10)
    assert star[0] == pytest.approx(3.2767694395, abs=1e-10)
    assert exact[0] == pytest.approx(exact[1], abs=1e-14)


def test_divergence_and_variance_have_two_optima() -> None:
    points, variances = shown("P6")
    assert points == pytest.approx((1.815, 0.214), abs=1e-3)
    assert variances == pytest.approx((33.1, 0.69), rel=5e-3)
    # A minimum that is searched for by its value loses half of its digits, and which ones depends on the machine.
    with mpmath.workdps(60):
        mass = [mpmath.exp(-cost) for cost in (0, mpmath.mpf("2.5"), 2, mpmath.mpf("-0.5"))]
        model = [each / mpmath.fsum(mass) for each in mass]

        def expected(t: Any, of: Callable[[Any, Any], Any]) -> Any:
            heavy = [mpmath.exp(t * k) for k in range(4)]
            return mpmath.fsum(of(each / mpmath.fsum(heavy), p) for each, p in zip(heavy, model, strict=True))

        def chi2(t: Any) -> Any:
            return expected(t, lambda q, p: p * p / q) - 1

        def kl(t: Any) -> Any:
            return expected(t, lambda q, p: q * mpmath.log(q / p))

        exact = [
            mpmath.findroot(lambda t, f=f: mpmath.diff(f, t), start)
            for f, start in ((kl, 1.815), (chi2, 0.214))
        ]
        assert points == pytest.approx([float(t) for t in exact], rel=1e-13)
        assert variances == pytest.approx([float(chi2(t)) for t in exact], rel=1e-13)


def test_the_gradient_is_the_surrogates() -> None:
    likelihood, surrogate = shown("P7")
    assert surrogate[0] == pytest.approx(surrogate[1], abs=1e-13)
    assert abs(likelihood[0] - likelihood[1]) > 0.1


def test_the_limit_depends_on_the_generator() -> None:
    found = shown("P8")
    assert [true for _, true in found] == pytest.approx([-0.0914, -0.3839, 0.2125], abs=1e-4)
    assert [printed for printed, _ in found] == pytest.approx([-0.120493] * 3, abs=1e-6)


def test_chance_alone_makes_the_gap() -> None:
    gaps = [true for _, true in shown("P9")]
    assert gaps[-1] == pytest.approx(0.0, abs=1e-12)
    assert min(gaps[:-1]) > 1e-3


def test_the_generators_loss() -> None:
    shifted, negative = shown("P10")
    assert shifted[1] - shifted[0] == pytest.approx(0.8, abs=1e-13)
    assert negative[0] > 0 > negative[1]


def test_what_two_generators_teach() -> None:
    well, wrong, transition = shown("P11")
    assert well == pytest.approx((0.4, 0.4), abs=1e-10)
    assert wrong == pytest.approx((-0.3839, 0.2125), abs=1e-4)
    assert abs(transition[0] - transition[1]) > 0.1


def test_the_printed_reward_climbs() -> None:
    ((printed, true),) = shown("P12")
    assert true < printed


def test_one_half() -> None:
    ((printed, true),) = shown("P13")
    assert true == pytest.approx(printed / 2, abs=1e-14)
