"""Frameworks of the array API: numbers go over exactly, verdicts are right, and κ covers what was measured."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest

from ganirl import PRECISIONS, Case, Conventions, Gradient, wrap
from ganirl.framework import NumpyFramework, load_framework
from ganirl_properties import UsageError, verify
from ganirl_properties.cases import case_from_bytes
from ganirl_properties.observed import NotObservedError, Observed
from ganirl_properties.report import Report

HAVE = {
    name: importlib.util.find_spec(module) is not None
    for name, module in {"jax": "jax", "array-api-strict": "array_api_strict", "cupy": "cupy"}.items()
}
PLACE = {"jax": "cpu", "array-api-strict": "cpu", "cupy": "cuda"}
NAMES = [
    pytest.param(name, marks=pytest.mark.skipif(not HAVE[name], reason=f"{name} is not installed"))
    for name in HAVE
]
WITH_JAX = pytest.mark.skipif(not HAVE["jax"], reason="jax is not installed")
CLAIMS = ["A4", "C2", "E1"]  # C2 needs a gradient, C1 is also seen in differences of the loss


def drawn(precision: str, unit: str = "trajectory") -> Case:
    conventions = Conventions(unit=unit, weights=True)  # type: ignore[arg-type]
    setting = "process" if unit == "process" else "batch"
    return case_from_bytes(np.random.default_rng(5).bytes(4096), setting, PRECISIONS[precision], conventions)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", ["trajectory", "process"])
def test_numbers_go_over_exactly_and_come_back(name: str, unit: str) -> None:
    framework = load_framework(name)
    for precision in framework.precisions():
        case = drawn(precision, unit)
        handed = framework.case(case, PLACE[name])
        for part in ("theta", "b", "policy_logits"):
            assert np.array_equal(framework.numpy(getattr(handed, part)), getattr(case, part))
            assert precision in str(getattr(handed, part).dtype)
        for side in ("expert", "generator"):
            theirs, ours = getattr(handed, side), getattr(case, side)
            for part in ("features", "log_q", "weight"):
                assert np.array_equal(framework.numpy(getattr(theirs, part)), getattr(ours, part))
            for part in ("state", "done", "mask", "features"):
                back = framework.numpy(getattr(theirs.steps, part))
                assert np.array_equal(back, getattr(ours.steps, part))
        if unit == "process":
            assert np.array_equal(framework.numpy(handed.mdp.transition), case.mdp.transition)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_real_number_is_refused(name: str) -> None:
    framework = load_framework(name)
    with pytest.raises(TypeError, match="real numbers are needed"):
        framework.numpy(np.array([1j]))
    with pytest.raises(TypeError, match="real numbers are needed"):
        framework.numpy("high")
    with pytest.raises(ValueError, match="device 'tpu' cannot be had"):
        framework.case(drawn("float64"), "tpu")


@pytest.mark.parametrize("name", [name for name in HAVE if not HAVE[name]])
def test_a_framework_that_is_not_here_is_one_sentence(name: str) -> None:
    with pytest.raises(UsageError, match=f"the framework '{name}' cannot be imported.*install it first"):
        verify(wrap(framework=name, discriminator_logit=lambda case, rows: None))


# --- verdicts ---------------------------------------------------------------------------------------------


def airl(name: str, xp: Any, **other: Callable[..., Any]) -> Any:
    def softplus(x: Any) -> Any:
        return xp.where(x > 0, x, xp.zeros_like(x)) + xp.log1p(xp.exp(-xp.abs(x)))

    def logit(case: Any, rows: Any) -> Any:
        return -(rows.features @ case.theta) - case.b - rows.log_q

    def loss(case: Any) -> Any:
        expert = xp.sum(case.expert.weight * softplus(-logit(case, case.expert)))
        return expert + xp.sum(case.generator.weight * softplus(logit(case, case.generator)))

    return wrap(
        name="airl",
        framework=name,
        conventions=Conventions(weights=True),
        **{"discriminator_logit": logit, "discriminator_loss": loss, "generator_reward": logit, **other},
    )


def judged(report: Report) -> dict[str, set[str]]:
    return {claim: {row.verdict for row in report.verdicts if row.claim == claim} for claim in CLAIMS}


def few(target: Any) -> Report:
    return verify(target, profile="smoke", claims=CLAIMS, dtypes=["float32"])


@pytest.mark.skipif(not HAVE["array-api-strict"], reason="array-api-strict is not installed")
def test_code_that_keeps_to_the_standard_is_judged() -> None:
    import array_api_strict as xp

    target = airl("array-api-strict", xp)
    report = few(target)
    assert judged(report) == {"A4": {"satisfied"}, "C2": {"not_addressed"}, "E1": {"satisfied"}}
    wrong = airl("array-api-strict", xp, generator_reward=lambda case, rows: -(rows.features @ case.theta))
    assert judged(few(wrong))["E1"] == {"violated"}


@WITH_JAX
def test_jax_is_differentiated() -> None:
    import jax
    import jax.numpy as jnp

    target = airl("jax", jnp)
    assert judged(few(target)) == {"A4": {"satisfied"}, "C2": {"satisfied"}, "E1": {"satisfied"}}

    def cut(case: Any) -> Any:  # θ is stopped on the way to the expert's side
        theta = jax.lax.stop_gradient(case.theta)
        expert = jax.nn.softplus(case.expert.features @ theta + case.b + case.expert.log_q)
        generator = jax.nn.softplus(-(case.generator.features @ case.theta) - case.b - case.generator.log_q)
        return case.expert.weight @ expert + case.generator.weight @ generator

    assert judged(few(airl("jax", jnp, discriminator_loss=cut)))["C2"] == {"violated"}


@WITH_JAX
def test_the_gradient_of_jax_is_that_of_finite_differences() -> None:
    import jax.numpy as jnp

    framework = load_framework("jax")
    case = framework.case(drawn("float64"), "cpu")
    target = airl("jax", jnp)
    with framework.arithmetic():
        value, taken = framework.differentiated(target.discriminator_loss, case, ("theta", "b"))  # type: ignore[attr-defined]
        step = 2.0**-17

        def at(b: Any) -> float:
            return float(target.discriminator_loss(replace(case, b=b)))

        slope = (at(case.b + step) - at(case.b - step)) / (2 * step)
        assert float(value) == pytest.approx(at(case.b), rel=1e-14)
    assert slope == pytest.approx(float(taken[1]), abs=1e-7)


@WITH_JAX
def test_jax_code_that_leaves_jax_is_judged_by_its_values() -> None:
    import jax.numpy as jnp

    whole = airl("jax", jnp)
    for leaving in (
        lambda case: float(whole.discriminator_loss(case)),
        lambda case: np.asarray(whole.discriminator_loss(case)),
    ):
        report = verify(
            airl("jax", jnp, discriminator_loss=leaving),
            profile="smoke",
            claims=["C2", "B1"],
            dtypes=["float32"],
        )
        rows = {row.claim: row for row in report.verdicts}
        assert rows["C2"].verdict == "not_addressed"
        assert (
            "discriminator_loss cannot be differentiated here, and the adapter gives no gradient"
            in rows["C2"].message
        )
        assert rows["B1"].verdict == "satisfied"


@WITH_JAX
def test_what_jax_code_raises_and_wrong_shapes_are_told() -> None:
    import jax.numpy as jnp

    def raises(case: Any) -> Any:
        raise ValueError("no such layer")

    for loss, sentence in (
        (raises, "discriminator_loss raised ValueError: no such layer"),
        (lambda case: case.theta, "discriminator_loss returned shape"),
        (lambda case: None, "discriminator_loss returned None; expected one number"),
        (
            lambda case: (case.b, {}),
            "discriminator_loss returned a tuple of 2 (ArrayImpl, dict); expected one",
        ),
        (lambda case: {"loss": case.b}, "discriminator_loss returned a dict of 'loss'; expected one number"),
    ):
        report = verify(
            airl("jax", jnp, discriminator_loss=loss), profile="smoke", claims=["C1"], dtypes=["float32"]
        )
        (row,) = report.verdicts
        assert row.verdict == "error"
        assert sentence in row.message


@WITH_JAX
def test_jax_takes_lanes_by_vmap() -> None:
    import jax.numpy as jnp

    def rare(loss: Any, case: Any) -> Any:
        return loss * jnp.where(case.b < -7.0, 1.01, 1.0)

    for change, verdict in ((lambda loss, case: loss, "satisfied"), (rare, "violated")):
        whole = airl("jax", jnp)
        target = airl(
            "jax",
            jnp,
            lanes=True,
            discriminator_loss=lambda case, of=change, by=whole: of(by.discriminator_loss(case), case),
        )
        report = verify(target, profile="smoke", claims=["B1", "B2"], dtypes=["float64"])
        assert {row.verdict for row in report.verdicts} == {verdict}
        assert min(row.cases for row in report.verdicts) > 500
        assert report.run.lanes == 1024


@WITH_JAX
def test_what_jax_code_returns_beside_its_loss_is_told_in_lanes_too() -> None:
    import jax.numpy as jnp

    for returned in ((lambda case: (case.b, {})), (lambda case: None), (lambda case: float(case.b))):
        target = airl("jax", jnp, lanes=True, discriminator_loss=returned)
        report = verify(target, profile="smoke", claims=["B1", "C1"], dtypes=["float32"])
        assert {row.verdict for row in report.verdicts} <= {"error", "not_addressed", "violated"}
        assert "error" in {row.verdict for row in report.verdicts}


@WITH_JAX
def test_kappa_covers_the_elementary_functions_of_jax() -> None:
    import jax
    import jax.numpy as jnp

    framework = load_framework("jax")
    rng = np.random.default_rng(3)
    plain = rng.uniform(-30, 30, 300)
    above = np.concatenate([rng.uniform(-0.999, 1, 300), rng.uniform(-0.4143, -0.40, 300)])
    functions: list[tuple[Any, Any, Any]] = [
        (jnp.exp, mpmath.exp, plain),
        (jnp.log, mpmath.log, np.exp(plain)),
        (jnp.log1p, mpmath.log1p, above),
        (jnp.expm1, mpmath.expm1, plain),
        (jax.nn.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), plain),
        (jax.nn.softplus, lambda x: mpmath.log1p(mpmath.exp(x)), plain),
    ]
    worst = dict.fromkeys(framework.precisions(), 0.0)
    with framework.arithmetic(), mpmath.workprec(200):
        for precision in worst:
            of = PRECISIONS[precision]
            for function, exact, points in functions:
                at = of.round(points)
                found = framework.numpy(function(jnp.asarray(at, dtype=precision)))
                for x, y in zip(at.tolist(), found.tolist(), strict=True):
                    true = exact(mpmath.mpf(x))
                    if true != 0 and math.isfinite(y):
                        error = float(abs(mpmath.mpf(y) - true) / abs(true)) / of.unit_roundoff
                        worst[precision] = max(worst[precision], error)
    for precision, error in worst.items():
        assert 0.4 < error <= framework.kappa(precision, "cpu")
    assert worst["float64"] > 100  # XLA's log1p: without it κ would be 8 here, too


class _Functional(NumpyFramework):
    """Values without a graph, whose functions are differentiated, here by central differences."""

    def differentiated(
        self, function: Callable[[Case], Any], case: Case, wrt: tuple[str, ...]
    ) -> tuple[Any, tuple[Any, ...]]:
        def slope(name: str) -> Any:
            at = np.asarray(getattr(case, name), dtype=np.float64)
            found = np.zeros_like(at)
            for place in np.ndindex(at.shape):
                step = np.zeros_like(at)
                step[place] = 1e-6
                ends = [function(replace(case, **{name: at + sign * step})) for sign in (1.0, -1.0)]
                found[place] = (ends[0] - ends[1]) / 2e-6
            return found

        return function(case), tuple(map(slope, wrt))


@pytest.mark.parametrize("own", [True, False])
def test_what_a_loss_without_a_graph_trains_is_what_its_library_differentiates_it_in(own: bool) -> None:
    def loss(case: Case) -> float:
        log_pi = case.policy_logits - np.logaddexp.reduce(case.policy_logits, axis=1, keepdims=True)
        total = 0.0
        for rows, sign in ((case.expert, 1.0), (case.generator, -1.0)):
            log_q = (log_pi[rows.steps.state, rows.steps.action] * rows.steps.mask).sum(axis=1)
            ell = -rows.features @ case.theta - case.b - log_q
            total += float(rows.weight @ np.logaddexp(0.0, -sign * ell))
        return total

    gradient = (
        {"discriminator_gradient": lambda case: Gradient(np.zeros_like(case.theta), 0.0)} if own else {}
    )
    target = wrap(
        conventions=Conventions(log_q="computed", weights=True), discriminator_loss=loss, **gradient
    )
    observed = Observed(target, _Functional(), drawn("float64"), "cpu")
    if own:  # by jax.grad(loss, argnums=(0, 1)), say: no policy parameter is among them
        with pytest.raises(NotObservedError, match="discriminator_policy_gradient would show"):
            observed.policy_gradient_of_loss()
    else:
        assert np.abs(observed.policy_gradient_of_loss()).max() > 1e-3
