"""Certified verdicts: the reference within its own bounds, wrong references caught, and verdicts by interval."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from itertools import islice

import numpy as np
import pytest

from ganirl import PRECISIONS, Conventions, wrap
from ganirl.bounds import FloatModel
from ganirl.certified import CertifiedTruth, Certifier, breaches, ends, reference_values
from ganirl.certified.truth import OBSERVED
from ganirl.truth import Expected, Truth
from ganirl_properties import verify
from ganirl_properties.cases import SETTINGS, Setting, case_from_bytes, generic_bytes
from ganirl_properties.certification import decide
from ganirl_properties.checks import compare
from ganirl_properties.targets import load_target
from ganirl_symbolic.intervals import MpmathIntervals, certifier

CONVENTIONS = (
    Conventions(log_q="computed", weights=True),
    Conventions(log_q="input", loss_scale="mean_of_all", log_z="absent", log_q_constant=0.5),
)


def truths(setting: Setting, dtype: str, conventions: Conventions, count: int, seed: int = 0) -> list[Truth]:
    drawn = generic_bytes(np.random.default_rng(seed), setting, PRECISIONS["float64"], conventions)
    model = FloatModel(PRECISIONS[dtype], 3.0)
    return [
        Truth(case_from_bytes(data, setting, PRECISIONS[dtype], conventions), conventions, model)
        for data in islice(drawn, count)
    ]


# Of a process there is no certified truth: a dynamic programme in intervals is not written.
@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if setting != "process"])
@pytest.mark.parametrize("conventions", CONVENTIONS, ids=["trajectories", "absorbed"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
def test_the_reference_is_as_near_as_it_says(setting: Setting, conventions: Conventions, dtype: str) -> None:
    """Two thousand cases in all."""
    backend = certifier().backend(128)
    for truth in truths(setting, dtype, conventions, 84):
        certified = CertifiedTruth.of(truth, backend)
        assert not [str(each) for each in breaches(reference_values(truth), certified)]
        if setting == "batch":
            # No claim asks for its b*, and where |ℓ| is 1e4, 128 bits do not hold the slope.
            continue
        low, high = certified.optimum_ends
        optimum = truth.optimum
        assert optimum.b - optimum.radius <= low
        assert high <= optimum.b + optimum.radius


@pytest.mark.parametrize("name", OBSERVED)
def test_one_step_beyond_the_bound_is_caught(name: str) -> None:
    (truth,) = truths("batch", "float64", CONVENTIONS[0], 1)
    backend = certifier().backend(256)
    values = reference_values(truth)
    certified = CertifiedTruth.of(truth, backend)
    with backend.working():
        exact = reference_values(certified)[name]
        low, high = ends(exact.value)
        value, allowed = np.array(values[name].value), np.broadcast_to(values[name].reference, low.shape)
        place = tuple(np.argwhere(allowed > 0)[-1]) if allowed.ndim else ()
        within, beyond = np.array(value), np.array(value)
        farthest = np.nextafter(high[place] + allowed[place], np.inf)
        beyond[place] = np.nextafter(farthest, np.inf)
        within[place] = np.nextafter(np.nextafter(low[place] + allowed[place], -np.inf), -np.inf)
    for wrong, expected in ((beyond, [name]), (within, [])):
        claimed = {name: dataclasses.replace(values[name], value=wrong)}
        found = list(breaches(claimed, certified))
        assert [each.observable for each in found] == expected
        assert all(each.certain for each in found)


class TestDecide:
    def comparison(self, got: float, bits: int = 128):
        backend = certifier().backend(bits)
        with backend.working():
            third = 1 / CertifiedTruth.of(truths("batch", "float64", CONVENTIONS[0], 1)[0], backend).exactly(
                [3.0]
            )
            return compare("x", np.array([got]), Expected(third, np.array([0.125]))), backend

    @pytest.mark.parametrize(
        ("got", "outcome"),
        [(1 / 3 + 0.25, "within"), (0.6, "beyond"), (np.nan, "beyond"), (np.inf, "beyond"), (0.3, "within")],
    )
    def test_certainly(self, got: float, outcome: str) -> None:
        # float64's 1/3 is below the number, so that 1/3 + ¼, rounded, may be within: the interval knows.
        comparison, backend = self.comparison(got)
        exact = abs(got - 1 / 3) if np.isfinite(got) else np.inf
        with backend.working():
            found = decide(comparison, 2.0)
        if abs(exact - 0.25) > 1e-12:
            assert found == outcome
        else:
            assert found in ("within", "beyond")

    def test_too_few_bits_are_undecided(self) -> None:
        comparison, backend = self.comparison(1 / 3 + 0.25, bits=8)
        with backend.working():
            assert decide(comparison, 2.0) == "undecided"

    def test_floats_are_no_certificate(self) -> None:
        assert decide(compare("x", [0.5], Expected(np.array([0.5]), np.array([1.0]))), 2.0) == "float"


@pytest.mark.parametrize(("target", "dtypes"), [("numpy", ["float64"]), ("torch", ["float32", "bfloat16"])])
def test_every_claim_of_the_built_in_targets_is_certified(target: str, dtypes: list[str]) -> None:
    report = verify(load_target(target), profile="smoke", dtypes=dtypes, certify=True)
    assert report.run.certify
    assert report.run.versions["python-flint"]
    assert {row.verdict for row in report.verdicts} == {"satisfied"}
    for row in report.verdicts:
        assert row.evidence == f"certified interval, {row.cases} cases", row
    plain = verify(load_target(target), profile="smoke", dtypes=dtypes)
    assert not plain.run.certify
    assert {row.evidence for row in plain.verdicts} == {f"{row.cases} cases" for row in plain.verdicts}


def without_log_q(case, rows):
    return -(rows.features @ case.theta) - case.b


def test_what_is_violated_stays_violated_by_interval() -> None:
    target = wrap(generator_reward=without_log_q)
    report = verify(target, profile="smoke", claims=["E1", "E3"], dtypes=["float64"], certify=True)
    plain = verify(target, profile="smoke", claims=["E1", "E3"], dtypes=["float64"])
    assert [row.verdict for row in report.verdicts] == [row.verdict for row in plain.verdicts]
    assert report.verdicts[0].verdict == "violated"
    for row in report.verdicts:
        assert row.evidence == f"certified interval, {row.cases} cases"
    assert report.verdicts[0].diagnosis is not None


def test_a_waiver_and_a_mend_are_certified_too() -> None:
    waived = wrap(generator_reward=without_log_q, departures={"E1": "f alone, by design"})
    (row,) = verify(waived, profile="smoke", claims=["E1"], dtypes=["float64"], certify=True).verdicts
    assert (row.verdict, row.evidence) == ("waived", f"certified interval, {row.cases} cases")
    flipped = wrap(discriminator_logit=lambda case, rows: rows.features @ case.theta + case.b + rows.log_q)
    (row,) = verify(flipped, profile="smoke", claims=["A4"], dtypes=["float64"], certify=True).verdicts
    assert (row.verdict, row.evidence) == ("conditional", f"certified interval, {row.cases} cases")


def right_logit(case, rows):
    return -(rows.features @ case.theta) - case.b - rows.log_q


def test_a_wrong_reference_certifies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Truth.__dict__["logit"]

    def wrong(self: Truth) -> Expected:
        expected = right.func(self)
        value = expected.value + 1.5 * expected.reference
        return dataclasses.replace(expected, value=value)

    broken = cached_property(wrong)
    broken.__set_name__(Truth, "logit")
    monkeypatch.setattr(Truth, "logit", broken)
    target = wrap(discriminator_logit=right_logit)
    (plain,) = verify(target, profile="smoke", claims=["A4"], dtypes=["float64"]).verdicts
    assert plain.verdict == "satisfied"
    (row,) = verify(target, profile="smoke", claims=["A4"], dtypes=["float64"], certify=True).verdicts
    assert row.verdict == "inconclusive"
    assert "the reference's logit" in row.message


def test_no_bits_at_all_are_inconclusive(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = Certifier(certifier().backend, first_bits=4, most_bits=8)
    monkeypatch.setattr("ganirl_properties.verification.certifier", lambda: coarse)
    target = wrap(discriminator_logit=right_logit)
    (row,) = verify(target, profile="smoke", claims=["A4"], dtypes=["float64"], certify=True).verdicts
    assert row.verdict == "inconclusive"


def test_mpmath_where_python_flint_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganirl_properties.verification.certifier", lambda: Certifier(MpmathIntervals))
    target = wrap(discriminator_logit=right_logit, generator_reward=without_log_q)
    report = verify(target, profile="smoke", claims=["A4", "E1"], dtypes=["float32"], certify=True)
    assert [row.verdict for row in report.verdicts] == ["satisfied", "violated"]
    assert all(row.evidence.startswith("certified interval") for row in report.verdicts)
    assert "mpmath" in report.run.versions
