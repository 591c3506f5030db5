"""Wrong batches: one side scored by another policy, statistics of the batch, columns, reductions, formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ganirl.logspace import log_normalise, log_sum_exp

from .pipeline import (
    Array,
    Side,
    WrongFormula,
    c_softplus,
    clip,
    cost,
    log_q,
    of_actions,
    over_steps,
    uniform_log_q,
)


def _softmax_twice(side: Side) -> Array:
    return of_actions(side, log_normalise(np.exp(log_normalise(side.case.policy_logits))))


def _less_the_largest(side: Side) -> Array:
    logits = side.case.policy_logits
    return of_actions(side, logits - logits.max(axis=1, keepdims=True))


def _exploring(side: Side) -> Array:
    actions = side.case.policy_logits.shape[1]
    mixed = 0.9 * np.exp(log_normalise(side.case.policy_logits)) + 0.1 / actions
    return of_actions(side, np.log(mixed))


def _every_action(side: Side) -> Array:
    steps = side.rows.steps
    whole = log_normalise(side.case.policy_logits).sum(axis=1)
    return over_steps(np.where(steps.mask, whole[steps.state], 0.0))


def _only_on(expert: bool, otherwise: Callable[[Side], Array]) -> Callable[[Side], Array]:
    return lambda side: log_q(side) if side.is_expert == expert else otherwise(side)


def _none(side: Side) -> Array:
    return np.zeros(len(side.rows))


def _of_other_side(side: Side) -> Array:
    other = side.case.generator if side.is_expert else side.case.expert
    swapped = Side(side.case, other, side.theta, side.b, side.conventions)
    return np.resize(log_q(swapped), len(side.rows))


def _in_half_precision(values: Array) -> Array:
    return np.asarray(np.float16(np.real(values)), dtype=np.float64)


def _float16_log_q(side: Side) -> Array:
    return _in_half_precision(log_q(side))


def _rounded_steps(side: Side) -> Array:
    return over_steps(np.asarray(np.float32(np.real(side.log_pi)), dtype=np.float64))


def _centred(side: Side, c: Array, lq: Array) -> Array:
    x = -c - side.b - lq
    return np.asarray(x - x.mean())


def _standardised(side: Side, c: Array, lq: Array) -> Array:
    centred = _centred(side, c, lq)
    return np.asarray(centred / (np.sqrt((centred**2).mean()) + 1e-8))


def _log_softmax(side: Side, c: Array, lq: Array) -> Array:
    x = -c - side.b - lq
    return np.asarray(x - x.real.max() - np.log(np.exp(x - x.real.max()).sum()))


def _prior(side: Side, c: Array, lq: Array) -> Array:
    return np.asarray(-c - side.b - lq + np.log(len(side.case.expert) / len(side.case.generator)))


def _positive_cost(side: Side) -> Array:
    c = cost(side)
    return np.where(np.real(c) > 0, c, 0.0)


def _standard_expert_features(side: Side) -> Array:
    # As if the running scale of the generator's observations were 1, and the expert's 1.1.
    return cost(side) / 1.1 if side.is_expert else cost(side)


def _columns_turned(side: Side) -> Array:
    return np.asarray(side.rows.features[:, ::-1] @ side.theta)


Reduction = Callable[[Any, Any], tuple[Any, Any]]


def _reduced(reduce: Reduction) -> Callable[[Any, Any, Any], Any]:
    def loss(terms: Any, weights: Any, scales: Any) -> Any:
        means = reduce(terms, weights)
        return scales[0] * means[0] + scales[1] * means[1]

    return loss


def _sum_of_generator(terms: Any, weights: Any) -> tuple[Any, Any]:
    return weights[0] @ terms[0], terms[1].sum()


def _by_other_size(terms: Any, weights: Any) -> tuple[Any, Any]:
    return terms[0].sum() / len(terms[1]), terms[1].sum() / len(terms[0])


def _first_rows(terms: Any, weights: Any) -> tuple[Any, Any]:
    return terms[0][0], terms[1][0]


def _hardest(terms: Any, weights: Any) -> tuple[Any, Any]:
    return weights[0] @ terms[0], terms[1][np.argmax(np.real(terms[1]))]


def _product_of_means(terms: Any, weights: Any, scales: Any) -> Any:
    return scales[0] * (weights[0] @ terms[0]) * (weights[1] @ terms[1])


def _loss_of_mean_logit(side: Side, c: Array, lq: Array) -> Array:
    x = -c - side.b - lq
    return np.full(len(x), side.rows.weight @ x)


FORMULAS = (
    WrongFormula(
        "log-q-softmax-twice",
        "probabilities are taken for logits: the softmax is applied twice",
        "Categorical(logits=softmax(x))",
        ("A4",),
        {"log_q": _softmax_twice},
    ),
    WrongFormula(
        "log-q-less-the-largest",
        "logits are shifted by their maximum and not normalised",
        "a stable log-softmax by hand without its logsumexp",
        ("A4",),
        {"log_q": _less_the_largest},
    ),
    WrongFormula(
        "log-q-exploring",
        "log q is that of the exploring policy, 0.9 π + 0.1/|A|",
        "rows scored by the behaviour policy of ε-greedy exploration",
        ("A4",),
        {"log_q": _exploring},
    ),
    WrongFormula(
        "log-q-every-action",
        "log π is added up over all actions, not taken of the chosen one",
        "the one-hot mask forgotten",
        ("A4",),
        {"log_q": _every_action},
    ),
    WrongFormula(
        "log-q-expert-missing",
        "the expert's rows have log q = 0",
        "demonstrations come without log-probabilities, and a default fills in",
        ("A4",),
        {"log_q": _only_on(False, _none)},
    ),
    WrongFormula(
        "log-q-generator-missing",
        "the generator's rows have log q = 0",
        "log-probabilities computed for demonstrations only",
        ("A4",),
        {"log_q": _only_on(True, _none)},
    ),
    WrongFormula(
        "log-q-expert-stale",
        "the expert's rows are scored by the policy as it was at the start (uniform)",
        "log π of demonstrations cached once",
        ("A4",),
        {"log_q": _only_on(False, uniform_log_q)},
    ),
    WrongFormula(
        "log-q-generator-stale",
        "the generator's rows are scored by the policy as it was at the start (uniform)",
        "a replay buffer that keeps log π of the time of collection",
        ("A4",),
        {"log_q": _only_on(True, uniform_log_q)},
    ),
    WrongFormula(
        "log-q-sides-swapped",
        "expert and generator have one another's log q",
        "two arrays concatenated in different orders",
        ("A4",),
        {"log_q": _of_other_side},
    ),
    WrongFormula(
        "log-q-in-half-precision",
        "log q is kept in half precision",
        "a float16 replay buffer",
        ("A4",),
        {"log_q": _float16_log_q},
    ),
    WrongFormula(
        "log-pi-in-single-precision",
        "log π is rounded to float32 before it is added up",
        "a policy in float32 beside a discriminator in float64",
        ("A4",),
        {"log_q": _rounded_steps},
    ),
    WrongFormula(
        "log-q-in-bits",
        "log q is in bits",
        "log2",
        ("A4",),
        {"log_q": lambda side: log_q(side) / np.log(2.0)},
    ),
    WrongFormula(
        "log-q-clamped",
        "log q is clamped to [−2, 2]",
        "guard against −∞, after SAC's bounds of log σ",
        ("A4",),
        {"log_q": lambda side: clip(log_q(side), -2.0, 2.0)},
    ),
    WrongFormula(
        "log-q-less-its-mean",
        "log q is centred within the batch",
        "normalised inputs",
        ("A4",),
        {"log_q": lambda side: log_q(side) - log_q(side).mean()},
    ),
    WrongFormula(
        "cost-positive",
        "the cost is cut off at zero",
        "ReLU at the end of the cost network",
        ("A4",),
        {"cost": _positive_cost},
    ),
    WrongFormula(
        "cost-softplus",
        "the cost is made positive by a softplus",
        "softplus at the end of the cost network",
        ("A4",),
        {"cost": lambda side: c_softplus(cost(side))},
    ),
    WrongFormula(
        "cost-squared",
        "the cost is squared",
        "guided cost learning's ‖Aφ + b‖² applied to a network's output",
        ("A4",),
        {"cost": lambda side: cost(side) ** 2},
    ),
    WrongFormula(
        "cost-halved",
        "the cost is halved",
        "a temperature of 2 left in",
        ("A4",),
        {"cost": lambda side: cost(side) / 2.0},
    ),
    WrongFormula(
        "cost-clipped",
        "the cost is clipped to ±1",
        "reward clipping left on",
        ("A4",),
        {"cost": lambda side: clip(cost(side), -1.0, 1.0)},
    ),
    WrongFormula(
        "cost-left-out",
        "the cost is missing from the logit",
        "two branches of a network, one of them not joined",
        ("A4", "C1"),
        {"cost": lambda side: 0.0 * cost(side)},
    ),
    WrongFormula(
        "features-scaled-on-one-side",
        "the expert's features are normalised by another scale than the generator's",
        "a running normaliser updated between the two sides (imitation PR #167, #256)",
        ("A4",),
        {"cost": _standard_expert_features},
    ),
    WrongFormula(
        "columns-swapped",
        "columns of the input are swapped",
        "state and action concatenated in two orders (guided-cost-learning #1)",
        ("A4",),
        {"cost": _columns_turned},
    ),
    WrongFormula(
        "logit-centred-in-the-batch",
        "logits are centred within each batch",
        "batch normalisation at the output",
        ("A4",),
        {"logit": _centred},
    ),
    WrongFormula(
        "logit-standardised-in-the-batch",
        "logits are standardised within each batch",
        "batch normalisation at the output",
        ("A4",),
        {"logit": _standardised},
    ),
    WrongFormula(
        "log-softmax-over-the-batch",
        "a log-softmax runs over the rows of the batch",
        "dim=0",
        ("A4",),
        {"logit": _log_softmax},
    ),
    WrongFormula(
        "class-prior-added",
        "log(n_p/n_q) is added to the logit",
        "a correction for unequal classes, in a loss that averages each side",
        ("A4",),
        {"logit": _prior},
    ),
    WrongFormula(
        "generator-summed",
        "the expert's term is a mean, the generator's a sum",
        "reductions mixed",
        ("B1", "C1"),
        {"loss": _reduced(_sum_of_generator)},
    ),
    WrongFormula(
        "means-by-the-other-size",
        "each side is divided by the size of the other",
        "n_expert and n_generator swapped",
        ("B1", "C1"),
        {"loss": _reduced(_by_other_size)},
    ),
    WrongFormula(
        "first-row-only",
        "the loss is that of the first row of each side",
        "[0] left from debugging",
        ("B1", "C1"),
        {"loss": _reduced(_first_rows)},
    ),
    WrongFormula(
        "hardest-row-only",
        "the generator's term is that of its hardest row",
        "max() for mean()",
        ("B1", "C1"),
        {"loss": _reduced(_hardest)},
    ),
    WrongFormula(
        "terms-multiplied",
        "the two terms are multiplied",
        "a product of likelihoods for a sum of their logs",
        ("B1", "C1"),
        {"loss": _product_of_means},
    ),
    WrongFormula(
        "mean-before-the-loss",
        "logits are averaged before the loss is taken",
        "mean() one line too early",
        ("B1", "C1"),
        {"loss_logit": _loss_of_mean_logit},
    ),
    WrongFormula(
        "log-mean-loss",
        "the loss is −log of the mean of D, not the mean of −log D",
        "mean() inside the logarithm",
        ("B1", "C1"),
        {
            "loss": lambda terms, weights, scales: (
                -(scales[0] * _log_mean(weights[0], -terms[0]) + scales[1] * _log_mean(weights[1], -terms[1]))
            )
        },
    ),
)


def _log_mean(weight: Array, values: Array) -> Any:
    if np.iscomplexobj(values):
        return np.log(weight @ np.exp(values))
    return log_sum_exp(np.log(weight) + values)
