"""Checks of A6: a constant that moves from b into the cost is seen by nothing that trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ganirl.truth import Expected, Truth
from ganirl_properties.cases import with_constant_feature
from ganirl_properties.observed import NotObservedError

from .check import Array, Check, Comparison, View, compare
from .generator import without_mean
from .gradients import irl_loss


def _pair(view: View) -> tuple[View, ...]:
    if view.observed.conventions.log_z == "absent":
        raise NotObservedError("it has no log Z, so that nothing can be shifted between c and b")
    here = with_constant_feature(view.case, view.case.precision.round(1.0))
    moved_b = view.case.precision.round(view.case.b - 2.0)
    moved_constant = view.case.precision.round(1.0 + (view.case.b - moved_b))
    there = replace(with_constant_feature(view.case, moved_constant), b=moved_b)
    return view.at(here), view.at(there)


def _compared(
    view: View, what: str, got: Callable[[View], Array | float], true: Callable[[Truth], Expected]
) -> Iterator[Comparison]:
    here, there = view.beside("(c + k, b − k)", _pair)
    change = np.asarray(got(there)) - np.asarray(got(here))
    # (c + k, b − k) is exact in real numbers; rounding k to the format moves the truth itself by as little.
    before, after = true(here.truth), true(there.truth)
    expected = Expected(after.value - before.value, before.bound + after.bound)
    yield compare(f"change of {what} under (c + k, b − k)", change, expected)


def _logit(view: View) -> Iterator[Comparison]:
    yield from _compared(view, "discriminator_logit", lambda at: at.logits(), lambda truth: truth.logit)


def _probability(view: View) -> Iterator[Comparison]:
    if view.observed.has("discriminator_logit"):  # its D belongs to its ℓ, or A5 fails
        return
    yield from _compared(
        view, "discriminator_probability", lambda at: at.probabilities(), lambda truth: truth.probability
    )


def _loss(view: View) -> Iterator[Comparison]:
    yield from _compared(view, "discriminator_loss", lambda at: at.observed.loss(), lambda truth: truth.loss)


def _gradient(view: View) -> Iterator[Comparison]:
    yield from _compared(
        view, "∂L_D/∂θ", lambda at: at.observed.gradient_theta(), lambda truth: truth.gradient_theta
    )


def _reward(view: View) -> Iterator[Comparison]:
    if view.observed.conventions.reward_baseline is not True:
        yield from _compared(
            view, "generator_reward", lambda at: at.observed.reward(), lambda truth: truth.reward
        )
        return

    def centred(truth: Truth) -> Expected:
        value, bound = truth.reward.value, truth.reward.bound
        return Expected(without_mean(value), bound + bound.mean(axis=-1, keepdims=True))

    yield from _compared(
        view,
        "generator_reward up to one constant",
        lambda at: without_mean(at.observed.reward()),
        centred,
    )


def _generator_loss(view: View) -> Iterator[Comparison]:
    yield from _compared(
        view, "generator_loss", lambda at: at.observed.generator_loss(), lambda truth: truth.generator_loss
    )


def _irl_loss(view: View) -> Iterator[Comparison]:
    yield from _compared(view, "irl_loss", lambda at: at.observed.irl_loss(), irl_loss)


def _irl_gradient(view: View) -> Iterator[Comparison]:
    yield from _compared(
        view, "∂L_IRL/∂θ", lambda at: at.observed.irl_gradient(), lambda truth: truth.surrogate_gradient
    )


def _check(
    name: str, what: str, observables: tuple[str, ...], run: Callable[[View], Iterator[Comparison]]
) -> Check:
    return Check("A6", name, f"{what} before and after (c + k, b − k)", observables, "batch", run)


# Gradients first: what they differentiate is the value of the check that follows.
CHECKS = (
    _check("logit", "ℓ", ("discriminator_logit",), _logit),
    _check("probability", "D", ("discriminator_probability",), _probability),
    _check("gradient", "∂L_D/∂θ", (), _gradient),
    _check("loss", "L_D", ("discriminator_loss",), _loss),
    _check("reward", "its reward", ("generator_reward",), _reward),
    _check("generator loss", "L_G", ("generator_loss",), _generator_loss),
    _check("IRL gradient", "∂L_IRL/∂θ", (), _irl_gradient),
    _check("IRL loss", "L_IRL", ("irl_loss",), _irl_loss),
)
