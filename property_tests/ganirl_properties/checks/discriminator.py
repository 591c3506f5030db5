"""Checks of family A."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ganirl.bounds import sigmoid_error
from ganirl.truth import REFERENCE, Expected

from .check import Check, Comparison, View, compare
from .numerics import opposite_tails


def _logit(view: View) -> Iterator[Comparison]:
    yield compare("discriminator_logit", view.logits(), view.truth.logit)


def _probability(view: View) -> Iterator[Comparison]:
    yield compare("discriminator_probability", view.probabilities(), view.truth.probability)


def _log_likelihood(view: View) -> Iterator[Comparison]:
    got = np.concatenate([view.observed.log_q("expert"), view.observed.log_q("generator")], axis=-1)
    yield compare("log_q", got, view.truth.log_likelihood)


def _log_odds(view: View) -> Iterator[Comparison]:
    # Both may have rounded ℓ in an order of their own.
    logits = view.logits()
    error = 2 * view.truth.logit_error(view.model) + 2 * view.model.u * np.abs(logits)
    bound = sigmoid_error(view.model, logits, error) + sigmoid_error(REFERENCE, logits, np.zeros_like(logits))
    yield compare(
        "discriminator_probability given its own logit",
        view.probabilities(),
        Expected(view.truth.given(logits).probability.value, bound),
    )


def _balance(view: View) -> Iterator[Comparison]:
    # Divided by m + q: D·(1 − D) against (1 − D)·D, one of either its own.
    d, true = view.probabilities(), view.truth.probability
    expected = Expected((1.0 - view.truth.exactly(d)) * true.value, true.bound)
    yield compare("q·D against m·(1 − D), over m + q", d * (1.0 - true.value), expected)


CHECKS = (
    Check("A4", "logit", "ℓ against −c − b − log q, row by row", ("discriminator_logit",), "batch", _logit),
    Check(
        "A4",
        "probability",
        "D against σ(−c − b − log q)",
        ("discriminator_probability",),
        "batch",
        _probability,
    ),
    Check("A4", "logit tails", "ℓ from 0 to ±200", ("discriminator_logit",), None, _logit, opposite_tails),
    Check(
        "A4",
        "probability tails",
        "D at ℓ from 0 to ±200",
        ("discriminator_probability",),
        None,
        _probability,
        opposite_tails,
    ),
    Check(
        "A4", "log q", "its log q against Σ log π of the given actions", ("log_q",), "batch", _log_likelihood
    ),
    Check(
        "A5",
        "log odds",
        "its D against σ of its own ℓ",
        ("discriminator_logit", "discriminator_probability"),
        "batch",
        _log_odds,
    ),
    Check("A9", "balance", "q·D against m·(1 − D)", ("discriminator_probability",), "batch", _balance),
)
